//! Changes of the mode: to enforce, back to testing, and out of MTA-STS.

use super::{REFRESH, once_asked};
use crate::decide::change::route::Route;
use crate::decide::change::world::World;
use crate::model::looked::Looked;
use crate::model::plan::{Action, Publish};
use crate::model::settings::MAX_AGE_CAP;
use crate::wire::policy::edit::{Edit, edited};
use crate::wire::policy::{self, Mode};
use crate::wire::zone;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// The first policy in enforce is held for a day at least and a week at most: what is wrong with it must pass soon.
const FIRST_SHORTEST: u64 = DAY;
/// See [`FIRST_SHORTEST`].
const FIRST_LONGEST: u64 = 7 * DAY;
/// After two clean weeks: short absences of the policy host are then no matter (RFC 8461 §3.2 wants weeks or more).
const LASTING: u64 = 14 * DAY;

/// Today's policy in enforce, for as long as a first one should be held; one in enforce stays as it is.
pub(in crate::decide::change) fn enforcing(text: &str) -> String {
    let today = policy::parse(text);
    if today.mode == Some(Mode::Enforce) {
        return text.to_owned();
    }
    let max_age = today.max_age.unwrap_or(FIRST_LONGEST).clamp(FIRST_SHORTEST, FIRST_LONGEST);
    let mut edits = vec![Edit::Mode(Mode::Enforce)];
    edits.extend((today.max_age != Some(max_age)).then_some(Edit::MaxAge(max_age)));
    edited(text, &edits)
}

/// Today's policy withdrawn, to be forgotten after a day. Its mx lines stay: some senders want one in every mode.
pub(in crate::decide::change) fn leaving(text: &str) -> String {
    edited(text, &[Edit::Mode(Mode::None), Edit::MaxAge(DAY)])
}

pub(super) fn enforce(world: &World<'_>, route: &mut Route<'_, '_>) {
    let Some(today) = world.text else { return };
    let domain = world.domain();
    let ttl = u64::from(world.txt_ttl());
    let is_long = world.mode() == Some(Mode::Enforce) && world.max_age().is_some_and(|max_age| max_age >= LASTING);
    let text = enforcing(today);
    let step = route.serve(world.mode() == Some(Mode::Enforce), &text, "serve the policy in enforce, the file before the record");
    step.back =
        Some("serve the file of before again; only senders that fetched it meanwhile hold it, until its max_age is over".to_owned());
    let step = route.id(&text);
    step.back = Some(format!("`stsready change testing {domain}`; a fault at an MX host is mended there, which works at once"));
    let times = [
        ("every resolver has the new id", ttl),
        ("look again after 24 hours", DAY),
        ("look again after 72 hours", 3 * DAY),
        ("look again after 7 days", 7 * DAY),
    ];
    let step = route.wait("look again, each time with the newest reports: what fails now is refused", world.id_since(), &times, is_long);
    step.verify = vec![format!("stsready check {domain}")];
    let two_weeks = [("two clean weeks in enforce", LASTING)];
    route.wait("stay so for two clean weeks", world.id_since(), &two_weeks, is_long).verify = vec![format!("stsready check {domain}")];
    let lasting = edited(&text, &[Edit::MaxAge(LASTING.max(world.max_age().unwrap_or(0)))]);
    route.serve(is_long, &lasting, "raise max_age, so that a policy host that is away for days costs nothing").back =
        Some("serve a shorter max_age; what is held meanwhile lasts two weeks".to_owned());
    route.id(&lasting);
}

pub(super) fn testing(world: &World<'_>, route: &mut Route<'_, '_>) {
    let Some(today) = world.text else { return };
    let domain = world.domain();
    let ttl = u64::from(world.txt_ttl());
    let held = held_in_enforce(world);
    let text = edited(today, &[Edit::Mode(Mode::Testing)]);
    let is_testing = world.mode() == Some(Mode::Testing);
    if !is_testing {
        route.note(
            "a fault at an MX host is mended there first, which works at once and for everybody; this step back reaches a sender only when it asks for a newer policy",
        );
    }
    route.serve(is_testing, &text, "serve the policy in testing").back = Some(format!("`stsready change enforce {domain}`"));
    route.id(&text);
    let mut times = vec![("every resolver has the new id: senders that meet a fault ask for it before they give up (RFC 8461 §5.1)", ttl)];
    times.extend([once_asked(world), ("for senders that never ask, until the policy they hold is over", held.unwrap_or(0))]);
    route.wait("wait until senders have let go of enforce", world.id_since(), &times, held.is_none());
}

