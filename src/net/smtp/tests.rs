//! The prober against small servers on the loopback. Each server is a script: what it says, and what it waits for.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::net::tls::provider;
use crate::net::trust::RootSource;

const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn host() -> Domain {
    Domain::from_dns("mx1.example.com")
}

fn prober(port: u16) -> Prober {
    let quick = Duration::from_millis(700);
    let mut options = ProbeOptions::new("probe.example.net", jiff::Timestamp::now);
    options.port = port;
    options.timeouts = Timeouts { connect: quick, greeting: quick, step: quick, dialogue: quick * 4, stage: quick * 20 };
    let trust = TrustStore::load(&RootSource::Mozilla, None).unwrap();
    Prober::new(options, Arc::new(Limiter::new(8)), Arc::new(trust), Arc::new(Shelf::new()))
}

/// Serves every connection by `serve`; gives the port and the count of connections.
async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> (u16, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream));
        }
    });
    (port, count)
}

/// Speaks SMTP up to the answer to STARTTLS, asserting that the client waits for each reply.
async fn to_starttls(stream: TcpStream) -> TcpStream {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220-one moment\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(stream.get_ref().try_read(&mut [0; 1]).is_err(), "the client speaks before the greeting has ended");
    stream.write_all(b"220 mx1.example.com ESMTP\r\n").await.unwrap();
    expect(&mut stream, "EHLO probe.example.net\r\n").await;
    stream.write_all(b"250-mx1.example.com\r\n250-PIPELINING\r\n250 STARTTLS\r\n").await.unwrap();
    expect(&mut stream, "STARTTLS\r\n").await;
    assert!(stream.buffer().is_empty(), "nothing may be pipelined behind STARTTLS");
    stream.write_all(b"220 go ahead\r\n").await.unwrap();
    stream.into_inner()
}

async fn expect<S: tokio::io::AsyncRead + Unpin>(stream: &mut BufReader<S>, line: &str) {
    let mut text = String::new();
    stream.read_line(&mut text).await.unwrap();
    assert_eq!(text, line);
}

fn server_config() -> Arc<ServerConfig> {
    let made = rcgen::generate_simple_self_signed(vec![host().to_string()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap())
}

#[tokio::test]
async fn a_healthy_dialogue_is_held_once_and_shared() {
    let config = server_config();
    let (port, count) = listen(move |stream| {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(&config));
        async move {
            // The second connection asks for another key, which this server does not have.
            let Ok(inside) = acceptor.accept(to_starttls(stream).await).await else { return };
            let mut inside = BufReader::new(inside);
            expect(&mut inside, "EHLO probe.example.net\r\n").await;
            inside.write_all(b"250 mx1.example.com\r\n").await.unwrap();
            inside.flush().await.unwrap();
            expect(&mut inside, "QUIT\r\n").await;
        }
    })
    .await;
    let prober = Arc::new(prober(port));
    let host = host();
    let (one, two) = tokio::join!(prober.probe(&host, LOOPBACK), prober.probe(&host, LOOPBACK));
    assert_eq!(one, two);
    assert_eq!(count.load(Ordering::SeqCst), 2);
    let other = one.other_key.as_ref().unwrap();
    assert!(other.is_none_there() && other.asked.contains(&"rsa".to_owned()), "{other:?}");
    assert!(one.speaks_tls());
    let tls = one.tls.unwrap().seen().cloned().unwrap();
    assert_eq!((tls.version.as_str(), tls.chain.len(), tls.signature_problem), ("TLSv1.3", 1, None));
    assert!(tls.suite.starts_with("TLS_"), "{}", tls.suite);
    assert_eq!(tls.trust.problem.as_deref(), Some("UnknownIssuer"));
    assert_eq!(prober.shelf.take_for(&tls.chain).len(), 1);
    assert_eq!(one.greeting.unwrap().seen().unwrap().lines.len(), 2);
    assert!(one.wide.is_none());
}

/// A name, what the server says before it closes, and what the probe must be.
type Case = (&'static str, &'static [u8], fn(&Probe) -> bool);

