//! Which rules the result-types of reports lead to (RFC 8460 §4.3): what `explain RESULT-TYPE` answers with.

use super::{catalogue, cert, dane, domain, fetch, mx, policy, reports, starttls, txt};
use crate::model::result_type::ResultType;
use crate::wire::likeness::edits_within;

const REFUSED: &str = "that MX host is refused (RFC 8461 §4.2, §5)";
const CACHED_RULES: &str = "nothing is refused without a cached policy; with one, the cached policy rules (RFC 8461 §3.3)";
const UNCHANGED: &str = "the switch changes nothing: it fails in any mode (RFC 8461 §2)";

/// Every result-type of RFC 8460, in its order.
pub static ALL: &[ResultType] = &[
    ResultType {
        name: "starttls-not-supported",
        meaning: "the MX host did not offer STARTTLS, or rejected it",
        under_enforce: REFUSED,
        reference: "RFC 8460 §4.3.1",
        rules: &[&reports::FAILING, &starttls::MISSING, &starttls::REJECTED, &starttls::MIDDLEBOX],
    },
    ResultType {
        name: "certificate-host-mismatch",
        meaning: "the certificate is not for the MX host's name",
        under_enforce: REFUSED,
        reference: "RFC 8460 §4.3.1",
        rules: &[&reports::FAILING, &cert::NAME_MISMATCH, &cert::NO_SAN, &cert::SNI_ONLY],
    },
    ResultType {
        name: "certificate-expired",
        meaning: "the certificate has expired",
        under_enforce: REFUSED,
        reference: "RFC 8460 §4.3.1",
        rules: &[&reports::FAILING, &cert::EXPIRED, &cert::EXPIRING, &cert::NOT_YET_VALID],
    },
    ResultType {
        name: "certificate-not-trusted",
        meaning: "the sender found no path from the certificate to a root that it trusts, or another fault in the chain",
        under_enforce: REFUSED,
        reference: "RFC 8460 §4.3.1",
        rules: &[
            &reports::FAILING,
            &cert::CHAIN_INCOMPLETE,
            &cert::SELF_SIGNED,
            &cert::UNTRUSTED,
            &cert::PRIVATE_CA,
            &cert::CONSTRAINT,
            &cert::WEAK_KEY,
            &cert::WEAK_SIGNATURE,
        ],
    },
    ResultType {
        name: "validation-failure",
        meaning: "a failure that no other type names; often an MX host that the policy does not list, or a handshake that failed",
        under_enforce: "taken as a refusal of that MX host",
        reference: "RFC 8460 §4.3.3",
        rules: &[&reports::FAILING, &mx::UNCOVERED, &starttls::HANDSHAKE, &starttls::LEGACY, &starttls::AFTER],
    },
    ResultType {
        name: "tlsa-invalid",
        meaning: "the certificate matches none of the MX host's TLSA records",
        under_enforce: UNCHANGED,
        reference: "RFC 8460 §4.3.2.1",
        rules: &[&reports::DANE, &dane::MISMATCH],
    },
    ResultType {
        name: "dnssec-invalid",
        meaning: "DNSSEC does not validate on the way to the TLSA records",
        under_enforce: UNCHANGED,
        reference: "RFC 8460 §4.3.2.1",
        rules: &[&reports::DANE, &dane::LOOKUP_FAILED, &domain::DNS_FAILED],
    },
    ResultType {
        name: "dane-required",
        meaning: "the sender demands DANE, and the domain's MX hosts have no usable TLSA records",
        under_enforce: UNCHANGED,
        reference: "RFC 8460 §4.3.2.1",
        rules: &[&reports::DANE, &dane::INSECURE, &dane::PRESENT],
    },
    ResultType {
        name: "sts-policy-fetch-error",
        meaning: "the policy could not be fetched: its host, its connection, its status",
        under_enforce: CACHED_RULES,
        reference: "RFC 8460 §4.3.2.2",
        rules: &[
            &reports::FETCH_ERROR,
            &fetch::HOST_MISSING,
            &fetch::CONNECT,
            &fetch::STATUS,
            &fetch::REDIRECT,
            &fetch::BLOCKED_AGENT,
            &fetch::ADDRESS_FAILING,
        ],
    },
    ResultType {
        name: "sts-policy-invalid",
        meaning: "the policy was fetched and is not valid to the sender",
        under_enforce: CACHED_RULES,
        reference: "RFC 8460 §4.3.2.2",
        rules: &[&reports::FETCH_ERROR, &policy::SYNTAX, &policy::BLANK_LINE, &policy::MX_INVALID, &fetch::CONTENT_TYPE, &txt::SYNTAX],
    },
    ResultType {
        name: "sts-webpki-invalid",
        meaning: "the certificate of the policy host is not valid for it",
        under_enforce: CACHED_RULES,
        reference: "RFC 8460 §4.3.2.2",
        rules: &[
            &reports::FETCH_ERROR,
            &fetch::CERT_NAME,
            &fetch::CERT_EXPIRED,
            &fetch::CERT_CHAIN_INCOMPLETE,
            &fetch::CERT_SELF_SIGNED,
            &fetch::CERT_UNTRUSTED,
        ],
    },
];

