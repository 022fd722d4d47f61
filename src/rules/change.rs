//! change-*: what speaks against a planned change beside the state that it leads to. In: the state after the change, the policies that
//! senders may hold, what is to be proven, the id. Out: findings. No plain check judges these rules: nothing is planned there.

use jiff::Timestamp;

use super::{Case, remaining, rule};
use crate::model::change::NewChain;
use crate::model::facts::servers::Probe;
use crate::model::finding::{Evidence, EvidenceKind, Finding, Sheet};
use crate::model::rule::Rule;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::pattern::MxPattern;

rule!(
    BREAKS_CACHED,
    "change-breaks-cached",
    Policy,
    [Blocker],
    false,
    "a policy that senders may hold does not cover the MX hosts",
    "RFC 8461 §3.2, §8.1"
);
rule!(UNPROVEN, "change-unproven", Mx, [Blocker], true, "what the change brings could not be probed", "RFC 8461 §4, §8.4");
rule!(ID_REUSED, "change-id-reused", Policy, [Blocker], false, "the new id was used before", "RFC 8461 §3.1");

rule!(NO_MX_LEFT, "change-no-mx-left", Mx, [Blocker], false, "the change leaves no MX record", "RFC 5321 §5.1, RFC 8461 §4.1");
rule!(
    OTHER_KEY,
    "change-other-key",
    Mx,
    [Blocker],
    false,
    "the private key is not the certificate's",
    "RFC 5280 §4.1.2.7, RFC 8446 §4.4.3"
);

rule!(NO_SUCH_MX, "change-no-such-mx", Mx, [Blocker], false, "the host that is to go is no MX", "RFC 8461 §4.1, RFC 5321 §5.1");

/// All rules of the family.
pub static RULES: &[&Rule] = &[&BREAKS_CACHED, &UNPROVEN, &ID_REUSED, &NO_MX_LEFT, &NO_SUCH_MX, &OTHER_KEY];

/// Everything that is known of a plan but the state it leads to.
#[derive(Debug)]
pub struct Planned<'a> {
    /// The policies in enforce that senders may still hold when the MX set is as planned.
    pub cached: &'a [Cached],
    /// The MX hosts after the change.
    pub live: &'a [Domain],
    /// The hosts that are an MX now and are none after it.
    pub going: &'a [Domain],
    /// The host that is to go, where neither MX nor policy name it and no past does.
    pub unheard: Option<&'a Domain>,
    /// The chain that is to be served.
    pub chain: Option<&'a NewChain>,
    /// The hosts that the change brings.
    pub to_prove: &'a [Domain],
    /// What the other rules say of the state after it.
    pub findings: &'a [Finding],
    /// The id that is to be published, where the operator chose it.
    pub id: Option<&'a str>,
}

/// A policy in enforce that senders may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// Its patterns.
    pub mx: Vec<MxPattern>,
    /// Until when.
    pub until: Timestamp,
}

/// Judges a plan; `case` is the state after it.
pub fn judge(case: &Case<'_>, planned: &Planned<'_>, sheet: &mut Sheet) {
    let domain = case.facts.domain.as_str();
    if planned.cached.is_empty() {
        sheet.not_applicable(&BREAKS_CACHED, domain, "no sender can hold another policy in enforce by then");
    }
    cached(planned, sheet);
    if planned.to_prove.is_empty() {
        sheet.not_applicable(&UNPROVEN, domain, "the change brings no host");
    }
    for host in planned.to_prove {
        unproven(case, host, planned.findings, sheet);
    }
    match planned.id {
        Some(id) => id_reused(case, id, sheet),
        None => sheet.not_applicable(&ID_REUSED, domain, "no id was chosen: the one that is proposed is new"),
    }
    if planned.going.is_empty() {
        sheet.not_applicable(&NO_MX_LEFT, domain, "no MX host goes");
    } else if planned.live.is_empty() {
        no_mx_left(case, planned.going, sheet);
    }
    match planned.unheard {
        Some(host) => no_such_mx(case, host, sheet),
        None => sheet.not_applicable(&NO_SUCH_MX, domain, "no host is to go that nothing names"),
    }
    match planned.chain.map(|new| (new, new.key_fits)) {
        None | Some((_, None)) => sheet.not_applicable(&OTHER_KEY, domain, "no private key is to be held against a certificate"),
        Some((_, Some(true))) => {}
        Some((new, Some(false))) => other_key(new, sheet),
    }
    remaining::hold(RULES, domain, sheet);
}

