use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rcgen::{CustomExtension, DnType, KeyUsagePurpose, SanType};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::*;
use crate::model::facts::tls::{Fetched, FetchedIssuer, Path, Refusal, RefusalKind, Trust};
use crate::model::facts::{Der, Facts};
use crate::model::finding::{Finding, Outcome};
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::rule::Severity;
use crate::model::settings::Settings;
use crate::net::trust::fixture::{Ca, day, store};
use crate::rules::{cert, fetch, fixture};
use crate::wire::fingerprint::Fingerprint;

const HOST: &str = "mx1.example.com";

/// A rule of its own for each fault.
static OF_MX: ChainRules = ChainRules {
    name: &cert::NAME_MISMATCH,
    no_san: Some(&cert::NO_SAN),
    expired: &cert::EXPIRED,
    not_yet_valid: &cert::NOT_YET_VALID,
    expiring: &cert::EXPIRING,
    self_signed: &cert::SELF_SIGNED,
    untrusted: &cert::UNTRUSTED,
    chain_incomplete: &cert::CHAIN_INCOMPLETE,
    private_ca: &cert::PRIVATE_CA,
    weak_key: Some(&cert::WEAK_KEY),
    weak_signature: Some(&cert::WEAK_SIGNATURE),
    constraint: Some(&cert::CONSTRAINT),
};

/// None for what senders refuse in a path that leads to a root.
static OF_POLICY: ChainRules = ChainRules {
    name: &fetch::CERT_NAME,
    no_san: None,
    expired: &fetch::CERT_EXPIRED,
    not_yet_valid: &fetch::CERT_NOT_YET_VALID,
    expiring: &fetch::CERT_EXPIRING,
    self_signed: &fetch::CERT_SELF_SIGNED,
    untrusted: &fetch::CERT_UNTRUSTED,
    chain_incomplete: &fetch::CERT_CHAIN_INCOMPLETE,
    private_ca: &fetch::CERT_PRIVATE_CA,
    weak_key: None,
    weak_signature: None,
    constraint: None,
};

fn prints(chain: &[Vec<u8>]) -> Vec<Fingerprint> {
    chain.iter().map(|der| Fingerprint::of(der)).collect()
}

/// A handshake that served this chain, and facts that hold it.
fn served(chain: &[Vec<u8>], trust: Trust) -> (Facts, TlsFacts) {
    let certificates: BTreeMap<Fingerprint, Der> = chain.iter().map(|der| (Fingerprint::of(der), Der(der.clone()))).collect();
    let tls = TlsFacts {
        version: "TLSv1.3".into(),
        suite: "TLS_AES_128_GCM_SHA256".into(),
        chain: prints(chain),
        trust,
        stapled: None,
        signature_problem: None,
        fetched: None,
    };
    (Facts { certificates, ..fixture::facts() }, tls)
}

fn findings(rules: &ChainRules, (facts, tls): &(Facts, TlsFacts), now: Timestamp) -> Vec<Finding> {
    let settings = Settings::default();
    let mut sheet = Sheet::default();
    judge(&Case::new(facts, &settings, now), rules, "here", &fixture::name(HOST), tls, &mut sheet);
    let findings = sheet.into_findings();
    for rule in rules.all() {
        assert_eq!(findings.iter().filter(|finding| finding.rule == rule).count(), 1, "{} leaves one word", rule.code);
    }
    findings
}

fn only<'f>(findings: &'f [Finding], rule: &Rule) -> &'f Finding {
    findings.iter().find(|finding| finding.rule == rule).expect("every rule leaves a word")
}

fn broken(findings: &[Finding]) -> Vec<&Finding> {
    findings.iter().filter(|finding| finding.outcome == Outcome::Broken).collect()
}

fn fix(finding: &Finding) -> &str {
    &finding.fix.as_ref().expect("a way out").say
}

fn found(finding: &Finding) -> &str {
    finding.found.as_deref().expect("what was found")
}

