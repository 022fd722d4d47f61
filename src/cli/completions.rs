//! `completions`: scripts with which a shell completes calls, out of the description of the command line.

use std::any::TypeId;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, Command, CommandFactory as _, ValueHint};
use clap_complete::Shell;

use super::args::{Cli, CompletionsArgs};
use super::{Exit, Failure, Streams};
use crate::net::trust::RootSource;
use crate::playbook::embedded;
use crate::rules::catalogue;
use crate::wire::host_port::HostPort;
use crate::wire::name::Domain;

/// Prints the script for a shell.
pub(super) fn completions(args: &CompletionsArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    let mut command = described();
    clap_complete::generate(args.shell, &mut command, "stsready", &mut script);
    if args.shell == Shell::Fish {
        script.extend(placed_in_fish(&command).into_bytes());
    }
    streams.out.write_all(&script)?;
    streams.out.flush()?;
    Ok(Exit::Ready)
}

/// The command line, with what its words can be. More than what is described is accepted all the same.
fn described() -> Command {
    let playbooks = || PossibleValuesParser::new(embedded::TEXTS.iter().map(|(name, _)| *name));
    let codes = catalogue::all().into_iter().map(|rule| PossibleValue::new(rule.code).help(rule.title));
    let codes = PossibleValuesParser::new(codes.collect::<Vec<_>>());
    hinted(Cli::command())
        .mut_subcommand("explain", |explain| explain.mut_arg("code", |code| code.value_parser(codes)))
        .mut_subcommand("guide", |guide| guide.mut_arg("playbook", |playbook| playbook.value_parser(playbooks())))
        .mut_subcommand("playbook", |playbook| {
            playbook.mut_subcommand("show", |show| show.mut_arg("name", |name| name.value_parser(playbooks())))
        })
}

/// What stands at its place, for fish: the script that is generated completes the values of options alone.
fn placed_in_fish(command: &Command) -> String {
    let mut lines = String::new();
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let within = format!("__fish_stsready_using_subcommand {}", sub.get_name());
        lines.extend(sub.get_positionals().filter_map(|arg| fish_line(&within, arg)));
        for inner in sub.get_subcommands() {
            let within = format!("{within}; and __fish_seen_subcommand_from {}", inner.get_name());
            lines.extend(inner.get_positionals().filter_map(|arg| fish_line(&within, arg)));
        }
    }
    lines
}

fn fish_line(within: &str, arg: &Arg) -> Option<String> {
    let values = arg.get_possible_values();
    let names: Vec<&str> = values.iter().filter(|value| !value.is_hide_set()).map(PossibleValue::get_name).collect();
    let values = match arg.get_value_hint() {
        _ if !names.is_empty() => names.join(" "),
        ValueHint::Hostname => "(__fish_print_hostnames)".to_owned(),
        // Files are completed where nothing is said.
        _ => return None,
    };
    Some(format!("complete -c stsready -n \"{within}\" -f -a \"{values}\"\n"))
}

/// Names of hosts are completed as such. That a path is one is known already.
fn hinted(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(
        command.mut_args(|arg| {
            let hint = hint(&arg);
            arg.value_hint(hint)
        }),
        |command, name| command.mut_subcommand(name, hinted),
    )
}

fn hint(arg: &Arg) -> ValueHint {
    let known = arg.get_value_parser().type_id();
    if known == TypeId::of::<Domain>() || known == TypeId::of::<HostPort>() {
        ValueHint::Hostname
    } else if known == TypeId::of::<RootSource>() {
        ValueHint::FilePath
    } else {
        arg.get_value_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arg<'a>(command: &'a Command, path: &[&str], id: &str) -> &'a Arg {
        let command = path.iter().fold(command, |command, name| command.find_subcommand(name).expect(name));
        command.get_arguments().find(|arg| arg.get_id() == id).expect(id)
    }

    #[test]
    fn values_are_completed_as_what_they_are() {
        let command = described();
        for (path, id, hint) in [
            (&["check"][..], "domains", ValueHint::Hostname),
            (&["mx"], "host", ValueHint::Hostname),
            (&["expiry"], "host", ValueHint::Hostname),
            (&["change", "enforce"], "domain", ValueHint::Hostname),
            (&["check"], "roots", ValueHint::FilePath),
            (&["check"], "facts", ValueHint::AnyPath),
            (&["store", "stats"], "store", ValueHint::AnyPath),
            (&["check"], "helo", ValueHint::Unknown),
        ] {
            assert_eq!(arg(&command, path, id).get_value_hint(), hint, "{path:?} {id}");
        }
        for (path, id, value) in [
            (&["explain"][..], "code", "cert-name-mismatch"),
            (&["guide"], "playbook", "rollout"),
            (&["playbook", "show"], "name", "leave"),
            (&["check"], "format", "ndjson"),
            (&["schema"], "document", "assessment"),
        ] {
            let known = arg(&command, path, id).get_possible_values();
            assert!(known.iter().any(|known| known.get_name() == value), "{path:?} {id}");
        }
    }

    #[test]
    fn what_is_completed_is_consistent() {
        described().debug_assert();
    }
}
