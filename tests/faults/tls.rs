//! Handshakes that break at each message. The alert in place of the first hello is staged in `tests/check`.

use super::fault;
use crate::check::Scene;
use crate::check::row::Answer::{Inconclusive, NotReady, Ready};
use crate::check::row::{Row, hold};
use crate::lab::{Cut, End, Offset, Tls};

/// A fatal `internal_error`, in clear.
const ALERT: &[u8] = &[21, 3, 3, 0, 2, 2, 80];
/// A warning that nobody has to heed.
const WARNING: &[u8] = &[21, 3, 3, 0, 2, 1, 90];
/// A record that is called application data, and is not encrypted.
const UNENCRYPTED: &[u8] = b"\x17\x03\x03\x00\x20this is no ciphertext whatsoever";
/// A record longer than any may be.
const OVERLONG: &[u8] = b"\x16\x03\x03\xff\xff\x02\x00\x00\x00";
/// `HelloRequest` (RFC 5246 §7.4.1.1).
const HELLO_REQUEST: &[u8] = &[22, 3, 3, 0, 4, 0, 0, 0, 0];
const NO_TLS: &[&str] = &["blocker starttls-handshake mx1."];

pub(super) fn rows() -> Vec<Row> {
    [at_mx_hosts(), at_policy_hosts()].into_iter().flatten().collect()
}

fn mx(it: &Scene<'_>, tls: Tls, records: usize, end: End) {
    it.mx_does(1, |smtp| smtp.tls = tls);
    it.mx(1).cut(Cut { after: Offset::Records(records), end });
}

fn at_mx_hosts() -> Vec<Row> {
    vec![
        fault("an alert in place of the hello", NotReady, NO_TLS, &["internal_error"], |it| mx(it, Tls::Modern, 0, End::Say(ALERT))),
        fault("an alert in place of the certificate", NotReady, NO_TLS, &["internal_error"], |it| {
            it.mx_does(1, |smtp| smtp.tls = Tls::CannotCertify);
        }),
        fault("an alert behind the hello in TLS 1.3", NotReady, NO_TLS, &["internal_error"], |it| mx(it, Tls::Only13, 1, End::Say(ALERT))),
        fault("an alert in place of the encrypted flight", NotReady, NO_TLS, &["internal_error"], |it| {
            mx(it, Tls::Only13, 2, End::Say(ALERT))
        }),
        fault("an alert in place of the key exchange", NotReady, NO_TLS, &["where it has to sign with its key"], |it| {
            it.mx_does(1, |smtp| smtp.tls = Tls::CannotSign);
        }),
        fault("an alert in place of the server's Finished", NotReady, NO_TLS, &["after its certificate: internal_error"], |it| {
            mx(it, Tls::Only12, 1, End::Say(ALERT))
        }),
        fault(
            "closed in place of the server's Finished",
            Inconclusive,
            &["unknown starttls-handshake mx1.", "unknown-warning starttls-key-type-unprobed mx1."],
            &["breaks in the TLS handshake behind its certificate"],
            |it| mx(it, Tls::Only12, 1, End::Close),
        ),
        fault("no ciphertext in place of the encrypted flight", NotReady, NO_TLS, &["cannot decrypt"], |it| {
            mx(it, Tls::Only13, 2, End::Say(UNENCRYPTED));
        }),
        fault("no ciphertext in place of the EHLO reply", NotReady, &["blocker starttls-after mx1."], &["cannot decrypt"], |it| {
            mx(it, Tls::Only13, 3, End::Say(UNENCRYPTED));
        }),
        fault("a record longer than any may be", NotReady, NO_TLS, &["longer than TLS allows"], |it| {
            mx(it, Tls::Modern, 0, End::Say(OVERLONG))
        }),
        fault("warnings without end", Inconclusive, &["unknown starttls-handshake mx1."], &["TooManyWarningAlertsReceived"], |it| {
            mx(it, Tls::Modern, 0, End::Repeat(WARNING))
        }),
        fault("requests for another hello without end", Inconclusive, &["unknown starttls-handshake mx1."], &["got HelloRequest"], |it| {
            mx(it, Tls::Only12, 0, End::Repeat(HELLO_REQUEST));
        }),
        fault("a version that was not offered", NotReady, NO_TLS, &["0x0305, which was not offered"], |it| {
            it.mx_does(1, |smtp| smtp.tls = Tls::OtherVersion(0x0305))
        }),
        fault("SSL 3.0 alone", NotReady, &["blocker starttls-legacy mx1."], &["nothing newer than SSLv3"], |it| {
            it.mx_does(1, |smtp| smtp.tls = Tls::OtherVersion(0x0300))
        }),
        fault("a certificate of ten megabytes", NotReady, NO_TLS, &["more than 131072 bytes"], |it| {
            it.mx_does(1, |smtp| smtp.tls = Tls::HugeCertificate)
        }),
        fault("a hundred session tickets", Ready, &[], &[], |it| it.mx_does(1, |smtp| smtp.tls = Tls::Tickets(100))),
        // No library of a sender takes so many.
        fault("ten thousand session tickets", NotReady, &["blocker starttls-after mx1."], &["message buffer full"], |it| {
            it.mx_does(1, |smtp| smtp.tls = Tls::Tickets(10_000));
        }),
    ]
}

