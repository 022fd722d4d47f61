//! What to do with the answer: where it is "ready", the switch itself, with the exact texts.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::assessment::{Answer, Question};
use crate::model::facts::Facts;
use crate::model::finding::Fix;
use crate::model::looked::Looked;
use crate::rules::Case;
use crate::wire::policy::Mode;

/// The steps of the switch, in their order (decision: "switch to enforce"); empty for any other answer, whose findings say what to do.
pub(super) fn steps(case: &Case<'_>, question: Question, answer: Answer) -> Vec<Fix> {
    if (question, answer) != (Question::SwitchToEnforce, Answer::Ready) {
        return Vec::new();
    }
    let Some(body) = case.body else { return Vec::new() };
    let domain = &case.facts.domain;
    let ttl = ttl(case.facts);
    let record = format!("_mta-sts.{domain}. {ttl} IN TXT \"v=STSv1; id={};\"", fresh_id(case.now));
    let say = |say: String, publish: Option<String>| Fix { say, publish };
    vec![
        say(format!("serve this at https://mta-sts.{domain}/.well-known/mta-sts.txt"), Some(enforcing(&body.text))),
        say("fetch it and compare the bytes; senders read it only after the next step".to_owned(), None),
        say("publish a new id, one that was never used before".to_owned(), Some(record)),
        say(format!("check again after {ttl} seconds (the record's TTL), after 24 hours, after 72 hours and after 7 days"), None),
    ]
}

/// The policy with its first `mode` line in enforce; every other byte stays.
fn enforcing(text: &str) -> String {
    let mut done = false;
    let lines = text.split_inclusive('\n').map(|line| {
        let value = line.strip_prefix("mode").and_then(|rest| rest.trim_start().strip_prefix(':')).filter(|_| !done);
        match value {
            Some(value) => {
                done = true;
                let end = &line[line.trim_end().len()..];
                let space = if value.starts_with(' ') { " " } else { "" };
                format!("mode:{space}{}{end}", Mode::Enforce.as_str())
            }
            None => line.to_owned(),
        }
    });
    lines.collect()
}

fn ttl(facts: &Facts) -> u32 {
    facts.policy.as_ref().and_then(|policy| Looked::seen(&policy.txt.answer)).map_or(3600, |answer| answer.ttl)
}

/// An id that grows with time: `20261122T101500Z` without the separators that RFC 8461 §3.1 forbids.
fn fresh_id(now: Timestamp) -> String {
    now.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::enforcing;

    #[test]
    fn only_the_mode_changes() {
        for (testing, enforce) in [
            ("version: STSv1\r\nmode: testing\r\nmx: a\r\n", "version: STSv1\r\nmode: enforce\r\nmx: a\r\n"),
            ("version: STSv1\nmode:testing\nmax_age: 1", "version: STSv1\nmode:enforce\nmax_age: 1"),
            ("mode: testing\nmode: none\n", "mode: enforce\nmode: none\n"),
            ("modest: x\nmode: testing", "modest: x\nmode: enforce"),
        ] {
            assert_eq!(enforcing(testing), enforce);
        }
    }
}
