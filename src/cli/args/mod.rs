//! The command line, described once: help, environment variables and checks all come from here.

mod about;
mod bundle;
mod change;
mod common;
mod config;
mod formats;
mod generate;
mod guide;
mod history;
mod notify;
mod outputs;
mod playbook;
mod reports;
mod store;
mod values;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;

pub(super) use self::about::{CompletionsArgs, ManArgs, SchemaArgs};
pub(super) use self::bundle::{BundleCommand, BundleTo, BundleVerify};
pub(super) use self::change::{ChangeAt, ChangeCommand};
pub(super) use self::common::Common;
pub(super) use self::config::{ConfigCheckArgs, ConfigCommand, ConfigShowArgs};
pub(super) use self::formats::{
    AnyFormat, CheckFormat, DigestFormat, ExpiryFormat, Format, GenerateFormat, GuideFormat, ListFormat, PageFormat, PlanFormat, RowFormat,
};
pub(super) use self::generate::{GenerateAt, GenerateCommand, PolicyBody};
pub(super) use self::guide::GuideArgs;
pub(super) use self::history::HistoryArgs;
pub(super) use self::notify::{NotifyArgs, Target, target};
pub(super) use self::outputs::{Outputs, Place};
pub(super) use self::playbook::{PlaybookCheck, PlaybookCommand, PlaybookList, PlaybookShow};
pub(super) use self::reports::{Back, DigestArgs, FetchArgs, IngestArgs, ListArgs, PruneArgs, ReportsCommand, ShowArgs, Verifying};
pub(super) use self::store::{StoreArgs, StoreCommand, WhichStore};
pub(super) use self::values::Turned;
use self::values::time;
use super::exit;
use crate::net::trust::RootSource;
use crate::wire::host_port::HostPort;
use crate::wire::name::Domain;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

/// Is it safe to switch MTA-STS from testing to enforce? An answer with evidence.
#[derive(Debug, Parser)]
#[command(name = "stsready", version, styles = STYLES, max_term_width = 100, arg_required_else_help = true, args_override_self = true, after_help = exit::TABLE)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Stage 1: the TLS-RPT record (RFC 8460)
    #[command(after_help = "Examples:\n  stsready record example.com\n  stsready record example.com example.net --format ndjson")]
    Record(DomainArgs),
    /// Stage 2: the _mta-sts record, the policy host, mta-sts.txt, and whether it covers the MX hosts (RFC 8461)
    #[command(
        after_help = "Examples:\n  stsready policy example.com\n  stsready policy example.com --file mta-sts.txt   (a draft, before it is published)\n  stsready policy --file mta-sts.txt               (its text alone)"
    )]
    Policy(PolicyArgs),
    /// Stage 3: every address of every MX host: STARTTLS, TLS, certificate
    #[command(
        after_help = "Examples:\n  stsready mx example.com\n  stsready mx --host mx3.example.com               (a host that is not in DNS as an MX yet)"
    )]
    Mx(MxArgs),
    /// Stage 4: what senders reported (RFC 8460)
    #[command(subcommand)]
    Reports(ReportsCommand),
    /// All stages, and the verdict
    #[command(
        after_help = "Examples:\n  stsready check example.com --reports ~/tls-reports\n  stsready check example.com --format json --save-facts facts.json\n  stsready check --facts facts.json                (judge again what was observed then)\n  stsready check --domains-from domains.txt --format ndjson\n  stsready check example.com --format nagios       (a monitoring plugin)\n  stsready check --domains-from domains.txt -o stsready.prom"
    )]
    Check(CheckArgs),
    /// What was kept with a change: is it as it was, and does the answer follow?
    #[command(
        subcommand,
        after_help = "Examples:\n  stsready check example.com --bundle change-4711          (a folder)\n  stsready check example.com --bundle change-4711.tar.gz   (one file)\n  stsready bundle verify change-4711.tar.gz"
    )]
    Bundle(BundleCommand),
    /// Where this domain stands, and the next step with the exact text to publish
    #[command(after_help = guide::EXIT)]
    Guide(GuideArgs),
    /// Ways of working: what there is, to be read, and to be checked
    #[command(subcommand)]
    Playbook(PlaybookCommand),
    /// Is this change safe, and in which steps is it made? Ordered, with the exact texts, waits and the way back
    #[command(
        subcommand,
        after_help = "Examples:\n  stsready change enforce example.com\n  stsready change add-mx mx3.example.com example.com --format markdown\n  stsready change remove-mx mx1.example.com example.com\n  stsready change policy --file mta-sts.txt example.com\n  stsready change certificate --file mx1.pem --for mx1.example.com example.com\n  stsready change leave example.com\nEvery run looks at the world and says which step is next."
    )]
    Change(ChangeCommand),
    /// What is kept: reports and observations
    #[command(subcommand)]
    Store(StoreCommand),
    /// What changed: policies, ids, MX sets, addresses and certificates, as earlier checks saw them
    #[command(after_help = "Examples:\n  stsready history example.com\n  stsready history example.com --since 14d --format ndjson")]
    History(HistoryArgs),
    /// The texts to publish: the TLS-RPT record, a policy that begins with testing, and all records around it
    #[command(
        subcommand,
        after_help = "Examples:\n  stsready generate record example.com --rua mailto:tls-reports@example.com\n  stsready generate policy example.com > mta-sts.txt\n  stsready generate dns example.com --rua mailto:tls-reports@example.com --policy mta-sts.txt"
    )]
    Generate(GenerateCommand),
    /// The configuration: whether it is right, and what is in effect
    #[command(subcommand)]
    Config(ConfigCommand),
    /// When every certificate of every MX host and policy host ends, soonest first
    #[command(
        after_help = "Examples:\n  stsready expiry example.com example.net\n  stsready expiry example.com --warn 30d --critical 14d --quiet\n  stsready expiry --host mx1.example.com --cert-file /etc/ssl/mx1.pem   (renewed, but reloaded?)\n  stsready expiry --host www.example.com:443\n  stsready expiry --domains-from domains.txt --format json\n  stsready expiry --domains-from domains.txt --format nagios"
    )]
    Expiry(ExpiryArgs),
    /// The page of a rule: what is wrong, why it matters, how to mend it
    #[command(after_help = "Example:\n  stsready explain cert-name-mismatch")]
    Explain(ExplainArgs),
    /// The catalogue of rules
    Rules(RulesArgs),
    /// The JSON Schema of a document, to check and to generate code by
    #[command(
        after_help = "Examples:\n  stsready schema                                  (which there are)\n  stsready schema assessment > assessment.schema.json"
    )]
    Schema(SchemaArgs),
    /// A script with which a shell completes commands, options and values
    #[command(
        after_help = "Examples:\n  stsready completions bash > ~/.local/share/bash-completion/completions/stsready\n  stsready completions zsh > ~/.zfunc/_stsready        (a folder of $fpath)\n  stsready completions fish > ~/.config/fish/completions/stsready.fish"
    )]
    Completions(CompletionsArgs),
    /// Manual pages
    #[command(after_help = "Examples:\n  stsready man | man -l -\n  stsready man --output-dir ~/.local/share/man/man1")]
    Man(ManArgs),
    /// Judge a chain out of files by the rules for MX certificates; JSON out
    #[command(hide = true)]
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub(super) struct DomainArgs {
    /// Policy domains, such as example.com (default: those of the configuration)
    #[arg(value_name = "DOMAIN", conflicts_with = "group")]
    pub(super) domains: Vec<Domain>,
    #[command(flatten)]
    pub(super) outputs: Outputs<CheckFormat>,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    /// Policy domains, such as example.com (default: those of the configuration)
    #[arg(value_name = "DOMAIN", conflicts_with = "group")]
    pub(super) domains: Vec<Domain>,
    /// Judge this draft in place of what is served; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "facts")]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) outputs: Outputs<CheckFormat>,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Args)]
pub(super) struct MxArgs {
    /// Policy domains, such as example.com (default: those of the configuration)
    #[arg(value_name = "DOMAIN", conflicts_with = "group")]
    pub(super) domains: Vec<Domain>,
    /// Probe this host in place of the MX set; may be given several times
    #[arg(long, value_name = "HOST", conflicts_with = "facts")]
    pub(super) host: Vec<Domain>,
    #[command(flatten)]
    pub(super) outputs: Outputs<CheckFormat>,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Policy domains, such as example.com (default: those of the configuration)
    #[arg(value_name = "DOMAIN", conflicts_with = "group")]
    pub(super) domains: Vec<Domain>,
    /// Files or directories with TLS reports (JSON, gzip, mail), beside those in the store (--no-store: in place of them); may be given several times
    #[arg(long, value_name = "PATH")]
    pub(super) reports: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) notify: NotifyArgs,
    #[command(flatten)]
    pub(super) bundle: BundleTo,
    #[command(flatten)]
    pub(super) outputs: Outputs<CheckFormat>,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Args)]
