//! A server's side of a dialogue that ends at each byte of it: nothing that was not seen may count as seen.
//!
//! Many hosts at a time, each with an offset of its own, until they are all healthy because the dialogue is over before the break.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::lab::{Cut, Domain, End, Https, HttpsHost, Lab, Leaf, Offset, Smtp, SmtpHost};
use crate::run::{Run, stsready};

/// A domain's MX hosts are looked at up to this number.
const AT_ONCE: usize = 100;
/// Far more than any dialogue has.
const LONGEST: usize = 8_000;
const MOST_KIB: u64 = 256 * 1024;

/// What may be said of a host whose side ends somewhere in the dialogue; only what was refused under our eyes is broken.
pub(super) const OF_MX_HOSTS: &[&str] = &[
    "unknown starttls-unreachable",
    "unknown starttls-busy",
    "unknown starttls-not-smtp",
    "unknown starttls-rejected",
    "blocker starttls-rejected",
    "unknown starttls-handshake",
    "blocker starttls-handshake",
    "unknown starttls-after",
    "blocker starttls-after",
    "unknown-warning starttls-key-type-unprobed",
];

/// A domain with a hundred MX hosts.
struct Crowd {
    lab: crate::lab::BlockingLab,
    _domain: Domain,
    hosts: Vec<(String, SmtpHost)>,
}

impl Crowd {
    fn gather() -> Self {
        let lab = Lab::start_blocking().unwrap();
        let domain = lab.good_domain("crowd.test", |plan| plan.mx_hosts = 0);
        let chain = lab.ca().issue(&Leaf::for_host("*.crowd.test"));
        let host = |number: usize| {
            let name = format!("m{number:02}.crowd.test");
            let host = lab.smtp_host(Smtp { hostname: name.clone(), ..Smtp::default() }, chain.clone());
            lab.dns().mx("crowd.test", 10, &name);
            lab.dns().address(&name, host.address());
            (name, host)
        };
        let hosts = (0..AT_ONCE).map(host).collect();
        domain.policy_host.set(Https::policy(&crate::lab::domain::policy("testing", 1_209_600, &["*.crowd.test"])));
        Self { lab, _domain: domain, hosts }
    }

    /// Breaks the hosts off from `first` on, and holds what is said against what was seen. Returns how many were healthy.
    fn check(&self, first: usize, step: usize, end: End, more: &[&str]) -> usize {
        for (number, (_, host)) in self.hosts.iter().enumerate() {
            host.cut(Cut { after: Offset::Bytes(first + number * step), end });
        }
        let facts = self.lab.folder().join("facts.json");
        let call = stsready(["check", "crowd.test", "--no-dane", "--all", "--format", "json", "--save-facts"]).args([&facts]);
        let run = call.args(more).at(&self.lab).run();
        assert!(run.peak_kib < MOST_KIB, "{} KiB", run.peak_kib);
        let facts: Value = serde_json::from_slice(&std::fs::read(facts).unwrap()).unwrap();
        let probes: BTreeMap<&str, &Value> =
            facts["servers"].as_array().unwrap().iter().map(|server| (server["name"].as_str().unwrap(), &server["probes"][0])).collect();
        let assessment = run.assessment();
        let mut healthy = 0;
        for (number, (name, _)) in self.hosts.iter().enumerate() {
            let probe = probes[name.as_str()];
            let seen = |step: &str| probe[step].get("seen").is_some();
            let words = || format!("{name} {end:?} after {} bytes\n{probe:#}", first + number * step);
            let all = assessment.0["findings"].as_array().unwrap().iter().map(crate::run::Finding);
            let own: Vec<_> = all.filter(|finding| finding.text("subject").starts_with(name)).collect();
            let holds = |code: &str| own.iter().any(|finding| finding.code() == code && finding.text("outcome") == "holds");
            // The second, wider hello may have been answered with the chain before the break.
            let met_the_chain = seen("tls") || probe["wide"]["outcome"].get("seen").is_some();
            assert!(
                met_the_chain || !own.iter().any(|finding| finding.code().starts_with("cert-") && finding.text("outcome") == "holds"),
                "{}",
                words()
            );
            assert!(seen("ehlo") || !holds("starttls-missing"), "{}", words());
            assert!(seen("tls") || !holds("starttls-handshake"), "{}", words());
            assert!(seen("ehlo_after") || !holds("starttls-after"), "{}", words());
            let wrong: Vec<String> = own
                .iter()
                .filter(|finding| ["broken", "undetermined"].contains(&finding.text("outcome")))
                .map(|finding| format!("{} {}", finding.weight(), finding.code()))
                .collect();
            assert!(wrong.iter().all(|told| OF_MX_HOSTS.contains(&told.as_str())), "{wrong:?} {}", words());
            let decides = wrong.iter().any(|told| told.starts_with("unknown ") || told.starts_with("blocker "));
            assert_ne!(decides, seen("ehlo_after"), "{wrong:?} {}", words());
            let is_early = !seen("starttls");
            assert!(!is_early || seen("ehlo") || !wrong.iter().any(|told| told.starts_with("blocker")), "{wrong:?} {}", words());
            healthy += usize::from(!decides);
        }
        healthy
    }

