//! What stands at the names of the new records already: what must give way, and what nothing can stand beside.
//!
//! In: what DNS said of the names. Out: notes, or why nothing can be published there; a name that could not be looked up is not empty.

use super::{PolicyHost, Refusal};
use crate::model::facts::dns::{AddressFacts, TxtRecord};
use crate::model::generated::Ground;
use crate::model::looked::{Absence, AbsenceKind, Answer, Cname, Looked};
use crate::wire::name::Domain;
use crate::wire::version::Version;

/// As much of a foreign record is repeated as tells it from others.
const SHOWN: usize = 120;

/// The TXT records at a name.
pub(super) type Found = Looked<Answer<Vec<TxtRecord>>>;

/// The texts that are, or were meant to be, the record: all of them give way to a new one.
pub(super) fn meant(found: &Found, version: Version) -> Vec<String> {
    let texts = found.seen().into_iter().flat_map(|answer| answer.value.iter().map(TxtRecord::text));
    texts.filter(|text| version.is_meant_by_record(text)).collect()
}

/// What is to be known of the name of a TXT record before `record` is published there.
pub(super) fn txt(found: &Found, name: &Domain, version: Version, record: &str) -> Result<Vec<String>, Refusal> {
    let mut notes = Vec::new();
    match found {
        Looked::Seen(answer) => {
            notes.extend(answer.via.last().map(|link| format!("{name} is a CNAME to {}: what is published there counts", link.target)));
            let quoted = |text: &String| format!("{:?}", text.chars().take(SHOWN).collect::<String>());
            match &meant(found, version)[..] {
                [] => {}
                [one] if one == record => notes.push(format!("{name} has this very record already")),
                [one] => notes.push(format!("{name} has a record: put this one in its place, for two count as none: {}", quoted(one))),
                all => notes.push(format!(
                    "{name} has {} records: put this one in the place of all of these, for two count as none: {}",
                    all.len(),
                    all.iter().map(quoted).collect::<Vec<_>>().join(" and ")
                )),
            }
        }
        Looked::Absent(absence) => dangling(name, absence)?,
        Looked::Failed(failure) => {
            return Err(Refusal::Open(format!(
                "what stands at {name} could not be looked up ({}), and a second record there would count as none",
                failure.detail
            )));
        }
    }
    Ok(notes)
}

/// A record beside a CNAME is illegal (RFC 1034 §3.6.2).
fn dangling(name: &Domain, absence: &Absence) -> Result<(), Refusal> {
    let Some(Cname { target, .. }) = absence.via.last() else { return Ok(()) };
    let lacking = match absence.kind {
        AbsenceKind::NxDomain => "does not exist",
        AbsenceKind::NoData => "has no TXT record",
    };
    Err(Refusal::World(format!(
        "{name} is a CNAME to {target}, which {lacking}; no record can stand beside a CNAME: take it out first (or have the record published \
         at {target})"
    )))
}

/// What is to be known of the policy host before it gets the record that is `wanted`.
pub(super) fn host(ground: &Ground, wanted: Option<&PolicyHost>) -> Result<Vec<String>, Refusal> {
    let (name, found) = (ground.domain.child("mta-sts"), &ground.policy_host);
    let alias = found.via();
    if !found.all().is_empty() {
        let by = alias.last().map(|link| format!(" (it is a CNAME to {})", link.target)).unwrap_or_default();
        let moves = || format!("{name} has addresses already{by}: put this record in their place only if you move the policy host");
        return Ok(wanted.map(|_| moves()).into_iter().collect());
    }
    if let Some((kind, failure)) = found.failures().next() {
        return Err(Refusal::Open(format!("the {kind} records of {name} could not be looked up: {}", failure.detail)));
    }
    without_address(&name, found, wanted)
}

fn without_address(name: &Domain, found: &AddressFacts, wanted: Option<&PolicyHost>) -> Result<Vec<String>, Refusal> {
    let alias = found.via();
    Ok(match (alias.first(), alias.last(), wanted) {
        (Some(first), _, Some(PolicyHost::Name(target))) if first.target == *target => {
            vec![format!("{name} has this very CNAME already, and {target} has no address yet: give it one")]
        }
        (_, Some(last), Some(_)) => {
            return Err(Refusal::World(format!(
                "{name} is a CNAME to {}, which has no address; no record can stand beside a CNAME: take it out first",
                last.target
            )));
        }
        (_, Some(last), None) => {
            vec![format!("{name} is a CNAME to {}, which has no address: give it one, or take the CNAME out", last.target)]
        }
        (_, None, Some(_)) => Vec::new(),
        (_, None, None) => vec![format!("{name} has no address yet: give it one, or let a record be made for it with --policy-host")],
    })
}
