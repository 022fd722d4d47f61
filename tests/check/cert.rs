//! cert-*: what each address presents.

use super::row::Answer::{NotReady, Ready};
use super::row::{Row, hold, row};
use crate::lab::{Identity, Key, Smtp, Tls, Validity, WithoutSni};

pub(super) fn rows() -> Vec<Row> {
    [names(), dates(), trust(), keys()].into_iter().flatten().collect()
}

fn names() -> Vec<Row> {
    vec![
        row("a certificate for another name", NotReady, &["blocker cert-name-mismatch mx1."], |it| {
            it.mx_presents(1, it.lab.chain(&it.below("www")));
        }),
        row("a certificate for the mail domain", NotReady, &["blocker cert-name-mismatch mx1."], |it| {
            it.mx_presents(1, it.lab.chain(&it.name));
        }),
        row("a wildcard certificate", Ready, &[], |it| it.mx_presents(1, it.issue(&it.leaf(1).names(&[&it.below("*")])))),
        row("a wildcard for a deeper level", NotReady, &["blocker cert-name-mismatch mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).names(&[&it.below("*.eu")])));
        }),
        row("one of many names", Ready, &[], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).names(&["a.test", "*.b.test", "192.0.2.1", &it.mx_name(1)])));
        }),
        row("the right name in the common name only", NotReady, &["blocker cert-no-san mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).without_san().common_name(&it.mx_name(1))));
        }),
        row("the right name in the common name beside another", NotReady, &["blocker cert-name-mismatch mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).names(&["www.test"]).common_name(&it.mx_name(1))));
        }),
        row("no name at all", NotReady, &["blocker cert-name-mismatch mx1."], |it| it.mx_presents(1, it.issue(&it.leaf(1).without_san()))),
        // Legal, and senders of MTA-STS send SNI (RFC 8461 §7.1).
        row("the right certificate with SNI only", Ready, &[], |it| {
            let identity = Identity::from(it.issue(&it.leaf(1)));
            let other = it.lab.chain("default.test");
            it.mx_presents(1, identity.without_sni(WithoutSni::Other(Box::new(other))));
        }),
    ]
}

fn dates() -> Vec<Row> {
    vec![
        row("an expired certificate", NotReady, &["blocker cert-expired mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).expires_in(-1)))
        }),
        row("an expired intermediate", NotReady, &["blocker cert-expired mx1."], |it| {
            let old = it.lab.ca().root().sub("Lab Old Intermediate", |change| change.validity = Some(Validity::days(-400, -5)));
            it.mx_presents(1, it.issue(&it.leaf(1).signed_by(&old)));
        }),
        row("a certificate of tomorrow", NotReady, &["blocker cert-not-yet-valid mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).valid(Validity::days(1, 91))));
        }),
        row("a certificate overdue for renewal", Ready, &["advice cert-expiring mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).expires_in(28)));
        }),
        row("a certificate with three weeks left", Ready, &["warning cert-expiring mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).expires_in(20)));
        }),
        row("a certificate with nine days left", NotReady, &["blocker cert-expiring mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).expires_in(9)));
        }),
        // Parts of its own lifetime count: six days are plenty for one that lives six and a half.
        row("a fresh certificate of a week", Ready, &[], |it| it.mx_presents(1, it.issue(&it.leaf(1).valid(Validity::days(-1, 6))))),
        row("an intermediate with nine days left", NotReady, &["blocker cert-expiring mx1."], |it| {
            let ending = it.lab.ca().root().sub("Lab Ending Intermediate", |change| change.validity = Some(Validity::days(-356, 9)));
            it.mx_presents(1, it.issue(&it.leaf(1).signed_by(&ending)));
        }),
    ]
}

fn trust() -> Vec<Row> {
    vec![
        row("a self-signed certificate", NotReady, &["blocker cert-self-signed mx1."], |it| it.mx_presents(1, it.leaf(1).self_signed())),
        row("a self-signed certificate that calls itself a CA", NotReady, &["blocker cert-self-signed mx1."], |it| {
            it.mx_presents(1, it.leaf(1).ca_true().self_signed());
        }),
        row("a certificate from an unknown CA", NotReady, &["blocker cert-untrusted mx1."], |it| {
            let leaf = it.leaf(1).signed_by(it.lab.ca().unknown_root());
            it.mx_presents(1, it.issue(&leaf).with_root());
        }),
        // From outside it cannot be told from a public CA's missing intermediate; the message says both.
        row("a certificate from an unknown CA sent alone", NotReady, &["blocker cert-chain-incomplete mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).signed_by(it.lab.ca().unknown_root())));
        }),
        row("a missing intermediate", NotReady, &["blocker cert-chain-incomplete mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).aia("http://ca.lab.test/intermediate.cer")).without_intermediates());
        }),
        row("a certificate from the operator's own CA", NotReady, &["blocker cert-private-ca mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).signed_by(it.lab.ca().unknown_root())));
            let own = it.lab.folder().join("own-ca.pem");
            std::fs::write(&own, it.lab.ca().unknown_root().pem()).unwrap();
            it.args(&["--ca-file", own.to_str().unwrap()]);
        }),
        row("a chain with its root", Ready, &[], |it| it.mx_presents(1, it.issue(&it.leaf(1)).with_root())),
        // Builders of paths sort it out; a rule about the order may come.
        row("a chain out of order", Ready, &[], |it| it.mx_presents(1, it.issue(&it.leaf(1)).shuffled())),
        row("a superfluous certificate at the end", Ready, &[], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1)).plus(it.lab.ca().unknown_root().der()));
        }),
    ]
}