/// A path through the whole chain, with reasons against it: what is wrong, at which element, and whether only some senders mind.
fn refused(chain: &[Vec<u8>], reasons: &[(RefusalKind, Option<usize>, &str, bool)]) -> Trust {
    let elements = prints(chain);
    let refused = reasons.iter().map(|(kind, place, detail, only_rustls)| Refusal {
        kind: *kind,
        certificate: place.map(|place| elements[place]),
        detail: (*detail).to_owned(),
        only_rustls: *only_rustls,
    });
    let refused = refused.collect();
    Trust::public(Path { certificates: elements, root: "CN=Root".to_owned(), not_before: day(-10), not_after: day(80), refused })
}

/// RFC 5280 §4.1.2.5: from notBefore through notAfter, inclusive.
#[test]
fn a_certificate_is_valid_from_its_first_second_to_its_last() {
    let root = Ca::root("Root");
    let chain = [root.leaf(&[HOST], -10..80)];
    let served = served(&chain, store(&[&root.der], None).judge(&chain));
    let second = SignedDuration::from_secs(1);
    let (holds, broken, nothing) = (Outcome::Holds, Outcome::Broken, Outcome::NotApplicable);
    for (what, now, expected) in [
        ("before", day(-10) - second, [broken, holds, nothing]),
        ("first", day(-10), [holds, holds, holds]),
        ("last", day(80), [holds, holds, broken]),
        ("after", day(80) + second, [holds, broken, nothing]),
    ] {
        let findings = findings(&OF_MX, &served, now);
        let outcome = |rule: &Rule| only(&findings, rule).outcome;
        assert_eq!([outcome(&cert::NOT_YET_VALID), outcome(&cert::EXPIRED), outcome(&cert::EXPIRING)], expected, "{what}");
    }
}

#[test]
fn of_what_has_ended_the_servers_own_certificate_is_told_first_and_nothing_is_left_out() {
    let root = Ca::root("Root");
    let upper = root.intermediate("Upper", -1_000..-3);
    let store = store(&[&root.der], None);
    let said = |chain: &[Vec<u8>], rule| {
        let findings = findings(&OF_MX, &served(chain, store.judge(chain)), day(0));
        let finding = only(&findings, rule);
        (finding.message.clone(), fix(finding).to_owned(), finding.evidence.len())
    };
    let of = |ca: &Ca, days| ca.leaf(&[HOST], days);
    let (good, ended) = (root.intermediate("Good", -1_000..2_000), root.intermediate("Ended", -1_000..-5));
    let lower = upper.intermediate("Lower", -1_000..-4);
    let renew = "renew the certificate, and reload the server so that it serves the new one";
    let both = "renew the certificate, install it with the chain that the CA delivers with it, and reload the server";
    let install = "install the chain that the CA delivers today; the intermediate in the server's chain file is out of date";
    for (chain, message, way_out, shown) in [
        (vec![of(&good, -100..-1), good.der.clone()], "the certificate that mx1.example.com presents expired 24 hours ago", renew, 1),
        (
            vec![of(&ended, -10..80), ended.der.clone()],
            "the intermediate \"Ended\" that mx1.example.com presents expired 120 hours ago",
            install,
            1,
        ),
        (
            vec![of(&ended, -100..-1), ended.der.clone()],
            "the certificate that mx1.example.com presents expired 24 hours ago, and so has the intermediate \"Ended\"",
            both,
            2,
        ),
        (
            vec![of(&lower, -100..-1), lower.der.clone(), upper.der.clone()],
            "the certificate that mx1.example.com presents expired 24 hours ago, and so have the intermediate \"Lower\" and the intermediate \"Upper\"",
            both,
            3,
        ),
        (
            vec![of(&lower, -10..80), lower.der.clone(), upper.der.clone()],
            "the intermediate \"Lower\" that mx1.example.com presents expired 96 hours ago, and so has the intermediate \"Upper\"",
            install,
            2,
        ),
    ] {
        assert_eq!(said(&chain, &cert::EXPIRED), (message.to_owned(), way_out.to_owned(), shown));
    }
    let soon = root.intermediate("Soon", -1_000..5);
    for (chain, message, way_out) in [
        (
            vec![of(&good, -85..5), good.der.clone()],
            "the certificate that mx1.example.com presents expires in 120 hours",
            "renew the certificate now, and reload the server so that it serves the new one",
        ),
        (
            vec![of(&soon, -10..80), soon.der.clone()],
            "the intermediate \"Soon\" that mx1.example.com presents expires in 120 hours",
            "install the chain that the CA delivers today; an intermediate ends before the certificate does",
        ),
    ] {
        assert_eq!(said(&chain, &cert::EXPIRING), (message.to_owned(), way_out.to_owned(), 1));
    }
}

