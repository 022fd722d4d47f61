//! Arguments of `guide`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values::duration;
use super::{Common, GuideFormat, Outputs};
use crate::decide::guide::Web;
use crate::wire::name::Domain;
use crate::wire::rua;

/// Exit codes of `guide`, as help and README show them.
pub(in crate::cli) const EXIT: &str = "\
Exit codes of guide, by the current step:
  0  every step that can be checked is done, or the domain takes no mail
  1  there is something to do
  2  usage or configuration error
  3  there is nothing to do but to wait, or it could not be looked at
  4  the tool itself failed";

#[derive(Debug, Args)]
pub(in crate::cli) struct GuideArgs {
    /// The policy domain, such as example.com
    #[arg(value_name = "DOMAIN")]
    pub(in crate::cli) domain: Domain,
    /// The playbook: a name of `stsready playbook list`, or a file of your own
    #[arg(long, value_name = "NAME|FILE", default_value = "rollout")]
    pub(in crate::cli) playbook: String,
    /// The host that the playbook is about, such as the new MX host; may be given several times
    #[arg(long = "host", value_name = "HOST")]
    pub(in crate::cli) hosts: Vec<Domain>,
    /// The new chain that rotate-certificate is about; a private key in the file is passed over
    #[arg(long, value_name = "PEM")]
    pub(in crate::cli) chain: Option<PathBuf>,
    /// The policy that change-provider is to end with; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) policy: Option<PathBuf>,
    /// Where reports shall go, such as mailto:tls-reports@example.com (default: as published, else that mailbox of the domain)
    #[arg(long, value_name = "URI", value_parser = target)]
    pub(in crate::cli) rua: Option<String>,
    /// The web server that shall serve the policy: an address, or a name for an alias
    #[arg(long, value_name = "ADDRESS|NAME", value_parser = web)]
    pub(in crate::cli) web: Option<Web>,
    /// Look again and again until the current step is done, and say what became of it
    #[arg(long, conflicts_with = "facts")]
    pub(in crate::cli) follow: bool,
    /// How long to wait between two looks, 30s to 60m
    #[arg(long, value_name = "TIME", value_parser = every, default_value = "5m", requires = "follow")]
    pub(in crate::cli) every: Duration,
    /// How long to follow at most, such as 30m, up to 24h
    #[arg(long = "for", value_name = "TIME", value_parser = patience, default_value = "1h", requires = "follow")]
    pub(in crate::cli) patience: Duration,
    /// Files or directories with TLS reports (JSON, gzip, mail), beside those in the store (--no-store: in place of them); may be given several times
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) reports: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) outputs: Outputs<GuideFormat>,
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}

/// Each look costs the MX hosts two connections an address: not more often than this.
const SHORTEST: Duration = Duration::from_secs(30);

fn every(text: &str) -> Result<Duration, String> {
    duration(text).ok().filter(|every| *every >= SHORTEST).ok_or_else(|| "give a time between 30s and 60m".to_owned())
}

fn patience(text: &str) -> Result<Duration, String> {
    let way_out = || "give a time such as 30m or 12h, up to 24h".to_owned();
    match text.strip_suffix('h') {
        Some(hours) => hours.parse().ok().filter(|hours| (1..=24).contains(hours)).map(Duration::from_hours).ok_or_else(way_out),
        None => duration(text).map_err(|_| way_out()),
    }
}

fn web(text: &str) -> Result<Web, String> {
    if let Ok(address) = text.parse() {
        return Ok(Web::Address(address));
    }
    Domain::parse(text).map(Web::Alias).map_err(|error| error.to_string())
}

/// Targets that senders can deliver to, as they are to stand in the record.
fn target(text: &str) -> Result<String, String> {
    let (targets, empty) = rua::parse_list(text);
    if targets.is_empty() || empty > 0 || targets.iter().any(|target| target.uri.is_err()) {
        return Err(
            "give a URI such as mailto:tls-reports@example.com or https://reports.example.com/tlsrpt; several with commas between, each \
                    with its own mailto: or https:"
                .to_owned(),
        );
    }
    let targets: Vec<String> = targets.into_iter().map(|target| target.corrected.unwrap_or(target.raw)).collect();
    Ok(targets.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_neither_too_often_nor_for_ever() {
        assert_eq!((every("30s"), every("5m")), (Ok(Duration::from_secs(30)), Ok(Duration::from_mins(5))));
        assert_eq!((patience("12h"), patience("30m")), (Ok(Duration::from_hours(12)), Ok(Duration::from_mins(30))));
        assert!(["29s", "1s", "2h", "0", ""].into_iter().all(|text| every(text).is_err()));
        assert!(["25h", "0h", "1d", "", "-1h"].into_iter().all(|text| patience(text).is_err()));
    }

    #[test]
    fn a_target_is_one_that_senders_can_deliver_to() {
        assert_eq!(target("mailto:a@b.example"), Ok("mailto:a@b.example".to_owned()));
        let both = "mailto:a@b.example,https://b.example/tls";
        assert_eq!((target(both), target("mailto:a@b.example, https://b.example/tls")), (Ok(both.to_owned()), Ok(both.to_owned())));
        for wrong in [
            "a@b.example",
            "ftp://b.example",
            "",
            ",",
            "mailto:a@b.example,",
            "mailto:a@b.example,c@d.example",
            "a@b.example,mailto:c@d.example",
        ] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }
}
