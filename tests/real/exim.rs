//! Exim, as Debian builds it (GnuTLS).

use std::fs;
use std::os::unix::fs::chown;
use std::process::Command;

use super::mail::{Kind, Reload, Site, walk};
use super::process::{Running, apart, program_of_root};
use crate::lab::Key;

/// The user that Debian's build has compiled in.
const USER: (&str, u32) = ("Debian-exim", 64_990);

fn start(site: &Site<'_>, starttls: bool) -> Option<Running> {
    let exim = program_of_root("exim4", "exim4-daemon-light")?;
    let folder = site.folder();
    let spool = folder.join("spool");
    fs::create_dir_all(&spool).expect("an own folder");
    chown(&spool, Some(USER.1), Some(USER.1)).expect("root may");
    let (keys, chains): (Vec<_>, Vec<_>) =
        site.files().into_iter().map(|(key, chain)| (key.display().to_string(), chain.display().to_string())).unzip();
    let tls = if starttls {
        format!("tls_advertise_hosts = *\ntls_certificate = {}\ntls_privatekey = {}\n", chains.join(" : "), keys.join(" : "))
    } else {
        "tls_advertise_hosts =\n".into()
    };
    let configuration = format!(
        "primary_hostname = {host}\nlocal_interfaces = {ip}\ndaemon_smtp_ports = {port}\nexim_user = {user}\nexim_group = {user}\n\
         spool_directory = {spool}\nlog_file_path = {spool}/%slog\npid_file_path = {spool}/pid\nhost_lookup =\n\
         never_users = root\nkeep_environment =\n{tls}\
         begin acl\nbegin routers\nbegin transports\nbegin retry\n",
        host = site.host,
        ip = site.place.ip(),
        port = site.place.port(),
        user = USER.0,
        spool = spool.display(),
    );
    fs::write(folder.join("exim.conf"), configuration).expect("written");
    let mut command = apart(folder, &[USER], &exim)?;
    command.args(["-bdf", "-C"]).arg(folder.join("exim.conf"));
    Some(Running::start(command, folder, site.place))
}

#[test]
fn exim() {
    walk(&Kind {
        keys: &[Key::Rsa2048, Key::P256],
        reader: Some(USER.1),
        start,
        reload: Reload::ByItself,
    });
}