#[test]
fn without_a_path_the_dates_of_what_was_sent_count_as_far_as_it_belongs_together() {
    let root = Ca::root("Company CA");
    let (issuer, other) = (root.intermediate("Issuer", -1_000..-5), root.intermediate("Other", -1_000..-5));
    let expired = |chain: &[&Vec<u8>], now| {
        let chain: Vec<Vec<u8>> = chain.iter().map(|der| (*der).clone()).collect();
        let findings = findings(&OF_MX, &served(&chain, Trust::none("UnknownIssuer")), now);
        let finding = only(&findings, &cert::EXPIRED);
        (finding.outcome == Outcome::Broken).then(|| finding.message.clone())
    };
    let leaf = issuer.leaf(&[HOST], -10..80);
    let of_issuer = "the intermediate \"Issuer\" that mx1.example.com presents expired 120 hours ago";
    assert_eq!(expired(&[&leaf, &issuer.der], day(0)).as_deref(), Some(of_issuer));
    assert_eq!(expired(&[&leaf, &other.der], day(0)), None, "a stranger is no part of it");
    let of_root = root.leaf(&[HOST], -10..6_000);
    assert_eq!(expired(&[&of_root, &root.der], day(5_001)), None, "a root is the affair of whoever trusts it");
    let own = crate::net::trust::fixture::self_signed(&[HOST], -100..-1, |_| ());
    assert_eq!(expired(&[&own], day(0)).as_deref(), Some("the certificate that mx1.example.com presents expired 24 hours ago"));
}

