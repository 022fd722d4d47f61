//! Reports as senders really write them (the traits that are known of each), made by hand: what must come out.

use std::fmt::Write as _;
use std::io::Write as _;

use super::intake::{OperatorsWord, Parcel, Received};
use super::read::{Options, mail};
use crate::wire::name::Domain;
use crate::wire::report::PolicyEntry;

/// A report with these members beside its period.
fn report(members: &str) -> String {
    format!(r#"{{"date-range":{{"start-datetime":"2026-03-01T00:00:00Z","end-datetime":"2026-03-01T23:59:59Z"}},{members}}}"#)
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(data).and_then(|()| packer.finish()).expect("memory")
}

/// What came out, in one line: who; then each policy with its counts and failures; then what was unusual.
fn told(parcel: &Parcel) -> String {
    assert!(parcel.rejected.is_empty(), "{:?}", parcel.rejected);
    let [received] = &parcel.reports[..] else { panic!("one report: {parcel:?}") };
    let mut line = received.reporter.clone();
    received.report.policies.iter().for_each(|entry| policy(&mut line, received, entry));
    for oddity in &received.report.oddities {
        let _ = write!(line, " ({oddity})");
    }
    line
}

fn policy(line: &mut String, received: &Received, entry: &PolicyEntry) {
    let domain = received.domain_of(entry).map_or("?", Domain::as_str);
    let kind = serde_json::to_value(&entry.policy_type).expect("JSON").to_string().replace('"', "");
    let _ = write!(line, " | {kind} {domain} {}/{}", entry.successful, entry.failed);
    if !entry.policy_string.is_empty() {
        let _ = write!(line, " [{}]", entry.policy_string.join("; "));
    }
    if !entry.mx_host.is_empty() {
        let _ = write!(line, " at {}", entry.mx_host.join(", "));
    }
    for detail in &entry.details {
        let _ = write!(line, " - {} x{}", detail.result_type, detail.sessions);
        for text in [detail.mx.as_ref().map(Domain::as_str), detail.reason.as_deref(), detail.additional.as_deref()].into_iter().flatten() {
            let _ = write!(line, " {text:?}");
        }
    }
}

/// Read as plain JSON under a name that says nothing.
fn read_json(json: &str) -> Parcel {
    read_mail("Content-Type: application/json", json)
}

fn read_mail(header: &str, body: &str) -> Parcel {
    let text = format!("From: Reports <noreply@mail.sender.example>\r\nSubject: r\r\n{header}\r\n\r\n{body}");
    mail(text.as_bytes(), "mail", None, &Options::new(&OperatorsWord))
}

#[test]
fn each_sender_is_understood() {
    let sts = r#""policy-type":"sts","policy-domain":"shop.example""#;
    let summary =
        |good: u64, bad: u64| format!(r#""summary":{{"total-successful-session-count":{good},"total-failure-session-count":{bad}}}"#);
    for (sender, json, means) in [
        (
            "Google, a clean day: no failure-details at all",
            report(&format!(
                r#""organization-name":"Google Inc.","contact-info":"smtp-tls-reporting@google.com","report-id":"2026-03-01T00:00:00Z_shop.example","policies":[{{"policy":{{{sts},"policy-string":["version: STSv1","mode: testing"],"mx-host":["mx1.shop.example"]}},{}}}]"#,
                summary(31, 0)
            )),
            "google.com | sts shop.example 31/0 [version: STSv1; mode: testing] at mx1.shop.example",
        ),
        (
            "Google without a policy: neither policy-string nor mx-host",
            report(&format!(
                r#""organization-name":"Google Inc.","contact-info":"smtp-tls-reporting@google.com","report-id":"2026-03-01T00:00:00Z_shop.example","policies":[{{"policy":{{"policy-type":"no-policy-found","policy-domain":"shop.example"}},{}}}]"#,
                summary(48, 0)
            )),
            "google.com | no-policy-found shop.example 48/0",
        ),
        (
            "Microsoft: the same sessions under sts and tlsa, TLSA records encoded once more, no mx-host",
            report(&format!(
                r#""organization-name":"Microsoft Corporation","contact-info":"tlsrpt-noreply@microsoft.com","report-id":"1339+shop.example","policies":[{{"policy":{{{sts},"policy-string":["version: STSv1"]}},{0}}},{{"policy":{{"policy-type":"tlsa","policy-string":["[\"3 1 1 AB\",\"3 1 1 CD\"]"],"policy-domain":"shop.example"}},{0}}}]"#,
                summary(2, 0)
            )),
            "microsoft.com | sts shop.example 2/0 [version: STSv1] | tlsa shop.example 2/0 [3 1 1 AB; 3 1 1 CD] (`policy-string` is an array encoded once more in a string)",
        ),
        (
            "Microsoft: times without a zone",
            report(&format!(
                r#""organization-name":"Microsoft Corporation","contact-info":"tlsrpt-noreply@microsoft.com","report-id":"1","policies":[{{"policy":{{{sts}}},{}}}]"#,
                summary(1, 0)
            ))
            .replace("Z\"", "\""),
            "microsoft.com | sts shop.example 1/0 (`start-datetime` has no zone; taken as UTC) (`end-datetime` has no zone; taken as UTC)",
        ),
        (
            "Microsoft, a fetch error: no addresses, no host, no policy, and an id that ends in a plus sign",
            report(&format!(
                r#""organization-name":"Microsoft Corporation","contact-info":"tlsrpt-noreply@microsoft.com","report-id":"1337+","policies":[{{"policy":{{{sts}}},{},"failure-details":[{{"result-type":"sts-policy-fetch-error","failed-session-count":1,"failure-reason-code":"VALIDATION_FAILURE"}}]}}]"#,
                summary(0, 1)
            )),
            "microsoft.com | sts shop.example 0/1 - sts-policy-fetch-error x1 \"VALIDATION_FAILURE\"",
        ),
        (
            "Mail.ru: keys in another order, the next midnight as end, two details beside a total of one, reasons in words",
            format!(
                r#"{{"contact-info":"tls_support@corp.mail.ru","date-range":{{"end-datetime":"2026-03-02T00:00:00Z","start-datetime":"2026-03-01T00:00:00Z"}},"organization-name":"Mail.ru","policies":[{{"failure-details":[{{"failed-session-count":1,"failure-reason-code":"bad https response code: 404","result-type":"sts-policy-fetch-error"}},{{"failed-session-count":1,"failure-reason-code":"bad https response code: 500","result-type":"sts-policy-fetch-error"}}],"policy":{{"policy-domain":"shop.example","policy-type":"sts"}},{}}}],"report-id":"b282@mail.ru"}}"#,
                summary(0, 1)
            ),
            "mail.ru | sts shop.example 0/1 - sts-policy-fetch-error x1 \"bad https response code: 404\" - sts-policy-fetch-error x1 \"bad https response code: 500\"",
        ),
        (
            "Stalwart: null for what is absent, an empty list, a result-type of its own",
            report(&format!(
                r#""organization-name":"Mail Ltd","contact-info":null,"report-id":"7","policies":[{{"policy":{{{sts},"policy-string":["version: STSv1"],"mx-host":[]}},{},"failure-details":[{{"result-type":"Other","sending-mta-ip":null,"receiving-mx-hostname":"mx1.shop.example","failed-session-count":3,"additional-information":null}}]}}]"#,
                summary(4, 3)
            )),
            "sender.example | sts shop.example 4/3 [version: STSv1] - other x3 \"mx1.shop.example\"",
        ),
        (
            "Postfix: no policy-domain where no policy was found",
            report(&format!(
                r#""organization-name":"Mail Ltd","contact-info":"r@post.example","report-id":"2026-03-01T00:00:00Z_shop.example","policies":[{{"policy":{{"policy-type":"no-policy-found"}},{}}}]"#,
                summary(3, 0)
            )),
            "post.example | no-policy-found shop.example 3/0",
        ),
        (
            "mox: details beside a total of 0, and no-policy-found about an MX host",
            report(&format!(
                r#""organization-name":"mox.example","contact-info":"p@mox.example","report-id":"1","policies":[{{"policy":{{"policy-type":"no-policy-found","policy-domain":"mx1.shop.example","mx-host":["mx1.shop.example"]}},{},"failure-details":[{{"result-type":"certificate-not-trusted","receiving-mx-hostname":"mx1.shop.example","failed-session-count":2}}]}}]"#,
                summary(1, 0)
            )),
            "mox.example | no-policy-found mx1.shop.example 1/0 at mx1.shop.example - certificate-not-trusted x2 \"mx1.shop.example\"",
        ),
        (
            "Halon: an empty text for no policy",
            report(&format!(
                r#""organization-name":"Halon","contact-info":"h@halon.example","report-id":"1","policies":[{{"policy":{{"policy-type":"no-policy-found","policy-string":"","policy-domain":"shop.example"}},{}}}]"#,
                summary(1, 0)
            )),
            "halon.example | no-policy-found shop.example 1/0",
        ),
        (
            "the RFC's own example: mx-host is one text; and the draft's keys",
            report(&format!(
                r#""organization-name":"Company-X","contact-info":"sts-reporting@company-x.example","report-id":"5065","policies":[{{"policy":{{{sts},"mx-host":"*.mail.shop.example"}},{},"failure-details":[{{"result-type":"validation-failure","receiving-mx-hostname":"mx-backup.mail.shop.example.","failed-session-count":3,"failure-error-code":"X509","additional-info-uri":"https://company-x.example/1"}}]}}]"#,
                summary(5, 3)
            )),
            "company-x.example | sts shop.example 5/3 at *.mail.shop.example - validation-failure x3 \"mx-backup.mail.shop.example\" \"X509\" \"https://company-x.example/1\" (`receiving-mx-hostname` has a trailing dot)",
        ),
        (
            "anyone: counts as texts, STS in capitals, unknown keys, types and several policies",
            report(
                r#""organization-name":"Any","contact-info":"a@any.example","report-id":"1","x":[1],"policies":[{"policy":{"policy-type":"STS","policy-domain":"Shop.Example."},"summary":{"total-successful-session-count":"7","total-failure-session-count":0}},{"policy":{"policy-type":"pigeon","policy-domain":"shop.example"},"summary":{"total-successful-session-count":1}}]"#,
            ),
            "any.example | sts shop.example 7/0 | {other:pigeon} shop.example 1/0 (unknown key `x`) (`policy-domain` has a trailing dot) (policy-type \"STS\" is written unusually) (`total-successful-session-count` is a string, not a number) (unknown policy-type \"pigeon\")",
        ),
    ] {
        assert_eq!(told(&read_json(&json)), means, "{sender}");
    }
}

#[test]
fn whatever_a_part_is_called_its_report_is_found() {
    use base64::Engine as _;
    let json = report(r#""organization-name":"Any","contact-info":"a@any.example","report-id":"1","policies":[]"#);
    let packed = base64::engine::general_purpose::STANDARD.encode(gzip(json.as_bytes()));
    for label in ["application/tlsrpt+gzip", "application/gzip", "application/x-gzip", "application/octet-stream", "text/plain"] {
        let header = format!("Content-Type: {label}\r\nContent-Transfer-Encoding: base64");
        assert_eq!(told(&read_mail(&header, &packed)), "any.example", "{label}");
    }
    for label in ["application/tlsrpt+json", "application/tlsrpt", "application/json", "text/plain"] {
        assert_eq!(told(&read_mail(&format!("Content-Type: {label}"), &json)), "any.example", "{label}");
    }
    let behind_html = format!(
        "--b\r\nContent-Type: text/html\r\n\r\n<p>A report</p>\r\n--b\r\nContent-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n{packed}\r\n--b--\r\n"
    );
    assert_eq!(told(&read_mail("Content-Type: multipart/report; report-type=tlsrpt; boundary=b", &behind_html)), "any.example");
}

#[test]
fn unknown_values_are_kept_as_they_came() {
    let parcel = read_json(&report(
        r#""organization-name":"Any","report-id":"1","x":{"y":[1,null]},"policies":[{"z":1.50,"policy":{"policy-type":"sts","policy-domain":"no name","p":"q"},"summary":{"total-successful-session-count":"many","s":true},"failure-details":[{"result-type":"new-fault","receiving-mx-hostname":"?","failed-session-count":1,"d":[]}]}]"#,
    ));
    let report = &parcel.reports[0].report;
    let entry = &report.policies[0];
    for (kept, key, value) in [
        (&report.unknown, "x", r#"{"y":[1,null]}"#),
        (&entry.unknown, "z", "1.5"),
        (&entry.unknown_in_policy, "p", r#""q""#),
        (&entry.unknown_in_policy, "policy-domain", r#""no name""#),
        (&entry.unknown_in_summary, "s", "true"),
        (&entry.unknown_in_summary, "total-successful-session-count", r#""many""#),
        (&entry.details[0].unknown, "d", "[]"),
        (&entry.details[0].unknown, "receiving-mx-hostname", r#""?""#),
    ] {
        assert_eq!(kept.get(key).map(ToString::to_string).as_deref(), Some(value), "{key}");
    }
    assert_eq!(entry.details[0].result_type, "new-fault");
}