#[tokio::test]
async fn a_dialogue_that_stops_says_where_and_why() {
    let cases: &[Case] = &[
        ("421 greeting", b"421 too many connections\r\n", |probe| probe.greeting.as_ref().is_some_and(|it| it.seen().unwrap().code == 421)),
        ("closed before the greeting", b"", |probe| failed(probe.greeting.as_ref(), FailureKind::Closed)),
        ("another protocol", b"SSH-2.0-OpenSSH_9.9\r\n", |probe| failed(probe.greeting.as_ref(), FailureKind::Protocol)),
        ("closed in the greeting", b"220-mx\r\n", |probe| failed(probe.greeting.as_ref(), FailureKind::Closed)),
    ];
    for (name, script, judged) in cases {
        let (port, _) = listen(move |mut stream| async move {
            stream.write_all(script).await.unwrap();
            stream.shutdown().await.unwrap();
            // Stay until the client has gone, so that no reset overtakes what was said.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await;
        let probe = prober(port).probe(&host(), LOOPBACK).await;
        assert!(judged(&probe), "{name}: {probe:?}");
        assert!(probe.ehlo.is_none() && probe.tls.is_none(), "{name}");
    }
}

fn failed<T>(looked: Option<&Looked<T>>, kind: FailureKind) -> bool {
    looked.and_then(Looked::failure).is_some_and(|failure| failure.kind == kind)
}

#[tokio::test]
async fn silence_dribble_and_endless_greetings_end_in_time() {
    let (silent, _) = listen(|stream| async move {
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(stream);
    })
    .await;
    let (dribbling, _) = listen(|mut stream| async move {
        while stream.write_all(b"220-").await.is_ok() && stream.write_all(b"still here\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let (endless, _) = listen(|mut stream| async move { while stream.write_all(b"220-more and more and more\r\n").await.is_ok() {} }).await;
    for (port, kind) in [(silent, FailureKind::Timeout), (dribbling, FailureKind::Protocol), (endless, FailureKind::TooLarge)] {
        let begin = tokio::time::Instant::now();
        let probe = prober(port).probe(&host(), LOOPBACK).await;
        assert!(failed(probe.greeting.as_ref(), kind), "{kind:?}: {:?}", probe.greeting);
        assert!(begin.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn clear_text_behind_starttls_is_not_taken_for_tls() {
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counters = (Arc::clone(&open), Arc::clone(&most));
    let (port, count) = listen(move |stream| {
        let (open, most) = counters.clone();
        async move {
            most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let mut stream = BufReader::new(stream);
            stream.write_all(b"220 mx\r\n").await.unwrap();
            expect(&mut stream, "EHLO probe.example.net\r\n").await;
            stream.write_all(b"250-mx\r\n250 STARTTLS\r\n").await.unwrap();
            expect(&mut stream, "STARTTLS\r\n").await;
            stream.write_all(b"220 go\r\n250 injected\r\n").await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
            // It takes a server its time to notice.
            tokio::time::sleep(Duration::from_millis(150)).await;
            open.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    let probe = prober(port).probe(&host(), LOOPBACK).await;
    assert!(failed(probe.tls.as_ref(), FailureKind::Protocol), "{probe:?}");
    assert!(probe.wide.is_some());
    assert_eq!((count.load(Ordering::SeqCst), most.load(Ordering::SeqCst)), (2, 1), "one connection after the other");
}

#[tokio::test]
async fn a_refused_handshake_is_tried_once_more_with_the_wide_hello() {
    let (port, count) = listen(|stream| async move {
        let mut stream = to_starttls(stream).await;
        let mut header = [0; 5];
        stream.read_exact(&mut header).await.unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
        stream.read_exact(&mut hello).await.unwrap();
        // Extension 43 is supported_versions: only a modern hello has it (as two bytes in a row, sure enough for this test).
        let modern = hello.windows(6).any(|bytes| bytes[..2] == [0, 43] && bytes[4..6] == [4, 3]);
        let answer: &[u8] = if modern { &[21, 3, 1, 0, 2, 2, 70] } else { OLD_FLIGHT };
        stream.write_all(answer).await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let probe = prober(port).probe(&host(), LOOPBACK).await;
    let failure = probe.tls.as_ref().and_then(Looked::failure).cloned().unwrap();
    assert_eq!((failure.kind, failure.detail.as_str()), (FailureKind::TlsAlert, "protocol_version (70)"));
    let wide = probe.wide.as_ref().and_then(|wide| wide.outcome.seen()).cloned().unwrap();
    assert_eq!((wide.version.as_str(), wide.suite.as_str()), ("TLSv1.0", "TLS_RSA_WITH_AES_128_CBC_SHA"));
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

/// ServerHello (TLS 1.0, TLS_RSA_WITH_AES_128_CBC_SHA) and a Certificate message with four bytes that are no certificate.
const OLD_FLIGHT: &[u8] = &[
    22, 3, 1, 0, 56, 2, 0, 0, 38, 3, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0,
    0, 47, 0, 11, 0, 0, 10, 0, 0, 7, 0, 0, 4, 1, 2, 3, 4,
];

#[tokio::test]
async fn a_handshake_that_hangs_is_not_tried_again() {
    let (port, count) = listen(|stream| async move {
        let stream = to_starttls(stream).await;
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(stream);
    })
    .await;
    let probe = prober(port).probe(&host(), LOOPBACK).await;
    assert!(failed(probe.tls.as_ref(), FailureKind::Timeout));
    assert!(probe.wide.is_none());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn refused_switched_off_and_no_route_are_different_facts() {
    let port = TcpListener::bind((LOOPBACK, 0)).await.unwrap().local_addr().unwrap().port();
    let probe = prober(port).probe(&host(), LOOPBACK).await;
    assert!(failed(Some(&probe.connect), FailureKind::Refused), "{probe:?}");

    let (port, count) = listen(|stream| async move { drop(stream) }).await;
    let mut off = prober(port);
    off.options.ipv4 = false;
    let probe = off.probe(&host(), LOOPBACK).await;
    assert!(failed(Some(&probe.connect), FailureKind::SwitchedOff), "{probe:?}");
    assert_eq!(count.load(Ordering::SeqCst), 0, "no connection is made");
}

#[tokio::test]
async fn tarpits_end_in_bounded_time_and_the_rest_is_said_to_be_unlooked_at() {
    let (port, count) = listen(|stream| async move {
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(stream);
    })
    .await;
    let quick = Duration::from_millis(200);
    let mut prober = prober(port);
    prober.options.timeouts = Timeouts { connect: quick, greeting: quick, step: quick, dialogue: quick * 2, stage: quick * 3 };
    let hosts: Vec<Domain> = (0..50).map(|number| Domain::from_dns(&format!("mx{number}.example.com"))).collect();
    let begin = tokio::time::Instant::now();
    let probes = futures_util::future::join_all(hosts.iter().map(|host| prober.probe(host, LOOPBACK))).await;
    assert!(begin.elapsed() < quick * 10, "{:?}", begin.elapsed());
    let (unbegun, begun): (Vec<_>, Vec<_>) = probes.iter().partition(|probe| failed(Some(&probe.connect), FailureKind::OutOfTime));
    assert!(begun.iter().all(|probe| failed(probe.greeting.as_ref(), FailureKind::Timeout)));
    assert_eq!(begun.len(), count.load(Ordering::SeqCst));
    assert!(begun.len() >= 2 && unbegun.len() >= 30, "{} begun, {} not", begun.len(), unbegun.len());
}

#[test]
fn a_shorter_patience_shortens_every_wait() {
    let whole = Timeouts::default();
    let short = Timeouts::at_most(Some(Duration::from_secs(3)));
    assert!(short.greeting < whole.greeting && short.dialogue < whole.dialogue && short.stage < whole.stage);
    assert_eq!(Timeouts::at_most(Some(Duration::from_hours(1))), whole);
    assert_eq!(Timeouts::at_most(None), whole);
}
