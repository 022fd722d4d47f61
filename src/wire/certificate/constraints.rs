//! Name constraints of a CA (RFC 5280 §4.2.1.10): for which names it may stand above a certificate.
//!
//! DNS names, IP addresses and directory names are judged. Names of other kinds are not for servers: where they are limited and a
//! certificate has one all the same, it counts as forbidden, as it does for the libraries that cannot judge it.

use std::net::IpAddr;

use x509_parser::extensions::{GeneralName, NameConstraints as Parsed};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Name;

use super::Certificate;

/// Comparisons in one judgement. Real CAs need a few; beyond this the answer is that it was not judged.
const COMPARISONS: usize = 250_000;

/// The constraints of one CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameConstraints {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

/// Names at or below a base.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subtree {
    /// Lower case. With a leading dot, only names below it.
    Dns(String),
    /// An address and its mask, both of four or both of sixteen bytes.
    Ip(Vec<u8>, Vec<u8>),
    /// The beginning of a directory name.
    Directory(DirectoryName),
    /// Names of this kind, by the beginning that they have in [`Certificate::other_names`].
    Unjudged(&'static str),
}

/// A directory name: its relative names in order, each as pairs of type and value that can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DirectoryName(Vec<Vec<(String, Vec<u8>)>>);

impl DirectoryName {
    pub(super) fn read(name: &X509Name<'_>) -> Self {
        let relative = name.iter_rdn().map(|relative| {
            let mut pairs: Vec<(String, Vec<u8>)> = relative
                .iter()
                .map(|pair| {
                    // RFC 5280 §7.1: case and the width of spaces do not count in strings.
                    let text = pair.as_str().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase().into_bytes());
                    (pair.attr_type().to_id_string(), text.unwrap_or_else(|_| pair.attr_value().data.to_vec()))
                })
                .collect();
            pairs.sort();
            pairs
        });
        Self(relative.collect())
    }
}

impl NameConstraints {
    pub(super) fn read(parsed: &Parsed<'_>) -> Self {
        let side = |subtrees: &Option<Vec<_>>| -> Vec<Subtree> {
            let subtrees: &[x509_parser::extensions::GeneralSubtree<'_>] = subtrees.as_deref().unwrap_or_default();
            subtrees.iter().filter_map(|subtree| Subtree::read(&subtree.base)).collect()
        };
        Self { permitted: side(&parsed.permitted_subtrees), excluded: side(&parsed.excluded_subtrees) }
    }

    /// Reads the content of the extension as a trust anchor holds it, without its outer header; `None` if it is garbled.
    pub fn of_anchor(content: &[u8]) -> Option<Self> {
        let der = super::sequence(content);
        let (_, parsed) = Parsed::from_der(&der).ok()?;
        // The parser stops at what it does not expect, and calls the rest absent.
        (parsed.permitted_subtrees.is_some() || parsed.excluded_subtrees.is_some()).then(|| Self::read(&parsed))
    }

    /// Whether some are for directory names, which every subject is.
    pub fn limit_directory_names(&self) -> bool {
        self.permitted.iter().chain(&self.excluded).any(|subtree| matches!(subtree, Subtree::Directory(_)))
    }

    /// Which name of `certificate` they forbid, in words; `None` if none.
    pub fn forbid(&self, certificate: &Certificate) -> Option<String> {
        let count = certificate.dns_names.len() + certificate.other_names.len() + 1;
        if count.saturating_mul(self.permitted.len() + self.excluded.len()) > COMPARISONS {
            return Some("has too many names to be held against them".to_owned());
        }
        let dns = certificate.dns_names.iter().map(|name| Name::Dns(name, name.to_ascii_lowercase()));
        let addresses = certificate.addresses.iter().map(|address| Name::Ip(*address));
        let subject = (!certificate.subject_name.0.is_empty()).then_some(Name::Directory(&certificate.subject_name, &certificate.subject));
        let unjudged = || {
            self.permitted.iter().chain(&self.excluded).filter_map(|subtree| match subtree {
                Subtree::Unjudged(kind) => Some(*kind),
                _ => None,
            })
        };
        let mut others = certificate.other_names.iter();
        if let Some(name) = others.find(|name| unjudged().any(|kind| name.starts_with(kind))) {
            return Some(format!("limits names of the kind of {name}"));
        }
        dns.chain(addresses).chain(subject).find_map(|name| {
            if self.excluded.iter().any(|subtree| subtree.holds(&name) == Some(true)) {
                return Some(format!("excludes {name}"));
            }
            let mut of_kind = self.permitted.iter().filter_map(|subtree| subtree.holds(&name)).peekable();
            (of_kind.peek().is_some() && !of_kind.any(|holds| holds)).then(|| format!("does not permit {name}"))
        })
    }
}

/// A name of a certificate.
enum Name<'a> {
    /// As presented, and in lower case.
    Dns(&'a str, String),
    Ip(IpAddr),
    Directory(&'a DirectoryName, &'a str),
}

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns(name, _) => write!(f, "DNS:{name}"),
            Self::Ip(address) => write!(f, "IP:{address}"),
            Self::Directory(_, shown) => write!(f, "the subject \"{shown}\""),
        }
    }
}

