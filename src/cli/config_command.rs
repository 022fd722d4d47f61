//! `config`: whether the configuration is right, and what is in effect.

use std::path::Path;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args as _, Command};

use super::args::{AnyFormat, Common, ConfigCheckArgs, ConfigCommand, ConfigShowArgs, ListFormat, Outputs, Target};
use super::config::{self, Config, Found};
use super::{Exit, Failure, Streams, setup};
use crate::model::effective::{Channel, Effective, Setting, Source, Turned};
use crate::model::settings::Settings;
use crate::model::threshold;
use crate::net::webhook;
use crate::render::config as page;
use crate::render::escape;

/// `matches` are those of the call as a whole: they tell what was given and what is a default.
pub(super) fn run(command: &ConfigCommand, matches: &ArgMatches, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let given = matches.subcommand_matches("config").and_then(ArgMatches::subcommand).map(|(_, given)| given);
    let given = given.ok_or_else(|| Failure::Internal("the call's own arguments are not there".to_owned()))?;
    match command {
        ConfigCommand::Check(args) => {
            // A file that is named here goes before one of the environment.
            if args.file.is_some() && source(given, "config") == Source::Flag {
                return Err(Failure::Usage("two files are named: give FILE, or --config FILE".to_owned()));
            }
            check(args, streams)
        }
        ConfigCommand::Show(args) => show(args, given, streams),
    }
}

fn check(args: &ConfigCheckArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    match Config::find(args.file.as_deref().or(args.config.as_deref()))? {
        Found::Nothing => writeln!(streams.out, "there is no configuration: the defaults hold")?,
        Found::Right(path, config) => {
            let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
            let parts = [
                count(config.options.len(), "option"),
                count(config.thresholds.len(), "threshold"),
                count(config.domains.len(), "domain"),
                count(config.accept.len(), "accepted risk"),
                count(config.imap.len(), "mailbox"),
                count(config.notify.len(), "channel"),
            ];
            let parts = parts.join(", ").replace("mailboxs", "mailboxes");
            writeln!(streams.out, "{} is right: {parts}", escape::terminal(&path.display().to_string()))?;
        }
        Found::Wrong(path, faults) => {
            for fault in faults {
                writeln!(streams.err, "{}", escape::terminal(&format!("{} {fault}", path.display())))?;
            }
            return Ok(Exit::Usage);
        }
    }
    Ok(Exit::Ready)
}

fn show(args: &ConfigShowArgs, given: &ArgMatches, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let common = &args.common;
    let (file, config) = match Config::find(common.store.config.as_deref())? {
        Found::Right(path, config) => (Some(path), *config),
        // What is wrong with it is said as elsewhere.
        Found::Nothing | Found::Wrong(..) => (None, Config::load(&common.store)?),
    };
    let effective = effective(common, given, file.as_deref(), &config)?;
    args.outputs.print(streams, |format, width| {
        Ok(match format {
            ListFormat::Text => page::text(&effective, width),
            ListFormat::Json | ListFormat::Ndjson => page::document(&effective)?,
        })
    })?;
    Ok(Exit::Ready)
}

