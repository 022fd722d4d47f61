//! Files that are written whole or not at all: beside the file first, then in its place. Whoever reads it meanwhile reads the old one.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Failure;

/// A file in the making. Unless it is finished, what was there before stays.
pub(super) struct Whole {
    path: PathBuf,
    to: To,
}

enum To {
    Beside(BufWriter<NamedTempFile>),
    /// A device or a pipe has nothing that could be kept.
    Straight(BufWriter<File>),
}

impl Whole {
    /// Begins it. A symbolic link stays one: the file that it leads to is written.
    pub(super) fn begin(path: &Path) -> Result<Self, Failure> {
        let begun = || {
            let path = match fs::canonicalize(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
                known => known?,
            };
            let there = match fs::metadata(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                known => Some(known?),
            };
            let to = match &there {
                Some(there) if there.is_dir() => return Err(io::Error::from(io::ErrorKind::IsADirectory)),
                Some(there) if !there.is_file() => To::Straight(BufWriter::new(File::options().write(true).open(&path)?)),
                _ => {
                    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                    // What others read, such as a collector of metrics, is made readable as far as the user's mask allows.
                    let beside =
                        tempfile::Builder::new().prefix(".stsready-").permissions(Permissions::from_mode(0o666)).tempfile_in(folder)?;
                    if let Some(there) = there {
                        beside.as_file().set_permissions(there.permissions())?;
                    }
                    To::Beside(BufWriter::new(beside))
                }
            };
            Ok((path, to))
        };
        let (path, to) = begun().map_err(|error| Failure::Write { path: path.to_owned(), error })?;
        Ok(Self { path, to })
    }

    /// Whether it could be begun. A pipe is left alone: whoever reads from it would take a first look for the end.
    pub(super) fn can_be(path: &Path) -> Result<(), Failure> {
        let is_special = fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir());
        if is_special { Ok(()) } else { Self::begin(path).map(drop) }
    }

    /// Puts it in its place, safe from a crash.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let Self { path, to } = self;
        let finished = match to {
            To::Straight(mut file) => file.flush(),
            To::Beside(file) => file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| {
                file.as_file().sync_all()?;
                file.persist(&path).map(drop).map_err(|error| error.error)
            }),
        };
        finished.map_err(|error| Failure::Write { path, error })
    }

    /// What failed while it was written.
    pub(super) fn failed(&self, error: io::Error) -> Failure {
        Failure::Write { path: self.path.clone(), error }
    }
}

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Beside(file) => file.write(bytes),
            To::Straight(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Beside(file) => file.flush(),
            To::Straight(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("a file").permissions().mode() & 0o777
    }

    #[test]
    fn until_it_is_finished_the_old_file_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.json");
        fs::write(&path, "old").expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("set");
        let mut whole = Whole::begin(&path).expect("begun");
        whole.write_all(b"half").expect("written");
        drop(whole);
        assert_eq!(fs::read_to_string(&path).expect("read"), "old");
        assert_eq!(fs::read_dir(folder.path()).expect("read").count(), 1);
        let mut whole = Whole::begin(&path).expect("begun");
        whole.write_all(b"new").expect("written");
        whole.finish().expect("finished");
        assert_eq!((fs::read_to_string(&path).expect("read"), mode(&path)), ("new".to_owned(), 0o640));
        assert_eq!(fs::read_dir(folder.path()).expect("read").count(), 1);
    }

    #[test]
    fn links_stay_and_devices_are_written_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let (link, target) = (folder.path().join("latest"), folder.path().join("1.json"));
        fs::write(&target, "old").expect("written");
        symlink("1.json", &link).expect("linked");
        let mut whole = Whole::begin(&link).expect("begun");
        whole.write_all(b"new").expect("written");
        whole.finish().expect("finished");
        assert_eq!(fs::read_to_string(&target).expect("read"), "new");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert!(Whole::can_be(Path::new("/dev/null")).is_ok() && Whole::can_be(folder.path()).is_err());
        let mut null = Whole::begin(Path::new("/dev/null")).expect("begun");
        null.write_all(b"x").expect("written");
        null.finish().expect("finished");
        for wrong in [folder.path().to_owned(), folder.path().join("no/a.json"), folder.path().join("1.json/a")] {
            assert!(matches!(Whole::begin(&wrong), Err(Failure::Write { path, .. }) if path == wrong));
        }
    }
}
