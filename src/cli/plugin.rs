//! `--format nagios`: what a monitoring plugin owes its caller. One line on standard output and an exit code from 0 to 3, whatever
//! happens: a call that is wrong is UNKNOWN as well.

use std::ffi::{OsStr, OsString};

use super::args::{CheckFormat, Cli, Command, ExpiryFormat};
use super::{Exit, Streams};
use crate::render::nagios::{self, Status};

/// The commands that are plugins, too.
const PLUGINS: [&str; 5] = ["check", "record", "policy", "mx", "expiry"];

/// Whether a call prints as a plugin. What goes to a file does not: standard output and the exit code are then somebody else's.
pub(super) fn is_called(cli: &Cli) -> bool {
    match &cli.command {
        Command::Record(args) => args.outputs.printed() == Some(CheckFormat::Nagios),
        Command::Policy(args) => args.outputs.printed() == Some(CheckFormat::Nagios),
        Command::Mx(args) => args.outputs.printed() == Some(CheckFormat::Nagios),
        Command::Check(args) => args.outputs.printed() == Some(CheckFormat::Nagios),
        Command::Expiry(args) => args.outputs.printed() == Some(ExpiryFormat::Nagios),
        _ => false,
    }
}

/// Whether a call that could not be understood was meant to print as a plugin: by its words, else by the environment.
pub(super) fn was_meant(args: &[OsString], environment: Option<&OsStr>) -> bool {
    let words: Vec<&str> = args.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--").collect();
    let pairs = words.iter().zip(words.iter().skip(1)).filter(|(option, _)| **option == "--format").map(|(_, format)| *format);
    let mut formats = pairs.chain(words.iter().filter_map(|word| word.strip_prefix("--format="))).peekable();
    if formats.peek().is_some() {
        return formats.any(|format| format == "nagios");
    }
    let is_plugin = words.get(1).is_some_and(|command| PLUGINS.contains(command));
    is_plugin && environment.is_some_and(|format| format == "nagios")
}

/// Says why there is no answer.
pub(super) fn unknown(why: &str, streams: &mut Streams<'_>) -> Exit {
    // If even standard output is gone, the exit code still says it.
    let _ = streams.out.write_all(nagios::failed(why).as_bytes()).and_then(|()| streams.out.flush());
    Exit::Plugin(Status::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_call_is_a_plugins_if_it_says_so() {
        for (words, environment, meant) in [
            ("stsready check --format nagios --nonsense", None, true),
            ("stsready check --nonsense --format=nagios", None, true),
            ("stsready check --nonsense", Some("nagios"), true),
            ("stsready check --nonsense", None, false),
            ("stsready check --nonsense --format json", Some("nagios"), false),
            ("stsready rules --nonsense", Some("nagios"), false),
            ("stsready check -- --format nagios", None, false),
        ] {
            let args: Vec<OsString> = words.split(' ').map(Into::into).collect();
            assert_eq!(was_meant(&args, environment.map(OsStr::new)), meant, "{words}");
        }
    }
}
