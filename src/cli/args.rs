//! The command line, described once: help, environment variables and checks all come from here.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};

use super::exit::{self, FailOn};
use crate::net::trust::RootSource;
use crate::stages::control::ControlHost;
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
        after_help = "Examples:\n  stsready check example.com --reports ~/tls-reports\n  stsready check example.com --format json --save-facts facts.json\n  stsready check --facts facts.json                (judge again what was observed then)\n  stsready check --domains-from domains.txt --format ndjson"
    )]
    Check(CheckArgs),
    /// When every certificate of every MX host and policy host ends, soonest first
    #[command(
        after_help = "Examples:\n  stsready expiry example.com example.net\n  stsready expiry example.com --warn 30d --critical 14d --quiet\n  stsready expiry --host mx1.example.com --cert-file /etc/ssl/mx1.pem   (renewed, but reloaded?)\n  stsready expiry --host www.example.com:443\n  stsready expiry --domains-from domains.txt --format json"
    )]
    Expiry(ExpiryArgs),
    /// The page of a rule: what is wrong, why it matters, how to mend it
    #[command(after_help = "Example:\n  stsready explain cert-name-mismatch")]
    Explain(ExplainArgs),
    /// The catalogue of rules
    Rules(RulesArgs),
    /// Judge a chain out of files by the rules for MX certificates; JSON out
    #[command(hide = true)]
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub(super) struct DomainArgs {
    /// Policy domains, such as example.com
    #[arg(value_name = "DOMAIN", required_unless_present_any = ["domains_from", "facts"])]
    pub(super) domains: Vec<Domain>,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    /// Policy domains, such as example.com
    #[arg(value_name = "DOMAIN", required_unless_present_any = ["domains_from", "facts", "file"])]
    pub(super) domains: Vec<Domain>,
    /// Judge this draft in place of what is served; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "facts")]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Args)]
pub(super) struct MxArgs {
    /// Policy domains, such as example.com
    #[arg(value_name = "DOMAIN", required_unless_present_any = ["domains_from", "facts", "host"])]
    pub(super) domains: Vec<Domain>,
    /// Probe this host in place of the MX set; may be given several times
    #[arg(long, value_name = "HOST", conflicts_with = "facts")]
    pub(super) host: Vec<Domain>,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Policy domains, such as example.com
    #[arg(value_name = "DOMAIN", required_unless_present_any = ["domains_from", "facts"])]
    pub(super) domains: Vec<Domain>,
    /// Files or directories with TLS reports (JSON, gzip, mail); may be given several times
    #[arg(long, value_name = "PATH")]
    pub(super) reports: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Args)]
pub(super) struct ExpiryArgs {
    /// Domains whose MX hosts and policy host are looked at, such as example.com
    #[arg(value_name = "DOMAIN", required_unless_present_any = ["domains_from", "facts", "host"])]
    pub(super) domains: Vec<Domain>,
    /// Look at this host; may be given several times, with or without domains. At ports 443 and 465 TLS begins at once, elsewhere SMTP
    #[arg(long, value_name = "HOST[:PORT]", conflicts_with = "facts")]
    pub(super) host: Vec<HostPort>,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Subcommand)]
pub(super) enum ReportsCommand {
    /// Read reports from files and directories and show what they say
    #[command(
        after_help = "Examples:\n  stsready reports show ~/tls-reports\n  stsready reports show google.com!example.com!1735689600!1735775999!001.json.gz --format json"
    )]
    Show(ShowArgs),
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Files or directories; what a file is, is seen from its content
    #[arg(value_name = "PATH", required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// Only what concerns this domain
    #[arg(long, value_name = "DOMAIN")]
    pub(super) domain: Vec<Domain>,
    /// The output's format
    #[arg(long, value_enum, default_value_t, env = "STSREADY_FORMAT")]
    pub(super) format: Format,
    /// Summarise as of this time (RFC 3339, or a date)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) now: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The rule's code, such as cert-expired
    #[arg(value_name = "CODE")]
    pub(super) code: String,
    /// text, or the page as it is written
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: PageFormat,
}

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// text or json
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
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

