use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::value::RawValue;

use super::*;
use crate::wire::report::read_one;

/// What the forgiving walk makes of a document.
fn walked(text: &str) -> Option<TlsReport> {
    let document: &RawValue = serde_json::from_str(text).ok()?;
    read_one(document, None).ok()
}

fn report(policies: &str) -> String {
    format!(
        r#"{{"organization-name":"Sender Ltd","date-range":{{"start-datetime":"2026-03-01T00:00:00Z","end-datetime":"2026-03-01T23:59:59Z"}},
        "contact-info":"tls@sender.example","report-id":"r1","policies":{policies}}}"#
    )
}

fn entry(policy: &str, details: &str) -> String {
    report(&format!(
        r#"[{{"policy":{policy},"summary":{{"total-successful-session-count":5,"total-failure-session-count":1}},"failure-details":{details}}}]"#
    ))
}

#[test]
fn what_large_senders_write_every_day_goes_the_short_way() {
    for text in [
        report("[]"),
        report("[]").replace("Z\"", "\""),
        report("[]").replace("T00:00:00Z", "").replace("T23:59:59Z", ""),
        entry(r#"{"policy-type":"sts","policy-string":["version: STSv1","mode: testing"],"policy-domain":"shop.example"}"#, "[]"),
        entry(r#"{"policy-type":"tlsa","policy-string":["[\"3 1 1 AB\",\"3 1 1 CD\"]"],"policy-domain":"shop.example"}"#, "null"),
        entry(r#"{"policy-type":"no-policy-found","policy-domain":"shop.example","policy-string":""}"#, "[]"),
        entry(
            r#"{"policy-type":"sts","mx-host":"*.mail.shop.example"}"#,
            r#"[{"result-type":"Other","failed-session-count":1,"receiving-ip":null}]"#,
        ),
    ] {
        let (short, length) = read(&format!("{text}\n")).unwrap_or_else(|| panic!("not the short way: {text}"));
        assert_eq!((Some(short), length), (walked(&text), text.len()), "{text}");
    }
}

#[test]
fn whatever_is_out_of_the_ordinary_does_not() {
    let sts = r#"{"policy-type":"sts"}"#;
    for text in [
        report("{}"),
        report("[]").replace("2026-03-01T00:00:00Z", "soon"),
        report("[]").replace("\"end-datetime\"", "\"start-datetime\""),
        report("[]").replace("\"report-id\"", "\"Report-ID\""),
        report("[]").replace("r1", ""),
        report("[]").replace("r1", &"r".repeat(3000)),
        report("[]").replace("\"r1\"", "1"),
        report("[]").replace("\"r1\"", "\"r1\",\"report-id\":\"r2\""),
        report(r#"[[{"policy-type":"sts"},{},[]]]"#),
        report(r#"[{"policy":{"policy-type":"sts"},"summary":[5,1]}]"#),
        entry(r#"["sts",[],"shop.example",[]]"#, "[]"),
        entry(sts, r#"[["x",null,null,null,null,1,null,null]]"#),
        entry(r#"{"policy-type":"STS"}"#, "[]"),
        entry(r#"{"policy-type":"sts","policy-domain":"shop.example."}"#, "[]"),
        entry(r#"{"policy-type":"sts","policy-domain":"a b"}"#, "[]"),
        entry(r#"{"policy-type":"sts","policy-string":"version: STSv1"}"#, "[]"),
        entry(sts, r#"[{"result-type":"x","failed-session-count":"1"}]"#),
        entry(sts, r#"[{"result-type":"x","failed-session-count":-1}]"#),
        entry(sts, r#"[{"failed-session-count":1}]"#),
        entry(sts, r#"[{"result-type":"x","weather":1}]"#),
        entry(sts, r#"[{"result-type":"x","failure-reason-code":"a","failure-error-code":"b"}]"#),
    ] {
        assert!(read(&text).is_none(), "{text}");
        assert!(walked(&text).is_some(), "{text}");
    }
    assert!(read("[]").is_none() && read("").is_none() && read("{\"").is_none());
}

#[test]
fn what_is_no_report_is_none_either_way() {
    for text in [report("null"), report("[]").replace(",\"policies\":[]", "")] {
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
        assert_eq!((read(&text), walked(&text)), (None, None), "{text}");
    }
}

/// What some sender might put where it does not belong.
fn odd() -> impl Strategy<Value = String> {
    let odd = [
        "null",
        "7",
        "-1",
        "1.0",
        "true",
        "{}",
        "[]",
        r#""""#,
        r#"" x ""#,
        r#""\n""#,
        r#""a\\nb""#,
        r#""\u00fc""#,
        r#""\ud800""#,
        r#""Shop.Example.""#,
        r#""xn--a.example""#,
        r#""1.2.3.4""#,
        r#""[\"a\",\"b\"]""#,
        r#""[1]""#,
        r#""[]""#,
        "1000000000001",
    ];
    prop::sample::select(odd.to_vec()).prop_map(str::to_owned)
}

/// A value of a member: mostly as it should be, so that many reports go the short way.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![60 => "[a-z0-9.:*_-]{1,20}".prop_map(|text| format!("{text:?}")), 1 => odd()]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![60 => r"[a-z0-9]{1,9}(\.[a-z]{1,9}){0,2}".prop_map(|name| format!("{name:?}")), 1 => odd()]
}

fn member(key: &'static str, value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    value.prop_map(move |value| format!("{key:?}:{value}"))
}

fn lines() -> impl Strategy<Value = String> {
    prop_oneof![20 => prop::collection::vec(text(), 0..4).prop_map(|lines| format!("[{}]", lines.join(","))), 1 => odd()]
}

fn count() -> impl Strategy<Value = String> {
    prop_oneof![60 => (0..5000_u64).prop_map(|count| count.to_string()), 1 => odd()]
}

/// An object of some of `members`, in any order.
fn object(members: Vec<BoxedStrategy<String>>) -> BoxedStrategy<String> {
    let most = members.len();
    prop::sample::subsequence(members, 0..=most)
        .prop_shuffle()
        .prop_flat_map(|members| members)
        .prop_map(|members| format!("{{{}}}", members.join(",")))
        .boxed()
}

fn ordered(members: Vec<BoxedStrategy<String>>) -> BoxedStrategy<String> {
    members.prop_map(|members| format!("{{{}}}", members.join(", "))).boxed()
}

fn documents() -> impl Strategy<Value = String> {
    let kinds = || prop::sample::select(vec!["\"sts\"", "\"tlsa\"", "\"no-policy-found\""]).prop_map(str::to_owned);
    let kind = prop_oneof![40 => kinds(), 1 => Just("\"Sts\"".to_owned()), 1 => odd()];
    let policy = vec![
        member("policy-type", kind).boxed(),
        member("policy-string", lines()).boxed(),
        member("policy-domain", name()).boxed(),
        member("mx-host", lines()).boxed(),
    ];
    let detail = vec![
        member("receiving-mx-hostname", name()).boxed(),
        member("receiving-mx-helo", text()).boxed(),
        member("receiving-ip", text()).boxed(),
        member("sending-mta-ip", text()).boxed(),
        member("failed-session-count", count()).boxed(),
        prop_oneof![9 => member("failure-reason-code", text()), 1 => member("failure-error-code", text())].boxed(),
        member("additional-information", text()).boxed(),
    ];
    let summary = vec![member("total-successful-session-count", count()).boxed(), member("total-failure-session-count", count()).boxed()];
    let policy = prop_oneof![5 => ordered(policy.clone()), 1 => object(policy)];
    let summary = prop_oneof![5 => ordered(summary.clone()), 1 => object(summary)];
    let result_type = prop_oneof![40 => member("result-type", text()), 1 => member("failure-reason-code", text())];
    let detail = (result_type, object(detail))
        .prop_map(|(first, rest)| if rest == "{}" { format!("{{{first}}}") } else { rest.replacen('{', &format!("{{{first},"), 1) });
    let details = prop::collection::vec(detail, 0..3).prop_map(|details| format!("[{}]", details.join(",")));
    let entry =
        ordered(vec![member("policy", policy).boxed(), member("summary", summary).boxed(), member("failure-details", details).boxed()]);
    let policies = prop::collection::vec(entry, 0..3).prop_map(|entries| format!("[{}]", entries.join(",")));
    let instant = prop::sample::select(vec![
        "2026-03-01T00:00:00Z",
        "2026-03-01T23:59:59.5+02:00",
        "2026-03-01",
        "2026-03-02T00:00:00",
        " 2026-03-02t00:00:00z",
    ]);
    let bound = |key| instant.clone().prop_map(move |instant| format!("{key:?}:{instant:?}")).boxed();
    let range = (bound("start-datetime"), bound("end-datetime"), any::<bool>())
        .prop_map(|(start, end, turned)| if turned { format!("{{{end},{start}}}") } else { format!("{{{start},{end}}}") });
    ordered(vec![
        member("organization-name", text()).boxed(),
        member("contact-info", text()).boxed(),
        member("report-id", text()).boxed(),
        member("date-range", range).boxed(),
        member("policies", policies).boxed(),
    ])
}

#[test]
fn both_ways_lead_to_the_same_report() {
    let (short, with_policies) = (Cell::new(0), Cell::new(0));
    let checked = TestRunner::new(ProptestConfig::with_cases(2500)).run(&documents(), |text| {
        if let Some((report, length)) = read(&text) {
            short.set(short.get() + 1);
            with_policies.set(with_policies.get() + u32::from(report.policies.iter().any(|entry| !entry.details.is_empty())));
            prop_assert_eq!(length, text.len());
            prop_assert_eq!(Some(report), walked(&text));
        }
        Ok(())
    });
    checked.unwrap_or_else(|why| panic!("{why}"));
    assert!(short.get() > 150 && with_policies.get() > 40, "too few go the short way: {short:?}, {with_policies:?}");
    assert!(short.get() < 2500, "some must not");
}

proptest! {
    #[test]
    fn the_short_way_takes_any_bytes(text in r#"[\[\]{}":,0-9a-z\\\n -]{0,200}"#) {
        if let Some((short, length)) = read(&text) {
            prop_assert_eq!(Some(short), walked(&text[..length]));
        }
    }
}
