//! vantage-*: what is the matter with the place that it is looked from, and would falsify what is seen from there.

use jiff::SignedDuration;

use super::{Case, cert, fetch, rule};
use crate::evidence::clock::{self, Offset};
use crate::evidence::runway;
use crate::model::finding::{Evidence, EvidenceKind, Finding, Outcome, Sheet};
use crate::model::rule::Rule;

rule!(
    CLOCK,
    "vantage-clock",
    Policy,
    [Blocker],
    true,
    "the clock here and that of the policy host differ",
    "RFC 9110 §6.6.1; RFC 5280 §4.1.2.5"
);

/// The family, in the catalogue's order.
pub static RULES: &[&Rule] = &[&CLOCK];

/// More than this, in seconds, and dates of certificates and reports cannot be judged.
const TOLERATED: u64 = 300;

/// Judges the vantage; nothing where no policy host was asked.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    let Some(policy) = &case.facts.policy else { return };
    let host = policy.host.as_str();
    if policy.draft.is_some() {
        return sheet.not_applicable(&CLOCK, host, "a draft is judged: no policy host was asked the time");
    }
    match clock::offset(case.facts) {
        None => sheet.not_applicable(&CLOCK, host, "no answer of the policy host told the time"),
        Some(offset) if offset.seconds.unsigned_abs() <= TOLERATED => sheet.holds(&CLOCK, host),
        Some(offset) => differs(host, &offset, sheet),
    }
}

fn differs(host: &str, offset: &Offset, sheet: &mut Sheet) {
    let way = if offset.seconds > 0 { "ahead of" } else { "behind" };
    let much = runway::span(SignedDuration::from_secs(offset.seconds));
    let age = offset.age.map(|age| format!("; Age: {age}")).unwrap_or_default();
    let shown = Evidence::at(
        EvidenceKind::Http,
        offset.here,
        format!("{host} {}: Date: {}{age}; here it was {}", offset.place, offset.date, offset.here),
    );
    sheet
        .undetermined(
            &CLOCK,
            host,
            format!("the clock here is {much} {way} that of {host}: one of them is wrong, and dates of certificates cannot be trusted"),
            shown,
        )
        .expected("clocks that agree to 5 minutes")
        .found(format!("{much} {way} the Date of the policy host"))
        .fix("set this machine's clock (NTP) and check again; if it is right, the policy host's is wrong, or a cache before it keeps an old Date");
}

/// Where the clock here is behind, a date that has not come by the one and has by the other is an open question, not a fault. A `Date`
/// in the past may be a cache's, and takes nothing back. To be called once the certificates are judged.
pub fn doubt_dates(case: &Case<'_>, sheet: &mut Sheet) {
    let offset = clock::offset(case.facts).filter(|offset| offset.seconds < 0 && offset.seconds.unsigned_abs() > TOLERATED);
    let Some(offset) = offset else { return };
    let Ok(there) = case.now.checked_sub(SignedDuration::from_secs(offset.seconds)) else { return };
    let by_the_other = Case::new(case.facts, case.settings, there);
    let mut other = Sheet::default();
    fetch::judge(&by_the_other, &mut other);
    cert::judge(&by_the_other, &mut other);
    let broken_there = |finding: &Finding| {
        let same = |there: &Finding| there.rule == finding.rule && there.subject == finding.subject && there.outcome == Outcome::Broken;
        other.findings().iter().any(same)
    };
    for finding in sheet.findings_mut().filter(|finding| finding.outcome == Outcome::Broken && is_dated(finding.rule)) {
        if !broken_there(finding) {
            finding.outcome = Outcome::Undetermined;
            finding.evidence(Evidence::at(EvidenceKind::Http, offset.here, format!("by the clock of the policy host it is {there}")));
        }
    }
}

/// Whether the rule holds the clock against a certificate's dates.
fn is_dated(rule: &Rule) -> bool {
    ["-expired", "-not-yet-valid", "-expiring"].iter().any(|end| rule.code.ends_with(end))
}

#[cfg(test)]
mod tests;