fn effective(common: &Common, given: &ArgMatches, file: Option<&Path>, config: &Config) -> Result<Effective, Failure> {
    let described = Common::augment_args(Command::new("described"));
    let described = Outputs::<AnyFormat>::augment_args(described);
    let options = config::names().filter_map(|name| {
        let arg = described.get_arguments().find(|arg| arg.get_long() == Some(name))?;
        Some(setting(name, arg, given, config))
    });
    let mut options: Vec<Setting> = options.collect();
    if let Some(store) = options.iter_mut().find(|setting| setting.name == "store" && setting.values.is_empty()) {
        store.values.extend(config.store(&common.store).ok().map(|path| path.display().to_string()));
    }
    let (settings, defaults) = (setup::settings_by(common, config)?, Settings::default());
    let by_call = if source(given, "threshold") == Source::Environment { Source::Environment } else { Source::Flag };
    let thresholds = threshold::ALL.iter().map(|knob| {
        let turned = |all: &[super::args::Turned]| all.iter().any(|(turned, _)| turned.name == knob.name);
        let by_option = match knob.name {
            "warning-part" | "warning-at-most" => common.warn.map(|_| source(given, "warn")),
            "critical-part" | "critical-at-most" => common.critical.map(|_| source(given, "critical")),
            _ => None,
        };
        let source = match by_option {
            Some(source) => source,
            None if turned(&common.threshold) => by_call,
            None if turned(&config.thresholds) => Source::File,
            None => Source::Default,
        };
        Turned { name: knob.name, value: knob.get(&settings), default: knob.get(&defaults), source, what: knob.what }
    });
    let accept = common.accept.iter().map(|one| (one.clone(), Source::Flag));
    Ok(Effective {
        file: file.map(|path| path.display().to_string()),
        options,
        thresholds: thresholds.collect(),
        domains: config.domains.iter().map(|known| (known.name.clone(), known.keeper.clone())).collect(),
        accept: accept.chain(config.accept.iter().map(|one| (one.clone(), Source::File))).collect(),
        imap: config.imap.iter().map(|imap| (imap.name.clone(), without_password(&imap.url))).collect(),
        notify: config.notify.iter().filter_map(channel).collect(),
    })
}

/// What may be shown of it; `None` for what the configuration never holds.
fn channel(notify: &config::Notify) -> Option<Channel> {
    let (kind, to) = match &notify.target {
        Target::Webhook(url) => ("webhook", Some(webhook::place(url))),
        Target::Mail(address) => ("mail", Some(address.clone())),
        Target::Command(_) => ("command", None),
        Target::Configured => return None,
    };
    Some(Channel { kind, to, signed: notify.secret_env.is_some() || notify.secret_file.is_some() })
}

fn setting(name: &'static str, arg: &Arg, given: &ArgMatches, config: &Config) -> Setting {
    let id = arg.get_id().as_str();
    let source = match source(given, id) {
        Source::Default if config.options.iter().any(|set| set.name == name) => Source::File,
        other => other,
    };
    let values = match given.try_get_one::<bool>(id) {
        // A flag's word in the environment may be any.
        Ok(Some(is_set)) => vec![is_set.to_string()],
        _ => given.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy().into_owned()).collect(),
    };
    // The file's format holds for what is written in it, be this page none of it.
    let by_file = config.options.iter().find(|set| name == "format" && source == Source::File && set.name == name);
    let values = by_file.map_or(values, |set| set.values.clone());
    let values = if arg.is_hide_env_values_set() { values.iter().map(|value| without_password(value)).collect() } else { values };
    Setting { name, values, source }
}

fn source(given: &ArgMatches, id: &str) -> Source {
    match given.value_source(id) {
        Some(ValueSource::CommandLine) => Source::Flag,
        Some(ValueSource::EnvVariable) => Source::Environment,
        _ => Source::Default,
    }
}

/// A URL, or a proxy with its user, without the password.
fn without_password(text: &str) -> String {
    let Some((before, host)) = text.rsplit_once('@') else { return text.to_owned() };
    let (scheme, user) = before.split_once("://").map_or(("", before), |(scheme, user)| (scheme, user));
    let user = user.split(':').next().unwrap_or_default();
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}{user}@{host}")
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn no_password_is_shown() {
        for (text, shown) in [
            ("me:se:cr@et@127.0.0.1:1080", "me@127.0.0.1:1080"),
            ("http://me:secret@proxy.test:3128", "http://me@proxy.test:3128"),
            ("imaps://tlsrpt@imap.test/INBOX", "imaps://tlsrpt@imap.test/INBOX"),
            ("127.0.0.1:1080", "127.0.0.1:1080"),
            ("http://proxy.test:3128", "http://proxy.test:3128"),
        ] {
            assert_eq!(without_password(text), shown);
        }
    }
}
