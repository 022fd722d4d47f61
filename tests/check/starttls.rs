//! starttls-*: the dialogue with each address, step by step.

use std::time::Duration;

use super::Scene;
use super::row::Answer::{Inconclusive, NotReady, Ready};
use super::row::{Row, hold, row};
use crate::lab::{After, Ehlo, Greeting, Key, Smtp, StartTls, Tls};

/// A server that only the hand-written hello reaches is not followed to the end of its handshake.
const UNCOMPLETED: &[&str] =
    &["warning starttls-suites mx1.", "unknown-warning starttls-after mx1.", "unknown-warning starttls-key-type-unprobed mx1."];

pub(super) fn rows() -> Vec<Row> {
    [connecting(), greetings(), extensions(), upgrades(), handshakes(), behind(), afterwards()].into_iter().flatten().collect()
}

fn greets(it: &Scene<'_>, greeting: Greeting) {
    it.mx_does(1, |smtp| smtp.greeting = greeting);
}

fn connecting() -> Vec<Row> {
    vec![
        row("an MX host refuses connections", Inconclusive, &["unknown starttls-unreachable mx1."], |it| {
            it.without_address("mx1");
            it.dns().address(&it.mx_name(1), it.lab.refusing_address());
        }),
        row("an MX host swallows connections", Inconclusive, &["unknown starttls-unreachable mx1."], |it| {
            it.without_address("mx1");
            it.dns().address(&it.mx_name(1), it.lab.silent_address());
            it.patience("3s");
        }),
        row("one of an MX host's addresses refuses", Ready, &["unknown-warning starttls-unreachable mx1."], |it| {
            it.dns().address(&it.mx_name(1), it.lab.refusing_address());
        }),
        // Each address stays an open question of its own, also where the reason is known.
        row(
            "every MX host swallows connections",
            Inconclusive,
            &["unknown starttls-port-blocked", "unknown starttls-unreachable mx1.", "unknown starttls-unreachable mx2."],
            |it| {
                for host in ["mx1", "mx2"] {
                    it.without_address(host);
                    it.dns().address(&it.below(host), it.lab.silent_address());
                }
                it.patience("3s");
            },
        ),
        row(
            "every MX host refuses connections",
            Inconclusive,
            &["unknown starttls-unreachable mx1.", "unknown starttls-unreachable mx2."],
            |it| {
                for host in ["mx1", "mx2"] {
                    it.without_address(host);
                    it.dns().address(&it.below(host), it.lab.refusing_address());
                }
            },
        ),
    ]
}