#[test]
fn a_certificate_for_other_names_is_told_with_the_names_that_it_has() {
    let root = Ca::root("Root");
    let many: Vec<String> = (1..=22).map(|number| format!("host{number}.example.com")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let named = |name: &str| root.leaf_with(&[], -10..80, |params| params.distinguished_name.push(DnType::CommonName, name.to_owned()));
    let with_address =
        |names: &[&str]| root.leaf_with(names, -10..80, |params| params.subject_alt_names.push(SanType::IpAddress([192, 0, 2, 1].into())));
    let other = "the certificate is not valid for mx1.example.com";
    let nameless = "the certificate has no DNS name in its SAN, so it is not valid for mx1.example.com";
    for (leaf, message, begins, ends) in [
        (root.leaf(&["mail.example.com"], -10..80), other, "SAN DNS:mail.example.com", "com"),
        (with_address(&["mail.example.com"]), other, "SAN DNS:mail.example.com, IP:192.0.2.1", ".1"),
        (with_address(&many), other, "SAN DNS:host1.example.com, ", "DNS:host20.example.com, IP:192.0.2.1, 2 more"),
        (named("other"), nameless, "SAN no DNS name in the SAN (CN=other)", ")"),
        (root.leaf(&[], -10..80), nameless, "SAN no DNS name in the SAN", "SAN"),
    ] {
        let chain = [leaf];
        let findings = findings(&OF_MX, &served(&chain, store(&[&root.der], None).judge(&chain)), day(0));
        let finding = only(&findings, &cert::NAME_MISMATCH);
        assert_eq!(finding.message, message);
        assert!(found(finding).starts_with(begins) && found(finding).ends_with(ends), "{}", found(finding));
    }
}

#[test]
fn each_reason_against_a_path_has_its_rule_its_words_and_its_way_out() {
    use RefusalKind::{
        CriticalExtension, ExtendedKeyUsage, KeyUsage, NameConstraint, NotACa, Other, PathLength, SignatureAlgorithm, WeakKey,
    };
    let root = Ca::root("Root");
    let issuer = root.intermediate("Issuer", -1_000..2_000);
    let chain = [issuer.leaf(&[HOST], -10..80), issuer.der.clone()];
    let (key, signature, constraint, trust) = (&cert::WEAK_KEY, &cert::WEAK_SIGNATURE, &cert::CONSTRAINT, &cert::UNTRUSTED);
    let another = "install a certificate from a publicly trusted CA for mx1.example.com, with the chain that the CA delivers";
    let for_servers =
        "have a certificate for TLS servers issued for mx1.example.com: extended key usage serverAuth, key usage digitalSignature";
    for (kind, place, rule, way_out) in [
        (WeakKey, Some(0), key, "make a new key, ECDSA P-256 or RSA 2048, and have a new certificate issued for mx1.example.com"),
        (
            WeakKey,
            Some(1),
            key,
            "install the chain that the CA delivers today, or change to a CA whose intermediates have keys of today's size",
        ),
        (
            SignatureAlgorithm,
            Some(0),
            signature,
            "have the certificate for mx1.example.com issued anew; every public CA signs with SHA-256 or better",
        ),
        (
            SignatureAlgorithm,
            Some(1),
            signature,
            "install the chain that the CA delivers today: it has an intermediate with a better signature",
        ),
        (NameConstraint, Some(0), constraint, "have the certificate for mx1.example.com issued by a CA that may sign for this name"),
        (ExtendedKeyUsage, Some(0), constraint, for_servers),
        (KeyUsage, Some(0), constraint, for_servers),
        (NotACa, Some(1), constraint, another),
        (PathLength, None, constraint, another),
        (CriticalExtension, Some(0), trust, another),
        (Other, None, trust, another),
    ] {
        let findings = findings(&OF_MX, &served(&chain, refused(&chain, &[(kind, place, "has a fault", false)])), day(0));
        let [finding] = broken(&findings)[..] else { panic!("{kind:?}: one finding") };
        assert_eq!((finding.rule.code, finding.severity), (rule.code, Severity::Blocker), "{kind:?}");
        let (says, what, shown) = match place {
            Some(0) => ("the certificate that mx1.example.com presents has a fault", "\"mx1.example.com\" has a fault", "subject "),
            Some(_) => ("the intermediate \"Issuer\" that mx1.example.com presents has a fault", "\"Issuer\" has a fault", "subject "),
            None => ("senders refuse the path that mx1.example.com presents: has a fault", "has a fault", "root \"CN=Root\""),
        };
        let says = if rule == trust { format!("senders refuse the path: {says}") } else { says.to_owned() };
        assert_eq!((finding.message.as_str(), found(finding), fix(finding)), (says.as_str(), what, way_out), "{kind:?}");
        assert!(finding.evidence[0].text.starts_with(shown), "{kind:?}: {:?}", finding.evidence);
    }
}

#[test]
fn what_only_some_senders_mind_is_a_warning_and_softens_nothing_that_all_refuse() {
    use RefusalKind::{ExtendedKeyUsage, KeyUsage, PathLength, WeakKey};
    let root = Ca::root("Root");
    let issuer = root.intermediate("Issuer", -1_000..2_000);
    let chain = [issuer.leaf(&[HOST], -10..80), issuer.der.clone()];
    for (what, reasons, severity, words, shown) in [
        ("some alone", &[(WeakKey, Some(0), "is odd", true)][..], Severity::Warning, "\"mx1.example.com\" is odd", 1),
        (
            "some before all",
            &[(KeyUsage, Some(0), "is odd", true), (ExtendedKeyUsage, Some(1), "is wrong", false)],
            Severity::Blocker,
            "\"Issuer\" is wrong; \"mx1.example.com\" is odd",
            2,
        ),
        (
            "several of one certificate",
            &[(KeyUsage, Some(0), "is wrong", false), (ExtendedKeyUsage, Some(0), "is odd", false), (PathLength, None, "too long", false)],
            Severity::Blocker,
            "\"mx1.example.com\" is wrong; \"mx1.example.com\" is odd; too long",
            2,
        ),
    ] {
        let findings = findings(&OF_MX, &served(&chain, refused(&chain, reasons)), day(0));
        let [finding] = broken(&findings)[..] else { panic!("{what}: one finding") };
        assert_eq!((finding.rule.code, finding.severity, found(finding)), ("cert-constraint", severity, words), "{what}");
        assert_eq!(finding.evidence.len(), shown, "{what}");
    }
    // A family without a rule of its own has one word for all of it, and no warning.
    for (only_rustls, expected) in [(false, &["fetch-cert-untrusted"][..]), (true, &[])] {
        let trust = refused(&chain, &[(WeakKey, Some(1), "has a fault", only_rustls)]);
        let findings = findings(&OF_POLICY, &served(&chain, trust), day(0));
        assert_eq!(broken(&findings).iter().map(|finding| finding.code()).collect::<Vec<_>>(), expected);
    }
}

/// RFC 8446 §4.4.2.2: TLS 1.3 and forward secrecy need a key that may sign.
#[test]
fn a_key_that_may_not_sign_is_a_warning_of_one_rule_alone() {
    let root = Ca::root("Root");
    let leaf = |usages: Vec<KeyUsagePurpose>| root.leaf_with(&[HOST], -10..80, |params| params.key_usages = usages);
    for (usages, expected) in [
        (vec![], &[][..]),
        (vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment], &[]),
        (vec![KeyUsagePurpose::KeyEncipherment], &[("cert-constraint", Severity::Warning)]),
    ] {
        let chain = [leaf(usages)];
        let findings = findings(&OF_MX, &served(&chain, refused(&chain, &[])), day(0));
        assert_eq!(broken(&findings).iter().map(|finding| (finding.code(), finding.severity)).collect::<Vec<_>>(), expected);
    }
}

