//! MX hosts, step by step.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{reply, rest, say, secure, up_to_starttls};
use crate::lab::{After, Ehlo, Greeting, Lab, Smtp, SmtpHost, StartTls};

const NAME: &str = "mx.alpha.test";

fn start(lab: &Lab, smtp: Smtp) -> SmtpHost {
    lab.smtp_host(smtp, lab.chain(NAME))
}

async fn connect(host: &SmtpHost) -> TcpStream {
    TcpStream::connect(host.socket()).await.unwrap()
}

#[tokio::test]
async fn a_healthy_host_goes_all_the_way_and_takes_notes() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Smtp { hostname: NAME.into(), ..Smtp::default() });
    let stream = up_to_starttls(&host).await;
    let mut stream = secure(&lab, stream, NAME).await.unwrap();
    let offered = say(&mut stream, "EHLO probe.test").await;
    assert!(offered.starts_with("250-mx.alpha.test\n250-") && !offered.contains("STARTTLS"), "{offered}");
    assert!(say(&mut stream, "QUIT").await.starts_with("221 "));
    let seen = host.seen().remove(0);
    assert_eq!(seen.commands, ["EHLO probe.test", "STARTTLS", "EHLO probe.test", "QUIT"]);
    assert_eq!(seen.sni.as_deref(), Some(NAME));
    assert!(seen.secured && seen.quit && !seen.spoke_early && !seen.pipelined_behind_starttls);
}

#[tokio::test]
async fn greetings_that_end_it() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Smtp::default());
    for (greeting, said) in [
        (Greeting::Refuse("421 4.3.2 busy"), "421 4.3.2 busy\r\n"),
        (Greeting::Close, ""),
        (Greeting::NotSmtp(b"SSH-2.0-x\r\n"), "SSH-2.0-x\r\n"),
    ] {
        host.change(|smtp| smtp.greeting = greeting);
        assert_eq!(rest(connect(&host).await).await, (said.into(), None));
    }
    host.change(|smtp| smtp.greeting = Greeting::Reset);
    assert!(rest(connect(&host).await).await.1.is_some());
    host.change(|smtp| smtp.greeting = Greeting::Refuse("554 5.7.1 no"));
    let mut refused = connect(&host).await;
    assert_eq!(reply(&mut refused).await, "554 5.7.1 no");
    assert!(say(&mut refused, "EHLO probe.test").await.starts_with("503 "));
    assert!(say(&mut refused, "QUIT").await.starts_with("221 "));
}

#[tokio::test]
async fn endless_greetings_do_not_stop() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Smtp { greeting: Greeting::Endless, ..Smtp::default() });
    let mut some = [0; 500];
    connect(&host).await.read_exact(&mut some).await.unwrap();
    assert!(String::from_utf8_lossy(&some).lines().all(|line| "220-and there is more".starts_with(line)));
    host.change(|smtp| smtp.greeting = Greeting::EndlessLine);
    connect(&host).await.read_exact(&mut some).await.unwrap();
    assert!(!some.contains(&b'\n'));
}

#[tokio::test]
async fn early_talkers_are_noted() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Smtp { greeting: Greeting::TwoLines(Duration::from_millis(200)), ..Smtp::default() });
    let mut early = connect(&host).await;
    early.write_all(b"EHLO early.test\r\n").await.unwrap();
    assert_eq!(reply(&mut early).await.lines().count(), 2);
    let mut patient = connect(&host).await;
    reply(&mut patient).await;
    let early: Vec<bool> = host.seen().iter().map(|session| session.spoke_early).collect();
    assert_eq!(early, [true, false]);
}

#[tokio::test]
async fn slow_greetings_are_whole_and_stuck_clients_are_alone() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Smtp { greeting: Greeting::Silent, ..Smtp::default() });
    let _stuck = connect(&host).await;
    host.change(|smtp| smtp.greeting = Greeting::Dribble(Duration::from_millis(1)));
    assert_eq!(reply(&mut connect(&host).await).await, "220 mx.lab.test ESMTP");
}

#[tokio::test]
async fn connections_beyond_the_limit_are_busy() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Smtp { greeting: Greeting::BusyBeyond(1), ..Smtp::default() });
    let mut first = connect(&host).await;
    assert!(reply(&mut first).await.starts_with("220 "));
    assert!(reply(&mut connect(&host).await).await.starts_with("421 "));
}

#[tokio::test]
async fn ehlo_replies_differ() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Smtp::default());
    for (ehlo, wanted, unwanted) in [
        (Ehlo::LowerCase, "250 starttls", "STARTTLS"),
        (Ehlo::WithoutStarttls, "250 ENHANCED", "STARTTLS"),
        (Ehlo::OnlyOnFirstLine, "250-mx.lab.test STARTTLS", "250 STARTTLS"),
        (Ehlo::Rewritten, "250 XXXXXXXA", "STARTTLS"),
        (Ehlo::Reply("502 5.5.1 what"), "502 5.5.1 what", "250"),
        (Ehlo::Close, "", "250"),
    ] {
        host.change(|smtp| smtp.ehlo = ehlo);
        let mut stream = connect(&host).await;
        reply(&mut stream).await;
        let said = say(&mut stream, "EHLO probe.test").await;
        assert!(said.contains(wanted) && !said.contains(unwanted), "{said}");
        if wanted.starts_with("502") {
            assert_eq!(say(&mut stream, "HELO probe.test").await, "250 mx.lab.test");
        }
    }
}

#[tokio::test]
async fn starttls_is_refused_or_closed() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Smtp::default());
    for (starttls, said) in [(StartTls::Reply("454 4.7.0 not now"), "454 4.7.0 not now"), (StartTls::Close, "")] {
        host.change(|smtp| smtp.starttls = starttls);
        let mut stream = connect(&host).await;
        reply(&mut stream).await;
        say(&mut stream, "EHLO probe.test").await;
        assert_eq!(say(&mut stream, "STARTTLS").await, said);
    }
}

#[tokio::test]
async fn only_an_injectable_host_executes_what_came_behind_starttls() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Smtp::default());
    for (starttls, executed) in [(StartTls::Ready, "250 2.0.0"), (StartTls::ReadyAndInjectable, "250-mx")] {
        host.change(|smtp| smtp.starttls = starttls);
        let mut stream = connect(&host).await;
        reply(&mut stream).await;
        stream.write_all(b"STARTTLS\r\nEHLO injected.test\r\n").await.unwrap();
        reply(&mut stream).await;
        let mut stream = secure(&lab, stream, NAME).await.unwrap();
        let said = say(&mut stream, "NOOP").await;
        assert!(said.starts_with(executed), "{said}");
    }
    assert!(host.seen().iter().all(|session| session.pipelined_behind_starttls));
}

#[tokio::test]
async fn failures_after_the_handshake() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Smtp::default());
    for (after, said) in [(After::Reply("421 4.3.2 bye"), "421 4.3.2 bye"), (After::Close, "")] {
        host.change(|smtp| smtp.after = after);
        let stream = up_to_starttls(&host).await;
        let mut stream = secure(&lab, stream, NAME).await.unwrap();
        assert_eq!(say(&mut stream, "EHLO probe.test").await, said);
    }
}