/// Options that mean the same at every command that looks at domains.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Common {
    /// The output's format
    #[arg(long, value_enum, default_value_t, env = "STSREADY_FORMAT", help_heading = "Output")]
    pub(super) format: Format,
    /// Also list what holds and what does not apply
    #[arg(long, help_heading = "Output")]
    pub(super) all: bool,
    /// Print only the answer's line
    #[arg(long, short, help_heading = "Output")]
    pub(super) quiet: bool,
    /// From where on the exit code is not 0
    #[arg(long, value_enum, default_value_t, env = "STSREADY_FAIL_ON", help_heading = "Output")]
    pub(super) fail_on: FailOn,

    /// Read domains from a file, one a line; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "facts", help_heading = "Input")]
    pub(super) domains_from: Option<PathBuf>,
    /// Judge the facts in this file instead of looking; may be given several times: facts of several vantages are merged, and what they
    /// lack of a domain that is named is looked at now
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(super) facts: Vec<PathBuf>,
    /// Keep what was observed in this file
    #[arg(long, value_name = "FILE", conflicts_with = "facts", help_heading = "Input")]
    pub(super) save_facts: Option<PathBuf>,
    /// Judge as of this time (RFC 3339, or a date); only with --facts or --reports
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Input")]
    pub(super) now: Option<Timestamp>,
    /// Use no store of earlier observations and reports (this version keeps none)
    #[arg(long, help_heading = "Input")]
    pub(super) no_store: bool,

    /// Hold this certificate file against what is served: renewed, and not reloaded? May be given several times
    #[arg(long, value_name = "PEM", help_heading = "Judging")]
    pub(super) cert_file: Vec<PathBuf>,
    /// A certificate with less time left is a warning, such as 30d (default: under 1/4 of its lifetime, at most 30d)
    #[arg(long, value_name = "TIME", value_parser = span, env = "STSREADY_WARN", help_heading = "Judging")]
    pub(super) warn: Option<SignedDuration>,
    /// A certificate with less time left is a blocker, such as 14d (default: under 1/8 of its lifetime, at most 14d)
    #[arg(long, value_name = "TIME", value_parser = span, env = "STSREADY_CRITICAL", help_heading = "Judging")]
    pub(super) critical: Option<SignedDuration>,

    /// Resolver to ask; may be given several times (default: the system's)
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = resolver, env = "STSREADY_RESOLVER", value_delimiter = ',', help_heading = "Looking")]
    pub(super) resolver: Vec<SocketAddr>,
    /// Whom senders trust: mozilla, os, or a PEM file with these roots and no others
    #[arg(long, value_name = "mozilla|os|FILE", default_value = "mozilla", env = "STSREADY_ROOTS", help_heading = "Looking")]
    pub(super) roots: RootSource,
    /// A private CA beside the roots: what only it vouches for is named, not trusted
    #[arg(long, value_name = "PEM", env = "STSREADY_CA_FILE", help_heading = "Looking")]
    pub(super) ca_file: Option<PathBuf>,
    /// Fetch missing intermediates where certificates say they are (http), to tell a gap in the chain from an unknown CA
    #[arg(long, env = "STSREADY_FETCH_INTERMEDIATES", value_parser = FalseyValueParser::new(), help_heading = "Looking")]
    pub(super) fetch_intermediates: bool,
    /// DNSKEY records of the root that DNSSEC is validated with (default: the embedded root keys)
    #[arg(long, value_name = "FILE", overrides_with = "trust_ad", env = "STSREADY_TRUST_ANCHOR", help_heading = "Looking")]
    pub(super) trust_anchor: Option<PathBuf>,
    /// Believe the resolvers' AD bit instead of validating: they validate, and they and the way to them can be trusted
    #[arg(long, overrides_with = "trust_anchor", help_heading = "Looking")]
    pub(super) trust_ad: bool,
    /// Do not look at TLSA records (DANE)
    #[arg(long, help_heading = "Looking")]
    pub(super) no_dane: bool,
    /// Port of MX hosts, for laboratories
    #[arg(long, value_name = "PORT", default_value_t = 25, env = "STSREADY_SMTP_PORT", help_heading = "Looking")]
    pub(super) smtp_port: u16,
    /// Port of policy hosts, for laboratories
    #[arg(long, value_name = "PORT", default_value_t = 443, env = "STSREADY_HTTPS_PORT", help_heading = "Looking")]
    pub(super) https_port: u16,
    /// Name to give in EHLO (default: this host's if it has a whole one, else its address)
    #[arg(long, value_name = "NAME", env = "STSREADY_HELO", help_heading = "Looking")]
    pub(super) helo: Option<String>,
    /// Probe IPv4 addresses only
    #[arg(long, conflicts_with = "ipv6", help_heading = "Looking")]
    pub(super) ipv4: bool,
    /// Probe IPv6 addresses only
    #[arg(long, help_heading = "Looking")]
    pub(super) ipv6: bool,
    /// Own address to connect to MX hosts and policy hosts from; one IPv4 and one IPv6 address may be given
    #[arg(long, value_name = "ADDRESS", env = "STSREADY_SOURCE_IP", value_delimiter = ',', help_heading = "Looking")]
    pub(super) source_ip: Vec<IpAddr>,
    /// Connect to MX hosts through this SOCKS5 proxy. A password belongs into STSREADY_SOCKS5: arguments are seen by all users
    #[arg(long, value_name = "[USER:PASS@]HOST:PORT", env = "STSREADY_SOCKS5", hide_env_values = true, help_heading = "Looking")]
    pub(super) socks5: Option<String>,
    /// Ask the --resolver through the SOCKS5 proxy, too (by TCP)
    #[arg(long, env = "STSREADY_SOCKS5_DNS", value_parser = FalseyValueParser::new(), help_heading = "Looking")]
    pub(super) socks5_dns: bool,
    /// Fetch policies through this proxy, http:// or socks5:// (HTTPS_PROXY is never used). A password belongs into STSREADY_PROXY
    #[arg(long, value_name = "URL", env = "STSREADY_PROXY", hide_env_values = true, help_heading = "Looking")]
    pub(super) proxy: Option<String>,
    /// Do not connect to private, local and reserved addresses
    #[arg(long, env = "STSREADY_DENY_PRIVATE", value_parser = FalseyValueParser::new(), help_heading = "Looking")]
    pub(super) deny_private: bool,
    /// A host known to answer at port 25: connected to once if every MX host of a domain is silent, to tell whether the port is blocked here
    #[arg(long, value_name = "HOST[:PORT]", value_parser = control, env = "STSREADY_CONTROL", help_heading = "Looking")]
    pub(super) control: Option<ControlTarget>,
    /// At each MX address also try a handshake without SNI and look for command injection at STARTTLS: two connections more
    #[arg(long, conflicts_with = "facts", help_heading = "Looking")]
    pub(super) deep: bool,
    /// At each MX address repeat the handshake, to meet every server behind a load balancer: N connections more, 2 to 50
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=50), conflicts_with = "facts", help_heading = "Looking")]
    pub(super) repeat: Option<u16>,
    /// Longest wait for any one reply, such as 10s or 500ms (default: as RFCs and senders have it, up to 60 s)
    #[arg(long, value_name = "TIME", value_parser = duration, env = "STSREADY_TIMEOUT", help_heading = "Looking")]
    pub(super) timeout: Option<Duration>,
    /// Connections at the same time, over all domains
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..), env = "STSREADY_JOBS", help_heading = "Looking")]
    pub(super) jobs: u16,
}

