//! Where reports are to go: whether the targets that are wished for can be, and whose they are.

use super::{Refusal, Wish};
use crate::wire::name::Domain;
use crate::wire::rua::{self, Uri};
use crate::wire::scope::Scope;

/// The hosts of report targets that must be looked up, and whether they take mail; a fault of a target is told at once.
pub fn targets(wish: &Wish) -> Result<Vec<(Domain, bool)>, Refusal> {
    let looked_up = uris(wish)?.into_iter().filter(|uri| !uri.is_address());
    Ok(looked_up.map(|uri| (uri.host().clone(), matches!(uri, Uri::Mailto { .. }))).collect())
}

/// The targets, each of which a sender could deliver to.
pub(super) fn uris(wish: &Wish) -> Result<Vec<Uri>, Refusal> {
    wish.rua.iter().map(|raw| uri(raw).map_err(Refusal::Call)).collect()
}

fn uri(raw: &str) -> Result<Uri, String> {
    match rua::parse_list(raw).0.len() {
        0 | 1 => {}
        2 => return Err(format!("{raw:?} holds two report targets: give --rua twice")),
        many => return Err(format!("{raw:?} holds {many} report targets: give --rua once for each")),
    }
    let target = rua::parse(raw);
    let better = target.corrected.filter(|corrected| corrected != raw).map(|better| format!("; write {better}")).unwrap_or_default();
    let uri = target.uri.map_err(|fault| format!("the report target {raw:?} {fault}{better}"))?;
    if !target.unencoded.is_empty() {
        return Err(format!("the report target {raw:?} has {:?} inside, where senders cut{better}", target.unencoded));
    }
    match uri.address().map(|address| (address, Scope::of(address))) {
        Some((address, scope)) if scope != Scope::World => {
            Err(format!("the report target {raw:?} can be reached by no sender: {address} is {}", scope.as_str()))
        }
        _ => Ok(uri),
    }
}

/// Whoever reads the reports learns who writes to the domain, and from where.
pub(super) fn ours(domain: &Domain, uris: &[Uri]) -> Result<(), Refusal> {
    let own = domain.registered();
    let is_ours = |uri: &Uri| {
        let host = uri.host();
        // Whose an address is, nobody can tell.
        !uri.is_address() && (host.is_at_or_below(domain) || (own.is_some() && host.registered() == own))
    };
    let Some(foreign) = uris.iter().find(|uri| !is_ours(uri)) else { return Ok(()) };
    let whose =
        if foreign.is_address() { "an address that may be anybody's".to_owned() } else { format!("another organisation than {domain}'s") };
    Err(Refusal::Call(format!(
        "reports would go to {}, {whose}, which then learns who writes to you; if that is meant (a report service, a sister domain), say so \
         with --foreign-rua",
        foreign.host()
    )))
}
