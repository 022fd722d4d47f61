//! The configuration: a TOML file of the user's. Arguments and environment variables go before it.
//!
//! ```toml
//! store = "/var/lib/stsready/store.sqlite"
//! playbooks = "/etc/stsready/playbooks"
//! resolver = ["192.0.2.53"]             # and most other options of the command line, by their long names
//! timeout = "20s"
//!
//! [thresholds]                          # `stsready config show` lists them all
//! sessions = 200
//! critical-at-most = "10d"
//!
//! [[domain]]                            # looked at where no domain is named; `--group shops` takes those of the group
//! name = "example.com"
//! owner = "mail team"
//! group = "shops"
//!
//! [[accept]]                            # a risk that you take; it is told in every output
//! code = "reports-single-reporter"
//! domain = "example.com"                # or for all domains
//! subject = "example.com"               # or for all subjects
//! reason = "one sender is all there is"
//! until = 2027-03-31
//!
//! [reports]
//! authserv-id = ["mx.example.com"]      # believe the Authentication-Results that this server wrote
//! trust-unverified = false              # count mails that no signature proves, too
//! keep-raw = true                       # keep the text of each report
//!
//! [[imap]]                              # as many as there are folders; `reports fetch` reads all of them
//! name = "tlsrpt"                       # to fetch it alone: `reports fetch tlsrpt`
//! url = "imaps://tlsrpt@imap.example.com/INBOX"
//! password-command = "pass show imap"   # or password-file = "…", or password-env = "…"; never the password itself
//! move-to = "Done"                      # or seen = true; without either, messages are only looked at
//! ca-file = "/etc/ssl/own-ca.pem"       # a private CA that vouches for the server
//!
//! [[notify]]                            # whom `check --notify` tells what is new
//! to = "https://hooks.example.com/…"    # or "mailto:postmaster@example.com", or "command:…"
//! secret-env = "STSREADY_NOTIFY_SECRET" # or secret-file: what messages to a webhook are signed with
//! ```
//!
//! What is not known here is an error with its line: a misspelt setting must not be one that is silently left out.

mod environment;
mod imap;
mod notify;
mod options;
mod section;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use toml::de::DeTable;

pub(super) use self::imap::Imap;
pub(super) use self::notify::Notify;
pub(super) use self::options::{Set, defaults, names};
pub(super) use self::section::Fault;
use self::section::{Faults, Section, scalar};
use super::Failure;
use super::args::{Turned, WhichStore};
use crate::decide::accept::acceptable;
use crate::model::acceptance::Acceptance;
use crate::model::assessment::Keeper;
use crate::model::settings::Settings;
use crate::model::threshold;
use crate::wire::name::Domain;

/// A configuration longer than this is none.
const CONFIG_CAP: u64 = 1 << 20;

/// What the file says; everything may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Config {
    /// Where the store is.
    pub(super) store: Option<PathBuf>,
    /// The folder with playbooks of one's own; they go before those that the program brings along.
    pub(super) playbooks: Option<PathBuf>,
    /// Options of the command line.
    pub(super) options: Vec<Set>,
    /// How reports are taken in and counted.
    pub(super) reports: Reports,
    /// Folders that reports are fetched from.
    pub(super) imap: Vec<Imap>,
    /// Whom to tell what is new.
    pub(super) notify: Vec<Notify>,
    /// Thresholds other than the defaults.
    pub(super) thresholds: Vec<Turned>,
    /// Risks that are accepted.
    pub(super) accept: Vec<Acceptance>,
    /// The domains.
    pub(super) domains: Vec<Known>,
}

/// `[[domain]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The policy domain.
    pub(super) name: Domain,
    /// Who answers for it, and which domains it belongs to.
    pub(super) keeper: Keeper,
}

/// `[reports]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reports {
    /// Servers whose Authentication-Results are believed.
    pub(super) authserv_id: Vec<String>,
    /// Whether unsigned and no longer verifiable mails count.
    pub(super) trust_unverified: bool,
    /// Whether the text of each report is kept.
    pub(super) keep_raw: bool,
}

/// A file that was looked for and read.
pub(super) enum Found {
    /// There is none.
    Nothing,
    /// It is right.
    Right(PathBuf, Box<Config>),
    /// All that is wrong with it.
    Wrong(PathBuf, Vec<Fault>),
}

impl Config {
    /// Reads the file that was named, or the user's own if there is one.
    pub(super) fn load(which: &WhichStore) -> Result<Self, Failure> {
        match Self::find(which.config.as_deref())? {
            Found::Nothing => Ok(Self::default()),
            Found::Right(_, config) => Ok(*config),
            Found::Wrong(path, faults) => {
                let first = faults.first().map(ToString::to_string).unwrap_or_default();
                let more = match faults.len() {
                    0 | 1 => String::new(),
                    many => format!(" (and {} more faults: `stsready config check` lists them)", many - 1),
                };
                Err(Failure::Usage(format!("{} {first}{more}", path.display())))
            }
        }
    }

