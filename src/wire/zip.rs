//! Zip out of untrusted hands: what its files unpack to, within the caps of [`super::gzip`].
//!
//! In: bytes that begin with the zip magic. Out: each file with its name, or why it could not be had.

use std::io::{Cursor, Read as _};
use std::ops::ControlFlow;

use zip::ZipArchive;

use super::gzip::{RATIO_CAP, UNPACKED_CAP};

/// An archive of more files than this is not looked into: senders pack one, operators a folder.
pub const FILE_CAP: usize = 50_000;
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
    /// A file over [`UNPACKED_CAP`], or all of them over [`RATIO_CAP`].
    #[error("it unpacks to more than {} MiB, or to more than {RATIO_CAP} times its size", UNPACKED_CAP >> 20)]
    TooLarge,
    /// More than [`FILE_CAP`] files.
    #[error("it holds more than {FILE_CAP} files")]
    TooMany,
}

/// Unpacks the files one after the other until `each` has enough, none of them beyond `room` bytes (and [`UNPACKED_CAP`]); a file that
/// cannot be had costs no other, until the caps are reached.
pub fn unpack(packed: &[u8], room: usize, mut each: impl FnMut(Result<Packed, ZipError>) -> ControlFlow<()>) -> ControlFlow<()> {
    // Asked before the list of files is read, which may be longer than all that is ever unpacked.
    if declared_files(packed) > FILE_CAP {
        return each(Err(ZipError::TooMany));
    }
    let mut archive = match ZipArchive::new(Cursor::new(packed)) {
        Ok(archive) if archive.len() > FILE_CAP => return each(Err(ZipError::TooMany)),
        Ok(archive) => archive,
        Err(problem) => return each(Err(ZipError::Damaged(problem.to_string()))),
    };
    let mut by_ratio = (packed.len() as u64).saturating_mul(RATIO_CAP as u64).max(RATIO_FREE);
    for index in 0..archive.len() {
        let mut file = match archive.by_index(index) {
            Ok(file) if file.is_dir() => continue,
            Ok(file) => file,
            Err(problem) => {
                each(Err(ZipError::Damaged(problem.to_string())))?;
                continue;
            }
        };
        let name = file.name().map_or_else(|_| format!("file {}", index + 1), std::borrow::Cow::into_owned);
        let room = by_ratio.min(UNPACKED_CAP.min(room) as u64);
        // To grow by doubling would take up to twice the room.
        let mut data = Vec::with_capacity(usize::try_from(file.size().min(room) + 1).unwrap_or_default());
        if let Err(problem) = (&mut file).take(room + 1).read_to_end(&mut data) {
            each(Err(ZipError::Damaged(format!("{name}: {problem}"))))?;
            continue;
        }
        if data.len() as u64 > room {
            return each(Err(ZipError::TooLarge));
        }
        by_ratio -= data.len() as u64;
        each(Ok(Packed { name, data }))?;
    }
    ControlFlow::Continue(())
}

/// How many files the record at the end speaks of (APPNOTE §4.3.16); of more than fit there it says the greatest number.
fn declared_files(packed: &[u8]) -> usize {
    const END: &[u8] = b"PK\x05\x06";
    let tail = &packed[packed.len().saturating_sub(22 + usize::from(u16::MAX))..];
    let end = memchr::memmem::rfind(tail, END).and_then(|at| tail.get(at + 10..at + 12));
    end.and_then(|count| count.first_chunk()).map_or(0, |count| usize::from(u16::from_le_bytes(*count)))
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
        let _ = unpack(packed, usize::MAX, |file| {
            all.push(file);
            ControlFlow::Continue(())
        });
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

    #[test]
    fn folders_are_no_files() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_directory("reports/", SimpleFileOptions::default()).unwrap();
        writer.start_file("reports/a.json", SimpleFileOptions::default()).unwrap();
        writer.write_all(b"{}").unwrap();
        let files = unpacked(&writer.finish().unwrap().into_inner());
        assert_eq!(files, [Ok(Packed { name: "reports/a.json".to_owned(), data: b"{}".to_vec() })]);
    }

    #[test]
    fn the_ratio_is_asked_of_all_files_together() {
        // Up to a MiB in all is free, however it is cut.
        for (sizes, unpacked_sizes) in [
            (&[300 << 10; 3][..], vec![Ok(300 << 10); 3]),
            (&[600 << 10; 3], vec![Ok(600 << 10), Err(ZipError::TooLarge)]),
            (&[1 << 20, 1], vec![Ok(1 << 20), Err(ZipError::TooLarge)]),
        ] {
            let zeros = vec![0; 1 << 20];
            let files: Vec<(String, &[u8])> = sizes.iter().enumerate().map(|(at, size)| (at.to_string(), &zeros[..*size])).collect();
            let files: Vec<(&str, &[u8])> = files.iter().map(|(name, data)| (name.as_str(), *data)).collect();
            let read: Vec<Result<usize, ZipError>> =
                unpacked(&pack(&files)).into_iter().map(|file| file.map(|file| file.data.len())).collect();
            assert_eq!(read, unpacked_sizes, "{sizes:?}");
        }
    }

    #[test]
    fn no_file_is_unpacked_beyond_the_room_there_is() {
        let packed = pack(&[("a", &[b'x'; 1000]), ("b", b"y")]);
        let mut sizes = Vec::new();
        let _ = unpack(&packed, 1000, |file| {
            sizes.push(file.map(|file| file.data.len()));
            ControlFlow::Continue(())
        });
        assert_eq!(sizes, [Ok(1000), Ok(1)]);
        let _ = unpack(&packed, 999, |file| {
            assert_eq!(file, Err(ZipError::TooLarge));
            ControlFlow::Continue(())
        });
    }

    #[test]
    fn a_list_of_too_many_files_is_not_even_read() {
        let mut packed = pack(&[("a", b"x")]);
        let end = packed.len() - 12;
        packed[end..end + 2].fill(0xff);
        assert_eq!(unpacked(&packed), [Err(ZipError::TooMany)]);
    }

    #[test]
    fn reading_ends_when_it_is_enough() {
        let (packed, mut seen) = (pack(&[("a", b"x"), ("b", b"y")]), 0);
        let ended = unpack(&packed, usize::MAX, |_| {
            seen += 1;
            ControlFlow::Break(())
        });
        assert_eq!((seen, ended), (1, ControlFlow::Break(())));
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
