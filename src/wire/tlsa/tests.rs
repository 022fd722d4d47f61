use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

use super::*;

const HOST: &str = "mx1.example.com";
const NOW: &str = "2026-11-22T09:00:00Z";

/// A leaf for `names`, its CA, and the CA above.
struct Made {
    leaf: Vec<u8>,
    ca: Vec<u8>,
    root: Vec<u8>,
}

fn made(names: &[&str], until: (i32, u8)) -> Made {
    made_with(names, names.is_empty().then_some(HOST), until)
}

/// The same with a common name of its own, or without one.
fn made_with(names: &[&str], common: Option<&str>, until: (i32, u8)) -> Made {
    let authority = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2040, 1, 1));
        (params, KeyPair::generate().unwrap())
    };
    let (root_params, root_key) = authority("root");
    let root = root_params.self_signed(&root_key).unwrap().der().to_vec();
    let root_issuer = Issuer::new(root_params, root_key);
    let (ca_params, ca_key) = authority("intermediate");
    let ca = ca_params.signed_by(&ca_key, &root_issuer).unwrap().der().to_vec();
    let ca_issuer = Issuer::new(ca_params, ca_key);
    let mut params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(common) = common {
        params.distinguished_name.push(DnType::CommonName, common);
    }
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until.0, until.1, 1));
    let leaf = params.signed_by(&KeyPair::generate().unwrap(), &ca_issuer).unwrap().der().to_vec();
    Made { leaf, ca, root }
}

fn record(usage: u8, selector: u8, matching: u8, der: &[u8]) -> TlsaRecord {
    let selected = if selector == 0 { der.to_vec() } else { subject_public_key_info(der).unwrap() };
    let data = match matching {
        1 => digest::digest(&digest::SHA256, &selected).as_ref().to_vec(),
        2 => digest::digest(&digest::SHA512, &selected).as_ref().to_vec(),
        _ => selected,
    };
    TlsaRecord::new(usage, selector, matching, &data)
}

fn judged(records: &[TlsaRecord], chain: &[&[u8]]) -> Judged {
    let (host, domain) = (Domain::from_dns(HOST), Domain::from_dns("example.com"));
    judge(records, &Served { chain, names: &[&host, &domain], now: NOW.parse().unwrap() })
}