/// The result-type of this name, however it is written.
pub fn find(name: &str) -> Option<&'static ResultType> {
    let name = name.trim().to_ascii_lowercase().replace('_', "-");
    ALL.iter().find(|result_type| result_type.name == name)
}

/// The codes and result-types that a mistyped one may stand for: those that differ in a few letters, the closest first; else those that
/// hold its words.
pub fn near(typed: &str) -> Vec<&'static str> {
    const SHOWN: usize = 3;
    let typed = typed.trim().to_ascii_lowercase().replace('_', "-");
    let names = || catalogue::all().into_iter().map(|rule| rule.code).chain(ALL.iter().map(|result_type| result_type.name));
    let most = (typed.chars().count() / 3).clamp(1, 4);
    let mut close: Vec<(usize, &str)> = names().filter_map(|name| Some((edits_within(&typed, name, most)?, name))).collect();
    close.sort_by_key(|(edits, _)| *edits);
    let best = close.first().map(|(edits, _)| *edits);
    // One slip less is a better guess than any other.
    let close: Vec<&str> = close.into_iter().filter(|(edits, _)| Some(*edits) == best).map(|(_, name)| name).take(SHOWN).collect();
    if !close.is_empty() || typed.len() < SHOWN {
        return close;
    }
    names().filter(|name| typed.split('-').all(|word| name.contains(word))).take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::reports::{Meaning, meaning};

    #[test]
    fn every_result_type_of_the_rfc_leads_to_pages_and_none_is_a_code() {
        let names: Vec<&str> = ALL.iter().map(|result_type| result_type.name).collect();
        let in_the_rfc = [
            "starttls-not-supported",
            "certificate-host-mismatch",
            "certificate-expired",
            "certificate-not-trusted",
            "validation-failure",
            "tlsa-invalid",
            "dnssec-invalid",
            "dane-required",
            "sts-policy-fetch-error",
            "sts-policy-invalid",
            "sts-webpki-invalid",
        ];
        assert_eq!(names, in_the_rfc);
        for result_type in ALL {
            assert!(catalogue::find(result_type.name).is_none(), "{}", result_type.name);
            assert!(result_type.rules.len() >= 2, "{}", result_type.name);
        }
    }

    #[test]
    fn the_first_page_is_the_one_that_judges_such_failures() {
        for result_type in ALL {
            let judge = match meaning(result_type.name) {
                Meaning::Refused => "reports-failing",
                Meaning::Fetch => "reports-fetch-error",
                Meaning::Dane => "reports-dane",
            };
            assert_eq!(result_type.rules[0].code, judge, "{}", result_type.name);
        }
    }

    #[test]
    fn names_are_found_as_people_type_them() {
        for typed in ["certificate-expired", " Certificate-Expired ", "CERTIFICATE_EXPIRED"] {
            assert_eq!(find(typed).map(|found| found.name), Some("certificate-expired"), "{typed}");
        }
        assert!(find("certificate").is_none());
    }

    #[test]
    fn a_name_nearly_right_leads_to_the_ones_meant() {
        for (typed, meant) in [
            ("cert-expird", &["cert-expired"][..]),
            ("certificate-expird", &["certificate-expired"]),
            ("MX_uncovred", &["mx-uncovered"]),
            ("sts-webpki-invald", &["sts-webpki-invalid"]),
            ("null-mx", &["domain-null-mx"]),
            // Two slips in a word of twelve letters; three letters are a word already.
            ("cert-exbireg", &["cert-expired"]),
            ("sni", &["cert-sni-only"]),
            ("sn", &[]),
            ("single", &["mx-single", "reports-single-reporter"]),
            ("something-else-altogether", &[]),
            ("", &[]),
        ] {
            assert_eq!(near(typed), meant, "{typed}");
        }
    }
}
