//! Domains in signed, unsigned and broken zones, seen through a resolver that validates.
//!
//! What does not hold is SERVFAIL to whoever asks: it cannot be told from here whether the domain is fine or broken, and so neither is said.

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::mail::shown;
use super::names::{Forgery, Names, Signed, Zone};
use crate::lab::{Domain, Lab, REPORT_MAILBOX};
use crate::run::{Run, stsready};

/// A domain in enforce with two MX hosts, healthy but for its zone.
struct Case {
    name: &'static str,
    signed: Signed,
    tlsa: Tlsa,
    forged: Option<Forgery>,
    answer: &'static str,
    /// Everything that is shown.
    shows: &'static [&'static str],
    /// Stands in what is shown, and gives the reason.
    says: &'static str,
}

/// The TLSA record of the first MX host.
#[derive(PartialEq)]
enum Tlsa {
    None,
    OfTheKey,
    OfAnother,
}

const READY: Case = Case { name: "", signed: Signed::Yes, tlsa: Tlsa::None, forged: None, answer: "ready", shows: &[], says: "" };
const UNSEEN: Case =
    Case { answer: "inconclusive", shows: &["unknown domain-dns-failed"], says: "the resolver answered SERVFAIL", ..READY };

const CASES: [Case; 13] = [
    Case { name: "unsigned.test", signed: Signed::No, ..READY },
    Case { name: "signed.test", ..READY },
    Case { name: "pinned.test", tlsa: Tlsa::OfTheKey, shows: &["advice dane-present"], says: "secure", ..READY },
    Case {
        name: "mismatch.test",
        tlsa: Tlsa::OfAnother,
        shows: &["advice dane-present", "warning dane-mismatch"],
        says: "DANE-aware senders hold mail back",
        ..READY
    },
    Case {
        name: "unsigned-tlsa.test",
        signed: Signed::No,
        tlsa: Tlsa::OfAnother,
        shows: &["advice dane-insecure"],
        says: "lie in an unsigned zone",
        ..READY
    },
    // Nobody but the zone itself says that it is signed.
    Case {
        name: "alone.test",
        signed: Signed::Alone,
        tlsa: Tlsa::OfAnother,
        shows: &["advice dane-insecure"],
        says: "lie in an unsigned zone",
        ..READY
    },
    Case {
        name: "forged-tlsa.test",
        tlsa: Tlsa::OfAnother,
        forged: Some(Forgery { below: "_tcp.mx1.", kind: "TLSA", from: "0707", to: "0708" }),
        shows: &["warning dane-lookup-failed"],
        says: "answers when it is asked not to check signatures",
        ..READY
    },
    Case { name: "ended.test", signed: Signed::Formerly, says: "_mta-sts.ended.test TXT: the resolver answered SERVFAIL", ..UNSEEN },
    Case { name: "old-ds.test", signed: Signed::UnderOldDs, says: "old-ds.test MX: the resolver answered SERVFAIL", ..UNSEEN },
    Case { name: "forged-id.test", forged: Some(Forgery { below: "_mta-sts.", kind: "TXT", from: "2026", to: "2027" }), ..UNSEEN },
    Case { name: "forged-mx.test", forged: Some(Forgery { below: "", kind: "MX", from: "10", to: "20" }), ..UNSEEN },
    Case { name: "forged-policy-host.test", forged: Some(Forgery { below: "mta-sts.", kind: "A", from: "127.", to: "126." }), ..UNSEEN },
    Case { name: "forged-mx-host.test", forged: Some(Forgery { below: "mx1.", kind: "A", from: "127.", to: "126." }), ..UNSEEN },
];

#[test]
fn what_is_said_of_domains_behind_a_validating_resolver() {
    let lab = Lab::start_blocking().expect("a lab");
    let zones: Vec<Zone> = CASES.iter().map(|case| zone(&lab, case)).collect();
    let Some(names) = Names::start(&lab, &zones) else { return };
    for case in CASES {
        // Validated here, and by the resolver alone.
        for more in [&[][..], &["--trust-ad"]] {
            let run = check(&lab, &names, names.validating, case.name, more).exits(if case.answer == "ready" { 0 } else { 3 });
            assert_eq!(run.assessment().answer(), case.answer, "{run}");
            // No report is given, which is said of every domain.
            let told: Vec<String> = shown(&run).into_iter().filter(|told| !told.ends_with(" reports-none")).collect();
            assert_eq!(told, case.shows, "{}{run}", case.name);
            assert!(run.stdout.contains(case.says), "{} is to say {:?}{run}", case.name, case.says);
        }
    }
    // It is the signatures that are wrong: without anybody who validates, the same servers serve domains that are ready.
    for case in CASES.iter().filter(|case| case.signed == Signed::Formerly || case.signed == Signed::UnderOldDs) {
        check(&lab, &names, names.blind, case.name, &["--no-dane"]).exits(0);
    }
}

fn zone(lab: &Lab, case: &Case) -> Zone {
    let domain = lab.good_domain(case.name, |plan| plan.mode = "enforce".into());
    Zone { name: case.name.into(), records: records(lab, &domain, &case.tlsa), signed: case.signed, forged: case.forged }
}

/// What the lab's own DNS says of a domain, and a TLSA record.
fn records(lab: &Lab, domain: &Domain, tlsa: &Tlsa) -> String {
    let mut records = format!(
        "mta-sts A {}\n_mta-sts TXT \"v=STSv1; id=20260101T000000;\"\n_smtp._tls TXT \"v=TLSRPTv1; rua=mailto:{REPORT_MAILBOX}\"\n",
        domain.policy_host.address(),
    );
    for (name, host) in &domain.mx {
        let _ = writeln!(records, "@ MX 10 {name}.\n{name}. A {}", host.address());
    }
    let (name, host) = &domain.mx[0];
    let chain = lab.chain(name);
    let data = match tlsa {
        Tlsa::None => return records,
        Tlsa::OfTheKey => chain.tlsa_3_1_1().iter().map(|byte| format!("{byte:02x}")).collect(),
        Tlsa::OfAnother => "07".repeat(32),
    };
    host.set_identity(chain);
    let _ = writeln!(records, "_{}._tcp.{name}. TLSA 3 1 1 {data}", lab.smtp_port());
    records
}

/// `stsready check DOMAIN`, which asks these names in place of the lab's.
fn check(lab: &Lab, names: &Names, resolver: SocketAddr, domain: &str, more: &[&str]) -> Run {
    let mut args = lab.args();
    for (option, value) in [("--resolver", resolver.to_string()), ("--trust-anchor", names.trust_anchor().display().to_string())] {
        let place = args.iter().position(|arg| arg == option).expect("the lab has one");
        args[place + 1] = value;
    }
    stsready(["check", domain, "--format", "json"]).args(args).args(more).run()
}
