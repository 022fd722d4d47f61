//! A tree of zones of our own: signed by Knot's tools, served by Knot, and asked through a validating Unbound.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::process::{Running, program, run};
use super::site;
use crate::lab::{Lab, REPORT_MAILBOX};

/// How a zone below `test.` is signed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Signed {
    No,
    Yes,
    /// Its parent has no DS record: an island that nothing leads to.
    Alone,
    /// Its signatures have ended.
    Formerly,
    /// Its keys were changed, and the parent's DS record was not.
    UnderOldDs,
}

/// Part of a record that is replaced.
#[derive(Clone, Copy)]
pub(super) struct Forgery {
    /// How the owner's name ends, before that of the zone.
    pub(super) below: &'static str,
    /// The record's type.
    pub(super) kind: &'static str,
    /// What stands there when it is signed.
    pub(super) from: &'static str,
    /// What stands there when it is served.
    pub(super) to: &'static str,
}

/// A zone below `test.`.
pub(super) struct Zone {
    /// Its name.
    pub(super) name: String,
    /// Its records, in the words of a zone file; without SOA and NS.
    pub(super) records: String,
    /// How it is signed.
    pub(super) signed: Signed,
    /// What is changed behind the signer's back.
    pub(super) forged: Option<Forgery>,
}

/// The zones, served and asked for.
pub(super) struct Names {
    /// The resolver that validates.
    pub(super) validating: SocketAddr,
    /// One that passes on whatever it gets.
    pub(super) blind: SocketAddr,
    folder: TempDir,
    _running: [Running; 3],
}

impl Names {
    /// Signs and serves the zones; `None` where a program is missing.
    pub(super) fn start(lab: &Lab, zones: &[Zone]) -> Option<Self> {
        let tools = ["keymgr", "kzonesign"].map(|tool| program(tool, "knot, knot-dnssecutils"));
        let [Some(keymgr), Some(kzonesign)] = tools else { return None };
        let (knotd, unbound) = (program("knotd", "knot")?, program("unbound", "unbound")?);
        let folder = site::folder();
        let signer = Signer { root: folder.path(), keymgr, kzonesign };
        signer.sign_all(lab, zones);

        let root = folder.path();
        let [authority, validating, blind] = [(); 3].map(|()| lab.smtp_place());
        let all: Vec<&str> = [".", "test"].into_iter().chain(zones.iter().map(|zone| zone.name.as_str())).collect();
        fs::write(root.join("knot.conf"), knot_configuration(root, authority, &all)).expect("written");
        let mut serves = Command::new(knotd);
        serves.arg("-c").arg(root.join("knot.conf"));
        let serving = Running::start(serves, root, authority);
        let resolver = |place: SocketAddr, modules: &str| {
            let file = root.join(format!("unbound-{}.conf", place.ip()));
            fs::write(&file, unbound_configuration(root, authority, place, modules, &all)).expect("written");
            let mut asks = Command::new(&unbound);
            asks.arg("-d").arg("-c").arg(file);
            Running::start(asks, root, place)
        };
        let running = [serving, resolver(validating, "validator iterator"), resolver(blind, "iterator")];
        Some(Self { validating, blind, folder, _running: running })
    }

    /// The root's key.
    pub(super) fn trust_anchor(&self) -> PathBuf {
        self.folder.path().join("root.key")
    }
}

/// Knot's tools for keys and signatures, at work in a folder.
struct Signer<'a> {
    root: &'a Path,
    keymgr: PathBuf,
    kzonesign: PathBuf,
}

