//! The DKIM-Signature field (RFC 6376 §3.5).

use std::ops::Range;

use base64::Engine as _;

use super::canon::Canon;
use super::key::{Algorithm, BASE64};
use super::tags::Tags;
use crate::wire::header::Field;
use crate::wire::name::Domain;

/// More names in `h=` than this sign nothing that the first ones do not.
const SIGNED_CAP: usize = 500;

/// A signature, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `d=`: whose it is.
    pub domain: Domain,
    /// Where its key is: `SELECTOR._domainkey.DOMAIN`.
    pub key: Domain,
    /// `a=`.
    pub algorithm: Algorithm,
    /// `t=`: when it was made, in seconds since 1970.
    pub made: Option<i64>,
    /// `x=`: when it ends, in seconds since 1970.
    pub expires: Option<i64>,
    /// The domain of `i=`, where it is not that of `d=` but below it.
    pub identity: Option<Domain>,
    /// `h=`, in lower case, in its order.
    pub(super) signed: Vec<String>,
    pub(super) header: Canon,
    pub(super) body: Canon,
    pub(super) body_hash: Vec<u8>,
    pub(super) value: Vec<u8>,
    /// Where the value of `b=` stands in the field: it is left out of what is signed.
    pub(super) hole: Range<usize>,
}

/// A signature that proves nothing, whatever its key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// Whose it is, as far as it says so.
    pub domain: Option<Domain>,
    /// Why.
    pub flaw: Flaw,
}

/// Why a signature is unusable; in words that complete "the signature ".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// No tag list, or a tag that must be there is missing or unreadable.
    #[error("cannot be read ({0})")]
    Unreadable(&'static str),
    /// RFC 8301 §3.1: SHA-1 proves nothing any more.
    #[error("is made with rsa-sha1, which proves nothing any more")]
    Sha1,
    /// Neither rsa-sha256 nor ed25519-sha256.
    #[error("is made in a way that is not known (a=)")]
    Algorithm,
    /// RFC 8460 §3: `l=` must not be used, for anything may have been added.
    #[error("covers a part of the body only (l=), which reports must not have")]
    Limited,
    /// §5.4: the From field must be signed.
    #[error("does not cover the From field")]
    FromUnsigned,
    /// The key is to be had in a way that nobody knows (`q=`).
    #[error("has its key in another place than DNS (q=)")]
    Query,
}

impl Signature {
    /// Reads a DKIM-Signature field.
    pub fn read(field: &Field<'_>) -> Result<Self, Unusable> {
        let unreadable = |what| Flaw::Unreadable(what);
        let tags = Tags::read(field.value()).map_err(|_| Unusable { domain: None, flaw: unreadable("no list of tags") })?;
        let domain = tags.get("d").and_then(domain);
        let read = || {
            let domain = domain.clone().ok_or(unreadable("d="))?;
            if tags.get("v") != Some("1") {
                return Err(unreadable("v="));
            }
            let algorithm = match tags.get("a").ok_or(unreadable("a="))?.to_ascii_lowercase().as_str() {
                "rsa-sha256" => Algorithm::Rsa,
                "ed25519-sha256" => Algorithm::Ed25519,
                "rsa-sha1" => return Err(Flaw::Sha1),
                _ => return Err(Flaw::Algorithm),
            };
            if tags.get("l").is_some() {
                return Err(Flaw::Limited);
            }
            if tags.get("q").is_some_and(|ways| !ways.split(':').any(|way| way.trim().eq_ignore_ascii_case("dns/txt"))) {
                return Err(Flaw::Query);
            }
            let (header, body) = canons(tags.get("c").unwrap_or("simple/simple")).ok_or(unreadable("c="))?;
            let signed = signed(tags.get("h").ok_or(unreadable("h="))?).ok_or(unreadable("h="))?;
            if !signed.iter().any(|name| name == "from") {
                return Err(Flaw::FromUnsigned);
            }
            let base64 = |tag, what| tags.packed(tag).and_then(|text| BASE64.decode(text).ok()).ok_or(unreadable(what));
            let made = seconds(tags.get("t")).map_err(|()| unreadable("t="))?;
            let expires = seconds(tags.get("x")).map_err(|()| unreadable("x="))?;
            if made.zip(expires).is_some_and(|(made, expires)| expires <= made) {
                return Err(unreadable("x= is not after t="));
            }
            let span = tags.span("b").ok_or(unreadable("b="))?;
            let before = field.raw.len() - field.value().len();
            Ok(Self {
                key: key(tags.get("s").ok_or(unreadable("s="))?, &domain).ok_or(unreadable("s="))?,
                algorithm,
                made,
                expires,
                identity: identity(tags.get("i"), &domain).map_err(|()| unreadable("i="))?,
                signed,
                header,
                body,
                body_hash: base64("bh", "bh=")?,
                value: base64("b", "b=")?,
                hole: before + span.start..before + span.end,
                domain,
            })
        };
        read().map_err(|flaw| Unusable { domain: domain.clone(), flaw })
    }
}

