//! `man`: manual pages, one a command, out of the description of the command line.

mod epilogue;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use clap::{Arg, Command, CommandFactory as _};
use roff::{Inline, Roff, bold, italic, roman};

use self::epilogue::{Block, Section};
use super::args::{Cli, ManArgs};
use super::whole::Whole;
use super::{Exit, Failure, Streams, exit};

/// What the pages are called together.
const MANUAL: &str = "User Commands";
/// As pages of the first section are named.
const SECTION: &str = "1";
/// Files that a user may have, and what they are.
const FILES: [(&str, &str); 2] = [
    ("$XDG_CONFIG_HOME/stsready/config.toml", "The configuration; ~/.config/stsready/config.toml unless that variable is set."),
    ("$XDG_DATA_HOME/stsready/store.sqlite", "Reports and observations; ~/.local/share/stsready/store.sqlite unless that variable is set."),
];

/// Prints the main page, or writes all of them.
pub(super) fn man(args: &ManArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = &args.output_dir else {
        streams.out.write_all(&page(&command, None))?;
        streams.out.flush()?;
        return Ok(Exit::Ready);
    };
    std::fs::create_dir_all(folder).map_err(|error| Failure::Write { path: folder.clone(), error })?;
    for (name, text) in pages(&command, None) {
        let mut file = Whole::begin(&folder.join(name))?;
        file.write_all(&text).map_err(|error| file.failed(error))?;
        file.finish()?;
    }
    Ok(Exit::Ready)
}

/// Every page below `command`, its own first: the file's name, and its text.
fn pages(command: &Command, above: Option<&Command>) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = vec![(PathBuf::from(format!("{}.{SECTION}", name(command))), page(command, above))];
    for sub in shown(command) {
        all.extend(pages(sub, Some(command)));
    }
    all
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|sub| !sub.is_hide_set())
}

/// As its page is called: `stsready-reports-show`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn page(command: &Command, above: Option<&Command>) -> Vec<u8> {
    let mut roff = Roff::new();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    heading(&mut roff, "NAME");
    roff.text([roman(format!("{} - {about}", name(command)))]);
    synopsis(&mut roff, command);
    heading(&mut roff, "DESCRIPTION");
    roff.text([roman(format!("{about}{}", if about.ends_with('.') { "" } else { "." }))]);
    arguments(&mut roff, command);
    commands(&mut roff, command);
    let said = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut sections = epilogue::read(&said);
    if !sections.iter().any(|section| section.title == "EXIT STATUS") {
        sections.extend(epilogue::read(exit::TABLE));
    }
    sections.sort_by_key(|section| section.title == "EXIT STATUS");
    for section in &sections {
        behind(&mut roff, section);
    }
    environment(&mut roff, command);
    files(&mut roff);
    see_also(&mut roff, command, above);
    // No date: a build has no clock, and the same sources give the same bytes.
    let title = format!(".TH {} {SECTION} \"\" \"stsready {}\" \"{MANUAL}\"\n", name(command), env!("CARGO_PKG_VERSION"));
    (title + &ascii(&roff.render())).into_bytes()
}

/// Every formatter knows its own escapes; not every one is told which encoding a page is in.
fn ascii(page: &str) -> String {
    page.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\[u{:04X}]", u32::from(c)) }).collect()
}

fn heading(roff: &mut Roff, title: &str) {
    roff.control("SH", [title]);
}

/// The usage as help has it, a form a line.
fn synopsis(roff: &mut Roff, command: &Command) {
    heading(roff, "SYNOPSIS");
    let usage = command.clone().render_usage().to_string();
    let called = command.get_bin_name().unwrap_or_else(|| command.get_name());
    for (index, form) in usage.trim_start_matches("Usage:").lines().map(str::trim).filter(|form| !form.is_empty()).enumerate() {
        if index > 0 {
            roff.control("br", []);
        }
        match form.strip_prefix(called) {
            Some(rest) => roff.text([bold(called), roman(rest)]),
            None => roff.text([roman(form)]),
        };
    }
}

/// What a call takes: what stands at its place first, then the options under the headings that help has.
fn arguments(roff: &mut Roff, command: &Command) {
    let shown: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_hide_set()).collect();
    let (placed, options): (Vec<&Arg>, Vec<&Arg>) = shown.into_iter().partition(|arg| arg.is_positional());
    if !placed.is_empty() {
        heading(roff, "ARGUMENTS");
    }
    for arg in placed {
        argument(roff, arg);
    }
    heading(roff, "OPTIONS");
    let mut headings: Vec<Option<&str>> = Vec::new();
    for option in &options {
        if !headings.contains(&option.get_help_heading()) {
            headings.push(option.get_help_heading());
        }
    }
    // Those without a heading belong to no other's.
    headings.sort_by_key(Option::is_some);
    for heading in headings {
        if let Some(heading) = heading {
            roff.control("SS", [heading]);
        }
        for option in options.iter().filter(|option| option.get_help_heading() == heading) {
            argument(roff, option);
        }
    }
}

