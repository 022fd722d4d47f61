//! What the reporters' words most likely mean, each reading once.

use crate::model::assessment::{Cause, Confidence, FailureGroup};
use crate::render::page::{Look, Page};

/// Readings beyond these are counted.
const SHOWN: usize = 8;

pub(super) fn write(groups: &[FailureGroup], page: &mut Page) {
    let mut causes: Vec<(&Cause, Vec<&str>)> = Vec::new();
    for (cause, group) in groups.iter().filter_map(|group| Some((group.cause.as_ref()?, group))) {
        let place = causes.iter().position(|(known, _)| *known == cause).unwrap_or_else(|| {
            causes.push((cause, Vec::new()));
            causes.len() - 1
        });
        let reporters = &mut causes[place].1;
        if !reporters.contains(&group.reporter.as_str()) {
            reporters.push(&group.reporter);
        }
    }
    if causes.is_empty() {
        return;
    }
    page.line(&[(Look::Strong, "  What their words mean")]);
    for (cause, reporters) in causes.iter().take(SHOWN) {
        let word = match cause.confidence {
            Confidence::Certain => "certain",
            Confidence::Likely => "likely ",
            Confidence::Guess => "guess  ",
        };
        let text = format!("{} (see {}; by {})", cause.cause, cause.see, by(reporters));
        page.paragraph(&[(Look::Faint, &format!("  {word}  "))], Look::Plain, &text);
    }
    if causes.len() > SHOWN {
        page.line(&[(Look::Faint, &format!("  and {} more readings", causes.len() - SHOWN))]);
    }
}

fn by(reporters: &[&str]) -> String {
    const NAMED: usize = 3;
    let named = reporters.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if reporters.len() > NAMED { format!("{named} and {} more", reporters.len() - NAMED) } else { named }
}
