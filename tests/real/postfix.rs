//! Postfix, as root has it: a queue and a master process of the test's own.

use std::fs;
use std::process::Command;

use super::blocks::blocks_of;
use super::mail::{Kind, Renewed, Site, shows, walk};
use super::process::{Running, program_of_root, run};
use crate::lab::{Key, Lab};

pub(super) const KIND: Kind = Kind { keys: &[Key::Rsa2048, Key::P256], reader: None, configure, start, apply, renewed: Renewed::Told };

pub(super) const SMTPD: &str = "PLACE inet n - n - - smtpd";
/// `PLACE` is where it listens.
const POSTSCREEN: &str = "PLACE inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\ndnsblog unix - - n - 0 dnsblog\n\
    tlsproxy unix - - n - 0 tlsproxy";

/// Key and chain as the page for administrators has them.
pub(super) fn chain_files(site: &Site<'_>) -> String {
    let files: Vec<String> = site.files().iter().map(|(key, chain)| format!("{}, {}", key.display(), chain.display())).collect();
    format!("smtpd_tls_security_level = may\nsmtpd_tls_chain_files = {}\n", files.join(", "))
}

fn configure(site: &Site<'_>, starttls: bool) {
    configure_as(site, SMTPD, &if starttls { chain_files(site) } else { "smtpd_tls_security_level = none\n".into() });
}

pub(super) fn configure_as(site: &Site<'_>, services: &str, settings: &str) {
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
}

pub(super) fn start(site: &Site<'_>) -> Option<Running> {
    program_of_root("postfix", "postfix")?;
    Some(Running::start(postfix(site, "start-fg"), site.folder(), site.place).stopped_by(postfix(site, "stop")))
}

pub(super) fn apply(site: &Site<'_>, server: Running) -> Running {
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

/// Settings that are met in the field, what is said of them, and the page whose lines mend them.
struct Pitfall {
    domain: &'static str,
    services: &'static str,
    settings: &'static str,
    due: &'static [&'static str],
    page: Option<&'static str>,
}

const PITFALLS: [Pitfall; 10] = [
    Pitfall { domain: "encrypt.test", services: SMTPD, settings: "smtpd_tls_security_level = encrypt", due: &[], page: None },
    // The greeting comes in two lines, six seconds apart.
    Pitfall { domain: "postscreen.test", services: POSTSCREEN, settings: GREET_DELAY, due: &[], page: None },
    Pitfall {
        domain: "hidden.test",
        services: SMTPD,
        settings: "smtpd_discard_ehlo_keywords = starttls",
        due: &["blocker starttls-missing"],
        page: None,
    },
    Pitfall {
        domain: "no-file.test",
        services: SMTPD,
        settings: "smtpd_tls_chain_files = /nonexistent/privkey.pem, /nonexistent/fullchain.pem",
        due: &["blocker starttls-handshake"],
        page: None,
    },
    Pitfall {
        domain: "order.test",
        services: SMTPD,
        settings: "smtpd_tls_chain_files = $config_directory/P256.fullchain.pem, $config_directory/P256.privkey.pem",
        due: &["blocker starttls-rejected"],
        page: None,
    },
    Pitfall {
        domain: "old.test",
        services: SMTPD,
        settings: "smtpd_tls_protocols = TLSv1\ntls_medium_cipherlist = DEFAULT@SECLEVEL=0",
        due: &["blocker starttls-legacy"],
        page: Some("rules/starttls-legacy.md"),
    },
    Pitfall {
        domain: "list.test",
        services: SMTPD,
        settings: "smtpd_tls_protocols = TLSv1.2\nsmtpd_tls_ciphers = high\n\
            tls_high_cipherlist = ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA256",
        due: &["warning starttls-suites", "unknown-warning starttls-after", "unknown-warning starttls-key-type-unprobed"],
        page: Some("rules/starttls-suites.md"),
    },
    Pitfall {
        domain: "asks.test",
        services: SMTPD,
        settings: "smtpd_tls_ask_ccert = yes",
        due: &["warning starttls-client-cert"],
        page: Some("rules/starttls-client-cert.md"),
    },
    Pitfall {
        domain: "demands.test",
        services: SMTPD,
        settings: "smtpd_tls_security_level = encrypt\nsmtpd_tls_req_ccert = yes",
        due: &["blocker starttls-after"],
        page: Some("rules/starttls-client-cert.md"),
    },
    Pitfall {
        domain: "turned-away.test",
        services: SMTPD,
        settings: "smtpd_delay_reject = no\nsmtpd_client_restrictions = reject",
        due: &["unknown starttls-refused"],
        page: None,
    },
];

const GREET_DELAY: &str = "postscreen_greet_wait = 6s\npostscreen_greet_ttl = 1s\npostscreen_greet_action = drop\n\
    postscreen_greet_banner = $smtpd_banner\npostscreen_cache_map = btree:$data_directory/postscreen_cache\npostscreen_access_list =";

/// TLS from the first byte, as on port 465: the server waits, and so does whoever expects a greeting.
#[test]
fn a_server_that_waits_for_tls_at_once_is_unreachable() {
    let lab = Lab::start_blocking().expect("a lab");
    let site = Site::new(&lab, "wrapped.test", &KIND);
    configure_as(&site, SMTPD, &(chain_files(&site) + "smtpd_tls_wrappermode = yes\n"));
    let Some(_server) = start(&site) else { return };
    shows(&site.mx(&["--timeout", "10s"]).exits(3), &["unknown starttls-unreachable"]);
}

#[test]
fn pitfalls_of_postfix_and_what_the_rule_pages_say() {
    let lab = Lab::start_blocking().expect("a lab");
    for pitfall in PITFALLS {
        let site = Site::new(&lab, pitfall.domain, &KIND);
        let settings = chain_files(&site) + pitfall.settings + "\n";
        configure_as(&site, pitfall.services, &settings);
        let Some(server) = start(&site) else { return };
        shows(&site.mx(&[]), pitfall.due);
        if let Some(page) = pitfall.page {
            let block = blocks_of(page).into_iter().find(|block| block.language == "postfix").expect("a block of Postfix");
            configure_as(&site, pitfall.services, &(settings + &block.text));
            let _server = apply(&site, server);
            shows(&site.mx(&[]).exits(0), &[]);
        }
    }
}
