//! Where a bundle goes: a folder, which takes its place whole or not at all, or one packed file, whose bytes depend on nothing but what is in
//! it.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tempfile::TempDir;

use super::{ASSESSMENT, FACTS, Files, MANIFEST, PLAN, PLAN_TICKET, REPORT, SUMS, TICKET};
use crate::cli::Failure;
use crate::cli::whole::Whole;
use crate::wire::{gzip, tar};

/// The folder inside a packed bundle: nobody who unpacks it finds files all over the place.
const INSIDE: &str = "stsready-bundle";

/// A place that can be written to.
pub(super) enum Target {
    /// `DIR`: made beside it first.
    Folder { path: PathBuf, beside: TempDir },
    /// `FILE.tar.gz`.
    Packed(Whole),
}

impl Target {
    /// Finds out whether a bundle can be written there.
    pub(super) fn begin(path: &Path) -> Result<Self, Failure> {
        let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase());
        let Some(name) = name else {
            return Err(Failure::Usage(format!("--bundle {}: give the folder a name of its own, or FILE.tar.gz", path.display())));
        };
        if [".tar.gz", ".tgz"].iter().any(|ending| name.ends_with(ending)) {
            return Whole::begin(path).map(Self::Packed).map_err(|failure| Failure::Usage(failure.to_string()));
        }
        free(path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let beside = tempfile::Builder::new().prefix(".stsready-").permissions(Permissions::from_mode(0o777)).tempdir_in(folder);
        let beside = beside.map_err(|error| Failure::Usage(Failure::Write { path: path.to_owned(), error }.to_string()))?;
        Ok(Self::Folder { path: path.to_owned(), beside })
    }

    /// Writes all files; `newest` is their time where they are packed.
    pub(super) fn write(self, files: &Files, newest: Timestamp) -> Result<(), Failure> {
        match self {
            Self::Folder { path, beside } => {
                let put = fill(beside.path(), files).and_then(|()| swap(&path, beside));
                put.map_err(|error| Failure::Write { path, error })
            }
            Self::Packed(mut whole) => {
                let files: Vec<(String, &[u8])> = files.iter().map(|(name, bytes)| (format!("{INSIDE}/{name}"), &**bytes)).collect();
                let mtime = u64::try_from(newest.as_second()).unwrap_or(0);
                let packed = tar::pack(files.iter().map(|(name, bytes)| (&**name, *bytes)), mtime);
                let packed = packed.map_err(|error| Failure::Internal(error.to_string()))?;
                let written = gzip::pack(&packed).and_then(|packed| whole.write_all(&packed));
                written.map_err(|error| whole.failed(error))?;
                whole.finish()
            }
        }
    }
}

/// Refuses to take the place of anything but an older bundle, or nothing.
fn free(path: &Path) -> Result<(), Failure> {
    let refused = |why: &str| Failure::Usage(format!("--bundle {}: {why}; name a new folder, or FILE.tar.gz", path.display()));
    let there = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        known => known.map_err(|error| refused(&error.to_string()))?,
    };
    if !there.is_dir() {
        return Err(refused("it is there, and no folder"));
    }
    for entry in fs::read_dir(path).map_err(|error| refused(&error.to_string()))? {
        let entry = entry.map_err(|error| refused(&error.to_string()))?;
        let name = entry.file_name();
        let ours = [MANIFEST, SUMS, FACTS, ASSESSMENT, TICKET, REPORT, PLAN_TICKET, PLAN].iter().any(|ours| name == *ours);
        if !ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            return Err(refused(&format!("it holds {}, which is no part of a bundle", name.display())));
        }
    }
    Ok(())
}

fn fill(folder: &Path, files: &Files) -> io::Result<()> {
    for (name, bytes) in files {
        let mut file = File::create_new(folder.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    File::open(folder)?.sync_all()
}

/// Puts the new folder in its place; an older bundle goes aside first, and comes back if that fails.
fn swap(path: &Path, beside: TempDir) -> io::Result<()> {
    let old = beside.path().with_extension("old");
    match fs::rename(path, &old) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        moved => {
            if let Err(error) = fs::rename(beside.path(), path) {
                if moved.is_ok() {
                    // If it cannot come back either, the first error is the one to tell; it stays beside.
                    let _ = fs::rename(&old, path);
                }
                return Err(error);
            }
            // It has gone from where it was made.
            let _ = beside.keep();
            // What is left of the old one harms nobody.
            let _ = fs::remove_dir_all(&old);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Files {
        [(TICKET, text), (MANIFEST, "{}")].into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name().display().to_string()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_appears_whole_and_takes_the_place_of_an_older_bundle_alone() {
        let room = tempfile::tempdir().expect("a folder");
        let path = room.path().join("change");
        let older = [("plan.md".to_owned(), b"old".to_vec())].into();
        Target::begin(&path).and_then(|target| target.write(&older, Timestamp::UNIX_EPOCH)).expect("written");
        let target = Target::begin(&path).expect("an older bundle");
        assert_eq!(names(&path), ["plan.md"], "until it is written the old one stays");
        target.write(&files("new"), Timestamp::UNIX_EPOCH).expect("written");
        assert_eq!((names(&path), names(room.path())), (vec![MANIFEST.to_owned(), TICKET.to_owned()], vec!["change".to_owned()]));
        drop(Target::begin(&path).expect("a bundle"));
        assert_eq!(names(room.path()), ["change"], "nothing is left of what was not finished");
        fs::write(path.join("notes.txt"), "mine").expect("written");
        let refused = Target::begin(&path).err().expect("refused").to_string();
        assert!(refused.contains("notes.txt"), "{refused}");
    }

    #[test]
    fn places_that_cannot_be_written_are_refused_at_once() {
        let room = tempfile::tempdir().expect("a folder");
        fs::write(room.path().join("file"), "mine").expect("written");
        std::os::unix::fs::symlink(room.path(), room.path().join("link")).expect("linked");
        for place in ["file", "link", "no/such/folder", "no/such.tar.gz", "file/x.tgz", ".."] {
            assert!(matches!(Target::begin(&room.path().join(place)), Err(Failure::Usage(_))), "{place}");
        }
        assert_eq!(names(room.path()), ["file", "link"]);
    }

    #[test]
    fn a_packed_bundle_has_the_same_bytes_every_time() {
        let room = tempfile::tempdir().expect("a folder");
        let made = |name: &str| {
            let path = room.path().join(name);
            Target::begin(&path).and_then(|target| target.write(&files("x"), Timestamp::UNIX_EPOCH)).expect("written");
            fs::read(path).expect("a file")
        };
        assert_eq!(made("a.tar.gz"), made("b.TGZ"));
    }
}
