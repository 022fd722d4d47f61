//! What is said, and what is advised: where the code is the same, the words must tell the cases apart.

use super::*;

/// The code, the message and the way out of what is shown.
fn said(probe: Probe) -> Vec<(&'static str, String, String)> {
    let all = findings(&facts(vec![vec![probe]]));
    let shown = all.into_iter().filter(Finding::is_shown);
    shown.map(|it| (it.code(), it.message, it.fix.map(|fix| fix.say).unwrap_or_default())).collect()
}

/// `message` with the place in it is the first that is said, and the way out begins so.
fn assert_says(what: &str, probe: Probe, message: &str, way_out: &str) {
    let all = said(probe);
    let (_, says, fix) = all.first().unwrap_or_else(|| panic!("{what}: nothing is said"));
    assert_eq!(*says, message.replace("HOST", "mx1.example.com (192.0.2.1)"), "{what}");
    assert!(fix.starts_with(way_out), "{what}: {fix}");
}

#[test]
fn each_way_not_to_be_reached_has_its_words() {
    use FailureKind::{Denied, OutOfTime, Proxy, Refused, Reset, Timeout, Unreachable};
    for (kind, message, way_out) in [
        (Refused, "HOST refuses connections to port 25", "try from another network"),
        (Timeout, "HOST does not answer at port 25", "try from another network"),
        (Unreachable, "HOST cannot be reached at port 25", "try from another network"),
        (Denied, "HOST is no public address and was not connected to", "take the address out of DNS"),
        (Proxy, "HOST could not be asked through the proxy", "see that the proxy runs"),
        (OutOfTime, "HOST was not looked at: the time for all addresses was over", "see why the other addresses take so long"),
        (Reset, "HOST closes the connection before its greeting", "repeat in some minutes"),
    ] {
        assert_says(&format!("{kind:?}"), unconnected(V4, kind), message, way_out);
    }
}

#[test]
fn a_server_that_knows_no_ehlo_is_told_from_one_that_refuses_this_client() {
    for (code, message, way_out) in [
        (500, "HOST answers EHLO with 500: senders fall back to HELO, which has no STARTTLS", "see whether the server knows EHLO"),
        (502, "HOST answers EHLO with 502: senders fall back to HELO, which has no STARTTLS", "see whether the server knows EHLO"),
        (550, "HOST answers EHLO with 550: it refuses to talk to this client", "run the check from a machine with a fixed address"),
    ] {
        assert_says("EHLO", answered(reply(code, &["no"])), message, way_out);
    }
}

#[test]
fn each_way_to_break_off_the_handshake_has_its_words() {
    use FailureKind::{Closed, Other, Timeout, TlsLate};
    let late = |asks| Probe { client_certificate: Some(asks), ..shaken(failed(TlsLate, "late"), None) };
    let log = "read the server's log";
    let ccert = "do not require client certificates at port 25";
    for (what, probe, message, way_out) in [
        ("hangs", shaken(failed(Timeout, "late"), None), "the TLS handshake with HOST does not end in time", log),
        ("late", late(true), "HOST demands a client certificate, and breaks off the TLS handshake without one", ccert),
        (
            "late, unasked",
            late(false),
            "HOST breaks off the TLS handshake after its certificate, as servers do that demand one of the client",
            ccert,
        ),
        ("twice", shaken(alert(), Some(alert())), "HOST accepts STARTTLS, and then no TLS handshake succeeds", log),
        (
            "behind its certificate",
            Probe { client_certificate: Some(false), ..shaken(failed(Closed, "eof"), None) },
            "the connection to HOST breaks in the TLS handshake behind its certificate; once may be chance",
            log,
        ),
        (
            "once",
            shaken(failed(Closed, "eof"), Some(failed(Other, "421"))),
            "the TLS handshake with HOST fails, and a second attempt could not be made",
            log,
        ),
    ] {
        assert_says(what, probe, message, way_out);
    }
    let mut wide = shaken(alert(), Some(Looked::Seen(tls("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"))));
    wide.wide.as_mut().expect("a wide hello").group = Some("secp521r1".into());
    let all = findings(&facts(vec![vec![wide]]));
    let finding = all.iter().find(|it| it.rule == &SUITES && it.is_shown()).expect("it is told");
    assert_eq!(finding.found.as_deref(), Some("TLSv1.2 with TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, group secp521r1"));
}

#[test]
fn a_demand_for_a_client_certificate_is_told_from_a_session_that_dies() {
    use FailureKind::{Closed, Timeout, TlsAlert};
    let asks = |asks, probe| Probe { client_certificate: asks, ..probe };
    let ccert = "do not require client certificates at port 25";
    let demands = ("starttls-after", "HOST demands a client certificate", ccert);
    let dies =
        ("starttls-after", "the session with HOST dies after the TLS handshake", "read the server's log for the seconds of the test");
    let rows = vec![
        ("its own alert", asks(None, after(failed(TlsAlert, "certificate_required (116)"))), demands),
        ("its words", asks(Some(false), after(failed(Closed, "it wants a client certificate"))), demands),
        ("another alert, asked", asks(Some(true), after(failed(TlsAlert, "handshake_failure (40)"))), demands),
        ("another alert, not asked", asks(Some(false), after(failed(TlsAlert, "handshake_failure (40)"))), dies),
        ("closed, asked", asks(Some(true), after(failed(Closed, "closed"))), dies),
        ("a reply, asked", asks(Some(true), after(reply(554, &["no", "Certificate required"]))), demands),
        ("a reply, not asked", asks(Some(false), after(reply(554, &["no", "certificate required"]))), dies),
        ("another reply, asked", asks(Some(true), after(reply(554, &["no"]))), dies),
        ("421 for it", asks(Some(true), after(reply(421, &["no certificate"]))), demands),
        (
            "421 for anything else",
            asks(Some(true), after(reply(421, &["busy"]))),
            ("starttls-busy", "HOST answers EHLO inside TLS with 421: it asks to come back later", "repeat in some minutes"),
        ),
        (
            "silence",
            asks(Some(true), after(failed(Timeout, "late"))),
            ("starttls-after", "HOST does not answer EHLO inside TLS", "read the server's log"),
        ),
    ];
    for (what, probe, (code, message, way_out)) in rows {
        assert_eq!(said(probe.clone()).first().map(|it| it.0), Some(code), "{what}");
        assert_says(what, probe, message, way_out);
    }
}

