//! Zone-file lines (RFC 1035 §5.1): the exact text to publish. In: a name and a record's text. Out: one line.
//!
//! A line without a TTL is of a record set that exists: its TTL stays as it is. What a resolver answered may be what is left of it, and
//! the records of one set have one TTL (RFC 2181 §5.2).

use std::net::IpAddr;

use super::name::Domain;
use super::tlsa::TlsaRecord;

/// The TTL of proposed records, in seconds: short enough that a correction is seen within the hour.
pub const TTL: u32 = 3600;

/// A TXT record as a line of a zone file; text over 255 bytes is cut into several strings, which readers join without spaces.
pub fn txt_line(name: &Domain, text: &str) -> String {
    line(name, Some(TTL), "TXT", &quoted(text))
}

/// The same in the place of one that is there: it keeps its TTL.
pub fn txt_line_kept(name: &Domain, text: &str) -> String {
    line(name, None, "TXT", &quoted(text))
}

/// A line; without a TTL where there is one to keep.
fn line(name: &Domain, ttl: Option<u32>, kind: &str, data: &str) -> String {
    let ttl = ttl.map(|ttl| format!(" {ttl}")).unwrap_or_default();
    format!("{name}.{ttl} IN {kind} {data}")
}

/// Character-strings of 255 bytes at the most, in quotes.
fn quoted(text: &str) -> String {
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
    format!("\"{}\"", strings.join("\" \""))
}

/// An MX record as a line of a zone file; without `ttl`, one that is there or goes beside others.
pub fn mx_line(name: &Domain, ttl: Option<u32>, preference: u16, host: &Domain) -> String {
    line(name, ttl, "MX", &format!("{preference} {host}."))
}

/// An address record as a line of a zone file; without `ttl`, one that is there.
pub fn address_line(name: &Domain, ttl: Option<u32>, address: IpAddr) -> String {
    line(name, ttl, if address.is_ipv4() { "A" } else { "AAAA" }, &address.to_string())
}

/// A CNAME record as a line of a zone file; without `ttl`, one that is there.
pub fn cname_line(name: &Domain, ttl: Option<u32>, target: &Domain) -> String {
    line(name, ttl, "CNAME", &format!("{target}."))
}

/// A TLSA record as a line of a zone file.
pub fn tlsa_line(name: &Domain, record: &TlsaRecord) -> String {
    line(name, Some(TTL), "TLSA", &record.to_string())
}

/// The same beside others at its name.
pub fn tlsa_line_beside(name: &Domain, record: &TlsaRecord) -> String {
    line(name, None, "TLSA", &record.to_string())
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
        assert_eq!(address_line(&host, None, [192, 0, 2, 1].into()), "mta-sts.example.com. IN A 192.0.2.1");
        assert_eq!(cname_line(&host, None, &name("policy.example.net")), "mta-sts.example.com. IN CNAME policy.example.net.");
        assert_eq!(mx_line(&name("example.com"), None, 10, &name("mx1.example.com")), "example.com. IN MX 10 mx1.example.com.");
        assert_eq!(txt_line_kept(&host, "a\"b"), "mta-sts.example.com. IN TXT \"a\\\"b\"");
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