/// The control host as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ControlTarget {
    /// Its name or its address.
    pub(super) host: ControlHost,
    /// Its port; the one of MX hosts unless given.
    pub(super) port: Option<u16>,
}

/// The formats of assessments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// One object, or an array of them
    Json,
    /// One object a line, each as its domain ends
    Ndjson,
}

/// The formats of a rule's page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum PageFormat {
    /// For a terminal
    #[default]
    Text,
    /// As it is written
    Markdown,
}

fn resolver(text: &str) -> Result<SocketAddr, String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, 53));
    }
    text.parse().map_err(|_| "give an address, such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53".to_owned())
}

fn control(text: &str) -> Result<ControlTarget, String> {
    let way_out = || "give a host or an address, such as mx.example.net, mx.example.net:25, 192.0.2.25 or [2001:db8::25]:25".to_owned();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse() {
        return Ok(ControlTarget { host: ControlHost::Address(address), port: None });
    }
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Ok(ControlTarget { host: ControlHost::Address(socket.ip()), port: Some(socket.port()) });
    }
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => (name, Some(port.parse().ok().filter(|port| *port != 0).ok_or_else(way_out)?)),
        None => (text, None),
    };
    let name = Domain::parse(name).map_err(|_| way_out())?;
    Ok(ControlTarget { host: ControlHost::Name(name), port })
}