fn no_mx_left(case: &Case<'_>, going: &[Domain], sheet: &mut Sheet) {
    let domain = &case.facts.domain;
    let names = going.iter().take(10).map(Domain::as_str).collect::<Vec<_>>().join(", ");
    let message =
        format!("after {names} no MX record of {domain} is left: senders try the address of {domain} itself, or send the mail back");
    let shown = Evidence::at(EvidenceKind::Dns, case.facts.observed_at, format!("{domain} MX: {names}, and no other"));
    let finding = sheet.broken(&NO_MX_LEFT, domain.as_str(), message, shown);
    finding.expected("an MX host that takes the mail").found("none");
    finding.fix(format!("add the host that is to take the mail first: `stsready change add-mx HOST {domain}`"));
}

fn no_such_mx(case: &Case<'_>, host: &Domain, sheet: &mut Sheet) {
    let domain = &case.facts.domain;
    let live = case.facts.mail.iter().filter_map(|mail| mail.mx.seen()).flat_map(|answer| &answer.value);
    let names = live.take(10).map(|record| record.exchange.as_str()).collect::<Vec<_>>().join(", ");
    let message =
        format!("{host} is no MX of {domain} and not in its policy, nor was it when anybody looked: there is nothing to take away");
    let shown = Evidence::at(EvidenceKind::Dns, case.facts.observed_at, format!("{domain} MX: {names}"));
    let finding = sheet.broken(&NO_SUCH_MX, host.as_str(), message, shown);
    finding.expected("an MX host of the domain, or a host that its policy lists").found(names);
    finding.fix("name the host as the MX record or the policy has it; nothing is to be published for another");
}

fn other_key(new: &NewChain, sheet: &mut Sheet) {
    let leaf = new.chain.first().map(Fingerprint::short).unwrap_or_default();
    let message = format!(
        "the private key in {} is not that of the certificate: a server that loads them does not start, or cannot speak TLS",
        new.file
    );
    let shown =
        Evidence::new(EvidenceKind::Certificate, format!("{}: the first certificate, SHA-256 {leaf}, holds another public key", new.file));
    let finding = sheet.broken(&OTHER_KEY, new.file.as_str(), message, shown);
    finding.expected("the private key of the first certificate in the file").found("another key");
    finding.fix("put the key that the certificate was requested with into the file, or have a certificate issued for this key");
}

/// One finding a host, about the policy that lasts longest.
fn cached(planned: &Planned<'_>, sheet: &mut Sheet) {
    for host in planned.live.iter().filter(|host| !host.is_address()) {
        let covers = |cached: &&Cached| cached.mx.iter().any(|pattern| pattern.matches(host));
        let Some(longest) = planned.cached.iter().filter(|cached| !covers(cached)).max_by_key(|cached| cached.until) else {
            sheet.holds(&BREAKS_CACHED, host.as_str());
            continue;
        };
        let left = planned.live.iter().filter(|other| longest.mx.iter().any(|pattern| pattern.matches(other))).count();
        let until = day(longest.until);
        let message = format!(
            "senders may hold a policy in enforce until {until} that does not cover {host}, and refuse it; {left} of {} MX hosts are left to them",
            planned.live.len()
        );
        let lines: Vec<String> = longest.mx.iter().take(10).map(|pattern| format!("mx: {pattern}")).collect();
        let listed = if lines.is_empty() { "no mx".to_owned() } else { lines.join(", ") };
        let shown = Evidence::new(EvidenceKind::Policy, format!("mode: enforce, {listed}; held until {until}"));
        sheet
            .broken(&BREAKS_CACHED, host.as_str(), message, shown)
            .expected("every MX host in every policy that may be held")
            .found(listed)
            .fix_with(
                format!("put {host} into the policy with a new id, and do not let mail depend on it before {until}"),
                format!("mx: {host}"),
            );
    }
}

