use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

fn one(text: &str) -> TlsReport {
    let mut all = read_all(text.as_bytes());
    assert_eq!(all.len(), 1, "{text}");
    all.remove(0).unwrap_or_else(|why| panic!("{why}: {text}"))
}

/// A clean report with `policies` as given.
fn with(policies: &str) -> TlsReport {
    one(&format!(
        r#"{{"organization-name":"Sender Ltd","date-range":{{"start-datetime":"2026-03-01T00:00:00Z","end-datetime":"2026-03-01T23:59:59Z"}},
        "contact-info":"tls@mail.sender.example","report-id":"r1","policies":{policies}}}"#
    ))
}

fn entry(policy: &str, summary: &str, details: &str) -> TlsReport {
    with(&format!(r#"[{{"policy":{policy},"summary":{summary}{details}}}]"#))
}

const STS: &str = r#"{"policy-type":"sts","policy-domain":"shop.example","policy-string":["version: STSv1","mode: testing"]}"#;
const CLEAN: &str = r#"{"total-successful-session-count":5,"total-failure-session-count":0}"#;

#[test]
fn a_report_by_the_book_is_read_without_oddities() {
    let report = entry(
        STS,
        r#"{"total-successful-session-count":5,"total-failure-session-count":2}"#,
        r#","failure-details":[{"result-type":"certificate-expired","sending-mta-ip":"2001:db8::1","receiving-mx-hostname":"mx1.shop.example",
        "receiving-mx-helo":"mx1","receiving-ip":"192.0.2.4","failed-session-count":2,"additional-information":"https://sender.example/1",
        "failure-reason-code":"X509"}]"#,
    );
    assert_eq!(report.oddities, Vec::<String>::new());
    assert_eq!((report.organization.as_str(), report.id.as_str()), ("Sender Ltd", "r1"));
    assert_eq!(report.contact.as_deref(), Some("tls@mail.sender.example"));
    let policy = &report.policies[0];
    assert_eq!((policy.successful, policy.failed, &policy.policy_type), (5, 2, &PolicyType::Sts));
    assert_eq!(policy.domain.as_ref().map(Domain::as_str), Some("shop.example"));
    let detail = &policy.details[0];
    assert_eq!((detail.sessions, detail.result_type.as_str(), detail.reason.as_deref()), (2, "certificate-expired", Some("X509")));
    assert_eq!(detail.mx.as_ref().map(Domain::as_str), Some("mx1.shop.example"));
    assert_eq!((detail.helo.as_deref(), detail.additional.as_deref()), (Some("mx1"), Some("https://sender.example/1")));
}

