//! `explain` and `rules`: the catalogue for reading. A result-type of reports is explained by the rules that it leads to.

use super::args::{ExplainArgs, ListFormat, PageFormat, RulesArgs};
use super::{Exit, Failure, Streams};
use crate::model::rule::Rule;
use crate::render;
use crate::rules::{catalogue, result_types};

/// Prints a rule's page, or what a result-type leads to.
pub(super) fn explain(args: &ExplainArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let code = args.code.trim().to_ascii_lowercase();
    let page = |format, width| match (catalogue::find(&code), result_types::find(&code)) {
        (Some(rule), _) => Ok(match format {
            PageFormat::Text => render::rules::explain(rule, width),
            PageFormat::Markdown => rule.page.to_owned(),
            PageFormat::Html => render::rule_html::rule(rule),
        }),
        (None, Some(result_type)) => Ok(match format {
            PageFormat::Text => render::rules::result_type(result_type, width),
            PageFormat::Markdown => render::rules::result_type_markdown(result_type),
            PageFormat::Html => render::rule_html::result_type(result_type),
        }),
        (None, None) => {
            let near = result_types::near(&code);
            let near = if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(", or ")) };
            Err(Failure::Usage(format!("there is no rule {:?}; {near}`stsready rules` lists them all", args.code)))
        }
    };
    args.outputs.print(streams, page)?;
    Ok(Exit::Ready)
}

/// Prints the catalogue.
pub(super) fn rules(args: &RulesArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let rules: Vec<&'static Rule> = catalogue::all();
    args.outputs.print(streams, |format, width| {
        Ok(match format {
            ListFormat::Text => render::rules::catalogue(&rules, width),
            ListFormat::Json => render::rules::document(&rules)?,
            ListFormat::Ndjson => render::rules::lines(&rules)?,
        })
    })?;
    Ok(Exit::Ready)
}