fn greetings() -> Vec<Row> {
    vec![
        row("a late greeting", Ready, &[], |it| greets(it, Greeting::Late(Duration::from_secs(3)))),
        row("a greeting in two lines with a pause", Ready, &[], |it| greets(it, Greeting::TwoLines(Duration::from_secs(1)))),
        row("a greeting in drops", Ready, &[], |it| greets(it, Greeting::Dribble(Duration::from_millis(5)))),
        row("a greeting of the bare code", Ready, &[], |it| greets(it, Greeting::Line("220"))),
        row("a greeting with another code", Inconclusive, &["unknown starttls-not-smtp mx1."], |it| {
            greets(it, Greeting::Line("200 hello"))
        }),
        row("a greeting without a code", Inconclusive, &["unknown starttls-not-smtp mx1."], |it| greets(it, Greeting::Line("hello there"))),
        row("too many connections", Inconclusive, &["unknown starttls-busy mx1."], |it| {
            greets(it, Greeting::Refuse("421 4.7.0 too many connections from your address"));
        }),
        // One after the other, never two at once.
        row("too many connections beyond the first", Ready, &[], |it| greets(it, Greeting::BusyBeyond(1))),
        // The second connection is ours; what the first one showed stands.
        row("too many connections after the first", Ready, &["unknown-warning starttls-key-type-unprobed mx1."], |it| {
            greets(it, Greeting::BusyAfter(1));
        }),
        row(
            "a server that wants no second connection, asked to be looked at deeply",
            Ready,
            &[
                "unknown-warning starttls-key-type-unprobed mx1.",
                "unknown-warning starttls-injection mx1.",
                "unknown-warning starttls-busy mx1.",
                "unknown-warning cert-sni-only mx1.",
            ],
            |it| {
                greets(it, Greeting::BusyAfter(1));
                it.args(&["--deep", "--repeat", "5"]);
            },
        ),
        row("a greeting after twelve seconds", Ready, &["advice starttls-slow mx1."], |_| {}).observed(|facts| {
            facts["servers"][0]["probes"][0]["greeting_ms"] = 12_000.into();
        }),
        row("a server that is busy", Inconclusive, &["unknown starttls-busy mx1."], |it| {
            greets(it, Greeting::Refuse("450 4.3.2 try again later"))
        }),
        row("a server that wants no mail from here", Inconclusive, &["unknown starttls-refused mx1."], |it| {
            greets(it, Greeting::Refuse("554 5.7.1 you are on a list"));
        }),
        row("closed before the greeting", Inconclusive, &["unknown starttls-busy mx1."], |it| greets(it, Greeting::Close)),
        // The reset may overtake the end of the connect.
        row("reset before the greeting", Inconclusive, &["unknown starttls-busy|starttls-unreachable mx1."], |it| {
            greets(it, Greeting::Reset)
        }),
        row("no greeting", Inconclusive, &["unknown starttls-unreachable mx1."], |it| {
            greets(it, Greeting::Silent);
            it.patience("3s");
        }),
        row("a web server on the SMTP port", Inconclusive, &["unknown starttls-not-smtp mx1."], |it| greets(it, Greeting::HTTP)),
        row("an SSH server on the SMTP port", Inconclusive, &["unknown starttls-not-smtp mx1."], |it| {
            greets(it, Greeting::NotSmtp(b"SSH-2.0-OpenSSH_9.9\r\n"));
        }),
        row("bytes on the SMTP port", Inconclusive, &["unknown starttls-not-smtp mx1."], |it| {
            greets(it, Greeting::NotSmtp(b"\x16\x03\x01\x00\x05\xff\xfe\x00\x00\r\n"));
        }),
        row("greeting lines without end", Inconclusive, &["unknown starttls-not-smtp mx1."], |it| greets(it, Greeting::Endless)),
        row("a greeting line without end", Inconclusive, &["unknown starttls-not-smtp mx1."], |it| greets(it, Greeting::EndlessLine)),
        row("busy at one of two addresses", Ready, &["unknown-warning starttls-busy mx1."], |it| {
            let busy = Smtp { greeting: Greeting::Refuse("421 4.3.2 shutting down"), ..Smtp::default() };
            it.second_address(1, busy, it.issue(&it.leaf(1)));
        }),
        row("refused at one of two addresses", Ready, &["unknown-warning starttls-refused mx1."], |it| {
            let refusing = Smtp { greeting: Greeting::Refuse("554 5.7.1 no"), ..Smtp::default() };
            it.second_address(1, refusing, it.issue(&it.leaf(1)));
        }),
    ]
}

fn extensions() -> Vec<Row> {
    fn ehlo(it: &Scene<'_>, ehlo: Ehlo) {
        it.mx_does(1, |smtp| smtp.ehlo = ehlo);
    }
    vec![
        row("STARTTLS is not offered", NotReady, &["blocker starttls-missing mx1."], |it| ehlo(it, Ehlo::WithoutStarttls)),
        row("STARTTLS in the greeting only", NotReady, &["blocker starttls-missing mx1."], |it| ehlo(it, Ehlo::OnlyOnFirstLine)),
        // The firewall may be anybody's: nothing is said of the server.
        row("STARTTLS overwritten on the way", Inconclusive, &["unknown starttls-middlebox mx1."], |it| ehlo(it, Ehlo::Rewritten)),
        row("a greeting overwritten on the way", Inconclusive, &["unknown starttls-middlebox mx1."], |it| {
            greets(it, Greeting::Line("220 ****2***************0******"));
            ehlo(it, Ehlo::WithoutStarttls);
        }),
        row("a greeting overwritten, and STARTTLS let through", Ready, &[], |it| greets(it, Greeting::Line("220 **********************"))),
        row("EHLO not known", Inconclusive, &["unknown starttls-refused mx1."], |it| {
            ehlo(it, Ehlo::Reply("502 5.5.1 command not implemented"));
        }),
        row("STARTTLS in lower case", Ready, &[], |it| ehlo(it, Ehlo::LowerCase)),
        row("EHLO refused", Inconclusive, &["unknown starttls-refused mx1."], |it| ehlo(it, Ehlo::Reply("550 5.7.1 go away"))),
        row("EHLO put off", Inconclusive, &["unknown starttls-busy mx1."], |it| ehlo(it, Ehlo::Reply("451 4.7.1 greylisted"))),
        row("EHLO answered with a shutdown", Inconclusive, &["unknown starttls-busy mx1."], |it| {
            ehlo(it, Ehlo::Reply("421 4.3.2 shutting down"))
        }),
        row("EHLO never answered", Inconclusive, &["unknown starttls-busy mx1."], |it| {
            ehlo(it, Ehlo::Silent);
            it.patience("3s");
        }),
        row("closed at EHLO", Inconclusive, &["unknown starttls-busy mx1."], |it| ehlo(it, Ehlo::Close)),
        row("EHLO lines without end", Inconclusive, &["unknown starttls-not-smtp mx1."], |it| ehlo(it, Ehlo::Endless)),
    ]
}