fn argument(roff: &mut Roff, arg: &Arg) {
    roff.control("TP", []);
    let called = arg.to_string();
    let mut term = Vec::new();
    if let (Some(short), Some(_)) = (arg.get_short(), arg.get_long()) {
        term.extend([bold(format!("-{short}")), roman(", ")]);
    }
    if arg.is_positional() {
        term.push(italic(called));
    } else {
        let (option, value) = called.split_once(' ').unwrap_or((&called, ""));
        term.push(bold(option));
        if !value.is_empty() {
            term.extend([roman(" "), italic(value)]);
        }
    }
    roff.text(term);
    let said = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let defaults: Vec<String> = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let default = if defaults.is_empty() || !takes_value(arg) { String::new() } else { format!(" [default: {}]", defaults.join(",")) };
    roff.text([roman(said + &default)]);
    let values = arg.get_possible_values();
    let values: Vec<_> = values.iter().filter(|value| takes_value(arg) && !value.is_hide_set()).collect();
    if values.is_empty() {
        return;
    }
    roff.control("RS", []);
    for value in values {
        roff.control("TP", []);
        roff.text([bold(value.get_name())]);
        // A term without anything behind it would take the next one in.
        roff.text([value.get_help().map_or_else(|| roman("\u{a0}"), |help| roman(help.to_string()))]);
    }
    roff.control("RE", []);
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

fn commands(roff: &mut Roff, command: &Command) {
    if shown(command).next().is_none() {
        return;
    }
    heading(roff, "COMMANDS");
    for sub in shown(command) {
        item(roff, bold(sub.get_name()), &sub.get_about().map(ToString::to_string).unwrap_or_default());
    }
}

fn item(roff: &mut Roff, term: Inline, said: &str) {
    roff.control("TP", []);
    roff.text([term]);
    roff.text([roman(said)]);
}

/// What help has behind the options.
fn behind(roff: &mut Roff, section: &Section<'_>) {
    heading(roff, section.title);
    for (index, block) in section.blocks.iter().enumerate() {
        match block {
            Block::Paragraph(text) => {
                if index > 0 {
                    roff.control("PP", []);
                }
                roff.text([roman(*text)]);
            }
            Block::Item(term, said) => item(roff, bold(*term), said),
            Block::Verbatim(lines) => {
                roff.control("RS", ["4"]);
                roff.control("nf", []);
                for line in lines {
                    roff.text([roman(*line)]);
                }
                roff.control("fi", []);
                roff.control("RE", []);
            }
        }
    }
}

/// The variables that stand for options, here and below.
fn environment(roff: &mut Roff, command: &Command) {
    fn variables(command: &Command, all: &mut BTreeMap<String, String>) {
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            if let (Some(variable), Some(long)) = (arg.get_env(), arg.get_long()) {
                all.insert(variable.to_string_lossy().into_owned(), format!("--{long}"));
            }
        }
        for sub in shown(command) {
            variables(sub, all);
        }
    }
    let mut all = BTreeMap::new();
    variables(command, &mut all);
    heading(roff, "ENVIRONMENT");
    if !all.is_empty() {
        roff.text([roman("Options of the call come before variables, and these before the configuration.")]);
    }
    for (variable, option) in &all {
        roff.control("TP", []);
        roff.text([bold(variable.as_str())]);
        roff.text([roman("Stands for "), bold(option.as_str()), roman(".")]);
    }
    item(roff, bold("NO_COLOR"), "If set and not empty, nothing is coloured.");
}

fn files(roff: &mut Roff) {
    heading(roff, "FILES");
    for (file, said) in FILES {
        item(roff, italic(file), said);
    }
}

fn see_also(roff: &mut Roff, command: &Command, above: Option<&Command>) {
    let mut pages: Vec<&str> = above.into_iter().map(name).collect();
    pages.extend(shown(command).map(name));
    if pages.is_empty() {
        return;
    }
    heading(roff, "SEE ALSO");
    let mut line = Vec::new();
    for (index, page) in pages.iter().enumerate() {
        line.push(bold(*page));
        line.push(roman(format!("({SECTION}){}", if index + 1 < pages.len() { ", " } else { "" })));
    }
    roff.text(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<(PathBuf, String)> {
        let mut command = Cli::command().disable_help_subcommand(true);
        command.build();
        let text = |(name, text)| (name, String::from_utf8(text).expect("UTF-8"));
        pages(&command, None).into_iter().map(text).collect()
    }

    #[test]
    fn each_command_has_its_page_with_every_section_that_is_due() {
        let pages = all();
        let names: Vec<&str> = pages.iter().filter_map(|(name, _)| name.to_str()).collect();
        for due in ["stsready.1", "stsready-check.1", "stsready-reports-show.1", "stsready-change-add-mx.1", "stsready-man.1"] {
            assert!(names.contains(&due), "{due}: {names:?}");
        }
        assert!(!names.contains(&"stsready-verify.1") && !names.iter().any(|name| name.contains("help")), "{names:?}");
        for (name, text) in &pages {
            for due in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"] {
                let heading = if due.contains(' ') { format!(".SH \"{due}\"\n") } else { format!(".SH {due}\n") };
                assert_eq!(text.matches(&heading).count(), 1, "{}: {due}\n{text}", name.display());
            }
        }
    }

    #[test]
    fn a_page_tells_the_variables_of_its_options_and_its_examples() {
        let pages: BTreeMap<PathBuf, String> = all().into_iter().collect();
        let check = &pages[&PathBuf::from("stsready-check.1")];
        for due in ["STSREADY_RESOLVER", "STSREADY_STORE", "NO_COLOR", ".SH EXAMPLES\n", "\nstsready check example.com "] {
            assert!(check.replace("\\-", "-").contains(due), "{due}\n{check}");
        }
        assert!(!pages[&PathBuf::from("stsready-rules.1")].contains("STSREADY_RESOLVER"));
    }
}
