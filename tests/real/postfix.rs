//! Postfix, as root has it: a queue and a master process of the test's own.

use std::fs;
use std::process::Command;

use super::mail::{Kind, Reload, Site, shows, walk};
use super::process::{Running, program_of_root, run};
use crate::lab::{Key, Lab};

const KIND: Kind = Kind { keys: &[Key::Rsa2048, Key::P256], reader: None, start, reload: Reload::Told(reload) };

const SMTPD: &str = "PLACE inet n - n - - smtpd";
/// `PLACE` is where it listens.
const POSTSCREEN: &str = "PLACE inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\ndnsblog unix - - n - 0 dnsblog\n\
    tlsproxy unix - - n - 0 tlsproxy";

/// Key and chain as the page for administrators has them.
fn chain_files(site: &Site<'_>) -> String {
    let files: Vec<String> = site.files().iter().map(|(key, chain)| format!("{}, {}", key.display(), chain.display())).collect();
    format!("smtpd_tls_security_level = may\nsmtpd_tls_chain_files = {}\n", files.join(", "))
}

fn start(site: &Site<'_>, starttls: bool) -> Option<Running> {
    start_as(site, SMTPD, &if starttls { chain_files(site) } else { "smtpd_tls_security_level = none\n".into() })
}

fn start_as(site: &Site<'_>, services: &str, settings: &str) -> Option<Running> {
    program_of_root("postfix", "postfix")?;
    let folder = site.folder();
    let root = folder.display();
    let main = format!(
        "compatibility_level = 3.6\nmyhostname = {host}\nmydestination =\nlocal_recipient_maps =\nalias_maps =\nalias_database =\n\
         queue_directory = {root}/queue\ndata_directory = {root}/data\nmaillog_file = {root}/log\nmaillog_file_prefixes = {root}\n\
         mynetworks = 127.0.0.1/32\ninet_interfaces = all\ninet_protocols = all\nsmtpd_peername_lookup = no\n\
         smtpd_relay_restrictions = reject_unauth_destination\n{settings}",
        host = site.host,
    );
    let master = format!(
        "{}\nanvil unix - - n - 1 anvil\nrewrite unix - - n - - trivial-rewrite\nproxymap unix - - n - - proxymap\n\
         tlsmgr unix - - n 1000? 1 tlsmgr\npostlog unix-dgram n - n - 1 postlogd\n",
        services.replace("PLACE", &site.place.to_string()),
    );
    // Everything below is made by Postfix when it starts.
    fs::create_dir_all(folder.join("queue")).expect("an own folder");
    fs::write(folder.join("main.cf"), main).expect("written");
    fs::write(folder.join("master.cf"), master).expect("written");
    Some(Running::start(postfix(site, "start-fg"), folder, site.place).stopped_by(postfix(site, "stop")))
}

fn reload(site: &Site<'_>, server: Running) -> Running {
    run(&mut postfix(site, "reload"));
    server
}

/// `postfix WORD`, meant for this site's.
fn postfix(site: &Site<'_>, word: &str) -> Command {
    let mut command = Command::new("postfix");
    command.arg("-c").arg(site.folder()).arg(word);
    command
}

#[test]
fn postfix_with_two_kinds_of_keys() {
    walk(&KIND);
}