/// That a CA's certificate stands first is the fault; that it is none for servers follows from it.
#[test]
fn of_a_certificate_in_anothers_place_no_use_is_expected() {
    use RefusalKind::{ExtendedKeyUsage, KeyUsage, NameConstraint};
    let root = Ca::root("Root");
    let issuer = root.intermediate_with("Issuer", -1_000..2_000, |params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign]);
    let chain = [issuer.der.clone(), issuer.leaf(&[HOST], -10..80)];
    let codes = |trust| {
        let findings = findings(&OF_MX, &served(&chain, trust), day(0));
        broken(&findings).iter().map(|finding| finding.code()).collect::<Vec<_>>()
    };
    let refused = |kind| refused(&chain, &[(kind, Some(0), "has a fault", false)]);
    assert_eq!(codes(refused(KeyUsage)), ["cert-name-mismatch"]);
    assert_eq!(codes(refused(ExtendedKeyUsage)), ["cert-name-mismatch"]);
    assert_eq!(codes(refused(NameConstraint)), ["cert-name-mismatch", "cert-constraint"], "that is another fault");
    assert!(!codes(Trust::none("UnknownIssuer")).contains(&"cert-constraint"));
}

#[test]
fn weak_keys_and_signatures_are_seen_on_the_certificates_and_told_once() {
    use RefusalKind::{SignatureAlgorithm, WeakKey};
    let read = |pem: &[u8]| -> Vec<Vec<u8>> {
        CertificateDer::pem_slice_iter(pem).map(|der| der.expect("a certificate in PEM").to_vec()).collect()
    };
    // They were made in November 2026 for 25 years.
    let later: Timestamp = "2027-06-01T00:00:00Z".parse().expect("a time");
    let small = read(include_bytes!("../../../tests/chains/rsa1024.pem"));
    let sha1 = read(include_bytes!("../../../tests/chains/sha1.pem"));
    let of_key = "\"mx1.example.com\" has a key of rsa 1024";
    let of_signature = "\"mx1.example.com\" is signed by RSA with SHA-1";
    for (what, chain, trust, expected) in [
        ("seen", &small, refused(&small, &[]), vec![("cert-weak-key", of_key.to_owned())]),
        (
            "seen and refused",
            &small,
            refused(&small, &[(WeakKey, Some(0), "is too small", false)]),
            vec![("cert-weak-key", "\"mx1.example.com\" is too small".to_owned())],
        ),
        (
            "another is refused for the same",
            &small,
            refused(&small, &[(WeakKey, Some(1), "is too small", false)]),
            vec![("cert-weak-key", format!("\"Intermediate\" is too small; {of_key}"))],
        ),
        (
            "it is refused for another reason",
            &small,
            refused(&small, &[(SignatureAlgorithm, Some(0), "is signed badly", false)]),
            vec![("cert-weak-key", of_key.to_owned()), ("cert-weak-signature", "\"mx1.example.com\" is signed badly".to_owned())],
        ),
        ("a signature", &sha1, refused(&sha1, &[]), vec![("cert-weak-signature", of_signature.to_owned())]),
    ] {
        let mut served = served(chain, trust);
        let path = served.1.trust.public.as_mut().or(served.1.trust.refused.as_deref_mut()).expect("there is a path");
        (path.not_before, path.not_after) = (day(0), Timestamp::MAX);
        let findings = findings(&OF_MX, &served, later);
        let said: Vec<_> = broken(&findings).iter().map(|finding| (finding.code(), found(finding).to_owned())).collect();
        assert_eq!(said, expected, "{what}");
    }
    // A key that is refused cannot sign well: the key is the fault, and not the handshake.
    let root = Ca::root("Root");
    let healthy = [root.leaf(&[HOST], -10..80)];
    for (chain, told) in [(&small[..], None), (&healthy[..], Some("bad signature"))] {
        let (facts, mut tls) = served(chain, Trust::none("UnknownIssuer"));
        tls.signature_problem = Some("bad signature".to_owned());
        let settings = Settings::default();
        assert_eq!(signature_problem(&Case::new(&facts, &settings, later), &tls), told);
    }
}

