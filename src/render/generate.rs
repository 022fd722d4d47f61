//! Texts to publish: as lines of a zone file, field by field as panels ask for them, and for programs.

use std::fmt::Write as _;

use serde::Serialize;

use super::escape;
use super::page::{Look, Page};
use crate::model::generated::Generated;

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/generate/1";

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Generate"))]
pub(super) struct View<'a> {
    /// The schema's name and version.
    schema: &'static str,
    #[serde(flatten)]
    generated: &'a Generated,
}

/// One object.
pub fn document(generated: &Generated) -> Result<String, serde_json::Error> {
    escape::json_pretty(&View { schema: SCHEMA, generated })
}

/// The records as lines of a zone file; where `file` alone is asked for, the policy and nothing else, to be served as it is.
pub fn zone(generated: &Generated, file: bool) -> String {
    match &generated.policy {
        Some(policy) if file => policy.text.clone(),
        _ => generated.records.iter().fold(String::new(), |mut out, record| {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{}", escape::terminal(&record.zone));
            out
        }),
    }
}

/// Field by field.
pub fn fields(generated: &Generated, width: usize) -> String {
    let mut page = Page::new(width);
    if let Some(policy) = &generated.policy {
        page.line(&[(Look::Strong, "Policy")]);
        page.table(
            2,
            &[
                vec![(Look::Faint, "URL".to_owned()), (Look::Code, policy.url.clone())],
                vec![(Look::Faint, "Content-Type".to_owned()), (Look::Code, "text/plain".to_owned())],
            ],
        );
        page.verbatim(4, &policy.text);
    }
    for record in &generated.records {
        page.gap();
        page.line(&[(Look::Strong, "DNS record")]);
        let row = |label: &str, value: &str| vec![(Look::Faint, label.to_owned()), (Look::Code, value.to_owned())];
        let name = format!("{}  (whole: {}.)", record.label, record.name);
        page.table(2, &[row("Name", &name), row("Type", record.kind), row("TTL", &record.ttl.to_string()), row("Value", &record.value)]);
    }
    page.finish()
}

/// What to know besides, for the error stream: what is published stays alone on the other.
pub fn notes(generated: &Generated, width: usize) -> String {
    let mut page = Page::new(width);
    for note in &generated.notes {
        page.paragraph(&[(Look::Faint, "- ")], Look::Plain, note);
    }
    page.finish()
}
