//! Options that mean the same at every command that looks at domains.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;
use jiff::{SignedDuration, Timestamp};

use super::WhichStore;
use super::values::{ControlTarget, Turned, acceptance, control, duration, resolver, span, threshold, time};
use crate::cli::exit::FailOn;
use crate::model::acceptance::Acceptance;
use crate::net::trust::RootSource;

/// Options that mean the same at every command that looks at domains.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(in crate::cli) struct Common {
    /// Also list what holds and what does not apply
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) all: bool,
    /// Print only the answer's line
    #[arg(long, short, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
    /// From where on the exit code is not 0
    #[arg(long, value_enum, default_value_t, env = "STSREADY_FAIL_ON", help_heading = "Output")]
    pub(in crate::cli) fail_on: FailOn,

    /// Read domains from a file, one a line; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "facts", help_heading = "Input")]
    pub(in crate::cli) domains_from: Option<PathBuf>,
    /// The domains of this group in the configuration; all of its domains where neither DOMAIN nor this is given
    #[arg(long, value_name = "GROUP", conflicts_with_all = ["domains_from", "facts"], help_heading = "Input")]
    pub(in crate::cli) group: Option<String>,
    /// Judge the facts in this file instead of looking; may be given several times: facts of several vantages are merged, and what they
    /// lack of a domain that is named is looked at now
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(in crate::cli) facts: Vec<PathBuf>,
    /// Keep what was observed in this file
    #[arg(long, value_name = "FILE", conflicts_with = "facts", help_heading = "Input")]
    pub(in crate::cli) save_facts: Option<PathBuf>,
    /// Judge as of this time (RFC 3339, or a date); only with --facts or --reports
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Input")]
    pub(in crate::cli) now: Option<Timestamp>,
    #[command(flatten)]
    pub(in crate::cli) store: WhichStore,
    /// Use no store: neither the reports in it, nor keep there what is observed
    #[arg(long, env = "STSREADY_NO_STORE", value_parser = FalseyValueParser::new(), conflicts_with = "store", help_heading = "Input")]
    pub(in crate::cli) no_store: bool,

    /// Count mailed reports that are unsigned or can no longer be verified, too (RFC 8460 §5.3 wants them ignored); never those whose
    /// signature is wrong
    #[arg(long, env = "STSREADY_TRUST_UNVERIFIED", value_parser = FalseyValueParser::new(), help_heading = "Judging")]
    pub(in crate::cli) trust_unverified: bool,
    /// Accept the findings of this code as a risk, on this subject alone if one is named; may be given several times. They are told all the
    /// same; blockers cannot be accepted, but for record-* and one group of reports-failing
    #[arg(long, value_name = "CODE[@SUBJECT]=REASON", value_parser = acceptance, help_heading = "Judging")]
    pub(in crate::cli) accept: Vec<Acceptance>,
    /// Judge by another threshold than the default, such as sessions=100; may be given several times. `stsready config show` lists them
    #[arg(long, value_name = "NAME=VALUE", value_parser = threshold, env = "STSREADY_THRESHOLD", value_delimiter = ',', help_heading = "Judging")]
    pub(in crate::cli) threshold: Vec<Turned>,
    /// Hold this certificate file against what is served: renewed, and not reloaded? May be given several times
    #[arg(long, value_name = "PEM", help_heading = "Judging")]
    pub(in crate::cli) cert_file: Vec<PathBuf>,
    /// A certificate with less time left is a warning, such as 30d (default: under 1/4 of its lifetime, at most 30d)
    #[arg(long, value_name = "TIME", value_parser = span, env = "STSREADY_WARN", help_heading = "Judging")]
    pub(in crate::cli) warn: Option<SignedDuration>,
    /// A certificate with less time left is a blocker, such as 14d (default: under 1/8 of its lifetime, at most 14d)
    #[arg(long, value_name = "TIME", value_parser = span, env = "STSREADY_CRITICAL", help_heading = "Judging")]
    pub(in crate::cli) critical: Option<SignedDuration>,

    /// Resolver to ask; may be given several times (default: the system's)
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = resolver, env = "STSREADY_RESOLVER", value_delimiter = ',', help_heading = "Looking")]
    pub(in crate::cli) resolver: Vec<SocketAddr>,
    /// Whom senders trust: mozilla, os, or a PEM file with these roots and no others
    #[arg(long, value_name = "mozilla|os|FILE", default_value = "mozilla", env = "STSREADY_ROOTS", help_heading = "Looking")]
    pub(in crate::cli) roots: RootSource,
    /// A private CA beside the roots: what only it vouches for is named, not trusted
    #[arg(long, value_name = "PEM", env = "STSREADY_CA_FILE", help_heading = "Looking")]
    pub(in crate::cli) ca_file: Option<PathBuf>,
    /// Fetch missing intermediates where certificates say they are (http), to tell a gap in the chain from an unknown CA
    #[arg(long, env = "STSREADY_FETCH_INTERMEDIATES", value_parser = FalseyValueParser::new(), help_heading = "Looking")]
    pub(in crate::cli) fetch_intermediates: bool,
    /// DNSKEY records of the root that DNSSEC is validated with (default: the embedded root keys)
    #[arg(long, value_name = "FILE", overrides_with = "trust_ad", env = "STSREADY_TRUST_ANCHOR", help_heading = "Looking")]
    pub(in crate::cli) trust_anchor: Option<PathBuf>,
    /// Believe the resolvers' AD bit instead of validating: they validate, and they and the way to them can be trusted
    #[arg(long, overrides_with = "trust_anchor", help_heading = "Looking")]
    pub(in crate::cli) trust_ad: bool,
    /// Do not look at TLSA records (DANE)
    #[arg(long, help_heading = "Looking")]
    pub(in crate::cli) no_dane: bool,
    /// Port of MX hosts, for laboratories
    #[arg(long, value_name = "PORT", default_value_t = 25, env = "STSREADY_SMTP_PORT", help_heading = "Looking")]
    pub(in crate::cli) smtp_port: u16,
    /// Port of policy hosts, for laboratories
    #[arg(long, value_name = "PORT", default_value_t = 443, env = "STSREADY_HTTPS_PORT", help_heading = "Looking")]
    pub(in crate::cli) https_port: u16,
    /// Name to give in EHLO (default: this host's if it has a whole one, else its address)
    #[arg(long, value_name = "NAME", env = "STSREADY_HELO", help_heading = "Looking")]
    pub(in crate::cli) helo: Option<String>,
    /// Probe IPv4 addresses only
    #[arg(long, conflicts_with = "ipv6", help_heading = "Looking")]
    pub(in crate::cli) ipv4: bool,
    /// Probe IPv6 addresses only
    #[arg(long, help_heading = "Looking")]
    pub(in crate::cli) ipv6: bool,
    /// Own address to connect to MX hosts and policy hosts from; one IPv4 and one IPv6 address may be given
    #[arg(long, value_name = "ADDRESS", env = "STSREADY_SOURCE_IP", value_delimiter = ',', help_heading = "Looking")]
    pub(in crate::cli) source_ip: Vec<IpAddr>,
    /// Connect to MX hosts through this SOCKS5 proxy. A password belongs into STSREADY_SOCKS5: arguments are seen by all users
    #[arg(long, value_name = "[USER:PASS@]HOST:PORT", env = "STSREADY_SOCKS5", hide_env_values = true, help_heading = "Looking")]
    pub(in crate::cli) socks5: Option<String>,
    /// Ask the --resolver through the SOCKS5 proxy, too (by TCP)
    #[arg(long, env = "STSREADY_SOCKS5_DNS", value_parser = FalseyValueParser::new(), help_heading = "Looking")]
    pub(in crate::cli) socks5_dns: bool,
    /// Fetch policies through this proxy, http:// or socks5:// (HTTPS_PROXY is never used). A password belongs into STSREADY_PROXY
    #[arg(long, value_name = "URL", env = "STSREADY_PROXY", hide_env_values = true, help_heading = "Looking")]
    pub(in crate::cli) proxy: Option<String>,
    /// Do not connect to private, local and reserved addresses
    #[arg(long, env = "STSREADY_DENY_PRIVATE", value_parser = FalseyValueParser::new(), help_heading = "Looking")]
    pub(in crate::cli) deny_private: bool,
    /// A host known to answer at port 25: connected to once if every MX host of a domain is silent, to tell whether the port is blocked here
    #[arg(long, value_name = "HOST[:PORT]", value_parser = control, env = "STSREADY_CONTROL", help_heading = "Looking")]
    pub(in crate::cli) control: Option<ControlTarget>,
    /// At each MX address also try a handshake without SNI and look for command injection at STARTTLS: two connections more
    #[arg(long, conflicts_with = "facts", help_heading = "Looking")]
    pub(in crate::cli) deep: bool,
    /// At each MX address repeat the handshake, to meet every server behind a load balancer: N connections more, 2 to 50
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=50), conflicts_with = "facts", help_heading = "Looking")]
    pub(in crate::cli) repeat: Option<u16>,
    /// Longest wait for any one reply, such as 10s or 500ms (default: as RFCs and senders have it, up to 60 s)
    #[arg(long, value_name = "TIME", value_parser = duration, env = "STSREADY_TIMEOUT", help_heading = "Looking")]
    pub(in crate::cli) timeout: Option<Duration>,
    /// Connections at the same time, over all domains
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..), env = "STSREADY_JOBS", help_heading = "Looking")]
    pub(in crate::cli) jobs: u16,
}
