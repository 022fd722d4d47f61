//! Writing a tar archive (POSIX ustar): plain files with short names, which is all that an own archive holds.
//!
//! In: names and contents, and one time for all. Out: the archive; the same input gives the same bytes, for owners, modes and times are fixed.

use super::BLOCK;

/// The field of the name.
const NAME: usize = 100;
/// Where the checksum stands; it is counted as spaces.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// A name that does not fit into a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name {0:?} is longer than {NAME} bytes")]
pub struct NameTooLong(String);

/// Packs files in their order; `mtime` is in seconds since 1970.
pub fn pack<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>, mtime: u64) -> Result<Vec<u8>, NameTooLong> {
    let mut out = Vec::new();
    for (name, content) in files {
        out.extend(header(name, content.len() as u64, mtime)?);
        out.extend(content);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    // Two empty blocks are the end.
    out.resize(out.len() + 2 * BLOCK, 0);
    Ok(out)
}

fn header(name: &str, size: u64, mtime: u64) -> Result<[u8; BLOCK], NameTooLong> {
    let mut block = [0; BLOCK];
    if name.len() > NAME {
        return Err(NameTooLong(name.to_owned()));
    }
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, &number(size));
    put(136, &number(mtime));
    put(CHECKSUM.start, &[b' '; 8]);
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().copied().map(u32::from).sum();
    // A block of 512 bytes adds up to less than 2^18: six octal digits.
    block[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

/// Eleven octal digits and a NUL; what they do not hold (8 GiB) as GNU writes it, in binary behind a set bit.
fn number(number: u64) -> [u8; 12] {
    let mut field = [0; 12];
    if number < 1 << 33 {
        field[..11].copy_from_slice(format!("{number:011o}").as_bytes());
    } else {
        field[0] = 0x80;
        field[4..].copy_from_slice(&number.to_be_bytes());
    }
    field
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn another_reader_finds_the_files_as_they_were() {
        let files = [("folder/a.json", &b"{}"[..]), ("folder/empty", b""), ("folder/block", &[b'x'; BLOCK])];
        let packed = pack(files, 1_773_144_000).expect("short names");
        let mut archive = tar::Archive::new(&packed[..]);
        let read: Vec<(String, Vec<u8>)> = archive
            .entries()
            .expect("an archive")
            .map(|entry| {
                let mut entry = entry.expect("an entry");
                let header = entry.header();
                assert_eq!((header.mode().ok(), header.uid().ok(), header.gid().ok()), (Some(0o644), Some(0), Some(0)));
                assert_eq!((header.mtime().ok(), header.entry_type()), (Some(1_773_144_000), tar::EntryType::Regular));
                let (name, mut content) = (entry.path().expect("a name").display().to_string(), Vec::new());
                entry.read_to_end(&mut content).expect("content");
                (name, content)
            })
            .collect();
        assert_eq!(read, files.map(|(name, content)| (name.to_owned(), content.to_vec())));
        // A header each, a block of content where there is any, and the two empty blocks that POSIX ends an archive with.
        assert_eq!(packed.len(), (3 + 2 + 2) * BLOCK);
        assert_eq!(packed[5 * BLOCK..], [0; 2 * BLOCK]);
    }

    #[test]
    fn large_numbers_and_long_names_are_no_damage() {
        assert_eq!(&number(8), b"00000000010\0");
        // The last number that octal digits hold, and the first that they do not.
        for large in [(1 << 33) - 1, 1 << 33, 1 << 40] {
            assert_eq!(super::super::number(&number(large)), Some(large));
        }
        let fits = pack([(&*"x".repeat(100), &b""[..])], 0).expect("it fits");
        assert_eq!(&fits[..101], [&[b'x'; 100][..], b"0"].concat());
        assert!(pack([(&*"x".repeat(101), &b""[..])], 0).is_err());
    }
}
