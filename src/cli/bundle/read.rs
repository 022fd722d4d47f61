//! Reading a bundle out of anybody's hands: nothing is unpacked to disk, no link is followed, everything is capped.
//!
//! In: a folder or a packed file. Out: its files, and everything that is wrong with how they lie there.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;

use super::{BUNDLE_CAP, FILE_CAP, Files, MANIFEST};
use crate::cli::Failure;
use crate::wire::{gzip, tar};

/// No bundle has more files.
const COUNT_CAP: usize = 64;

/// What was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// Those that could be read whole.
    pub(super) files: Files,
    /// What is wrong, in words that complete "the bundle is not as it was: ".
    pub(super) faults: Vec<String>,
}

impl Contents {
    /// Reads a folder, or a packed bundle.
    ///
    /// # Errors
    /// Where there is neither.
    pub(super) fn of(path: &Path) -> Result<Self, Failure> {
        let wrong = |error| Failure::Read { path: path.to_owned(), error };
        let mut contents = Self::default();
        if fs::metadata(path).map_err(wrong)?.is_dir() {
            // Of a folder full of other things nothing is read.
            if !path.join(MANIFEST).exists() {
                return Err(Failure::Usage(format!("{} is no bundle: there is no {MANIFEST} in it", path.display())));
            }
            contents.folder(path).map_err(wrong)?;
        } else {
            let none = |why: String| Failure::Usage(format!("{} is no bundle: {why}", path.display()));
            let mut file = BufReader::new(File::open(path).map_err(wrong)?);
            let mut magic = Vec::new();
            (&mut file).take(2).read_to_end(&mut magic).map_err(wrong)?;
            if !gzip::is_gzip(&magic) {
                return Err(none("it is neither a folder nor a packed one (.tar.gz)".to_owned()));
            }
            let packed = gzip::Stream::new((&magic[..]).chain(file));
            contents.packed(packed);
            if contents.files.is_empty() {
                let why = contents.faults.first().cloned();
                return Err(none(why.unwrap_or_else(|| "there is no file in it".to_owned())));
            }
        }
        Ok(contents)
    }

    fn folder(&mut self, path: &Path) -> std::io::Result<()> {
        for (index, entry) in fs::read_dir(path)?.enumerate() {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if index >= COUNT_CAP {
                self.faults.push(format!("there are more than {COUNT_CAP} files"));
                return Ok(());
            }
            // Of the entry itself, whatever a link leads to.
            if !entry.file_type()?.is_file() {
                self.faults.push(format!("{name} is no plain file"));
                continue;
            }
            let file = File::open(entry.path())?;
            self.file(&name, file);
        }
        Ok(())
    }

    fn packed(&mut self, packed: impl Read) {
        let mut archive = tar::Archive::new(packed);
        let mut folder: Option<String> = None;
        for count in 0.. {
            let mut member = match archive.next_member() {
                Ok(Some(member)) => member,
                Ok(None) => break,
                Err(error) => {
                    self.faults.push(error.to_string());
                    break;
                }
            };
            if count >= COUNT_CAP {
                self.faults.push(format!("there are more than {COUNT_CAP} files"));
                break;
            }
            let whole = member.name.clone();
            let inner = whole.strip_prefix("./").unwrap_or(&whole);
            let (inside, name) = inner.rsplit_once('/').unwrap_or(("", inner));
            if folder.get_or_insert_with(|| inside.to_owned()) != inside || !(inside.is_empty() || is_plain(inside)) {
                self.faults.push(format!("{whole} lies in another folder than the rest"));
            } else if !self.file(name, &mut member) {
                break;
            }
        }
        if archive.odd() > 0 {
            self.faults.push(format!("it holds {} links or devices", archive.odd()));
        }
    }

