//! Programs of the machine that the tests start, and that end with them.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A machine that does much else starts a server in seconds.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// Where a program is that Debian has in `package`; `None` where it is not installed and need not be.
pub(super) fn program(name: &str, package: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        left_out(&format!("{name} is not installed (Debian: {package})"));
    }
    found
}

/// The same for a server that gives up root by itself, and so wants to have it.
pub(super) fn program_of_root(name: &str, package: &str) -> Option<PathBuf> {
    if !is_root() {
        left_out(&format!("{name} is started by root only"));
        return None;
    }
    program(name, package)
}

/// Says that something is not tested here; fails where it must be.
#[expect(clippy::print_stderr, reason = "what is left out must be said")]
fn left_out(why: &str) {
    let required = std::env::var("STSREADY_REAL").is_ok_and(|value| value == "required");
    assert!(!required, "STSREADY_REAL=required, and {why}");
    eprintln!("left out: {why}");
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A command whose process has users, state folders and process numbers apart from the machine's: what its package would have made is
/// made for it alone. `None` where the kernel does not let us.
pub(super) fn apart(folder: &Path, users: &[(&str, u32)], server: &Path) -> Option<Command> {
    let allowed = Command::new("unshare").args(["--mount", "--pid", "--fork", "true"]).stderr(Stdio::null()).status();
    if !allowed.is_ok_and(|status| status.success()) {
        left_out("namespaces are not allowed here");
        return None;
    }
    let lines = |file: &str, line: &dyn Fn(&str, u32) -> String| {
        let known = fs::read_to_string(file).expect("every machine has it");
        let kept = known.lines().filter(|line| !users.iter().any(|(name, _)| line.split(':').next() == Some(name)));
        let own: String = users.iter().map(|(name, id)| line(name, *id)).collect();
        kept.map(|line| format!("{line}\n")).collect::<String>() + &own
    };
    let users_file = lines("/etc/passwd", &|name, id| format!("{name}:x:{id}:{id}::/var/lib/empty:/bin/false\n"));
    fs::write(folder.join("passwd"), users_file).expect("written");
    fs::write(folder.join("group"), lines("/etc/group", &|name, id| format!("{name}:x:{id}:\n"))).expect("written");
    let script = "set -e
        for state in /run /var/spool /var/lib /var/log; do mount -t tmpfs -o mode=755 tmpfs $state; done
        mkdir -p /var/lib/empty /var/lib/opensmtpd/empty
        mount --bind \"$0/passwd\" /etc/passwd
        mount --bind \"$0/group\" /etc/group
        exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script]).args([folder, server]);
    Some(command)
}

/// A server that answers. It ends when it is dropped.
pub(super) struct Running {
    child: Child,
    stop: Option<Command>,
}

impl Running {
    /// Starts it, and waits until it accepts connections at `place`; what it says goes to `folder/said`.
    pub(super) fn start(mut command: Command, folder: &Path, place: SocketAddr) -> Self {
        let said = fs::File::create(folder.join("said")).expect("an own folder");
        command.stdin(Stdio::null()).stdout(said.try_clone().expect("a file")).stderr(said);
        let mut running = Self { child: command.spawn().expect("it starts"), stop: None };
        let begun = Instant::now();
        while TcpStream::connect(place).is_err() {
            let ended = running.child.try_wait().expect("a child can be waited for");
            let told = || fs::read_to_string(folder.join("said")).unwrap_or_default();
            assert!(ended.is_none() && begun.elapsed() < PATIENCE, "{command:?} does not answer at {place} ({ended:?}):\n{}", told());
            std::thread::sleep(POLL);
        }
        running
    }

    /// It is ended by this command, as it does not end its other processes when it is asked to end by a signal.
    pub(super) fn stopped_by(mut self, command: Command) -> Self {
        self.stop = Some(command);
        self
    }

    /// Sends the server itself a signal.
    pub(super) fn signal(&self, name: &str) {
        let own = self.child.id();
        // Apart from the machine's, the server is the one child of what set it apart.
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        let is_wrapper = fs::read_to_string(format!("/proc/{own}/comm")).is_ok_and(|name| name.trim() == "unshare");
        let server = if is_wrapper { children.trim().to_owned() } else { own.to_string() };
        run(Command::new("kill").args([&format!("-{name}"), &server]));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        match &mut self.stop {
            Some(stop) => drop(stop.output()),
            None => drop(Command::new("kill").arg(self.child.id().to_string()).output()),
        }
        let begun = Instant::now();
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if begun.elapsed() > Duration::from_secs(5) {
                let _ = self.child.kill();
            }
            std::thread::sleep(POLL);
        }
    }
}

/// Runs a command that must succeed; what it said.
#[track_caller]
pub(super) fn run(command: &mut Command) -> String {
    let done = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?} fails:\n{said}");
    said
}

/// Tries until `done`: a server that was told to reload does so a moment later.
pub(super) fn soon(mut done: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        if done() {
            return true;
        }
        if begun.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(POLL);
    }
}
