//! Since when things are as they are, where earlier checks saw them otherwise: what can account for the end of a fault.

use jiff::{SignedDuration, Timestamp};

use crate::model::history::seen::Kind;
use crate::model::history::{History, Standard, Subject};
use crate::wire::name::Domain;

/// What has stayed for so long takes no turns.
const STEADY: SignedDuration = SignedDuration::from_hours(72);

/// Since when checks remember the policy.
pub fn remembered_since(past: &History) -> Option<Timestamp> {
    past.of(Kind::Policy).flat_map(|subject| &subject.spans).map(|span| span.first_seen).min()
}

/// Since when every address of a host serves its present certificates, where each served another before; `None` where one did not, or
/// where nobody knows.
pub fn served_since(past: &History, host: &Domain, standard: &Standard) -> Option<Timestamp> {
    let place = format!("{host} ");
    let places = past.of(Kind::Chain).filter(|subject| subject.name.starts_with(&place));
    changed_since(&newest(places.filter(|subject| past.looked_by(standard, subject.looked_at))))
}

/// Since when a host has none of its earlier addresses; `None` where it has, or where nobody knows of any.
pub fn moved_since(past: &History, host: &Domain) -> Option<Timestamp> {
    let names = [format!("{host} A"), format!("{host} AAAA")];
    changed_since(&newest(past.of(Kind::Address).filter(|subject| names.contains(&subject.name))))
}

/// The subjects of the newest look: an address that is gone serves nothing any more.
fn newest<'a>(subjects: impl Iterator<Item = &'a Subject>) -> Vec<&'a Subject> {
    let mut all: Vec<&Subject> = subjects.collect();
    let looked_at = all.iter().map(|subject| subject.looked_at).max();
    all.retain(|subject| Some(subject.looked_at) == looked_at);
    all
}

/// The first look that saw the oldest of all present values, where every subject had others before, and none of those since.
///
/// What takes turns (pools of addresses, several servers behind one address) shows something new at a single look, too: only what has
/// stayed for a while tells of a change.
fn changed_since(subjects: &[&Subject]) -> Option<Timestamp> {
    let of = |subject: &&Subject| {
        let since = subject.current().map(|span| span.first_seen).min()?;
        let mut before = subject.spans.iter().filter(|span| span.last_seen != subject.looked_at).peekable();
        let other_before = before.peek().is_some() && before.all(|span| span.last_seen < since);
        (other_before && subject.looked_at.duration_since(since) >= STEADY).then_some(since)
    };
    let present = subjects.iter().filter(|subject| subject.current().next().is_some());
    present.map(of).collect::<Option<Vec<_>>>()?.into_iter().min()
}