fn unproven(case: &Case<'_>, host: &Domain, findings: &[Finding], sheet: &mut Sheet) {
    let open = findings.iter().find(|finding| concerns(finding, host) && finding.unsettles());
    let proven = case.facts.servers.iter().flatten().filter(|server| server.name == *host).any(|server| {
        // A host that was seen to fail is told by the rule on its fault.
        server.probes.iter().any(Probe::reached_verdict)
    });
    let (why, shown) = match open {
        Some(finding) => (finding.message.clone(), finding.evidence.clone()),
        None if proven || findings.iter().any(|finding| concerns(finding, host) && finding.blocks()) => {
            return sheet.holds(&UNPROVEN, host.as_str());
        }
        None if case.facts.policy.as_ref().is_some_and(|policy| policy.host == *host) => return sheet.holds(&UNPROVEN, host.as_str()),
        None if case.facts.servers.iter().flatten().any(|server| server.name == *host && server.addresses.none()) => {
            ("it has no address".to_owned(), vec![Evidence::new(EvidenceKind::Dns, format!("{host}: neither A nor AAAA"))])
        }
        None => ("nothing is known of it".to_owned(), vec![Evidence::new(EvidenceKind::Tcp, format!("no probe of {host} was made"))]),
    };
    let message = format!("{host} could not be proven before mail depends on it: {why}");
    let mut shown = shown.into_iter();
    let first = shown.next().unwrap_or_else(|| Evidence::new(EvidenceKind::Tcp, format!("{host}: {why}")));
    let finding = sheet.undetermined(&UNPROVEN, host.as_str(), message, first);
    for evidence in shown {
        finding.evidence(evidence);
    }
    finding.expected("a TLS session with a valid certificate at every address").found(why);
    finding.fix(format!("run `stsready mx --host {host}` from where port 25 is open, then plan again"));
}

