//! The runway of certificates as metrics. A host that serves many domains is one series, whatever the domains.

use super::{BUILD, CRITICAL, Exposition, LAST_RUN, LAST_SEEN, LAST_SUCCESS, Metric, NOT_AFTER, WARNING, place};
use crate::model::expiry::{Expiry, HostRole};
use crate::model::facts::policy;
use crate::render::words;

const UNSEEN: Metric = Metric { name: "stsready_certificate_unseen", help: "1 for a place that showed no certificate; no series else." };
const CERTIFICATES: Metric = Metric { name: "stsready_certificates", help: "Certificates that were seen, a chain and address each." };

/// All of it.
pub fn page(expiry: &Expiry) -> String {
    let mut out = Exposition::default();
    out.count(&BUILD, &[("command", "expiry"), ("version", env!("CARGO_PKG_VERSION"))], 1);
    out.count(&CERTIFICATES, &[], expiry.entries.len() as u64);
    for entry in &expiry.entries {
        let (address, port) = (policy::place(entry.address), port(entry.port));
        let labels = [
            ("host", entry.host.as_str()),
            ("address", &address),
            ("port", &port),
            ("key_type", &entry.key_type),
            ("role", words::role(entry.role)),
        ];
        out.time(&NOT_AFTER, &labels, entry.not_after);
        out.time(&WARNING, &labels, entry.bounds.warning);
        out.time(&CRITICAL, &labels, entry.bounds.critical);
        out.time(&LAST_SEEN, &labels, expiry.asked_at);
    }
    for known in &expiry.last_known {
        let [host, address, key_type, role] = place(&known.place);
        let port = if known.place.role == HostRole::Mx { "25" } else { "443" };
        out.last_known(known, &[host, address, ("port", port), key_type, role]);
    }
    for unseen in &expiry.unseen {
        let address = unseen.address.map(policy::place).unwrap_or_default();
        let open = if unseen.open { "true" } else { "false" };
        let labels = [("host", unseen.host.as_str()), ("address", &address), ("role", words::role(unseen.role)), ("open", open)];
        out.count(&UNSEEN, &labels, 1);
    }
    out.time(&LAST_RUN, &[], expiry.asked_at);
    if !expiry.unseen.iter().any(|place| place.open) {
        out.time(&LAST_SUCCESS, &[], expiry.asked_at);
    }
    out.finish()
}

/// Where the policy is fetched there is only one (RFC 8461 §3.3).
fn port(port: Option<u16>) -> String {
    port.unwrap_or(443).to_string()
}
