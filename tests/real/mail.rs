//! A domain whose one MX host is a real mail server, and what every kind of mail server is put through.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use super::process::{Running, is_root, settled, soon};
use super::site;
use crate::lab::{Chain, Key, Lab, Leaf, Validity};
use crate::run::{Run, stsready};

/// A kind of mail server.
pub(super) struct Kind {
    /// The kinds of keys that it is given a certificate for, at once.
    pub(super) keys: &'static [Key],
    /// Who must be able to read the keys, if that is not root.
    pub(super) reader: Option<u32>,
    /// Writes its configuration, with or without STARTTLS.
    pub(super) configure: fn(&Site<'_>, starttls: bool),
    /// Starts it; `None` where it cannot be started.
    pub(super) start: fn(&Site<'_>) -> Option<Running>,
    /// What the pages say makes it load a changed configuration.
    pub(super) apply: fn(&Site<'_>, Running) -> Running,
    /// How it comes to load renewed certificates.
    pub(super) renewed: Renewed,
}

impl Kind {
    /// Configures and starts it, with STARTTLS.
    fn serve(&self, site: &Site<'_>) -> Option<Running> {
        (self.configure)(site, true);
        (self.start)(site)
    }

    /// The server, once it serves what is on the disk.
    fn reloaded(&self, site: &Site<'_>, server: Running) -> Running {
        if self.renewed == Renewed::Told {
            return (self.apply)(site, server);
        }
        assert!(soon(|| shown(&site.mx_beside_disk()).is_empty()), "it goes on to serve what was replaced");
        server
    }
}

/// What the pages say about renewed certificates.
#[derive(PartialEq)]
pub(super) enum Renewed {
    /// The same has to be done as for a changed configuration.
    Told,
    /// It sees by itself that the files have changed.
    Seen,
}

/// The certificates of an MX host.
pub(super) struct Keys {
    kinds: &'static [Key],
    reader: Option<u32>,
}

/// A domain with its MX host.
pub(super) type Site<'a> = site::Site<'a, Keys>;

impl<'a> Site<'a> {
    /// Publishes the domain, and installs healthy certificates.
    pub(super) fn new(lab: &'a Lab, domain: &str, kind: &Kind) -> Self {
        let host = format!("mx2.{domain}");
        lab.good_domain(domain, |plan| {
            plan.mx_hosts = 1;
            plan.foreign_mx = vec![host.clone()];
        });
        let site = Self::at(lab, domain, host, lab.smtp_place(), Keys { kinds: kind.keys, reader: kind.reader });
        site.install(|leaf| leaf);
        site
    }

    /// Key and chain for each kind of key, as files.
    pub(super) fn files(&self) -> Vec<(PathBuf, PathBuf)> {
        let file = |key: Key, name: &str| self.folder().join(format!("{key:?}.{name}"));
        self.role.kinds.iter().map(|key| (file(*key, "privkey.pem"), file(*key, "fullchain.pem"))).collect()
    }

    /// A healthy leaf, changed so, is issued for each kind of key and put where the server looks; the server is not told.
    pub(super) fn install(&self, change: fn(Leaf) -> Leaf) {
        self.install_chains(change, |chain| chain);
    }

    /// The same with a change to what is sent.
    pub(super) fn install_chains(&self, leaf: fn(Leaf) -> Leaf, chain: fn(Chain) -> Chain) {
        for (key, (key_file, chain_file)) in self.role.kinds.iter().zip(self.files()) {
            let issued = chain(self.lab.ca().issue(&leaf(Leaf::for_host(&self.host).key(*key))));
            self.put(&key_file, issued.key_pem(), 0o600);
            self.put(&chain_file, &issued.pem(), 0o644);
        }
    }

    /// Writes a file beside and moves it into place, as `install` and ACME clients do.
    fn put(&self, file: &Path, text: &str, mode: u32) {
        let new = file.with_extension("new");
        fs::write(&new, text).expect("written");
        fs::set_permissions(&new, fs::Permissions::from_mode(mode)).expect("an own file");
        if let Some(reader) = self.role.reader.filter(|_| is_root()) {
            chown(&new, Some(reader), Some(reader)).expect("root may");
        }
        fs::rename(&new, file).expect("moved");
    }

    /// `stsready mx DOMAIN`.
    pub(super) fn mx(&self, more: &[&str]) -> Run {
        stsready(["mx", self.domain.as_str(), "--format", "json"]).at(self.lab).args(more).run()
    }

    /// Asserts that exactly these are shown, as soon as the server has done what it was told.
    pub(super) fn comes_to_show(&self, due: &[&str]) {
        shows(&settled(|| self.mx(&[]), |run| shown(run).iter().eq(due)), due);
    }

    /// `stsready mx DOMAIN --cert-file`, with every chain that is on the disk.
    fn mx_beside_disk(&self) -> Run {
        let files: Vec<String> =
            self.files().into_iter().flat_map(|(_, chain)| ["--cert-file".into(), chain.display().to_string()]).collect();
        self.mx(&files.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The kinds of keys that `stsready expiry` has seen a certificate of.
    fn key_types(&self) -> BTreeSet<String> {
        let run = stsready(["expiry", "--host", &self.host, "--format", "json"]).at(self.lab).run();
        let told = run.json();
        let entries = told["entries"].as_array().unwrap_or_else(|| panic!("no entries{run}"));
        entries.iter().filter_map(|entry| entry["key_type"].as_str().map(str::to_owned)).collect()
    }
}

/// Everything that is shown, as `weight code`.
pub(super) fn shown(run: &Run) -> BTreeSet<String> {
    run.assessment().findings().iter().map(|finding| format!("{} {}", finding.weight(), finding.code())).collect()
}

/// Asserts that exactly these are shown.
#[track_caller]
pub(super) fn shows(run: &Run, due: &[&str]) {
    assert_eq!(shown(run), due.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), "{run}");
}

/// Healthy; then what can be wrong with the certificates of any mail server, and the way out of it that the pages name.
pub(super) fn walk(kind: &Kind) {
    let lab = Lab::start_blocking().expect("a lab");

    let site = Site::new(&lab, "healthy.test", kind);
    let Some(server) = kind.serve(&site) else { return };
    shows(&site.mx_beside_disk().exits(0), &[]);
    assert_eq!(site.key_types().len(), kind.keys.len(), "each kind of key is seen: {:?}", site.key_types());
    drop(server);

    let site = Site::new(&lab, "without.test", kind);
    (kind.configure)(&site, false);
    let server = (kind.start)(&site).expect("it started before");
    shows(&site.mx(&[]).exits(1), &["blocker starttls-missing"]);
    (kind.configure)(&site, true);
    let server = (kind.apply)(&site, server);
    site.comes_to_show(&[]);
    drop(server);

    for (domain, leaf, chain, due) in FAULTS {
        let site = Site::new(&lab, domain, kind);
        site.install_chains(leaf, chain);
        let server = kind.serve(&site).expect("it started before");
        shows(&site.mx(&[]).exits(1), &[due]);
        site.install(|leaf| leaf);
        let server = kind.reloaded(&site, server);
        shows(&site.mx_beside_disk().exits(0), &[]);
        drop(server);
    }

    let site = Site::new(&lab, "renewed.test", kind);
    let server = kind.serve(&site).expect("it started before");
    // It has served the first one: what it caches, it has in its cache now.
    shows(&site.mx_beside_disk().exits(0), &[]);
    site.install(|leaf| leaf.valid(Validity::days(-1, 89)));
    if kind.renewed == Renewed::Told {
        shows(&site.mx_beside_disk().exits(0), &["warning cert-on-disk-differs"]);
    }
    let server = kind.reloaded(&site, server);
    shows(&site.mx_beside_disk().exits(0), &[]);
    drop(server);
}

type Fault = (&'static str, fn(Leaf) -> Leaf, fn(Chain) -> Chain, &'static str);

/// Certificates that are wrong, and what is said of them.
const FAULTS: [Fault; 3] = [
    ("wrong-name.test", |leaf| leaf.names(&["mail.wrong-name.test"]), |chain| chain, "blocker cert-name-mismatch"),
    ("expired.test", |leaf| leaf.expires_in(-2), |chain| chain, "blocker cert-expired"),
    ("chain.test", |leaf| leaf, Chain::without_intermediates, "blocker cert-chain-incomplete"),
];
