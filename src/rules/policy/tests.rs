use super::*;
use crate::model::facts::Facts;
use crate::model::facts::policy::Body;
use crate::rules::fixture::{POLICY, broken, draft, facts, judged};

fn with(text: &str) -> Facts {
    let mut facts = facts();
    facts.policy.as_mut().expect("looked at").draft = Some(draft(text));
    facts
}

fn codes(facts: &Facts) -> Vec<String> {
    broken(facts, RULES, judge)
}

#[test]
fn a_right_policy_breaks_nothing_and_without_a_body_nothing_is_said() {
    assert_eq!(codes(&with(POLICY)), [""; 0]);
    let mut facts = facts();
    facts.policy.as_mut().expect("looked at").draft = None;
    assert_eq!(codes(&facts), [""; 0]);
}

#[test]
fn every_fault_has_its_code_and_severity() {
    let line = |line: &str| format!("version: STSv1\nmode: testing\n{line}\nmx: mx1.example.com\nmax_age: 604800\n");
    for (text, expected) in [
        (String::new(), vec!["policy-empty blocker"]),
        ("<html>".to_owned(), vec!["policy-not-a-policy blocker"]),
        (line("# x"), vec!["policy-syntax blocker"]),
        (line("\n\n"), vec!["policy-blank-line warning"]),
        (line("contact: x"), vec!["policy-unknown-field advice"]),
        (line("MX: mx2.example.com"), vec!["policy-unknown-field warning"]),
        (line("mode: enforce"), vec!["policy-duplicate-field warning"]),
        (line("mx: mx2.example.com "), vec!["policy-trailing-space advice"]),
        (line("mx: 192.0.2.1"), vec!["policy-mx-invalid blocker"]),
        (line("").replace('\n', "\r"), vec!["policy-syntax blocker"]),
        ("version: STSv1\nmode: none\nmax_age: 86400".to_owned(), vec!["policy-mx-missing advice", "policy-mode-none blocker"]),
        (POLICY.replace("604800", "0"), vec!["policy-max-age-short warning"]),
        (POLICY.replace("604800", "86399"), vec!["policy-max-age-short warning"]),
        (POLICY.replace("testing", "enforce"), vec!["policy-max-age-short advice"]),
        (POLICY.replace("testing", "enforce").replace("604800", "1209600"), vec![]),
        (
            "hello: x\nmode: testing".to_owned(),
            vec!["policy-unknown-field advice", "policy-version blocker", "policy-max-age-missing blocker", "policy-mx-missing blocker"],
        ),
    ] {
        assert_eq!(codes(&with(&text)), expected, "{text:?}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_one_fault() {
    let mut facts = facts();
    for bytes in [
        &b"version: STSv1\nmode: testing\nmx: mx\xff.example.com\nmax_age: 604800"[..],
        b"version: STSv1\nmode: testing\nmx: mx1.example.com\nnote: \xe9t\xe9\nmax_age: 604800",
    ] {
        let policy = facts.policy.as_mut().expect("looked at");
        policy.draft = Some(crate::model::facts::policy::Draft { file: "-".to_owned(), body: Body::new(bytes) });
        assert_eq!(codes(&facts), ["policy-syntax blocker"]);
    }
}

#[test]
fn findings_carry_the_line_and_the_line_it_should_be() {
    let sheet = judged(&with("version: STSv1\nmode: Enforce\nmax-age: 7d\n"), judge);
    let fixes: Vec<_> = sheet
        .findings()
        .iter()
        .filter(|finding| finding.is_shown())
        .map(|finding| (finding.code(), finding.line, finding.fix.as_ref().and_then(|fix| fix.publish.as_deref())))
        .collect();
    assert_eq!(
        fixes,
        [
            ("policy-mode-invalid", Some(2), Some("mode: enforce")),
            ("policy-max-age-missing", Some(3), Some("max_age: 604800")),
            ("policy-mx-missing", None, Some("mx: mx1.example.com\nmx: mx2.example.com")),
        ]
    );
}

#[test]
fn blank_lines_are_told_once_with_all_their_lines() {
    let sheet = judged(&with(&POLICY.replace('\n', "\n\n")), judge);
    let told: Vec<_> = sheet.findings().iter().filter(|finding| finding.is_shown()).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].message.starts_with("lines 2, 4, 6, 8, 10 are blank"), "{}", told[0].message);
}
