//! OpenSMTPD. It reads everything once: what the pages name is a restart.

use std::fs;

use super::mail::{Kind, Reload, Site, walk};
use super::process::{Running, apart, program_of_root};
use crate::lab::Key;

const USERS: [(&str, u32); 2] = [("opensmtpd", 64_991), ("opensmtpq", 64_992)];

fn start(site: &Site<'_>, starttls: bool) -> Option<Running> {
    let smtpd = program_of_root("smtpd", "opensmtpd")?;
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
    let mut command = apart(folder, &USERS, &smtpd)?;
    command.args(["-d", "-f"]).arg(folder.join("smtpd.conf"));
    Some(Running::start(command, folder, site.place))
}

#[test]
fn opensmtpd() {
    walk(&Kind {
        keys: &[Key::P256],
        reader: None,
        start,
        reload: Reload::Told(|site, server| {
            drop(server);
            start(site, true).expect("it started before")
        }),
    });
}
