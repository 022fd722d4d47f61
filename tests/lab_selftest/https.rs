//! Policy hosts.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{get, rest, secure};
use crate::lab::https::POLICY_PATH;
use crate::lab::{Answer, Https, HttpsHost, Lab, Page, Tls};

const NAME: &str = "mta-sts.alpha.test";

fn start(lab: &Lab, answer: Answer) -> HttpsHost {
    lab.https_host(Https::answering(answer), lab.chain(NAME))
}

async fn fetch(lab: &Lab, host: &HttpsHost) -> String {
    get(lab, host.socket(), NAME, POLICY_PATH, "probe/1").await
}

#[tokio::test]
async fn pages_are_served_and_requests_noted() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Answer::Page(Page::policy("version: STSv1\n")));
    let response = fetch(&lab, &host).await;
    assert!(response.starts_with("HTTP/1.1 200 ") && response.ends_with("\r\n\r\nversion: STSv1\n"), "{response}");
    assert!(response.contains("Content-Type: text/plain\r\n") && response.contains(" GMT\r\n"));
    let elsewhere = get(&lab, host.socket(), NAME, "/robots.txt", "probe/1").await;
    assert!(elsewhere.starts_with("HTTP/1.1 404 "));
    let seen = host.seen();
    assert_eq!((seen[0].sni.as_deref(), seen[0].host.as_deref()), (Some(NAME), Some(NAME)));
    assert_eq!((seen[0].user_agent.as_deref(), seen[0].path.as_str()), (Some("probe/1"), POLICY_PATH));
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn statuses_redirects_and_agents() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Answer::Page(Page::redirect(301, "https://elsewhere.test/")));
    let response = fetch(&lab, &host).await;
    assert!(response.starts_with("HTTP/1.1 301 ") && response.contains("Location: https://elsewhere.test/\r\n"));
    let (browser, other) = (Page::policy("policy"), Page::status(403));
    host.change(|https| https.answer = Answer::ByAgent { browser, other });
    assert!(fetch(&lab, &host).await.starts_with("HTTP/1.1 403 "));
    assert!(get(&lab, host.socket(), NAME, POLICY_PATH, "Mozilla/5.0").await.starts_with("HTTP/1.1 200 "));
    host.set(Https { clock_ahead: 1_000_000_000, ..Https::serving(Page::html()) });
    assert!(fetch(&lab, &host).await.contains("text/html"));
}

#[tokio::test]
async fn bodies_are_as_bad_as_asked_for() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Answer::CutShort(Page::policy("0123456789")));
    assert!(fetch(&lab, &host).await.ends_with("Content-Length: 10\r\n\r\n01234"));
    for declared in [true, false] {
        host.change(|https| https.answer = Answer::TooLarge { declared });
        let response = fetch(&lab, &host).await;
        assert!(response.len() > 65_536 && response.contains("Content-Length") == declared);
    }
    host.change(|https| https.answer = Answer::GzipBomb);
    let response = fetch(&lab, &host).await;
    assert!(response.contains("Content-Encoding: gzip") && response.len() < 100_000);
    host.change(|https| https.answer = Answer::BadChunks(Page::policy("policy")));
    assert!(fetch(&lab, &host).await.contains("\r\n\r\nzz\r\npolicy"));
    host.change(|https| {
        https.answer = Answer::Dribble(Duration::from_millis(1), Page::policy("policy"));
    });
    assert!(fetch(&lab, &host).await.ends_with("\r\n\r\npolicy"));
    host.change(|https| https.answer = Answer::Close);
    assert_eq!(fetch(&lab, &host).await, "");

    host.change(|https| https.answer = Answer::Endless);
    let mut stream = secure(&lab, TcpStream::connect(host.socket()).await.unwrap(), NAME).await.unwrap();
    let request = format!("GET {POLICY_PATH} HTTP/1.1\r\nHost: {NAME}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 2000]).await.unwrap();
}

#[tokio::test]
async fn the_port_need_not_speak_tls() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Answer::Page(Page::html()));
    host.change(|https| https.tls = Tls::Plaintext(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let tcp = TcpStream::connect(host.socket()).await.unwrap();
    assert!(secure(&lab, tcp, NAME).await.is_err());
    host.change(|https| https.tls = Tls::Stall);
    let _stuck = TcpStream::connect(host.socket()).await.unwrap();
    host.change(|https| https.tls = Tls::Modern);
    assert!(fetch(&lab, &host).await.starts_with("HTTP/1.1 200 "), "a stuck client holds up no other");
    // Nonsense from a client is survived.
    let mut noise = TcpStream::connect(host.socket()).await.unwrap();
    noise.write_all(&[0xff; 400]).await.unwrap();
    rest(noise).await;
    assert!(fetch(&lab, &host).await.starts_with("HTTP/1.1 200 "));
}
