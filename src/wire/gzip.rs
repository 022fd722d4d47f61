//! Gzip (RFC 1952) out of untrusted hands: what it unpacks to, within caps.
//!
//! In: bytes that begin with the gzip magic. Out: the unpacked bytes, and whether other bytes followed; or, of what is too large for
//! memory, a [`Stream`] of them.

use std::io::{self, BufReader, Read, Write as _};

use flate2::bufread::MultiGzDecoder;
use flate2::{Crc, Decompress, FlushDecompress, Status};

/// Nothing is unpacked into memory beyond this.
pub const UNPACKED_CAP: usize = 64 << 20;
/// From the first MiB on, nothing is unpacked beyond this multiple of its packed size. Real reports pack 1:10, repetitive ones 1:60.
pub const RATIO_CAP: usize = 200;
/// Up to here the ratio is not asked.
const RATIO_FREE: usize = 1 << 20;
/// The checksum and the length behind the data of a member (§2.3.1).
const TRAILER: usize = 8;

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// The data of all members.
    pub data: Vec<u8>,
    /// Whether bytes followed that are no gzip member, as some gateways append.
    pub trailing: bool,
}

/// Why nothing came out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GzipError {
    /// It ends within a member.
    #[error("the gzip data is cut off after {0} unpacked bytes")]
    CutOff(usize),
    /// A header, a block or a checksum is wrong.
    #[error("the gzip data is damaged: {0}")]
    Damaged(&'static str),
    /// Over [`UNPACKED_CAP`], or what there was room for.
    #[error("it unpacks to more than {} MiB", .0 >> 20)]
    TooLarge(usize),
    /// Over [`RATIO_CAP`].
    #[error("it unpacks to more than {RATIO_CAP} times its size")]
    Ratio,
}

/// Packs bytes; the same bytes give the same file, for neither a time nor a system stands in it.
pub fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes)?;
    packer.finish()
}

/// Whether `bytes` begin as gzip does.
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Unpacks all members.
pub fn unpack(packed: &[u8]) -> Result<Unpacked, GzipError> {
    let mut data = Vec::new();
    let trailing = Unpacker::default().unpack(packed, UNPACKED_CAP, &mut data)?;
    Ok(Unpacked { data, trailing })
}

/// Unpacks one after the other with the same tables: to set them up takes as long as to unpack a small report.
#[derive(Debug)]
pub struct Unpacker(Decompress);

impl Default for Unpacker {
    fn default() -> Self {
        Self(Decompress::new(false))
    }
}

impl Unpacker {
    /// Unpacks all members to the end of `into`, at most `room` bytes (and [`UNPACKED_CAP`]); whether other bytes followed.
    ///
    /// # Errors
    /// On an error, `into` holds what came out until then.
    pub fn unpack(&mut self, packed: &[u8], room: usize, into: &mut Vec<u8>) -> Result<bool, GzipError> {
        let room = room.min(UNPACKED_CAP);
        let by_ratio = packed.len().saturating_mul(RATIO_CAP).max(RATIO_FREE);
        let limit = Limit { most: room.min(by_ratio), beyond: if by_ratio < room { GzipError::Ratio } else { GzipError::TooLarge(room) } };
        let begin = into.len();
        let mut rest = packed;
        loop {
            rest = self.member(rest, begin, &limit, into)?;
            if !is_gzip(rest) {
                return Ok(!rest.is_empty());
            }
        }
    }

    /// One member; what follows it.
    fn member<'a>(&mut self, packed: &'a [u8], begin: usize, limit: &Limit, into: &mut Vec<u8>) -> Result<&'a [u8], GzipError> {
        let mut rest = after_header(packed).map_err(|problem| problem.unwrap_or(GzipError::CutOff(into.len() - begin)))?;
        let member = into.len();
        self.0.reset(false);
        into.reserve(expected(rest).min(limit.most - (member - begin)) + 1);
        loop {
            let before = self.0.total_in();
            let status = self.0.decompress_vec(rest, into, FlushDecompress::None);
            let read = usize::try_from(self.0.total_in() - before).unwrap_or(rest.len());
            rest = rest.get(read..).unwrap_or_default();
            if into.len() - begin > limit.most {
                return Err(limit.beyond.clone());
            }
            match status {
                Err(_) => return Err(GzipError::Damaged("its blocks are wrong")),
                Ok(Status::StreamEnd) => break,
                Ok(_) if into.len() == into.capacity() => {
                    let held = into.len() - begin;
                    into.reserve(held.max(4096).min(limit.most - held + 1));
                }
                Ok(_) => return Err(GzipError::CutOff(into.len() - begin)),
            }
        }
        let Some((trailer, rest)) = rest.split_first_chunk::<TRAILER>() else { return Err(GzipError::CutOff(into.len() - begin)) };
        let [c0, c1, c2, c3, l0, l1, l2, l3] = *trailer;
        let data = &into[member..];
        let mut crc = Crc::new();
        crc.update(data);
        #[expect(clippy::cast_possible_truncation, reason = "the length is kept modulo 2^32 (§2.3.1)")]
        if crc.sum() != u32::from_le_bytes([c0, c1, c2, c3]) || data.len() as u32 != u32::from_le_bytes([l0, l1, l2, l3]) {
            return Err(GzipError::Damaged("its checksum is wrong"));
        }
        Ok(rest)
    }
}

