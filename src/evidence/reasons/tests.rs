use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::assessment::Confidence::{Certain, Guess, Likely};

const ANYBODY: &str = "sender.example";
const AT_MX: &str = "validation-failure";
const FETCH: &str = "sts-policy-fetch-error";

fn told<'a>(reporter: &'a str, result_type: &'a str, reason: &'a str) -> Told<'a> {
    Told { reporter, result_type, reason: (!reason.is_empty()).then_some(reason), additional: None }
}

/// Who wrote what beside which result-type, and what it leads to.
const WRITTEN: &[(&str, &str, &str, &str, Confidence)] = &[
    // Microsoft, Google, Mail.ru.
    ("microsoft.com", AT_MX, "MX_HOSTS_MISMATCH", "mx-uncovered", Certain),
    ("microsoft.com", AT_MX, "VALIDATION_FAILURE", "cert-name-mismatch", Guess),
    ("microsoft.com", FETCH, "", "reports-fetch-error", Guess),
    ("google.com", AT_MX, "", "mx-uncovered", Guess),
    ("google.com", FETCH, "", "fetch-status", Guess),
    ("mail.ru", FETCH, "bad https response code: 404", "fetch-status", Certain),
    ("mail.ru", FETCH, "bad https response code: 403", "fetch-blocked-agent", Certain),
    ("mail.ru", FETCH, "bad https response code: 301", "fetch-redirect", Certain),
    (ANYBODY, FETCH, "Policy fetch failed: status 403", "fetch-blocked-agent", Certain),
    (ANYBODY, FETCH, "HTTP response status code: 503", "fetch-status", Certain),
    (ANYBODY, FETCH, "http_status=429 status=429", "fetch-blocked-agent", Certain),
    (ANYBODY, FETCH, "HTTP/1.1 418 I'm a teapot", "fetch-status", Certain),
    (ANYBODY, FETCH, "Invalid response code 500", "fetch-status", Certain),
    // Exchange Online's bounces, for those who copy them.
    (ANYBODY, AT_MX, "4.4.8 MX hosts of shop.example failed MTA-STS validation", "mx-uncovered", Certain),
    (ANYBODY, AT_MX, "4.7.5 Remote certificate failed MTA-STS validation. Reason: UnknownStatus", "cert-name-mismatch", Likely),
    (ANYBODY, "certificate-not-trusted", "failed MTA-STS validation. Reason: PartialChain", "cert-chain-incomplete", Likely),
    (ANYBODY, "certificate-not-trusted", "Reason: UntrustedRoot", "cert-untrusted", Certain),
    (ANYBODY, "certificate-expired", "Reason: NotTimeValid", "cert-expired", Likely),
    (ANYBODY, "certificate-host-mismatch", "RemoteCertificateNameMismatch", "cert-name-mismatch", Certain),
    (ANYBODY, "certificate-not-trusted", "RemoteCertificateChainErrors", "cert-untrusted", Certain),
    // The policy's list.
    (ANYBODY, AT_MX, "MX host does not match the MTA-STS policy", "mx-uncovered", Likely),
    (ANYBODY, AT_MX, "MX \"mx3.shop.example\" is not authorized by policy", "mx-uncovered", Likely),
    (ANYBODY, AT_MX, "mx not allowed by sts policy", "mx-uncovered", Likely),
    (ANYBODY, AT_MX, "MX not in MTA-STS policy", "mx-uncovered", Likely),
    (ANYBODY, AT_MX, "mx3.shop.example is an MX not listed in the policy", "mx-uncovered", Likely),
    // Names.
    (ANYBODY, "certificate-host-mismatch", "4.7.5 [internal] SSL certificate subject does not match host", "cert-name-mismatch", Certain),
    (ANYBODY, AT_MX, "x509: certificate is valid for a.example, b.example, not mx.shop.example", "cert-name-mismatch", Certain),
    (ANYBODY, "sts-webpki-invalid", "x509: certificate is valid for a.example, not mta-sts.shop.example", "fetch-cert-name", Certain),
    (ANYBODY, AT_MX, "x509: certificate is not valid for any names, but wanted to match mx.shop.example", "cert-no-san", Certain),
    (ANYBODY, AT_MX, "x509: certificate relies on legacy Common Name field, use SANs instead", "cert-no-san", Certain),
    (ANYBODY, AT_MX, "X509_V_ERR_HOSTNAME_MISMATCH", "cert-name-mismatch", Certain),
    (ANYBODY, AT_MX, "certificate verification failed for mx[192.0.2.1]:25: num=62:Hostname mismatch", "cert-name-mismatch", Certain),
    (ANYBODY, "sts-webpki-invalid", "hostname 'mta-sts.shop.example' does not match the certificate", "fetch-cert-name", Certain),
    (
        "sts.example",
        "sts-webpki-invalid",
        "SSL: certificate subject name 'a' does not match target host name 'b'",
        "fetch-cert-name",
        Certain,
    ),
    (
        "sts.example",
        "sts-webpki-invalid",
        "SSL: no alternative certificate subject name matches target host name",
        "fetch-cert-name",
        Certain,
    ),
    (ANYBODY, AT_MX, "No subject alternative DNS name matching mx.shop.example found.", "cert-name-mismatch", Certain),
    (ANYBODY, AT_MX, "invalid peer certificate: NotValidForName", "cert-name-mismatch", Certain),
    (ANYBODY, AT_MX, "invalid peer certificate: certificate not valid for name \"mx.shop.example\"", "cert-name-mismatch", Certain),
    (ANYBODY, AT_MX, "Certificate name mismatch", "cert-name-mismatch", Certain),
    // Dates.
    (
        ANYBODY,
        "certificate-expired",
        "x509: certificate has expired or is not yet valid: current time 2026-03-02T00:00:00Z is after 2026-03-01T00:00:00Z",
        "cert-expired",
        Certain,
    ),
    (
        ANYBODY,
        "sts-webpki-invalid",
        "x509: certificate has expired or is not yet valid: current time 2026-03-02T00:00:00Z is before 2026-04-01T00:00:00Z",
        "fetch-cert-not-yet-valid",
        Certain,
    ),
    (ANYBODY, AT_MX, "x509: certificate has expired or is not yet valid", "cert-expired", Likely),
    (ANYBODY, AT_MX, "X509_V_ERR_CERT_HAS_EXPIRED", "cert-expired", Certain),
    (ANYBODY, AT_MX, "X509_V_ERR_CERT_NOT_YET_VALID", "cert-not-yet-valid", Certain),
    (ANYBODY, AT_MX, "Certificate has expired", "cert-expired", Certain),
    (ANYBODY, AT_MX, "invalid peer certificate: certificate expired: verified at 1", "cert-expired", Certain),
    (ANYBODY, AT_MX, "certificate is not yet valid", "cert-not-yet-valid", Certain),
    (ANYBODY, AT_MX, "invalid peer certificate: certificate not valid yet", "cert-not-yet-valid", Certain),
    (ANYBODY, "sts-webpki-invalid", "java.security.cert.CertificateExpiredException: NotAfter", "fetch-cert-expired", Certain),
    // Trust.
    (ANYBODY, AT_MX, "X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT", "cert-self-signed", Certain),
    (ANYBODY, AT_MX, "X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN", "cert-untrusted", Certain),
    (ANYBODY, AT_MX, "self-signed certificate in certificate chain", "cert-untrusted", Certain),
    (ANYBODY, AT_MX, "certificate verification failed: self-signed certificate", "cert-self-signed", Certain),
    (ANYBODY, "sts-webpki-invalid", "self signed certificate", "fetch-cert-self-signed", Certain),
    (ANYBODY, AT_MX, "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "cert-chain-incomplete", Likely),
    (ANYBODY, AT_MX, "X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE", "cert-chain-incomplete", Likely),
    (ANYBODY, AT_MX, "unable to get local issuer certificate", "cert-chain-incomplete", Likely),
    (ANYBODY, AT_MX, "unable to get issuer certificate", "cert-chain-incomplete", Likely),
    (ANYBODY, "sts-webpki-invalid", "unable to verify the first certificate", "fetch-cert-chain-incomplete", Likely),
    (ANYBODY, AT_MX, "unable to verify leaf signature", "cert-chain-incomplete", Likely),
    (ANYBODY, "sts-webpki-invalid", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "fetch-cert-chain-incomplete", Likely),
    (ANYBODY, AT_MX, "X509_V_ERR_CERT_REVOKED", "cert-untrusted", Certain),
    (ANYBODY, AT_MX, "certificate revoked", "cert-untrusted", Certain),
    (ANYBODY, AT_MX, "The certificate has been revoked", "cert-untrusted", Certain),
    (ANYBODY, AT_MX, "x509: certificate signed by unknown authority", "cert-untrusted", Certain),
    (ANYBODY, "sts-webpki-invalid", "x509: certificate signed by unknown authority", "fetch-cert-untrusted", Certain),
    (ANYBODY, AT_MX, "invalid peer certificate: UnknownIssuer", "cert-untrusted", Certain),
    (ANYBODY, AT_MX, "PKIX path building failed: unable to find valid certification path to requested target", "cert-untrusted", Certain),
    (ANYBODY, AT_MX, "Server certificate not trusted", "cert-untrusted", Certain),
    (ANYBODY, AT_MX, "certificate not trusted", "cert-untrusted", Certain),
    (ANYBODY, AT_MX, "X509_V_ERR_CERT_UNTRUSTED", "cert-untrusted", Certain),
    // Strength and use.
    (ANYBODY, AT_MX, "x509: cannot verify signature: insecure algorithm SHA1-RSA", "cert-weak-signature", Certain),
    (ANYBODY, AT_MX, "X509_V_ERR_CA_MD_TOO_WEAK", "cert-weak-signature", Certain),
    (ANYBODY, AT_MX, "CA md too weak", "cert-weak-signature", Certain),
    (ANYBODY, AT_MX, "X509_V_ERR_EE_KEY_TOO_SMALL", "cert-weak-key", Certain),
    (ANYBODY, AT_MX, "X509_V_ERR_CA_KEY_TOO_SMALL", "cert-weak-key", Certain),
    (ANYBODY, AT_MX, "EE certificate key too small", "cert-weak-key", Likely),
    (ANYBODY, AT_MX, "EE certificate key too weak", "cert-weak-key", Certain),
    (ANYBODY, AT_MX, "X509_V_ERR_INVALID_PURPOSE", "cert-constraint", Certain),
    (ANYBODY, AT_MX, "X509_V_ERR_INVALID_CA", "cert-constraint", Certain),
    (ANYBODY, AT_MX, "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED", "cert-constraint", Certain),
    (ANYBODY, AT_MX, "X509_V_ERR_PERMITTED_VIOLATION", "cert-constraint", Certain),
    (ANYBODY, AT_MX, "X509_V_ERR_EXCLUDED_VIOLATION", "cert-constraint", Certain),
    (ANYBODY, AT_MX, "unsupported certificate purpose", "cert-constraint", Certain),
    (ANYBODY, AT_MX, "x509: certificate specifies an incompatible key usage", "cert-constraint", Certain),
    (ANYBODY, AT_MX, "incompatible-key-usage", "cert-constraint", Certain),
    (ANYBODY, AT_MX, "x509: certificate is not authorized to sign other certificates", "cert-constraint", Certain),
    (ANYBODY, AT_MX, "not-authorized-to-sign", "cert-constraint", Certain),
    (ANYBODY, AT_MX, "ca-not-authorized-for-ext-key-usage", "cert-constraint", Certain),
    (ANYBODY, AT_MX, "too-many-intermediates", "cert-constraint", Certain),
    (ANYBODY, AT_MX, "invalid peer certificate: Other(CaUsedAsEndEntity)", "cert-constraint", Certain),
    // DANE.
    (ANYBODY, "tlsa-invalid", "X509_V_ERR_DANE_NO_MATCH", "dane-mismatch", Certain),
    (ANYBODY, "tlsa-invalid", "No matching DANE TLSA records", "dane-mismatch", Certain),
    (ANYBODY, "tlsa-invalid", "no matching TLSA record", "dane-mismatch", Certain),
    (ANYBODY, "dnssec-invalid", "DNSSEC: bogus signature", "dane-lookup-failed", Certain),
    (ANYBODY, "dnssec-invalid", "DNSSEC validation failure", "dane-lookup-failed", Likely),
    // The handshake.
    (ANYBODY, AT_MX, "tls: first record does not look like a TLS handshake", "starttls-handshake", Certain),
    (ANYBODY, AT_MX, "tls-record-header-error", "starttls-handshake", Certain),
    (ANYBODY, AT_MX, "error:0A00010B:SSL routines::wrong version number", "starttls-handshake", Certain),
    (ANYBODY, AT_MX, "An unexpected TLS packet was received.", "starttls-handshake", Likely),
    (ANYBODY, AT_MX, "received corrupt message of type InvalidContentType", "starttls-handshake", Certain),
    (ANYBODY, AT_MX, "remote error: tls: handshake failure", "starttls-handshake", Certain),
    (ANYBODY, AT_MX, "tls-remote-alert-40-handshake-failure", "starttls-handshake", Certain),
    (ANYBODY, AT_MX, "sslv3 alert handshake failure", "starttls-handshake", Certain),
    (ANYBODY, AT_MX, "SSL_connect error: SSL alert number 70", "starttls-legacy", Likely),
    (ANYBODY, AT_MX, "ssl alert number 112", "starttls-handshake", Certain),
    (ANYBODY, AT_MX, "tls-remote-alert-116-certificate-required", "starttls-client-cert", Certain),
    (ANYBODY, AT_MX, "tls-remote-alert-80-internal-error", "starttls-handshake", Certain),
    (ANYBODY, AT_MX, "javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure", "starttls-handshake", Certain),
    (ANYBODY, AT_MX, "received fatal alert: ProtocolVersion", "starttls-legacy", Certain),
    (ANYBODY, AT_MX, "remote error: tls: protocol version not supported", "starttls-legacy", Certain),
    (ANYBODY, AT_MX, "tls: server selected unsupported protocol version 301", "starttls-legacy", Certain),
    (ANYBODY, AT_MX, "error:0A000102:SSL routines::unsupported protocol", "starttls-legacy", Likely),
    (ANYBODY, AT_MX, "no shared cipher", "starttls-suites", Certain),
    (ANYBODY, AT_MX, "error:0A00018A:SSL routines::dh key too small", "starttls-handshake", Certain),
    (ANYBODY, FETCH, "remote error: tls: unrecognized name", "fetch-tls", Certain),
    (ANYBODY, AT_MX, "remote error: tls: certificate required", "starttls-client-cert", Certain),
    (ANYBODY, FETCH, "remote error: tls: internal error", "fetch-tls", Certain),
    (ANYBODY, AT_MX, "Remote host terminated the handshake", "starttls-handshake", Certain),
    (ANYBODY, AT_MX, "connection-closed-during-handshake", "starttls-handshake", Certain),
    (ANYBODY, AT_MX, "The TLS connection was non-properly terminated.", "starttls-handshake", Likely),
    (ANYBODY, AT_MX, "error:0A000126:SSL routines::unexpected eof while reading", "starttls-handshake", Likely),
    (ANYBODY, AT_MX, "io-timeout-during-handshake", "starttls-unreachable", Certain),
    (ANYBODY, FETCH, "net/http: TLS handshake timeout", "fetch-connect", Certain),
    // STARTTLS.
    (ANYBODY, "starttls-not-supported", "STARTTLS was not offered", "starttls-missing", Certain),
    (ANYBODY, "starttls-not-supported", "the server does not support STARTTLS", "starttls-missing", Certain),
    (ANYBODY, "starttls-not-supported", "STARTTLS extension not supported by server", "starttls-missing", Likely),
    ("postfix.example", AT_MX, "TLS is required, but was not offered by host mx[192.0.2.1]", "starttls-missing", Certain),
    (ANYBODY, AT_MX, "454 4.7.0 TLS not available due to local problem", "starttls-rejected", Certain),
    ("postfix.example", AT_MX, "TLS is required, but host mx[192.0.2.1] refused to start TLS: 454 4.3.0", "starttls-rejected", Certain),
    (ANYBODY, AT_MX, "421 4.7.0 Too many connections", "starttls-busy", Likely),
    // The connection and DNS.
    (ANYBODY, FETCH, "lookup mta-sts.shop.example: server misbehaving", "domain-dns-failed", Likely),
    (ANYBODY, FETCH, "DNS: SERVFAIL", "domain-dns-failed", Certain),
    (ANYBODY, AT_MX, "Temporary failure in name resolution", "domain-dns-failed", Certain),
    (ANYBODY, FETCH, "dial tcp: lookup mta-sts.shop.example: no such host", "fetch-host-missing", Certain),
    (ANYBODY, AT_MX, "dial tcp: lookup mx9.shop.example: no such host", "mx-unresolvable", Certain),
    (ANYBODY, FETCH, "NXDOMAIN", "fetch-host-missing", Certain),
    (ANYBODY, FETCH, "java.net.UnknownHostException: mta-sts.shop.example", "fetch-host-missing", Certain),
    (ANYBODY, FETCH, "Name or service not known", "fetch-host-missing", Certain),
    (ANYBODY, FETCH, "Could not resolve host: mta-sts.shop.example", "fetch-host-missing", Certain),
    (ANYBODY, FETCH, "dial tcp 192.0.2.1:443: connect: connection refused", "fetch-connect", Certain),
    (ANYBODY, AT_MX, "connect to mx[2001:db8::1]:25: Network is unreachable", "starttls-unreachable", Certain),
    (ANYBODY, FETCH, "dial tcp: connect: no route to host", "fetch-connect", Certain),
    (ANYBODY, FETCH, "dial tcp 192.0.2.1:443: i/o timeout", "fetch-connect", Certain),
    (ANYBODY, FETCH, "context deadline exceeded (Client.Timeout exceeded while awaiting headers)", "fetch-connect", Certain),
    (ANYBODY, AT_MX, "Connection timed out", "starttls-unreachable", Certain),
    (ANYBODY, FETCH, "Operation timed out after 5000 milliseconds", "fetch-connect", Certain),
    (ANYBODY, FETCH, "java.net.SocketTimeoutException: connect timed out", "fetch-connect", Certain),
    (ANYBODY, FETCH, "java.net.SocketTimeoutException: Read timed out", "fetch-connect", Certain),
    (ANYBODY, FETCH, "read tcp: connection reset by peer", "fetch-tls", Likely),
    // The policy.
    (ANYBODY, FETCH, "redirects not allowed in MTA-STS", "fetch-redirect", Likely),
    (ANYBODY, FETCH, "invalid HTTP media type", "fetch-content-type", Likely),
    (ANYBODY, FETCH, "unexpected Content-Type text/html", "fetch-content-type", Likely),
    (ANYBODY, "sts-policy-invalid", "Policy too large", "fetch-too-large", Certain),
    (ANYBODY, FETCH, "response body too large", "fetch-too-large", Likely),
    (ANYBODY, "sts-policy-invalid", "No 'mx' entries found.", "policy-mx-missing", Certain),
    (ANYBODY, "sts-policy-invalid", "missing mx given mode", "policy-mx-missing", Likely),
    (ANYBODY, "sts-policy-invalid", "Unsupported version \"STSv2\".", "policy-version", Certain),
    (ANYBODY, "sts-policy-invalid", "mtasts: unsupported policy version: 1", "policy-version", Certain),
    (ANYBODY, "sts-policy-invalid", "unknown policy version", "policy-version", Certain),
    (ANYBODY, "sts-policy-invalid", "Invalid version field", "policy-version", Certain),
    (ANYBODY, "sts-policy-invalid", "version field required", "policy-version", Certain),
    (ANYBODY, "sts-policy-invalid", "Unsupported mode \"Enforce\".", "policy-mode-invalid", Certain),
    (ANYBODY, "sts-policy-invalid", "invalid mode value: on", "policy-mode-invalid", Certain),
    (ANYBODY, "sts-policy-invalid", "mode field required", "policy-mode-invalid", Certain),
    (ANYBODY, "sts-policy-invalid", "invalid max_age", "policy-max-age-invalid", Certain),
    (ANYBODY, "sts-policy-invalid", "max_age field required", "policy-max-age-invalid", Certain),
    (ANYBODY, "sts-policy-invalid", "mtasts: malformed policy: invalid field: ", "policy-syntax", Likely),
    (ANYBODY, "sts-policy-invalid", "policy syntax error: leftover characters", "policy-syntax", Likely),
    (ANYBODY, FETCH, "multi_sts_records", "txt-multiple", Certain),
    (ANYBODY, FETCH, "Record not found: NXDomain", "fetch-host-missing", Certain),
    (ANYBODY, FETCH, "Record not found: NoError", "txt-missing", Likely),
    (ANYBODY, FETCH, "MTA-STS TXT record missing", "txt-missing", Likely),
];

#[test]
fn what_senders_write_is_read() {
    for (reporter, result_type, reason, code, confidence) in WRITTEN {
        let read = cause(told(reporter, result_type, reason));
        let read = read.as_ref().map(|cause| (cause.see, cause.confidence));
        assert_eq!(read, Some((*code, *confidence)), "{reporter} {result_type} {reason:?}");
    }
}

/// The line that a text is read by.
fn line(told: Told<'_>) -> Option<usize> {
    let text = told.reason.and_then(readable);
    let place = place(told.result_type);
    let of_its_kind = |known: &Known| known.is_bare() == text.is_none();
    KNOWN.iter().position(|known| of_its_kind(known) && read(known, told, text.as_deref().unwrap_or_default(), place).is_some())
}

#[test]
fn every_line_is_there_for_some_text() {
    let read: BTreeSet<usize> = WRITTEN.iter().filter_map(|(reporter, kind, reason, ..)| line(told(reporter, kind, reason))).collect();
    let idle: Vec<_> = KNOWN.iter().enumerate().filter(|(place, _)| !read.contains(place)).map(|(_, known)| known.words).collect();
    assert!(idle.is_empty(), "no text is read by {idle:?}");
    assert!(KNOWN.len() >= 60);
    let words = KNOWN.iter().flat_map(|known| known.words);
    assert!(words.clone().all(|word| **word == word.to_ascii_lowercase()), "texts are compared in lower case");
}

#[test]
fn every_page_exists() {
    // By their files: this floor knows no rule.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/rules");
    for (.., code, _) in WRITTEN {
        assert!(folder.join(format!("{code}.md")).is_file(), "{code}");
    }
}

#[test]
fn what_nobody_knows_has_no_cause() {
    for (reporter, result_type, reason) in [
        (ANYBODY, AT_MX, ""),
        (ANYBODY, FETCH, ""),
        (ANYBODY, AT_MX, "VALIDATION_FAILURE"),
        (ANYBODY, AT_MX, "quantum entanglement lost"),
        (ANYBODY, AT_MX, "https://reports.sender.example/no-such-host"),
        (ANYBODY, AT_MX, "bad https response code: 404"),
        (ANYBODY, FETCH, "bad https response code: 200"),
        (ANYBODY, FETCH, "bad https response code: 40404"),
        (ANYBODY, AT_MX, "ssl alert number 9000"),
        ("google.com", AT_MX, "something new"),
        ("google.com", "certificate-expired", ""),
        ("not-google.com", AT_MX, ""),
        (ANYBODY, FETCH, "MX_HOSTS_MISMATCH"),
    ] {
        assert_eq!(cause(told(reporter, result_type, reason)), None, "{reporter} {result_type} {reason:?}");
    }
}

#[test]
fn only_names_are_taken_out_of_a_text() {
    let read = |reason| cause(told(ANYBODY, AT_MX, reason)).map(|cause| cause.cause).unwrap_or_default();
    let listed = read("x509: certificate is valid for a.example, *.b.example, c.example, d.example, not mx.shop.example");
    assert!(listed.ends_with(": it is for a.example, *.b.example, c.example"), "{listed}");
    let hostile = read("x509: certificate is valid for <b>\u{1b}[2J, a b, not mx.shop.example");
    assert_eq!(hostile, "the MX host presents a certificate for another name");
}

#[test]
fn the_surer_of_two_texts_counts() {
    let both = |reason, additional| {
        let told = Told { reporter: ANYBODY, result_type: AT_MX, reason: Some(reason), additional: Some(additional) };
        cause(told).map(|cause| cause.see)
    };
    assert_eq!(both("unsupported protocol", "x509: certificate signed by unknown authority"), Some("cert-untrusted"));
    assert_eq!(both("certificate has expired", "self signed certificate"), Some("cert-expired"), "the reason stands first");
    assert_eq!(both("something", "certificate has expired"), Some("cert-expired"));
    assert_eq!(both("certificate has expired", "https://more.example/"), Some("cert-expired"));
}

proptest! {
    #[test]
    fn no_text_is_too_much(reporter in "google\\.com|microsoft\\.com|\\PC*", kind in "[a-z-]{0,20}|sts-policy-fetch-error", reason in "\\PC*", more in ".{0,2000}") {
        let told = Told { reporter: &reporter, result_type: &kind, reason: Some(&reason), additional: Some(&more) };
        if let Some(cause) = cause(told) {
            prop_assert!(cause.cause.len() < 1_000 && !cause.cause.contains(char::is_control));
        }
    }

    #[test]
    fn what_stands_around_known_words_changes_nothing(behind in "[!-~&&[^0-9]][ -~&&[^0-9]]{0,40}", known in 0..KNOWN.len()) {
        // Some of the words end with the blank before a name.
        let text = format!("{} {behind}", KNOWN[known].words.join(" ").to_uppercase());
        let known_before = line(told(ANYBODY, AT_MX, &text)).is_some() || line(told(ANYBODY, FETCH, &text)).is_some();
        prop_assert!(KNOWN[known].from.is_some() || known_before);
    }
}
