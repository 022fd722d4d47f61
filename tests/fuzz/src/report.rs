//! Reports as JSON: periods do not end before they start, notes are capped, every text stands in the input, and the quick way of
//! reading an ordinary report says what the thorough way says.

use std::ops::ControlFlow;

use stsready::wire::report::{DETAIL_CAP, Document, POLICY_CAP, each, read_all};

pub fn any(bytes: &[u8]) {
    let text = str::from_utf8(bytes).ok();
    let mut length = 0;
    let _ = each(bytes, |document| {
        length += document.text.len();
        bounded(&document);
        if let Some(text) = text {
            assert!(text.contains(document.text));
            thoroughly(&document);
        }
        ControlFlow::Continue(())
    });
    assert!(text.is_none() || length <= bytes.len(), "nothing is read twice");
}

fn bounded(document: &Document<'_>) {
    let Ok(report) = &document.read else { return };
    assert!(report.start <= report.end);
    assert!(report.oddities.len() <= 41, "notes are capped");
    assert!(report.policies.len() <= POLICY_CAP);
    assert!(report.policies.iter().all(|policy| policy.details.len() <= DETAIL_CAP));
    for policy in &report.policies {
        let _ = policy.failures();
    }
}

/// In an array no report is ordinary.
fn thoroughly(document: &Document<'_>) {
    if document.read.is_ok() {
        let again = read_all(format!("[{}]", document.text).as_bytes());
        assert_eq!(again.first(), Some(&document.read));
    }
}