fn time(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let date: jiff::civil::Date =
        text.parse().map_err(|_| "give a time such as 2026-11-22T12:00:00Z, or a date such as 2026-11-22".to_owned())?;
    date.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|error| error.to_string())
}

/// A time span in days or hours; a bare number is days.
fn span(text: &str) -> Result<SignedDuration, String> {
    let way_out = || "give a time such as 30d or 36h".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u32 = digits.parse().map_err(|_| way_out())?;
    let hours = match &text[digits.len()..] {
        "" | "d" => 24,
        "h" => 1,
        _ => return Err(way_out()),
    };
    const LONGEST: i64 = 24 * 36_525;
    let hours = i64::from(number).saturating_mul(hours);
    if hours > LONGEST { Err("give a time of at most 100 years".to_owned()) } else { Ok(SignedDuration::from_hours(hours)) }
}

fn duration(text: &str) -> Result<Duration, String> {
    let way_out = || "give a time such as 10s, 500ms or 2m".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.trim().parse().map_err(|_| way_out())?;
    let seconds = match &text[digits.len()..] {
        "" | "s" => number,
        "ms" => number / 1000.0,
        "m" => number * 60.0,
        _ => return Err(way_out()),
    };
    let wait = Duration::try_from_secs_f64(seconds).map_err(|_| way_out())?;
    if wait.is_zero() || wait > Duration::from_hours(1) { Err("give a time between 1ms and 60m".to_owned()) } else { Ok(wait) }
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
    fn values_are_read_as_people_write_them() {
        assert_eq!(resolver("192.0.2.1"), Ok("192.0.2.1:53".parse().expect("valid")));
        assert_eq!(resolver("2001:db8::1"), Ok("[2001:db8::1]:53".parse().expect("valid")));
        assert_eq!(resolver("[2001:db8::1]:5353"), Ok("[2001:db8::1]:5353".parse().expect("valid")));
        assert!(resolver("dns.example").is_err());
        for (text, host, port) in [
            ("mx.example.net", "mx.example.net", None),
            ("mx.example.net:2525", "mx.example.net", Some(2525)),
            ("192.0.2.25", "192.0.2.25", None),
            ("192.0.2.25:26", "192.0.2.25", Some(26)),
            ("[2001:db8::25]:26", "2001:db8::25", Some(26)),
            ("2001:db8::25", "2001:db8::25", None),
        ] {
            let read = control(text).map(|control| (control.host.to_string(), control.port));
            assert_eq!(read, Ok((host.to_owned(), port)), "{text}");
        }
        for wrong in ["", "mx.example.net:0", "mx.example.net:smtp", ":25", "a b.example"] {
            assert!(control(wrong).is_err(), "{wrong}");
        }
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for wrong in ["0", "-1s", "ten", "5h", "", "1e99"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        assert_eq!(span("30d"), Ok(SignedDuration::from_hours(720)));
        assert_eq!((span("36h"), span("7")), (Ok(SignedDuration::from_hours(36)), Ok(SignedDuration::from_hours(168))));
        for wrong in ["", "d", "-1d", "1w", "1.5d", "99999999d"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
        assert_eq!(time("2026-11-22").map(|at| at.to_string()), Ok("2026-11-22T00:00:00Z".to_owned()));
        assert!(time("yesterday").is_err());
    }
}
