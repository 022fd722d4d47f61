//! dane-*: TLSA records beside the policy. None of it decides.

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use hickory_proto::rr::RecordType;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::row::Answer::{NotReady, Ready};
use super::row::{Row, hold, hold_in, row};
use super::scene::Scene;
use crate::lab::{Chain, Fault, Key, Lab, Smtp};
use crate::run::stsready;

const NOTED: &[&str] = &["advice dane-present mx1."];
const MISMATCH: &[&str] = &["warning dane-mismatch mx1.", "advice dane-present mx1."];
const DIFFERENT_KEYS: &[&str] = &["warning dane-mismatch mx1.", "advice dane-present mx1.", "advice cert-addresses-differ mx1."];
const UNTOLD: &[&str] = &["unknown-warning dane-lookup-failed mx1."];
const FAILED: &[&str] = &["warning dane-lookup-failed mx1."];

pub(super) fn rows() -> Vec<Row> {
    [matching(), differing(), vouching(), failing(), provided(), forwarding()].into_iter().flatten().collect()
}

fn matching() -> Vec<Row> {
    vec![
        row("a TLSA record of the key", Ready, NOTED, |it| it.pinned(3, 1, 1, 0)),
        row("a TLSA record of the certificate", Ready, NOTED, |it| it.pinned(3, 0, 1, 0)),
        row("a TLSA record with SHA-512", Ready, NOTED, |it| it.pinned(3, 1, 2, 0)),
        row("a TLSA record of the whole key", Ready, NOTED, |it| it.pinned(3, 1, 0, 0)),
        row("a TLSA record of the CA's key", Ready, NOTED, |it| it.pinned(2, 1, 1, 1)),
        row("a TLSA record of the CA's certificate", Ready, NOTED, |it| it.pinned(2, 0, 2, 1)),
        row("a TLSA record that holds a root which is not sent", Ready, NOTED, |it| {
            it.sign();
            it.tlsa(2, 0, 0, it.lab.ca().root().der().to_vec());
        }),
        row("a TLSA record that holds the key of a root which is not sent", Ready, NOTED, |it| {
            it.sign();
            it.tlsa(2, 1, 0, data(it.lab.ca().root().der(), 1, 0));
        }),
        row("the TLSA record of the next key beside that of this one", Ready, NOTED, |it| {
            it.pinned(3, 1, 1, 0);
            it.tlsa(3, 1, 1, vec![7; 32]);
        }),
        row("TLSA records of two keys", Ready, NOTED, |it| {
            let chains = [Key::P256, Key::Rsa2048].map(|key| it.issue(&it.leaf(1).key(key)));
            it.sign();
            for chain in &chains {
                it.tlsa(3, 1, 1, chain.tlsa_3_1_1());
            }
            it.mx_presents(1, chains.to_vec());
        }),
        row("a TLSA record behind a CNAME", Ready, NOTED, |it| {
            let chain = it.issue(&it.leaf(1));
            it.sign();
            it.dns().cname(&it.tlsa_name(), &it.below("_dane"));
            it.dns().tlsa(&it.below("_dane"), 3, 1, 1, chain.tlsa_3_1_1());
            it.mx_presents(1, chain);
        }),
        // DANE asks for the key alone, MTA-STS for more: each says its own.
        row("an expired certificate with the right key", NotReady, &["blocker cert-expired mx1.", "advice dane-present mx1."], |it| {
            let chain = it.issue(&it.leaf(1).expires_in(-1));
            it.sign();
            it.tlsa(3, 1, 1, chain.tlsa_3_1_1());
            it.mx_presents(1, chain);
        }),
        row("TLSA records of usages that mail does not have", Ready, NOTED, |it| {
            it.sign();
            it.tlsa(0, 0, 1, vec![1; 32]);
            it.tlsa(1, 1, 1, vec![2; 32]);
        }),
        row("a TLSA record with half a digest", Ready, NOTED, |it| {
            it.sign();
            it.tlsa(3, 1, 1, vec![3; 16]);
        }),
    ]
}