/// Whether a finding is about a host, or one of its addresses.
pub fn concerns(finding: &Finding, host: &Domain) -> bool {
    let rest = finding.subject.strip_prefix(host.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn id_reused(case: &Case<'_>, id: &str, sheet: &mut Sheet) {
    if !case.held.published.ids.contains(id) {
        return sheet.holds(&ID_REUSED, id);
    }
    let name = case.facts.domain.child("_mta-sts");
    let fresh = case.fresh_id(case.body.map_or("", |body| &body.text), case.now);
    sheet
        .broken(
            &ID_REUSED,
            id,
            format!("the id {id} was used before: senders that hold a policy under it will not fetch the new one"),
            Evidence::new(EvidenceKind::Dns, format!("{name} had or has the id {id}")),
        )
        .expected("an id that was never published at this name")
        .found(id)
        .fix_with("leave out --id, or choose another", format!("id={fresh}"));
}

fn day(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%dT%H:%MZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::Facts;
    use crate::model::finding::Outcome;
    use crate::model::looked::{Failure, FailureKind, Looked};
    use crate::model::rule::Severity;
    use crate::model::settings::Settings;
    use crate::rules::{fixture, mx, starttls};

    fn judged(facts: &Facts, planned: &Planned<'_>, rule: &Rule) -> Finding {
        let settings = Settings::default();
        let mut sheet = Sheet::default();
        judge(&Case::new(facts, &settings, facts.observed_at), planned, &mut sheet);
        sheet.into_findings().into_iter().find(|finding| finding.rule == rule).expect("every rule leaves its word")
    }

    fn nothing<'a>() -> Planned<'a> {
        Planned { cached: &[], live: &[], going: &[], unheard: None, chain: None, to_prove: &[], findings: &[], id: None }
    }

    #[test]
    fn what_the_change_brings_is_proven_by_a_probe_that_told_something_or_by_a_fault_that_is_told() {
        let new = Domain::from_dns("mx1.example.com");
        let answered = |kind: Option<FailureKind>| {
            let mut facts = fixture::facts();
            let host = &mut facts.servers.as_mut().expect("it has servers")[0];
            let connect = kind.map_or(Looked::Seen(1), |kind| Looked::Failed(Failure::new(kind, "late")));
            let refused = Looked::Failed(Failure::new(FailureKind::TlsAlert, "handshake_failure"));
            let begun = Probe::begun([192, 0, 2, 1].into(), 25, facts.observed_at, connect);
            host.probes = vec![Probe { tls: kind.is_none().then_some(refused), ..begun }];
            facts
        };
        let without_address = |place: usize| {
            let mut facts = fixture::facts();
            facts.servers.as_mut().expect("it has servers")[place].addresses = fixture::no_addresses();
            facts
        };
        let finding = |rule: &'static Rule, severity, outcome, subject: &str| {
            let mut sheet = Sheet::default();
            let finding = sheet.broken(rule, subject, "it is so", Evidence::new(EvidenceKind::Tls, "seen"));
            finding.severity(severity);
            finding.outcome = outcome;
            sheet.into_findings()
        };
        let (broken, open) = (Outcome::Broken, Outcome::Undetermined);
        let (blocker, warning) = (Severity::Blocker, Severity::Warning);
        let silent = Some(FailureKind::Timeout);
        for (what, facts, findings, found) in [
            ("a refused handshake was seen", answered(None), vec![], None),
            ("silence", answered(silent), vec![], Some("nothing is known of it")),
            ("no probe", fixture::facts(), vec![], Some("nothing is known of it")),
            ("no servers", Facts { servers: None, ..fixture::facts() }, vec![], Some("nothing is known of it")),
            ("no address", without_address(0), vec![], Some("it has no address")),
            ("another has no address", without_address(1), vec![], Some("nothing is known of it")),
            ("its fault is told", fixture::facts(), finding(&starttls::MISSING, blocker, broken, "mx1.example.com 192.0.2.1"), None),
            (
                "another's fault is told",
                fixture::facts(),
                finding(&starttls::MISSING, blocker, broken, "mx2.example.com 192.0.2.1"),
                Some("nothing is known of it"),
            ),
            (
                "a warning proves nothing",
                fixture::facts(),
                finding(&mx::CNAME, warning, broken, "mx1.example.com"),
                Some("nothing is known of it"),
            ),
            (
                "a question is open",
                answered(None),
                finding(&starttls::UNREACHABLE, blocker, open, "mx1.example.com 192.0.2.1"),
                Some("it is so"),
            ),
        ] {
            let planned = Planned { to_prove: std::slice::from_ref(&new), findings: &findings, ..nothing() };
            let said = judged(&facts, &planned, &UNPROVEN);
            assert_eq!(said.found.as_deref(), found, "{what}");
            assert_eq!(said.outcome, if found.is_some() { Outcome::Undetermined } else { Outcome::Holds }, "{what}");
            if let Some(found) = found {
                assert_eq!(said.message, format!("mx1.example.com could not be proven before mail depends on it: {found}"), "{what}");
            }
        }
        // A policy host is no server of mail: it is fetched from, and that is judged there.
        let host = Domain::from_dns("mta-sts.example.com");
        let planned = Planned { to_prove: std::slice::from_ref(&host), ..nothing() };
        assert_eq!(judged(&fixture::facts(), &planned, &UNPROVEN).outcome, Outcome::Holds);
    }

    #[test]
    fn of_the_policies_that_do_not_cover_a_host_the_one_that_lasts_longest_is_told() {
        let live = ["mx1.example.com", "new.example.com"].map(Domain::from_dns);
        let pattern = |text: &str| MxPattern::exact(Domain::from_dns(text));
        let cached = |patterns: &[&str], until: &str| Cached {
            mx: patterns.iter().map(|text| pattern(text)).collect(),
            until: until.parse().expect("a time"),
        };
        let held = [
            cached(&["mx1.example.com"], "2026-12-01T00:00:00Z"),
            cached(&["mx1.example.com", "new.example.com"], "2027-06-01T00:00:00Z"),
            cached(&["old.example.com"], "2026-12-24T18:30:00Z"),
        ];
        let planned = Planned { cached: &held[..2], live: &live, ..nothing() };
        let facts = fixture::facts();
        let settings = Settings::default();
        let mut sheet = Sheet::default();
        judge(&Case::new(&facts, &settings, facts.observed_at), &planned, &mut sheet);
        let said: Vec<_> =
            sheet.findings().iter().filter(|it| it.rule == &BREAKS_CACHED).map(|it| (it.subject.as_str(), it.outcome)).collect();
        assert_eq!(said, [("mx1.example.com", Outcome::Holds), ("new.example.com", Outcome::Broken)]);
        let planned = Planned { cached: &held, live: &live[1..], ..nothing() };
        let finding = judged(&facts, &planned, &BREAKS_CACHED);
        assert_eq!(
            finding.message,
            "senders may hold a policy in enforce until 2026-12-24T18:30Z that does not cover new.example.com, and refuse it; 0 of 1 MX hosts \
             are left to them"
        );
        assert_eq!(finding.found.as_deref(), Some("mx: old.example.com"));
    }

    #[test]
    fn a_finding_concerns_a_host_by_its_whole_name() {
        let host = Domain::from_dns("mx1.example.com");
        let mut sheet = Sheet::default();
        for (subject, expected) in [
            ("mx1.example.com", true),
            ("mx1.example.com 192.0.2.1", true),
            ("mx1.example.com.evil.example", false),
            ("mx1.example.com2", false),
            ("mx2.example.com", false),
            ("", false),
        ] {
            sheet.holds(&UNPROVEN, subject);
            let finding = sheet.findings().last().expect("the one of now");
            assert_eq!(concerns(finding, &host), expected, "{subject:?}");
        }
    }
}