    /// The same, with every fault.
    pub(super) fn find(named: Option<&Path>) -> Result<Found, Failure> {
        let Some(path) = named.map(Path::to_owned).or_else(own) else { return Ok(Found::Nothing) };
        match read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(Found::Nothing),
            Err(error) => Err(Failure::Read { path, error }),
            Ok(text) => Ok(match Self::parse(&text) {
                Ok(config) => Found::Right(path, Box::new(config)),
                Err(faults) => Found::Wrong(path, faults),
            }),
        }
    }

    /// What the file makes the defaults of the command line. A file that is wrong makes none: the command that reads it says what is wrong.
    pub(super) fn defaults_of(args: &[OsString]) -> Vec<Set> {
        match Self::find(named(args).as_deref()) {
            Ok(Found::Right(_, config)) => {
                let trust = config.reports.trust_unverified.then(|| Set { name: "trust-unverified", values: vec!["true".to_owned()] });
                config.options.into_iter().chain(trust).collect()
            }
            Ok(Found::Nothing | Found::Wrong(..)) | Err(_) => Vec::new(),
        }
    }

    /// Reads the file's text; everything that is wrong is said with its line.
    pub(super) fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let faults = Faults::of(text);
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            faults.add(error.span().map_or(0, |span| span.start), error.message());
        }
        // What follows from a line that could not be read is no fault of its own.
        if !faults.is_empty() {
            return Err(faults.into_all());
        }
        let mut top = Section::top(root.get_ref(), &faults);
        let options = options::read(&mut top);
        let store = options.iter().find(|set| set.name == "store").and_then(|set| set.values.first()).map(PathBuf::from);
        let config = Self {
            store,
            playbooks: top.text("playbooks").map(PathBuf::from),
            options,
            reports: reports(top.section("reports")),
            imap: imap::read(top.sections("imap")),
            notify: notify::read(top.sections("notify")),
            thresholds: thresholds(top.section("thresholds")),
            accept: top.sections("accept").into_iter().filter_map(accept).collect(),
            domains: domains(top.sections("domain")),
        };
        top.finish();
        if faults.is_empty() { Ok(config) } else { Err(faults.into_all()) }
    }

    /// What it says of a domain.
    pub(super) fn keeper(&self, domain: &Domain) -> Keeper {
        self.domains.iter().find(|known| known.name == *domain).map(|known| known.keeper.clone()).unwrap_or_default()
    }

    /// Where the store is: by argument, by configuration, else in the user's data folder; an error where the user has none.
    pub(super) fn store(&self, which: &WhichStore) -> Result<PathBuf, Failure> {
        let given = which.path.clone().or_else(|| self.store.clone());
        given.or_else(|| Some(etcetera::choose_base_strategy().ok()?.data_dir().join("stsready").join("store.sqlite"))).ok_or_else(|| {
            Failure::Usage("there is no home folder to keep the store in; name one with --store PATH, or use --no-store".to_owned())
        })
    }
}

fn reports(mut section: Section<'_, '_>) -> Reports {
    let reports = Reports {
        authserv_id: section.texts("authserv-id").unwrap_or_default(),
        trust_unverified: section.flag("trust-unverified").unwrap_or_default(),
        keep_raw: section.flag("keep-raw").unwrap_or_default(),
    };
    section.finish();
    reports
}

fn thresholds(mut section: Section<'_, '_>) -> Vec<Turned> {
    let (mut turned, mut settings) = (Vec::new(), Settings::default());
    for knob in threshold::ALL {
        let read = section.read(knob.name, |value| {
            let text = scalar(value).ok_or_else(|| format!("{} is a number or a text, not a {}", knob.name, value.type_str()))?;
            knob.read(&text).map_err(|error| error.to_string())
        });
        if let Some(amount) = read {
            knob.put(&mut settings, amount);
            turned.push((knob, amount));
        }
    }
    if let Err(error) = threshold::fit(&settings) {
        section.fault(error.to_string());
    }
    section.finish();
    turned
}

fn accept(mut section: Section<'_, '_>) -> Option<Acceptance> {
    let code = section.needed("code");
    let rule = if code.is_empty() { None } else { acceptable(&code).map_err(|error| section.fault_at("code", error.to_string())).ok() };
    let reason = section.needed("reason");
    let subject = section.text("subject");
    let domain = section.parsed("domain", |text| Domain::parse(text).map_err(|error| error.to_string()));
    let until = section.read("until", |value| {
        let day = scalar(value).and_then(|text| text.parse().ok());
        day.ok_or_else(|| "until is a day such as 2027-03-31".to_owned())
    });
    section.finish();
    Some(Acceptance { rule: rule?, subject, domain, reason, until })
}

fn domains(sections: Vec<Section<'_, '_>>) -> Vec<Known> {
    let mut all: Vec<Known> = Vec::new();
    for mut section in sections {
        let name = section.needed("name");
        let name =
            if name.is_empty() { None } else { Domain::parse(&name).map_err(|error| section.fault_at("name", error.to_string())).ok() };
        let keeper = Keeper { owner: section.text("owner"), group: section.text("group") };
        if let Some(name) = name {
            if all.iter().any(|known| known.name == name) {
                section.fault_at("name", format!("{name} is there already"));
            }
            all.push(Known { name, keeper });
        }
        section.finish();
    }
    all
}

/// The file that the call or the environment names, the last that it names; it is needed before the call can be read as a whole.
fn named(args: &[OsString]) -> Option<PathBuf> {
    let mut words = args.iter().take_while(|word| *word != "--");
    let mut last = None;
    while let Some(word) = words.next() {
        if word == "--config" {
            last = words.next().map(PathBuf::from);
        } else if let Some(path) = word.to_str().and_then(|word| word.strip_prefix("--config=")) {
            last = Some(PathBuf::from(path));
        }
    }
    last.or_else(|| environment::value("STSREADY_CONFIG").map(PathBuf::from))
}

fn own() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("stsready").join("config.toml"))
}

fn read(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?.take(CONFIG_CAP + 1).read_to_string(&mut text)?;
    // The beginning of a file must not be taken for all of it.
    if text.len() as u64 > CONFIG_CAP {
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "a configuration has at most 1 MiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
