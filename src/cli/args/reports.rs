//! `reports`: the archive of TLS reports.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

use super::values::{duration, resolver, span, time};
use super::{DigestFormat, ListFormat, Outputs, RowFormat, WhichStore};
use crate::wire::name::Domain;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ReportsCommand {
    /// Read reports from files, directories, mailboxes or standard input into the store
    #[command(
        after_help = "Examples:\n  stsready reports ingest ~/Maildir/.tlsrpt\n  stsready reports ingest exported.mbox reports.tar.gz\n  stsready reports ingest -                        (one mail or report on standard input, for a delivery agent)\n  stsready reports ingest --quoted-mbox - < mbox   (a whole mailbox on standard input)"
    )]
    Ingest(IngestArgs),
    /// Read reports from a folder of an IMAP server into the store
    #[command(
        after_help = "Examples:\n  stsready reports fetch imaps://tlsrpt@imap.example.com/INBOX --password-file /etc/stsready/imap\n  stsready reports fetch imaps://tlsrpt@imap.example.com/INBOX --password-command 'pass show imap' --idle\n  stsready reports fetch                           (every account of the configuration)\n\nA password is never an argument: it comes from a command, a file or an environment variable.\nNothing is deleted; messages are only looked at unless --move-to or --seen asks for more.\n\nAccounts in the configuration (stsready/config.toml), as many as there are folders:\n  [[imap]]\n  name = \"tlsrpt\"\n  url = \"imaps://tlsrpt@imap.example.com/INBOX\"      # imap+starttls:// if there is no port 993\n  password-command = \"pass show imap\"               # or password-file, or password-env\n  move-to = \"Done\"                                  # or seen = true, or neither\n  ca-file = \"/etc/ssl/own-ca.pem\"                   # only for a private CA\n\nExit codes: 0 every folder was read, 2 an account is not set up rightly, 3 a server could not be read"
    )]
    Fetch(FetchArgs),
    /// What reports say about domains: per day, reporter, policy, MX host and result
    #[command(
        after_help = "Examples:\n  stsready reports show example.com --since 90d\n  stsready reports show ~/tls-reports              (files, without the store)\n  stsready reports show example.com --format csv"
    )]
    Show(ShowArgs),
    /// The reports in the store, a row each
    #[command(
        after_help = "Examples:\n  stsready reports list --domain example.com --failures --since 7d\n  stsready reports list --rejected\n  stsready reports list --format ndjson"
    )]
    List(ListArgs),
    /// What a person wants to know each morning: sessions, failures, who reported, who went silent, what changed
    #[command(
        after_help = "Examples:\n  stsready reports digest\n  stsready reports digest example.com --format markdown | mail -s 'TLS reports' postmaster"
    )]
    Digest(DigestArgs),
    /// Remove old reports from the store
    #[command(after_help = "Example:\n  stsready reports prune --older-than 400d --dry-run")]
    Prune(PruneArgs),
}

/// How mailed reports are verified.
#[derive(Debug, Args)]
pub(in crate::cli) struct Verifying {
    /// Believe the Authentication-Results that this server wrote at the top of a mail (its authserv-id); may be given several times
    #[arg(long, value_name = "ID", env = "STSREADY_AUTHSERV_ID", value_delimiter = ',', help_heading = "Verifying")]
    pub(in crate::cli) authserv_id: Vec<String>,
    /// Resolver to ask for DKIM keys; may be given several times (default: the system's)
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = resolver, env = "STSREADY_RESOLVER", value_delimiter = ',', help_heading = "Verifying")]
    pub(in crate::cli) resolver: Vec<SocketAddr>,
    /// Longest wait for any one reply, such as 10s
    #[arg(long, value_name = "TIME", value_parser = duration, env = "STSREADY_TIMEOUT", help_heading = "Verifying")]
    pub(in crate::cli) timeout: Option<Duration>,
    /// Look up no keys: no mail is verified by its signature
    #[arg(long, env = "STSREADY_NO_DKIM", value_parser = FalseyValueParser::new(), help_heading = "Verifying")]
    pub(in crate::cli) no_dkim: bool,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(in crate::cli) struct IngestArgs {
    /// Files or directories: JSON, gzip, zip, tar, mails, mbox, Maildir; what a file is, is seen from its content. - is standard input
    #[arg(value_name = "PATH", required = true)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Keep the text of each report as it came, compressed
    #[arg(long, env = "STSREADY_KEEP_RAW", value_parser = FalseyValueParser::new())]
    pub(in crate::cli) keep_raw: bool,
    /// Read files again that have not changed since the last time
    #[arg(long)]
    pub(in crate::cli) again: bool,
    /// The mailboxes (mbox) given quote `From ` lines in their mails: believe Authentication-Results in them, and read standard input as one
    #[arg(long, help_heading = "Verifying")]
    pub(in crate::cli) quoted_mbox: bool,
    /// text or json
    #[arg(long, value_enum, default_value_t, env = "STSREADY_FORMAT")]
    pub(in crate::cli) format: ListFormat,
    /// Print only what was rejected
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
    #[command(flatten)]
    pub(in crate::cli) verifying: Verifying,
    #[command(flatten)]
    pub(in crate::cli) store: WhichStore,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(in crate::cli) struct FetchArgs {
    /// imaps://USER@HOST[:PORT]/FOLDER, or the name of an account of the configuration (default: all of its accounts)
    #[arg(value_name = "URL|ACCOUNT")]
    pub(in crate::cli) accounts: Vec<String>,
    /// A command whose first line of output is the password
    #[arg(long, value_name = "COMMAND", group = "password")]
    pub(in crate::cli) password_command: Option<String>,
    /// A file whose first line is the password
    #[arg(long, value_name = "FILE", group = "password")]
    pub(in crate::cli) password_file: Option<PathBuf>,
    /// The environment variable that holds the password (default: STSREADY_IMAP_PASSWORD)
    #[arg(long, value_name = "NAME", group = "password")]
    pub(in crate::cli) password_env: Option<String>,
    /// Stay, and read what arrives
    #[arg(long)]
    pub(in crate::cli) idle: bool,
    /// Read the folder from its beginning, for instance after --authserv-id was added
    #[arg(long)]
    pub(in crate::cli) again: bool,
    /// After a message's reports are in the store, move it to this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "seen")]
    pub(in crate::cli) move_to: Option<String>,
    /// After a message's reports are in the store, mark it as seen
    #[arg(long)]
    pub(in crate::cli) seen: bool,
    /// A private CA that vouches for the IMAP server, beside the public ones
    #[arg(long, value_name = "PEM", env = "STSREADY_IMAP_CA_FILE")]
    pub(in crate::cli) ca_file: Option<PathBuf>,
    /// Keep the text of each report as it came, compressed
    #[arg(long, env = "STSREADY_KEEP_RAW", value_parser = FalseyValueParser::new())]
    pub(in crate::cli) keep_raw: bool,
    /// text or json
    #[arg(long, value_enum, default_value_t, env = "STSREADY_FORMAT")]
    pub(in crate::cli) format: ListFormat,
    /// Print only what was rejected
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
    #[command(flatten)]
    pub(in crate::cli) verifying: Verifying,
    #[command(flatten)]
    pub(in crate::cli) store: WhichStore,
}

/// Of which time.
#[derive(Debug, Args)]
pub(in crate::cli) struct Since {
    /// Only periods that end after this time, such as 30d, 2026-10-01 or an RFC 3339 time
    #[arg(long, value_name = "TIME", value_parser = back)]
    pub(in crate::cli) since: Option<Back>,
    /// As of this time in place of now (RFC 3339, or a date)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(in crate::cli) now: Option<Timestamp>,
}

/// A time, or how long ago it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Back {
    At(Timestamp),
    Ago(SignedDuration),
}

