//! The result-types of TLS reports (RFC 8460 §4.3), each with the rules that find the same fault.

use super::rule::Rule;

/// One result-type.
#[derive(Debug)]
pub struct ResultType {
    /// As reports write it.
    pub name: &'static str,
    /// What the sender met, as a sentence without a full stop.
    pub meaning: &'static str,
    /// What enforce would have made of it, as a sentence without a full stop.
    pub under_enforce: &'static str,
    /// Where it is defined.
    pub reference: &'static str,
    /// The rules that judge such failures, then those that find the fault itself.
    pub rules: &'static [&'static Rule],
}
