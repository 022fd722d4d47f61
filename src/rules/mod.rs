//! Floor 3: the catalogue, and one room per family. Pure: facts and a time in, findings out.
//!
//! A rule is a `static` made by `rule!`; its page is embedded from `playbooks/rules/CODE.md`, and without a page it does not build.

mod case;
pub mod catalogue;
pub mod cert;
pub mod chain;
pub mod change;
pub mod dane;
pub mod domain;
pub mod drift;
pub mod fetch;
#[cfg(test)]
mod fixture;
mod hosts;
pub mod mx;
mod observed;
pub mod policy;
pub mod record;
mod remaining;
pub mod reports;
pub mod result_types;
pub mod starttls;
pub mod txt;
pub mod vantage;

pub use case::Case;

use crate::model::assessment::ReportsSummary;
use crate::model::finding::{Finding, Sheet};
use crate::model::rule::Rule;

/// Declares a rule: `rule!(NAME, "code", Stage, [severities, worst first], undetermined?, "title", "reference")`.
macro_rules! rule {
    ($name:ident, $code:literal, $stage:ident, [$($severity:ident),*], $undetermined:literal, $title:literal, $reference:literal) => {
        #[doc = $title]
        pub static $name: $crate::model::rule::Rule = $crate::model::rule::Rule {
            code: $code,
            title: $title,
            stage: $crate::model::rule::Stage::$stage,
            severities: &[$($crate::model::rule::Severity::$severity),*],
            undetermined: $undetermined,
            reference: $reference,
            page: include_str!(concat!("../../playbooks/rules/", $code, ".md")),
        };
    };
}
use rule;

/// What all rules said.
#[derive(Debug)]
pub struct Judged {
    /// In the order of the families.
    pub findings: Vec<Finding>,
    /// What the reports add up to, if they were looked at.
    pub reports: Option<ReportsSummary>,
}

/// Runs every rule on one domain.
pub fn judge(case: &Case<'_>) -> Judged {
    let mut sheet = Sheet::default();
    domain::judge(case, &mut sheet);
    if domain::takes_no_mail(&sheet) {
        remaining::not_applicable(&catalogue::all(), case.facts.domain.as_str(), "the domain takes no mail", &mut sheet);
        return Judged { findings: sheet.into_findings(), reports: None };
    }
    record::judge(case, &mut sheet);
    if case.facts.policy.as_ref().is_some_and(|policy| policy.draft.is_some()) {
        for rule in txt::RULES {
            sheet.not_applicable(rule, case.facts.domain.as_str(), "a draft is judged, not what is published");
        }
    } else {
        txt::judge(case, &mut sheet);
    }
    fetch::judge(case, &mut sheet);
    policy::judge(case, &mut sheet);
    mx::judge(case, &mut sheet);
    starttls::judge(case, &mut sheet);
    cert::judge(case, &mut sheet);
    dane::judge(case, &mut sheet);
    drift::judge(case, &mut sheet);
    vantage::judge(case, &mut sheet);
    vantage::doubt_dates(case, &mut sheet);
    // Last: what senders saw is held against what was seen here.
    let reports = reports::judge(case, &mut sheet);
    if case.facts.policy.is_some() && case.facts.servers.is_some() {
        remaining::not_applicable(change::RULES, case.facts.domain.as_str(), "no change is planned", &mut sheet);
    }
    unasked(case, &mut sheet);
    Judged { findings: sheet.into_findings(), reports }
}