fn upgrades() -> Vec<Row> {
    fn upgrade(it: &Scene<'_>, reply: StartTls) {
        it.mx_does(1, |smtp| smtp.starttls = reply);
    }
    vec![
        // Only a probe that the operator asks for pipelines.
        row("a server that executes what was pipelined", Ready, &[], |it| upgrade(it, StartTls::ReadyAndInjectable)),
        row("the same, looked at deeply", Ready, &["warning starttls-injection mx1."], |it| {
            upgrade(it, StartTls::ReadyAndInjectable);
            it.args(&["--deep"]);
        }),
        row("a healthy server, looked at deeply", Ready, &[], |it| it.args(&["--deep", "--repeat", "2"])),
        row("STARTTLS accepted in three lines", Ready, &[], |it| upgrade(it, StartTls::ReadyInLines)),
        // Said of the whole service, not of TLS.
        row("a shutdown in answer to STARTTLS", Inconclusive, &["unknown starttls-busy mx1."], |it| {
            upgrade(it, StartTls::Reply("421 4.3.2 shutting down"));
        }),
        row("STARTTLS for the moment unavailable", NotReady, &["blocker starttls-rejected mx1."], |it| {
            upgrade(it, StartTls::Reply("454 4.7.0 TLS not available due to local problem"));
        }),
        row("STARTTLS not implemented after all", NotReady, &["blocker starttls-rejected mx1."], |it| {
            upgrade(it, StartTls::Reply("502 5.5.1 command not implemented"));
        }),
        row("closed at STARTTLS", NotReady, &["blocker starttls-rejected mx1."], |it| upgrade(it, StartTls::Close)),
        row("STARTTLS never answered", Inconclusive, &["unknown starttls-rejected mx1."], |it| {
            upgrade(it, StartTls::Silent);
            it.patience("3s");
        }),
    ]
}

fn handshakes() -> Vec<Row> {
    fn tls(it: &Scene<'_>, tls: Tls) {
        it.mx_does(1, |smtp| smtp.tls = tls);
    }
    vec![
        row("TLS 1.2 only", Ready, &[], |it| tls(it, Tls::Only12)),
        row("TLS 1.3 only", Ready, &[], |it| tls(it, Tls::Only13)),
        row("asks for a client certificate", Ready, &["warning starttls-client-cert mx1."], |it| tls(it, Tls::AsksForClientCertificate)),
        row("demands a client certificate in TLS 1.2", NotReady, &["blocker starttls-handshake mx1."], |it| {
            tls(it, Tls::DemandsClientCertificate12);
        }),
        row(
            "demands a client certificate in TLS 1.2 and has an expired one",
            NotReady,
            &["blocker starttls-handshake mx1.", "blocker cert-expired mx1."],
            |it| {
                tls(it, Tls::DemandsClientCertificate12);
                it.mx_presents(1, it.issue(&it.leaf(1).expires_in(-3)));
            },
        ),
        row("keys over P-521 only", Ready, UNCOMPLETED, |it| tls(it, Tls::OnlyP521)),
        // Senders have none: the session ends for them as it did here.
        row("demands a client certificate", NotReady, &["blocker starttls-after mx1."], |it| tls(it, Tls::DemandsClientCertificate)),
        row("the handshake is refused", NotReady, &["blocker starttls-handshake mx1."], |it| tls(it, Tls::Alert(40))),
        row("the handshake has an inner error", NotReady, &["blocker starttls-handshake mx1."], |it| tls(it, Tls::Alert(80))),
        row("a key that cannot sign", NotReady, &["blocker starttls-handshake mx1."], |it| tls(it, Tls::CannotSign)),
        row("closed in the handshake", NotReady, &["blocker starttls-handshake mx1."], |it| tls(it, Tls::Close)),
        row("reset in the handshake", NotReady, &["blocker starttls-handshake mx1."], |it| tls(it, Tls::Reset)),
        row("plain text in the handshake", NotReady, &["blocker starttls-handshake mx1."], |it| {
            tls(it, Tls::Plaintext(b"500 5.5.1 command not recognised\r\n"));
        }),
        row("the handshake stalls", Inconclusive, &["unknown starttls-handshake mx1."], |it| {
            tls(it, Tls::Stall);
            it.patience("3s");
        }),
        row("TLS 1.0 only", NotReady, &["blocker starttls-legacy mx1."], |it| {
            tls(it, Tls::Legacy10);
            it.mx_presents(1, it.issue(&it.leaf(1).key(Key::Rsa2048)));
        }),
        row("TLS 1.0 only and an expired certificate", NotReady, &["blocker starttls-legacy mx1.", "blocker cert-expired mx1."], |it| {
            tls(it, Tls::Legacy10);
            it.mx_presents(1, it.issue(&it.leaf(1).key(Key::Rsa2048).expires_in(-5)));
        }),
        row("old cipher suites only", Ready, UNCOMPLETED, |it| {
            tls(it, Tls::NarrowSuites);
            it.mx_presents(1, it.issue(&it.leaf(1).key(Key::Rsa2048)));
        }),
    ]
}

