//! `shop.example` in good order, and what a situation makes of it.
//!
//! What can be wrong at a host: `silent`, `no-starttls`, `expired`, `other-name`, `unlisted-six` (an IPv6 address that this vantage has no
//! way to), `no-address`, `at ADDRESS`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stsready::archive::Archive;
use stsready::archive::intake::OperatorsWord;
use stsready::archive::read;
use stsready::archive::store::Store;
use stsready::decide;
use stsready::model::facts::Facts;
use stsready::model::facts::reports::ReportFacts;
use stsready::model::settings::Settings;
use stsready::render::json as rendered;
use stsready::wire::fingerprint::Fingerprint;
use stsready::wire::name::Domain;

use super::situation::{Checks, Letters, Situation, Was, days};
use crate::documents;

const DOMAIN: &str = "shop.example";
const ROOT: &str = "C=XX, O=Trust One, CN=Root 1";

/// Kind and name of something that checks look at.
type Subject = (String, String);
/// A value with the days of its first and last look.
type Lasted = (Value, i64, i64);

/// What all situations share.
pub(super) struct World {
    folder: tempfile::TempDir,
    /// DER in Base64 by what it is.
    certificates: BTreeMap<&'static str, (String, Fingerprint)>,
}

impl World {
    pub(super) fn new() -> Self {
        let hosts = ["mx1", "mx2", "mx3", "mta-sts"].map(|label| format!("{label}.{DOMAIN}")).to_vec();
        let certificates = [
            ("good", certificate(hosts.clone(), 2025, 2028)),
            ("expired", certificate(hosts, 2025, 2026)),
            ("other-name", certificate(vec!["www.shop.example".to_owned()], 2025, 2028)),
        ];
        Self { folder: tempfile::tempdir().unwrap(), certificates: certificates.into() }
    }

    /// Judges a situation, by its files and out of a store; says what is not as it is due.
    pub(super) fn replay(&self, situation: &Situation) -> Vec<String> {
        let now: Timestamp = situation.now.parse().unwrap();
        let folder = self.post(situation, now);
        let domain = Domain::from_dns(DOMAIN);
        let by_files = Archive::read(std::slice::from_ref(&folder)).unwrap().for_domain(&domain);
        let by_store = stored(&folder, &domain, now);
        let mut facts = self.facts(situation, now);
        if let Some(patch) = &situation.patch {
            merge(&mut facts, &serde_json::to_value(patch).unwrap());
        }
        let facts: Facts = serde_json::from_value(facts).unwrap_or_else(|error| panic!("{}: {error}", situation.name));
        let mut wrong = Vec::new();
        let files = judged(&facts, by_files, now, &mut wrong);
        let store = judged(&facts, by_store, now, &mut wrong);
        for (pointer, what) in [
            ("/answer", "answer"),
            ("/because", "codes"),
            ("/stages", "stages"),
            ("/reports/groups", "groups"),
            ("/valid_until", "validity"),
        ] {
            if files.pointer(pointer) != store.pointer(pointer) {
                wrong.push(format!("the store has other {what}: {}", store.pointer(pointer).unwrap_or(&Value::Null)));
            }
        }
        wrong.extend(differences(situation, &files));
        wrong
    }

    /// Writes the reports into a folder of their own.
    fn post(&self, situation: &Situation, now: Timestamp) -> PathBuf {
        let name: String = situation.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let mut posted: BTreeMap<(String, i64, usize), Value> = BTreeMap::new();
        for (number, letters) in situation.reports.iter().enumerate() {
            for day in days(&letters.days) {
                let place = if letters.more { number + 1 } else { 0 };
                posted.insert((letters.from.clone(), day, place), letter(letters, day, now, &situation.policy));
            }
        }
        for ((from, day, place), report) in posted {
            std::fs::write(folder.join(format!("{from}!{day}!{place}.json")), report.to_string()).unwrap();
        }
        folder
    }

