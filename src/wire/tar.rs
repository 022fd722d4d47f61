//! Tar archives (POSIX ustar and pax, GNU's long names) out of untrusted hands, a member at a time.
//!
//! In: a reader. Out: each regular file with its name, read as its content; nothing is held in memory but a block and a name. Links,
//! folders and devices are passed over. Own archives are written by [`pack`].

mod write;

use std::io::{self, Read};

pub use self::write::{NameTooLong, pack};

/// Everything comes in blocks of this length.
const BLOCK: usize = 512;
/// The longest extended header (a long name, pax records) that is read.
const EXTENDED_CAP: u64 = 64 << 10;

/// Why the rest of an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// What should be a header is none.
    #[error("the tar archive is damaged: {0}")]
    Damaged(&'static str),
    /// It ends within a member.
    #[error("the tar archive is cut off")]
    CutOff,
    /// What it is read from failed.
    #[error(transparent)]
    Source(io::Error),
}

/// Whether `bytes` begin as a tar archive does: with a header whose checksum is right.
pub fn is_tar(bytes: &[u8]) -> bool {
    bytes.first_chunk::<BLOCK>().is_some_and(|block| block[0] != 0 && Header::read(block).is_ok())
}

/// An archive in reading.
#[derive(Debug)]
pub struct Archive<R> {
    inner: R,
    /// What was not read yet of the current member's content,
    left: u64,
    /// and of what fills its last block.
    filling: u64,
    /// Links and devices that were passed over.
    odd: u64,
}

/// A regular file; reads as its content.
#[derive(Debug)]
pub struct Member<'a, R> {
    /// Its path in the archive; hostile, never used as a path.
    pub name: String,
    /// Its length in bytes, as its header says.
    pub size: u64,
    archive: &'a mut Archive<R>,
}

impl<R: Read> Archive<R> {
    /// Reads an archive from its beginning.
    pub fn new(inner: R) -> Self {
        Self { inner, left: 0, filling: 0, odd: 0 }
    }

    /// The next regular file, `None` at the end; what was not read of the one before is passed over.
    ///
    /// # Errors
    /// After one there is no way on, for nothing tells where the next header begins.
    pub fn next_member(&mut self) -> Result<Option<Member<'_, R>>, TarError> {
        let mut extended = Extended::default();
        loop {
            self.pass_over()?;
            let mut block = [0; BLOCK];
            if !self.block(&mut block)? || block.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            let header = Header::read(&block).map_err(TarError::Damaged)?;
            self.expect(header.size);
            match header.kind {
                b'L' => extended.name = Some(until_nul(&self.content()?)),
                b'x' => extended.records(&self.content()?),
                b'0' | 0 | b'7' => {
                    let size = extended.size.unwrap_or(header.size);
                    self.expect(size);
                    return Ok(Some(Member { name: extended.name.unwrap_or(header.name), size, archive: self }));
                }
                b'S' => return Err(TarError::Damaged("it holds a sparse file")),
                // A long target of a link, records for all members: nothing about this member's content.
                b'K' | b'g' => {}
                kind => {
                    self.odd += u64::from(kind != b'5');
                    extended = Extended::default();
                }
            }
        }
    }

    /// How many members were passed over so far that are neither files nor folders.
    pub fn odd(&self) -> u64 {
        self.odd
    }

    fn expect(&mut self, size: u64) {
        self.left = size;
        self.filling = size.next_multiple_of(BLOCK as u64) - size;
    }

    fn pass_over(&mut self) -> Result<(), TarError> {
        let rest = self.left.saturating_add(self.filling);
        let passed = io::copy(&mut (&mut self.inner).take(rest), &mut io::sink()).map_err(TarError::Source)?;
        // The filling of the last member may be missing: nothing is lost with it.
        if passed < self.left { Err(TarError::CutOff) } else { Ok(()) }
    }

    /// Reads a whole block; `false` at the end.
    fn block(&mut self, block: &mut [u8; BLOCK]) -> Result<bool, TarError> {
        let mut read = 0;
        while read < BLOCK {
            match self.inner.read(&mut block[read..]) {
                Ok(0) if read == 0 => return Ok(false),
                Ok(0) => return Err(TarError::CutOff),
                Ok(more) => read += more,
                Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
                Err(problem) => return Err(TarError::Source(problem)),
            }
        }
        Ok(true)
    }

    /// The content of an extended header.
    fn content(&mut self) -> Result<Vec<u8>, TarError> {
        if self.left > EXTENDED_CAP {
            return Err(TarError::Damaged("a header is too long"));
        }
        let mut content = Vec::new();
        (&mut self.inner).take(self.left).read_to_end(&mut content).map_err(TarError::Source)?;
        self.left -= content.len() as u64;
        if self.left == 0 { Ok(content) } else { Err(TarError::CutOff) }
    }
}

