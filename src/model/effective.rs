//! The configuration in effect: every value, and where it comes from. For people and other programs; no secret is in it.

use serde::Serialize;

use super::acceptance::Acceptance;
use super::assessment::Keeper;
use super::threshold::Amount;
use crate::wire::name::Domain;

/// All of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// The file that was read; `None` where there is none.
    pub file: Option<String>,
    /// The options, in the order of the command line.
    pub options: Vec<Setting>,
    /// The thresholds, in the order of their table.
    pub thresholds: Vec<Turned>,
    /// The domains of the file.
    pub domains: Vec<(Domain, Keeper)>,
    /// The risks that are accepted, those of the call first.
    pub accept: Vec<(Acceptance, Source)>,
    /// The mailboxes of the file: name and URL, without a password.
    pub imap: Vec<(String, String)>,
    /// Whom `check --notify` tells what is new, by the file.
    pub notify: Vec<Channel>,
}

/// Somebody who is told what is new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Channel {
    /// `webhook`, `mail` or `command`.
    pub kind: &'static str,
    /// The webhook's server, without the path, or the address of the mailbox; left out for a command: both path and command may hold a
    /// secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whether messages are signed.
    pub signed: bool,
}

/// An option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Setting {
    /// Its long name.
    pub name: &'static str,
    /// Its values; none where it is not set and has no default.
    pub values: Vec<String>,
    /// Where they come from.
    pub source: Source,
}

/// A threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Turned {
    /// Its name.
    pub name: &'static str,
    /// What it is set to.
    pub value: Amount,
    /// What it is where nobody sets it.
    pub default: Amount,
    /// Where it comes from.
    pub source: Source,
    /// What it is about.
    pub what: &'static str,
}

/// Where a value comes from; what stands first goes before what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// An argument.
    Flag,
    /// An environment variable.
    Environment,
    /// The configuration.
    File,
    /// Nobody set it.
    Default,
}

impl Source {
    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}