impl Back {
    /// The time, counted back from `now`.
    pub(in crate::cli) fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(span) => now.checked_sub(span).unwrap_or(Timestamp::MIN),
        }
    }
}

fn back(text: &str) -> Result<Back, String> {
    if let Ok(span) = span(text) {
        return Ok(Back::Ago(span));
    }
    time(text).map(Back::At).map_err(|_| "give how long ago, such as 30d or 36h, or a date such as 2026-10-01".to_owned())
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// Domains, out of the store (default: all of them); a file or directory of this name is read instead, without the store
    #[arg(value_name = "DOMAIN|PATH")]
    pub(in crate::cli) what: Vec<PathBuf>,
    /// Only what concerns this domain
    #[arg(long, value_name = "DOMAIN")]
    pub(in crate::cli) domain: Vec<Domain>,
    #[command(flatten)]
    pub(in crate::cli) outputs: Outputs<RowFormat>,
    /// Count unsigned and no longer verifiable mails, too
    #[arg(long, env = "STSREADY_TRUST_UNVERIFIED", value_parser = FalseyValueParser::new())]
    pub(in crate::cli) trust_unverified: bool,
    #[command(flatten)]
    pub(in crate::cli) since: Since,
    #[command(flatten)]
    pub(in crate::cli) store: WhichStore,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Only reports about this domain
    #[arg(long, value_name = "DOMAIN")]
    pub(in crate::cli) domain: Vec<Domain>,
    /// Only reports of this reporter (its registered domain)
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) reporter: Vec<String>,
    /// Only reports with failures
    #[arg(long)]
    pub(in crate::cli) failures: bool,
    /// What could not be read, and why
    #[arg(long, conflicts_with_all = ["domain", "reporter", "failures"])]
    pub(in crate::cli) rejected: bool,
    /// At most so many rows, newest first (default: 1000 for people, else all)
    #[arg(long, value_name = "N")]
    pub(in crate::cli) limit: Option<u64>,
    #[command(flatten)]
    pub(in crate::cli) outputs: Outputs<RowFormat>,
    #[command(flatten)]
    pub(in crate::cli) since: Since,
    #[command(flatten)]
    pub(in crate::cli) store: WhichStore,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DigestArgs {
    /// Domains (default: all in the store)
    #[arg(value_name = "DOMAIN")]
    pub(in crate::cli) domains: Vec<Domain>,
    #[command(flatten)]
    pub(in crate::cli) outputs: Outputs<DigestFormat>,
    /// Count unsigned and no longer verifiable mails, too
    #[arg(long, env = "STSREADY_TRUST_UNVERIFIED", value_parser = FalseyValueParser::new())]
    pub(in crate::cli) trust_unverified: bool,
    /// As of this time in place of now (RFC 3339, or a date)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(in crate::cli) now: Option<Timestamp>,
    #[command(flatten)]
    pub(in crate::cli) store: WhichStore,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PruneArgs {
    /// Reports whose period ended longer ago, such as 400d
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub(in crate::cli) older_than: SignedDuration,
    /// Only say what would go
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// text or json
    #[arg(long, value_enum, default_value_t, env = "STSREADY_FORMAT")]
    pub(in crate::cli) format: ListFormat,
    #[command(flatten)]
    pub(in crate::cli) store: WhichStore,
}