pub(super) struct ExpiryArgs {
    /// Domains whose MX hosts and policy host are looked at, such as example.com
    #[arg(value_name = "DOMAIN", conflicts_with = "group")]
    pub(super) domains: Vec<Domain>,
    /// Look at this host; may be given several times, with or without domains. At ports 443 and 465 TLS begins at once, elsewhere SMTP
    #[arg(long, value_name = "HOST[:PORT]", conflicts_with = "facts")]
    pub(super) host: Vec<HostPort>,
    #[command(flatten)]
    pub(super) outputs: Outputs<ExpiryFormat>,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The rule's code, such as cert-expired, or a result-type of reports
    #[arg(value_name = "CODE")]
    pub(super) code: String,
    #[command(flatten)]
    pub(super) outputs: Outputs<PageFormat>,
}

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    #[command(flatten)]
    pub(super) outputs: Outputs<ListFormat>,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The chain as a server sends it, PEM; - is standard input
    #[arg(long, value_name = "PEM")]
    pub(super) chain: PathBuf,
    /// Whom senders trust: mozilla, os, or a PEM file with these roots and no others
    #[arg(long, value_name = "mozilla|os|FILE")]
    pub(super) roots: RootSource,
    /// The name of the MX host
    #[arg(long, value_name = "NAME")]
    pub(super) name: Domain,
    /// As of this time (RFC 3339, or a date)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) at: Timestamp,
    /// A private CA beside the roots
    #[arg(long, value_name = "PEM")]
    pub(super) ca_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_description_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_configuration_may_name_every_format_that_it_can_choose() {
        fn formats(command: &clap::Command, all: &mut Vec<String>) {
            let chosen = command.get_arguments().filter(|arg| arg.get_env().is_some_and(|variable| variable == "STSREADY_FORMAT"));
            all.extend(chosen.flat_map(clap::Arg::get_possible_values).map(|value| value.get_name().to_owned()));
            command.get_subcommands().for_each(|sub| formats(sub, all));
        }
        let mut all = Vec::new();
        formats(&Cli::command(), &mut all);
        assert!(all.len() > 20, "{all:?}");
        for format in all {
            assert!(<AnyFormat as clap::ValueEnum>::from_str(&format, false).is_ok(), "{format}");
        }
    }
}