#[test]
fn what_a_further_connection_meets_is_told_once_and_said_to_be_met_there() {
    let further = |dialogue: Probe, outcome| Repeat { at: Timestamp::UNIX_EPOCH, outcome, dialogue: Some(Box::new(dialogue)) };
    let session = || Looked::Seen(tls("TLSv1.3", "TLS_AES_128_GCM_SHA256"));
    let dies = || further(after(reply(554, &["no"])), session());
    let lacks = || further(answered(reply(250, &["mx"])), failed(FailureKind::Other, "no STARTTLS"));
    let limited = || further(started(reply(454, &["too many"])), failed(FailureKind::Other, "454"));
    let there = "on a further connection: another server answers there, or not always the same way";
    let of_after = format!("the session with mx1.example.com (192.0.2.1) dies after the TLS handshake {there}");
    let of_missing = format!("mx1.example.com (192.0.2.1) does not offer STARTTLS {there}");
    for (what, repeats, expected) in [
        ("dies", vec![dies()], vec![("starttls-after", of_after.as_str())]),
        ("dies twice", vec![dies(), dies()], vec![("starttls-after", of_after.as_str())]),
        ("two faults", vec![dies(), lacks()], vec![("starttls-missing", of_missing.as_str()), ("starttls-after", of_after.as_str())]),
        ("a limit", vec![limited()], vec![]),
    ] {
        let all = findings(&facts(vec![vec![Probe { repeats, ..healthy(V4) }]]));
        let broken = all.iter().filter(|it| it.outcome == Outcome::Broken);
        assert_eq!(broken.map(|it| (it.code(), it.message.as_str())).collect::<Vec<_>>(), expected, "{what}");
    }
}

#[test]
fn a_family_that_was_not_probed_is_named_with_the_reason() {
    use FailureKind::{NoRoute, SwitchedOff};
    let left_out = |address, kind| unconnected(address, kind);
    for (probes, message, way_out) in [
        (vec![left_out(V6, NoRoute), healthy(V4)], "the IPv6 addresses of mx1.example.com were not probed: this vantage has none", "IPv6"),
        (
            vec![left_out(V4, SwitchedOff), healthy(V6)],
            "the IPv4 addresses of mx1.example.com were not probed: it was switched off",
            "IPv4",
        ),
        (
            vec![left_out(V6, NoRoute), left_out("2001:db8::2", NoRoute)],
            "mx1.example.com was not probed at all: it has IPv6 addresses only, and this vantage has none",
            "IPv6",
        ),
        (
            vec![left_out(V6, NoRoute), left_out(V4, SwitchedOff)],
            "mx1.example.com was not probed at all: it has IPv6 and IPv4 addresses only, and it was switched off",
            "IPv6 and IPv4",
        ),
    ] {
        let all = findings(&facts(vec![probes]));
        let finding = all.iter().find(|it| it.rule == &FAMILY_UNPROBED).expect("it is told");
        assert_eq!(finding.message, message);
        assert_eq!(
            finding.fix.as_ref().map(|fix| fix.say.as_str()),
            Some(format!("run the same check on a machine that has {way_out}").as_str())
        );
    }
}

#[test]
fn numbers_and_names_stand_in_what_is_said_beside_the_ladder() {
    assert_says("slow", Probe { greeting_ms: Some(11_900), ..healthy(V4) }, "HOST takes 11 s to greet", "look at what the server does");
    for (asked, named) in [
        (&["rsa"][..], "an RSA key"),
        (&["ecdsa", "ed25519"], "an ECDSA or Ed25519 key"),
        (&["ecdsa", "ed25519", "ed448"], "an ECDSA, Ed25519 or Ed448 key"),
    ] {
        let asked = asked.iter().map(|&kind| kind.to_owned()).collect();
        let other = OtherKey { asked, outcome: failed(FailureKind::Timeout, "late"), dialogue: None };
        let message = format!("whether HOST has another certificate, with {named}, could not be seen");
        assert_says(named, Probe { other_key: Some(other), ..healthy(V4) }, &message, "repeat in some minutes");
    }
    let mut deep = healthy(V4);
    deep.asked.deep = true;
    let message = "whether HOST executes what came in clear behind STARTTLS could not be seen";
    assert_says("a deep look that was not made", deep, message, "repeat in some minutes");
}

#[test]
fn facts_that_end_early_say_where() {
    let whole = || healthy(V4);
    for (probe, step) in [
        (Probe { greeting: None, ..greeted(reply(220, &["mx"])) }, "the greeting"),
        (greeted(reply(220, &["mx"])), "the answer to EHLO"),
        (answered(reply(250, &["mx", "STARTTLS"])), "the answer to STARTTLS"),
        (started(reply(220, &["go"])), "the TLS handshake"),
        (Probe { ehlo_after: None, ..whole() }, "the answer to EHLO inside TLS"),
    ] {
        assert_says(
            step,
            probe,
            &format!("the dialogue with HOST is known only in part: the facts end before {step}"),
            "probe the host again",
        );
    }
}