/// How long a policy in enforce may still be held once another id is seen; `None` where nobody holds one.
fn held_in_enforce(world: &World<'_>) -> Option<u64> {
    let today = world.max_age().filter(|_| world.mode() == Some(Mode::Enforce)).map(|max_age| max_age + u64::from(world.txt_ttl()));
    let older = world.past.policies.iter().filter(|older| older.mode == Some(Mode::Enforce));
    let left = older.map(|older| u64::try_from(world.now.duration_until(older.until).as_secs()).unwrap_or(0));
    today.into_iter().chain(left).max()
}

pub(super) fn leave(world: &World<'_>, route: &mut Route<'_, '_>) {
    let domain = world.domain();
    let (record_gone, file_gone) = (record_is_gone(world), file_is_gone(world));
    // Once one of the two is gone the rest only tidies up.
    route.free = record_gone || file_gone;
    if !route.free {
        let today = world.text.unwrap_or_default();
        let withdrawn = world.mode() == Some(Mode::None);
        let text = if withdrawn { today.to_owned() } else { leaving(today) };
        route.serve(withdrawn, &text, "serve the policy in mode none, to be held for a day; never just delete it (RFC 8461 §8.3)").back =
            Some("serve the policy of before again, with a new id".to_owned());
        route.id(&text);
        let ttl = u64::from(world.txt_ttl());
        let (why, longest) = match longest_earlier(world) {
            Some(max_age) => ("every policy of before is over", max_age),
            None => (
                "every policy of before is over; how long the last one was to be held is not known, so the longest that is legal",
                MAX_AGE_CAP,
            ),
        };
        let times = [("every sender has asked once", ttl + REFRESH), (why, ttl + longest)];
        route.wait("wait until no sender holds any policy of before", world.id_since(), &times, false).back =
            Some("serve the policy of before again, with a new id".to_owned());
    }
    let line = world.record.as_ref().and_then(|record| record.id.clone()).map(|id| world.record_line(&id));
    let step = route.step(record_gone, format!("take the record at _mta-sts.{domain} away"));
    step.publish.extend(line.map(|text| Publish { action: Action::Remove, place: "dns".to_owned(), text }));
    step.verify = vec![format!("dig +short TXT _mta-sts.{domain}")];
    step.back = Some("begin again with testing; nobody holds a policy any more".to_owned());
    let step =
        route.step(record_gone && file_gone, format!("take mta-sts.{domain} away, with its certificate; the TLS-RPT record may stay"));
    let lines = host_lines(world);
    step.publish.extend((!lines.is_empty()).then(|| Publish { action: Action::Remove, place: "dns".to_owned(), text: lines.join("\n") }));
    step.verify = vec![format!("stsready policy {domain}")];
}

/// The records of the policy host: its alias, or its addresses.
fn host_lines(world: &World<'_>) -> Vec<String> {
    let Some(policy) = &world.facts.policy else { return Vec::new() };
    if let Some(link) = policy.addresses.via().first() {
        return vec![zone::cname_line(&policy.host, link.ttl, &link.target)];
    }
    let ttl = policy.addresses.v4.seen().map(|answer| answer.ttl).or_else(|| policy.addresses.v6.seen().map(|answer| answer.ttl));
    policy.addresses.all().into_iter().map(|address| zone::address_line(&policy.host, ttl.unwrap_or(zone::TTL), address)).collect()
}

fn record_is_gone(world: &World<'_>) -> bool {
    world.facts.policy.as_ref().is_some_and(|policy| policy.txt.answer.is_absent())
}

fn file_is_gone(world: &World<'_>) -> bool {
    let Some(policy) = &world.facts.policy else { return false };
    let answered = policy.fetches.iter().filter_map(|fetch| fetch.answered());
    let refused = !policy.fetches.is_empty()
        && policy.fetches.iter().all(|fetch| matches!(&fetch.response, Some(Looked::Seen(answer)) if matches!(answer.status, 404 | 410)));
    answered.count() == 0 && policy.addresses.none() || refused
}

/// The longest `max_age` of any policy before the withdrawn one; today's where it is not withdrawn yet.
fn longest_earlier(world: &World<'_>) -> Option<u64> {
    let today = world.max_age().filter(|_| world.mode() != Some(Mode::None));
    today.into_iter().chain(world.past.longest).max()
}