/// Several servers behind one address.
fn behind() -> Vec<Row> {
    fn then(it: &Scene<'_>, other: Smtp) {
        it.mx_does(1, |smtp| smtp.then = Some(Box::new(Smtp { hostname: smtp.hostname.clone(), ..other })));
    }
    vec![
        row(
            "one of two servers behind an address without STARTTLS",
            NotReady,
            &["blocker starttls-missing mx1.", "unknown-warning starttls-key-type-unprobed mx1."],
            |it| then(it, Smtp { ehlo: Ehlo::WithoutStarttls, ..Smtp::default() }),
        ),
        row(
            "one of two servers behind an address that rejects STARTTLS",
            NotReady,
            &["blocker starttls-rejected mx1.", "unknown-warning starttls-key-type-unprobed mx1."],
            |it| then(it, Smtp { starttls: StartTls::Reply("554 5.7.0 refused"), ..Smtp::default() }),
        ),
        // Postfix tells its limit of new TLS sessions so: that is about us.
        row("a limit of new TLS sessions", Ready, &["unknown-warning starttls-key-type-unprobed mx1."], |it| {
            then(it, Smtp { starttls: StartTls::Reply("454 4.7.0 too many new TLS sessions"), ..Smtp::default() });
        }),
        row("one of two servers behind an address that dies after TLS", NotReady, &["blocker starttls-after mx1."], |it| {
            it.mx_presents(1, vec![it.issue(&it.leaf(1)), it.issue(&it.leaf(1).key(Key::Rsa2048))]);
            then(it, Smtp { after: After::Reply("550 5.7.1 go away"), ..Smtp::default() });
        }),
    ]
}

fn afterwards() -> Vec<Row> {
    fn after(it: &Scene<'_>, after: After) {
        it.mx_does(1, |smtp| smtp.after = after);
    }
    vec![
        row("closed after the handshake", NotReady, &["blocker starttls-after mx1."], |it| after(it, After::Close)),
        row("EHLO refused under TLS", NotReady, &["blocker starttls-after mx1."], |it| after(it, After::Reply("550 5.7.1 go away"))),
        row("EHLO put off under TLS", Inconclusive, &["unknown starttls-busy mx1."], |it| after(it, After::Reply("451 4.3.0 not now"))),
        row("a shutdown under TLS", Inconclusive, &["unknown starttls-busy mx1."], |it| after(it, After::Reply("421 4.3.2 shutting down"))),
        row("silent under TLS", Inconclusive, &["unknown starttls-after mx1."], |it| {
            after(it, After::Silent);
            it.patience("3s");
        }),
    ]
}

#[test]
fn connections_to_mx_hosts() {
    hold(&connecting());
}

#[test]
fn what_mx_hosts_greet_with() {
    hold(&greetings());
}

#[test]
fn what_mx_hosts_offer() {
    hold(&extensions());
}

#[test]
fn what_mx_hosts_say_to_starttls() {
    hold(&upgrades());
}

#[test]
fn handshakes_with_mx_hosts() {
    hold(&handshakes());
}

#[test]
fn what_several_servers_behind_one_address_do() {
    hold(&behind());
}

#[test]
fn what_comes_after_the_handshake() {
    hold(&afterwards());
}