impl Subtree {
    /// `None` for kinds of names that a server's certificate is not matched by, and for what is malformed: the path builder has a word on that.
    fn read(base: &GeneralName<'_>) -> Option<Self> {
        match base {
            GeneralName::DNSName(name) => Some(Self::Dns(name.to_ascii_lowercase())),
            GeneralName::IPAddress(bytes) if bytes.len() == 8 || bytes.len() == 32 => {
                let (address, mask) = bytes.split_at(bytes.len() / 2);
                Some(Self::Ip(address.to_vec(), mask.to_vec()))
            }
            GeneralName::DirectoryName(name) => Some(Self::Directory(DirectoryName::read(name))),
            GeneralName::RFC822Name(_) => Some(Self::Unjudged("email:")),
            GeneralName::URI(_) => Some(Self::Unjudged("URI:")),
            _ => None,
        }
    }

    /// Whether `name` is in it; `None` if it is of another kind.
    fn holds(&self, name: &Name<'_>) -> Option<bool> {
        match (self, name) {
            (Self::Dns(base), Name::Dns(_, name)) => Some(is_at_or_below(name, base)),
            (Self::Ip(base, mask), Name::Ip(address)) => Some(match address {
                IpAddr::V4(v4) => is_in(&v4.octets(), base, mask),
                IpAddr::V6(v6) => is_in(&v6.octets(), base, mask),
            }),
            (Self::Directory(base), Name::Directory(name, _)) => Some(name.0.starts_with(&base.0)),
            _ => None,
        }
    }
}

fn is_at_or_below(name: &str, base: &str) -> bool {
    if base.is_empty() {
        return true;
    }
    match name.strip_suffix(base) {
        // A base with a leading dot is for names below it only.
        Some(above) if base.starts_with('.') => !above.is_empty(),
        Some(above) => above.is_empty() || above.ends_with('.'),
        None => false,
    }
}