    /// Reads one file; whether there is room for more.
    fn file(&mut self, name: &str, file: impl Read) -> bool {
        if !is_plain(name) {
            self.faults.push(format!("{name} is no name for a file of a bundle"));
            return true;
        }
        if self.files.contains_key(name) {
            self.faults.push(format!("{name} is there twice"));
            return true;
        }
        let room = BUNDLE_CAP - self.files.values().map(|bytes| bytes.len() as u64).sum::<u64>();
        let cap = FILE_CAP.min(room);
        let mut bytes = Vec::new();
        match file.take(cap + 1).read_to_end(&mut bytes) {
            Ok(read) if read as u64 > cap => {
                self.faults.push(format!("{name} is larger than {} MiB", cap >> 20));
                false
            }
            Ok(_) => {
                self.files.insert(name.to_owned(), bytes);
                true
            }
            Err(error) => {
                self.faults.push(format!("{name} cannot be read: {error}"));
                false
            }
        }
    }
}

/// A name without any way out of its folder, and without anything that a shell or a terminal would act on.
fn is_plain(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(legal) && !name.starts_with(['.', '-'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(packed: &[u8]) -> Contents {
        let mut contents = Contents::default();
        contents.packed(packed);
        contents
    }

    fn link(kind: ::tar::EntryType) -> Vec<u8> {
        let mut builder = ::tar::Builder::new(Vec::new());
        let mut header = ::tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.set_size(0);
        builder.append_link(&mut header, "ticket.md", "/etc/passwd").expect("memory");
        builder.into_inner().expect("memory")
    }

    #[test]
    fn tricks_with_names_are_told_and_nothing_comes_of_them() {
        for (names, fault) in [
            (&["../ticket.md"][..], "another folder"),
            (&["/etc/ticket.md"], "another folder"),
            (&["b/../../ticket.md"], "another folder"),
            (&["..", "ticket.md"], "no name"),
            (&["b/ticket.md", "c/plan.md"], "another folder"),
            (&["ticket.md", "./ticket.md"], "twice"),
            (&[".hidden"], "no name"),
            (&["-rf"], "no name"),
            (&["b/a\u{1b}b"], "no name"),
            (&["a\\b"], "no name"),
        ] {
            let packed = tar::pack(names.iter().map(|name| (*name, &b"x"[..])), 0).expect("short names");
            let contents = read(&packed);
            assert!(contents.faults.iter().any(|told| told.contains(fault)), "{names:?}: {contents:?}");
        }
        for kind in [::tar::EntryType::Symlink, ::tar::EntryType::Link] {
            let contents = read(&link(kind));
            assert!(contents.files.is_empty() && contents.faults[0].contains("links"), "{contents:?}");
        }
    }

    #[test]
    fn a_folder_around_the_files_may_have_any_name_or_none() {
        for prefix in ["", "./", "stsready-bundle/", "./change-4711/"] {
            let (one, two) = (format!("{prefix}ticket.md"), format!("{prefix}SHA256SUMS"));
            let packed = tar::pack([(&*one, &b"x"[..]), (&*two, b"y")], 0).expect("short names");
            let contents = read(&packed);
            assert!(contents.faults.is_empty() && contents.files.keys().eq(["SHA256SUMS", "ticket.md"]), "{contents:?}");
        }
    }

    #[test]
    fn bombs_end_at_the_caps() {
        let zeros = vec![0; 64 << 20];
        let packed = gzip::pack(&tar::pack([("facts.json", &zeros[..])], 0).expect("short names")).expect("memory");
        let contents = read_packed(&packed);
        assert!(contents.files.is_empty() && contents.faults[0].contains("times its size"), "{:?}", contents.faults);
        let names: Vec<String> = (0..100).map(|number| format!("f{number}")).collect();
        let many = tar::pack(names.iter().map(|name| (&**name, &b""[..])), 0).expect("short names");
        let contents = read(&many);
        assert!(contents.files.len() == COUNT_CAP && contents.faults[0].contains("more than"), "{:?}", contents.faults);
    }

    fn read_packed(packed: &[u8]) -> Contents {
        let mut contents = Contents::default();
        contents.packed(gzip::Stream::new(packed));
        contents
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..900)) {
            read(&bytes);
            read_packed(&bytes);
        }
    }
}