impl Signer<'_> {
    fn sign_all(&self, lab: &Lab, zones: &[Zone]) {
        for folder in ["keys", "plain", "served", "run"] {
            fs::create_dir(self.root.join(folder)).expect("an own folder");
        }
        let domains: String = [".", "test"].into_iter().chain(zones.iter().map(|zone| zone.name.as_str())).map(zone_item).collect();
        let configuration = format!(
            "server:\n    rundir: \"{root}/run\"\ndatabase:\n    storage: \"{root}/keys\"\n\
             policy:\n  - id: own\n    manual: on\n    single-type-signing: on\n    algorithm: ecdsap256sha256\n\
             template:\n  - id: default\n    storage: \"{root}/plain\"\n    dnssec-signing: on\n    dnssec-policy: own\nzone:\n{domains}",
            root = self.root.display(),
        );
        fs::write(self.root.join("sign.conf"), configuration).expect("written");

        let (mailbox_host, anywhere) = (REPORT_MAILBOX.split_once('@').expect("a mailbox").1, lab.refusing_address());
        let mut parent = format!("ns A {anywhere}\n{mailbox_host}. MX 10 ns.test.\n");
        for zone in zones {
            let _ = writeln!(parent, "{}. NS ns.test.", zone.name);
            parent += &self.publish(zone);
        }
        let parent = Zone { name: "test".into(), records: parent, signed: Signed::Yes, forged: None };
        let delegation = format!("test. NS ns.test.\nns.test. A {anywhere}\n{}", self.publish(&parent));
        let root = Zone { name: ".".into(), records: delegation, signed: Signed::Yes, forged: None };
        self.publish(&root);
        let key = self.key(".", "dnskey");
        fs::write(self.root.join("root.key"), key.replacen("DNSKEY", "3600 IN DNSKEY", 1)).expect("written");
    }

    /// Makes the file of a zone that is served; the DS records for its parent.
    fn publish(&self, zone: &Zone) -> String {
        let file = file_of(&zone.name);
        let (plain, served) = (self.root.join("plain").join(&file), self.root.join("served").join(&file));
        let origin = format!("{}.", zone.name.trim_end_matches('.'));
        let text =
            format!("$ORIGIN {origin}\n$TTL 300\n@ SOA ns.test. hostmaster.test. 1 7200 3600 1209600 300\n@ NS ns.test.\n{}", zone.records);
        fs::write(&plain, text).expect("written");
        if zone.signed == Signed::No {
            fs::copy(&plain, &served).expect("written");
            return String::new();
        }
        let mut ds = self.new_key(&zone.name);
        if zone.signed == Signed::UnderOldDs {
            let old = ds.split(' ').nth(2).expect("a DS record has a key tag").to_owned();
            self.new_key(&zone.name);
            run(Command::new(&self.keymgr).arg("-c").arg(self.root.join("sign.conf")).args([&zone.name, "delete", &old]));
        }
        if zone.signed == Signed::Alone {
            ds.clear();
        }
        let mut sign = Command::new(&self.kzonesign);
        sign.arg("-c").arg(self.root.join("sign.conf")).arg("-o").arg(self.root.join("served"));
        if zone.signed == Signed::Formerly {
            // A signature is for a fortnight.
            let then = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs() - 60 * 86_400;
            sign.args(["-t", &then.to_string()]);
        }
        run(sign.arg(&zone.name));
        if let Some(forgery) = zone.forged {
            forge(&served, &zone.name, forgery);
        }
        ds
    }

    /// A key that has been in use for long; its DS records.
    fn new_key(&self, zone: &str) -> String {
        let mut generate = Command::new(&self.keymgr);
        generate.arg("-c").arg(self.root.join("sign.conf")).args([zone, "generate", "algorithm=13", "ksk=yes", "zsk=yes"]);
        run(generate.args(["created", "publish", "ready", "active"].map(|since| format!("{since}=-90d"))));
        self.key(zone, "ds")
    }

    /// The keys of a zone, as records.
    fn key(&self, zone: &str, kind: &str) -> String {
        run(Command::new(&self.keymgr).arg("-c").arg(self.root.join("sign.conf")).args([zone, kind]))
    }
}

fn forge(file: &Path, zone: &str, forgery: Forgery) {
    let text = fs::read_to_string(file).expect("a signed zone");
    let owner = format!("{}{zone}.", forgery.below);
    let forged: String = text.lines().fold(String::new(), |mut forged, line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_it = fields.first().is_some_and(|name| name.ends_with(&owner)) && fields.get(2) == Some(&forgery.kind);
        forged += &if is_it { line.replacen(forgery.from, forgery.to, 1) } else { line.to_owned() };
        forged + "\n"
    });
    assert_ne!(forged, text, "nothing of {zone} is forged");
    fs::write(file, forged).expect("written");
}

fn file_of(zone: &str) -> String {
    format!("{}.zone", if zone == "." { "root" } else { zone })
}

fn zone_item(zone: &str) -> String {
    format!("  - domain: \"{zone}\"\n    file: \"{}\"\n", file_of(zone))
}

fn knot_configuration(root: &Path, place: SocketAddr, zones: &[&str]) -> String {
    format!(
        "server:\n    rundir: \"{root}/run\"\n    listen: {ip}@{port}\ndatabase:\n    storage: \"{root}/run\"\n\
         log:\n  - target: stderr\n    any: warning\n\
         template:\n  - id: default\n    storage: \"{root}/served\"\n    zonefile-sync: -1\n    journal-content: none\nzone:\n{items}",
        root = root.display(),
        ip = place.ip(),
        port = place.port(),
        items = zones.iter().copied().map(zone_item).collect::<String>(),
    )
}

/// The way down from the root is walked for signatures alone: delegations lead to port 53, where nobody is.
fn unbound_configuration(root: &Path, authority: SocketAddr, place: SocketAddr, modules: &str, zones: &[&str]) -> String {
    let at = |place: SocketAddr| format!("{}@{}", place.ip(), place.port());
    let known: String = zones.iter().map(|zone| format!("stub-zone:\n    name: \"{zone}\"\n    stub-addr: {}\n", at(authority))).collect();
    format!(
        "server:\n    username: \"\"\n    chroot: \"\"\n    directory: \"{root}\"\n    pidfile: \"{root}/{listens}.pid\"\n    use-syslog: no\n\
         \x20   interface: {listens}\n    access-control: 127.0.0.0/8 allow\n    do-not-query-localhost: no\n    local-zone: \"test.\" nodefault\n\
         \x20   module-config: \"{modules}\"\n    trust-anchor-file: \"{root}/root.key\"\n    val-log-level: 2\n\
         remote-control:\n    control-enable: no\n{known}",
        root = root.display(),
        listens = at(place),
    )
}