fn differing() -> Vec<Row> {
    vec![
        row("a TLSA record of another key", Ready, MISMATCH, |it| {
            it.sign();
            it.tlsa(3, 1, 1, vec![7; 32]);
        }),
        row("a TLSA record of another CA", Ready, MISMATCH, |it| {
            it.sign();
            it.tlsa(2, 1, 1, data(it.lab.ca().unknown_root().der(), 1, 1));
        }),
        // For usage 2 the root must be sent, or be in the record whole (RFC 7672 §3.1.2).
        row("a TLSA digest of a root that is not sent", Ready, MISMATCH, |it| {
            it.sign();
            it.tlsa(2, 0, 1, data(it.lab.ca().root().der(), 0, 1));
        }),
        row(
            "the CA of a certificate for another name",
            NotReady,
            &["blocker cert-name-mismatch mx1.", "warning dane-mismatch mx1.", "advice dane-present mx1."],
            |it| {
                let chain = it.lab.chain(&it.below("www"));
                it.sign();
                it.tlsa(2, 1, 1, data(&chain.certificates()[1], 1, 1));
                it.mx_presents(1, chain);
            },
        ),
        row("a stale SHA-512 record beside a good one", Ready, MISMATCH, |it| {
            it.pinned(3, 1, 1, 0);
            it.tlsa(3, 1, 2, vec![7; 64]);
        }),
        row("another key at the second address", Ready, DIFFERENT_KEYS, |it| {
            it.pinned(3, 1, 1, 0);
            it.second_address(1, Smtp::default(), it.issue(&it.leaf(1)));
        }),
        row("another key, and DANE is not asked for", Ready, &[], |it| {
            it.sign();
            it.tlsa(3, 1, 1, vec![7; 32]);
            it.args(&["--no-dane"]);
        }),
    ]
}

fn vouching() -> Vec<Row> {
    vec![
        row("a signed zone without TLSA records", Ready, &[], |it| it.sign()),
        row("TLSA records in an unsigned zone", Ready, &["advice dane-insecure mx1."], |it| it.tlsa(3, 1, 1, vec![7; 32])),
        row("a TLSA record and a trusted resolver", Ready, NOTED, |it| {
            it.pinned(3, 1, 1, 0);
            it.args(&["--trust-ad"]);
        }),
        row("another key and a trusted resolver", Ready, MISMATCH, |it| {
            it.sign();
            it.tlsa(3, 1, 1, vec![7; 32]);
            it.args(&["--trust-ad"]);
        }),
        row("TLSA records in an unsigned zone and a trusted resolver", Ready, &["advice dane-insecure mx1."], |it| {
            it.tlsa(3, 1, 1, vec![7; 32]);
            it.args(&["--trust-ad"]);
        }),
        // The keys of the lab do not lead to the root of the world.
        row(
            "a trust anchor of another root",
            Ready,
            &["unknown-warning dane-lookup-failed mx1.", "unknown-warning dane-mismatch mx1."],
            |it| {
                it.sign();
                it.tlsa(3, 1, 1, vec![7; 32]);
                let other = it.lab.folder().join("other-root.key");
                std::fs::write(&other, crate::lab::Dns::default().trust_anchor()).unwrap();
                it.args(&["--trust-anchor", other.to_str().unwrap()]);
            },
        ),
    ]
}

fn failing() -> Vec<Row> {
    vec![
        row("SERVFAIL to TLSA in a signed zone", Ready, FAILED, |it| {
            it.sign();
            it.tlsa_fault(Fault::ServFail);
        }),
        row("SERVFAIL to TLSA in an unsigned zone", Ready, &[], |it| it.tlsa_fault(Fault::ServFail)),
        row("REFUSED to TLSA in a signed zone", Ready, FAILED, |it| {
            it.sign();
            it.tlsa_fault(Fault::Refused);
        }),
        row("no answer to TLSA in a signed zone", Ready, FAILED, |it| {
            it.sign();
            it.tlsa_fault(Fault::Drop);
            it.patience("3s");
        }),
        row("TLSA records that a validating resolver refuses", Ready, FAILED, |it| {
            it.pinned(3, 1, 1, 0);
            it.tlsa_fault(Fault::Bogus);
        }),
        row("TLSA records that a trusted resolver refuses", Ready, FAILED, |it| {
            it.pinned(3, 1, 1, 0);
            it.tlsa_fault(Fault::Bogus);
            it.args(&["--trust-ad"]);
        }),
        // The validator here and the one at the resolver contradict each other: nobody is accused.
        row("signatures that only the resolver accepts", Ready, UNTOLD, |it| {
            it.pinned(3, 1, 1, 0);
            it.tlsa_fault(Fault::BadSignatures);
        }),
        row("more signatures than anybody would check", Ready, UNTOLD, |it| {
            it.pinned(3, 1, 1, 0);
            it.tlsa_fault(Fault::ManySignatures);
        }),
        row("TLSA records whose way to the anchor fails", Ready, UNTOLD, |it| {
            it.pinned(3, 1, 1, 0);
            it.dns().fault_on(&it.name, RecordType::DNSKEY, Fault::ServFail);
        }),
    ]
}

