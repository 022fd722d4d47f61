//! Exim, as Debian builds it (GnuTLS).

use std::fs;
use std::os::unix::fs::chown;
use std::path::PathBuf;

use super::blocks::blocks_of;
use super::mail::{Kind, Renewed, Site, shows, walk};
use super::process::{Running, apart, program_of_root};
use crate::lab::{Key, Lab};

/// The user that Debian's build has compiled in.
pub(super) const EXIM_USER: (&str, u32) = ("Debian-exim", 64_990);

fn installed() -> Option<PathBuf> {
    program_of_root("exim4", "exim4-daemon-light")
}

fn configure(site: &Site<'_>, starttls: bool) {
    configure_as(site, starttls, "");
}

fn configure_as(site: &Site<'_>, starttls: bool, more: &str) {
    let Some(exim) = installed() else { return };
    let folder = site.folder();
    let spool = folder.join("spool");
    fs::create_dir_all(&spool).expect("an own folder");
    chown(&spool, Some(EXIM_USER.1), Some(EXIM_USER.1)).expect("root may");
    let (keys, chains): (Vec<_>, Vec<_>) =
        site.files().into_iter().map(|(key, chain)| (key.display().to_string(), chain.display().to_string())).unzip();
    let tls = if starttls {
        format!("tls_advertise_hosts = *\ntls_certificate = {}\ntls_privatekey = {}\n", chains.join(" : "), keys.join(" : "))
    } else {
        "tls_advertise_hosts =\n".into()
    };
    let configuration = format!(
        "exim_path = {exim}\nprimary_hostname = {host}\nlocal_interfaces = {ip}\ndaemon_smtp_ports = {port}\nexim_user = {user}\nexim_group = {user}\n\
         spool_directory = {spool}\nlog_file_path = {spool}/%slog\npid_file_path = {spool}/pid\nhost_lookup =\n\
         never_users = root\nkeep_environment =\n{tls}{more}\
         begin acl\nbegin routers\nbegin transports\nbegin retry\n",
        exim = exim.display(),
        host = site.host,
        ip = site.place.ip(),
        port = site.place.port(),
        user = EXIM_USER.0,
        spool = spool.display(),
    );
    fs::write(folder.join("exim.conf"), configuration).expect("written");
}

fn start(site: &Site<'_>) -> Option<Running> {
    let exim = installed()?;
    let folder = site.folder();
    let mut command = apart(folder, &[EXIM_USER], &exim)?;
    // Told to read its configuration again it trusts no other place than its own, which `apart` has led here.
    command.arg("-bdf");
    Some(Running::start(command, folder, site.place))
}

/// What `systemctl reload exim4` does.
fn apply(_: &Site<'_>, server: Running) -> Running {
    server.signal("HUP");
    server
}

const KIND: Kind = Kind { keys: &[Key::Rsa2048, Key::P256], reader: Some(EXIM_USER.1), configure, start, apply, renewed: Renewed::Seen };

#[test]
fn exim() {
    walk(&KIND);
}

/// Settings that are met in the field, and what is said of them.
const PITFALLS: [(&str, &str, &[&str]); 3] = [
    ("asks.test", "tls_try_verify_hosts = *\n", &["warning starttls-client-cert"]),
    ("demands.test", "tls_verify_hosts = *\n", &["blocker starttls-after"]),
    ("turned-away.test", "host_reject_connection = *\n", &["unknown starttls-refused"]),
];

#[test]
fn pitfalls_of_exim() {
    let lab = Lab::start_blocking().expect("a lab");
    for (domain, settings, due) in PITFALLS {
        let site = Site::new(&lab, domain, &KIND);
        configure_as(&site, true, settings);
        let Some(server) = start(&site) else { return };
        shows(&site.mx(&[]), due);
        configure(&site, true);
        let _server = apply(&site, server);
        site.comes_to_show(&[]);
    }
}

/// A list of ciphers is in the words of one TLS library; each block says of which, and with the other Exim does not start.
#[test]
fn a_list_of_ciphers_is_for_one_library() {
    let lab = Lab::start_blocking().expect("a lab");
    for block in blocks_of("rules/starttls-suites.md") {
        let Some(library) = block.language.strip_prefix("exim ") else { continue };
        let site = Site::new(&lab, &format!("{}.test", library.to_lowercase()), &KIND);
        configure_as(&site, true, &block.text);
        let Some(exim) = installed() else { return };
        let own = |word: &str| Some(apart(site.folder(), &[EXIM_USER], &exim)?.arg(word).output().expect("it runs"));
        let Some(version) = own("-bV") else { return };
        if String::from_utf8_lossy(&version.stdout).contains(library) {
            let _server = start(&site).expect("it starts");
            shows(&site.mx(&[]), &[]);
        } else {
            let refused = own("-bdf").expect("it has run");
            let said = String::from_utf8_lossy(&refused.stderr);
            assert!(!refused.status.success() && said.contains("tls_require_ciphers invalid"), "{said}");
        }
    }
}
