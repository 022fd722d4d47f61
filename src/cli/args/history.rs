//! The timeline of a domain.

use clap::Args;

use super::reports::Back;
use super::values::{span, time};
use super::{ListFormat, Outputs, WhichStore};
use crate::wire::name::Domain;

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryArgs {
    /// The policy domain, such as example.com
    #[arg(value_name = "DOMAIN")]
    pub(in crate::cli) domain: Domain,
    /// What came or went after this time, such as 30d, 2026-10-01 or an RFC 3339 time
    #[arg(long, value_name = "TIME", value_parser = back, default_value = "90d")]
    pub(in crate::cli) since: Back,
    #[command(flatten)]
    pub(in crate::cli) outputs: Outputs<ListFormat>,
    #[command(flatten)]
    pub(in crate::cli) store: WhichStore,
}

fn back(text: &str) -> Result<Back, String> {
    if let Ok(span) = span(text) {
        return Ok(Back::Ago(span));
    }
    time(text).map(Back::At).map_err(|_| "give how long ago, such as 30d or 36h, or a date such as 2026-10-01".to_owned())
}