/// A host in a signed zone of its own, named by the MX records of an unsigned one.
fn provided() -> Vec<Row> {
    fn provider(it: &Scene<'_>) {
        let chain = it.lab.chain(PROVIDED);
        let host = it.lab.smtp_host(Smtp { hostname: PROVIDED.into(), ..Smtp::default() }, chain.clone());
        it.dns().address(PROVIDED, host.address());
        it.dns().sign("provider.test");
        it.dns().tlsa(&format!("_{}._tcp.{PROVIDED}", it.lab.smtp_port()), 3, 1, 1, chain.tlsa_3_1_1());
    }
    let plan = |plan: &mut crate::lab::DomainPlan| plan.foreign_mx = vec![PROVIDED.into()];
    vec![
        row("a provider's TLSA records beside unsigned MX records", Ready, &["advice dane-insecure mx.provider.test"], |it| {
            provider(it);
        })
        .plan(plan),
    ]
}

const PROVIDED: &str = "mx.provider.test";

/// Behind a resolver that passes signatures on and checks none.
fn forwarding() -> Vec<Row> {
    vec![
        row("a TLSA record behind a forwarder", Ready, NOTED, |it| it.pinned(3, 1, 1, 0)),
        row("bad signatures of TLSA records", Ready, FAILED, |it| {
            it.pinned(3, 1, 1, 0);
            it.tlsa_fault(Fault::BadSignatures);
        }),
        row("old signatures of TLSA records", Ready, FAILED, |it| {
            it.pinned(3, 1, 1, 0);
            it.tlsa_fault(Fault::OldSignatures);
        }),
        row("a TLSA record by a wildcard", Ready, NOTED, |it| {
            let chain = it.issue(&it.leaf(1));
            it.sign();
            it.dns().tlsa(&format!("*._tcp.{}", it.mx_name(1)), 3, 1, 1, chain.tlsa_3_1_1());
            it.mx_presents(1, chain);
        }),
        // Nobody but the zone itself says that it is signed.
        row("a signed zone without a DS record", Ready, &["advice dane-insecure mx1."], |it| {
            it.dns().sign_alone(&it.name);
            it.tlsa(3, 1, 1, vec![7; 32]);
        }),
        row("bad signatures in a zone without a DS record", Ready, &["advice dane-insecure mx1."], |it| {
            it.dns().sign_alone(&it.name);
            it.tlsa(3, 1, 1, vec![7; 32]);
            it.tlsa_fault(Fault::BadSignatures);
        }),
        row("TLSA records that lost their signatures", Ready, UNTOLD, |it| {
            it.pinned(3, 1, 1, 0);
            it.tlsa_fault(Fault::NoSignatures);
        }),
        row("bad signatures of MX records", Ready, FAILED, |it| {
            it.pinned(3, 1, 1, 0);
            it.dns().fault_on(&it.name, RecordType::MX, Fault::BadSignatures);
        }),
        row("bad signatures of addresses", Ready, FAILED, |it| {
            it.pinned(3, 1, 1, 0);
            it.dns().fault_on(&it.mx_name(1), RecordType::A, Fault::BadSignatures);
        }),
        row("a trusted resolver that does not validate", Ready, UNTOLD, |it| {
            it.pinned(3, 1, 1, 0);
            it.args(&["--trust-ad"]);
        }),
    ]
}

/// Behind a resolver that takes the signatures away.
fn stripping() -> Vec<Row> {
    vec![
        row("a TLSA record without its signatures", Ready, UNTOLD, |it| it.pinned(3, 1, 1, 0)),
        row("a signed zone without its signatures", Ready, &[], |it| it.sign()),
    ]
}

