//! Zone-file lines (RFC 1035 §5.1): the exact text to publish. In: a name and a record's text. Out: one line.

use super::name::Domain;
use super::tlsa::TlsaRecord;

/// The TTL of proposed records, in seconds: short enough that a correction is seen within the hour.
pub const TTL: u32 = 3600;

/// A TXT record as a line of a zone file; text over 255 bytes is cut into several strings, which readers join without spaces.
pub fn txt_line(name: &Domain, text: &str) -> String {
    let mut strings = vec![String::new()];
    let mut length = 0;
    for c in text.chars() {
        if length + c.len_utf8() > 255 {
            strings.push(String::new());
            length = 0;
        }
        length += c.len_utf8();
        if let Some(last) = strings.last_mut() {
            if matches!(c, '"' | '\\') {
                last.push('\\');
            }
            last.push(c);
        }
    }
    format!("{name}. {TTL} IN TXT \"{}\"", strings.join("\" \""))
}

/// A TLSA record as a line of a zone file.
pub fn tlsa_line(name: &Domain, record: &TlsaRecord) -> String {
    format!("{name}. {TTL} IN TLSA {record}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tlsa_record_is_one_line() {
        let name = Domain::from_dns("_25._tcp.mx1.example.com");
        let record = TlsaRecord::new(3, 1, 1, &[0xAB, 0x01]);
        assert_eq!(tlsa_line(&name, &record), "_25._tcp.mx1.example.com. 3600 IN TLSA 3 1 1 ab01");
    }

    #[test]
    fn text_is_quoted_and_cut_at_255_bytes() {
        let name = Domain::from_dns("_smtp._tls.example.com");
        assert_eq!(
            txt_line(&name, "v=TLSRPTv1; rua=mailto:tls-reports@example.com"),
            "_smtp._tls.example.com. 3600 IN TXT \"v=TLSRPTv1; rua=mailto:tls-reports@example.com\""
        );
        assert!(txt_line(&name, r#"a"b\c"#).ends_with(r#""a\"b\\c""#));
        let long = txt_line(&name, &"x".repeat(256));
        assert!(long.ends_with(&format!("\"{}\" \"x\"", "x".repeat(255))), "{long}");
    }
}
