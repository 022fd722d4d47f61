//! What the operator set for the judgement: thresholds other than the defaults, and acceptances that came to nothing.

use crate::model::acceptance::AcceptanceState;
use crate::model::assessment::Assessment;
use crate::model::threshold;
use crate::render::page::{Look, Page};

pub(super) fn write(assessment: &Assessment, page: &mut Page) {
    for note in &assessment.acceptances {
        let look = match note.state {
            AcceptanceState::Refused => Look::Bad,
            AcceptanceState::Expired => Look::Warning,
            AcceptanceState::Used | AcceptanceState::Unused => Look::Faint,
        };
        if let Some(said) = note.said() {
            page.paragraph(&[(look, "Accept   ")], Look::Plain, &said);
        }
    }
    if let Some(told) = threshold::told(&assessment.thresholds) {
        page.paragraph(&[(Look::Faint, "Judged   ")], Look::Faint, &told);
    }
}
