//! For people: the answer first, then the ladder, what decides it, what else there is, the tables, and how long it holds.

pub(super) mod findings;
pub(super) mod headline;
pub(super) mod horizon;
mod judged_by;
pub(super) mod ladder;
pub(super) mod reasons;
mod refused;
pub(super) mod senders;
pub(super) mod servers;
pub(super) mod sessions;
pub(super) mod vantage;

use super::page::{Look, Page};
use crate::model::acceptance::Accepted;
use crate::model::assessment::Assessment;
use crate::model::finding::Fix;

/// How much to show.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Columns of the terminal.
    pub width: usize,
    /// Also list what holds and what does not apply.
    pub all: bool,
}

/// One assessment as a page.
pub fn assessment(assessment: &Assessment, options: Options) -> String {
    let mut page = Page::new(options.width);
    headline::write(assessment, &mut page);
    ladder::write(assessment, &mut page);
    next(assessment, &mut page);
    horizon::way_back(assessment, &mut page);
    findings::write(assessment, options, &mut page);
    servers::write(assessment, &mut page);
    sessions::write(assessment, &mut page);
    policy(assessment, &mut page);
    senders::write(assessment, &mut page);
    closing(assessment, &mut page);
    page.finish()
}

/// The answer's line alone.
pub fn headline(assessment: &Assessment, width: usize) -> String {
    let mut page = Page::new(width);
    headline::write(assessment, &mut page);
    page.finish()
}

fn next(assessment: &Assessment, page: &mut Page) {
    if assessment.next.is_empty() {
        return;
    }
    page.gap();
    page.line(&[(Look::Strong, "What to do now")]);
    steps(&assessment.next, page);
}

/// Steps with their numbers, each with what is to be published.
fn steps(steps: &[Fix], page: &mut Page) {
    for (index, step) in steps.iter().enumerate() {
        page.paragraph(&[(Look::Good, &format!("  {}. ", index + 1))], Look::Plain, &step.say);
        if let Some(text) = &step.publish {
            page.verbatim(7, text);
        }
    }
}

fn policy(assessment: &Assessment, page: &mut Page) {
    let Some(policy) = &assessment.policy else { return };
    page.gap();
    let id = policy.id.as_deref().map(|id| format!("  id {id}")).unwrap_or_default();
    page.line(&[(Look::Strong, "Policy"), (Look::Faint, &format!("  SHA-256 {}{id}", policy.sha256.short()))]);
    const SHOWN: usize = 24;
    let lines: Vec<&str> = policy.text.lines().collect();
    for line in lines.iter().take(SHOWN) {
        page.verbatim(2, if line.is_empty() { " " } else { line });
    }
    if lines.len() > SHOWN {
        page.line(&[(Look::Faint, &format!("  and {} more lines", lines.len() - SHOWN))]);
    }
}

fn closing(assessment: &Assessment, page: &mut Page) {
    page.gap();
    if !assessment.would_change_if.is_empty() {
        page.line(&[(Look::Strong, "This changes if")]);
        const SHOWN: usize = 8;
        for sentence in assessment.would_change_if.iter().take(SHOWN) {
            page.paragraph(&[(Look::Plain, "  - ")], Look::Plain, sentence);
        }
        if assessment.would_change_if.len() > SHOWN {
            page.line(&[(Look::Faint, &format!("  - and {} more", assessment.would_change_if.len() - SHOWN))]);
        }
        page.gap();
    }
    judged_by::write(assessment, page);
    horizon::write(assessment, page);
    page.paragraph(
        &[(Look::Faint, "Holds    ")],
        Look::Faint,
        &format!("until {}; observed {}", minute(assessment.valid_until), minute(assessment.observed_at)),
    );
    vantage::write(assessment, page);
}

/// Why a risk is accepted, and until when.
pub(in crate::render) fn accepted(accepted: &Accepted) -> String {
    let until = accepted.until.map_or_else(|| "for good".to_owned(), |until| format!("until {until}"));
    format!("{} ({until})", accepted.reason)
}

/// To the minute, in UTC.
pub(in crate::render) fn minute(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%dT%H:%MZ").to_string()
}

/// The day, in UTC.
pub(in crate::render) fn date(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// The two largest units: `2 weeks`, `1 day 3 hours`, `90 seconds`.
pub(in crate::render) fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, name) in UNITS {
        let count = rest / size;
        rest %= size;
        if count > 0 && parts.len() < 2 {
            parts.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        } else if !parts.is_empty() {
            break;
        }
    }
    if parts.is_empty() { "0 seconds".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_keep_their_two_largest_units() {
        for (seconds, shown) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (90, "1 minute 30 seconds"),
            (3_600, "1 hour"),
            (604_800, "7 days"),
            (97_200, "1 day 3 hours"),
            (86_401, "1 day"),
        ] {
            assert_eq!(duration(seconds), shown);
        }
    }
}
