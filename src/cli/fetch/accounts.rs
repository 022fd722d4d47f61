//! Which folders are meant: by address, or by their names in the configuration. Options of the call go before the configuration.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::super::args::FetchArgs;
use super::super::config::Imap;
use super::password::Source;
use crate::archive::imap::After;
use crate::wire::imap::url::FolderUrl;

/// A folder to be read, before its password is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// What it is called: by its name in the configuration, else by its address.
    pub(super) name: String,
    pub(super) url: FolderUrl,
    pub(super) password: Source,
    pub(super) after: After,
    pub(super) ca_file: Option<PathBuf>,
}

/// The folders, each once, in the order given; or what is wrong with the call.
pub(super) fn plans(args: &FetchArgs, configured: &[Imap]) -> Result<Vec<Plan>, String> {
    let mut plans = Vec::new();
    if args.accounts.is_empty() {
        if configured.is_empty() {
            return Err("there is no account to fetch from: name one as imaps://USER@HOST/FOLDER, or describe it under [[imap]] in the \
                        configuration"
                .to_owned());
        }
        for account in configured {
            plans.push(plan(account, args)?);
        }
    }
    for given in &args.accounts {
        let account = configured.iter().find(|account| account.name == *given);
        plans.push(match account {
            Some(account) => plan(account, args)?,
            None => plan(&Imap { name: String::new(), url: address(given, configured)?, ..Imap::default() }, args)?,
        });
    }
    let mut seen = BTreeSet::new();
    plans.retain(|plan| seen.insert(plan.url.to_string()));
    Ok(plans)
}

/// What is given is an address, or a name that does not exist.
fn address(given: &str, configured: &[Imap]) -> Result<String, String> {
    // What could be an address is not repeated: it may hold a password.
    if given.contains([':', '@']) {
        return Ok(given.to_owned());
    }
    let names: Vec<&str> = configured.iter().map(|account| account.name.as_str()).collect();
    let known = if names.is_empty() { "there is none".to_owned() } else { format!("there are: {}", names.join(", ")) };
    Err(format!("no account of the configuration is called {given:?} ({known}); an address is imaps://USER@HOST/FOLDER"))
}

fn plan(account: &Imap, args: &FetchArgs) -> Result<Plan, String> {
    let named = |what: &str| account.named(what);
    let url = account.check().map_err(|(_, what)| named(&what))?;
    let given = source(args.password_command.as_ref(), args.password_file.as_ref(), args.password_env.as_ref());
    let own = source(account.password_command.as_ref(), account.password_file.as_ref(), account.password_env.as_ref());
    let one = |mut sources: Vec<Source>| {
        if sources.len() > 1 {
            Err(named("password-command, password-file and password-env exclude each other"))
        } else {
            Ok(sources.pop())
        }
    };
    let after = match (&args.move_to, args.seen, &account.move_to, account.seen) {
        (Some(folder), ..) => After::MoveTo(folder.clone()),
        (None, true, ..) => After::Seen,
        (None, false, Some(folder), _) => After::MoveTo(folder.clone()),
        (None, false, None, true) => After::Seen,
        (None, false, None, false) => After::Leave,
    };
    if matches!(&after, After::MoveTo(folder) if *folder == url.folder) {
        return Err(named("messages cannot be moved to the folder that they are in"));
    }
    Ok(Plan {
        name: if account.name.is_empty() { url.to_string() } else { account.name.clone() },
        password: one(given)?.or(one(own)?).unwrap_or_default(),
        after,
        ca_file: args.ca_file.clone().or_else(|| account.ca_file.clone()),
        url,
    })
}

fn source(command: Option<&String>, file: Option<&PathBuf>, environment: Option<&String>) -> Vec<Source> {
    let command = command.map(|command| Source::Command(command.clone()));
    let file = file.map(|file| Source::File(file.clone()));
    command.into_iter().chain(file).chain(environment.map(|name| Source::Environment(name.clone()))).collect()
}