fn missed(record: &TlsaRecord, chain: &[&[u8]]) -> Miss {
    match judged(std::slice::from_ref(record), chain) {
        Judged::Mismatch(mut misses) => misses.remove(0).1,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_of_record_matches_what_it_names() {
    let made = made(&[HOST], (2027, 1));
    let chain = [made.leaf.as_slice(), &made.ca];
    for selector in [0, 1] {
        for matching in [0, 1, 2] {
            for (usage, der) in [(3, &made.leaf), (2, &made.ca)] {
                let record = record(usage, selector, matching, der);
                assert_eq!(judged(&[record], &chain), Judged::Match(0), "{usage} {selector} {matching}");
            }
        }
        // A root that is not sent has to be in the record whole.
        assert_eq!(judged(&[record(2, selector, 0, &made.root)], &chain), Judged::Match(0), "2 {selector} 0 root");
        assert_eq!(missed(&record(2, selector, 1, &made.root), &chain), Miss::NotInChain, "2 {selector} 1 root");
    }
    assert_eq!(TlsaRecord::for_leaf(&made.leaf), Some(record(3, 1, 1, &made.leaf)));
    assert_eq!(TlsaRecord::for_leaf(b"no certificate"), None);
}

#[test]
fn usage_3_asks_for_nothing_but_the_leaf() {
    let other_name = made(&["www.example.net"], (2020, 2));
    let chain = [other_name.leaf.as_slice()];
    assert_eq!(judged(&[record(3, 1, 1, &other_name.leaf)], &chain), Judged::Match(0), "expired and for another name");
    let made = made(&[HOST], (2027, 1));
    assert_eq!(missed(&record(3, 1, 1, &made.leaf), &chain), Miss::OtherKey);
    assert_eq!(missed(&record(3, 0, 2, &made.leaf), &chain), Miss::OtherCertificate);
    assert_eq!(missed(&record(3, 1, 1, &made.ca), &[&made.leaf, &made.ca]), Miss::OtherKey, "only the leaf is looked at");
}

#[test]
fn usage_2_asks_for_path_date_and_name() {
    let anchored = |made: &Made| judged(&[record(2, 1, 1, &made.ca)], &[made.leaf.as_slice(), &made.ca]);
    assert_eq!(anchored(&made(&["example.com"], (2027, 1))), Judged::Match(0), "the domain's name serves as well");
    assert_eq!(anchored(&made(&["*.example.com"], (2027, 1))), Judged::Match(0));
    assert_eq!(anchored(&made(&[], (2027, 1))), Judged::Match(0), "the common name, where there is no other");
    for (names, common) in [
        (&["www.example.com"][..], None),
        // The common name does not count where there are others (RFC 7672 §3.2.3), and no name at all is not every name.
        (&["www.example.com"], Some(HOST)),
        (&[], Some("www.example.com")),
        (&[], None),
    ] {
        let judged = anchored(&made_with(names, common, (2027, 1)));
        assert!(matches!(&judged, Judged::Mismatch(misses) if *misses == [(0, Miss::OtherName)]), "{names:?} {common:?}: {judged:?}");
    }
    assert!(matches!(anchored(&made(&[HOST], (2020, 2))), Judged::Mismatch(misses) if matches!(misses[0].1, Miss::NoPath(_))));
    let (one, other) = (made(&[HOST], (2027, 1)), made(&[HOST], (2027, 1)));
    let spliced = missed(&record(2, 1, 1, &other.ca), &[one.leaf.as_slice(), &one.ca, &other.ca]);
    assert!(matches!(spliced, Miss::NoPath(_)), "a CA in the chain that signed nothing in it: {spliced:?}");
    assert_eq!(missed(&record(2, 1, 1, &one.leaf), &[&one.leaf]), Miss::NotInChain, "the leaf is no CA above itself");
    assert_eq!(missed(&record(2, 1, 1, &one.leaf), &[]), Miss::NotInChain);
}

#[test]
fn of_the_digests_of_one_kind_the_strongest_counts() {
    let made = made(&[HOST], (2027, 1));
    let chain = [made.leaf.as_slice(), &made.ca];
    let good = record(3, 1, 1, &made.leaf);
    let stale = TlsaRecord::new(3, 1, 2, &[7; 64]);
    assert_eq!(judged(&[good.clone(), stale.clone()], &chain), Judged::Outranked { matched: 0, stronger: 1 });
    assert_eq!(judged(&[good.clone(), TlsaRecord::new(3, 0, 2, &[7; 64])], &chain), Judged::Match(0), "another selector is another kind");
    assert_eq!(judged(&[good.clone(), stale.clone(), record(2, 1, 1, &made.ca)], &chain), Judged::Match(2));
    assert_eq!(judged(&[good.clone(), TlsaRecord::new(3, 1, 2, &[7; 63])], &chain), Judged::Match(0), "an unusable one outranks nothing");
    assert_eq!(judged(&[TlsaRecord::new(3, 1, 1, &[7; 32]), good], &chain), Judged::Match(1), "a change of keys");
}

#[test]
fn what_mail_senders_make_no_use_of() {
    let made = made(&[HOST], (2027, 1));
    for (record, why) in [
        (record(0, 0, 1, &made.leaf), Unusable::Pkix(0)),
        (record(1, 1, 1, &made.leaf), Unusable::Pkix(1)),
        (TlsaRecord::new(4, 1, 1, &[0; 32]), Unusable::Usage(4)),
        (TlsaRecord::new(255, 1, 1, &[0; 32]), Unusable::Usage(255)),
        (TlsaRecord::new(3, 2, 1, &[0; 32]), Unusable::Selector(2)),
        (TlsaRecord::new(3, 1, 3, &[0; 32]), Unusable::Matching(3)),
        (TlsaRecord::new(3, 1, 1, &[0; 31]), Unusable::Length { expected: 32, found: 31 }),
        (TlsaRecord::new(3, 1, 2, &[]), Unusable::Length { expected: 64, found: 0 }),
        (TlsaRecord::new(3, 0, 0, b"no certificate"), Unusable::Garbled),
        (TlsaRecord::new(2, 1, 0, b""), Unusable::Garbled),
        (TlsaRecord { data: "abc".into(), ..TlsaRecord::new(3, 1, 1, &[]) }, Unusable::Garbled),
        (TlsaRecord { data: "zz".repeat(32), ..TlsaRecord::new(3, 1, 1, &[]) }, Unusable::Garbled),
    ] {
        assert_eq!(record.unusable(), Some(why), "{record}");
        assert_eq!(judged(&[record], &[&made.leaf]), Judged::NoneUsable);
    }
    assert_eq!(judged(&[], &[&made.leaf]), Judged::NoneUsable);
}

proptest! {
    #[test]
    fn nothing_hostile_makes_it_panic(
        usage in 0u8..5, selector in 0u8..3, matching in 0u8..4,
        data in prop_oneof![prop::collection::vec(any::<u8>(), 0..80), Just(made(&[HOST], (2027, 1)).ca)],
        text in any::<Option<String>>(),
        chain in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..4),
    ) {
        let mut record = TlsaRecord::new(usage, selector, matching, &data);
        record.data = text.unwrap_or(record.data);
        let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        judged(&[record], &chain);
    }

    #[test]
    fn bytes_survive_as_hexadecimal(data in prop::collection::vec(any::<u8>(), 0..80)) {
        prop_assert_eq!(bytes(&hex(&data)), Some(data));
    }
}
