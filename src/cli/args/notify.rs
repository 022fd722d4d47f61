//! Arguments that tell somebody what is new.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Args, Command};
use url::Url;

/// Whom to tell, and whether to be silent otherwise.
#[derive(Debug, Default, Args)]
pub(in crate::cli) struct NotifyArgs {
    /// Print only domains whose answer, or what is broken, is otherwise than when this printed it last; nothing if none is
    #[arg(long, conflicts_with_all = ["no_store", "facts"], help_heading = "Output")]
    pub(in crate::cli) changed_since_last: bool,
    /// Tell a change of the answer, and what breaks, once: to a webhook (https://…), by mail (mailto:ADDRESS, through the local sendmail),
    /// or to a command (command:…, run by sh -c, JSON on its standard input); without TARGET to those of the configuration. May be given
    /// several times
    #[arg(
        long,
        value_name = "TARGET",
        value_parser = TargetParser,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "configured",
        conflicts_with_all = ["no_store", "facts"],
        help_heading = "Output"
    )]
    pub(in crate::cli) notify: Vec<Target>,
}

impl NotifyArgs {
    /// Whether anybody is to be told anything.
    pub(in crate::cli) fn is_any(&self) -> bool {
        self.changed_since_last || !self.notify.is_empty()
    }
}

/// Whom to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Target {
    /// Those of the configuration.
    Configured,
    /// A webhook.
    Webhook(Url),
    /// A mailbox.
    Mail(String),
    /// A command, run by `sh -c`.
    Command(String),
}

/// Reads a target of the command line. A plain function would do, but for the library: its message about one repeats what was given.
#[derive(Clone, Debug)]
struct TargetParser;

impl TypedValueParser for TargetParser {
    type Value = Target;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Target, clap::Error> {
        let read = value.to_str().ok_or_else(|| "it is not UTF-8".to_owned()).and_then(target);
        read.map_err(|why| {
            clap::Error::raw(ErrorKind::ValueValidation, format!("the TARGET of --notify cannot be used: {why}\n")).with_cmd(command)
        })
    }
}

/// Reads `https://…`, `mailto:ADDRESS` or `command:…`. What is wrong never repeats the text: it may be a secret.
pub(in crate::cli) fn target(text: &str) -> Result<Target, String> {
    if text == "configured" {
        return Ok(Target::Configured);
    }
    if let Some(command) = text.strip_prefix("command:") {
        let command = command.trim();
        return if command.is_empty() {
            Err("give the command behind command:".to_owned())
        } else {
            Ok(Target::Command(command.to_owned()))
        };
    }
    if let Some(address) = text.strip_prefix("mailto:") {
        // It stands in a header of the mail: nothing but one plain address.
        let is_plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&byte))
        };
        let address = address.trim();
        return match address.rsplit_once('@') {
            Some((local, domain)) if is_plain(local) && is_plain(domain) && address.len() <= 254 => Ok(Target::Mail(address.to_owned())),
            _ => Err("give one address, such as mailto:postmaster@example.com".to_owned()),
        };
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "https" | "http") && url.has_host() => Ok(Target::Webhook(url)),
        _ => Err("give https://…, mailto:ADDRESS or command:…".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_never_repeated_where_they_are_wrong() {
        assert_eq!(target("mailto:ops+sts@example.com"), Ok(Target::Mail("ops+sts@example.com".to_owned())));
        assert_eq!(target("command: page ops"), Ok(Target::Command("page ops".to_owned())));
        assert!(matches!(target("https://hooks.example/token"), Ok(Target::Webhook(_))));
        for wrong in [
            "",
            "command: ",
            "mailto:",
            "mailto:ops",
            "mailto:a@b.example,c@d.example",
            "mailto:a@b.example\nBcc: c@d.example",
            "mailto:Ops <a@b.example>",
            "mailto:\"a b\"@c.example",
            "ftp://secret.example/token",
            "hooks.example/token",
            "https://",
        ] {
            let why = target(wrong).expect_err(wrong);
            assert!(!why.contains("token") && !why.contains("secret"), "{why}");
        }
    }
}
