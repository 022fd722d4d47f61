use rcgen::{CertificateParams, KeyPair};

use super::*;
use crate::model::facts::servers::Probe;
use crate::model::facts::tls::Trust;
use crate::model::facts::{Der, Facts};
use crate::model::finding::{Finding, Outcome};
use crate::model::looked::Answer;
use crate::rules::fixture::{self, absent, addresses, broken, failed, judged, name, seen, server};

const HOST: &str = "mx1.example.com";

/// One MX host that serves these leaves, one an address, with these TLSA facts.
fn facts(leaves: &[&[u8]], dane: Option<DaneFacts>) -> Facts {
    let mut facts = fixture::facts();
    let mut host = server(HOST, addresses());
    host.dane = dane;
    for (number, leaf) in (1..).zip(leaves) {
        let print = Fingerprint::of(leaf);
        facts.certificates.insert(print, Der(leaf.to_vec()));
        let tls = TlsFacts {
            version: "TLSv1.3".into(),
            suite: "TLS_AES_128_GCM_SHA256".into(),
            chain: vec![print],
            trust: Trust::none("not judged here"),
            stapled: None,
            fetched: None,
            signature_problem: None,
        };
        let probe = Probe::begun([192, 0, 2, number].into(), 25, fixture::NOW.parse().unwrap(), Looked::Seen(1));
        host.probes.push(Probe { tls: Some(Looked::Seen(tls)), ..probe });
    }
    facts.servers = Some(vec![host]);
    facts
}

/// TLSA facts where DNSSEC says this of the records, the addresses and the MX records.
fn dane(records: Looked<Answer<Vec<TlsaRecord>>>, parts: [Security; 3]) -> DaneFacts {
    let [of_records, of_addresses, of_mx] = parts.map(Some);
    DaneFacts {
        name: name("_25._tcp.mx1.example.com"),
        records,
        left_out: 0,
        security: parts.into_iter().max().unwrap(),
        of_records,
        of_addresses,
        of_mx,
        by: "validated here".into(),
        problem: Some("why".into()),
    }
}

