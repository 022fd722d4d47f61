//! What this host can reach, found out without sending anything.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::route::has_route;
use crate::model::facts::vantage::Family;

/// Addresses for documentation (RFC 5737, RFC 3849): a route to them is a route to the world; nothing is sent.
const WORLD_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const WORLD_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

/// Whether IPv4 leads anywhere from here; `allowed` unless the user switched it off.
pub async fn ipv4(allowed: bool) -> Family {
    state(allowed, WORLD_V4).await
}

/// Whether IPv6 leads anywhere from here; `allowed` unless the user switched it off.
pub async fn ipv6(allowed: bool) -> Family {
    state(allowed, WORLD_V6).await
}

async fn state(allowed: bool, world: IpAddr) -> Family {
    if !allowed {
        Family::SwitchedOff
    } else if has_route(SocketAddr::new(world, 25)).await {
        Family::Available
    } else {
        Family::NoRoute
    }
}

/// The name to give in EHLO: this host's, if it is a whole domain name (RFC 5321 §4.1.1.1).
pub fn own_name() -> Option<String> {
    let name = gethostname::gethostname();
    let name = name.to_string_lossy();
    crate::wire::name::Domain::parse(&name).ok().map(|domain| domain.to_string())
}