    /// Everything but the reports.
    pub(super) fn facts(&self, situation: &Situation, now: Timestamp) -> Value {
        let servers: Vec<Value> = situation.mx.iter().enumerate().map(|(number, host)| self.server(situation, number, host, now)).collect();
        let records: Vec<Value> = situation
            .mx
            .iter()
            .enumerate()
            .map(|(number, host)| json!({"preference": 10 * (number + 1), "exchange": full(host)}))
            .collect();
        let status = if situation.policy.is_empty() { 404 } else { 200 };
        let text = policy_text(&situation.policy);
        let fetch = json!({
            "address": "192.0.2.99", "at": now, "agent": "test", "elapsed_ms": 5, "connect": {"seen": 3}, "tls": {"seen": self.tls("good", situation)},
            "response": {"seen": {"status": status, "content_type": "text/plain", "body": {"text": text, "sha256": Fingerprint::of(text.as_bytes()), "utf8": true}}},
        });
        let certificates: serde_json::Map<String, Value> =
            self.certificates.values().map(|(der, sha256)| (sha256.to_string(), json!(der))).collect();
        let mut facts = json!({
            "schema": "stsready/facts/1", "domain": DOMAIN, "observed_at": now,
            "vantage": {
                "resolvers": ["192.0.2.53:53"], "roots": {"name": "mozilla", "count": 1, "sha256": Fingerprint::of(b"")}, "ipv4": "available",
                "ipv6": situation.ipv6, "helo": "test",
            },
            "mail": {"mx": seen(json!(records))},
            "record": {"txt": {"name": format!("_smtp._tls.{DOMAIN}"), "answer": seen(json!([["v=TLSRPTv1; rua=mailto:tls@reports.example"]]))}},
            "policy": {
                "txt": {"name": format!("_mta-sts.{DOMAIN}"), "answer": seen(json!([["v=STSv1; id=20260101T000000"]]))},
                "host": format!("mta-sts.{DOMAIN}"), "addresses": {"v4": seen(json!(["192.0.2.99"])), "v6": absent()}, "fetches": [fetch],
            },
            "servers": servers, "certificates": certificates,
        });
        if !situation.was.is_empty() || !situation.checks.is_empty() {
            facts["history"] = json!({
                "domain": DOMAIN, "subjects": self.subjects(&situation.was, now),
                "days": situation.checks.iter().flat_map(|checks| looks(checks, situation, now)).collect::<Vec<_>>(),
            });
        }
        facts
    }

    fn tls(&self, which: &str, situation: &Situation) -> Value {
        let sha256 = &self.certificates[which].1;
        let until = if which == "expired" { "2026-03-20T00:00:00Z" } else { "2028-01-01T00:00:00Z" };
        let path = json!({"certificates": [sha256], "root": ROOT, "not_before": situation.issued, "not_after": until});
        json!({"version": "TLSv1.3", "suite": "TLS13_AES_128_GCM_SHA256", "chain": [sha256], "trust": {"public": path}})
    }

    /// What checks saw, a subject for each thing.
    fn subjects(&self, was: &[Was], now: Timestamp) -> Vec<Value> {
        let mut subjects: BTreeMap<Subject, Vec<Lasted>> = BTreeMap::new();
        for Was { seen, from, to } in was {
            let (kind, rest) = seen.split_once(' ').unwrap();
            let (host, more) = rest.split_once(' ').unwrap_or((rest, ""));
            let (kind, name, value) = match kind {
                "policy" => {
                    let text = policy_text(rest);
                    let value = json!({"kind": "policy", "sha256": Fingerprint::of(text.as_bytes()), "text": text});
                    (kind, format!("mta-sts.{DOMAIN}"), value)
                }
                "id" => (
                    "policy-record",
                    format!("_mta-sts.{DOMAIN}"),
                    json!({"kind": "policy-record", "text": format!("v=STSv1; id={rest}"), "id": rest}),
                ),
                "mx" => {
                    let records =
                        rest.split(' ').enumerate().map(|(number, host)| json!({"preference": 10 * (number + 1), "exchange": full(host)}));
                    (kind, DOMAIN.to_owned(), json!({"kind": "mx", "records": records.collect::<Vec<_>>()}))
                }
                "address" => {
                    let family = if more.contains(':') { "AAAA" } else { "A" };
                    (kind, format!("{} {family}", full(host)), json!({"kind": "address", "address": more}))
                }
                "chain" => {
                    let (called, root) = more.split_once(' ').unwrap();
                    let number = usize::from(host == "mx2");
                    let sha256 = if called == "now" { self.certificates["good"].1 } else { Fingerprint::of(called.as_bytes()) };
                    let value = json!({"kind": "chain", "certificates": [sha256], "root": root});
                    (kind, format!("{} {} ecdsa", full(host), v4(number)), value)
                }
                other => panic!("{other} is nothing that is seen"),
            };
            subjects.entry((kind.to_owned(), name)).or_default().push((value, *from, *to));
        }
        let subject = |((kind, name), spans): (Subject, Vec<Lasted>)| {
            let looked_at = spans.iter().map(|(_, _, to)| *to).min().unwrap();
            let spans: Vec<Value> = spans
                .into_iter()
                .map(|(value, from, to)| json!({"seen": value, "first_seen": morning(now, from), "last_seen": morning(now, to)}))
                .collect();
            json!({"kind": kind, "name": name, "looked_at": morning(now, looked_at), "spans": spans})
        };
        subjects.into_iter().map(subject).collect()
    }

