//! Senders that treat this domain differently. What a finding above already says of the same senders is not said again.

use crate::model::assessment::{Assessment, SenderNote};
use crate::render::page::{Look, Page};

pub(super) fn write(assessment: &Assessment, page: &mut Page) {
    let notes: Vec<&SenderNote> = unsaid(assessment).collect();
    if notes.is_empty() {
        return;
    }
    page.gap();
    page.line(&[(Look::Strong, "Senders differ")]);
    for note in notes {
        let see = see(assessment, note).map(|code| format!(" (see {code})")).unwrap_or_default();
        page.paragraph(&[(Look::Plain, "  - ")], Look::Plain, &format!("{} {}{see}", note.sender, note.effect));
    }
}

/// What no finding says already.
pub(in crate::render) fn unsaid(assessment: &Assessment) -> impl Iterator<Item = &SenderNote> {
    assessment.senders.iter().filter(|note| !is_said(assessment, note))
}

/// The finding that says more, if it is shown.
pub(in crate::render) fn see(assessment: &Assessment, note: &SenderNote) -> Option<&'static str> {
    note.see.filter(|code| assessment.findings.iter().any(|finding| finding.is_shown() && finding.code() == *code))
}

/// Whether a finding of the note's rule names its first sender.
fn is_said(assessment: &Assessment, note: &SenderNote) -> bool {
    let first = note.sender.split([' ', ',']).next().unwrap_or(note.sender);
    let mut same = assessment.findings.iter().filter(|finding| finding.is_shown() && Some(finding.code()) == note.see);
    same.any(|finding| finding.message.contains(first))
}
