//! `[[imap]]`: folders that reports are fetched from, and what can be wrong with the description of one before anything is read.

use std::path::PathBuf;

use super::section::Section;
use crate::wire::imap::url::{FolderUrl, UrlError};

/// `[[imap]]`. There is no password in it, so the file may be readable by others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Imap {
    /// What it is called.
    pub(in crate::cli) name: String,
    /// `imaps://USER@HOST[:PORT]/FOLDER`.
    pub(in crate::cli) url: String,
    /// A command whose first line of output is the password.
    pub(in crate::cli) password_command: Option<String>,
    /// A file whose first line is the password.
    pub(in crate::cli) password_file: Option<PathBuf>,
    /// The environment variable that holds the password.
    pub(in crate::cli) password_env: Option<String>,
    /// Where messages go whose reports are in the store.
    pub(in crate::cli) move_to: Option<String>,
    /// Whether such messages are marked as seen.
    pub(in crate::cli) seen: bool,
    /// A private CA that vouches for the server.
    pub(in crate::cli) ca_file: Option<PathBuf>,
}

impl Imap {
    /// Where the folder is, if all of the description is right; else the key and what is wrong with it.
    pub(in crate::cli) fn check(&self) -> Result<FolderUrl, (&'static str, String)> {
        let url: FolderUrl = self.url.parse().map_err(|error: UrlError| ("url", error.to_string()))?;
        let sources = [
            ("password-command", self.password_command.is_some()),
            ("password-file", self.password_file.is_some()),
            ("password-env", self.password_env.is_some()),
        ];
        if let Some((second, _)) = sources.into_iter().filter(|(_, is_given)| *is_given).nth(1) {
            return Err((second, "password-command, password-file and password-env exclude each other".to_owned()));
        }
        if self.move_to.is_some() && self.seen {
            return Err(("move-to", "move-to and seen exclude each other".to_owned()));
        }
        Ok(url)
    }

    /// A sentence about it, by its name.
    pub(in crate::cli) fn named(&self, what: &str) -> String {
        if self.name.is_empty() { what.to_owned() } else { format!("account {:?}: {what}", self.name) }
    }
}

/// Reads all of them; a name stands for one folder.
pub(super) fn read(sections: Vec<Section<'_, '_>>) -> Vec<Imap> {
    let mut all: Vec<Imap> = Vec::new();
    for mut section in sections {
        let imap = one(&mut section);
        if let Err((key, what)) = imap.check()
            && !imap.url.is_empty()
        {
            section.fault_at(key, imap.named(&what));
        }
        if !imap.name.is_empty() && all.iter().any(|known| known.name == imap.name) {
            section.fault_at("name", format!("two accounts are called {:?}", imap.name));
        }
        section.finish();
        all.push(imap);
    }
    all
}

fn one(section: &mut Section<'_, '_>) -> Imap {
    Imap {
        name: section.needed("name"),
        url: section.needed("url"),
        password_command: section.text("password-command"),
        password_file: section.text("password-file").map(PathBuf::from),
        password_env: section.text("password-env"),
        move_to: section.text("move-to"),
        seen: section.flag("seen").unwrap_or_default(),
        ca_file: section.text("ca-file").map(PathBuf::from),
    }
}