/// A name that may be asked for in DNS: labels of letters, digits, hyphens and underscores. Whoever wrote the mail chose it.
fn domain(text: &str) -> Option<Domain> {
    let ascii = idna::domain_to_ascii(text.trim()).ok()?;
    (labels(&ascii) && ascii.contains('.')).then(|| Domain::from_dns(&ascii))
}

fn labels(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    name.len() <= 253 && name.split('.').all(|label| (1..=63).contains(&label.len()) && label.bytes().all(legal))
}

/// Where the key is (§3.6.2.1).
fn key(selector: &str, domain: &Domain) -> Option<Domain> {
    let name = domain.child(&format!("{selector}._domainkey"));
    labels(name.as_str()).then_some(name)
}

/// The domain of `i=`, which must be that of `d=` or below it (§3.5); `None` where it is the very same.
fn identity(text: Option<&str>, signer: &Domain) -> Result<Option<Domain>, ()> {
    let Some(text) = text else { return Ok(None) };
    let (_, written) = text.rsplit_once('@').ok_or(())?;
    let named = domain(written).ok_or(())?;
    if !named.is_at_or_below(signer) {
        return Err(());
    }
    Ok(Some(named).filter(|named| named != signer))
}

/// `header/body`; the second may be missing and is simple then (§3.5).
fn canons(text: &str) -> Option<(Canon, Canon)> {
    let canon = |word: &str| match word.trim().to_ascii_lowercase().as_str() {
        "simple" => Some(Canon::Simple),
        "relaxed" => Some(Canon::Relaxed),
        _ => None,
    };
    let (header, body) = text.split_once('/').unwrap_or((text, "simple"));
    Some((canon(header)?, canon(body)?))
}

/// The names of `h=`.
fn signed(text: &str) -> Option<Vec<String>> {
    let names: Vec<String> = text.split(':').take(SIGNED_CAP + 1).map(|name| name.trim().to_ascii_lowercase()).collect();
    (names.len() <= SIGNED_CAP && names.iter().all(|name| !name.is_empty())).then_some(names)
}

