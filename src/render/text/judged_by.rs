//! What the operator set for the judgement: thresholds other than the defaults, and acceptances that came to nothing.

use crate::model::acceptance::{AcceptanceNote, AcceptanceState};
use crate::model::assessment::Assessment;
use crate::render::page::{Look, Page};

pub(super) fn write(assessment: &Assessment, page: &mut Page) {
    let said = assessment.acceptances.iter().filter_map(|note| Some((note, word(note)?)));
    for (note, (look, text)) in said {
        page.paragraph(&[(look, "Accept   ")], Look::Plain, &format!("{}: {text}", note.target()));
    }
    if !assessment.thresholds.is_empty() {
        let told = assessment.thresholds.iter().map(|changed| format!("{} {} (default {})", changed.name, changed.value, changed.default));
        page.paragraph(
            &[(Look::Faint, "Judged   ")],
            Look::Faint,
            &format!("by other thresholds: {}", told.collect::<Vec<_>>().join(", ")),
        );
    }
}

/// What is to be said of an acceptance; those in use are told with their findings.
fn word(note: &AcceptanceNote) -> Option<(Look, String)> {
    match note.state {
        AcceptanceState::Used => None,
        AcceptanceState::Unused => Some((Look::Faint, "unused: nothing of the kind is found; take it out".to_owned())),
        AcceptanceState::Expired => {
            let until = note.until.map(|until| format!(" since {until} is over")).unwrap_or_default();
            Some((Look::Warning, format!("counts no more{until} ({})", note.reason)))
        }
        AcceptanceState::Refused => Some((Look::Bad, format!("refused: {}", note.why.as_deref().unwrap_or("it is a blocker")))),
    }
}