impl Scene<'_> {
    fn sign(&self) {
        self.dns().sign(&self.name);
    }

    fn tlsa_name(&self) -> String {
        format!("_{}._tcp.{}", self.lab.smtp_port(), self.mx_name(1))
    }

    fn tlsa(&self, usage: u8, selector: u8, matching: u8, data: Vec<u8>) {
        self.dns().tlsa(&self.tlsa_name(), usage, selector, matching, data);
    }

    fn tlsa_fault(&self, fault: Fault) {
        self.dns().fault_on(&self.tlsa_name(), RecordType::TLSA, fault);
    }

    /// In a signed zone, a record of the certificate at this place in the chain that the first MX host serves.
    fn pinned(&self, usage: u8, selector: u8, matching: u8, place: usize) {
        let chain: Chain = self.issue(&self.leaf(1));
        self.sign();
        self.tlsa(usage, selector, matching, data(&chain.certificates()[place], selector, matching));
        self.mx_presents(1, chain);
    }
}

/// The data of a TLSA record of a certificate.
fn data(der: &[u8], selector: u8, matching: u8) -> Vec<u8> {
    let (_, certificate) = X509Certificate::from_der(der).expect("the lab's certificates parse");
    let selected = if selector == 0 { der } else { certificate.public_key().raw };
    match matching {
        0 => selected.to_vec(),
        1 => digest(&SHA256, selected).as_ref().to_vec(),
        _ => digest(&SHA512, selected).as_ref().to_vec(),
    }
}

#[test]
fn the_summary_of_a_host_has_its_tlsa_records() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    scene.pinned(3, 1, 1, 0);
    scene.tlsa(3, 1, 1, vec![7; 32]);
    let run = scene.check().run().exits(0).json();
    let dane = &run["mx"][0]["dane"];
    assert_eq!((&dane["security"], &dane["by"], &dane["matches"]), (&"secure".into(), &"validated here".into(), &true.into()));
    assert_eq!(dane["records"].as_array().unwrap().len(), 2);
    assert_eq!(run["mx"][1]["dane"], serde_json::json!({ "records": [], "security": "secure", "by": "validated here", "matches": null }));
    let run = scene.check().args(["--trust-ad"]).run().exits(0).json();
    assert_eq!(run["mx"][0]["dane"]["by"], format!("the AD bit of {}", lab.resolver()));
    let run = scene.check().args(["--no-dane"]).run().exits(0).json();
    assert!(run["mx"][0].get("dane").is_none());
}

#[test]
fn the_record_to_publish_is_the_one_that_matches() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let chain = scene.issue(&scene.leaf(1));
    let key: String = chain.tlsa_3_1_1().iter().map(|byte| format!("{byte:02x}")).collect();
    scene.mx_presents(1, chain);
    scene.sign();
    scene.tlsa(3, 1, 1, vec![7; 32]);
    let assessment = scene.check().run().exits(0).assessment();
    let mismatch = assessment.of("dane-mismatch");
    let line = format!("{}. 3600 IN TLSA 3 1 1 {key}", scene.tlsa_name());
    assert!(mismatch.len() == 1 && mismatch[0].0.to_string().contains(&line), "{:#}", mismatch[0].0);
}

#[test]
fn tlsa_records_that_match() {
    hold(&matching());
}

#[test]
fn tlsa_records_that_do_not_match() {
    hold(&differing());
}

#[test]
fn who_vouches_for_tlsa_records() {
    hold(&vouching());
}

#[test]
fn tlsa_lookups_that_fail() {
    hold(&failing());
}

#[test]
fn tlsa_records_of_a_provider() {
    hold(&provided());
}

#[test]
fn signatures_behind_a_forwarder() {
    let lab = Lab::start_blocking().unwrap();
    lab.dns().without_validation();
    hold_in(&lab, &forwarding());
}

#[test]
fn a_resolver_that_strips_signatures_accuses_nobody() {
    let lab = Lab::start_blocking().unwrap();
    lab.dns().without_validation();
    lab.dns().fault_on(".", RecordType::DNSKEY, Fault::NoSignatures);
    hold_in(&lab, &stripping());
}

/// The root's keys are waited for once, and not by every question in turn.
#[test]
fn a_resolver_that_drops_the_question_for_keys_costs_little_time() {
    let lab = Lab::start_blocking().unwrap();
    lab.dns().fault_on(".", RecordType::DNSKEY, Fault::Drop);
    let scene = Scene::new(&lab, "alpha.test", |plan| plan.mx_hosts = 4);
    let begin = std::time::Instant::now();
    stsready(["mx", "alpha.test", "--quiet", "--timeout", "2s"]).at(&lab).run().exits(0);
    let took = begin.elapsed();
    // Two attempts of two seconds, once; the rest is quick.
    assert!(took < std::time::Duration::from_secs(7), "{took:?} at {}", scene.name);
}
