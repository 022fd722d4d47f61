//! OpenSMTPD. It reads everything once: what the pages name is a restart.

use std::fs;
use std::process::Command;

use super::mail::{Kind, Renewed, Site, shows, walk};
use super::process::{Running, apart, program_of_root};
use crate::lab::{Key, Lab};

pub(super) const OPENSMTPD_USERS: [(&str, u32); 2] = [("opensmtpd", 64_991), ("opensmtpq", 64_992)];

fn configure(site: &Site<'_>, starttls: bool) {
    let folder = site.folder();
    let (host, ip, port) = (&site.host, site.place.ip(), site.place.port());
    let pki: String = site
        .files()
        .iter()
        .map(|(key, chain)| format!("pki {host} cert \"{}\"\npki {host} key \"{}\"\n", chain.display(), key.display()))
        .collect();
    let (pki, tls) = if starttls { (pki, format!("tls pki {host}")) } else { (String::new(), String::new()) };
    let configuration = format!(
        "{pki}listen on {ip} port {port} {tls} hostname {host}\naction \"local\" maildir\n\
         match from any for domain \"nobody.test\" action \"local\"\n"
    );
    fs::write(folder.join("smtpd.conf"), configuration).expect("written");
}

fn start(site: &Site<'_>) -> Option<Running> {
    let smtpd = program_of_root("smtpd", "opensmtpd")?;
    let mut command = apart(site.folder(), &OPENSMTPD_USERS, &smtpd)?;
    command.args(["-d", "-f"]).arg(site.folder().join("smtpd.conf"));
    Some(Running::start(command, site.folder(), site.place))
}

/// `systemctl restart opensmtpd`.
fn apply(site: &Site<'_>, server: Running) -> Running {
    drop(server);
    start(site).expect("it started before")
}

const KIND: Kind = Kind { keys: &[Key::P256], reader: None, configure, start, apply, renewed: Renewed::Told };

/// Whether it cannot use any key: what came before 7.0 hands the signing over in a way that OpenSSL 3 does not follow.
fn cannot_sign() -> bool {
    let Some(smtpd) = program_of_root("smtpd", "opensmtpd") else { return false };
    let said = Command::new(smtpd).arg("-h").output().expect("it runs");
    let said = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    said.contains("OpenSMTPD 6.")
}

#[test]
fn opensmtpd() {
    if !cannot_sign() {
        return walk(&KIND);
    }
    let lab = Lab::start_blocking().expect("a lab");
    for key in [&[Key::P256], &[Key::Rsa2048]] {
        let kind = Kind { keys: key, ..KIND };
        let site = Site::new(&lab, &format!("{:?}.test", key[0]).to_lowercase(), &kind);
        configure(&site, false);
        let Some(server) = start(&site) else { return };
        shows(&site.mx(&[]).exits(1), &["blocker starttls-missing"]);
        configure(&site, true);
        let _server = apply(&site, server);
        shows(&site.mx(&[]).exits(1), &["blocker starttls-handshake"]);
    }
}
