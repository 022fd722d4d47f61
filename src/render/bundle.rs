//! `bundle verify`: whether a bundle's answer still follows, for people and programs.

use serde::Serialize;

use super::escape;
use super::page::{Look, Page};
use super::text::sessions::count;
use crate::model::assessment::Answer;
use crate::model::bundle::{Follows, StillValid, Verified};

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/bundle-check/1";

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "BundleCheck"))]
pub(super) struct View<'a> {
    /// The schema's name and version.
    schema: &'static str,
    #[serde(flatten)]
    verified: &'a Verified,
}

/// One object.
pub fn document(verified: &Verified) -> Result<String, serde_json::Error> {
    escape::json_pretty(&View { schema: SCHEMA, verified })
}

/// The same in one line.
pub fn line(verified: &Verified) -> Result<String, serde_json::Error> {
    escape::json_line(&View { schema: SCHEMA, verified })
}

/// For people.
pub fn text(verified: &Verified, width: usize) -> String {
    let mut page = Page::new(width);
    let (word, look, sentence) = match verified.outcome {
        Follows::Yes => ("SAME ANSWER", Look::Good, "every file is as it was, and the answer follows from the facts"),
        Follows::No if verified.differs.is_empty() => ("CHANGED", Look::Bad, "the bundle is not as it was made"),
        Follows::No => ("DIFFERS", Look::Bad, "the answer does not follow from the facts"),
        Follows::CannotTell => ("CANNOT TELL", Look::Unknown, "this version cannot judge the bundle again"),
    };
    page.paragraph(&[(look, word), (Look::Plain, "  ")], Look::Strong, sentence);
    page.gap();
    for (lines, sign, look) in
        [(&verified.faults, "  ✗ ", Look::Bad), (&verified.differs, "  ✗ ", Look::Bad), (&verified.untold, "  ? ", Look::Unknown)]
    {
        for line in lines {
            page.paragraph(&[(look, sign)], Look::Plain, line);
        }
    }
    for domain in &verified.domains {
        let (sign, look) = if domain.valid { ("  ✓ ", Look::Good) } else { ("  ! ", Look::Warning) };
        page.paragraph(&[(look, sign)], Look::Plain, &still(domain, verified));
    }
    for note in &verified.notes {
        page.paragraph(&[(Look::Faint, "  · ")], Look::Faint, note);
    }
    let tool = verified.tool.as_ref().map(|tool| format!(", made by {} {}", tool.name, tool.version)).unwrap_or_default();
    page.line(&[(Look::Faint, &format!("  {} with the digest of then{tool}", count(verified.files as u64, "file")))]);
    page.finish()
}

/// What was answered, and whether its evidence still holds.
fn still(domain: &StillValid, verified: &Verified) -> String {
    let answered = &domain.answered;
    let answer = match answered.answer {
        Answer::Ready => "ready",
        Answer::NotReady => "not ready",
        Answer::Inconclusive => "inconclusive",
        Answer::NotApplicable => "not applicable",
    };
    let because = if answered.because.is_empty() { String::new() } else { format!(" because of {}", answered.because.join(", ")) };
    let valid = if domain.valid {
        format!("its evidence is valid until {}", answered.valid_until)
    } else {
        let over = verified.now.duration_since(answered.valid_until).as_secs().unsigned_abs();
        format!("its evidence was valid until {}, {} ago: look again", answered.valid_until, super::text::duration(over))
    };
    format!("{} was {answer}{because} as of {}; {valid}", answered.domain.shown(), answered.asked_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::assessment::Question;
    use crate::model::bundle::{Answered, Tool};
    use crate::render::sample::HOSTILE;
    use crate::wire::fingerprint::Fingerprint;
    use crate::wire::name::Domain;

    fn verified(outcome: Follows, at: &str) -> Verified {
        let time = |text: &str| text.parse().expect("a time");
        let answered = Answered {
            domain: Domain::from_dns(HOSTILE),
            question: Question::SwitchToEnforce,
            answer: Answer::NotReady,
            because: vec![HOSTILE.to_owned()],
            asked_at: time("2026-03-10T12:00:00Z"),
            observed_at: time("2026-03-10T12:00:00Z"),
            valid_until: time("2026-03-11T12:00:00Z"),
            roots: Fingerprint::of(b""),
            owner: None,
            group: None,
        };
        let now = time(at);
        Verified {
            outcome,
            tool: Some(Tool { name: "stsready".to_owned(), version: HOSTILE.to_owned() }),
            now,
            domains: vec![StillValid { valid: now < answered.valid_until, answered }],
            files: 5,
            faults: vec![HOSTILE.to_owned()],
            differs: vec!["one".to_owned()],
            untold: vec!["two".to_owned()],
            notes: vec![HOSTILE.to_owned()],
        }
    }

    #[test]
    fn what_a_bundle_says_of_itself_reaches_no_terminal_raw() {
        let verified = verified(Follows::No, "2026-03-11T11:00:00Z");
        let text = anstream::adapter::strip_str(&text(&verified, 100)).to_string();
        assert!(text.starts_with("DIFFERS") && text.contains("✗ one") && text.contains("? two"), "{text}");
        for shown in [text, document(&verified).expect("JSON"), line(&verified).expect("JSON")] {
            assert!(!shown.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'), "{shown}");
        }
    }

    #[test]
    fn evidence_that_is_over_is_told_with_its_age() {
        let shown = |at| text(&verified(Follows::Yes, at), 400).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown("2026-03-11T11:59:59Z").contains("its evidence is valid until 2026-03-11T12:00:00Z"));
        let over = shown("2026-03-14T12:00:00Z");
        assert!(over.contains("was valid until 2026-03-11T12:00:00Z, 3 days ago") && over.contains("SAME ANSWER"), "{over}");
    }
}