/// Every rule of a stage that was looked at leaves its word: what is left had no subject, because the step it depends on failed.
fn unasked(case: &Case<'_>, sheet: &mut Sheet) {
    let facts = case.facts;
    let looked_at = |rule: &Rule| match rule.family() {
        "domain" => facts.mail.is_some(),
        "record" => facts.record.is_some(),
        "txt" | "fetch" | "policy" | "drift" | "vantage" => facts.policy.is_some(),
        "mx" => facts.mail.is_some() && (facts.policy.is_some() || facts.servers.is_some()),
        "starttls" | "cert" | "dane" => facts.servers.is_some(),
        "reports" => facts.reports.is_some(),
        _ => false,
    };
    let rules: Vec<&'static Rule> = catalogue::all().into_iter().filter(|rule| looked_at(rule)).collect();
    remaining::not_applicable(&rules, facts.domain.as_str(), "nothing to ask it of: an earlier step failed", sheet);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::facts::Facts;
    use crate::model::facts::policy::Fetch;
    use crate::model::fixture::vantage;
    use crate::model::looked::{Failure, FailureKind, Looked};
    use crate::model::settings::Settings;

    /// The codes of the rules that left a word.
    fn said(facts: &Facts) -> BTreeSet<&'static str> {
        let settings = Settings::default();
        let findings = judge(&Case::new(facts, &settings, facts.observed_at)).findings;
        findings.iter().map(Finding::code).collect()
    }

    #[test]
    fn where_everything_was_looked_at_every_rule_leaves_its_word() {
        let said = said(&fixture::facts());
        let mute: Vec<&str> = catalogue::all().into_iter().map(|rule| rule.code).filter(|code| !said.contains(code)).collect();
        assert_eq!(mute, [""; 0]);
    }

    /// Where a step failed, what hangs on it has no subject; nothing is left out for that.
    #[test]
    fn where_a_step_failed_every_rule_of_what_was_looked_at_leaves_its_word_all_the_same() {
        let mut facts = fixture::facts();
        facts.servers = Some(Vec::new());
        facts.mail.as_mut().expect("looked at").mx = fixture::failed();
        let record = facts.record.as_mut().expect("looked at");
        (record.txt.answer, record.targets) = (fixture::failed(), Vec::new());
        let policy = facts.policy.as_mut().expect("looked at");
        (policy.txt.answer, policy.draft) = (fixture::failed(), None);
        policy.fetches = vec![Fetch {
            address: [192, 0, 2, 1].into(),
            at: facts.observed_at,
            agent: "test".to_owned(),
            elapsed_ms: 1,
            connect: Looked::Failed(Failure::new(FailureKind::Refused, "refused")),
            tls: None,
            response: None,
        }];
        let family = |code: &str| code.split('-').next().unwrap_or_default().to_owned();
        let mute = |facts: &Facts| -> BTreeSet<String> {
            let said = said(facts);
            catalogue::all().into_iter().map(|rule| rule.code).filter(|code| !said.contains(code)).map(family).collect()
        };
        assert_eq!(mute(&facts), BTreeSet::new());
        for (what, facts, mute_families) in [
            ("no mail", Facts { mail: None, ..facts.clone() }, &["domain", "mx"][..]),
            ("no record", Facts { record: None, ..facts.clone() }, &["record"]),
            ("no servers", Facts { servers: None, ..facts.clone() }, &["cert", "change", "dane", "starttls"]),
            ("no policy", Facts { policy: None, ..facts.clone() }, &["change", "drift", "fetch", "policy", "txt", "vantage"]),
            (
                "neither policy nor servers",
                Facts { policy: None, servers: None, ..facts.clone() },
                &["cert", "change", "dane", "drift", "fetch", "policy", "starttls", "txt", "vantage"],
            ),
        ] {
            let expected: BTreeSet<String> = mute_families.iter().map(|&family| family.to_owned()).collect();
            assert_eq!(mute(&facts), expected, "{what}");
        }
    }

    #[test]
    fn what_was_not_looked_at_is_not_spoken_of() {
        let whole = fixture::facts();
        let nothing = || Facts::nothing(whole.domain.clone(), whole.observed_at, vantage());
        let speaks = |facts: &Facts, family: &str| said(facts).iter().any(|code| code.starts_with(family));
        // Reports tell of themselves that nobody looked.
        assert!(said(&nothing()).iter().all(|code| code.starts_with("reports-")), "{:?}", said(&nothing()));
        let no_servers = Facts { servers: None, ..whole.clone() };
        assert!(!speaks(&no_servers, "change-") && !speaks(&no_servers, "starttls-") && !speaks(&no_servers, "cert-"));
        let no_policy = Facts { policy: None, ..whole.clone() };
        assert!(!speaks(&no_policy, "change-") && !speaks(&no_policy, "fetch-") && !speaks(&no_policy, "txt-"));
    }
}
