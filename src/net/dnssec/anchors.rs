//! The trust anchors that DNSSEC leads to: the root keys embedded in the resolver library, or those of a file.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hickory_resolver::proto::dnssec::TrustAnchors;

/// Real files have a few keys; a larger file is none.
const FILE_CAP: u64 = 256 * 1024;

/// Why there is no trust anchor; names the file and the way out.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The file cannot be read.
    #[error("cannot read the trust anchors in {}: {source}", file.display())]
    Unreadable {
        /// As given.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not a file of DNSKEY records.
    #[error("the trust anchors in {} cannot be read: {detail}; it must hold DNSKEY records, one a line (DS records are not enough)", file.display())]
    Garbled {
        /// As given.
        file: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// No key of the root: nothing could be followed to it.
    #[error("no DNSKEY record of the root (the name . ) in {}", file.display())]
    NoRoot {
        /// As given.
        file: PathBuf,
    },
}

/// The root keys in `file`, or the embedded ones.
///
/// # Errors
/// [`AnchorError`] if the file cannot be read or has no key of the root.
pub(super) fn load(file: Option<&Path>) -> Result<Arc<TrustAnchors>, AnchorError> {
    let Some(file) = file else { return Ok(Arc::new(TrustAnchors::default())) };
    let unreadable = |source| AnchorError::Unreadable { file: file.to_owned(), source };
    let mut text = String::new();
    std::fs::File::open(file).and_then(|opened| opened.take(FILE_CAP).read_to_string(&mut text)).map_err(unreadable)?;
    let garbled = |detail: String| AnchorError::Garbled { file: file.to_owned(), detail };
    let anchors: TrustAnchors =
        text.parse().map_err(|error: hickory_resolver::proto::serialize::txt::ParseError| garbled(error.to_string()))?;
    if anchors.is_empty() { Err(AnchorError::NoRoot { file: file.to_owned() }) } else { Ok(Arc::new(anchors)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==";

    fn loaded(text: &str) -> Result<Arc<TrustAnchors>, AnchorError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        load(Some(file.path()))
    }

    #[test]
    fn root_keys_are_read_with_and_without_a_ttl() {
        assert_eq!(loaded(&format!(". IN DNSKEY {KEY}\n")).map(|anchors| anchors.len()).ok(), Some(1));
        assert_eq!(loaded(&format!("; a comment\n.\t172800\tIN\tDNSKEY\t{KEY} ;{{id = 1}}\n")).map(|anchors| anchors.len()).ok(), Some(1));
        assert_eq!(load(None).map(|anchors| anchors.len()).ok(), Some(2));
    }

    #[test]
    fn what_is_no_root_key_is_refused() {
        let ds = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";
        for text in [ds, "not a record at all", "\u{0}\u{1}", &format!("example.com. IN DNSKEY {KEY}"), ""] {
            assert!(loaded(text).is_err(), "{text:?}");
        }
        assert!(matches!(load(Some(Path::new("/nowhere/root.key"))), Err(AnchorError::Unreadable { .. })));
    }
}
