//! `--format` and `--output`: what is written where. Both may be given several times; a file takes the format that stands before it, else
//! the one that its name ends in.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::builder::EnumValueParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, value_parser};

use super::formats::Format;

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Place {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

/// What is written where; at most one thing to standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Outputs<F>(Vec<(F, Place)>);

impl<F: Format> Outputs<F> {
    /// Each format, and where it goes, in the order of the call.
    pub(in crate::cli) fn all(&self) -> &[(F, Place)] {
        &self.0
    }

    /// Those that go to files.
    pub(in crate::cli) fn files(&self) -> Self {
        Self(self.0.iter().filter(|(_, place)| *place != Place::Stdout).cloned().collect())
    }

    /// What standard output gets, if anything.
    pub(in crate::cli) fn printed(&self) -> Option<F> {
        self.0.iter().find(|(_, place)| *place == Place::Stdout).map(|(format, _)| *format)
    }
}

impl<F: Format> Args for Outputs<F> {
    fn augment_args(command: Command) -> Command {
        let format = Arg::new("format")
            .long("format")
            .value_name("FORMAT")
            .action(ArgAction::Append)
            .value_parser(EnumValueParser::<F>::new())
            .default_value(name(F::default()))
            .help("The output's format; may be given several times, each with an --output behind it")
            .help_heading("Output");
        let output = Arg::new("output")
            .long("output")
            .short('o')
            .value_name("FILE")
            .action(ArgAction::Append)
            .value_parser(value_parser!(PathBuf))
            .help("Write to this file, whole or not at all, in the format before it, else in the one that its name ends in; - is standard output")
            .help_heading("Output");
        command.arg(if F::CHOSEN_ELSEWHERE { format.env("STSREADY_FORMAT") } else { format }).arg(output)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<F: Format> FromArgMatches for Outputs<F> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let formats: Vec<F> = matches.get_many("format").into_iter().flatten().copied().collect();
        let files: Vec<&PathBuf> = matches.get_many("output").into_iter().flatten().collect();
        let given = matches.value_source("format") == Some(clap::parser::ValueSource::CommandLine);
        let places = |id: &str| matches.indices_of(id).into_iter().flatten();
        let mut words: Vec<(usize, Word<'_, F>)> = Vec::new();
        if given {
            words.extend(places("format").zip(formats.iter().copied().map(Word::Format)));
        }
        words.extend(places("output").zip(files.into_iter().map(|file| Word::File(file))));
        words.sort_by_key(|(place, _)| *place);
        let words: Vec<Word<'_, F>> = words.into_iter().map(|(_, word)| word).collect();
        let otherwise = if given { F::default() } else { formats.last().copied().unwrap_or_default() };
        pair(&words, otherwise).map(Self).map_err(|why| Error::raw(ErrorKind::ArgumentConflict, format!("{why}\n")))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// A word of the call, in its order.
#[derive(Clone, Copy, Debug)]
enum Word<'a, F> {
    Format(F),
    File(&'a Path),
}

/// Pairs files with formats. `otherwise` is the format where the call names none.
fn pair<F: Format>(words: &[Word<'_, F>], otherwise: F) -> Result<Vec<(F, Place)>, String> {
    // Nothing can be mistaken with one of each, and without files the last format counts, as of any option that is repeated.
    match words {
        [Word::File(file), Word::Format(format)] => return Ok(vec![(*format, place(file))]),
        formats if formats.iter().all(|word| matches!(word, Word::Format(_))) => {
            let last = formats.iter().rev().find_map(|word| if let Word::Format(format) = word { Some(*format) } else { None });
            return Ok(vec![(last.unwrap_or(otherwise), Place::Stdout)]);
        }
        _ => {}
    }
    let (mut pairs, mut waiting) = (Vec::new(), None);
    for word in words {
        match *word {
            Word::Format(format) => pairs.extend(waiting.replace(format).map(|format| (format, Place::Stdout))),
            Word::File(file) => {
                let by_name = by_name::<F>(file);
                let format = match (waiting.take(), by_name) {
                    (Some(format), Some(named)) if !is_alike(format, named) => {
                        let (format, named) = (name(format), name(named));
                        return Err(format!(
                            "{} would hold {format}, and its name says {named}: put --format before the --output that it is for",
                            file.display()
                        ));
                    }
                    (format, named) => format.or(named).unwrap_or(otherwise),
                };
                pairs.push((format, place(file)));
            }
        }
    }
    pairs.extend(waiting.map(|format| (format, Place::Stdout)));
    let mut seen = BTreeSet::new();
    for (_, place) in &pairs {
        match place {
            Place::Stdout if !seen.insert(None) => {
                return Err("two formats would go to standard output: give an --output FILE behind each --format".to_owned());
            }
            Place::File(file) if !seen.insert(Some(file)) => return Err(format!("{} would be written twice", file.display())),
            _ => {}
        }
    }
    Ok(pairs)
}

fn place(file: &Path) -> Place {
    if file.as_os_str() == "-" { Place::Stdout } else { Place::File(file.to_owned()) }
}

/// The format that a name ends in, if this command writes it.
fn by_name<F: Format>(file: &Path) -> Option<F> {
    let ending = file.extension().and_then(OsStr::to_str)?.to_ascii_lowercase();
    let format = match &*ending {
        "htm" => "html",
        "md" => "markdown",
        "jsonl" => "ndjson",
        "prom" => "prometheus",
        "xml" => "junit",
        // Many things are kept as text.
        "txt" => return None,
        other => other,
    };
    F::from_str(format, true).ok()
}

/// Lines of JSON are often kept as `.json`.
fn is_alike<F: Format>(one: F, other: F) -> bool {
    let is_json = |format| name(format).ends_with("json");
    one == other || (is_json(one) && is_json(other))
}

/// The name of a format, as it is typed.
fn name<F: Format>(format: F) -> String {
    format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::formats::GuideFormat::{self, Html, Json, Markdown, Ndjson, Text};
    use super::*;

    /// What a call with these words writes where, as `format file`.
    fn outputs(words: &[&str]) -> Result<Vec<String>, String> {
        let command = Outputs::<GuideFormat>::augment_args(Command::new("test").args_override_self(true)).mut_args(|arg| arg.env(None));
        let matches = command.try_get_matches_from([&["test"], words].concat()).map_err(|error| error.to_string())?;
        let outputs = Outputs::<GuideFormat>::from_arg_matches(&matches).map_err(|error| error.to_string())?;
        let shown = |place: &Place| if let Place::File(file) = place { file.display().to_string() } else { "-".to_owned() };
        Ok(outputs.all().iter().map(|(format, place)| format!("{} {}", name(*format), shown(place))).collect())
    }

    #[test]
    fn a_file_takes_the_format_before_it() {
        for (words, written) in [
            ("", "text -"),
            ("--format json", "json -"),
            ("--format json --format html", "html -"),
            ("--format json --output a", "json a"),
            ("--output a --format json", "json a"),
            ("-o a.html", "html a.html"),
            ("-o a.HTM -o b.md", "html a.HTM, markdown b.md"),
            ("-o a.txt", "text a.txt"),
            ("-o a", "text a"),
            ("-o -", "text -"),
            ("--format json --output a.json --format html --output a.html", "json a.json, html a.html"),
            ("--format json --output a.json --format text", "json a.json, text -"),
            ("--format text --format json --output a.json", "text -, json a.json"),
            ("--format ndjson --output a.json", "ndjson a.json"),
            ("--format=html -o - --output b.json", "html -, json b.json"),
        ] {
            let words: Vec<&str> = words.split_whitespace().collect();
            assert_eq!(outputs(&words).map(|all| all.join(", ")), Ok(written.to_owned()), "{words:?}");
        }
    }

    #[test]
    fn what_would_be_mistaken_is_refused() {
        for (words, why) in [
            ("--output a.json --format json --output a.html --format html", "a.html would hold json"),
            ("--format json --output a.html", "its name says html"),
            ("--format json --output - --format html", "two formats would go to standard output"),
            ("--format json --output a --format html --output a", "a would be written twice"),
            ("--format yaml", "possible values"),
        ] {
            let refused = outputs(&words.split_whitespace().collect::<Vec<_>>()).expect_err(words);
            assert!(refused.contains(why), "{words}: {refused}");
        }
    }

    #[test]
    fn without_a_format_in_the_call_the_one_of_elsewhere_holds() {
        let (a, page) = (Path::new("a"), Path::new("a.html"));
        assert_eq!(pair(&[Word::File(a)], Json), Ok(vec![(Json, Place::File(a.to_owned()))]));
        assert_eq!(pair(&[Word::File(page)], Json), Ok(vec![(Html, Place::File(page.to_owned()))]));
        assert_eq!(pair(&[], Ndjson), Ok(vec![(Ndjson, Place::Stdout)]));
        assert_eq!((name(Text), name(Markdown)), ("text".to_owned(), "markdown".to_owned()));
    }
}
