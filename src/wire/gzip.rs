//! Gzip (RFC 1952) out of untrusted hands: what it unpacks to, within caps.
//!
//! In: bytes that begin with the gzip magic. Out: the unpacked bytes, and whether other bytes followed.

use std::io::Read as _;

use flate2::bufread::GzDecoder;

/// Nothing is unpacked beyond this.
pub const UNPACKED_CAP: usize = 64 << 20;
/// From the first MiB on, nothing is unpacked beyond this multiple of its packed size. Real reports pack 1:10, repetitive ones 1:60.
pub const RATIO_CAP: usize = 200;
/// Up to here the ratio is not asked.
const RATIO_FREE: usize = 1 << 20;

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
    Damaged(String),
    /// Over [`UNPACKED_CAP`].
    #[error("it unpacks to more than {} MiB", UNPACKED_CAP >> 20)]
    TooLarge,
    /// Over [`RATIO_CAP`].
    #[error("it unpacks to more than {RATIO_CAP} times its size")]
    Ratio,
}

/// Whether `bytes` begin as gzip does.
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Unpacks all members.
pub fn unpack(packed: &[u8]) -> Result<Unpacked, GzipError> {
    let by_ratio = packed.len().saturating_mul(RATIO_CAP).max(RATIO_FREE);
    let limit = by_ratio.min(UNPACKED_CAP);
    let mut data = Vec::new();
    let mut rest = packed;
    loop {
        let mut member = GzDecoder::new(rest);
        let room = (limit - data.len()) as u64 + 1;
        if let Err(problem) = (&mut member).take(room).read_to_end(&mut data) {
            return Err(match problem.kind() {
                std::io::ErrorKind::UnexpectedEof => GzipError::CutOff(data.len()),
                _ => GzipError::Damaged(problem.to_string()),
            });
        }
        if data.len() > limit {
            return Err(if limit == UNPACKED_CAP { GzipError::TooLarge } else { GzipError::Ratio });
        }
        rest = member.into_inner();
        if !is_gzip(rest) {
            return Ok(Unpacked { data, trailing: !rest.is_empty() });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn pack(data: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(data).and_then(|()| packer.finish()).expect("memory")
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
    fn bombs_stop_at_the_caps() {
        assert_eq!(unpack(&pack(&vec![0; 8 << 20])), Err(GzipError::Ratio));
        assert!(unpack(&pack(&vec![0; 1 << 20])).is_ok(), "the first MiB is free");
        let mut many = Vec::new();
        for _ in 0..200 {
            many.extend(pack(&vec![0; 1 << 20]));
        }
        assert!(matches!(unpack(&many), Err(GzipError::Ratio | GzipError::TooLarge)));
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
            let _ = unpack(&bytes);
        }
    }
}
