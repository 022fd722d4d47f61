//! Certificates from an ACME authority (Pebble) by an ACME client (Certbot): renewed on the disk, and not loaded by the server.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::blocks::blocks_of;
use super::mail::{Site, shown, shows};
use super::postfix::{KIND, SMTPD, apply, configure_as, start};
use super::process::{Running, program, run, settled};
use crate::lab::Lab;

/// The authority, running. Its root is made when it starts.
struct Authority {
    directory: String,
    _running: Running,
}

impl Authority {
    /// Starts it, and adds its root to those that the lab trusts. Hosts prove themselves at the lab's HTTPS port, in plain HTTP.
    fn start(lab: &Lab) -> Option<Self> {
        let pebble = program("pebble", "pebble")?;
        let (place, root) = (lab.https_place(), lab.folder());
        let managed = SocketAddr::new(place.ip(), lab.smtp_port());
        let own = lab.chain(&place.ip().to_string());
        fs::write(root.join("pebble.pem"), own.pem()).expect("written");
        fs::write(root.join("pebble.key"), own.key_pem()).expect("written");
        let configuration = serde_json::json!({ "pebble": {
            "listenAddress": place,
            "managementListenAddress": managed,
            "certificate": root.join("pebble.pem"),
            "privateKey": root.join("pebble.key"),
            "httpPort": lab.https_port(),
            "tlsPort": lab.https_port(),
            "certificateValidityPeriod": 90 * 86_400,
        }});
        fs::write(root.join("pebble.json"), configuration.to_string()).expect("written");
        let mut command = Command::new(pebble);
        command.arg("-config").arg(root.join("pebble.json")).arg("-dnsserver").arg(lab.resolver().to_string());
        // Left to itself it makes its clients wait, and refuses some of what they ask.
        command.envs([("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_WFE_NONCEREJECT", "0")]);
        let running = Running::start(command, root, place);
        let trusted = fs::read_to_string(lab.root_file()).expect("the lab's root") + &fetched(&format!("https://{managed}/roots/0"), lab);
        fs::write(lab.root_file(), trusted).expect("written");
        Some(Self { directory: format!("https://{place}/dir"), _running: running })
    }
}

/// What is served at an address, with the language that Certbot is written in.
fn fetched(url: &str, lab: &Lab) -> String {
    let script = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())";
    run(Command::new("python3").args(["-c", script, url]).env("SSL_CERT_FILE", lab.root_file()))
}

/// Certbot with its files in a folder.
struct Client<'a> {
    certbot: PathBuf,
    folder: &'a Path,
    roots: &'a Path,
}

impl Client<'_> {
    /// Long before it is due, and at once.
    fn renew(&self, words: &[&str]) {
        self.call(&[&["renew", "--force-renewal", "--no-random-sleep-on-renew"], words].concat());
    }

    fn call(&self, words: &[&str]) {
        let mut command = Command::new(&self.certbot);
        command.args(words).arg("--non-interactive").env("REQUESTS_CA_BUNDLE", self.roots);
        for (option, folder) in [("--config-dir", "acme"), ("--work-dir", "acme-work"), ("--logs-dir", "acme-logs")] {
            command.arg(option).arg(self.folder.join(folder));
        }
        run(&mut command);
    }
}

#[test]
fn renewed_and_not_reloaded() {
    let lab = Lab::start_blocking().expect("a lab");
    let Some(certbot) = program("certbot", "certbot") else { return };
    let Some(authority) = Authority::start(&lab) else { return };
    let site = Site::new(&lab, "renewed.test", &KIND);
    let client = Client { certbot, folder: site.folder(), roots: lab.root_file() };
    let (address, port) = (site.place.ip().to_string(), lab.https_port().to_string());
    let proof = ["--standalone", "--http-01-address", &address, "--http-01-port", &port];
    let account = ["--agree-tos", "--register-unsafely-without-email", "--server", &authority.directory];
    client.call(&[&["certonly", "-d", &site.host][..], &proof, &account].concat());

    let live = site.folder().join("acme/live").join(&site.host);
    configure_as(
        &site,
        SMTPD,
        &format!("smtpd_tls_security_level = may\nsmtpd_tls_chain_files = {0}/privkey.pem, {0}/fullchain.pem\n", live.display()),
    );
    let Some(server) = start(&site) else { return };
    let chain = live.join("fullchain.pem").display().to_string();
    let beside_disk = ["--cert-file", &chain];
    let comes_to_agree = || shows(&settled(|| site.mx(&beside_disk), |run| shown(run).is_empty()), &[]);
    comes_to_agree();

    client.renew(&[]);
    shows(&site.mx(&beside_disk).exits(0), &["warning cert-on-disk-differs"]);
    let _server = apply(&site, server);
    comes_to_agree();

    // The line that the page has for the next time.
    let lines = blocks_of("rules/cert-on-disk-differs.md").into_iter().map(|block| block.text).collect::<String>();
    let line = lines.lines().find(|line| line.starts_with("certbot renew")).expect("a line for Certbot");
    assert_eq!(line, "certbot renew --cert-name mx1.example.com --deploy-hook \"postfix reload\"");
    let hook = format!("postfix -c {} reload", site.folder().display());
    client.renew(&["--cert-name", &site.host, "--deploy-hook", &hook]);
    comes_to_agree();
}
