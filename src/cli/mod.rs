//! Floor 6: arguments, one room per command, exit codes. The only floor that prints and reads the clock.

mod args;
mod assess;
mod bundle;
mod change;
mod completions;
mod config;
mod config_command;
mod exit;
mod expiry;
mod explain;
mod failure;
mod fetch;
mod generate;
mod guide;
mod history;
mod ingest;
mod keep;
mod keys;
mod man;
mod memory;
mod notify;
mod observe;
mod outputs;
mod playbook;
mod plugin;
mod progress;
mod proxies;
mod reports;
mod saved;
mod schema;
mod setup;
mod store;
mod verify;
mod whole;

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};

use args::{Cli, Command, ReportsCommand};
use config::Config;
pub use exit::Exit;
pub use failure::Failure;

use crate::render::escape;

/// Where a run prints to; both are stripped of colour by the caller where the receiver wants none.
pub struct Streams<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Diagnostics and progress.
    pub err: &'a mut dyn Write,
    /// Columns of the receiver, where it has any.
    pub width: usize,
    /// Whether progress may be drawn on the error stream.
    pub progress: bool,
}

/// Parses `args` (with the program's name first), runs the command, and says how to exit.
pub fn run(args: impl IntoIterator<Item = OsString>, streams: &mut Streams<'_>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let (cli, matches) = match parse(&args) {
        Ok(parsed) => parsed,
        Err(error) if error.use_stderr() && plugin::was_meant(&args, std::env::var_os("STSREADY_FORMAT").as_deref()) => {
            let text = error.render().to_string();
            let line = text.lines().next().unwrap_or_default();
            return plugin::unknown(line.strip_prefix("error: ").unwrap_or(line), streams);
        }
        Err(error) => {
            let text = harmless(error.render().ansi().to_string(), &args);
            let wrote = if error.use_stderr() { write!(streams.err, "{text}") } else { write!(streams.out, "{text}") };
            return match (wrote, error.use_stderr()) {
                (Err(_), _) => Exit::Internal,
                (Ok(()), true) => Exit::Usage,
                (Ok(()), false) => Exit::Ready,
            };
        }
    };
    let is_plugin = plugin::is_called(&cli);
    match command(cli.command, &matches, streams) {
        Ok(exit) => exit,
        Err(failure) if is_plugin => plugin::unknown(&failure.to_string(), streams),
        // A reader that has had enough (`| head`) needs no words; but it has not read an answer, so this is no success either.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Internal,
        Err(failure) => {
            // If even the error stream is gone, the exit code still says it.
            let _ = writeln!(streams.err, "stsready: {}", escape::terminal(&failure.to_string()));
            failure.exit()
        }
    }
}

/// What is wrong with the text of a configuration: each fault with its line, from 1; none if it is right.
pub fn config_faults(text: &str) -> Vec<(usize, String)> {
    let faults = Config::parse(text).err().unwrap_or_default();
    faults.into_iter().map(|fault| (fault.line, fault.what)).collect()
}

/// The call, with what the configuration sets in the place of defaults.
fn parse(args: &[OsString]) -> Result<(Cli, ArgMatches), clap::Error> {
    let mut described = config::defaults(Cli::command(), &Config::defaults_of(args), args);
    let matches = described.try_get_matches_from_mut(args)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut described))?;
    Ok((cli, matches))
}

/// A message about the call repeats its words; what in them could corrupt a terminal is shown as an escape.
fn harmless(message: String, args: &[OsString]) -> String {
    args.iter().fold(message, |message, arg| {
        let arg = arg.to_string_lossy();
        match escape::terminal(&arg) {
            Cow::Borrowed(_) => message,
            Cow::Owned(shown) => message.replace(&*arg, &shown),
        }
    })
}

fn command(command: Command, matches: &ArgMatches, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    match command {
        Command::Record(args) => assess::record(&args, streams),
        Command::Policy(args) => assess::policy(&args, streams),
        Command::Mx(args) => assess::mx(&args, streams),
        Command::Reports(ReportsCommand::Ingest(args)) => ingest::ingest(&args, streams),
        Command::Reports(ReportsCommand::Fetch(args)) => fetch::fetch(&args, streams),
        Command::Reports(ReportsCommand::Show(args)) => reports::show(&args, streams),
        Command::Reports(ReportsCommand::List(args)) => reports::list(&args, streams),
        Command::Reports(ReportsCommand::Digest(args)) => reports::digest(&args, streams),
        Command::Reports(ReportsCommand::Prune(args)) => store::prune(&args, streams),
        Command::Store(command) => store::run(&command, streams),
        Command::Check(args) => assess::check(&args, streams),
        Command::Bundle(command) => bundle::run(&command, streams),
        Command::History(args) => history::history(&args, streams),
        Command::Guide(args) => guide::run(&args, streams),
        Command::Playbook(command) => playbook::run(&command, streams),
        Command::Change(command) => change::run(&command, streams),
        Command::Generate(command) => generate::run(&command, streams),
        Command::Config(command) => config_command::run(&command, matches, streams),
        Command::Expiry(args) => expiry::expiry(&args, streams),
        Command::Explain(args) => explain::explain(&args, streams),
        Command::Rules(args) => explain::rules(&args, streams),
        Command::Schema(args) => schema::schema(&args, streams),
        Command::Completions(args) => completions::completions(&args, streams),
        Command::Man(args) => man::man(&args, streams),
        Command::Verify(args) => verify::verify(&args, streams),
    }
}