fn is_in(address: &[u8], base: &[u8], mask: &[u8]) -> bool {
    address.len() == base.len() && address.iter().zip(base).zip(mask).all(|((byte, base), mask)| byte & mask == base & mask)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CidrSubnet, DistinguishedName, DnType, GeneralSubtree, IsCa, KeyPair, SanType};

    use super::*;

    fn constraints(permitted: Vec<GeneralSubtree>, excluded: Vec<GeneralSubtree>) -> NameConstraints {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.name_constraints = Some(rcgen::NameConstraints { permitted_subtrees: permitted, excluded_subtrees: excluded });
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Certificate::parse(der.der()).unwrap().name_constraints.expect("read")
    }

    fn named(names: &[&str], subject: &[(DnType, &str)]) -> Certificate {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in subject {
            params.distinguished_name.push(kind.clone(), *value);
        }
        params.subject_alt_names = names
            .iter()
            .map(|name| match name.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName((*name).try_into().unwrap()),
            })
            .collect();
        Certificate::parse(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der()).unwrap()
    }

    #[test]
    fn names_are_held_against_what_a_ca_may_sign() {
        let dns = |base: &str| GeneralSubtree::DnsName(base.to_owned());
        let net = |net: &str| GeneralSubtree::IpAddress(net.parse::<CidrSubnet>().unwrap());
        for (permitted, excluded, names, forbidden) in [
            (vec![dns("example.com")], vec![], vec!["mx1.example.com", "EXAMPLE.com", "*.example.com"], None),
            (vec![dns(".example.com")], vec![], vec!["mx1.example.com"], None),
            (vec![dns(".example.com")], vec![], vec!["example.com"], Some("does not permit DNS:example.com")),
            (vec![dns("example.com")], vec![], vec!["notexample.com"], Some("does not permit DNS:notexample.com")),
            (vec![dns("example.org"), dns("example.com")], vec![], vec!["mx1.example.com"], None),
            (vec![dns("example.org")], vec![], vec!["mx1.example.org", "mx1.example.com"], Some("does not permit DNS:mx1.example.com")),
            (vec![], vec![dns("example.com")], vec!["mx1.example.com"], Some("excludes DNS:mx1.example.com")),
            (vec![dns("example.com")], vec![dns("mx1.example.com")], vec!["mx2.example.com"], None),
            (vec![], vec![dns("")], vec!["mx1.example.com"], Some("excludes DNS:mx1.example.com")),
            (vec![dns("example.com")], vec![], vec!["192.0.2.1"], None),
            (vec![net("192.0.2.0/24")], vec![], vec!["192.0.2.1"], None),
            (vec![net("192.0.2.0/24")], vec![], vec!["198.51.100.1"], Some("does not permit IP:198.51.100.1")),
            (vec![net("192.0.2.0/24")], vec![], vec!["2001:db8::1"], Some("does not permit IP:2001:db8::1")),
            (vec![], vec![net("0.0.0.0/0")], vec!["mx1.example.com", "192.0.2.1"], Some("excludes IP:192.0.2.1")),
        ] {
            let certificate = named(&names, &[]);
            assert_eq!(constraints(permitted, excluded).forbid(&certificate).as_deref(), forbidden, "{names:?}");
        }
    }

    /// The content of a NameConstraints extension whose permitted subtrees have these bases, each shorter than 120 bytes.
    fn permitting(bases: &[(u8, &[u8])]) -> Vec<u8> {
        let tagged = |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).unwrap()], content].concat();
        let subtrees: Vec<u8> = bases.iter().flat_map(|(tag, base)| tagged(0x30, &tagged(*tag, base))).collect();
        tagged(0xA0, &subtrees)
    }

    #[test]
    fn constraints_of_an_anchor_are_read_and_what_cannot_be_judged_forbids_its_kind() {
        let with = |name: &str| Certificate { other_names: vec![name.to_owned()], ..named(&["mx1.example.com"], &[]) };
        let (email, uri) = (with("email:a@example.com"), with("URI:https://example.com"));
        for (bases, of_email, of_uri) in [
            (&[(0x81, &b"example.com"[..])][..], Some("limits names of the kind of email:a@example.com"), None),
            (&[(0x86, b"example.com")], None, Some("limits names of the kind of URI:https://example.com")),
            (&[(0x82, b"example.com")], None, None),
            // Nine bytes are no address with its mask.
            (&[(0x87, &[192, 0, 2, 0, 255, 255, 255, 0, 0])], None, None),
        ] {
            let constraints = NameConstraints::of_anchor(&permitting(bases)).expect("readable");
            assert_eq!((constraints.forbid(&email).as_deref(), constraints.forbid(&uri).as_deref()), (of_email, of_uri), "{bases:?}");
            assert!(!constraints.limit_directory_names());
        }
        let malformed = NameConstraints::of_anchor(&permitting(&[(0x87, &[192, 0, 2, 0, 255, 255, 255, 0, 0])])).expect("readable");
        assert_eq!(malformed.forbid(&named(&["198.51.100.1"], &[])), None, "the path builder has a word on it");
        let v6: Vec<u8> = [[0x20, 1, 0xd, 0xb8].as_slice(), &[0; 12], &[255; 4], &[0; 12]].concat();
        let constraints = NameConstraints::of_anchor(&permitting(&[(0x87, &v6)])).expect("readable");
        assert_eq!(constraints.forbid(&named(&["2001:db8::1"], &[])), None);
        assert_eq!(constraints.forbid(&named(&["2001:db9::1"], &[])).as_deref(), Some("does not permit IP:2001:db9::1"));
        assert_eq!(NameConstraints::of_anchor(b"garbage"), None);
    }

    #[test]
    fn so_many_names_are_held_against_so_many_subtrees_and_no_more() {
        let subtrees = |number: usize| vec![Subtree::Dns("example.com".to_owned()); number];
        let names = |dns: usize, other: usize| Certificate {
            dns_names: vec!["mx1.example.com".to_owned(); dns],
            other_names: vec!["a name of another kind".to_owned(); other],
            ..named(&[], &[])
        };
        for (permitted, excluded, dns, other, judged) in [
            (500, 0, 499, 0, true),
            (500, 0, 500, 0, false),
            (500, 0, 249, 250, true),
            (500, 0, 250, 250, false),
            (400, 100, 250, 250, false),
            (500, 0, 600, 0, false),
        ] {
            let constraints =
                NameConstraints { permitted: subtrees(permitted), excluded: vec![Subtree::Dns("example.org".to_owned()); excluded] };
            let answer = constraints.forbid(&names(dns, other));
            let expected = (!judged).then_some("has too many names to be held against them");
            assert_eq!(answer.as_deref(), expected, "{permitted} {excluded} {dns} {other}");
        }
    }

    #[test]
    fn directory_names_are_compared_from_the_top_without_case() {
        let mut base = DistinguishedName::new();
        base.push(DnType::CountryName, "DE");
        base.push(DnType::OrganizationName, "Example  GmbH");
        let constraints = constraints(vec![GeneralSubtree::DirectoryName(base)], vec![]);
        assert!(constraints.limit_directory_names());
        for (subject, forbidden) in [
            (vec![(DnType::CountryName, "DE"), (DnType::OrganizationName, "example gmbh"), (DnType::CommonName, "mx")], false),
            (vec![(DnType::CountryName, "DE"), (DnType::OrganizationName, "Other GmbH")], true),
            (vec![(DnType::OrganizationName, "Example GmbH")], true),
            (vec![], false),
        ] {
            assert_eq!(constraints.forbid(&named(&["mx1.example.com"], &subject)).is_some(), forbidden, "{subject:?}");
        }
    }
}
