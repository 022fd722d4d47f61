//! Every rule that ran leaves a finding: what a family writes for its rules that found nothing, or had nothing to look at.

use crate::model::finding::Sheet;
use crate::model::rule::Rule;

/// Each of `rules` that is on the sheet with no finding yet holds.
pub(super) fn hold(rules: &[&'static Rule], subject: &str, sheet: &mut Sheet) {
    for rule in unwritten(rules, sheet) {
        sheet.holds(rule, subject);
    }
}

/// Each of `rules` that is on the sheet with no finding yet does not apply.
pub(super) fn not_applicable(rules: &[&'static Rule], subject: &str, why: &str, sheet: &mut Sheet) {
    for rule in unwritten(rules, sheet) {
        sheet.not_applicable(rule, subject, why);
    }
}

fn unwritten(rules: &[&'static Rule], sheet: &Sheet) -> Vec<&'static Rule> {
    rules.iter().copied().filter(|rule| !sheet.findings().iter().any(|finding| finding.rule == *rule)).collect()
}