fn leaf() -> Vec<u8> {
    let params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn other() -> TlsaRecord {
    TlsaRecord::new(3, 1, 1, &[7; 32])
}

/// Outcome and severity of a rule on its first subject.
fn outcome(facts: &Facts, rule: &'static Rule) -> (Outcome, Severity) {
    let sheet = judged(facts, judge);
    let finding = sheet.findings().iter().find(|finding| finding.rule == rule).expect("every rule writes");
    (finding.outcome, finding.severity)
}

fn first(facts: &Facts, rule: &'static Rule) -> Finding {
    judged(facts, judge).findings().iter().find(|finding| finding.rule == rule).expect("every rule writes").clone()
}

#[test]
fn what_dnssec_says_of_the_parts_decides_what_is_said_of_the_records() {
    use Security::{Bogus, Indeterminate, Insecure, Secure};
    let leaf = leaf();
    let good = || seen(vec![TlsaRecord::for_leaf(&leaf).unwrap()]);
    let bad = || seen(vec![other()]);
    // What we do not read to its end, a sender may.
    let too_large = || Looked::Failed(crate::model::looked::Failure::new(crate::model::looked::FailureKind::TooLarge, "too large"));
    for (what, records, parts, expected) in [
        ("all well", good(), [Secure; 3], &["dane-present advice"][..]),
        ("another key", bad(), [Secure; 3], &["dane-mismatch warning", "dane-present advice"]),
        ("unsigned", bad(), [Insecure; 3], &["dane-insecure advice"]),
        ("addresses unsigned", bad(), [Secure, Insecure, Secure], &["dane-insecure advice"]),
        ("MX unsigned, which Postfix minds not", bad(), [Secure, Secure, Insecure], &["dane-insecure advice", "dane-mismatch warning"]),
        ("records bogus", bad(), [Bogus, Secure, Secure], &["dane-lookup-failed warning"]),
        ("denial bogus", absent(), [Bogus, Secure, Secure], &["dane-lookup-failed warning"]),
        ("addresses bogus", good(), [Secure, Bogus, Secure], &["dane-lookup-failed warning"]),
        ("MX bogus", good(), [Secure, Secure, Bogus], &["dane-lookup-failed warning"]),
        ("fails in a signed zone", failed(), [Indeterminate, Secure, Secure], &["dane-lookup-failed warning"]),
        ("too large for us, in a signed zone", too_large(), [Indeterminate, Secure, Secure], &[]),
        ("fails in an unsigned zone", failed(), [Indeterminate, Insecure, Insecure], &[]),
        ("fails, and nothing is known", failed(), [Indeterminate; 3], &[]),
        ("good, and nothing is known", good(), [Indeterminate; 3], &[]),
        ("none", absent(), [Secure; 3], &[]),
        ("none, and nothing is known", absent(), [Indeterminate; 3], &[]),
    ] {
        let facts = facts(&[&leaf], Some(dane(records, parts)));
        assert_eq!(broken(&facts, RULES, judge), expected, "{what}");
    }
}

#[test]
fn what_could_not_be_told_never_unsettles_the_verdict() {
    use Security::Indeterminate;
    let leaf = leaf();
    let untold = |records| facts(&[&leaf], Some(dane(records, [Indeterminate; 3])));
    let unknown = (Outcome::Undetermined, Severity::Warning);
    assert_eq!(outcome(&untold(failed()), &LOOKUP_FAILED), unknown);
    assert_eq!(outcome(&untold(seen(vec![other()])), &LOOKUP_FAILED), unknown);
    assert_eq!(outcome(&untold(seen(vec![other()])), &MISMATCH), unknown);
    assert_eq!(outcome(&untold(absent()), &LOOKUP_FAILED).0, Outcome::Holds);
    for records in [failed(), seen(vec![other()]), absent()] {
        assert!(!judged(&untold(records), judge).findings().iter().any(Finding::unsettles));
    }
}

#[test]
fn a_mismatch_names_the_address_and_gives_the_line_to_publish() {
    let (one, two) = (leaf(), leaf());
    let own = TlsaRecord::for_leaf(&two).unwrap();
    let records = seen(vec![TlsaRecord::for_leaf(&one).unwrap()]);
    let facts = facts(&[&one, &two], Some(dane(records, [Security::Secure; 3])));
    let sheet = judged(&facts, judge);
    let broken: Vec<&Finding> =
        sheet.findings().iter().filter(|finding| finding.rule == &MISMATCH && finding.outcome == Outcome::Broken).collect();
    assert_eq!(broken.iter().map(|finding| finding.subject.as_str()).collect::<Vec<_>>(), ["mx1.example.com 192.0.2.2 ecdsa"]);
    let fix = broken[0].fix.as_ref().unwrap();
    assert_eq!(fix.publish.as_deref(), Some(format!("_25._tcp.mx1.example.com. 3600 IN TLSA 3 1 1 {}", own.data).as_str()));
    assert_eq!(broken[0].found.as_deref(), Some("3 1 1: it is not the server's key"));
    let host = &facts.servers.as_ref().unwrap()[0];
    let settings = crate::model::settings::Settings::default();
    assert_eq!(matches(&Case::new(&facts, &settings, fixture::NOW.parse().unwrap()), host), Some(false));
}

#[test]
fn the_note_counts_what_is_unusable_and_what_waits_for_its_key() {
    let leaf = leaf();
    let own = TlsaRecord::for_leaf(&leaf).unwrap();
    let noted = |records: Vec<TlsaRecord>| {
        let finding = first(&facts(&[&leaf], Some(dane(seen(records), [Security::Secure; 3]))), &PRESENT);
        (finding.message, finding.found.unwrap())
    };
    let (message, found) = noted(vec![own.clone(), other()]);
    assert_eq!(message, "DANE-aware senders hold mx1.example.com to its TLSA records before they look at the MTA-STS policy");
    assert_eq!(found, "3 1 1, 3 1 1; 1 of 2 without a certificate that is served, as while keys are changed");
    let (message, found) = noted(vec![TlsaRecord::new(1, 1, 1, &[1; 32])]);
    assert!(message.contains("check no certificate"), "{message}");
    assert_eq!(found, "1 1 1; 1 of 1 not usable at port 25");
    let (message, found) = noted(vec![own.clone()]);
    assert_eq!(message, "DANE-aware senders hold mx1.example.com to its TLSA record before they look at the MTA-STS policy");
    assert_eq!(found, "3 1 1");
    let (_, found) = noted(vec![own, other(), TlsaRecord::new(3, 1, 1, &[8; 32])]);
    assert_eq!(found, "3 1 1, 3 1 1, 3 1 1; 2 of 3 without a certificate that is served, as while keys are changed");
}

#[test]
fn what_is_not_signed_or_signed_wrongly_is_named() {
    use Security::{Bogus, Insecure, Secure};
    let leaf = leaf();
    let good = || seen(vec![TlsaRecord::for_leaf(&leaf).unwrap()]);
    let signed = "DANE-aware senders hold mail back";
    for (records, parts, rule, message, found) in [
        (
            good(),
            [Insecure, Secure, Secure],
            &INSECURE,
            "the TLSA records of mx1.example.com have no effect: its TLSA records are not signed with DNSSEC".to_owned(),
            "the TLSA records of mx1.example.com lie in an unsigned zone",
        ),
        (
            good(),
            [Secure, Insecure, Secure],
            &INSECURE,
            "the TLSA records of mx1.example.com have no effect: its addresses are not signed with DNSSEC".to_owned(),
            "the addresses of mx1.example.com lie in an unsigned zone",
        ),
        (
            good(),
            [Secure, Secure, Insecure],
            &INSECURE,
            "the TLSA records of mx1.example.com are signed, but the MX records of example.com are not: a forged MX record evades them"
                .to_owned(),
            "the MX records of example.com lie in an unsigned zone",
        ),
        (
            good(),
            [Bogus, Secure, Secure],
            &LOOKUP_FAILED,
            format!("the DNSSEC signatures of the TLSA answer of _25._tcp.mx1.example.com do not hold: {signed}"),
            "why",
        ),
        (
            absent(),
            [Bogus, Secure, Secure],
            &LOOKUP_FAILED,
            format!("the DNSSEC signatures of the answer that _25._tcp.mx1.example.com has no TLSA record do not hold: {signed}"),
            "why",
        ),
        (
            good(),
            [Secure, Bogus, Secure],
            &LOOKUP_FAILED,
            format!("the DNSSEC signatures of the addresses of mx1.example.com do not hold: {signed}"),
            "why",
        ),
        (
            good(),
            [Secure, Secure, Bogus],
            &LOOKUP_FAILED,
            format!("the DNSSEC signatures of the MX records of example.com do not hold: {signed}"),
            "why",
        ),
    ] {
        let finding = first(&facts(&[&leaf], Some(dane(records, parts))), rule);
        assert_eq!((finding.message, finding.found.as_deref()), (message, Some(found)), "{parts:?}");
    }
    let all_signed = facts(&[&leaf], Some(dane(good(), [Secure; 3])));
    assert_eq!(outcome(&all_signed, &INSECURE).0, Outcome::Holds);
    let untold = facts(&[&leaf], Some(dane(good(), [Security::Indeterminate; 3])));
    assert_eq!(outcome(&untold, &INSECURE).0, Outcome::NotApplicable);
}

/// RFC 7671 §9: of the digests of one usage and selector, senders look at the strongest alone.
#[test]
fn a_match_by_a_weaker_digest_counts_for_nothing() {
    let leaf = leaf();
    let own = TlsaRecord::for_leaf(&leaf).unwrap();
    let stronger = TlsaRecord::new(3, 1, 2, &[7; 64]);
    let facts = facts(&[&leaf], Some(dane(seen(vec![own, stronger]), [Security::Secure; 3])));
    let finding = first(&facts, &MISMATCH);
    assert_eq!((finding.outcome, finding.severity), (Outcome::Broken, Severity::Warning));
    assert_eq!(
        finding.message,
        "the TLSA record 3 1 1 matches the certificate at mx1.example.com 192.0.2.1 ecdsa, but senders prefer 3 1 2, which does not"
    );
    assert_eq!(finding.found.as_deref(), Some("3 1 1 matches, 3 1 2 does not"));
}

#[test]
fn a_host_matches_its_records_where_every_chain_does_and_one_can_be_told() {
    let (one, two) = (leaf(), leaf());
    let settings = crate::model::settings::Settings::default();
    let of = |leaf: &[u8]| TlsaRecord::for_leaf(leaf).unwrap();
    for (what, leaves, records, expected) in [
        ("one", &[&one[..]][..], vec![of(&one)], Some(true)),
        ("both", &[&one, &two], vec![of(&one), of(&two)], Some(true)),
        ("one of two", &[&one, &two], vec![of(&one)], Some(false)),
        ("another", &[&one], vec![other()], Some(false)),
        ("none usable", &[&one], vec![TlsaRecord::new(1, 1, 1, &[1; 32])], None),
        ("none served", &[], vec![of(&one)], None),
    ] {
        let facts = facts(leaves, Some(dane(seen(records), [Security::Secure; 3])));
        let host = &facts.servers.as_ref().unwrap()[0];
        assert_eq!(matches(&Case::new(&facts, &settings, fixture::NOW.parse().unwrap()), host), expected, "{what}");
    }
}

#[test]
fn without_facts_nothing_is_said() {
    assert_eq!(broken(&facts(&[], None), RULES, judge), [""; 0]);
    let unserved = facts(&[], Some(dane(seen(vec![other()]), [Security::Secure; 3])));
    assert_eq!(broken(&unserved, RULES, judge), ["dane-present advice"]);
}
