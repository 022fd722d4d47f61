//! All rules, in the order of the catalogue.
use super::{cert, domain, fetch, mx, policy, record, reports, starttls, txt};
use crate::model::rule::Rule;

/// Every rule.
pub fn all() -> Vec<&'static Rule> {
    [domain::RULES, record::RULES, txt::RULES, fetch::RULES, policy::RULES, mx::RULES, starttls::RULES, cert::RULES, reports::RULES]
        .concat()
}
/// By its code.
pub fn find(code: &str) -> Option<&'static Rule> {
    all().into_iter().find(|rule| rule.code == code)
}
/// The most alike.
pub fn nearest(_code: &str) -> Option<&'static Rule> {
    None
}
