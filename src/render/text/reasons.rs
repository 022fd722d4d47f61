//! What the reporters' words most likely mean, each reading once.

use crate::model::assessment::{Cause, Confidence, FailureGroup};
use crate::render::page::{Look, Page};

/// Readings beyond these are counted.
const SHOWN: usize = 8;

pub(super) fn write(groups: &[FailureGroup], page: &mut Page) {
    let causes = readings(groups);
    if causes.is_empty() {
        return;
    }
    page.line(&[(Look::Strong, "  What their words mean")]);
    for (cause, reporters) in causes.iter().take(SHOWN) {
        let word = sure(cause.confidence);
        let text = format!("{} (see {}; by {})", cause.cause, cause.see, by(reporters));
        page.paragraph(&[(Look::Faint, &format!("  {word:<7}  "))], Look::Plain, &text);
    }
    if causes.len() > SHOWN {
        page.line(&[(Look::Faint, &format!("  and {} more readings", causes.len() - SHOWN))]);
    }
}

/// Each reading once, with whose words it is of.
pub(in crate::render) fn readings(groups: &[FailureGroup]) -> Vec<(&Cause, Vec<&str>)> {
    let mut causes: Vec<(&Cause, Vec<&str>)> = Vec::new();
    for (cause, reporter) in groups.iter().filter_map(|group| Some((group.cause.as_ref()?, group.reporter.as_str()))) {
        match causes.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, reporters)) if reporters.contains(&reporter) => {}
            Some((_, reporters)) => reporters.push(reporter),
            None => causes.push((cause, vec![reporter])),
        }
    }
    causes
}

/// How sure a reading is, in a word.
pub(in crate::render) fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Guess => "guess",
    }
}

pub(in crate::render) fn by(reporters: &[&str]) -> String {
    const NAMED: usize = 3;
    let named = reporters.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if reporters.len() > NAMED { format!("{named} and {} more", reporters.len() - NAMED) } else { named }
}
