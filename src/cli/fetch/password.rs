//! Where a password comes from: a command, a file or an environment variable. Never an argument, and never shown.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::archive::imap::Secret;

/// A password is no longer than this.
const CAP: u64 = 64 << 10;
/// Someone may have to unlock it first.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The first line that this command prints, run by `sh -c`.
    Command(String),
    /// The first line of this file.
    File(PathBuf),
    /// This environment variable.
    Environment(String),
}

impl Default for Source {
    fn default() -> Self {
        Self::Environment("STSREADY_IMAP_PASSWORD".to_owned())
    }
}

/// The password, with a warning where others can read it, too; or why there is none.
pub(super) fn obtain(source: &Source) -> Result<(Secret, Option<String>), String> {
    let (bytes, warning) = match source {
        Source::Command(command) => (of_command(command)?, None),
        Source::File(path) => of_file(path)?,
        Source::Environment(name) => (of_environment(name)?, None),
    };
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let password = std::str::from_utf8(line).map_err(|_| "the password is not UTF-8".to_owned())?;
    if password.is_empty() {
        let from = match source {
            Source::Command(_) => "the password command printed nothing",
            Source::File(_) => "the password file begins with an empty line, or is empty",
            Source::Environment(_) => "the environment variable for the password is empty",
        };
        return Err(from.to_owned());
    }
    Ok((Secret::new(password.to_owned()), warning))
}

fn of_environment(name: &str) -> Result<Vec<u8>, String> {
    let missing = || {
        format!(
            "there is no password: give it with --password-command, --password-file or --password-env (the environment variable {name} is \
             not set)"
        )
    };
    std::env::var_os(name).map(std::ffi::OsString::into_encoded_bytes).ok_or_else(missing)
}

fn of_file(path: &Path) -> Result<(Vec<u8>, Option<String>), String> {
    let wrong = |error: std::io::Error| format!("cannot read the password file {}: {error}", path.display());
    let file = std::fs::File::open(path).map_err(wrong)?;
    let warning = open_to_others(&file).then(|| {
        let path = path.display();
        format!("warning: others on this machine may read the password file {path}; chmod 600 {path} keeps it to you")
    });
    let mut bytes = Vec::new();
    file.take(CAP).read_to_end(&mut bytes).map_err(wrong)?;
    Ok((bytes, warning))
}

#[cfg(unix)]
fn open_to_others(file: &std::fs::File) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn open_to_others(_: &std::fs::File) -> bool {
    false
}

/// What the command prints. Its error stream is the user's: it may ask there.
fn of_command(command: &str) -> Result<Vec<u8>, String> {
    let wrong = |error: std::io::Error| format!("cannot run the password command: {error}");
    let mut child = Command::new("sh").arg("-c").arg(command).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(wrong)?;
    let Some(mut output) = child.stdout.take() else { return Err("the password command has no output".to_owned()) };
    let (sender, printed) = mpsc::channel();
    // Read elsewhere: what the command leaves running may hold its output open.
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = output.by_ref().take(CAP).read_to_end(&mut bytes).map(|_| bytes);
        // Nobody waits any more after the patience has ended.
        let _ = sender.send(read);
    });
    let bytes = match printed.recv_timeout(PATIENCE) {
        Ok(read) => read.map_err(wrong)?,
        Err(_) => {
            end(&mut child);
            return Err(format!("the password command did not end within {} s", PATIENCE.as_secs()));
        }
    };
    let status = child.wait().map_err(wrong)?;
    if status.success() { Ok(bytes) } else { Err(format!("the password command failed ({status})")) }
}

fn end(child: &mut Child) {
    // It may have ended by itself just now.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &Source) -> Result<Secret, String> {
        obtain(source).map(|(password, _)| password)
    }

    #[test]
    fn the_first_line_of_what_a_command_prints_is_the_password() {
        let run = |command: &str| of(&Source::Command(command.to_owned()));
        assert_eq!(run("printf 'a b\\r\\nnotes\\n'"), Ok(Secret::new("a b".to_owned())));
        assert_eq!(run("printf x"), Ok(Secret::new("x".to_owned())));
        for (command, word) in [("true", "printed nothing"), ("echo secret; exit 3", "exit status: 3"), ("printf '\\377'", "UTF-8")] {
            let why = run(command).expect_err(command);
            assert!(why.contains(word) && !why.contains("secret"), "{command}: {why}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_warned_of() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("password");
        std::fs::write(&path, "secret\nuser\n").expect("written");
        for (mode, warns) in [(0o600, false), (0o640, true), (0o604, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
            let (password, warning) = obtain(&Source::File(path.clone())).expect("readable");
            assert_eq!(password, Secret::new("secret".to_owned()));
            assert_eq!(warning.is_some(), warns, "{mode:o}");
            assert!(!warning.unwrap_or_default().contains("secret"));
        }
        assert!(of(&Source::File(folder.path().join("none"))).is_err_and(|why| why.contains("none")));
    }

    #[test]
    fn a_variable_that_is_not_set_is_named_with_the_other_ways() {
        let why = of(&Source::Environment("STSREADY_NO_SUCH_VARIABLE".to_owned())).expect_err("not set");
        assert!(why.contains("STSREADY_NO_SUCH_VARIABLE") && why.contains("--password-file"), "{why}");
    }
}
