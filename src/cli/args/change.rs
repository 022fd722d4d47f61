//! Arguments of `change`: one subcommand a change.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Common, Outputs, PlanFormat};
use crate::wire::name::Domain;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ChangeCommand {
    /// From testing to enforce
    Enforce(PlainChange),
    /// Back from enforce to testing
    Testing(PlainChange),
    /// One more MX host
    AddMx(AddMx),
    /// An MX host goes
    RemoveMx(RemoveMx),
    /// Another policy
    Policy(PolicyChange),
    /// Another certificate at MX hosts, or at the policy host
    Certificate(CertificateChange),
    /// Another provider takes the mail
    Provider(ProviderChange),
    /// Give MTA-STS up (RFC 8461 §8.3)
    Leave(PlainChange),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PlainChange {
    #[command(flatten)]
    pub(in crate::cli) at: ChangeAt,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AddMx {
    /// The host
    #[arg(value_name = "HOST")]
    pub(in crate::cli) host: Domain,
    /// Its preference (default: behind all others)
    #[arg(long, value_name = "N")]
    pub(in crate::cli) preference: Option<u16>,
    #[command(flatten)]
    pub(in crate::cli) at: ChangeAt,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RemoveMx {
    /// The host
    #[arg(value_name = "HOST")]
    pub(in crate::cli) host: Domain,
    #[command(flatten)]
    pub(in crate::cli) at: ChangeAt,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PolicyChange {
    /// The policy as it is to be served; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) at: ChangeAt,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CertificateChange {
    /// The chain as the server is to send it; a private key in the file is held against the certificate
    #[arg(long, value_name = "PEM")]
    pub(in crate::cli) file: PathBuf,
    /// A host that is to serve it; may be given several times
    #[arg(long = "for", value_name = "HOST", required = true)]
    pub(in crate::cli) hosts: Vec<Domain>,
    #[command(flatten)]
    pub(in crate::cli) at: ChangeAt,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ProviderChange {
    /// The policy as it is to be in the end; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) policy: PathBuf,
    /// An MX host of the new provider; may be given several times (default: those that the policy names; needed where it has a wildcard)
    #[arg(long = "mx", value_name = "HOST")]
    pub(in crate::cli) hosts: Vec<Domain>,
    #[command(flatten)]
    pub(in crate::cli) at: ChangeAt,
}

/// What every change has.
#[derive(Debug, Args)]
pub(in crate::cli) struct ChangeAt {
    /// The policy domain, such as example.com
    #[arg(value_name = "DOMAIN")]
    pub(in crate::cli) domain: Domain,
    /// The id to publish first, in place of a proposed one
    #[arg(long, value_name = "ID", value_parser = id)]
    pub(in crate::cli) id: Option<String>,
    /// Files or directories with TLS reports (JSON, gzip, mail), beside those in the store (--no-store: in place of them); may be given several times
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) reports: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) outputs: Outputs<PlanFormat>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}

fn id(text: &str) -> Result<String, String> {
    let is_legal = (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_legal { Ok(text.to_owned()) } else { Err("give 1 to 32 letters or digits (RFC 8461 §3.1)".to_owned()) }
}