/// At most twelve digits (§3.5).
fn seconds(text: Option<&str>) -> Result<Option<i64>, ()> {
    let Some(text) = text else { return Ok(None) };
    let digits = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().map(Some).map_err(|_| ()) } else { Err(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::header::Header;

    const WHOLE: &str = "v=1; a=rsa-sha256; c=relaxed/simple; d=Sender.example; s=key1; t=10; x=20; h=From : to:from; bh=AAAA; b=BB\r\n BB";

    fn read(value: &str) -> Result<Signature, Unusable> {
        let mail = format!("DKIM-Signature: {value}\r\n\r\n");
        Signature::read(&Header::split(mail.as_bytes()).expect("short").fields[0])
    }

    #[test]
    fn a_signature_is_read_whole() {
        let signature = read(WHOLE).expect("usable");
        assert_eq!(signature.domain.as_str(), "sender.example");
        assert_eq!(signature.key.as_str(), "key1._domainkey.sender.example");
        assert_eq!((signature.header, signature.body), (Canon::Relaxed, Canon::Simple));
        assert_eq!((signature.made, signature.expires, signature.identity), (Some(10), Some(20), None));
        assert_eq!(signature.signed, ["from", "to", "from"]);
        let field = format!("DKIM-Signature: {WHOLE}");
        assert_eq!(&field[signature.hole], "BB\r\n BB");
        assert_eq!(signature.value, [4, 16, 65]);
    }

    #[test]
    fn parts_that_may_be_missing_or_odd_are_taken() {
        let without =
            read("v=1;a=Ed25519-SHA256;d=a.example;s=x;h=from;bh=;b=;i=@mail.a.example;unknown=1;q=dns/txt:other").expect("usable");
        assert_eq!((without.header, without.body, without.made), (Canon::Simple, Canon::Simple, None));
        assert_eq!(without.identity.map(|name| name.to_string()).as_deref(), Some("mail.a.example"));
        assert_eq!(without.algorithm, Algorithm::Ed25519);
        let only_header = read(&WHOLE.replace("relaxed/simple", "relaxed")).expect("usable");
        assert_eq!((only_header.header, only_header.body), (Canon::Relaxed, Canon::Simple));
        let unicode = read(&WHOLE.replace("Sender.example", "bücher.example")).expect("usable");
        assert_eq!(unicode.domain.as_str(), "xn--bcher-kva.example");
        assert_eq!(read(&WHOLE.replace("s=key1", "s=a.b_c")).expect("usable").key.as_str(), "a.b_c._domainkey.sender.example");
    }

    #[test]
    fn what_proves_nothing_is_told_with_its_reason() {
        use Flaw::{FromUnsigned, Limited, Query, Sha1, Unreadable};
        for (change, to, flaw) in [
            ("v=1", "v=2", Unreadable("v=")),
            ("v=1;", "", Unreadable("v=")),
            ("rsa-sha256", "rsa-sha1", Sha1),
            ("rsa-sha256", "dsa-sha512", Flaw::Algorithm),
            ("t=10", "l=0", Limited),
            ("t=10", "l=1000000", Limited),
            ("t=10", "q=http", Query),
            ("relaxed/simple", "relaxed/nowsp", Unreadable("c=")),
            ("From : to:from", "to:subject", FromUnsigned),
            ("From : to:from", "from::to", Unreadable("h=")),
            ("Sender.example", "example", Unreadable("d=")),
            ("Sender.example", "a..example", Unreadable("d=")),
            ("Sender.example", "a/b.example", Unreadable("d=")),
            ("s=key1", "s=", Unreadable("s=")),
            ("s=key1", "s=a b", Unreadable("s=")),
            ("s=key1", "s=*", Unreadable("s=")),
            ("t=10", "t=soon", Unreadable("t=")),
            ("t=10", "t=-1", Unreadable("t=")),
            ("x=20", "x=10", Unreadable("x= is not after t=")),
            ("x=20", "x=9999999999999", Unreadable("x=")),
            ("x=20", "i=a@other.example", Unreadable("i=")),
            ("x=20", "i=a@notsender.example", Unreadable("i=")),
            ("bh=AAAA;", "", Unreadable("bh=")),
            ("bh=AAAA", "bh=A", Unreadable("bh=")),
            ("; b=BB\r\n BB", "", Unreadable("b=")),
        ] {
            let value = WHOLE.replace(change, to);
            assert_eq!(read(&value).map_err(|unusable| unusable.flaw), Err(flaw), "{value}");
        }
        assert_eq!(read("nothing").map_err(|unusable| unusable.domain), Err(None));
        let known = read(&WHOLE.replace("v=1", "v=2")).map_err(|unusable| unusable.domain.map(|name| name.to_string()));
        assert_eq!(known, Err(Some("sender.example".to_owned())));
    }

    #[test]
    fn a_name_is_as_long_as_dns_allows_and_no_list_of_names_is_shortened() {
        let name = |length: usize| format!("{}.{}", ["a".repeat(63), "b".repeat(63), "c".repeat(63)].join("."), "d".repeat(length - 192));
        assert_eq!((labels(&name(253)), labels(&name(254))), (true, false));
        assert_eq!((labels(&"a".repeat(63)), labels(&"a".repeat(64))), (true, false));
        let names = |count: usize| signed(&vec!["from"; count].join(":")).map(|names| names.len());
        assert_eq!(
            (names(SIGNED_CAP), names(SIGNED_CAP + 1)),
            (Some(SIGNED_CAP), None),
            "refused whole, for less of it is not what was signed"
        );
    }

    proptest! {
        #[test]
        fn any_field_is_answered(value in "([a-z]{1,2}=[^;]{0,12};?){0,12}") {
            let _ = read(&value);
        }

        #[test]
        fn a_key_is_asked_for_by_legal_names_only(selector in ".{0,80}", signer in ".{0,80}") {
            let value = WHOLE.replace("key1", &selector).replace("Sender.example", &signer);
            if let Ok(signature) = read(&value) {
                prop_assert!(labels(signature.key.as_str()), "{}", signature.key);
            }
        }
    }
}