impl<R: Read> Read for Member<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = (&mut self.archive.inner).take(self.archive.left).read(into)?;
        if read == 0 && self.archive.left > 0 && !into.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, TarError::CutOff));
        }
        self.archive.left -= read as u64;
        Ok(read)
    }
}

/// What extended headers say about the member behind them.
#[derive(Default)]
struct Extended {
    name: Option<String>,
    size: Option<u64>,
}

impl Extended {
    /// Pax records: `length key=value\n`, the length counting itself.
    fn records(&mut self, mut records: &[u8]) {
        while let Some(space) = records.iter().position(|byte| *byte == b' ') {
            let length = std::str::from_utf8(&records[..space]).ok().and_then(|digits| digits.parse::<usize>().ok());
            let Some(record) = length.and_then(|length| records.get(space + 1..length)) else { return };
            records = &records[space + 1 + record.len()..];
            let record = String::from_utf8_lossy(record);
            match record.trim_end_matches('\n').split_once('=') {
                Some(("path", name)) => self.name = Some(name.to_owned()),
                Some(("size", size)) => self.size = size.parse().ok(),
                _ => {}
            }
        }
    }
}

/// A header block.
struct Header {
    name: String,
    size: u64,
    kind: u8,
}

impl Header {
    fn read(block: &[u8; BLOCK]) -> Result<Self, &'static str> {
        let checksum = 148..156;
        let counted = block.iter().enumerate().map(|(at, byte)| if checksum.contains(&at) { b' ' } else { *byte });
        if number(&block[checksum.clone()]) != Some(counted.map(u64::from).sum()) {
            return Err("a header's checksum is wrong");
        }
        let kind = block[156];
        // Links, devices and folders have no content, whatever stands there.
        let size = if matches!(kind, b'1'..=b'6') { Some(0) } else { number(&block[124..136]) };
        let ustar = &block[257..262] == b"ustar" && block[263..265] == *b"00";
        let (prefix, name) = (if ustar { until_nul(&block[345..500]) } else { String::new() }, until_nul(&block[..100]));
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        // Beyond this no file system goes; and the sum with its filling cannot overflow.
        let size = size.filter(|size| *size < 1 << 60).ok_or("a header's length is no number")?;
        Ok(Self { name, size, kind })
    }
}

