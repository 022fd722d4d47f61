//! Key records (RFC 6376 §3.6.1, RFC 8463): what stands in TXT at `SELECTOR._domainkey.DOMAIN`.

use aws_lc_rs::rsa::PublicKey;
use aws_lc_rs::signature::{ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::RSAPublicKey;

use super::tags::Tags;

/// RFC 8301 §3.2: shorter keys are not to be believed.
const RSA_LEAST: usize = 1024;
/// RFC 8301 §3.2: longer ones need not be.
const RSA_MOST: usize = 4096;
/// What no TXT record of a key needs.
const LENGTH_CAP: usize = 16 << 10;

/// Base64 as people paste it: with or without its padding.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// How a signature is made (`a=`); both over SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `rsa-sha256`.
    Rsa,
    /// `ed25519-sha256`.
    Ed25519,
}

/// A public key that may verify the signatures of reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    algorithm: Algorithm,
    bytes: Vec<u8>,
    /// `t=s`: `i=` must name the very domain of `d=`.
    pub strict: bool,
}

/// Why a TXT record is no such key; in words that complete "the key ".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFlaw {
    /// Something else in TXT.
    #[error("is not there: what stands in its place is no key record")]
    NotAKey,
    /// `p=` is empty (§3.6.1).
    #[error("was revoked")]
    Revoked,
    /// `t=y`: mails are to be taken as unsigned (§3.6.1).
    #[error("is marked as being tested only (t=y)")]
    Testing,
    /// `k=` is neither rsa nor ed25519, or another than the signature's.
    #[error("is of another kind than the signature")]
    Kind,
    /// `h=` leaves SHA-256 out.
    #[error("does not allow SHA-256 (h=)")]
    Hash,
    /// `s=` leaves mail out, and TLS reports too (RFC 8460 §3).
    #[error("is not for mail (s=)")]
    Service,
    /// `p=` cannot be read.
    #[error("cannot be read")]
    Garbled,
    /// Under 1024 bits.
    #[error("has only {0} bits, too few to prove anything")]
    Short(usize),
    /// Over 4096 bits.
    #[error("has {0} bits, more than is looked at")]
    Long(usize),
}

impl Key {
    /// Reads a record for a signature made by `algorithm`.
    pub fn read(record: &str, algorithm: Algorithm) -> Result<Self, KeyFlaw> {
        if record.len() > LENGTH_CAP {
            return Err(KeyFlaw::NotAKey);
        }
        let tags = Tags::read(record.as_bytes()).map_err(|_| KeyFlaw::NotAKey)?;
        // §3.6.1: v= may be missing; where it is, it comes first and says this.
        if tags.get("v").is_some_and(|version| version != "DKIM1" || tags.first() != Some("v")) {
            return Err(KeyFlaw::NotAKey);
        }
        let packed = tags.packed("p").ok_or(KeyFlaw::NotAKey)?;
        if packed.is_empty() {
            return Err(KeyFlaw::Revoked);
        }
        let lists = |tag: &str, allowed: &[&str]| {
            tags.get(tag).is_none_or(|list| list.split(':').any(|item| allowed.iter().any(|known| item.trim().eq_ignore_ascii_case(known))))
        };
        let kind = tags.get("k").unwrap_or("rsa");
        if !kind.eq_ignore_ascii_case(algorithm.kind()) {
            return Err(KeyFlaw::Kind);
        }
        if !lists("h", &["sha256"]) {
            return Err(KeyFlaw::Hash);
        }
        if !lists("s", &["*", "email", "tlsrpt"]) {
            return Err(KeyFlaw::Service);
        }
        let flags: Vec<&str> = tags.get("t").unwrap_or_default().split(':').map(str::trim).collect();
        if flags.contains(&"y") {
            return Err(KeyFlaw::Testing);
        }
        let bytes = BASE64.decode(packed).map_err(|_| KeyFlaw::Garbled)?;
        algorithm.sound(&bytes)?;
        Ok(Self { algorithm, bytes, strict: flags.contains(&"s") })
    }

    /// Whether `signature` is this key's over `data`, whose hash is what Ed25519 signs (RFC 8463 §3).
    pub(super) fn verifies(&self, data: &[u8], signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Rsa => {
                UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &self.bytes).verify(data, signature).is_ok()
            }
            Algorithm::Ed25519 => {
                let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data);
                UnparsedPublicKey::new(&ED25519, &self.bytes).verify(hash.as_ref(), signature).is_ok()
            }
        }
    }
}

impl Algorithm {
    /// As `k=` writes it.
    fn kind(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }

    /// Whether the bytes are a key of a size that is believed.
    fn sound(self, bytes: &[u8]) -> Result<(), KeyFlaw> {
        match self {
            Self::Ed25519 if bytes.len() == 32 => Ok(()),
            Self::Ed25519 => Err(KeyFlaw::Garbled),
            Self::Rsa => {
                // Both forms are met: RSAPublicKey, and SubjectPublicKeyInfo around it (§3.6.1, erratum 3017).
                let key = PublicKey::from_der(bytes).map_err(|_| KeyFlaw::Garbled)?;
                let (_, key) = RSAPublicKey::from_der(key.as_ref()).map_err(|_| KeyFlaw::Garbled)?;
                match bits(key.modulus) {
                    bits if bits < RSA_LEAST => Err(KeyFlaw::Short(bits)),
                    bits if bits > RSA_MOST => Err(KeyFlaw::Long(bits)),
                    _ => Ok(()),
                }
            }
        }
    }
}

