//! Options of the command line that the configuration sets, too. Each is described once, by the command line: the file's values become
//! its defaults, so that an argument goes before the environment, the environment before the file, and what is wrong is told alike.

use std::ffi::OsString;

use clap::builder::Resettable;
use clap::{Arg, Args as _, Command};

use super::environment::{self, Given};
use super::section::{Section, scalar};
use crate::cli::args::{AnyFormat, Common, Outputs};
use crate::net::proxy::HttpsProxy;
use crate::net::socks::Socks5;

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    One,
    Several,
    Flag,
}

/// The options that a configuration may set, by their long names: what describes a place rather than a call.
const OPTIONS: &[(&str, Takes)] = &[
    ("store", Takes::One),
    ("format", Takes::One),
    ("fail-on", Takes::One),
    ("resolver", Takes::Several),
    ("roots", Takes::One),
    ("ca-file", Takes::One),
    ("fetch-intermediates", Takes::Flag),
    ("trust-anchor", Takes::One),
    ("trust-ad", Takes::Flag),
    ("no-dane", Takes::Flag),
    ("smtp-port", Takes::One),
    ("https-port", Takes::One),
    ("helo", Takes::One),
    ("ipv4", Takes::Flag),
    ("ipv6", Takes::Flag),
    ("source-ip", Takes::Several),
    ("socks5", Takes::One),
    ("socks5-dns", Takes::Flag),
    ("proxy", Takes::One),
    ("deny-private", Takes::Flag),
    ("control", Takes::One),
    ("timeout", Takes::One),
    ("jobs", Takes::One),
];

/// Options that shut each other out: one that is given sets the other of the file aside.
const EITHER: &[(&str, &str)] = &[("ipv4", "ipv6"), ("trust-ad", "trust-anchor")];

/// An option as the file sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Set {
    /// Its long name.
    pub(in crate::cli) name: &'static str,
    /// Its values; `true` for a flag.
    pub(in crate::cli) values: Vec<String>,
}

/// Reads them off the top of the file; what the command line would refuse is refused here, with its line.
pub(super) fn read(top: &mut Section<'_, '_>) -> Vec<Set> {
    let mut all = Vec::new();
    for &(name, takes) in OPTIONS {
        let values = match takes {
            Takes::Flag => top.flag(name).filter(|is_set| *is_set).map(|_| vec!["true".to_owned()]),
            Takes::Several => top.texts(name),
            Takes::One => {
                top.read(name, |value| scalar(value).map(|text| vec![text]).ok_or_else(|| format!("{name} is one text or number")))
            }
        };
        let Some(values) = values else { continue };
        match refused(name, takes, &values) {
            Some(why) => top.fault_at(name, why),
            None => all.push(Set { name, values }),
        }
    }
    for (one, other) in EITHER {
        if [one, other].iter().all(|name| all.iter().any(|set| set.name == **name)) {
            top.fault_at(other, format!("{one} and {other} shut each other out"));
        }
    }
    all
}

/// Why the command line would refuse these values.
fn refused(name: &str, takes: Takes, values: &[String]) -> Option<String> {
    // Not through the parser, whose message would repeat what may hold a password.
    let hidden = |has_password: bool, variable: &str| {
        has_password.then(|| format!("a password of {name} belongs into the environment variable {variable}"))
    };
    if let ("socks5", [text]) = (name, values) {
        return Socks5::parse(text).map_or_else(|error| Some(error.to_string()), |proxy| hidden(proxy.has_password(), "STSREADY_SOCKS5"));
    }
    if let ("proxy", [text]) = (name, values) {
        return HttpsProxy::parse(text)
            .map_or_else(|error| Some(error.to_string()), |proxy| hidden(proxy.has_password(), "STSREADY_PROXY"));
    }
    let words: Vec<String> = match takes {
        Takes::Flag => vec![format!("--{name}")],
        Takes::One | Takes::Several => values.iter().map(|value| format!("--{name}={value}")).collect(),
    };
    // Whatever is in the environment is not what is asked here.
    let parser =
        Outputs::<AnyFormat>::augment_args(Common::augment_args(Command::new("config"))).mut_args(|arg| arg.env(Resettable::Reset));
    let error = parser.try_get_matches_from(std::iter::once("config".to_owned()).chain(words)).err()?.to_string();
    let line = error.lines().next().unwrap_or_default();
    Some(line.strip_prefix("error: ").unwrap_or(line).to_owned())
}

/// Makes what the file sets the defaults of every command that reads a configuration, and leaves out what of the environment does not count.
pub(in crate::cli) fn defaults(command: Command, file: &[Set], args: &[OsString]) -> Command {
    within(command, file, &Given::of(args))
}

fn within(command: Command, file: &[Set], given: &Given) -> Command {
    let reads = command.get_arguments().any(|arg| arg.get_long() == Some("config"));
    let aside = set_aside(&command, given);
    let command = command.mut_args(|arg| {
        let arg = if reads { with_default(arg, file, &aside) } else { arg };
        environment::counted(arg, given)
    });
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, |sub| within(sub, file, given)))
}

fn with_default(arg: Arg, file: &[Set], aside: &[&str]) -> Arg {
    let Some(set) = file.iter().find(|set| arg.get_long() == Some(set.name) && !aside.contains(&set.name)) else { return arg };
    let possible = arg.get_possible_values();
    let has = |value: &String| possible.is_empty() || possible.iter().any(|known| known.matches(value, true));
    // A format that this command does not write is meant for others; and where none is taken from the environment, what is written is a
    // text to be used as it is.
    let is_format = set.name == "format";
    let is_taken = !is_format || arg.get_env().is_some_and(|variable| variable == "STSREADY_FORMAT");
    if !is_taken || !set.values.iter().all(has) {
        return arg;
    }
    arg.default_values(set.values.iter().map(OsString::from))
}

/// The options whose counterpart is given by an argument or by the environment.
fn set_aside(command: &Command, given: &Given) -> Vec<&'static str> {
    let is_given = |name: &str| {
        let variable = || command.get_arguments().find(|arg| arg.get_long() == Some(name)).and_then(Arg::get_env);
        given.has(name) || variable().and_then(environment::value).is_some()
    };
    let both = EITHER.iter().flat_map(|(one, other)| [(*one, *other), (*other, *one)]);
    both.filter(|(_, other)| is_given(other)).map(|(one, _)| one).collect()
}

/// The names of the options that a configuration may set, in the order in which they are shown.
pub(in crate::cli) fn names() -> impl Iterator<Item = &'static str> {
    OPTIONS.iter().map(|(name, _)| *name)
}
