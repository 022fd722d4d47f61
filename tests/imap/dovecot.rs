//! Dovecot, started by a test: a configuration, folders and a port of its own, all of it below a temporary folder.
//!
//! Where it is not installed the tests are left out with a line that says so, unless `STSREADY_DOVECOT=required`.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

/// Mail is never read by root: then it belongs to this user.
const NOBODY: u32 = 65_534;

/// A running server with one user, `tlsrpt`, whose password is `correct`.
pub(super) struct Dovecot {
    folder: TempDir,
    port: u16,
    master: Child,
}

impl Dovecot {
    /// Starts it; `None` where there is none.
    #[expect(clippy::print_stderr, reason = "what is left out must be said")]
    pub(super) fn start() -> Option<Self> {
        if Command::new("dovecot").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            let required = std::env::var("STSREADY_DOVECOT").is_ok_and(|value| value == "required");
            assert!(!required, "STSREADY_DOVECOT=required, and there is no dovecot");
            eprintln!("left out: Dovecot is not installed (Debian: dovecot-imapd)");
            return None;
        }
        // A port that is free now may be taken a moment later.
        (0..5).find_map(|_| Self::try_start()).or_else(|| panic!("Dovecot does not start"))
    }

    fn try_start() -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("dv").tempdir().expect("a folder");
        let root = folder.path();
        fs::set_permissions(root, fs::Permissions::from_mode(0o755)).expect("an own folder");
        certificates(root);
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        fs::write(root.join("dovecot.conf"), configuration(root, port)).expect("written");
        let mail = root.join("mail");
        for folder in ["cur", "new", "tmp"] {
            fs::create_dir_all(mail.join(folder)).expect("made");
        }
        let dovecot = Self {
            port,
            master: Command::new("dovecot")
                .args(["-F", "-c"])
                .arg(root.join("dovecot.conf"))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts"),
            folder,
        };
        own(&mail);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if begun.elapsed() > Duration::from_secs(10) {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(dovecot)
    }

    /// The address of a folder, percent-encoded as given.
    pub(super) fn url(&self, folder: &str) -> String {
        format!("imaps://tlsrpt@localhost:{}/{folder}", self.port)
    }

    /// The CA that vouches for it.
    pub(super) fn ca_file(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }

    /// Puts mails into a folder, as a delivery agent does; `INBOX`, or the name of another in modified UTF-7.
    pub(super) fn deliver(&self, folder: &str, mails: impl IntoIterator<Item = String>) {
        let maildir = self.maildir(folder);
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(maildir.join(part)).expect("made");
        }
        own(&maildir);
        for (number, mail) in mails.into_iter().enumerate() {
            let name = format!("{}.{:09}_{number:06}.lab", seconds(), nanos());
            let written = maildir.join("tmp").join(&name);
            fs::write(&written, mail).expect("written");
            own(&written);
            fs::rename(&written, maildir.join("new").join(&name)).expect("delivered");
        }
    }

    /// The flags of the messages of a folder, as Maildir writes them: `S` is seen.
    pub(super) fn flags(&self, folder: &str) -> Vec<String> {
        let entries = ["cur", "new"].map(|part| fs::read_dir(self.maildir(folder).join(part)));
        let names =
            entries.into_iter().flatten().flatten().map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        names.map(|name| name.split_once(":2,").map(|(_, flags)| flags.to_owned()).unwrap_or_default()).collect()
    }

    /// Gives a folder another UIDVALIDITY.
    pub(super) fn renumber(&self, folder: &str, uid_validity: u32) {
        self.doveadm(&["mailbox", "update", "-u", "tlsrpt", "--uid-validity", &uid_validity.to_string(), folder]);
    }

    /// Ends all connections to it.
    pub(super) fn kick(&self) {
        self.doveadm(&["kick", "tlsrpt"]);
    }

    fn doveadm(&self, args: &[&str]) {
        let done = Command::new("doveadm").arg("-c").arg(self.folder.path().join("dovecot.conf")).args(args).output().expect("it runs");
        assert!(done.status.success(), "doveadm {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn maildir(&self, folder: &str) -> PathBuf {
        let mail = self.folder.path().join("mail");
        if folder == "INBOX" { mail } else { mail.join(format!(".{folder}")) }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Asked first, so that its other processes end with it.
        let _ = Command::new("doveadm").arg("-c").arg(self.folder.path().join("dovecot.conf")).arg("stop").output();
        let _ = self.master.kill();
        let _ = self.master.wait();
    }
}

/// Gives it to the user whose mail it is.
fn own(path: &Path) {
    if !is_root() {
        return;
    }
    let give = |path: &Path| chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
    give(path);
    if path.is_dir() {
        let inside = fs::read_dir(path).expect("a folder").flatten().map(|entry| entry.path());
        inside.filter(|path| path.is_dir()).for_each(|path| give(&path));
    }
}

fn configuration(root: &Path, port: u16) -> String {
    let root = root.display();
    // As root it has its own users for everything; as anybody else it is one user for all.
    let users = if is_root() {
        format!(
            "first_valid_uid = 1\nfirst_valid_gid = 1\nuserdb {{\n  driver = static\n  args = uid={NOBODY} gid={NOBODY} home={root}/mail\n}}\n"
        )
    } else {
        let user = std::env::var("USER").expect("a user has a name");
        format!(
            "default_login_user = {user}\ndefault_internal_user = {user}\nuserdb {{\n  driver = static\n  args = uid={user} gid={user} home={root}/mail\n}}\n"
        )
    };
    format!(
        "protocols = imap\nlisten = 127.0.0.1\nbase_dir = {root}/run\nstate_dir = {root}/state\nlog_path = {root}/log\n\
         ssl = required\nssl_cert = <{root}/chain.pem\nssl_key = <{root}/key.pem\nauth_failure_delay = 0\n\
         mail_location = maildir:{root}/mail\nmaildir_stat_dirs = yes\nmail_max_userip_connections = 50\n\
         service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = 0\n  }}\n  inet_listener imaps {{\n    port = {port}\n    ssl = yes\n  }}\n}}\n\
         service anvil {{\n  chroot =\n}}\n\
         passdb {{\n  driver = static\n  args = password=correct\n}}\n{users}"
    )
}

/// A CA, and a certificate of it for `localhost`.
fn certificates(root: &Path) {
    let ca_key = KeyPair::generate().expect("a key");
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, "Lab Mail CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca_pem = ca.self_signed(&ca_key).expect("a CA").pem();
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let leaf = leaf.signed_by(&key, &Issuer::new(ca, ca_key)).expect("a certificate");
    fs::write(root.join("ca.pem"), ca_pem).expect("written");
    fs::write(root.join("chain.pem"), leaf.pem()).expect("written");
    fs::write(root.join("key.pem"), key.serialize_pem()).expect("written");
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs()
}

fn nanos() -> u32 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").subsec_nanos()
}