#[test]
fn counts_are_coerced_or_kept_out_and_said() {
    for (written, means, odd) in [
        ("7", 7, false),
        ("null", 0, false),
        (r#""7""#, 7, true),
        (r#"" 7 ""#, 7, true),
        ("7.0", 7, true),
        ("0.4", 1, true),
        ("0.0", 0, true),
        ("7e1", 70, true),
        ("-7", 0, true),
        ("1e999", 0, true),
        ("99999999999999999999999999", 0, true),
        ("18446744073709551615", 0, true),
        (r#""many""#, 0, true),
        ("[7]", 0, true),
        ("{}", 0, true),
        ("true", 0, true),
    ] {
        let report = entry(STS, &format!(r#"{{"total-successful-session-count":{written},"total-failure-session-count":0}}"#), "");
        assert_eq!(report.policies[0].successful, means, "{written}");
        assert_eq!(!report.oddities.is_empty(), odd, "{written}: {:?}", report.oddities);
    }
}

#[test]
fn failures_beyond_belief_count_as_the_cap_and_no_other_nonsense_does() {
    for (written, total, sessions) in [
        ("1000000000000", COUNT_CAP, COUNT_CAP),
        ("1000000000001", COUNT_CAP, COUNT_CAP),
        ("18446744073709551615", COUNT_CAP, COUNT_CAP),
        ("99999999999999999999999999", COUNT_CAP, COUNT_CAP),
        ("1e12", COUNT_CAP, COUNT_CAP),
        ("2.5e12", COUNT_CAP, COUNT_CAP),
        ("1e999", COUNT_CAP, COUNT_CAP),
        (r#""2e12""#, COUNT_CAP, COUNT_CAP),
        ("0", 0, 0),
        ("0.0", 0, 0),
        ("-0.0", 0, 0),
        // A detail without a count is one failure; a total without one is for the details to say.
        ("-7", 0, 1),
        ("-1e999", 0, 1),
        (r#""nan""#, 0, 1),
    ] {
        let report = entry(
            STS,
            &format!(r#"{{"total-successful-session-count":0,"total-failure-session-count":{written}}}"#),
            &format!(r#","failure-details":[{{"result-type":"x","failed-session-count":{written}}}]"#),
        );
        let policy = &report.policies[0];
        assert_eq!((policy.failed, policy.details[0].sessions), (total, sessions), "{written}");
        assert_eq!(report.oddities.is_empty(), matches!(written, "0" | "1000000000000"), "{written}: {:?}", report.oddities);
    }
}

#[test]
fn policy_text_comes_in_many_shapes() {
    let both = ["version: STSv1", "mode: testing"];
    for (written, lines) in [
        (r#"["version: STSv1","mode: testing"]"#, &both[..]),
        (r#""version: STSv1\r\nmode: testing\r\n""#, &both),
        (r#""version: STSv1\\nmode: testing""#, &both),
        (r#"["version: STSv1\nmode: testing"]"#, &both),
        (r#"["[\"version: STSv1\",\"mode: testing\"]"]"#, &both),
        (r#""""#, &[]),
        ("null", &[]),
        ("[]", &[]),
        (r#"["3 1 1 AB",7,null,{"a":1}]"#, &["3 1 1 AB", "7"]),
    ] {
        let report = entry(&format!(r#"{{"policy-type":"sts","policy-domain":"a.example","policy-string":{written}}}"#), CLEAN, "");
        assert_eq!(report.policies[0].policy_string, lines, "{written}");
    }
}

#[test]
fn hosts_come_as_text_or_list() {
    for written in [r#""*.a.example""#, r#"["*.a.example"]"#] {
        let report = entry(&format!(r#"{{"policy-type":"sts","mx-host":{written}}}"#), CLEAN, "");
        assert_eq!(report.policies[0].mx_host, ["*.a.example"], "{written}");
        assert!(report.oddities.is_empty(), "erratum 6241 allows both: {:?}", report.oddities);
    }
}

#[test]
fn names_lose_dots_and_capitals_and_become_a_labels() {
    for (written, means) in [
        ("Shop.Example.", Some("shop.example")),
        ("bücher.example", Some("xn--bcher-kva.example")),
        ("localhost", Some("localhost")),
        (&"a".repeat(63), Some(&"a".repeat(63))),
        (&"a".repeat(64), None),
        ("192.0.2.1", None),
        ("a b", None),
        ("", None),
    ] {
        let report = entry(&format!(r#"{{"policy-type":"sts","policy-domain":"{written}"}}"#), CLEAN, "");
        assert_eq!(report.policies[0].domain.as_ref().map(Domain::as_str), means, "{written}");
    }
}

#[test]
fn types_are_known_in_capitals_and_kept_when_unknown() {
    let other = |text: &str| PolicyType::Other(text.to_owned());
    for (written, means, odd) in [
        (r#""sts""#, PolicyType::Sts, false),
        (r#""STS""#, PolicyType::Sts, true),
        (r#""tlsa""#, PolicyType::Tlsa, false),
        (r#""No-Policy-Found""#, PolicyType::NoPolicyFound, true),
        (r#""pigeon""#, other("pigeon"), true),
        ("7", other("7"), true),
        ("null", other(""), true),
    ] {
        let report = entry(&format!(r#"{{"policy-type":{written}}}"#), CLEAN, "");
        assert_eq!(report.policies[0].policy_type, means, "{written}");
        assert_eq!(!report.oddities.is_empty(), odd, "{written}");
    }
    let guessed = entry(r#"{"policy-string":["version: STSv1"]}"#, CLEAN, "");
    assert_eq!(guessed.policies[0].policy_type, PolicyType::Sts);
}

#[test]
fn one_bad_value_costs_only_itself() {
    let detail = r#"{"result-type":"starttls-not-supported","failed-session-count":3}"#;
    for bad in [
        "null",
        "7",
        r#""text""#,
        "[1,2]",
        r#"{"result-type":{},"failed-session-count":"x"}"#,
        r#"{"":[[[[]]]]}"#,
        r#"{"result-type":"\ud800"}"#,
    ] {
        let report = entry(STS, CLEAN, &format!(r#","failure-details":[{bad},{detail}]"#));
        let last = report.policies[0].details.last().expect("the good one");
        assert_eq!((last.result_type.as_str(), last.sessions), ("starttls-not-supported", 3), "{bad}");
        assert!(!report.oddities.is_empty(), "{bad}");
    }
    for bad in ["null", "7", r#"{"policy":null}"#, r#"{"policy":[],"summary":7,"failure-details":"none"}"#] {
        let report = with(&format!(r#"[{bad},{{"policy":{STS},"summary":{CLEAN}}}]"#));
        assert_eq!(report.policies.last().map(|policy| policy.successful), Some(5), "{bad}");
    }
}

#[test]
fn a_failure_without_a_readable_count_happened_once() {
    for (count, sessions) in [
        ("", 1),
        (r#","failed-session-count":null"#, 1),
        (r#","failed-session-count":"many""#, 1),
        (r#","failed-session-count":-3"#, 1),
        (r#","failed-session-count":{}"#, 1),
        (r#","failed-session-count":0"#, 0),
        (r#","failed-session-count":"7""#, 7),
    ] {
        let report = entry(STS, CLEAN, &format!(r#","failure-details":[{{"result-type":"certificate-expired"{count}}}]"#));
        assert_eq!(report.policies[0].details[0].sessions, sessions, "{count}");
        assert_eq!(report.oddities.is_empty(), sessions == 0, "{count}");
    }
}

#[test]
fn absent_null_and_empty_details_are_the_same() {
    for details in ["", r#","failure-details":[]"#, r#","failure-details":null"#] {
        let report = entry(STS, CLEAN, details);
        assert!(report.policies[0].details.is_empty() && report.oddities.is_empty(), "{details}");
    }
}

#[test]
fn drafts_keys_and_unknown_keys_are_kept() {
    let report = entry(
        STS,
        CLEAN,
        r#","failure-details":[{"result-type":"Other","failed-session-count":1,"failure-error-code":"E1","additional-info-uri":"u","weather":{"rain":true}}]"#,
    );
    let detail = &report.policies[0].details[0];
    assert_eq!((detail.result_type.as_str(), detail.reason.as_deref(), detail.additional.as_deref()), ("other", Some("E1"), Some("u")));
    assert_eq!(detail.unknown.get("weather"), Some(&serde_json::json!({"rain": true})));
}

#[test]
fn a_repeated_key_is_said() {
    let report = entry(STS, r#"{"total-successful-session-count":1,"total-successful-session-count":2}"#, "");
    assert_eq!(report.policies[0].successful, 2);
    assert!(report.oddities[0].contains("twice"), "{:?}", report.oddities);
}

#[test]
fn what_is_no_report_says_why() {
    let range = |range: &str| format!(r#"{{"policies":[],"date-range":{range}}}"#);
    for (text, why) in [
        (r"{", "line 1, column 1: it breaks off here"),
        ("\n\n{\"a\":1,}", "line 3, column 8: "),
        ("\n\n  {\"a\":1,}", "line 3, column 10: "),
        ("\n  {\n\"a\":1,}", "line 3, column 7: "),
        ("hello", "line 1, column 1: expected value"),
        ("[]7", "a number"),
        ("7", "a number"),
        ("null", "null"),
        ("true", "a truth value"),
        ("[false]", "a truth value"),
        ("{}", "without `policies`"),
        (r#"{"policies":7}"#, "without `policies`"),
        (r#"{"policies":[]}"#, "date-range`: it is missing"),
        (&range("7"), "it is missing"),
        (&range("{}"), "neither start nor end"),
        (&range(r#"{"start-datetime":"soon","end-datetime":null}"#), "neither start nor end"),
        (&range(r#"{"start-datetime":"2026-03-02","end-datetime":"2026-02-02"}"#), "ends before it starts"),
    ] {
        let all = read_all(text.as_bytes());
        let last = all.last().unwrap_or_else(|| panic!("nothing said: {text}"));
        let said = last.as_ref().expect_err(text).to_string();
        assert!(said.contains(why), "{text}: {said}");
    }
    assert!(read_all(b" \xef\xbb\xbf\r\n").is_empty());
}

#[test]
fn one_bound_alone_stands_for_a_day() {
    let report = one(r#"{"policies":[],"date-range":{"start-datetime":"2026-03-01T00:00:00"}}"#);
    assert_eq!((report.end - report.start).total(jiff::Unit::Hour).ok(), Some(24.0));
}

#[test]
fn a_file_may_hold_several_documents_and_a_broken_one_costs_only_itself() {
    let good = |id: &str| {
        format!(r#"{{"report-id":"{id}","policies":[],"date-range":{{"start-datetime":"2026-03-01","end-datetime":"2026-03-01"}}}}"#)
    };
    let ids = |text: &str| -> Vec<String> {
        read_all(text.as_bytes()).into_iter().map(|read| read.map_or_else(|_| "!".to_owned(), |report| report.id)).collect()
    };
    assert_eq!(ids(&format!("\u{feff}{}{}", good("a"), good("b"))), ["a", "b"]);
    assert_eq!(ids(&format!("{}\n{}\n\n", good("a"), good("b"))), ["a", "b"]);
    assert_eq!(ids(&format!("[{},{}]", good("a"), good("b"))), ["a", "b"]);
    assert_eq!(ids(&format!("{}\n{{\"half\": \n{}", good("a"), good("b"))), ["a", "!", "b"]);
    assert_eq!(ids(&format!("{}\n{{\"half\":\n{}", good("a"), good("b"))), ["a", "!", "b"]);
}

#[test]
fn width_and_depth_are_bounded() {
    let mut wide = String::from("[");
    for _ in 0..1_000_000 {
        wide.push_str("{},");
    }
    wide.push_str("{}]");
    let report = with(&wide);
    assert_eq!(report.policies.len(), POLICY_CAP);
    assert!(report.oddities.iter().any(|note| note.contains("more than 10000 policies")));

    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(with(&format!("[{deep}]")).policies.len(), 0);
    assert_eq!(entry(STS, CLEAN, &format!(r#","deep":{deep}"#)).policies[0].successful, 5);

    let mut keys = String::from("{");
    for number in 0..100_000 {
        let _ = write!(keys, r#""k{number}":1,"#);
    }
    keys.push_str(r#""policy-type":"sts"}"#);
    let report = entry(&keys, CLEAN, "");
    assert!(report.policies[0].policy_type == PolicyType::Sts && report.oddities.len() < 50);
    assert_eq!(report.policies[0].unknown_in_policy.len(), 16);
    assert!(report.oddities.last().is_some_and(|note| note.starts_with("and ") && note.ends_with(" more")), "{:?}", report.oddities);

    assert_eq!(read_all("{}".repeat(DOCUMENT_CAP + 2).as_bytes()).len(), DOCUMENT_CAP + 1);
    let nested = read_all("{\"a\":\n".repeat(1_000_000).as_bytes());
    assert!(nested.len() < 100, "each attempt reads to the end, so there are few: {}", nested.len());
    assert!(matches!(nested.last(), Some(Err(NotAReport::TooManyBroken(_)))));
}

/// An entry that is ordinary in all but number.
fn ordinary(lines: usize, details: usize) -> String {
    let lines = vec![r#""mode: testing""#; lines].join(",");
    let details = vec![r#"{"result-type":"x","failed-session-count":1}"#; details].join(",");
    format!(r#"{{"policy":{{"policy-type":"sts","policy-string":[{lines}]}},"summary":{CLEAN},"failure-details":[{details}]}}"#)
}

#[test]
fn what_is_kept_of_one_report_is_bounded_over_all_its_entries() {
    for (policies, of_each, kept, note) in [
        (vec![ordinary(0, 0); POLICY_CAP + 5], (0, 0), POLICY_CAP, "more than 10000 policies"),
        (vec![ordinary(0, 4_000); 3], (0, 4_000), DETAIL_CAP, "more than 10000 failure details"),
        (vec![ordinary(500, 0); 101], (500, 0), 50_000, "more than 50000 lines in all policies"),
        (vec![ordinary(600, 0)], (600, 0), 512, "more than 512 lines"),
    ] {
        // The last value is odd: so the report is read member by member; without it, as an ordinary one.
        for odd in ["", ",{}"] {
            let report = with(&format!("[{}{odd}]", policies.join(",")));
            let held = match of_each {
                (0, 0) => report.policies.len(),
                (0, _) => report.policies.iter().map(|policy| policy.details.len()).sum(),
                _ => report.policies.iter().map(|policy| policy.policy_string.len()).sum(),
            };
            assert_eq!(held, kept, "{note}");
            assert!(
                report.oddities.iter().any(|oddity| oddity.starts_with(note) || oddity.contains(note)),
                "{note}: {:?}",
                report.oddities
            );
        }
    }
}

#[test]
fn of_unknown_values_so_much_is_kept_and_the_rest_is_said() {
    // 100 values of 4000 bytes, one in each detail: 256 KiB of them are kept.
    let value = format!("\"{}\"", "x".repeat(3998));
    let detail = format!(r#"{{"result-type":"x","failed-session-count":1,"weather":{value}}}"#);
    let report = entry(STS, CLEAN, &format!(r#","failure-details":[{}]"#, vec![detail; 100].join(",")));
    let kept = report.policies[0].details.iter().filter(|detail| detail.unknown.contains_key("weather")).count();
    assert_eq!(kept, (256 << 10) / 4000);
    assert!(report.policies[0].details.iter().take(kept).all(|detail| !detail.unknown.is_empty()), "the first ones");
    assert_eq!(report.oddities, ["the value of `weather` in `failure-details` was kept out"]);
    // One that is too long costs no other.
    let long = format!(r#","long":"{}","short":1"#, "x".repeat(5000));
    let report = entry(STS, CLEAN, &long);
    assert_eq!(report.policies[0].unknown.keys().collect::<Vec<_>>(), ["short"]);
}

#[test]
fn notes_beyond_the_first_forty_are_counted_and_long_texts_are_cut() {
    let unknown: String = (0..60).map(|number| format!(r#","k{number}":1"#)).collect();
    let report = entry(STS, CLEAN, &unknown);
    // Each key is unknown, and of these 16 are kept.
    assert_eq!((report.oddities.len(), report.oddities.last().map(String::as_str)), (41, Some("and 64 more")));
    for (length, oddities) in [(2048, vec![]), (2049, vec!["`report-id` was cut at 2048 characters"])] {
        let id = "ü".repeat(length);
        let report = one(&format!(
            r#"{{"organization-name":"o","report-id":"{id}","policies":[],"date-range":{{"start-datetime":"2026-03-01T00:00:00Z","end-datetime":"2026-03-01T23:59:59Z"}}}}"#
        ));
        assert_eq!((report.id.chars().count(), report.oddities), (2048, oddities.into_iter().map(str::to_owned).collect()), "{length}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_all(&bytes);
    }

    #[test]
    fn any_text_like_json_is_answered(text in r#"[\[\]{}":,0-9a-z\\\n -]{0,200}"#) {
        let _ = read_all(text.as_bytes());
    }

    #[test]
    fn any_damage_to_one_byte_is_answered(at in 0..400usize, byte in any::<u8>()) {
        let mut bytes = format!(
            r#"{{"organization-name":"o","date-range":{{"start-datetime":"2026-03-01T00:00:00Z","end-datetime":"2026-03-01T23:59:59Z"}},"report-id":"r",
            "policies":[{{"policy":{STS},"summary":{CLEAN},"failure-details":[{{"result-type":"x","failed-session-count":1}}]}}]}}"#
        ).into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read_all(&bytes);
    }
}