/// Octal digits between spaces and zeros; or, by GNU, a binary number behind a set bit.
fn number(field: &[u8]) -> Option<u64> {
    if let Some((0x80, digits)) = field.split_first() {
        return digits.iter().try_fold(0_u64, |number, byte| number.checked_mul(256)?.checked_add(u64::from(*byte)));
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

fn until_nul(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pack(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, data) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(data.len() as u64);
            header.set_mode(0o600);
            builder.append_data(&mut header, name, *data).expect("memory");
        }
        builder.into_inner().expect("memory")
    }

    fn unpacked(bytes: &[u8]) -> (Vec<(String, Vec<u8>)>, Option<TarError>) {
        let (mut archive, mut files) = (Archive::new(bytes), Vec::new());
        loop {
            match archive.next_member() {
                Ok(None) => return (files, None),
                Ok(Some(mut member)) => {
                    let mut data = Vec::new();
                    let name = member.name.clone();
                    if member.read_to_end(&mut data).is_err() {
                        return (files, Some(TarError::CutOff));
                    }
                    files.push((name, data));
                }
                Err(problem) => return (files, Some(problem)),
            }
        }
    }

    #[test]
    fn members_come_with_names_of_any_length() {
        let long = format!("{}/r.json", "folder/".repeat(60));
        let files = [("a.json", &b"{}"[..]), (&long, &[b'x'; 512]), ("empty", b"")];
        let (read, problem) = unpacked(&pack(&files));
        assert!(problem.is_none(), "{problem:?}");
        assert_eq!(read, files.map(|(name, data)| (name.to_owned(), data.to_vec())));
    }

    #[test]
    fn what_is_not_read_is_passed_over() {
        let packed = pack(&[("a", &[b'x'; 5000]), ("b", b"text")]);
        let mut archive = Archive::new(&packed[..]);
        assert_eq!(archive.next_member().unwrap().expect("a member").size, 5000);
        assert_eq!(archive.next_member().unwrap().expect("a member").name, "b");
        assert!(archive.next_member().unwrap().is_none());
    }

    #[test]
    fn pax_records_name_the_member_behind_them() {
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_pax_extensions([("path", &b"b\xc3\xbccher!x.json"[..]), ("mtime", b"1.5")]).expect("memory");
        let mut header = tar::Header::new_ustar();
        header.set_size(2);
        builder.append_data(&mut header, "short", &b"{}"[..]).expect("memory");
        assert_eq!(unpacked(&builder.into_inner().expect("memory")).0[0].0, "bücher!x.json");
    }

    #[test]
    fn pax_records_come_in_any_order_and_their_size_counts() {
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_pax_extensions([("mtime", &b"1.5"[..]), ("size", b"600"), ("path", b"long.json"), ("x", b"y")]).expect("memory");
        let mut header = tar::Header::new_ustar();
        header.set_path("short").expect("short");
        // What does not fit there is said in the record alone (POSIX pax, `size`).
        header.set_size(0);
        header.set_cksum();
        builder.append(&header, &[b'x'; 600][..]).expect("memory");
        header.set_size(2);
        header.set_cksum();
        builder.append(&header, &b"{}"[..]).expect("memory");
        let (read, problem) = unpacked(&builder.into_inner().expect("memory"));
        assert!(problem.is_none(), "{problem:?}");
        assert_eq!(read, [("long.json".to_owned(), vec![b'x'; 600]), ("short".to_owned(), b"{}".to_vec())]);
    }

    #[test]
    fn a_name_has_its_first_half_where_posix_has_it() {
        let long = format!("{}/r.json", "a".repeat(120));
        let mut posix = tar::Header::new_ustar();
        posix.set_path(&long).expect("both halves fit");
        posix.set_size(0);
        posix.set_cksum();
        // GNU has times in that place.
        let mut gnu = tar::Header::new_gnu();
        gnu.set_path("gnu.json").expect("short");
        gnu.as_gnu_mut().expect("GNU").set_atime(1_773_144_000);
        gnu.set_size(0);
        gnu.set_cksum();
        // What was there before POSIX has nothing in that place that is meant.
        let mut old = tar::Header::new_old();
        old.set_path("old.json").expect("short");
        old.as_mut_bytes()[345..348].copy_from_slice(b"old");
        old.set_size(0);
        old.set_cksum();
        let (read, _) = unpacked(&[posix.as_bytes(), gnu.as_bytes(), old.as_bytes()].map(|header| &header[..]).concat());
        assert_eq!(read.into_iter().map(|(name, _)| name).collect::<Vec<_>>(), [long, "gnu.json".to_owned(), "old.json".to_owned()]);
    }

    /// Is interrupted before every piece, and fails in the end.
    struct Failing<'a>(&'a [u8], bool);

    impl Read for Failing<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            match self {
                Self(_, true) => Err(io::ErrorKind::Interrupted.into()),
                Self([], false) => Err(io::ErrorKind::BrokenPipe.into()),
                Self(rest, false) => {
                    let length = into.len().min(100);
                    rest.take(length as u64).read(into)
                }
            }
        }
    }

    #[test]
    fn an_interrupted_source_is_asked_again_and_a_broken_one_is_not() {
        let packed = pack(&[("a", b"{}")]);
        let mut archive = Archive::new(Failing(&packed[..2 * BLOCK], false));
        assert_eq!(archive.next_member().unwrap().expect("a member").name, "a");
        assert!(matches!(archive.next_member(), Err(TarError::Source(problem)) if problem.kind() == io::ErrorKind::BrokenPipe));
    }

    #[test]
    fn damage_and_breaking_off_are_said() {
        let packed = pack(&[("a", &[b'x'; 600]), ("b", b"text")]);
        assert!(is_tar(&packed) && !is_tar(&packed[..500]) && !is_tar(&[0; 1024]));
        let (files, problem) = unpacked(&packed[..700]);
        assert!(files.is_empty() && matches!(problem, Some(TarError::CutOff)), "{problem:?}");
        // Without the two empty blocks nothing is lost; within a header something is.
        let end = packed.len() - 2 * BLOCK;
        let (files, problem) = unpacked(&packed[..end]);
        assert!(files.len() == 2 && problem.is_none(), "{problem:?}");
        let (files, problem) = unpacked(&packed[..end + 7]);
        assert!(files.len() == 2 && matches!(problem, Some(TarError::CutOff)), "{problem:?}");
        let mut damaged = packed.clone();
        damaged[1536 + 3] ^= 1;
        let (files, problem) = unpacked(&damaged);
        assert!(files.len() == 1 && matches!(problem, Some(TarError::Damaged(_))), "{problem:?}");
    }

    #[test]
    fn links_are_counted_and_folders_are_not() {
        let mut builder = tar::Builder::new(Vec::new());
        let mut add = |kind, name: &str| {
            let mut header = tar::Header::new_ustar();
            header.set_entry_type(kind);
            header.set_size(0);
            builder.append_link(&mut header, name, "/etc/passwd").expect("memory");
        };
        add(tar::EntryType::Directory, "folder");
        add(tar::EntryType::Symlink, "ticket.md");
        add(tar::EntryType::Link, "hard");
        let packed = builder.into_inner().expect("memory");
        let mut archive = Archive::new(&packed[..]);
        assert!(archive.next_member().unwrap().is_none());
        assert_eq!(archive.odd(), 2);
    }

    #[test]
    fn a_name_of_a_gigabyte_is_refused() {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNULongName);
        header.set_size(1 << 30);
        header.set_cksum();
        assert!(matches!(unpacked(header.as_bytes()).1, Some(TarError::Damaged(_))));
    }

    proptest! {
        #[test]
        fn any_files_make_the_round_trip(files in proptest::collection::vec(("[a-z]{1,120}", proptest::collection::vec(any::<u8>(), 0..1500)), 0..6)) {
            let borrowed: Vec<(&str, &[u8])> = files.iter().map(|(name, data)| (name.as_str(), data.as_slice())).collect();
            let (read, problem) = unpacked(&pack(&borrowed));
            prop_assert!(problem.is_none());
            prop_assert_eq!(read, files);
        }

        #[test]
        fn any_damage_is_answered(bytes in proptest::collection::vec(any::<u8>(), 0..900), at in 0..2000_usize) {
            unpacked(&bytes);
            let mut packed = pack(&[("a", &[b'x'; 600]), ("b", b"text")]);
            for (place, byte) in packed.iter_mut().skip(at).zip(&bytes).take(9) {
                *place = *byte;
            }
            unpacked(&packed);
        }
    }
}
