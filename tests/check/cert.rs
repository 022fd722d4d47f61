//! cert-*: what each address presents.

use std::net::SocketAddr;
use std::path::Path;

use rcgen::ExtendedKeyUsagePurpose;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::row::Answer::{NotReady, Ready};
use super::row::{Row, hold, row};
use super::scene::Scene;
use crate::lab::{Identity, Key, Lab, Leaf, Smtp, Tls, Validity, WithoutSni};
use crate::run::stsready;

pub(super) fn rows() -> Vec<Row> {
    [names(), dates(), trust(), order(), keys(), strength(), fetched()].into_iter().flatten().collect()
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
        row("a certificate with nine days left", NotReady, &["blocker cert-expiring mx1.", "advice cert-outlived-by-policy mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).expires_in(9)));
        }),
        // Parts of its own lifetime count: six days are plenty for one that lives six and a half.
        row("a fresh certificate of a week", Ready, &[], |it| it.mx_presents(1, it.issue(&it.leaf(1).valid(Validity::days(-1, 6))))),
        row(
            "an intermediate with nine days left",
            NotReady,
            &["blocker cert-expiring mx1.", "advice cert-outlived-by-policy mx1."],
            |it| {
                let ending = it.lab.ca().root().sub("Lab Ending Intermediate", |change| change.validity = Some(Validity::days(-356, 9)));
                it.mx_presents(1, it.issue(&it.leaf(1).signed_by(&ending)));
            },
        ),
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
    ]
}

fn order() -> Vec<Row> {
    vec![
        row("a chain out of order", Ready, &["warning cert-chain-order mx1."], |it| it.mx_presents(1, it.issue(&it.leaf(1)).shuffled())),
        row("a superfluous certificate at the end", Ready, &["warning cert-chain-order mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1)).plus(it.lab.ca().unknown_root().der()));
        }),
        row("an intermediate sent twice", Ready, &["warning cert-chain-order mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1)).plus(it.lab.ca().intermediate().der()));
        }),
        row("another intermediate than the issuer's", NotReady, &["blocker cert-chain-incomplete mx1."], |it| {
            let other = it.lab.ca().root().sub("Lab Other Intermediate", |_| {});
            it.mx_presents(1, it.issue(&it.leaf(1)).without_intermediates().plus(other.der()));
        }),
        row("no certificate at all in second place", NotReady, &["blocker cert-chain-order mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1)).plus(&b"no certificate".to_vec().into()));
        }),
    ]
}

fn strength() -> Vec<Row> {
    vec![
        row("an RSA key of 1024 bits", NotReady, &["blocker cert-weak-key mx1.", "blocker cert-name-mismatch mx1."], |it| {
            weak(it, "rsa1024")
        }),
        row(
            "an intermediate signed with SHA-1",
            NotReady,
            &[
                "blocker cert-weak-signature mx1.",
                "blocker cert-name-mismatch mx1.",
                "warning starttls-suites mx1.",
                "unknown-warning starttls-after mx1.",
                "unknown-warning starttls-key-type-unprobed mx1.",
            ],
            |it| {
                weak(it, "below-sha1");
                // As old as the chain: this server is not asked for a signature.
                it.mx_does(1, |smtp| smtp.tls = Tls::NarrowSuites);
            },
        ),
        row("a policy host with an RSA key of 1024 bits", NotReady, &["blocker fetch-cert-untrusted", "blocker fetch-cert-name"], |it| {
            let chain = it.issue(&it.policy_leaf()).replaced(made("rsa1024"));
            it.policy_host_presents(chain);
            roots(it);
        }),
        row("a CA that may not sign for the name", NotReady, &["blocker cert-constraint mx1."], |it| {
            let narrow = it.lab.ca().root().sub("Lab Narrow Intermediate", |change| change.permitted = vec!["elsewhere.test".into()]);
            it.mx_presents(1, it.issue(&it.leaf(1).signed_by(&narrow)));
        }),
        row("a CA that may sign for the name", Ready, &[], |it| {
            let narrow = it.lab.ca().root().sub("Lab Narrow Intermediate", |change| change.permitted = vec!["test".into()]);
            it.mx_presents(1, it.issue(&it.leaf(1).signed_by(&narrow)));
        }),
        row("a certificate for clients", NotReady, &["blocker cert-constraint mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).usage(Some(ExtendedKeyUsagePurpose::ClientAuth))));
        }),
        row("a policy host with a certificate for clients", NotReady, &["blocker fetch-cert-untrusted"], |it| {
            it.policy_host_presents(it.issue(&it.policy_leaf().usage(Some(ExtendedKeyUsagePurpose::ClientAuth))));
        }),
        row("must-staple without a staple", Ready, &["warning cert-must-staple mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).must_staple()));
        }),
        row("must-staple with a staple", Ready, &[], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).must_staple()).stapled(b"an OCSP response"));
        }),
        row("a policy that outlives the certificate", Ready, &["advice cert-outlived-by-policy mx1.", "advice cert-expiring mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).expires_in(28)));
            it.edit_policy("max_age: 1209600", "max_age: 10368000");
        }),
        row("a second address with a certificate of its own", Ready, &["advice cert-addresses-differ mx1."], |it| {
            it.second_address(1, Smtp::default(), it.issue(&it.leaf(1)));
        }),
        row("a second address with the same certificate", Ready, &[], |it| {
            let chain = it.issue(&it.leaf(1));
            it.mx_presents(1, chain.clone());
            it.second_address(1, Smtp::default(), chain);
        }),
        row("a second address with a later certificate", Ready, &["warning cert-addresses-differ mx1."], |it| {
            it.second_address(1, Smtp::default(), it.issue(&it.leaf(1).valid(Validity::days(-1, 190))));
        }),
        row("another certificate without SNI", Ready, &["advice cert-sni-only mx1."], |it| {
            let identity = Identity::from(it.issue(&it.leaf(1)));
            let other = it.lab.chain("default.test");
            it.mx_presents(1, identity.without_sni(WithoutSni::Other(Box::new(other))));
            it.args(&["--deep"]);
        }),
        row("no handshake without SNI", Ready, &["warning cert-sni-only mx1."], |it| {
            let identity = Identity::from(it.issue(&it.leaf(1)));
            it.mx_presents(1, identity.without_sni(WithoutSni::Abort));
            it.args(&["--deep"]);
        }),
    ]
}

