//! The catalogue: every rule of every family, by code.

use super::{cert, change, dane, domain, drift, fetch, mx, policy, record, reports, starttls, txt, vantage};
use crate::model::rule::Rule;
use crate::wire::likeness;

/// Every rule, family by family in the order of the stages.
pub fn all() -> Vec<&'static Rule> {
    [
        domain::RULES,
        record::RULES,
        txt::RULES,
        fetch::RULES,
        policy::RULES,
        mx::RULES,
        starttls::RULES,
        cert::RULES,
        dane::RULES,
        drift::RULES,
        reports::RULES,
        change::RULES,
        vantage::RULES,
    ]
    .concat()
}

/// The rule with this code.
pub fn find(code: &str) -> Option<&'static Rule> {
    all().into_iter().find(|rule| rule.code == code)
}

/// The rule whose code comes closest to a mistyped one, for "did you mean".
pub fn nearest(code: &str) -> Option<&'static Rule> {
    let typed = code.trim().to_ascii_lowercase().replace('_', "-");
    find(likeness::nearest(&typed, all().into_iter().map(|rule| rule.code))?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_is_there_once_and_is_found() {
        let codes: BTreeSet<&str> = all().iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), all().len());
        assert!(all().iter().all(|rule| find(rule.code) == Some(*rule)));
        assert_eq!(find("txt-nothing"), None);
    }

    #[test]
    fn a_mistyped_code_leads_to_the_one_meant() {
        for (typed, meant) in
            [("txt-mising", "txt-missing"), ("MX_uncovered", "mx-uncovered"), ("policy-maxage-short", "policy-max-age-short")]
        {
            assert_eq!(nearest(typed).map(|rule| rule.code), Some(meant), "{typed}");
        }
        assert_eq!(nearest("something-else-altogether"), None);
    }

    #[test]
    fn titles_and_references_are_in_the_house_form() {
        for rule in all() {
            let code = rule.code;
            assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{code}");
            assert!(!rule.title.is_empty() && !rule.title.ends_with('.'), "{code}");
            assert!(!rule.reference.is_empty(), "{code}");
            assert!(rule.severities.is_sorted_by(|a, b| a > b), "{code}: worst first, each once");
        }
    }
}
