use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints,
};

use super::fixture::{Ca, day, pem, self_signed, store};
use super::*;
use crate::model::facts::tls::{Refusal, RefusalKind};
use crate::wire::fingerprint::Fingerprint;

const HOST: &str = "mx1.example.com";

fn prints(chain: &[&Vec<u8>]) -> Vec<Fingerprint> {
    chain.iter().map(|der| Fingerprint::of(der)).collect()
}

#[test]
fn a_full_chain_has_a_path_with_its_window() {
    let root = Ca::root("Root");
    let intermediate = root.intermediate("Intermediate", -100..60);
    let leaf = intermediate.leaf(&[HOST], -10..80);
    for chain in [
        vec![leaf.clone(), intermediate.der.clone()],
        vec![leaf.clone(), intermediate.der.clone(), root.der.clone()],
        vec![leaf.clone(), root.der.clone(), intermediate.der.clone(), b"garbage".to_vec()],
    ] {
        let trust = store(&[&root.der], None).judge(&chain);
        let path = trust.public.expect("a path");
        assert_eq!(path.certificates, prints(&[&leaf, &intermediate.der]));
        assert_eq!((path.not_before, path.not_after), (day(-10), day(60)), "the intermediate ends first");
        assert_eq!(path.root, "CN=Root");
    }
}

#[test]
fn of_two_cross_signs_the_path_that_lasts_longest_is_taken() {
    let (old, new) = (Ca::root("Old root"), Ca::root("New root"));
    let by_old = old.intermediate("Intermediate", -100..20);
    let by_new = new.cross(&by_old, -5..400);
    let leaf = by_old.leaf(&[HOST], -10..80);
    for chain in [vec![leaf.clone(), by_old.der.clone(), by_new.der.clone()], vec![leaf.clone(), by_new.der.clone(), by_old.der.clone()]] {
        let trust = store(&[&old.der, &new.der], None).judge(&chain);
        assert_eq!(trust.path_at(day(-7)).expect("a path").certificates, prints(&[&leaf, &by_old.der]), "the new one has not begun");
        assert_eq!(trust.path_at(day(30)).expect("a path").certificates, prints(&[&leaf, &by_new.der]));
        let both = trust.public.expect("a path");
        assert_eq!((both.certificates, both.not_after), (prints(&[&leaf, &by_new.der]), day(80)));
        let only_old = store(&[&old.der], None).judge(&chain).public.expect("a path");
        assert_eq!((only_old.certificates, only_old.not_after), (prints(&[&leaf, &by_old.der]), day(20)));
    }
}

#[test]
fn dates_are_no_reason_to_refuse() {
    let root = Ca::root("Root");
    let intermediate = root.intermediate("Intermediate", -1_000..2_000);
    for days in [-300..-200, 200..300] {
        let leaf = intermediate.leaf(&[HOST], days.clone());
        let path = store(&[&root.der], None).judge(&[leaf, intermediate.der.clone()]).public.expect("a path");
        assert_eq!((path.not_before, path.not_after), (day(days.start), day(days.end)));
    }
}

#[test]
fn an_intermediate_that_ended_before_the_leaf_began_is_still_the_path() {
    let root = Ca::root("Root");
    let intermediate = root.intermediate("Intermediate", -500..-50);
    let leaf = intermediate.leaf(&[HOST], -10..80);
    let path = store(&[&root.der], None).judge(&[leaf.clone(), intermediate.der.clone()]).public.expect("a path");
    assert_eq!(path.certificates, prints(&[&leaf, &intermediate.der]));
    assert_eq!((path.not_before, path.not_after), (day(-10), day(-50)));
}