/// `--fetch-intermediates`.
fn fetched() -> Vec<Row> {
    vec![
        row("an intermediate that is only missing", NotReady, &["blocker cert-chain-incomplete mx1."], |it| {
            let published = it.lab.http_host(it.lab.ca().intermediate().der().to_vec());
            publish(it, it.leaf(1), published);
        }),
        row("a missing intermediate of an unknown CA", NotReady, &["blocker cert-untrusted mx1."], |it| {
            let unknown = it.lab.ca().unknown_root();
            let published = it.lab.http_host(unknown.der().to_vec());
            publish(it, it.leaf(1).signed_by(unknown), published);
        }),
        row("a place with something else", NotReady, &["blocker cert-chain-incomplete mx1."], |it| {
            let published = it.lab.http_host(b"<html>".to_vec());
            publish(it, it.leaf(1), published);
        }),
        row("a place that cannot be reached", NotReady, &["blocker cert-chain-incomplete mx1."], |it| {
            publish(it, it.leaf(1), (it.lab.refusing_address(), it.lab.https_port()).into());
        }),
    ]
}

/// The leaf alone is sent, and says where its issuer's certificate is.
fn publish(it: &mut Scene<'_>, leaf: Leaf, place: SocketAddr) {
    let name = it.below("ca");
    it.dns().address(&name, place.ip());
    let leaf = leaf.aia(&format!("http://{name}:{}/issuer.crt", place.port()));
    it.mx_presents(1, it.issue(&leaf).without_intermediates());
    it.args(&["--fetch-intermediates"]);
}

/// MX 1 presents a chain out of `tests/chains`, which is for another name; its root is trusted beside the lab's.
fn weak(it: &mut Scene<'_>, file: &str) {
    it.mx_presents(1, it.issue(&it.leaf(1)).replaced(made(file)));
    roots(it);
}

fn made(file: &str) -> Vec<CertificateDer<'static>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chains").join(file).with_extension("pem");
    CertificateDer::pem_file_iter(path).unwrap().map(Result::unwrap).collect()
}

fn roots(it: &mut Scene<'_>) {
    let file = it.lab.folder().join("with-weak-root.pem");
    let weak = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chains/root.pem")).unwrap();
    std::fs::write(&file, it.lab.root_pem() + &weak).unwrap();
    it.args(&["--roots", file.to_str().unwrap()]);
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
fn the_order_of_mx_certificates() {
    hold(&order());
}

#[test]
fn the_keys_of_mx_certificates() {
    hold(&keys());
}

#[test]
fn what_senders_refuse_in_mx_certificates() {
    hold(&strength());
}

#[test]
fn what_is_fetched_to_complete_chains() {
    hold(&fetched());
}

/// What was fetched is in the facts: judged again, without any network, it says the same.
#[test]
fn what_was_fetched_is_kept_with_the_facts() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "alpha.test", |_| {});
    let published = lab.http_host(lab.ca().intermediate().der().to_vec());
    let leaf = scene.leaf(1);
    publish(&mut scene, leaf, published);
    let facts = lab.folder().join("facts.json");
    let live = scene.check().args(["--save-facts".as_ref(), facts.as_os_str()]).run().exits(1);
    let again = stsready(["check", "--format", "json", "--facts"]).args([&facts]).run().exits(1);
    assert_eq!(again.stdout, live.stdout);
    let said = live.assessment();
    let findings = said.findings();
    assert!(findings[0].text("message").contains("nothing else is wrong with the path"), "{live}");
    let url = format!("http://ca.alpha.test:{}/issuer.crt", published.port());
    assert!(findings[0].0["evidence"].to_string().contains(&url), "{live}");
}

#[test]
fn repeated_handshakes_are_counted_by_the_certificate_they_met() {
    let lab = Lab::start_blocking().unwrap();
    let it = Scene::new(&lab, "alpha.test", |plan| plan.mx_hosts = 1);
    let servers = vec![it.issue(&it.leaf(1)), it.issue(&it.leaf(1).expires_in(40))];
    it.mx_presents(1, Identity::from(servers).in_turn());
    let run = it.check().args(["--repeat", "3"]).run();
    let chains = run.json()["mx"][0]["addresses"][0]["chains"].clone();
    let met: Vec<u64> = chains.as_array().unwrap().iter().map(|chain| chain["handshakes"].as_u64().unwrap()).collect();
    // In turn; the second connection, which asks for an RSA key, meets the other server in vain.
    assert_eq!(met, [3, 1], "{chains:#}");
    let once = it.check().run().json();
    assert_eq!(once["mx"][0]["addresses"][0]["chains"][0].get("handshakes"), None, "nothing was repeated");
    let text = it.check_as("text").args(["--repeat", "3"]).run().stdout;
    assert!(text.contains("ecdsa ×3 until"), "{text}");
}
