//! `explain` and `rules`: the catalogue for reading. A result-type of reports is explained by the rules that it leads to.

use serde::Serialize;

use super::args::{ExplainArgs, Format, PageFormat, RulesArgs};
use super::{Exit, Failure, Streams};
use crate::model::rule::{Rule, Severity, Stage};
use crate::render;
use crate::rules::{catalogue, result_types};

/// Prints a rule's page.
pub(super) fn explain(args: &ExplainArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let code = args.code.trim().to_ascii_lowercase();
    let Some(rule) = catalogue::find(&code) else {
        if let Some(result_type) = result_types::find(&code) {
            match args.format {
                PageFormat::Text => write!(streams.out, "{}", render::rules::result_type(result_type, streams.width))?,
                PageFormat::Markdown => write!(streams.out, "{}", render::rules::result_type_markdown(result_type))?,
            }
            return Ok(Exit::Ready);
        }
        let near = catalogue::nearest(&code).map(|rule| format!("did you mean {}? ", rule.code)).unwrap_or_default();
        return Err(Failure::Usage(format!("there is no rule {:?}; {near}`stsready rules` lists them all", args.code)));
    };
    match args.format {
        PageFormat::Text => write!(streams.out, "{}", render::rules::explain(rule, streams.width))?,
        PageFormat::Markdown => write!(streams.out, "{}", rule.page)?,
    }
    Ok(Exit::Ready)
}

#[derive(Serialize)]
struct RuleView {
    code: &'static str,
    stage: Stage,
    severities: &'static [Severity],
    undetermined: bool,
    title: &'static str,
    reference: &'static str,
}

/// Prints the catalogue.
pub(super) fn rules(args: &RulesArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    args.format.without_markdown()?;
    let rules: Vec<&'static Rule> = catalogue::all();
    let view = |rule: &&'static Rule| RuleView {
        code: rule.code,
        stage: rule.stage,
        severities: rule.severities,
        undetermined: rule.undetermined,
        title: rule.title,
        reference: rule.reference,
    };
    match args.format {
        Format::Text | Format::Markdown | Format::Html => write!(streams.out, "{}", render::rules::catalogue(&rules, streams.width))?,
        Format::Json => writeln!(streams.out, "{}", serde_json::to_string_pretty(&rules.iter().map(view).collect::<Vec<_>>())?)?,
        Format::Ndjson => {
            for rule in &rules {
                writeln!(streams.out, "{}", serde_json::to_string(&view(rule))?)?;
            }
        }
    }
    Ok(Exit::Ready)
}
