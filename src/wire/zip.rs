//! Zip out of untrusted hands: what its files unpack to, within the caps of [`super::gzip`].
//!
//! In: bytes that begin with the zip magic. Out: each file with its name, or why it could not be had.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use super::gzip::{RATIO_CAP, UNPACKED_CAP};

/// An archive of more files than this is not looked into: senders pack one, operators a folder.
pub const FILE_CAP: usize = 100_000;
/// Up to here the ratio is not asked.
const RATIO_FREE: u64 = 1 << 20;

/// One file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Its name in the archive; hostile, never used as a path.
    pub name: String,
    /// Its content.
    pub data: Vec<u8>,
}

/// Why something could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZipError {
    /// The archive or a file of it is damaged, encrypted, or packed by a method that nobody uses for reports.
    #[error("the zip archive cannot be read: {0}")]
    Damaged(String),
    /// Over [`UNPACKED_CAP`] in all, or over [`RATIO_CAP`].
    #[error("it unpacks to more than {} MiB, or to more than {RATIO_CAP} times its size", UNPACKED_CAP >> 20)]
    TooLarge,
    /// More than [`FILE_CAP`] files.
    #[error("it holds more than {FILE_CAP} files; the rest was not read")]
    TooMany,
}

/// Unpacks the files one after the other; a file that cannot be had costs no other, until the caps are reached.
pub fn unpack(packed: &[u8], mut each: impl FnMut(Result<Packed, ZipError>)) {
    let mut archive = match ZipArchive::new(Cursor::new(packed)) {
        Ok(archive) => archive,
        Err(problem) => return each(Err(ZipError::Damaged(problem.to_string()))),
    };
    let by_ratio = (packed.len() as u64).saturating_mul(RATIO_CAP as u64).max(RATIO_FREE);
    let mut room = by_ratio.min(UNPACKED_CAP as u64);
    for index in 0..archive.len() {
        if index == FILE_CAP {
            return each(Err(ZipError::TooMany));
        }
        let mut file = match archive.by_index(index) {
            Ok(file) if file.is_dir() => continue,
            Ok(file) => file,
            Err(problem) => {
                each(Err(ZipError::Damaged(problem.to_string())));
                continue;
            }
        };
        let name = file.name().map_or_else(|_| format!("file {}", index + 1), std::borrow::Cow::into_owned);
        let mut data = Vec::new();
        if let Err(problem) = (&mut file).take(room + 1).read_to_end(&mut data) {
            each(Err(ZipError::Damaged(format!("{name}: {problem}"))));
            continue;
        }
        let Some(left) = room.checked_sub(data.len() as u64) else { return each(Err(ZipError::TooLarge)) };
        room = left;
        each(Ok(Packed { name, data }));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;
    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;

    fn pack(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, data) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(data).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn unpacked(packed: &[u8]) -> Vec<Result<Packed, ZipError>> {
        let mut all = Vec::new();
        unpack(packed, |file| all.push(file));
        all
    }

    #[test]
    fn files_come_with_their_names() {
        let files = unpacked(&pack(&[("a!b!1!2.json", b"{}"), ("../../etc/passwd", b"x")]));
        let names: Vec<String> = files.into_iter().map(|file| file.unwrap().name).collect();
        assert_eq!(names, ["a!b!1!2.json", "../../etc/passwd"]);
    }

    #[test]
    fn bombs_and_damage_are_refused() {
        let bomb = pack(&[("bomb", &vec![0; 3 << 20])]);
        assert_eq!(unpacked(&bomb), [Err(ZipError::TooLarge)]);
        assert!(matches!(unpacked(b"PK\x03\x04 and nothing else")[..], [Err(ZipError::Damaged(_))]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0_usize..200) {
            unpacked(&bytes);
            let mut whole = pack(&[("a", b"some text"), ("b", &bytes)]);
            for (index, byte) in bytes.iter().enumerate().take(3) {
                let at = (usize::from(*byte) * 7 + index) % whole.len();
                whole[at] ^= byte;
            }
            unpacked(&whole[..whole.len().saturating_sub(cut)]);
        }
    }
}
