//! The configuration: a TOML file of the user's. Arguments and environment variables go before it.
//!
//! ```toml
//! store = "/var/lib/stsready/store.sqlite"
//! playbooks = "/etc/stsready/playbooks"
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
//! ```
//!
//! What is not known here is an error with its line: a misspelt setting must not be one that is silently left out.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::Deserialize;

use super::Failure;
use super::args::WhichStore;

/// A configuration longer than this is none.
const CONFIG_CAP: u64 = 1 << 20;

/// What the file says; everything may be missing.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Config {
    /// Where the store is.
    pub(super) store: Option<PathBuf>,
    /// The folder with playbooks of one's own; they go before those that the program brings along.
    pub(super) playbooks: Option<PathBuf>,
    /// How reports are taken in and counted.
    pub(super) reports: Reports,
    /// Folders that reports are fetched from.
    pub(super) imap: Vec<Imap>,
}

/// `[reports]`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Reports {
    /// Servers whose Authentication-Results are believed.
    pub(super) authserv_id: Vec<String>,
    /// Whether unsigned and no longer verifiable mails count.
    pub(super) trust_unverified: bool,
    /// Whether the text of each report is kept.
    pub(super) keep_raw: bool,
}

/// `[[imap]]`. There is no password in it, so the file may be readable by others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Imap {
    /// What it is called.
    pub(super) name: String,
    /// `imaps://USER@HOST[:PORT]/FOLDER`.
    pub(super) url: String,
    /// A command whose first line of output is the password.
    pub(super) password_command: Option<String>,
    /// A file whose first line is the password.
    pub(super) password_file: Option<PathBuf>,
    /// The environment variable that holds the password.
    pub(super) password_env: Option<String>,
    /// Where messages go whose reports are in the store.
    pub(super) move_to: Option<String>,
    /// Whether such messages are marked as seen.
    #[serde(default)]
    pub(super) seen: bool,
    /// A private CA that vouches for the server.
    pub(super) ca_file: Option<PathBuf>,
}

impl Config {
    /// Reads the file that was named, or the user's own if there is one.
    pub(super) fn load(which: &WhichStore) -> Result<Self, Failure> {
        let Some(path) = which.config.clone().or_else(own) else { return Ok(Self::default()) };
        match read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && which.config.is_none() => Ok(Self::default()),
            Err(error) => Err(Failure::Read { path, error }),
            Ok(text) => Self::parse(&text).map_err(|why| Failure::Usage(format!("{} {why}", path.display()))),
        }
    }

    /// Reads the file's text; what is wrong with it is said with its line.
    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            format!("line {line}: {}", error.message())
        })
    }

    /// Where the store is: by argument, by configuration, else in the user's data folder; an error where the user has none.
    pub(super) fn store(&self, which: &WhichStore) -> Result<PathBuf, Failure> {
        let given = which.path.clone().or_else(|| self.store.clone());
        given.or_else(|| Some(etcetera::choose_base_strategy().ok()?.data_dir().join("stsready").join("store.sqlite"))).ok_or_else(|| {
            Failure::Usage("there is no home folder to keep the store in; name one with --store PATH, or use --no-store".to_owned())
        })
    }
}

fn own() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("stsready").join("config.toml"))
}

fn read(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?.take(CONFIG_CAP).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_read() {
        let text = include_str!("config.rs");
        let example: String = text
            .lines()
            .skip_while(|line| *line != "//! ```toml")
            .skip(1)
            .take_while(|line| *line != "//! ```")
            .map(|line| format!("{}\n", line.trim_start_matches("//!").trim_start()))
            .collect();
        let config = Config::parse(&example).expect("the example is right");
        assert_eq!(config.store, Some(PathBuf::from("/var/lib/stsready/store.sqlite")));
        assert_eq!(config.playbooks, Some(PathBuf::from("/etc/stsready/playbooks")));
        assert_eq!(config.reports, Reports { authserv_id: vec!["mx.example.com".into()], trust_unverified: false, keep_raw: true });
        let imap = Imap {
            name: "tlsrpt".into(),
            url: "imaps://tlsrpt@imap.example.com/INBOX".into(),
            password_command: Some("pass show imap".into()),
            move_to: Some("Done".into()),
            ca_file: Some("/etc/ssl/own-ca.pem".into()),
            ..Imap::default()
        };
        assert_eq!(config.imap, [imap]);
        assert_eq!(Config::parse(""), Ok(Config::default()));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, words) in [
            ("store = 'x'\nstores = 'y'\n", &["line 2", "stores"][..]),
            ("[reports]\nkeep-raw = true\n\ntrust-unverfied = true\n", &["line 4", "trust-unverfied"]),
            ("[[imap]]\nname = 'a'\nurl = 'b'\npassword = 'secret'\n", &["line 4", "password"]),
            ("[[imap]]\nname = 'a'\n", &["line 1", "url"]),
            ("[reports]\nkeep-raw = 'yes'\n", &["line 2", "boolean"]),
            ("\n\nx ==\n", &["line 3"]),
        ] {
            let why = Config::parse(text).expect_err(text);
            assert!(words.iter().all(|word| why.contains(word)), "{text:?}: {why}");
            assert!(!why.contains("secret"), "{why}");
        }
    }
}
