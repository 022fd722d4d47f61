//! Mail providers that name MX hosts after their customers: there a wildcard of one label is right, because the provider may hand out
//! another name below the same domain. Everywhere else a policy lists its hosts one by one.

use crate::wire::name::Domain;
use crate::wire::pattern::MxPattern;

/// A provider's way of naming hosts.
struct Provider {
    name: &'static str,
    /// The domain one label below which its hosts lie, if this host is one of them.
    zone: fn(&Domain) -> Option<Domain>,
}

/// Microsoft's documentation of MTA-STS gives `*.mail.protection.outlook.com`; with DNSSEC tenants lie at `*.X-v1.mx.microsoft`.
static PROVIDERS: &[Provider] = &[
    Provider { name: "Microsoft 365", zone: |host| host.parent().filter(|zone| zone.as_str() == "mail.protection.outlook.com") },
    Provider { name: "Microsoft 365 (DNSSEC)", zone: |host| host.parent().filter(is_of_mx_microsoft) },
];

/// `h-v1.mx.microsoft`: a letter or more, `-v`, a number.
fn is_of_mx_microsoft(zone: &Domain) -> bool {
    let version = zone.as_str().strip_suffix(".mx.microsoft").and_then(|label| label.split_once("-v"));
    version.is_some_and(|(letters, number)| {
        let is = |text: &str, test: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(test);
        is(letters, u8::is_ascii_alphanumeric) && is(number, u8::is_ascii_digit)
    })
}

/// The pattern that a policy should have for this host, and the provider whose wildcard it is.
pub fn pattern(host: &Domain) -> (MxPattern, Option<&'static str>) {
    let wildcard = PROVIDERS.iter().find_map(|provider| Some((MxPattern::wildcard((provider.zone)(host)?), Some(provider.name))));
    wildcard.unwrap_or_else(|| (MxPattern::exact(host.clone()), None))
}

/// The patterns that a policy should have for these hosts, each once, in their order.
pub fn patterns<'a>(hosts: impl IntoIterator<Item = &'a Domain>) -> Vec<MxPattern> {
    let mut patterns = Vec::new();
    for host in hosts {
        let (pattern, _) = pattern(host);
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    patterns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_one_label_wide_and_only_where_the_provider_has_it_so() {
        for (host, line) in [
            ("shop-example.mail.protection.outlook.com", "*.mail.protection.outlook.com"),
            ("shop-example.h-v1.mx.microsoft", "*.h-v1.mx.microsoft"),
            ("mail.protection.outlook.com", "mail.protection.outlook.com"),
            ("a.b.mail.protection.outlook.com", "a.b.mail.protection.outlook.com"),
            ("mail.protection.outlook.com.evil.example", "mail.protection.outlook.com.evil.example"),
            ("x.mx.microsoft", "x.mx.microsoft"),
            ("x.-v1.mx.microsoft", "x.-v1.mx.microsoft"),
            ("x.h-v.mx.microsoft", "x.h-v.mx.microsoft"),
            ("aspmx.l.google.com", "aspmx.l.google.com"),
            ("mx1.shop.example", "mx1.shop.example"),
        ] {
            let host = Domain::from_dns(host);
            let (pattern, provider) = pattern(&host);
            assert_eq!((pattern.to_string().as_str(), provider.is_some()), (line, line.starts_with('*')));
            assert!(pattern.matches(&host), "{host}");
        }
    }
}
