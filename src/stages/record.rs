//! Stage 1: the TLS-RPT record, and whether its targets can receive.

use futures_util::future::join_all;

use super::ground::target;
use super::{Looker, txt};
use crate::model::facts::RecordFacts;
use crate::wire::name::Domain;
use crate::wire::rua::Uri;
use crate::wire::tlsrpt_record;
use crate::wire::version::TLSRPT;

/// Targets beyond these are not looked up; a record has one or two.
const TARGET_CAP: usize = 16;

/// Looks at `_smtp._tls.DOMAIN`.
pub(super) async fn look(looker: &Looker, domain: &Domain) -> RecordFacts {
    let mistaken = ["_tls._smtp", "_smtp-tlsrpt", "_tlsrpt", "_smtp.tls"].into_iter().map(|label| domain.child(label));
    let mistaken = mistaken.chain([domain.clone()]).collect();
    let txt = txt(&looker.dns, domain.child("_smtp._tls"), mistaken, |text| TLSRPT.is_meant_by_record(text)).await;
    let mut hosts: Vec<(Domain, bool)> = Vec::new();
    for target in tlsrpt_record::select(&txt.texts()).iter().flat_map(|record| &record.targets) {
        let Ok(uri) = &target.uri else { continue };
        let host = (uri.host().clone(), matches!(uri, Uri::Mailto { .. }));
        if !uri.is_address() && !hosts.contains(&host) && hosts.len() < TARGET_CAP {
            hosts.push(host);
        }
    }
    let targets = join_all(hosts.into_iter().map(|(host, mail)| target(&looker.dns, host, mail))).await;
    RecordFacts { txt, targets }
}
