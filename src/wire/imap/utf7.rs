//! Folder names in modified UTF-7 (RFC 3501 §5.1.3), which servers without `UTF8=ACCEPT` expect.

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

/// Base64 with `,` in place of `/`, and no padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// A folder's name as it is sent: printable US-ASCII as it is, `&` as `&-`, runs of anything else as `&…-`.
pub fn encode(name: &str) -> String {
    let mut sent = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let plain = is_plain(first);
        let end = rest.find(|c| is_plain(c) != plain).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if plain {
            sent.push_str(&run.replace('&', "&-"));
        } else {
            let units: Vec<u8> = run.encode_utf16().flat_map(u16::to_be_bytes).collect();
            sent.push('&');
            BASE64.encode_string(units, &mut sent);
            sent.push('-');
        }
        rest = after;
    }
    sent
}

fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The way back, which only the tests need.
    fn decode(sent: &str) -> Option<String> {
        let mut name = String::new();
        let mut rest = sent;
        while let Some((plain, shifted)) = rest.split_once('&') {
            name.push_str(plain);
            let (coded, after) = shifted.split_once('-')?;
            if coded.is_empty() {
                name.push('&');
            } else {
                let bytes = BASE64.decode(coded).ok()?;
                let units: Vec<u16> = bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
                name.push_str(&String::from_utf16(&units).ok()?);
            }
            rest = after;
        }
        name.push_str(rest);
        Some(name)
    }

    #[test]
    fn names_are_sent_as_the_rfc_has_them() {
        for (name, sent) in [
            ("INBOX", "INBOX"),
            ("Tom & Jerry", "Tom &- Jerry"),
            // RFC 3501 §5.1.3.
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("😀", "&2D3eAA-"),
            ("", ""),
        ] {
            assert_eq!(encode(name), sent, "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in "\\PC{0,40}") {
            let sent = encode(&name);
            prop_assert!(sent.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{sent}");
            prop_assert_eq!(decode(&sent), Some(name));
        }
    }
}