#[test]
fn what_leads_nowhere_has_no_path_and_a_reason() {
    let (root, other) = (Ca::root("Root"), Ca::root("Other root"));
    let intermediate = root.intermediate("Intermediate", -100..200);
    let leaf = intermediate.leaf(&[HOST], -10..80);
    let forged = Ca::root("Intermediate").leaf(&[HOST], -10..80);
    for (chain, roots, says) in [
        (vec![leaf.clone()], &root, "UnknownIssuer"),
        (vec![leaf.clone(), intermediate.der.clone()], &other, "UnknownIssuer"),
        (vec![leaf, intermediate.der.clone(), root.der.clone()], &other, "UnknownIssuer"),
        (vec![self_signed(&[HOST], -10..80, |_| ())], &root, "UnknownIssuer"),
        (vec![self_signed(&[HOST], -10..80, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained))], &root, "UnknownIssuer"),
        (vec![forged, intermediate.der.clone()], &root, "not by the key of its issuer"),
        (vec![b"garbage".to_vec()], &root, "not an X.509 certificate"),
        (vec![], &root, "no certificate"),
    ] {
        let trust = store(&[&roots.der], None).judge(&chain);
        assert_eq!((trust.public, trust.private), (None, None), "{says}");
        let problem = trust.problem.expect(says);
        assert!(problem.contains(says), "{says}: {problem}");
    }
}

/// What makes a CA in a chain: its parameters, changed.
type Change = fn(&mut CertificateParams);

#[test]
fn a_path_that_senders_refuse_is_found_with_every_reason() {
    use RefusalKind::{CriticalExtension, ExtendedKeyUsage, KeyUsage, NameConstraint, NotACa, PathLength};
    let none: Change = |_| ();
    let for_mail: Change = |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    let no_signing: Change = |params| params.key_usages = vec![KeyUsagePurpose::CrlSign];
    let only_signing: Change = |params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let elsewhere: Change = |params| {
        let permitted_subtrees = vec![GeneralSubtree::DnsName("example.org".into())];
        params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    };
    let critical: Change = |params| {
        let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
        extension.set_criticality(true);
        params.custom_extensions.push(extension);
    };
    let last_ca: Change = |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let no_ca: Change = |params| params.is_ca = IsCa::ExplicitNoCa;
    let everything: Change = |params| {
        params.key_usages = vec![KeyUsagePurpose::CrlSign];
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    };
    for (name, upper, lower, leaf, expected) in [
        ("nothing", none, none, none, vec![]),
        ("the leaf is for mail", none, none, for_mail, vec![(ExtendedKeyUsage, 0)]),
        ("the leaf may only sign certificates", none, none, only_signing, vec![(KeyUsage, 0)]),
        ("an intermediate is for mail", none, for_mail, none, vec![(ExtendedKeyUsage, 1)]),
        ("an intermediate may not sign", none, no_signing, none, vec![(KeyUsage, 1)]),
        ("an intermediate is for other names", none, elsewhere, none, vec![(NameConstraint, 1)]),
        ("the upper one is for other names", elsewhere, none, none, vec![(NameConstraint, 2)]),
        ("an unknown critical extension", none, none, critical, vec![(CriticalExtension, 0)]),
        ("the last CA is the last", none, last_ca, none, vec![]),
        ("one CA too many", last_ca, none, none, vec![(PathLength, 2)]),
        ("no CA at all", none, no_ca, none, vec![(NotACa, 1)]),
        ("four at once", everything, none, critical, vec![(CriticalExtension, 0), (ExtendedKeyUsage, 2), (KeyUsage, 2), (PathLength, 2)]),
    ] {
        let root = Ca::root("Root");
        let upper = root.intermediate_with("Upper", -100..60, upper);
        let lower = upper.intermediate_with("Lower", -100..60, lower);
        let chain = [lower.leaf_with(&[HOST], -10..80, leaf), lower.der.clone(), upper.der.clone()];
        let trust = store(&[&root.der], None).judge(&chain);
        assert_eq!(trust.public.is_some(), expected.is_empty(), "{name}");
        let path = trust.path().expect(name);
        let at = |refusal: &Refusal| path.certificates.iter().position(|print| Some(*print) == refusal.certificate).expect(name);
        assert_eq!(path.refused.iter().map(|refusal| (refusal.kind, at(refusal))).collect::<Vec<_>>(), expected, "{name}");
        assert_eq!(path.certificates, prints(&[&chain[0], &lower.der, &upper.der]), "{name}");
    }
}

