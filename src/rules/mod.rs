//! Floor 3: the catalogue, and one room per family. Pure: facts and a time in, findings out.
//!
//! A rule is a `static` made by [`rule!`]; its page is embedded from `playbooks/rules/CODE.md`, and without a page it does not build.

mod case;
pub mod catalogue;
#[cfg(test)]
mod fixture;
mod hosts;
pub mod mx;
mod observed;
pub mod policy;
pub mod record;
mod remaining;
pub mod reports;
pub mod txt;

pub use case::Case;

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
