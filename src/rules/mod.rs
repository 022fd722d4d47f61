//! x
mod case;
pub mod cert;
pub mod chain;
pub mod domain;
pub mod fetch;
pub mod starttls;
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