#[test]
fn of_two_paths_the_one_that_nobody_refuses_is_taken() {
    let (one, other) = (Ca::root("One"), Ca::root("Other"));
    let bad = one.intermediate_with("Intermediate", -100..400, |params| params.key_usages = vec![KeyUsagePurpose::CrlSign]);
    let good = other.cross(&bad, -100..60);
    let leaf = bad.leaf(&[HOST], -10..80);
    let trust = store(&[&one.der, &other.der], None).judge(&[leaf.clone(), bad.der.clone(), good.der.clone()]);
    assert_eq!(trust.public.expect("a path").certificates, prints(&[&leaf, &good.der]));
}

#[test]
fn a_leaf_marked_as_ca_is_accepted_where_openssl_accepts_it() {
    let root = Ca::root("Root");
    let intermediate = root.intermediate("Intermediate", -100..200);
    let leaf = intermediate.leaf_with(&[HOST], -10..80, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let path = store(&[&root.der], None).judge(&[leaf.clone(), intermediate.der.clone()]).public.expect("a path");
    assert_eq!((path.certificates, path.not_after), (prints(&[&leaf, &intermediate.der]), day(80)));

    let own = self_signed(&[HOST], -10..80, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let path = store(&[&own], None).judge(std::slice::from_ref(&own)).public.expect("the roots hold it");
    assert_eq!(path.certificates, prints(&[&own]));
}

#[test]
fn only_a_ca_may_stand_above_the_leaf() {
    let root = Ca::root("Root");
    let intermediate = root.intermediate("Intermediate", -500..-50);
    let mut rogue_chain = vec![intermediate.leaf(&[HOST], -10..80)];
    let not_a_ca = root.leaf_with(&[], -500..-50, |params| {
        params.distinguished_name.push(rcgen::DnType::CommonName, "Intermediate");
    });
    rogue_chain.push(not_a_ca);
    assert_eq!(store(&[&root.der], None).judge(&rogue_chain).public, None);
}

#[test]
fn a_private_ca_is_told_from_a_public_one() {
    let (public, private) = (Ca::root("Public"), Ca::root("Company CA"));
    let leaf = private.leaf(&[HOST], -10..80);
    let file = pem(&[&private.der]);
    let trust = store(&[&public.der], Some(file.path())).judge(std::slice::from_ref(&leaf));
    assert_eq!(trust.public, None);
    let vouched = trust.private.expect("the CA file vouches");
    assert_eq!((vouched.by, vouched.path.root.as_str()), (PrivateCa::CaFile, "CN=Company CA"));
    let both = store(&[&private.der], Some(file.path())).judge(&[leaf]);
    assert!(both.public.is_some() && both.private.is_none(), "a public root comes first");
}

#[test]
fn a_chain_made_to_exhaust_the_builder_is_judged_in_bounded_time() {
    let root = Ca::root("Root");
    let ring: Vec<Ca> = (0..40).map(|_| root.intermediate("Root", -100..200)).collect();
    let mut chain = vec![ring[0].leaf(&[HOST], -10..80)];
    chain.extend(ring.iter().map(|ca| ca.der.clone()));
    let begin = std::time::Instant::now();
    let _ = store(&[&Ca::root("Other").der], None).judge(&chain);
    assert!(begin.elapsed() < std::time::Duration::from_secs(20), "{:?}", begin.elapsed());
}

#[test]
fn names_and_constraints_without_number_are_not_compared() {
    let root = Ca::root("Root");
    let intermediate = root.intermediate_with("Intermediate", -100..200, |params| {
        let excluded_subtrees = (0..1_500).map(|number| GeneralSubtree::DnsName(format!("n{number}.example.org"))).collect();
        params.name_constraints = Some(NameConstraints { permitted_subtrees: Vec::new(), excluded_subtrees });
    });
    let names: Vec<String> = (0..1_500).map(|number| format!("n{number}.example.com")).collect();
    let leaf = intermediate.leaf(&names.iter().map(String::as_str).collect::<Vec<_>>(), -10..80);
    let trust = store(&[&root.der], None).judge(&[leaf, intermediate.der.clone()]);
    assert_eq!(trust.public, None);
}

#[test]
fn strangers_sent_before_the_intermediate_take_no_place_from_it() {
    let root = Ca::root("Root");
    let intermediate = root.intermediate("Intermediate", -100..200);
    let mut chain = vec![intermediate.leaf(&[HOST], -10..80)];
    chain.extend((0..40).map(|number| Ca::root(&format!("Stranger {number}")).der));
    chain.push(intermediate.der.clone());
    let path = store(&[&root.der], None).judge(&chain).public.expect("a path");
    assert_eq!(path.certificates, prints(&[&chain[0], &intermediate.der]));
}

#[test]
fn the_same_set_has_the_same_digest_in_any_order() {
    let (one, two) = (Ca::root("One"), Ca::root("Two"));
    let forward = store(&[&one.der, &two.der], None).roots();
    let backward = store(&[&two.der, &one.der], None).roots();
    assert_eq!((forward.sha256, forward.count), (backward.sha256, 2));
    assert_ne!(forward.sha256, store(&[&one.der], None).roots().sha256);
    let mozilla = TrustStore::load(&RootSource::Mozilla, None).unwrap().roots();
    assert_eq!(mozilla.name, "mozilla");
    assert!(mozilla.count > 100);
}

#[test]
fn root_files_that_cannot_serve_are_refused_by_name() {
    let write = |text: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    };
    for (file, says) in [
        (write(""), "no PEM certificate"),
        (write("just text\n"), "no PEM certificate"),
        (write("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"), "certificate 1"),
        (write("-----BEGIN CERTIFICATE-----\nMIIB\n"), "certificate 1"),
        (pem(&[&Ca::root("Root").der, b"not DER"]), "certificate 2"),
    ] {
        let error = TrustStore::load(&RootSource::File(file.path().to_owned()), None).expect_err(says).to_string();
        assert!(error.contains(says) && error.contains(&file.path().display().to_string()), "{error}");
    }
    let error = TrustStore::load(&RootSource::Mozilla, Some(FilePath::new("/nonexistent/ca.pem"))).expect_err("no file").to_string();
    assert!(error.contains("/nonexistent/ca.pem"), "{error}");
}

#[test]
fn root_sources_are_named_as_on_the_command_line() {
    for (text, source) in [("mozilla", RootSource::Mozilla), ("os", RootSource::System), ("ca.pem", RootSource::File("ca.pem".into()))] {
        assert_eq!(text.parse(), Ok(source));
    }
}

proptest::proptest! {
    #[test]
    fn damaged_chains_never_panic(place in 0_usize..2_000, byte: u8, noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..50)) {
        static CHAIN: std::sync::LazyLock<(TrustStore, Vec<Vec<u8>>)> = std::sync::LazyLock::new(|| {
            let root = Ca::root("Root");
            let intermediate = root.intermediate_with("Intermediate", -500..-50, |params| {
                let permitted_subtrees = vec![GeneralSubtree::DnsName("example.com".into())];
                params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
            });
            (store(&[&root.der], None), vec![intermediate.leaf(&[HOST], -10..80), intermediate.der.clone()])
        });
        let (store, mut chain) = (&CHAIN.0, CHAIN.1.clone());
        let target = place % 2;
        let place = place / 2 % chain[target].len();
        chain[target][place] = byte;
        chain.push(noise);
        let _ = path::best(&chain, &store.public);
    }
}