    fn server(&self, situation: &Situation, number: usize, host: &str, now: Timestamp) -> Value {
        let faults: Vec<&str> = situation.at.iter().filter_map(|at| at.strip_prefix(host)?.strip_prefix(' ')).collect();
        let is = |fault: &str| faults.contains(&fault);
        let four = faults.iter().find_map(|fault| fault.strip_prefix("at ")).map_or_else(|| v4(number), str::to_owned);
        let mut addresses = json!({"v4": seen(json!([four])), "v6": absent()});
        let reply = |code: u16, lines: &[&str]| json!({"seen": {"code": code, "lines": lines}});
        let mut probe = json!({"address": four, "port": 25, "at": now, "connect": {"seen": 3}});
        if is("silent") {
            probe["connect"] = json!({"failed": {"kind": "timeout", "detail": "no answer"}});
        } else {
            probe["greeting"] = reply(220, &["hello"]);
            probe["greeting_ms"] = json!(5);
            probe["ehlo"] = if is("no-starttls") { reply(250, &["mx"]) } else { reply(250, &["mx", "STARTTLS"]) };
        }
        if !is("silent") && !is("no-starttls") {
            let which = ["expired", "other-name"].into_iter().find(|fault| is(fault)).unwrap_or("good");
            probe["starttls"] = reply(220, &["go"]);
            probe["tls"] = json!({"seen": self.tls(which, situation)});
            probe["ehlo_after"] = reply(250, &["mx"]);
        }
        let mut probes = vec![probe];
        if is("unlisted-six") {
            let six = v6(number);
            addresses["v6"] = seen(json!([six]));
            let kind = if situation.ipv6 == "no-route" { "no-route" } else { "switched-off" };
            probes.push(json!({"address": six, "port": 25, "at": now, "connect": {"failed": {"kind": kind, "detail": "no IPv6"}}}));
        }
        if is("no-address") {
            (addresses, probes) = (json!({"v4": absent(), "v6": absent()}), Vec::new());
        }
        json!({"name": full(host), "source": "record", "preference": 10 * (number + 1), "addresses": addresses, "probes": probes})
    }
}

/// What the facts with these reports are judged to; a second time after they were saved and read, to the same bytes.
fn judged(facts: &Facts, reports: ReportFacts, now: Timestamp, wrong: &mut Vec<String>) -> Value {
    let facts = Facts { reports: Some(reports), ..facts.clone() };
    let page = |facts: &Facts| rendered::document(&[&decide::assess(facts, &Settings::default(), now)], true).unwrap();
    let saved: Facts = serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
    let live = page(&facts);
    documents::holds(&serde_json::to_value(&facts).unwrap());
    documents::hold(&live);
    if page(&saved) != live {
        wrong.push("saved facts are judged otherwise".to_owned());
    }
    serde_json::from_str(&live).unwrap()
}

/// The same reports by way of a store.
fn stored(folder: &PathBuf, domain: &Domain, now: Timestamp) -> ReportFacts {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(&place.path().join("store.sqlite")).unwrap();
    let mut intake = store.intake(now).unwrap();
    read::each(std::slice::from_ref(folder), &read::Options::new(&OperatorsWord), |parcel, _| intake.take(parcel)).map_err(|_| ()).unwrap();
    intake.finish().unwrap();
    store.facts(domain, now - SignedDuration::from_hours(24 * 120), false).unwrap()
}

