//! The blocks of configuration on the pages, each given to the checker of the server that it is for.
//!
//! A fenced block says what it is: `postfix`, `exim`, `opensmtpd`, `nginx`, `apache`, `caddy`. What it leaves open (paths, names, the rest
//! of a configuration around it) is filled in; the lines themselves are the page's.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::exim::EXIM_USER;
use super::opensmtpd::OPENSMTPD_USERS;
use super::process::{apart, program, program_of_root};
use super::{apache, nginx, site};
use crate::lab::{Key, Lab, Leaf};

const HOST: &str = "mta-sts.example.com";
const LANGUAGES: [&str; 6] = ["postfix", "exim", "opensmtpd", "nginx", "apache", "caddy"];

/// A fenced block of a page.
pub(super) struct Block {
    /// The page and the line that it begins at.
    pub(super) place: String,
    /// The words behind the fence.
    pub(super) language: String,
    /// Its lines, with placeholders filled in.
    pub(super) text: String,
}

/// Every fenced block of a page below `playbooks/`.
pub(super) fn blocks_of(page: &str) -> Vec<Block> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks").join(page)).expect("a page");
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let body: String =
            lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```").fold(String::new(), |mut body, line| {
                let _ = writeln!(body, "{line}");
                body
            });
        let text = body.replace("{{policy.host}}", HOST).replace("{{mx.first}}", "mx1.example.com");
        blocks.push(Block { place: format!("playbooks/{page}, line {}", number + 1), language: language.trim().into(), text });
    }
    blocks
}

/// The blocks of every page.
fn all_blocks() -> Vec<Block> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks");
    let pages = ["", "rules"].into_iter().flat_map(|folder| {
        let entries = fs::read_dir(root.join(folder)).expect("a folder of pages");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        names.filter(|name| Path::new(name).extension().is_some_and(|end| end == "md")).map(move |name| Path::new(folder).join(name))
    });
    pages.flat_map(|page| blocks_of(&page.to_string_lossy())).collect()
}

/// The blocks in one language, with what stands behind it; there are some.
fn written_in(language: &str) -> Vec<Block> {
    let is = |block: &Block| block.language.split(' ').next() == Some(language);
    let blocks: Vec<Block> = all_blocks().into_iter().filter(is).collect();
    assert!(!blocks.is_empty(), "no page has a block of {language}");
    blocks
}

/// A folder with a certificate and its key, for whatever paths a block names.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let lab = Lab::start_blocking().expect("a lab");
        let chain = lab.ca().issue(&Leaf::for_host(HOST).key(Key::P256));
        let folder = site::folder();
        let bench = Self { folder };
        bench.write("fullchain.pem", &chain.pem());
        bench.write("privkey.pem", chain.key_pem());
        fs::set_permissions(bench.folder.path().join("privkey.pem"), fs::Permissions::from_mode(0o600)).expect("an own file");
        fs::create_dir_all(bench.folder.path().join("web")).expect("an own folder");
        bench
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("an own folder");
    }

    /// The block with the paths that it names led here.
    fn localized(&self, text: &str) -> String {
        let root = self.folder.path().display();
        let mut lines = String::new();
        for line in text.lines() {
            let words = line.split_inclusive([' ', '"', ',', ';']).map(|word| {
                let path = word.trim_end_matches([' ', '"', ',', ';']);
                let behind = &word[path.len()..];
                let is_file = [".pem", ".key"].iter().any(|end| path.ends_with(end)) && !path.contains('$');
                match path {
                    _ if path.starts_with('/') && is_file && path.contains("key") => format!("{root}/privkey.pem{behind}"),
                    _ if path.starts_with('/') && is_file => format!("{root}/fullchain.pem{behind}"),
                    "/srv/mta-sts" | "/var/www/mta-sts" => format!("{root}/web{behind}"),
                    _ => word.to_owned(),
                }
            });
            let _ = writeln!(lines, "{}", words.collect::<String>());
        }
        lines
    }

    /// Runs a checker; what it minds, if anything.
    fn minds(&self, command: &mut Command) -> Option<String> {
        let done = command.env("HOME", self.folder.path()).current_dir(self.folder.path()).output().expect("a checker runs");
        let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        (!done.status.success()).then_some(said)
    }
}

/// Asserts that `check` minds none of the blocks.
fn accepted(language: &str, check: impl Fn(&Bench, &Block, &str) -> Option<String>) {
    let bench = Bench::new();
    let mut told = String::new();
    for block in written_in(language) {
        let text = bench.localized(&block.text);
        if let Some(minds) = check(&bench, &block, &text) {
            let _ = writeln!(told, "== {}\n{text}-- {minds}", block.place);
        }
    }
    assert!(told.is_empty(), "{told}");
}

/// What looks like a server's configuration says which, so that it is held to that.
#[test]
fn configuration_says_whose_it_is() {
    let hints = [
        "smtpd_tls_",
        "tls_advertise",
        "tls_certificate",
        "tls_require",
        "pki ",
        "server {",
        "location ",
        "ssl_certificate",
        "<VirtualHost",
        "file_server",
        "listen ",
    ];
    for block in all_blocks() {
        let named = block.language.split(' ').next().is_some_and(|word| LANGUAGES.contains(&word));
        let looks = |line: &str| hints.iter().any(|hint| line.trim_start().starts_with(hint)) || line.contains(" file_server");
        let looks_so = block.text.lines().any(looks);
        assert!(named || !looks_so, "{}: a block of configuration without the name of its server:\n{}", block.place, block.text);
    }
}

#[test]
fn nginx_takes_its_blocks() {
    let Some(nginx) = program("nginx", "nginx-light") else { return };
    accepted("nginx", |bench, _, text| {
        let listening = text.replace("listen 443", "listen unix:443").replace("listen [::]:443", "listen unix:443.6");
        let listening = listening.replace("listen 80", "listen unix:80").replace("listen [::]:80", "listen unix:80.6");
        let sites = if listening.contains("server {") { listening } else { format!("server {{\n{}\n{listening}}}\n", nginx::CERTIFICATE) };
        bench.write("nginx.conf", &nginx::configuration(bench.folder.path(), &bench.localized(&sites)));
        bench.minds(Command::new(&nginx).args(["-t", "-q", "-p"]).arg(bench.folder.path()).args(["-e", "stderr", "-c", "nginx.conf"]))
    });
}

#[test]
fn apache_takes_its_blocks() {
    let Some(apache) = program("apache2", "apache2") else { return };
    accepted("apache", |bench, _, text| {
        bench.write("apache.conf", &apache::configuration(bench.folder.path(), text));
        bench.minds(Command::new(&apache).args(["-t", "-f"]).arg(bench.folder.path().join("apache.conf")))
    });
}

#[test]
fn caddy_takes_its_blocks() {
    let Some(caddy) = program("caddy", "caddy") else { return };
    accepted("caddy", |bench, _, text| {
        let site = if text.contains('{') { text.to_owned() } else { format!("{HOST} {{\n{text}}}\n") };
        bench.write("Caddyfile", &site);
        bench.minds(Command::new(&caddy).args(["validate", "--adapter", "caddyfile", "--config", "Caddyfile"]))
    });
}

#[test]
fn postfix_takes_its_blocks() {
    let Some(postconf) = program("postconf", "postfix") else { return };
    accepted("postfix", |bench, _, text| {
        bench.write("main.cf", &format!("compatibility_level = 3.6\n{text}"));
        bench.write("master.cf", "smtp inet n - n - - smtpd\n");
        let done = Command::new(&postconf).arg("-c").arg(bench.folder.path()).arg("-n").output().expect("it runs");
        // A name that it does not know is a warning.
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        (!done.status.success() || !said.is_empty()).then_some(said)
    });
}

#[test]
fn exim_takes_its_blocks() {
    let Some(exim) = program_of_root("exim4", "exim4-daemon-light") else { return };
    accepted("exim", |bench, block, text| {
        let mut call = apart(bench.folder.path(), &[EXIM_USER], &exim)?;
        bench.write("exim.conf", &format!("{text}begin acl\nbegin routers\nbegin transports\nbegin retry\n"));
        let minds = bench.minds(call.arg("-C").arg(bench.folder.path().join("exim.conf")).arg("-bV"));
        // A block may be for one of the two TLS libraries that Exim is built with.
        let library = block.language.split(' ').nth(1);
        let mut version = apart(bench.folder.path(), &[EXIM_USER], &exim)?;
        let built = String::from_utf8_lossy(&version.arg("-bV").output().expect("it runs").stdout).into_owned();
        minds.filter(|_| library.is_none_or(|library| built.contains(library)))
    });
}

#[test]
fn opensmtpd_takes_its_blocks() {
    let Some(smtpd) = program_of_root("smtpd", "opensmtpd") else { return };
    accepted("opensmtpd", |bench, _, text| {
        bench.write("smtpd.conf", &format!("{text}action \"local\" maildir\nmatch from any for domain \"example.com\" action \"local\"\n"));
        bench.minds(apart(bench.folder.path(), &OPENSMTPD_USERS, &smtpd)?.args(["-n", "-f"]).arg(bench.folder.path().join("smtpd.conf")))
    });
}
