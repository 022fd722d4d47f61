//! The policy as served with its digest, the TLS-RPT record, who holds what until when, and the way back.

use crate::model::assessment::{Assessment, Horizon};
use crate::render::markdown::{Document, Inline};
use crate::render::text::{duration, horizon};

/// Older policies beyond these are counted.
const OLDER_SHOWN: usize = 20;

/// The way back from enforce, step by step; with the time that it takes.
pub(super) fn way_back(assessment: &Assessment, document: &mut Document) {
    let Some(horizon) = assessment.horizon.as_ref().filter(|horizon| !horizon.roll_back.is_empty()) else { return };
    document.heading(2, Inline::text("Roll-back"));
    document.steps(&horizon.roll_back);
}

pub(super) fn write(assessment: &Assessment, document: &mut Document) {
    if let Some(policy) = &assessment.policy {
        document.heading(2, Inline::text("Policy"));
        let none = || Inline::text("none that is valid");
        let rows = [
            ["SHA-256", "id", "mode", "max_age"].map(Inline::text),
            [
                Inline::code(policy.sha256),
                policy.id.as_ref().map_or_else(none, Inline::code),
                policy.mode.as_ref().map_or_else(none, Inline::code),
                policy.max_age.map_or_else(none, |age| Inline::text(format!("{age} s ({})", duration(age)))),
            ],
        ];
        let [names, values] = rows;
        document.table(["", "As served"], names.into_iter().zip(values).map(|(name, value)| [name, value]));
        if !policy.usable {
            document.paragraph(Inline::strong("Senders cannot use it as it is"));
        }
        document.fenced(&policy.text);
    }
    if let Some(record) = &assessment.record {
        document.heading(2, Inline::text("TLS-RPT record"));
        if record.texts.is_empty() {
            document.paragraph(Inline::text("none"));
        } else {
            document.fenced(&record.texts.iter().map(|text| text.replace(['\r', '\n'], " ")).collect::<Vec<_>>().join("\n"));
        }
        document.list((!record.rua.is_empty()).then(|| Inline::text("reports go to ") + Inline::codes(&record.rua)));
    }
    if let Some(horizon) = &assessment.horizon {
        held(horizon, document);
    }
}

fn held(horizon: &Horizon, document: &mut Document) {
    document.heading(2, Inline::text("What senders hold"));
    let more = horizon.older.len().saturating_sub(OLDER_SHOWN);
    let older = horizon.older.iter().take(OLDER_SHOWN).map(horizon::held);
    let more = (more > 0).then(|| format!("and {more} more older policies"));
    document.list(std::iter::once(horizon::now(horizon)).chain(older).chain(more).map(Inline::text));
}