/// What is not as the situation says.
fn differences(situation: &Situation, assessment: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut told = |what: &str, found: &Vec<String>, due: &[String]| {
        let (mut found, mut due) = (found.clone(), due.to_vec());
        found.sort();
        due.sort();
        if found != due {
            wrong.push(format!("{what}: {found:?}, due {due:?}"));
        }
    };
    let words =
        |value: &Value| -> Vec<String> { value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect() };
    told("answer", &vec![assessment["answer"].as_str().unwrap_or_default().to_owned()], std::slice::from_ref(&situation.answer));
    told("because", &words(&assessment["because"]), &situation.because);
    let groups = assessment["reports"]["groups"].as_array().cloned().unwrap_or_default();
    let labels: Vec<String> = groups.iter().filter_map(|group| group["label"].as_str()).map(str::to_owned).collect();
    told("labels", &labels, &situation.labels);
    let findings = assessment["findings"].as_array().cloned().unwrap_or_default();
    let shown: Vec<String> = findings
        .iter()
        .filter(|finding| ["broken", "undetermined"].contains(&finding["outcome"].as_str().unwrap_or_default()))
        .map(|finding| format!("{} {}", finding["severity"].as_str().unwrap_or_default(), finding["code"].as_str().unwrap_or_default()))
        .collect();
    for due in situation.shows.iter().filter(|due| !shown.contains(due)) {
        wrong.push(format!("does not show {due}: {shown:?}"));
    }
    for (pointer, due) in &situation.is {
        let found = assessment.pointer(pointer).unwrap_or(&Value::Null);
        if *found != serde_json::to_value(due).unwrap() {
            wrong.push(format!("{pointer} is {found}, due {due:?}"));
        }
    }
    wrong
}

/// One report as its sender writes it.
fn letter(letters: &Letters, day: i64, now: Timestamp, served: &str) -> Value {
    let first = midnight(now) - SignedDuration::from_hours(24 * day);
    let end = first + SignedDuration::from_secs(86_400 * letters.lasting - 1);
    let period = letters.period.clone().unwrap_or_else(|| [first.to_string(), end.to_string()]);
    let failures: Vec<Value> = letters.fail.iter().map(|fail| failure(fail, day)).collect();
    let sum: u64 = failures.iter().filter_map(|failure| failure["failed-session-count"].as_u64()).sum();
    let applied = letters.policy.as_deref().unwrap_or(if letters.kind == "sts" { served } else { "" });
    let summary = json!({
        "total-successful-session-count": letters.ok, "total-failure-session-count": letters.total.unwrap_or(sum),
    });
    let mut policy = json!({"policy-type": letters.kind, "policy-domain": DOMAIN});
    if !applied.is_empty() {
        policy["policy-string"] = policy_text(applied).lines().map(str::to_owned).collect();
    }
    let mut policies = vec![json!({"policy": policy, "summary": summary, "failure-details": failures})];
    if letters.tlsa_too {
        policies
            .push(json!({"policy": {"policy-type": "tlsa", "policy-domain": DOMAIN, "policy-string": ["3 1 1 00"]}, "summary": summary}));
    }
    json!({
        "organization-name": letters.from, "date-range": {"start-datetime": period[0], "end-datetime": period[1]},
        "contact-info": format!("tls@{}", letters.from), "report-id": format!("{} {}", period[0], letters.more), "policies": policies,
    })
}

/// `TYPE HOST SESSIONS REASON…`.
fn failure(text: &str, day: i64) -> Value {
    let mut words = text.splitn(4, ' ');
    let mut word = || words.next().unwrap_or_default();
    let (kind, place, sessions, reason) = (word(), word(), word(), word());
    let (host, address) = place.split_once('@').map_or((place, None), |(host, address)| (host, Some(address)));
    let mut failure = json!({"result-type": kind, "failed-session-count": sessions.parse::<u64>().unwrap()});
    if host != "-" {
        failure["receiving-mx-hostname"] = json!(if host.contains('.') { host.to_owned() } else { full(host) });
    }
    if let Some(address) = address {
        failure["receiving-ip"] = json!(address);
    }
    if !reason.is_empty() {
        failure["failure-reason-code"] = json!(reason.replace('#', &day.to_string()));
    }
    failure
}

