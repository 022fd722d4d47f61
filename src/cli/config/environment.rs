//! Which variables of the environment count: an empty one is none, and what an argument says goes before a variable that contradicts it.
//!
//! In: an option as the command line describes it, and the words of the call. Out: the option, without its variable where that does not
//! count; two arguments that contradict each other stay the misuse that they are.

use std::ffi::{OsStr, OsString};

use clap::builder::{FalseyValueParser, Resettable, TypedValueParser as _};
use clap::{Arg, Command, ValueEnum as _};

use crate::cli::args::AnyFormat;

/// Options whose variable counts for nothing beside the argument.
const SET_ASIDE: &[(&str, &str)] = &[("store", "no-store"), ("no-store", "store")];
/// Options whose variable counts for nothing beside `--threshold` of these names.
const SET_ASIDE_BY_THRESHOLD: &[(&str, &[&str])] =
    &[("warn", &["warning-at-most", "warning-part"]), ("critical", &["critical-at-most", "critical-part"])];

/// The value of a variable, if it has any.
pub(super) fn value(variable: impl AsRef<OsStr>) -> Option<OsString> {
    std::env::var_os(variable).filter(|value| !value.is_empty())
}

/// What the words of a call name.
#[derive(Debug, Default)]
pub(super) struct Given {
    options: Vec<String>,
    thresholds: Vec<String>,
}

impl Given {
    /// Reads the words; values are not told from options, and a value that begins with two hyphens is none of an option here.
    pub(super) fn of(args: &[OsString]) -> Self {
        let mut given = Self::default();
        let mut words = args.iter().take_while(|word| *word != "--").map(|word| word.to_string_lossy()).peekable();
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix("--") else { continue };
            let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value.to_owned())));
            if name == "threshold" {
                let list = value.or_else(|| words.peek().map(ToString::to_string)).unwrap_or_default();
                given.thresholds.extend(list.split(',').filter_map(|one| Some(one.split_once('=')?.0.trim().to_owned())));
            }
            given.options.push(name.to_owned());
        }
        given
    }

    /// Whether this option is named.
    pub(super) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|name| name == option)
    }

    fn has_any_threshold(&self, names: &[&str]) -> bool {
        self.thresholds.iter().any(|name| names.contains(&name.as_str()))
    }
}

/// The option, without its variable where that does not count.
pub(super) fn counted(arg: Arg, given: &Given) -> Arg {
    let Some(value) = arg.get_env().and_then(std::env::var_os) else { return arg };
    let name = arg.get_long().unwrap_or_default();
    let by_argument = SET_ASIDE.iter().any(|(option, other)| *option == name && given.has(other));
    let by_threshold = SET_ASIDE_BY_THRESHOLD.iter().any(|(option, names)| *option == name && given.has_any_threshold(names));
    // A store that is not refused is no contradiction to the one that is named.
    let refuses_nothing = name == "no-store" && says_no(&value);
    let is_meant_for_others = name == "format" && is_format_of_others(&arg, &value);
    let counts_for_nothing = value.is_empty() || by_argument || by_threshold || refuses_nothing || is_meant_for_others;
    if counts_for_nothing { arg.env(Resettable::Reset) } else { arg }
}

/// Whether other commands write this format, and this one does not.
fn is_format_of_others(arg: &Arg, value: &OsStr) -> bool {
    let Some(value) = value.to_str() else { return false };
    let is_ours = arg.get_possible_values().iter().any(|ours| ours.matches(value, false));
    !is_ours && AnyFormat::from_str(value, false).is_ok()
}

fn says_no(value: &OsStr) -> bool {
    FalseyValueParser::new().parse_ref(&Command::new("environment"), None, value).is_ok_and(|is_yes| !is_yes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_call_are_told_apart() {
        let given = |words: &[&str]| Given::of(&words.iter().map(OsString::from).collect::<Vec<_>>());
        let call = given(&["stsready", "check", "--store=x", "--threshold", "sessions=1,warning-part=5", "--", "--no-store"]);
        assert!(call.has("store") && !call.has("no-store"));
        assert!(call.has_any_threshold(&["warning-part"]) && !call.has_any_threshold(&["critical-part"]));
        assert!(given(&["stsready", "--threshold=critical-at-most=9d"]).has_any_threshold(&["critical-at-most"]));
        assert!(!given(&["stsready", "--threshold"]).has_any_threshold(&["warning-part"]));
    }
}
