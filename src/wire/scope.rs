//! Which network an address belongs to: the world's, or one that ends somewhere (RFC 6890 and IANA's special-purpose registries).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Reachable from anywhere.
    World,
    /// Private (RFC 1918), unique local (RFC 4193) or site-local.
    Private,
    /// Shared behind a carrier's NAT (RFC 6598).
    Shared,
    /// One link only.
    LinkLocal,
    /// This machine only.
    Loopback,
    /// For examples (RFC 5737, RFC 3849, RFC 9637).
    Documentation,
    /// A group of machines.
    Multicast,
    /// Kept for something else: no mail server has it.
    Reserved,
}

impl Scope {
    /// Of an address. An IPv6 address that stands for an IPv4 one (mapped, NAT64, 6to4) leads as far as that.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => of_v4(v4),
            IpAddr::V6(v6) => of_v6(v6),
        }
    }

    /// Whether an inside view of DNS gave it away. Loopback is a laboratory's.
    pub fn is_internal(self) -> bool {
        matches!(self, Self::Private | Self::Shared | Self::LinkLocal)
    }

    /// In words that complete "it is …".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::World => "a public address",
            Self::Private => "a private address",
            Self::Shared => "an address behind a carrier's NAT",
            Self::LinkLocal => "a link-local address",
            Self::Loopback => "a loopback address",
            Self::Documentation => "an address for documentation",
            Self::Multicast => "a multicast address",
            Self::Reserved => "a reserved address",
        }
    }
}

fn of_v4(address: Ipv4Addr) -> Scope {
    match address.octets() {
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Scope::Private,
        [100, 64..=127, ..] => Scope::Shared,
        [127, ..] => Scope::Loopback,
        [169, 254, ..] => Scope::LinkLocal,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Scope::Documentation,
        // "This network", protocol assignments, benchmarks, and what was never given out.
        [0 | 240..=255, ..] | [192, 0, 0, _] | [198, 18 | 19, ..] => Scope::Reserved,
        [224..=239, ..] => Scope::Multicast,
        _ => Scope::World,
    }
}

fn of_v6(address: Ipv6Addr) -> Scope {
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        of_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Scope::Loopback,
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        [0x64, 0xff9b, 1, ..] | [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Scope::Private,
        [0xfe80..=0xfebf, ..] => Scope::LinkLocal,
        [0xff00..=0xffff, ..] => Scope::Multicast,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Scope::Documentation,
        // Teredo and benchmarks.
        [0x2001, 0 | 2, ..] => Scope::Reserved,
        [0x2000..=0x3fff, ..] => Scope::World,
        _ => Scope::Reserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_as_far_as_the_registries_say() {
        for (address, scope) in [
            ("8.8.8.8", Scope::World),
            ("172.15.0.1", Scope::World),
            ("172.32.0.1", Scope::World),
            ("100.63.255.255", Scope::World),
            ("100.128.0.1", Scope::World),
            ("2a00:1450::1a", Scope::World),
            ("10.0.0.1", Scope::Private),
            ("172.16.0.1", Scope::Private),
            ("172.31.255.255", Scope::Private),
            ("192.168.1.1", Scope::Private),
            ("fd00::1", Scope::Private),
            ("fec0::1", Scope::Private),
            ("100.64.0.1", Scope::Shared),
            ("169.254.169.254", Scope::LinkLocal),
            ("fe80::1", Scope::LinkLocal),
            ("127.0.0.1", Scope::Loopback),
            ("127.255.255.255", Scope::Loopback),
            ("::1", Scope::Loopback),
            ("192.0.2.1", Scope::Documentation),
            ("2001:db8::1", Scope::Documentation),
            ("3fff::1", Scope::Documentation),
            ("224.0.0.1", Scope::Multicast),
            ("ff02::1", Scope::Multicast),
            ("0.0.0.0", Scope::Reserved),
            ("255.255.255.255", Scope::Reserved),
            ("198.18.0.1", Scope::Reserved),
            ("::", Scope::Reserved),
            ("2001::1", Scope::Reserved),
            ("4000::1", Scope::Reserved),
            // An IPv4 address in other clothes.
            ("::ffff:10.0.0.1", Scope::Private),
            ("::ffff:8.8.8.8", Scope::World),
            ("64:ff9b::127.0.0.1", Scope::Loopback),
            ("64:ff9b:1::1", Scope::Private),
            ("2002:a00:1::", Scope::Private),
        ] {
            assert_eq!(Scope::of(address.parse().expect(address)), scope, "{address}");
        }
    }

    #[test]
    fn only_what_an_inside_view_shows_is_internal() {
        for (address, internal) in [
            ("10.0.0.1", true),
            ("100.64.0.1", true),
            ("169.254.1.1", true),
            ("fd00::1", true),
            ("fe80::1", true),
            ("::ffff:10.0.0.1", true),
            ("127.0.0.1", false),
            ("192.0.2.1", false),
            ("::1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(Scope::of(address.parse().expect(address)).is_internal(), internal, "{address}");
        }
    }
}
