//! What texts to publish rest on: the MX set, the records that are there, and whether report targets can receive. DNS only.

use futures_util::future::join_all;

use crate::model::facts::TargetFacts;
use crate::model::generated::Ground;
use crate::model::looked::Looked;
use crate::net::dns::Dns;
use crate::wire::name::Domain;

/// Looks; `targets` are the hosts of report targets, and whether they take mail.
pub async fn look(dns: &Dns, domain: &Domain, targets: &[(Domain, bool)]) -> Ground {
    let names = ["_smtp._tls", "_mta-sts", "mta-sts"].map(|label| domain.child(label));
    let [record, sts, policy_host] = &names;
    let targets = join_all(targets.iter().map(|(host, mail)| target(dns, host.clone(), *mail)));
    let (mx, record, sts, policy_host, targets) =
        tokio::join!(dns.mx(domain), dns.txt(record), dns.txt(sts), dns.addresses(policy_host), targets);
    let own_addresses = match &mx {
        Looked::Absent(_) => Some(dns.addresses(domain).await),
        Looked::Seen(_) | Looked::Failed(_) => None,
    };
    Ground { domain: domain.clone(), mx, own_addresses, record, sts, policy_host, targets }
}

/// Whether a report target's host has what it takes to receive.
pub(super) async fn target(dns: &Dns, host: Domain, mail: bool) -> TargetFacts {
    if !mail {
        let addresses = Some(dns.addresses(&host).await);
        return TargetFacts { host, mx: None, addresses };
    }
    let mx = dns.mx(&host).await;
    let addresses = match &mx {
        Looked::Absent(_) => Some(dns.addresses(&host).await),
        Looked::Seen(_) | Looked::Failed(_) => None,
    };
    TargetFacts { host, mx: Some(mx), addresses }
}