/// How much may come out, and what it is called to be more.
struct Limit {
    most: usize,
    beyond: GzipError,
}

/// A first guess at the length, so that most reports are unpacked without growing: what the last trailer claims, if that is plausible.
fn expected(packed: &[u8]) -> usize {
    let claimed = packed.last_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length) as usize);
    if claimed <= packed.len().saturating_mul(64) { claimed } else { packed.len().saturating_mul(4) }
}

/// What comes after the header of a member (§2.3); `Err(None)` if it ends before that.
fn after_header(packed: &[u8]) -> Result<&[u8], Option<GzipError>> {
    const HEADER_CHECKSUM: u8 = 2;
    const EXTRA: u8 = 4;
    const TEXTS: [u8; 2] = [8, 16];
    let Some((&[0x1f, 0x8b, method, flags, ..], mut rest)) = packed.split_first_chunk::<10>() else {
        let begun = packed.iter().zip([0x1f, 0x8b]).all(|(byte, magic)| *byte == magic);
        return Err((!begun).then_some(GzipError::Damaged("it has no header")));
    };
    if method != 8 || flags & 0xe0 != 0 {
        return Err(Some(GzipError::Damaged("its method is unknown")));
    }
    if flags & EXTRA != 0 {
        let (length, after) = rest.split_first_chunk::<2>().ok_or(None)?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..).ok_or(None)?;
    }
    for text in TEXTS {
        if flags & text != 0 {
            let end = rest.iter().position(|byte| *byte == 0).ok_or(None)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & HEADER_CHECKSUM != 0 {
        rest = rest.get(2..).ok_or(None)?;
    }
    Ok(rest)
}

/// What a gzip file unpacks to, a piece at a time: whatever its length, no more than a window of it is in memory. The ratio is held
/// to [`RATIO_CAP`] all the way.
pub struct Stream<R> {
    members: MultiGzDecoder<BufReader<Counted<R>>>,
    unpacked: u64,
}

impl<R: Read> Stream<R> {
    /// Reads `packed`.
    pub fn new(packed: R) -> Self {
        Self { members: MultiGzDecoder::new(BufReader::with_capacity(64 << 10, Counted(packed, 0))), unpacked: 0 }
    }
}

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.members.read(into)?;
        self.unpacked += read as u64;
        let Counted(_, packed) = self.members.get_ref().get_ref();
        if self.unpacked > packed.saturating_mul(RATIO_CAP as u64).max(RATIO_FREE as u64) {
            return Err(io::Error::other(GzipError::Ratio));
        }
        Ok(read)
    }
}