fn at_policy_hosts() -> Vec<Row> {
    const NO_TLS: &[&str] = &["blocker fetch-tls mta-sts."];
    fn host(it: &Scene<'_>, tls: Tls, records: usize, end: End) {
        it.domain.policy_host.change(|https| https.tls = tls);
        it.domain.policy_host.cut(Cut { after: Offset::Records(records), end });
    }
    fn tls(it: &Scene<'_>, tls: Tls) {
        it.domain.policy_host.change(|https| https.tls = tls);
    }
    vec![
        fault("the policy host sends an alert in place of its certificate", NotReady, NO_TLS, &["internal_error"], |it| {
            tls(it, Tls::CannotCertify);
        }),
        fault("the policy host sends an alert in place of its signature", NotReady, NO_TLS, &["internal_error"], |it| {
            tls(it, Tls::CannotSign);
        }),
        fault("the policy host sends an alert in place of its Finished", NotReady, NO_TLS, &["internal_error"], |it| {
            host(it, Tls::Only12, 1, End::Say(ALERT));
        }),
        fault("the policy host closes behind its hello", NotReady, NO_TLS, &["eof"], |it| host(it, Tls::Only13, 1, End::Close)),
        fault("the policy host is silent behind its hello", Inconclusive, &["unknown fetch-connect mta-sts."], &["timed out"], |it| {
            host(it, Tls::Only13, 1, End::Stall);
        }),
        fault("the policy host's version was not offered", NotReady, NO_TLS, &["incompatible"], |it| tls(it, Tls::OtherVersion(0x0305))),
        fault("the policy host's certificate has ten megabytes", NotReady, NO_TLS, &["PayloadTooLarge"], |it| {
            tls(it, Tls::HugeCertificate)
        }),
        fault("the policy host sends a hundred session tickets", Ready, &[], &[], |it| tls(it, Tls::Tickets(100))),
        fault(
            "the policy host sends ten thousand session tickets",
            NotReady,
            &["blocker fetch-connect mta-sts."],
            &["message buffer full"],
            |it| {
                tls(it, Tls::Tickets(10_000));
            },
        ),
        fault("the policy host sends warnings without end", NotReady, NO_TLS, &["TooManyWarningAlertsReceived"], |it| {
            host(it, Tls::Modern, 0, End::Repeat(WARNING));
        }),
    ]
}

#[test]
fn handshakes_with_mx_hosts_that_break() {
    hold(&at_mx_hosts());
}

#[test]
fn handshakes_with_policy_hosts_that_break() {
    hold(&at_policy_hosts());
}