/// The bits of an unsigned number.
fn bits(number: &[u8]) -> usize {
    let significant = number.iter().position(|byte| *byte != 0).and_then(|first| number.get(first..)).unwrap_or_default();
    significant.first().map_or(0, |first| significant.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The keys of RFC 6376 §A.2 (1024 bits) and RFC 8463 §A.2, and one of 768 bits.
    const RSA: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";
    const ED25519_KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    const SHORT: &str = "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhANA700AFro6vfxlRkuETE25LKZeNWbh2FFYuNJCscURHaJrWByqc87tknq4sB6gywkvqKYlxUSKuqwmbHJbnp0aJsVWFpa0mKJ8dmQF9TwYd2JD1aau7Ac9uy6ZzBiDAFQIDAQAB";

    fn read(record: &str, algorithm: Algorithm) -> Result<bool, KeyFlaw> {
        Key::read(record, algorithm).map(|key| key.strict)
    }

    #[test]
    fn key_records_are_read_as_senders_write_them() {
        for record in [
            format!("v=DKIM1; k=rsa; p={RSA}"),
            format!("p={RSA}"),
            format!("v=DKIM1; h=sha1:sha256; s=email:other; n=note; x-unknown=1; p={RSA};"),
            format!("v=DKIM1; k=rsa; s=tlsrpt; p={}", RSA.replace('M', "M ")),
            format!("k=RSA; t=; s=*; p={RSA}"),
        ] {
            assert_eq!(read(&record, Algorithm::Rsa), Ok(false), "{record}");
        }
        assert_eq!(read(&format!("v=DKIM1; k=rsa; t=s; p={RSA}"), Algorithm::Rsa), Ok(true));
        assert_eq!(read(&format!("v=DKIM1; k=ed25519; p={ED25519_KEY}"), Algorithm::Ed25519), Ok(false));
        assert_eq!(read(&format!("k=ed25519; p={}", ED25519_KEY.trim_end_matches('=')), Algorithm::Ed25519), Ok(false));
    }

    #[test]
    fn each_flaw_has_its_own_name() {
        use KeyFlaw::{Garbled, Hash, Kind, NotAKey, Revoked, Service, Testing};
        for (record, flaw) in [
            ("v=spf1 -all".to_owned(), NotAKey),
            (String::new(), NotAKey),
            (format!("v=DKIM2; p={RSA}"), NotAKey),
            (format!("p={RSA}; v=DKIM1"), NotAKey),
            ("v=DKIM1; k=rsa".to_owned(), NotAKey),
            (format!("p={}", "A".repeat(LENGTH_CAP)), NotAKey),
            ("v=DKIM1; p=".to_owned(), Revoked),
            ("v=DKIM1; k=rsa; p= ;".to_owned(), Revoked),
            (format!("k=ed25519; p={ED25519_KEY}"), Kind),
            (format!("h=sha1; p={RSA}"), Hash),
            (format!("s=other; p={RSA}"), Service),
            (format!("t=y; p={RSA}"), Testing),
            (format!("t=s : y; p={RSA}"), Testing),
            ("p=AAAA".to_owned(), Garbled),
            ("p=!!!".to_owned(), Garbled),
            (format!("p={ED25519_KEY}"), Garbled),
        ] {
            assert_eq!(read(&record, Algorithm::Rsa), Err(flaw), "{record}");
        }
        assert_eq!(read(&format!("p={SHORT}"), Algorithm::Rsa), Err(KeyFlaw::Short(768)));
        let long = |bytes: &[u8]| read(&format!("p={}", BASE64.encode(bytes)), Algorithm::Rsa);
        // RSAPublicKey: SEQUENCE { INTEGER of 5120 bits, INTEGER 65537 }, of 4097 bits, and of 4096 bits: the longest that must be read.
        let exponent = b"\x02\x03\x01\x00\x01";
        let of_5120 = [&b"\x30\x82\x02\x8a\x02\x82\x02\x81\x00"[..], &[0xff; 640], exponent].concat();
        assert_eq!(long(&of_5120), Err(KeyFlaw::Long(5120)));
        let of_4097 = [&b"\x30\x82\x02\x0a\x02\x82\x02\x01\x01"[..], &[0xff; 512], exponent].concat();
        assert_eq!(long(&of_4097), Err(KeyFlaw::Long(4097)));
        let of_4096 = [&b"\x30\x82\x02\x0a\x02\x82\x02\x01\x00"[..], &[0xff; 512], exponent].concat();
        assert_eq!(long(&of_4096), Ok(false));
        assert_eq!(read("k=ed25519; p=AAAA", Algorithm::Ed25519), Err(Garbled));
    }

    #[test]
    fn bits_are_counted_from_the_first_that_is_set() {
        for (number, counted) in [(&[][..], 0), (&[0, 0], 0), (&[1], 1), (&[0, 0x80, 0], 16), (&[0x7f, 0xff], 15)] {
            assert_eq!(bits(number), counted, "{number:?}");
        }
    }

    proptest! {
        #[test]
        fn any_record_is_answered(record in "(v=DKIM1;|k=(rsa|ed25519);|p=[A-Za-z0-9+/=]{0,80};?|[a-z]=[^;]{0,8};){0,5}|.{0,60}") {
            let _ = (Key::read(&record, Algorithm::Rsa), Key::read(&record, Algorithm::Ed25519));
        }
    }
}
