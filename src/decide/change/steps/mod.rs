//! The steps of each change, in the order in which nothing is refused on the way (decision: "Order of a change").

mod certificate;
mod mode;
mod mx;
mod policy;

use std::fmt::Write as _;

use super::route::{Route, Way};
use super::world::World;
use crate::model::change::Change;
use crate::model::facts::Facts;
use crate::wire::name::Domain;
use crate::wire::pattern::MxPattern;
use crate::wire::policy::edit::{Edit, edited};
use crate::wire::policy::{Mode, parse};

pub(super) use self::mode::{enforcing, leaving};

/// Senders ask for a newer policy at least once a day (RFC 8461 §3.3).
const REFRESH: u64 = 86_400;
/// Senders try for so long to deliver (RFC 5321 §4.5.4.1): as long a mail may know the MX hosts of before.
const QUEUE_LIFE: u64 = 5 * 86_400;

/// The way of a change; `facts` also hold hosts that were only asked about.
pub(super) fn of(world: &World<'_>, facts: &Facts, change: &Change) -> Way {
    let mut route = Route::new(world);
    match change {
        Change::Enforce => mode::enforce(world, &mut route),
        Change::Testing => mode::testing(world, &mut route),
        Change::Leave => mode::leave(world, &mut route),
        Change::AddMx { host, preference } => mx::add(world, host, *preference, &mut route),
        Change::RemoveMx { host } => mx::remove(world, host, &mut route),
        Change::Policy(draft) => policy::replace(world, draft, &mut route),
        Change::Provider { draft, hosts } => policy::provider(world, draft, hosts, &mut route),
        Change::Certificate(new) => certificate::replace(world, facts, new, &mut route),
    }
    route.finish()
}

/// The text with lines for these hosts, as far as it does not cover them.
pub(super) fn with_hosts(text: &str, hosts: &[Domain]) -> String {
    let covered = parse(text).mx;
    let missing = hosts.iter().filter(|host| !covered.iter().any(|pattern| pattern.matches(host)));
    edited(text, &missing.map(|host| Edit::AddMx(MxPattern::exact(host.clone()))).collect::<Vec<_>>())
}

/// The text without the lines that are just this host.
pub(super) fn without_host(text: &str, host: &Domain) -> String {
    edited(text, &[Edit::RemoveMx(MxPattern::exact(host.clone()))])
}

/// Whether two texts say the same to senders.
pub(super) fn same(one: &str, other: &str) -> bool {
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    lines(one) == lines(other)
}

/// When every sender that asks for newer policies has one, from when its id was published.
fn once_asked(world: &World<'_>) -> (&'static str, u64) {
    ("the record's TTL and a day, in which every sender asks for a newer policy", u64::from(world.txt_ttl()) + REFRESH)
}

/// Waits until no sender refuses these hosts for want of a newer policy; nothing where none may be in enforce.
fn learn(world: &World<'_>, hosts: &[Domain], say: &str, moot: bool, route: &mut Route<'_, '_>) {
    let held = held_without(world, hosts);
    if held.is_none() && world.mode() != Some(Mode::Enforce) {
        return;
    }
    let strict = held.or(world.max_age()).unwrap_or(0);
    let step = route.wait(say, world.id_since(), &[once_asked(world)], moot);
    if strict > u64::from(world.txt_ttl()) + REFRESH {
        let days = strict.div_ceil(86_400);
        // Writing to a String cannot fail.
        let _ = write!(step.say, "; senders that never ask have it after {days} days, when what they hold is over");
    }
}

/// How long a policy in enforce may be held that does not cover one of these hosts, from when a new one is published; `None` where none is.
fn held_without(world: &World<'_>, hosts: &[Domain]) -> Option<u64> {
    let refused = |mx: &[MxPattern]| hosts.iter().any(|host| !mx.iter().any(|pattern| pattern.matches(host)));
    let today = world.policy.filter(|policy| policy.mode == Some(Mode::Enforce) && refused(&policy.mx));
    let today = today.and_then(|policy| policy.max_age).map(|max_age| max_age + u64::from(world.txt_ttl()));
    let older = world.past.policies.iter().filter(|older| older.mode == Some(Mode::Enforce) && refused(&older.mx));
    let left = older.map(|older| u64::try_from(world.now.duration_until(older.until).as_secs()).unwrap_or(0));
    today.into_iter().chain(left).max()
}
