//! Senders that treat this domain differently. What a finding above already says of the same senders is not said again.

use crate::model::assessment::{Assessment, SenderNote};
use crate::render::page::{Look, Page};

pub(super) fn write(assessment: &Assessment, page: &mut Page) {
    let told = |note: &&SenderNote| !is_said(assessment, note);
    let notes: Vec<&SenderNote> = assessment.senders.iter().filter(told).collect();
    if notes.is_empty() {
        return;
    }
    page.gap();
    page.line(&[(Look::Strong, "Senders differ")]);
    for note in notes {
        let see = note.see.filter(|code| assessment.findings.iter().any(|finding| finding.is_shown() && finding.code() == *code));
        let see = see.map(|code| format!(" (see {code})")).unwrap_or_default();
        page.paragraph(&[(Look::Plain, "  - ")], Look::Plain, &format!("{} {}{see}", note.sender, note.effect));
    }
}

/// Whether a finding of the note's rule names its first sender.
fn is_said(assessment: &Assessment, note: &SenderNote) -> bool {
    let first = note.sender.split([' ', ',']).next().unwrap_or(note.sender);
    let mut same = assessment.findings.iter().filter(|finding| finding.is_shown() && Some(finding.code()) == note.see);
    same.any(|finding| finding.message.contains(first))
}
