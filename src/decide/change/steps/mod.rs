//! The steps of each change, in the order in which nothing is refused on the way (decision: "Order of a change").

mod certificate;
mod mode;
mod mx;
mod policy;

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::route::{End, Route, Way};
use super::world::World;
use crate::model::change::Change;
use crate::model::facts::Facts;
use crate::wire::name::Domain;
use crate::wire::pattern::MxPattern;
use crate::wire::policy::edit::{Edit, edited};
use crate::wire::policy::parse;

pub(super) use self::mode::{last_text, testing_text};
pub(super) use self::policy::last as last_of_provider;

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
    // Certificates are not cached, so that no past matters to them.
    if world.held.known_since.is_none() && !matches!(change, Change::Certificate(_)) {
        route.note(
            "no earlier check and no report tells which policies were served before: if one was in enforce, senders may hold it still; a store \
             (leave out --no-store) remembers",
        );
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
fn once_asked(world: &World<'_>) -> (&'static str, End) {
    let why =
        "the record's TTL (an hour at least: a resolver may show what is left of it) and a day, in which senders ask for a newer policy";
    (why, End::After(world.asking()))
}

/// Waits until no sender refuses these hosts for want of a newer policy; nothing where none may be in enforce. Senders that never ask
/// are not waited for, but named.
fn learn(world: &World<'_>, hosts: &[Domain], say: &str, moot: bool, route: &mut Route<'_, '_>) {
    let older = world.refusing(hosts).map(crate::evidence::past::HeldPolicy::longest).max();
    if older.is_none() && !world.is_enforced() {
        return;
    }
    // Whoever did it all at once has not made senders ask.
    let moot = moot && world.unasked(hosts).next().is_none();
    let refuses_today = world.is_enforced() && hosts.iter().any(|host| !world.covers(host));
    let strict = older.max(world.held_from(world.now).filter(|_| refuses_today));
    let step = route.wait(say, world.id_since(), &[once_asked(world)], moot);
    let asked = step.waits.iter().map(|wait| wait.until).max();
    if let Some(strict) = strict.filter(|strict| Some(*strict) > asked) {
        // Writing to a String cannot fail.
        let _ = write!(step.say, "; senders that never ask go on with what they hold until {}", day(strict));
    }
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}
