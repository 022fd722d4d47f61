//! The words that senders are known to write, and what they mean. The more particular stands first, for the first that fits is taken.
//!
//! Where they come from: Go's crypto/x509, crypto/tls and net (many senders are Go programs), OpenSSL's `X509_V_ERR_*` and its texts
//! (Postfix, Exim, Python, Node), GnuTLS (Exim), Java and .NET (Exchange), rustls (Stalwart), mox's and Microsoft's codes, and what stood
//! in reports of Mail.ru and others.

use super::fault::Fault;
use crate::model::assessment::Confidence::{self, Certain, Guess, Likely};

/// Words and their meaning.
#[derive(Debug)]
pub(super) struct Known {
    /// Of this reporter only, by registered domain.
    pub(super) from: Option<&'static str>,
    /// With this result-type only.
    pub(super) result_type: Option<&'static str>,
    /// All of them, one behind the other, in lower case; none for a failure without any words.
    pub(super) words: &'static [&'static str],
    /// What they mean.
    pub(super) fault: Fault,
    /// How sure that is.
    pub(super) confidence: Confidence,
}

impl Known {
    /// Whether it speaks of failures without words.
    pub(super) fn is_bare(&self) -> bool {
        self.words.is_empty()
    }
}

const fn means(words: &'static [&'static str], fault: Fault, confidence: Confidence) -> Known {
    Known { from: None, result_type: None, words, fault, confidence }
}

const fn bare(from: &'static str, result_type: &'static str, fault: Fault, confidence: Confidence) -> Known {
    Known { from: Some(from), result_type: Some(result_type), words: &[], fault, confidence }
}

