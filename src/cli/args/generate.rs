//! Arguments of `generate`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, Subcommand, ValueEnum};

use super::values::{duration, resolver};
use super::{GenerateFormat, Outputs, WhichStore};
use crate::decide::generate::PolicyHost;
use crate::model::settings::MAX_AGE_CAP;
use crate::wire::name::Domain;
use crate::wire::policy::Mode;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum GenerateCommand {
    /// The TLS-RPT record (RFC 8460 §3)
    Record(GenerateRecord),
    /// The policy to begin with (RFC 8461 §3.2): testing, and the MX hosts of today; the file alone on standard output
    Policy(GeneratePolicy),
    /// Every DNS record: TLS-RPT, `_mta-sts` with an id that was never used, the policy host
    Dns(GenerateDns),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct GenerateRecord {
    #[command(flatten)]
    pub(in crate::cli) at: GenerateAt,
    #[command(flatten)]
    pub(in crate::cli) rua: Rua,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct GeneratePolicy {
    #[command(flatten)]
    pub(in crate::cli) at: GenerateAt,
    #[command(flatten)]
    pub(in crate::cli) body: PolicyBody,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct GenerateDns {
    #[command(flatten)]
    pub(in crate::cli) at: GenerateAt,
    #[command(flatten)]
    pub(in crate::cli) rua: Rua,
    #[command(flatten)]
    pub(in crate::cli) body: PolicyBody,
    /// The policy as it is to be served, for its id; - is standard input (default: the one that `generate policy` makes)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["mx", "exact", "max_age", "mode"])]
    pub(in crate::cli) policy: Option<PathBuf>,
    /// Where the host mta-sts. is to point: a name (CNAME) or an address
    #[arg(long, value_name = "NAME|ADDRESS", value_parser = host)]
    pub(in crate::cli) policy_host: Option<PolicyHost>,
}

/// Where reports are to go.
#[derive(Debug, Args)]
pub(in crate::cli) struct Rua {
    /// Where reports are to go: mailto:MAILBOX or https://…; one is best, for a sender may choose any one of several
    #[arg(long, value_name = "URI", required = true)]
    pub(in crate::cli) rua: Vec<String>,
    /// Reports are meant to go to another organisation, such as a report service
    #[arg(long)]
    pub(in crate::cli) foreign_rua: bool,
}

/// What the policy is to say.
#[derive(Debug, Args)]
pub(in crate::cli) struct PolicyBody {
    /// A pattern in place of those that the MX records give; may be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(in crate::cli) mx: Vec<String>,
    /// Every host by its name, also where the provider documents a wildcard
    #[arg(long, conflicts_with = "mx")]
    pub(in crate::cli) exact: bool,
    /// How long senders hold it, in seconds: a week at first, long enough to be of use and short enough to be taken back
    #[arg(long, value_name = "SECONDS", default_value_t = 604_800, value_parser = clap::value_parser!(u32).range(86_400..=MAX_AGE_CAP.cast_signed()))]
    pub(in crate::cli) max_age: u32,
    /// The mode; a policy begins with testing
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) mode: ModeWord,
}

/// What all of them take.
#[derive(Debug, Args)]
pub(in crate::cli) struct GenerateAt {
    /// The policy domain, such as example.com
    #[arg(value_name = "DOMAIN")]
    pub(in crate::cli) domain: Domain,
    #[command(flatten)]
    pub(in crate::cli) outputs: Outputs<GenerateFormat>,
    #[command(flatten)]
    pub(in crate::cli) store: WhichStore,
    /// Use no store: ids that earlier checks saw are then not known
    #[arg(long, env = "STSREADY_NO_STORE", value_parser = FalseyValueParser::new(), conflicts_with = "store", help_heading = "Input")]
    pub(in crate::cli) no_store: bool,
    /// Resolver to ask; may be given several times (default: the system's)
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = resolver, env = "STSREADY_RESOLVER", value_delimiter = ',', help_heading = "Looking")]
    pub(in crate::cli) resolver: Vec<SocketAddr>,
    /// Longest wait for any one reply, such as 10s or 500ms
    #[arg(long, value_name = "TIME", value_parser = duration, env = "STSREADY_TIMEOUT", help_heading = "Looking")]
    pub(in crate::cli) timeout: Option<Duration>,
}

/// The modes of a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ModeWord {
    /// Failures are reported, mail is delivered
    #[default]
    Testing,
    /// Refused here: see `change enforce`
    Enforce,
    /// Refused here: see `change leave`
    None,
}

impl ModeWord {
    /// The mode.
    pub(in crate::cli) fn mode(self) -> Mode {
        match self {
            Self::Testing => Mode::Testing,
            Self::Enforce => Mode::Enforce,
            Self::None => Mode::None,
        }
    }
}

/// A name or an address, as typed.
fn host(text: &str) -> Result<PolicyHost, String> {
    if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(PolicyHost::Address(address));
    }
    Domain::parse(text).map(PolicyHost::Name).map_err(|error| error.to_string())
}
