//! `[[notify]]`: whom to tell what is new, where the call says `--notify`.

use std::path::PathBuf;

use super::section::Section;
use crate::cli::args::{Target, target};

/// `[[notify]]`. The key that messages are signed with is not in it, so the file may be readable by others if the address is no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Notify {
    /// Whom.
    pub(in crate::cli) target: Target,
    /// The environment variable with the key that a webhook's messages are signed with.
    pub(in crate::cli) secret_env: Option<String>,
    /// A file whose first line is that key.
    pub(in crate::cli) secret_file: Option<PathBuf>,
    /// A private CA that vouches for the webhook's server.
    pub(in crate::cli) ca_file: Option<PathBuf>,
}

/// Reads all of them.
pub(super) fn read(sections: Vec<Section<'_, '_>>) -> Vec<Notify> {
    sections.into_iter().filter_map(one).collect()
}

fn one(mut section: Section<'_, '_>) -> Option<Notify> {
    let to = section.needed("to");
    let secret_env = section.text("secret-env");
    let secret_file = section.text("secret-file").map(PathBuf::from);
    let ca_file = section.text("ca-file").map(PathBuf::from);
    let target = if to.is_empty() { None } else { target(&to).map_err(|why| section.fault_at("to", why)).ok() };
    let is_webhook = matches!(target, Some(Target::Webhook(_)) | None);
    if target == Some(Target::Configured) {
        section.fault_at("to", "give https://…, mailto:ADDRESS or command:…");
    } else if secret_env.is_some() && secret_file.is_some() {
        section.fault_at("secret-file", "secret-env and secret-file exclude each other");
    } else if !is_webhook && (secret_env.is_some() || secret_file.is_some() || ca_file.is_some()) {
        section.fault_at("to", "a secret and a CA are for webhooks");
    }
    section.finish();
    target.map(|target| Notify { target, secret_env, secret_file, ca_file })
}