    /// From the first byte until nothing breaks any more.
    fn walk(&self, step: usize, end: End, more: &[&str]) {
        let mut first = 0;
        let mut broken = 0;
        loop {
            let healthy = self.check(first, step, end, more);
            broken += AT_ONCE - healthy;
            if healthy == AT_ONCE {
                break;
            }
            first += AT_ONCE * step;
            assert!(first < LONGEST, "a dialogue has an end");
        }
        assert!(broken * step > 1_000, "clear text and handshake have more bytes than {broken} steps of {step}");
    }
}

#[test]
fn an_mx_host_that_resets_at_each_byte_is_never_taken_for_whole() {
    Crowd::gather().walk(1, End::Reset, &[]);
}

#[test]
fn an_mx_host_that_closes_at_any_byte_is_never_taken_for_whole() {
    Crowd::gather().walk(7, End::Close, &[]);
}

#[test]
fn an_mx_host_that_falls_silent_at_any_byte_is_never_taken_for_whole() {
    Crowd::gather().walk(29, End::Stall, &["--timeout", "4s"]);
}

/// Domains with a policy host of their own each.
struct Street {
    lab: crate::lab::BlockingLab,
    hosts: Vec<(String, HttpsHost)>,
}

impl Street {
    fn build(houses: usize) -> Self {
        let lab = Lab::start_blocking().unwrap();
        lab.dns().address("mx.lab.test", lab.refusing_address());
        let house = |number: usize| {
            let name = format!("d{number}.test");
            let domain = lab.good_domain(&name, |plan| {
                plan.mx_hosts = 0;
                plan.foreign_mx = vec!["mx.lab.test".to_owned()];
            });
            (name, domain.policy_host)
        };
        let hosts = (0..houses).map(house).collect();
        Self { lab, hosts }
    }

    fn check(&self, first: usize, step: usize, end: End, more: &[&str]) -> usize {
        for (number, (_, host)) in self.hosts.iter().enumerate() {
            host.cut(Cut { after: Offset::Bytes(first + number * step), end });
        }
        let names = self.hosts.iter().map(|(name, _)| name);
        let run: Run = stsready(["policy", "--format", "json"]).args(names).args(more).at(&self.lab).run();
        assert!(run.peak_kib < MOST_KIB, "{} KiB", run.peak_kib);
        let mut healthy = 0;
        for (number, assessment) in run.assessments().iter().enumerate() {
            let told: Vec<String> =
                assessment.findings().iter().map(|finding| format!("{} {}", finding.weight(), finding.code())).collect();
            let of_the_fetch = |code: &String| code.ends_with(" fetch-connect") || code.ends_with(" fetch-tls");
            let words = format!("{end:?} after {} bytes: {told:?}", first + number * step);
            // A part of the policy is no policy to be judged, and what is not there is not withdrawn.
            let of_the_text = told.iter().any(|code| code.contains(" policy-"));
            let broken = told.iter().any(of_the_fetch);
            assert!(!broken || !of_the_text, "{words}");
            assert_eq!(assessment.0["policy"]["text"].is_string(), !broken, "{words}");
            healthy += usize::from(!broken);
        }
        healthy
    }

    fn walk(&self, step: usize, end: End, more: &[&str]) {
        let mut first = 0;
        while self.check(first, step, end, more) < self.hosts.len() {
            first += self.hosts.len() * step;
            assert!(first < LONGEST, "an answer has an end");
        }
        assert!(first > 1_000, "handshake and answer have more bytes than {first}");
    }
}

#[test]
fn a_policy_host_that_resets_at_any_byte_serves_no_policy() {
    Street::build(100).walk(3, End::Reset, &[]);
}

#[test]
fn a_policy_host_that_closes_at_any_byte_serves_no_policy() {
    Street::build(100).walk(11, End::Close, &[]);
}

#[test]
fn a_policy_host_that_falls_silent_at_any_byte_serves_no_policy() {
    Street::build(60).walk(47, End::Stall, &["--timeout", "4s"]);
}

/// The whole is what it takes: no step of a silent dialogue is waited for longer than is said.
#[test]
fn silence_ends_with_the_patience() {
    let crowd = Crowd::gather();
    let begun = std::time::Instant::now();
    crowd.check(0, 29, End::Stall, &["--timeout", "1s"]);
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
}