/// Authority information access: caIssuers, an address below 116 bytes (RFC 5280 §4.2.2.1).
fn issuer_at(url: &str) -> CustomExtension {
    let length = u8::try_from(url.len()).expect("a short address");
    let method = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02, 0x86, length];
    let content = [&[0x30, length + 14, 0x30, length + 12][..], &method, url.as_bytes()].concat();
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], content)
}

#[test]
fn what_is_missing_in_a_chain_is_told_with_what_stands_in_its_place_and_what_was_fetched() {
    let (root, unknown) = (Ca::root("Root"), Ca::root("Company CA"));
    let upper = root.intermediate("Upper", -1_000..2_000);
    let issuer = upper.intermediate("Issuer", -1_000..2_000);
    let stray = unknown.intermediate("Stray", -1_000..2_000);
    let url = "http://ca.example.net/i.crt";
    let published = issuer.leaf_with(&[HOST], -10..80, |params| params.custom_extensions.push(issuer_at(url)));
    let plain = issuer.leaf(&[HOST], -10..80);
    let private = "; a private CA whose root is not sent looks the same";
    let lacks = "mx1.example.com does not send the certificate of the issuer \"CN=Issuer\"";
    let send = "send the leaf and then each intermediate, beginning with \"CN=Issuer\"";
    let path = Path { certificates: vec![], root: "CN=Root".to_owned(), not_before: day(-10), not_after: day(80), refused: vec![] };
    let fetched =
        |trust| Fetched { steps: vec![FetchedIssuer { url: url.to_owned(), outcome: Looked::Seen(Fingerprint::of(&issuer.der)) }], trust };
    for (chain, fetched, message, what, way_out, shown) in [
        (
            vec![&plain],
            None,
            format!("{lacks}{private}"),
            "1 certificate sent; the last of the path is issued by \"CN=Issuer\"",
            send.to_owned(),
            1,
        ),
        (
            vec![&published],
            None,
            format!("{lacks}{private}"),
            "1 certificate sent; the last of the path is issued by \"CN=Issuer\"",
            format!("{send}, which the CA publishes at {url}; --fetch-intermediates tells whether that is all"),
            1,
        ),
        (
            vec![&published],
            Some(fetched(Trust::public(path.clone()))),
            format!("{lacks}; nothing else is wrong with the path: with it, it leads to \"CN=Root\""),
            "1 certificate sent; the last of the path is issued by \"CN=Issuer\"",
            format!("{send}, which the CA publishes at {url}"),
            2,
        ),
        (
            vec![&plain, &issuer.der],
            None,
            format!("mx1.example.com does not send the certificate of the issuer \"CN=Upper\"{private}"),
            "2 certificates sent; the last of the path is issued by \"CN=Upper\"",
            send.replace("Issuer", "Upper"),
            2,
        ),
        (
            vec![&plain, &stray.der],
            None,
            format!("mx1.example.com sends the certificate of \"CN=Stray\" where that of the issuer \"CN=Issuer\" is needed{private}"),
            "2 certificates sent; the last of the path is issued by \"CN=Issuer\"",
            send.to_owned(),
            2,
        ),
        // A leaf or a root that belongs to nothing stands in nobody's place.
        (
            vec![&plain, &published, &unknown.der],
            None,
            format!("{lacks}{private}"),
            "3 certificates sent; the last of the path is issued by \"CN=Issuer\"",
            send.to_owned(),
            3,
        ),
    ] {
        let chain: Vec<Vec<u8>> = chain.into_iter().cloned().collect();
        let mut served = served(&chain, Trust::none("UnknownIssuer"));
        served.1.fetched = fetched.map(Box::new);
        let findings = findings(&OF_MX, &served, day(0));
        let [finding] = broken(&findings)[..] else { panic!("{message}: one finding") };
        assert_eq!(finding.code(), "cert-chain-incomplete", "{message}");
        assert_eq!((&finding.message, found(finding), fix(finding)), (&message, what, way_out.as_str()));
        assert_eq!(finding.evidence.len(), shown, "{message}");
    }
}