/// How much was read through it.
struct Counted<R>(R, u64);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(into)?;
        self.1 += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pack(data: &[u8]) -> Vec<u8> {
        super::pack(data).expect("memory")
    }

    #[test]
    fn what_is_packed_tells_neither_a_time_nor_a_system() {
        let packed = pack(b"text");
        assert_eq!((&packed[..4], &packed[4..8], packed[9]), (&[0x1f, 0x8b, 8, 0][..], &[0; 4][..], 255));
    }

    #[test]
    fn members_follow_one_another_and_other_bytes_are_said() {
        let two = [pack(b"one "), pack(b"two")].concat();
        assert_eq!(unpack(&two), Ok(Unpacked { data: b"one two".to_vec(), trailing: false }));
        let more = [two, b"\r\n--\r\n".to_vec()].concat();
        assert_eq!(unpack(&more), Ok(Unpacked { data: b"one two".to_vec(), trailing: true }));
    }

    #[test]
    fn damage_is_named() {
        let good = pack(&[b'x'; 500]);
        assert!(matches!(unpack(&good[..good.len() - 9]), Err(GzipError::CutOff(_))));
        assert!(matches!(unpack(&good[..5]), Err(GzipError::CutOff(0))));
        let mut wrong = good.clone();
        let last = wrong.len() - 6;
        wrong[last] ^= 0xff;
        assert!(matches!(unpack(&wrong), Err(GzipError::Damaged(_))));
    }

    #[test]
    fn what_is_no_header_is_told_from_one_that_is_cut_off() {
        let (no_header, unknown) = (Err(GzipError::Damaged("it has no header")), Err(GzipError::Damaged("its method is unknown")));
        let head = |method: u8, flags: u8| [&[0x1f, 0x8b, method, flags][..], &pack(b"text")[4..]].concat();
        for (bytes, expected) in [
            (Vec::new(), Err(GzipError::CutOff(0))),
            (b"\x1f".to_vec(), Err(GzipError::CutOff(0))),
            (b"\x1f\x8b\x08".to_vec(), Err(GzipError::CutOff(0))),
            (b"x".to_vec(), no_header.clone()),
            (b"\x1fx".to_vec(), no_header.clone()),
            (b"PK\x03\x04".to_vec(), no_header.clone()),
            (b"{\"organization-name\":1}".to_vec(), no_header),
            (head(8, 0), Ok(b"text".to_vec())),
            (head(7, 0), unknown.clone()),
            // Reserved bits must be refused (§2.3.1.2).
            (head(8, 0x20), unknown.clone()),
            (head(8, 0x80), unknown),
        ] {
            assert_eq!(unpack(&bytes).map(|out| out.data), expected, "{bytes:?}");
        }
    }

    #[test]
    fn of_what_is_cut_off_its_own_bytes_are_counted() {
        let whole = [pack(b"one "), pack(b"three")].concat();
        let first = pack(b"one ").len();
        // Within the second header, before its first block, within its trailer; something else stands in the buffer before.
        for (length, unpacked) in [(first + 4, 4), (first + 10, 4), (whole.len() - 1, 9)] {
            let mut data = b"something else".to_vec();
            let answer = Unpacker::default().unpack(&whole[..length], UNPACKED_CAP, &mut data);
            assert_eq!(answer, Err(GzipError::CutOff(unpacked)), "{length} of {}", whole.len());
        }
    }

    #[test]
    fn a_trailer_that_lies_about_the_length_neither_hangs_nor_gets_more_room() {
        // Bytes that hardly pack, so that the claim is plausible; the room is filled to its last byte before more is found.
        let mut seed = 1_u32;
        let data: Vec<u8> = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed.to_be_bytes()[0]
        })
        .take(10_000)
        .collect();
        let mut lying = pack(&data);
        let length = lying.len() - 4;
        lying[length..].copy_from_slice(&4095_u32.to_le_bytes());
        assert_eq!(Unpacker::default().unpack(&lying, 8192, &mut Vec::new()), Err(GzipError::TooLarge(8192)));
    }

    #[test]
    fn bombs_stop_at_the_caps() {
        assert_eq!(unpack(&pack(&vec![0; 8 << 20])), Err(GzipError::Ratio));
        assert!(unpack(&pack(&vec![0; 1 << 20])).is_ok(), "the first MiB is free");
        let mut many = Vec::new();
        for _ in 0..200 {
            many.extend(pack(&vec![0; 1 << 20]));
        }
        assert!(matches!(unpack(&many), Err(GzipError::Ratio | GzipError::TooLarge(_))));
    }

    #[test]
    fn every_field_of_a_header_is_passed_over() {
        let packed = flate2::GzBuilder::new().extra(&b"ab\0c"[..]).filename("r.json").comment("of today");
        let mut packer = packed.write(Vec::new(), flate2::Compression::best());
        packer.write_all(b"text").expect("memory");
        assert_eq!(unpack(&packer.finish().expect("memory")).map(|out| out.data), Ok(b"text".to_vec()));
    }

    #[test]
    fn room_is_kept_and_an_unpacker_serves_again() {
        let (mut unpacker, mut data) = (Unpacker::default(), b"before ".to_vec());
        assert_eq!(unpacker.unpack(&pack(&[b'x'; 99]), 98, &mut data.clone()), Err(GzipError::TooLarge(98)));
        assert_eq!(unpacker.unpack(&pack(b"after"), 5, &mut data), Ok(false));
        assert_eq!(data, b"before after");
    }

    #[test]
    fn a_stream_gives_the_same_and_stops_at_the_ratio() {
        let two = [pack(b"one "), pack(b"two")].concat();
        let mut text = String::new();
        Stream::new(&two[..]).read_to_string(&mut text).expect("it is whole");
        assert_eq!(text, "one two");
        let bomb = pack(&vec![0; 64 << 20]);
        let read = io::copy(&mut Stream::new(&bomb[..]), &mut io::sink()).expect_err("a bomb").to_string();
        assert_eq!(read, GzipError::Ratio.to_string());
    }

    proptest! {
        #[test]
        fn any_data_makes_the_round_trip(data in proptest::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert_eq!(unpack(&pack(&data)).map(|out| out.data), Ok(data));
        }

        #[test]
        fn any_bytes_are_answered(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = unpack(&bytes);
            bytes.splice(0..0, [0x1f, 0x8b, 8, 0]);
            let whole = unpack(&bytes);
            let mut streamed = Vec::new();
            if Stream::new(&bytes[..]).read_to_end(&mut streamed).is_ok() {
                prop_assert_eq!(whole.map(|out| out.data), Ok(streamed));
            }
        }
    }
}