/// `MODE HOSTS… [MAX-AGE]` as a policy's text.
fn policy_text(words: &str) -> String {
    let mut words: Vec<&str> = words.split_whitespace().collect();
    let max_age = words.last().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit())).map(|word| (*word).to_owned());
    if max_age.is_some() {
        words.pop();
    }
    let Some((mode, hosts)) = words.split_first() else { return "not found".to_owned() };
    let lines: String =
        hosts.iter().map(|host| format!("mx: {}\n", if host.contains('.') { (*host).to_owned() } else { full(host) })).collect();
    format!("version: STSv1\nmode: {mode}\n{lines}max_age: {}\n", max_age.as_deref().unwrap_or("1209600"))
}

/// The rows of some days' checks.
fn looks(checks: &Checks, situation: &Situation, now: Timestamp) -> Vec<Value> {
    let place = |name: &String| {
        let (host, address) = name.split_once(' ').unwrap();
        format!("{} {address}", full(host))
    };
    let present = || situation.mx.iter().enumerate().map(|(number, host)| format!("{host} {}", v4(number))).collect();
    let given: Vec<String> = checks.given.clone().unwrap_or_else(present);
    let proven: Vec<String> =
        given.iter().filter(|name| !checks.broken.contains(name) && !checks.silent.contains(name)).map(place).collect();
    let (given, broken): (Vec<String>, Vec<String>) = (given.iter().map(place).collect(), checks.broken.iter().map(place).collect());
    let row = |ago: i64| {
        let at = morning(now, ago);
        json!({
            "day": at.to_string()[..10], "vantage": checks.vantage, "times": 1, "first_at": at, "last_at": at, "proven": proven, "broken": broken,
            "given": given,
        })
    };
    days(&checks.days).into_iter().map(row).collect()
}

fn midnight(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second().div_euclid(86_400) * 86_400).unwrap()
}

/// When checks are made.
fn morning(now: Timestamp, days_ago: i64) -> Timestamp {
    midnight(now) + SignedDuration::from_hours(6 - 24 * days_ago)
}

fn v4(number: usize) -> String {
    format!("192.0.2.{}", number + 1)
}

fn v6(number: usize) -> String {
    format!("2001:db8::{}", number + 1)
}

fn full(host: &str) -> String {
    format!("{host}.{DOMAIN}")
}

fn seen(value: Value) -> Value {
    json!({"seen": {"value": value, "ttl": 300}})
}

fn absent() -> Value {
    json!({"absent": {"kind": "no-data"}})
}

/// A certificate for these names, valid for these years.
fn certificate(names: Vec<String>, from: i32, to: i32) -> (String, Fingerprint) {
    let mut params = rcgen::CertificateParams::new(names).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = if to == 2026 { rcgen::date_time_ymd(to, 3, 20) } else { rcgen::date_time_ymd(to, 1, 1) };
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, "a server");
    let key = rcgen::KeyPair::generate().unwrap();
    let issuer_key = rcgen::KeyPair::generate().unwrap();
    let mut issuer = rcgen::CertificateParams::new(Vec::new()).unwrap();
    issuer.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    issuer.distinguished_name.push(rcgen::DnType::CommonName, "Root 1");
    let der = params.signed_by(&key, &rcgen::Issuer::new(issuer, issuer_key)).unwrap().der().to_vec();
    let sha256 = Fingerprint::of(&der);
    (base64::engine::general_purpose::STANDARD.encode(der), sha256)
}

/// RFC 7396.
fn merge(value: &mut Value, patch: &Value) {
    let (Some(value), Some(patch)) = (value.as_object_mut(), patch.as_object()) else {
        *value = patch.clone();
        return;
    };
    for (key, patch) in patch {
        match value.get_mut(key) {
            Some(known) => merge(known, patch),
            None => drop(value.insert(key.clone(), patch.clone())),
        }
    }
}
