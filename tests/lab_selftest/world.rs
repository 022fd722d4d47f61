//! The lab as a whole: addresses, domains, the pace, the end.

use std::time::{Duration, Instant};

use hickory_proto::rr::RecordType;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::{get, query, rest, say, secure, udp, up_to_starttls};
use crate::lab::https::POLICY_PATH;
use crate::lab::{Key, Lab, Smtp};

#[tokio::test]
async fn a_good_domain_is_good() {
    let lab = Lab::start().await.unwrap();
    let mut alpha = lab.good_domain("alpha.test", |plan| {
        plan.mx_keys = vec![Key::P256, Key::Rsa2048];
    });
    for name in ["_mta-sts.alpha.test.", "_smtp._tls.alpha.test."] {
        assert_eq!(udp(&lab, &query(name, RecordType::TXT)).await.answers.len(), 1);
    }
    assert_eq!(udp(&lab, &query("alpha.test.", RecordType::MX)).await.answers.len(), 2);
    assert_eq!(udp(&lab, &query("reports.lab.test.", RecordType::MX)).await.answers.len(), 1);
    for (name, host) in &alpha.mx {
        let stream = up_to_starttls(host).await;
        assert!(secure(&lab, stream, name).await.is_ok());
    }
    alpha.publish("version: STSv1\nmode: none\nmax_age: 86400\n", "2");
    let served = get(&lab, alpha.policy_host.socket(), "mta-sts.alpha.test", POLICY_PATH, "probe").await;
    assert!(served.ends_with(&alpha.policy));
}

#[tokio::test]
async fn labs_do_not_meet() {
    let mut labs = Vec::new();
    for _ in 0..8 {
        labs.push(Lab::start().await.unwrap());
    }
    for lab in &labs {
        lab.good_domain("alpha.test", |_| {});
        assert_eq!(lab.dns().all_queries(), 0);
    }
    for lab in &labs {
        assert_eq!(udp(lab, &query("alpha.test.", RecordType::MX)).await.answers.len(), 2);
        assert_eq!(lab.dns().all_queries(), 1);
    }
}

#[tokio::test]
async fn addresses_refuse_or_swallow() {
    let lab = Lab::start().await.unwrap();
    let (refusing, silent) = (lab.refusing_address(), lab.silent_address());
    for port in [lab.smtp_port(), lab.https_port()] {
        let refused = TcpStream::connect((refusing, port)).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        assert!(timeout(Duration::from_millis(100), TcpStream::connect((silent, port))).await.is_err());
    }
    if let Some(host) = lab.smtp_host_v6(Smtp::default(), lab.chain("mx6.test")) {
        assert_eq!(host.socket(), (std::net::Ipv6Addr::LOCALHOST, lab.smtp_port()).into());
        up_to_starttls(&host).await;
        assert!(lab.smtp_host_v6(Smtp::default(), lab.chain("mx6.test")).is_none());
    }
}

#[tokio::test]
async fn every_reply_keeps_the_pace() {
    let lab = Lab::start().await.unwrap();
    let alpha = lab.good_domain("alpha.test", |_| {});
    let pace = Duration::from_millis(20);
    lab.set_reply_delay(pace);
    let begun = Instant::now();
    udp(&lab, &query("alpha.test.", RecordType::MX)).await;
    assert!(begun.elapsed() >= pace);
    let begun = Instant::now();
    let (name, host) = &alpha.mx[0];
    let stream = up_to_starttls(host).await;
    let mut stream = secure(&lab, stream, name).await.unwrap();
    say(&mut stream, "EHLO probe.test").await;
    assert!(begun.elapsed() >= pace * 5, "greeting, EHLO, STARTTLS, one flight of TLS 1.3, EHLO");
}

#[tokio::test]
async fn connections_are_counted() {
    let lab = Lab::start().await.unwrap();
    let host = lab.smtp_host(Smtp::default(), lab.chain("mx.test"));
    for _ in 0..5 {
        let mut stream = TcpStream::connect(host.socket()).await.unwrap();
        super::client::reply(&mut stream).await;
        say(&mut stream, "QUIT").await;
    }
    let visits = lab.connections(host.address());
    assert_eq!((visits.total(), visits.at_once()), (5, 1));
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(host.socket()).await.unwrap();
        super::client::reply(&mut stream).await;
        open.push(stream);
    }
    assert_eq!((visits.total(), visits.at_once()), (8, 3));
}

#[tokio::test]
async fn everything_ends_with_the_lab() {
    let lab = Lab::start().await.unwrap();
    let host = lab.smtp_host(Smtp::default(), lab.chain("mx.test"));
    let mut open = TcpStream::connect(host.socket()).await.unwrap();
    super::client::reply(&mut open).await;
    let folder = lab.folder().to_owned();
    drop(lab);
    rest(open).await;
    assert!(!folder.exists());
}

#[test]
fn a_blocking_lab_serves_from_its_own_runtime() {
    let lab = Lab::start_blocking().unwrap();
    let host = lab.smtp_host(Smtp::default(), lab.chain("mx.test"));
    assert!(lab.root_file().exists() && lab.args().len() == 10);
    assert!(lab.silent_address().is_ipv4());
    lab.block_on(async {
        let mut stream = TcpStream::connect(host.socket()).await.unwrap();
        assert!(super::client::reply(&mut stream).await.starts_with("220 "));
    });
}
