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
            ("policy-unknown-field", Some(3), Some("max_age: 604800")),
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

#[test]
fn each_fault_is_told_with_its_line_and_the_way_out() {
    const GOOD: &str = "version: STSv1\nmode: testing\nmx: mx1.example.com\nmx: mx2.example.com\nmax_age: 604800\n";
    for (from, to, message, say, publish) in [
        ("version: STSv1\n", "", "the policy has no version", "add a line version", "version: STSv1"),
        ("mode: testing\n", "", "the policy has no mode", "add a line mode", "mode: testing"),
        ("max_age: 604800\n", "", "the policy has no max_age", "add a line max_age", "max_age: 604800"),
        (
            "mode: testing",
            "Mode: testing",
            "the policy has no mode: the key in `Mode: testing` is not exactly mode",
            "replace line 2",
            "mode: testing",
        ),
        ("mode: testing", "mode: enforced", "the mode `enforced` does not exist", "replace line 2", "mode: enforce"),
        ("mode: testing", "mode:", "the mode does not exist", "correct line 2, or delete it", ""),
        ("604800", "7d", "max_age `7d` is not a plain number of seconds", "replace line 5", "max_age: 604800"),
        ("mx2.example.com", "mx2.example.com.", "the mx `mx2.example.com.` ends in a dot", "replace line 4", "mx: mx2.example.com"),
        (
            "mode: testing\n",
            "mode: testing\nmode: testing\n",
            "mode stands on line 2 already: by the RFC the first counts; both say the same",
            "delete line 3",
            "",
        ),
        (
            "mode: testing\n",
            "mode: testing\nmode: enforce\n",
            "mode stands on line 2 already: by the RFC the first counts; six of ten senders compared take the last",
            "delete line 3",
            "",
        ),
        ("mode: testing\n", "mode testing\n", "`mode testing` has no colon between key and value", "replace line 2", "mode: testing"),
        (
            "mode: testing\n",
            "mode: testing\n\n",
            "line 3 is blank: mox, postfix-tlspol and foxcpp's library reject the whole policy for it",
            "delete the blank lines",
            "",
        ),
    ] {
        let sheet = judged(&with(&GOOD.replace(from, to)), judge);
        let told = sheet.findings().iter().filter(|finding| finding.is_shown() && finding.code() != "policy-unknown-field");
        let told: Vec<_> = told
            .map(|finding| {
                let fix = finding.fix.as_ref().expect("a way out");
                (finding.message.as_str(), fix.say.as_str(), fix.publish.as_deref().unwrap_or_default())
            })
            .collect();
        assert_eq!(told, [(message, say, publish)], "{from:?} to {to:?}");
    }
}

#[test]
fn the_last_of_many_like_faults_speaks_for_those_that_are_not_kept() {
    let many = |lines: usize| with(&(POLICY.to_owned() + &"no colon\n".repeat(lines)));
    let told = |lines: usize| -> Vec<String> {
        let sheet = judged(&many(lines), judge);
        sheet.findings().iter().filter(|finding| finding.is_shown()).map(|finding| finding.message.clone()).collect()
    };
    let few = told(3);
    assert!(few.len() == 3 && few.iter().all(|message| message == "`no colon` has no colon between key and value"), "{few:?}");
    let (all, count) = (told(1_000), 1_000);
    let kept = all.len();
    assert!(kept < count);
    let rest = format!("; {} more lines like it are not listed", count - kept);
    assert!(all[kept - 1].ends_with(&rest), "{}", all[kept - 1]);
    assert!(!all[..kept - 1].iter().any(|message| message.contains("not listed")), "{all:?}");
}