/// Every line, in the order of their asking.
pub(super) static KNOWN: &[Known] = &[
    // Which MX hosts the policy lists.
    means(&["mx_hosts_mismatch"], Fault::MxNotListed, Certain),
    means(&["mx hosts of", "failed mta-sts validation"], Fault::MxNotListed, Certain),
    means(&["mx", "not match", "policy"], Fault::MxNotListed, Likely),
    means(&["mx", "not authorized by", "policy"], Fault::MxNotListed, Likely),
    means(&["mx", "not allowed by", "policy"], Fault::MxNotListed, Likely),
    means(&["mx", "not in", "policy"], Fault::MxNotListed, Likely),
    means(&["mx", "not listed in", "policy"], Fault::MxNotListed, Likely),
    // Whom a certificate is for.
    means(&["certificate is valid for", ", not "], Fault::OtherName, Certain),
    means(&["certificate is not valid for any names"], Fault::NameInCommonName, Certain),
    means(&["relies on legacy common name field"], Fault::NameInCommonName, Certain),
    means(&["x509_v_err_hostname_mismatch"], Fault::OtherName, Certain),
    means(&["hostname mismatch"], Fault::OtherName, Certain),
    means(&["hostname", "does not match", "certificate"], Fault::OtherName, Certain),
    means(&["certificate subject does not match host"], Fault::OtherName, Certain),
    means(&["certificate subject name", "does not match target host name"], Fault::OtherName, Certain),
    means(&["no alternative certificate subject name matches"], Fault::OtherName, Certain),
    means(&["no subject alternative", "matching"], Fault::OtherName, Certain),
    means(&["remotecertificatenamemismatch"], Fault::OtherName, Certain),
    means(&["notvalidforname"], Fault::OtherName, Certain),
    means(&["certificate not valid for name"], Fault::OtherName, Certain),
    means(&["certificate name mismatch"], Fault::OtherName, Certain),
    // Its dates.
    means(&["certificate has expired or is not yet valid", "is after"], Fault::Expired, Certain),
    means(&["certificate has expired or is not yet valid", "is before"], Fault::NotYetValid, Certain),
    means(&["certificate has expired or is not yet valid"], Fault::Expired, Likely),
    means(&["x509_v_err_cert_has_expired"], Fault::Expired, Certain),
    means(&["x509_v_err_cert_not_yet_valid"], Fault::NotYetValid, Certain),
    means(&["certificate has expired"], Fault::Expired, Certain),
    means(&["certificate expired"], Fault::Expired, Certain),
    means(&["certificate is not yet valid"], Fault::NotYetValid, Certain),
    means(&["certificate not valid yet"], Fault::NotYetValid, Certain),
    means(&["certificateexpiredexception"], Fault::Expired, Certain),
    means(&["nottimevalid"], Fault::Expired, Likely),
    // Who vouches for it.
    means(&["x509_v_err_depth_zero_self_signed_cert"], Fault::SelfSigned, Certain),
    means(&["x509_v_err_self_signed_cert_in_chain"], Fault::PrivateRoot, Certain),
    means(&["self", "signed certificate in", "chain"], Fault::PrivateRoot, Certain),
    means(&["self-signed certificate"], Fault::SelfSigned, Certain),
    means(&["self signed certificate"], Fault::SelfSigned, Certain),
    means(&["x509_v_err_unable_to_get_issuer_cert"], Fault::Incomplete, Likely),
    means(&["x509_v_err_unable_to_verify_leaf_signature"], Fault::Incomplete, Likely),
    means(&["unable to get local issuer certificate"], Fault::Incomplete, Likely),
    means(&["unable to get issuer certificate"], Fault::Incomplete, Likely),
    means(&["unable to verify the first certificate"], Fault::Incomplete, Likely),
    means(&["unable to verify leaf signature"], Fault::Incomplete, Likely),
    means(&["unable_to_verify_leaf_signature"], Fault::Incomplete, Likely),
    means(&["partialchain"], Fault::Incomplete, Likely),
    means(&["untrustedroot"], Fault::PrivateRoot, Certain),
    means(&["x509_v_err_cert_revoked"], Fault::Revoked, Certain),
    means(&["certificate revoked"], Fault::Revoked, Certain),
    means(&["certificate has been revoked"], Fault::Revoked, Certain),
    // What it may be used for, and how strong it is.
    means(&["insecure algorithm"], Fault::WeakSignature, Certain),
    means(&["x509_v_err_ca_md_too_weak"], Fault::WeakSignature, Certain),
    means(&["md too weak"], Fault::WeakSignature, Certain),
    means(&["dh key too small"], Fault::Handshake, Certain),
    means(&["x509_v_err_ee_key_too_small"], Fault::WeakKey, Certain),
    means(&["x509_v_err_ca_key_too_small"], Fault::WeakKey, Certain),
    means(&["key too small"], Fault::WeakKey, Likely),
    means(&["key too weak"], Fault::WeakKey, Certain),
    means(&["x509_v_err_invalid_purpose"], Fault::Constraint, Certain),
    means(&["x509_v_err_invalid_ca"], Fault::Constraint, Certain),
    means(&["path_length_exceeded"], Fault::Constraint, Certain),
    means(&["x509_v_err_permitted_violation"], Fault::Constraint, Certain),
    means(&["x509_v_err_excluded_violation"], Fault::Constraint, Certain),
    means(&["unsupported certificate purpose"], Fault::Constraint, Certain),
    means(&["incompatible key usage"], Fault::Constraint, Certain),
    means(&["incompatible-key-usage"], Fault::Constraint, Certain),
    means(&["not authorized to sign"], Fault::Constraint, Certain),
    means(&["not-authorized-to-sign"], Fault::Constraint, Certain),
    means(&["ca-not-authorized-for"], Fault::Constraint, Certain),
    means(&["too-many-intermediates"], Fault::Constraint, Certain),
    means(&["causedasendentity"], Fault::Constraint, Certain),
    // Trust in general comes behind: the texts above may stand within these.
    means(&["certificate signed by unknown authority"], Fault::UnknownIssuer, Certain),
    means(&["unknownissuer"], Fault::UnknownIssuer, Certain),
    means(&["unable to find valid certification path"], Fault::UnknownIssuer, Certain),
    means(&["remotecertificatechainerrors"], Fault::Untrusted, Certain),
    means(&["remote certificate failed mta-sts validation"], Fault::ExchangeCertificate, Likely),
    means(&["server certificate not trusted"], Fault::Untrusted, Certain),
    means(&["certificate not trusted"], Fault::Untrusted, Certain),
    means(&["x509_v_err_cert_untrusted"], Fault::Untrusted, Certain),
    // DANE.
    means(&["dane_no_match"], Fault::TlsaMismatch, Certain),
    means(&["no matching dane tlsa"], Fault::TlsaMismatch, Certain),
    means(&["no matching tlsa"], Fault::TlsaMismatch, Certain),
    means(&["dnssec", "bogus"], Fault::Dnssec, Certain),
    means(&["dnssec validation"], Fault::Dnssec, Likely),
    // The handshake.
    means(&["first record does not look like a tls handshake"], Fault::NotTls, Certain),
    means(&["tls-record-header-error"], Fault::NotTls, Certain),
    means(&["wrong version number"], Fault::NotTls, Certain),
    means(&["unexpected tls packet"], Fault::NotTls, Likely),
    means(&["invalidcontenttype"], Fault::NotTls, Certain),
    means(&["remote error", "handshake failure"], Fault::Handshake, Certain),
    means(&["alert handshake failure"], Fault::Handshake, Certain),
    means(&["received fatal alert", "handshake", "failure"], Fault::Handshake, Certain),
    means(&["received fatal alert", "protocol", "version"], Fault::OldTls, Certain),
    means(&["remote error", "protocol version not supported"], Fault::OldTls, Certain),
    means(&["server selected unsupported protocol version"], Fault::OldTls, Certain),
    means(&["unsupported protocol"], Fault::OldTls, Likely),
    means(&["no shared cipher"], Fault::Suites, Certain),
    means(&["remote error", "unrecognized name"], Fault::UnknownName, Certain),
    means(&["remote error", "certificate required"], Fault::ClientCertificate, Certain),
    means(&["remote error", "internal error"], Fault::ServerError, Certain),
    means(&["remote host terminated the handshake"], Fault::Closed, Certain),
    means(&["connection-closed-during-handshake"], Fault::Closed, Certain),
    means(&["non-properly terminated"], Fault::Closed, Likely),
    means(&["unexpected eof while reading"], Fault::Closed, Likely),
    means(&["io-timeout-during-handshake"], Fault::Timeout, Certain),
    means(&["tls handshake timeout"], Fault::Timeout, Certain),
    // STARTTLS.
    means(&["starttls", "not offered"], Fault::NoStarttls, Certain),
    means(&["does not support starttls"], Fault::NoStarttls, Certain),
    means(&["starttls", "not supported"], Fault::NoStarttls, Likely),
    means(&["tls is required, but was not offered"], Fault::NoStarttls, Certain),
    means(&["454", "tls not available"], Fault::StarttlsRejected, Certain),
    means(&["tls is required, but host", "refused to start tls"], Fault::StarttlsRejected, Certain),
    means(&["421", "too many"], Fault::Busy, Likely),
    // The connection and DNS.
    means(&["server misbehaving"], Fault::DnsFailed, Likely),
    means(&["servfail"], Fault::DnsFailed, Certain),
    means(&["temporary failure in name resolution"], Fault::DnsFailed, Certain),
    means(&["no such host"], Fault::NoSuchHost, Certain),
    means(&["nxdomain"], Fault::NoSuchHost, Certain),
    means(&["unknownhostexception"], Fault::NoSuchHost, Certain),
    means(&["name or service not known"], Fault::NoSuchHost, Certain),
    means(&["could not resolve host"], Fault::NoSuchHost, Certain),
    means(&["connection refused"], Fault::Refused, Certain),
    means(&["network is unreachable"], Fault::NoRoute, Certain),
    means(&["no route to host"], Fault::NoRoute, Certain),
    means(&["i/o timeout"], Fault::Timeout, Certain),
    means(&["context deadline exceeded"], Fault::Timeout, Certain),
    means(&["connection timed out"], Fault::Timeout, Certain),
    means(&["operation timed out"], Fault::Timeout, Certain),
    means(&["connect timed out"], Fault::Timeout, Certain),
    means(&["read timed out"], Fault::Timeout, Certain),
    means(&["connection reset by peer"], Fault::Closed, Likely),
    // The policy and the way to it.
    means(&["redirect"], Fault::Redirect, Likely),
    means(&["media type"], Fault::MediaType, Likely),
    means(&["content-type"], Fault::MediaType, Likely),
    means(&["policy too large"], Fault::TooLarge, Certain),
    means(&["body too large"], Fault::TooLarge, Likely),
    means(&["no 'mx' entries found"], Fault::NoMx, Certain),
    means(&["missing mx"], Fault::NoMx, Likely),
    means(&["unsupported version"], Fault::Version, Certain),
    means(&["unsupported policy version"], Fault::Version, Certain),
    means(&["unknown policy version"], Fault::Version, Certain),
    means(&["invalid version field"], Fault::Version, Certain),
    means(&["version field required"], Fault::Version, Certain),
    means(&["unsupported mode"], Fault::Mode, Certain),
    means(&["invalid mode"], Fault::Mode, Certain),
    means(&["mode field required"], Fault::Mode, Certain),
    means(&["invalid max_age"], Fault::MaxAge, Certain),
    means(&["max_age field required"], Fault::MaxAge, Certain),
    means(&["malformed policy"], Fault::Syntax, Likely),
    means(&["policy syntax"], Fault::Syntax, Likely),
    means(&["multi_sts_records"], Fault::RecordAgain, Certain),
    means(&["record not found"], Fault::RecordMissing, Likely),
    means(&["record missing"], Fault::RecordMissing, Likely),
    // Codes that say little, and no words at all.
    Known {
        from: Some("microsoft.com"),
        result_type: None,
        words: &["validation_failure"],
        fault: Fault::ExchangeCertificate,
        confidence: Guess,
    },
    bare("microsoft.com", "sts-policy-fetch-error", Fault::ExchangeFetch, Guess),
    bare("google.com", "validation-failure", Fault::GoogleValidation, Guess),
    bare("google.com", "sts-policy-fetch-error", Fault::GoogleFetch, Guess),
];
