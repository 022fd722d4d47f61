//! Sendmail, with a configuration made from its own macros. It reads everything once: what makes it load anything is a restart.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::mail::{Kind, Renewed, Site, shows, walk};
use super::process::{Running, apart, program, program_of_root, run};
use crate::lab::{Key, Lab};

/// From a folder of programs: the name there may be another mail server's.
const PROGRAM: &str = "../libexec/sendmail/sendmail";
/// From the folder of the program.
const MACROS: &str = "../../share/sendmail/cf";
/// Where it finds its files: it trusts none below a folder that everybody may write to.
const INSIDE: &str = "/run/server";

const KIND: Kind = Kind { keys: &[Key::P256], reader: None, configure, start, apply, renewed: Renewed::Told };

/// Left to itself it asks those who connect for a certificate.
const ASKS_NOBODY: &str = "define(`confTLS_SRV_OPTIONS', `V')dnl\n";

fn configure(site: &Site<'_>, starttls: bool) {
    configure_as(site, starttls, ASKS_NOBODY);
}

fn configure_as(site: &Site<'_>, starttls: bool, more: &str) {
    let Some(macros) = program_of_root(PROGRAM, "sendmail-bin").and_then(|file| Some(file.parent()?.join(MACROS))) else { return };
    let Some(m4) = program("m4", "m4") else { return };
    let root = site.folder();
    let define = |name: &str, file: &str| format!("define(`{name}', `{INSIDE}/{file}')dnl\n");
    let files = site.files();
    let [key, chain] = [&files[0].0, &files[0].1].map(|file| file.file_name().expect("a file").to_string_lossy());
    // What is sent above the certificate comes from the authorities that are known to it.
    let tls = [("confSERVER_KEY", &*key), ("confSERVER_CERT", &chain), ("confCACERT", &chain), ("confCACERT_PATH", "")];
    let tls = tls.map(|(name, file)| define(name, file));
    let configuration = format!(
        "OSTYPE(`linux')dnl\nFEATURE(`no_default_msa')dnl\nDAEMON_OPTIONS(`Family=inet, Name=MTA, Addr={ip}, Port={port}')dnl\n\
         define(`confDOMAIN_NAME', `{host}')dnl\ndefine(`STATUS_FILE', `')dnl\ndefine(`ALIAS_FILE', `')dnl\n\
         define(`confDONT_PROBE_INTERFACES', `True')dnl\ndefine(`confTO_IDENT', `0')dnl\ndefine(`confREFUSE_LA', `9999')dnl\n{pid}{queue}{tls}{more}MAILER(`smtp')dnl\n",
        ip = site.place.ip(),
        port = site.place.port(),
        host = site.host,
        pid = define("confPID_FILE", "pid"),
        queue = define("QUEUE_DIR", "queue"),
        tls = if starttls { tls.concat() } else { String::new() },
    );
    fs::create_dir_all(root.join("queue")).expect("an own folder");
    fs::write(root.join("sendmail.mc"), configuration).expect("written");
    let mut make = Command::new(m4);
    make.arg(format!("-D_CF_DIR_={}/", macros.display())).arg(macros.join("m4/cf.m4")).arg(root.join("sendmail.mc"));
    fs::write(root.join("sendmail.cf"), run(&mut make)).expect("written");
    // It asks for the names of those who connect: nobody answers, at once.
    fs::write(root.join("resolv.conf"), "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n").expect("written");
}

fn start(site: &Site<'_>) -> Option<Running> {
    let sendmail = program_of_root(PROGRAM, "sendmail-bin")?;
    program("m4", "m4")?;
    // A machine whose name has no dot it takes for one whose name is not yet known, and waits.
    let mut command = apart(site.folder(), &[], Path::new("unshare"))?;
    command.args([
        "--uts",
        "sh",
        "-c",
        "hostname \"$0\"; mkdir \"$1\"; mount --bind \"$2\" \"$1\"; shift 2; exec \"$@\"",
        &site.host,
        INSIDE,
    ]);
    command.arg(site.folder()).arg(sendmail).args(["-C", &format!("{INSIDE}/sendmail.cf"), "-bD"]);
    Some(Running::start(command, site.folder(), site.place))
}

fn apply(site: &Site<'_>, server: Running) -> Running {
    drop(server);
    start(site).expect("it started before")
}

#[test]
fn sendmail() {
    walk(&KIND);
}

#[test]
fn sendmail_asks_for_certificates_unless_it_is_told() {
    let lab = Lab::start_blocking().expect("a lab");
    let site = Site::new(&lab, "asks.test", &KIND);
    configure_as(&site, true, "");
    let Some(server) = start(&site) else { return };
    shows(&site.mx(&[]), &["warning starttls-client-cert"]);
    configure(&site, true);
    let _server = apply(&site, server);
    shows(&site.mx(&[]).exits(0), &[]);
}