fn keys() -> Vec<Row> {
    vec![
        row("an RSA key", Ready, &[], |it| it.mx_presents(1, it.issue(&it.leaf(1).key(Key::Rsa2048)))),
        row("a P-384 key", Ready, &[], |it| it.mx_presents(1, it.issue(&it.leaf(1).key(Key::P384)))),
        row("an Ed25519 key", Ready, &[], |it| it.mx_presents(1, it.issue(&it.leaf(1).key(Key::Ed25519)))),
        row("an RSA and an ECDSA certificate", Ready, &[], |_| {}).plan(|plan| plan.mx_keys = vec![Key::P256, Key::Rsa2048]),
        row("three kinds of keys", Ready, &[], |_| {}).plan(|plan| plan.mx_keys = vec![Key::P256, Key::Rsa2048, Key::Ed25519]),
        // One of two is forgotten: whichever the server prefers, the other is found.
        row("the RSA certificate expired beside a good ECDSA one", NotReady, &["blocker cert-expired mx1.* rsa"], |it| {
            it.mx_presents(1, vec![it.issue(&it.leaf(1)), it.issue(&it.leaf(1).key(Key::Rsa2048).expires_in(-3))]);
        }),
        row("the ECDSA certificate expired beside a good RSA one", NotReady, &["blocker cert-expired mx1.* ecdsa"], |it| {
            it.mx_presents(1, vec![it.issue(&it.leaf(1).key(Key::Rsa2048)), it.issue(&it.leaf(1).expires_in(-3))]);
        }),
        row("the RSA certificate expired, TLS 1.3 only", NotReady, &["blocker cert-expired mx1.* rsa"], |it| {
            it.mx_does(1, |smtp| smtp.tls = Tls::Only13);
            it.mx_presents(1, vec![it.issue(&it.leaf(1)), it.issue(&it.leaf(1).key(Key::Rsa2048).expires_in(-3))]);
        }),
        row("the RSA certificate expired, TLS 1.2 only", NotReady, &["blocker cert-expired mx1.* rsa"], |it| {
            it.mx_does(1, |smtp| smtp.tls = Tls::Only12);
            it.mx_presents(1, vec![it.issue(&it.leaf(1)), it.issue(&it.leaf(1).key(Key::Rsa2048).expires_in(-3))]);
        }),
        row("the ECDSA certificate expired, TLS 1.2 only", NotReady, &["blocker cert-expired mx1.* ecdsa"], |it| {
            it.mx_does(1, |smtp| smtp.tls = Tls::Only12);
            it.mx_presents(1, vec![it.issue(&it.leaf(1).key(Key::Rsa2048)), it.issue(&it.leaf(1).expires_in(-3))]);
        }),
        row("the ECDSA certificate beside a good RSA one has another's key", NotReady, &["blocker starttls-handshake mx1."], |it| {
            let stray = it.issue(&it.leaf(1)).with_key_of(&it.issue(&it.leaf(1)));
            it.mx_presents(1, vec![it.issue(&it.leaf(1).key(Key::Rsa2048)), stray]);
        }),
        // Without --repeat a second server behind the address is met by chance only.
        row("one of two servers behind an address not renewed", NotReady, &["blocker cert-expired mx1."], |it| {
            let servers = vec![it.issue(&it.leaf(1)), it.issue(&it.leaf(1).expires_in(-3))];
            it.mx_presents(1, Identity::from(servers).in_turn());
            it.args(&["--repeat", "3"]);
        }),
        row("a second address with an older certificate", NotReady, &["blocker cert-expired mx1."], |it| {
            it.second_address(1, Smtp::default(), it.issue(&it.leaf(1).expires_in(-2)));
        }),
    ]
}

#[test]
fn the_names_of_mx_certificates() {
    hold(&names());
}

#[test]
fn the_dates_of_mx_certificates() {
    hold(&dates());
}

#[test]
fn whom_mx_certificates_lead_to() {
    hold(&trust());
}

#[test]
fn the_keys_of_mx_certificates() {
    hold(&keys());
}