#[test]
fn what_has_no_line_is_shown_all_the_same() {
    let good = "version: STSv1\nmode: testing\nmx: mx1.example.com\nmax_age: 604800\n";
    for (text, code, shown) in [
        (String::new(), "policy-empty", "no text"),
        ("<html><body>".to_owned(), "policy-not-a-policy", "it begins: <html><body>"),
        (good.replace("mode: testing\n", ""), "policy-mode-missing", "none of 3 lines is it"),
        ("version: STSv1".to_owned(), "policy-mode-missing", "none of 1 line is it"),
        (good.replace("testing", "tasting"), "policy-mode-invalid", "line 2: mode: tasting"),
    ] {
        let sheet = judged(&with(&text), judge);
        let finding = sheet.findings().iter().find(|finding| finding.code() == code && finding.is_shown()).expect("it is told");
        assert_eq!(finding.evidence[0].text, shown, "{text:?}");
    }
}

#[test]
fn what_to_publish_fits_the_fault() {
    let good = "version: STSv1\nmode: testing\nmx: mx1.example.com\nmax_age: 604800\n";
    let hosts = "mx: mx1.example.com\nmx: mx2.example.com";
    for (text, code, say, publish) in [
        // The hosts that take the mail are known.
        (good.replace("mx: mx1.example.com\n", ""), "policy-mx-missing", "add a line mx", Some(hosts)),
        // The line is there, and says what was meant.
        (good.replace("mx: mx1", "MX: mx9"), "policy-mx-missing", "replace line 3", Some("mx: mx9.example.com")),
        (
            good.replace("mx: mx1.example.com", "mx: mx1.example.com, mx2.example.com"),
            "policy-mx-invalid",
            "replace line 3 by one line for each host",
            Some(hosts),
        ),
        // One line mends one fault, and there are several.
        (good.replace("testing\n", "testing \n"), "policy-trailing-space", "remove the white space at the line ends", None),
        (good.replace("testing\n", "testing\n\n"), "policy-blank-line", "delete the blank lines", None),
        (good.replace("604800", "3600"), "policy-max-age-short", "raise max_age", Some("max_age: 86400")),
        (
            good.replace("testing", "enforce"),
            "policy-max-age-short",
            "raise max_age after two clean weeks in enforce",
            Some("max_age: 1209600"),
        ),
    ] {
        let sheet = judged(&with(&text), judge);
        let finding = sheet.findings().iter().find(|finding| finding.code() == code && finding.is_shown()).expect("it is told");
        let fix = finding.fix.as_ref().expect("a way out");
        assert_eq!((fix.say.as_str(), fix.publish.as_deref()), (say, publish), "{text:?}");
    }
    let sheet = judged(&with(&good.replace("testing\n", "testing\n\n")), judge);
    let blank = sheet.findings().iter().find(|finding| finding.code() == "policy-blank-line").expect("it is told");
    assert_eq!(blank.found.as_deref(), Some("line 3"));
}

/// A text is judged as a page's example holds it; what is not UTF-8 hides no other fault.
#[test]
fn a_text_alone_is_judged_by_every_rule() {
    let said = |text: &str, utf8| {
        let mut sheet = Sheet::default();
        judge_text(text, utf8, "draft", &mut sheet);
        for rule in RULES {
            assert!(sheet.findings().iter().any(|finding| finding.rule == *rule), "{} wrote nothing", rule.code);
        }
        let shown = sheet.findings().iter().filter(|finding| finding.is_shown());
        shown.map(|finding| (finding.code(), finding.line)).collect::<Vec<_>>()
    };
    assert_eq!(said(POLICY, true), []);
    assert_eq!(said(&POLICY.replace("testing", "tasting"), true), [("policy-mode-invalid", Some(2))]);
    let spoilt = POLICY.replace("mx1", "mx\u{fffd}");
    assert_eq!(said(&spoilt, false), [("policy-syntax", Some(3))], "one fault, and not an invalid mx beside it");
    assert_eq!(said(&spoilt, true), [("policy-mx-invalid", Some(3))], "that character was really there");
    let more = spoilt.replace("testing", "tasting");
    assert_eq!(said(&more, false), [("policy-mode-invalid", Some(2)), ("policy-syntax", Some(3))]);
}