#[test]
fn a_root_that_was_fetched_is_where_the_chain_leads() {
    let unknown = Ca::root("Company CA");
    let issuer = unknown.intermediate("Issuer", -1_000..2_000);
    let chain = [issuer.leaf(&[HOST], -10..80)];
    let (mut facts, mut tls) = served(&chain, Trust::none("UnknownIssuer"));
    for der in [&issuer.der, &unknown.der] {
        facts.certificates.insert(Fingerprint::of(der), Der(der.clone()));
    }
    let step = |url: &str, outcome| FetchedIssuer { url: url.to_owned(), outcome };
    let steps = vec![
        step("http://a.example/1", Looked::Seen(Fingerprint::of(&issuer.der))),
        step("http://a.example/2", fixture::absent()),
        step("http://a.example/3", Looked::Failed(Failure::new(FailureKind::Timeout, "no answer"))),
        step("http://a.example/4", Looked::Seen(Fingerprint::of(&unknown.der))),
        step("http://a.example/5", fixture::absent()),
    ];
    tls.fetched = Some(Box::new(Fetched { steps, trust: Trust::none("UnknownIssuer") }));
    let findings = findings(&OF_MX, &(facts, tls), day(0));
    let [finding] = broken(&findings)[..] else { panic!("one finding") };
    let root = "\"CN=Company CA\"";
    assert_eq!(finding.code(), "cert-untrusted");
    assert_eq!(finding.message, format!("the certificate of mx1.example.com leads to {root}, which is no public root"));
    let shown: Vec<&str> = finding.evidence.iter().skip(1).map(|evidence| evidence.text.as_str()).collect();
    let seen = |der: &[u8]| format!("a certificate, SHA-256 {}", Fingerprint::of(der));
    assert_eq!(
        shown,
        [
            &format!("http://a.example/1: {}", seen(&issuer.der)),
            "http://a.example/2: nothing there",
            "http://a.example/3: no answer",
            &format!("http://a.example/4: {}", seen(&unknown.der)),
            "http://a.example/5: nothing there",
        ]
    );
}

#[test]
fn a_reason_without_a_rule_of_its_own_stands_beside_the_dead_end() {
    let unknown = Ca::root("Company CA");
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 55_555, 1], vec![5, 0]);
    extension.set_criticality(true);
    let leaf = unknown.leaf_with(&[HOST], -10..80, |params| params.custom_extensions.push(extension));
    let fault = "has the critical extension 1.3.6.1.4.1.55555.1, which senders do not know";
    let judged = |chain: &[Vec<u8>]| findings(&OF_MX, &served(chain, Trust::none("UnknownIssuer")), day(0));
    let incomplete = judged(std::slice::from_ref(&leaf));
    let codes: Vec<&str> = broken(&incomplete).iter().map(|finding| finding.code()).collect();
    assert_eq!(codes, ["cert-untrusted", "cert-chain-incomplete"]);
    let message = format!("senders refuse the path: the certificate that mx1.example.com presents {fault}");
    assert_eq!(only(&incomplete, &cert::UNTRUSTED).message, message);
    let unknown = judged(&[leaf, unknown.der.clone()]);
    let [finding] = broken(&unknown)[..] else { panic!("one finding") };
    assert_eq!(finding.message, "the certificate of mx1.example.com leads to \"CN=Company CA\", which is no public root");
    assert!(finding.evidence.iter().any(|evidence| evidence.text.contains(fault)), "{:?}", finding.evidence);
}
