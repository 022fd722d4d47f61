//! Zone-file lines (RFC 1035 §5.1): the exact text to publish. In: a name and a record's text. Out: one line.

use std::net::IpAddr;

use super::name::Domain;
use super::tlsa::TlsaRecord;

/// The TTL of proposed records, in seconds: short enough that a correction is seen within the hour.
pub const TTL: u32 = 3600;

/// A TXT record as a line of a zone file; text over 255 bytes is cut into several strings, which readers join without spaces.
pub fn txt_line(name: &Domain, text: &str) -> String {
    txt_line_with(name, TTL, text)
}

/// The same with a TTL of its own, in seconds.
pub fn txt_line_with(name: &Domain, ttl: u32, text: &str) -> String {
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
    format!("{name}. {ttl} IN TXT \"{}\"", strings.join("\" \""))
}

/// An MX record as a line of a zone file; the TTL is in seconds.
pub fn mx_line(name: &Domain, ttl: u32, preference: u16, host: &Domain) -> String {
    format!("{name}. {ttl} IN MX {preference} {host}.")
}

/// An address record as a line of a zone file; the TTL is in seconds.
pub fn address_line(name: &Domain, ttl: u32, address: IpAddr) -> String {
    let kind = if address.is_ipv4() { "A" } else { "AAAA" };
    format!("{name}. {ttl} IN {kind} {address}")
}

/// A CNAME record as a line of a zone file; the TTL is in seconds.
pub fn cname_line(name: &Domain, ttl: u32, target: &Domain) -> String {
    format!("{name}. {ttl} IN CNAME {target}.")
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
    fn records_are_one_line() {
        let name = Domain::from_dns;
        let host = name("mta-sts.example.com");
        assert_eq!(address_line(&host, 60, [192, 0, 2, 1].into()), "mta-sts.example.com. 60 IN A 192.0.2.1");
        assert_eq!(cname_line(&host, 60, &name("policy.example.net")), "mta-sts.example.com. 60 IN CNAME policy.example.net.");
        assert_eq!(mx_line(&name("example.com"), 300, 10, &name("mx1.example.com")), "example.com. 300 IN MX 10 mx1.example.com.");
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
