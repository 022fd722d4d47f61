//! Changes of the mode: to enforce, back to testing, and out of MTA-STS.

use super::{day, once_asked, with_hosts};
use crate::decide::change::route::{End, Route};
use crate::decide::change::world::World;
use crate::decide::texts::{DAY, enforcing, testing as back_in_testing, withdrawn};
use crate::evidence::past::HeldPolicy;
use crate::evidence::past::held::after;
use crate::model::facts::dns::TxtFacts;
use crate::model::looked::Looked;
use crate::model::plan::{Action, Publish};
use crate::model::settings::MAX_AGE_CAP;
use crate::wire::policy::edit::{Edit, edited};
use crate::wire::policy::{Mode, parse};
use crate::wire::version::STS;
use crate::wire::zone;

/// After two clean weeks: short absences of the policy host are then no matter (RFC 8461 §3.2 wants weeks or more).
const LASTING: u64 = 14 * DAY;

pub(super) fn enforce(world: &World<'_>, route: &mut Route<'_, '_>) {
    let Some(today) = world.text else { return };
    let domain = world.domain();
    let ttl = u64::from(world.txt_ttl());
    let is_long = world.is_enforced() && world.max_age().is_some_and(|max_age| max_age >= LASTING);
    let text = enforcing(today);
    let step = route.serve(world.is_enforced(), &text, "serve the policy in enforce, the file before the record");
    step.back =
        Some("serve the file of before again; only senders that fetched it meanwhile hold it, until its max_age is over".to_owned());
    let step = route.id(&text);
    step.back = Some(format!("`stsready change testing {domain}`; a fault at an MX host is mended there, which works at once"));
    let times = [
        ("every resolver has the new id", End::After(ttl)),
        ("look again after 24 hours", End::After(DAY)),
        ("look again after 72 hours", End::After(3 * DAY)),
        ("look again after 7 days", End::After(7 * DAY)),
    ];
    let step = route.wait("look again, each time with the newest reports: what fails now is refused", world.id_since(), &times, is_long);
    step.verify = vec![format!("stsready check {domain}")];
    let two_weeks = [("two clean weeks in enforce", End::After(LASTING))];
    route.wait("stay so for two clean weeks", world.id_since(), &two_weeks, is_long).verify = vec![format!("stsready check {domain}")];
    let lasting = edited(&text, &[Edit::MaxAge(LASTING.max(parse(&text).max_age.unwrap_or(0)))]);
    route.serve(is_long, &lasting, "raise max_age, so that a policy host that is away for days costs nothing").back =
        Some("serve a shorter max_age; what is held meanwhile lasts two weeks".to_owned());
    route.id(&lasting);
}

pub(super) fn testing(world: &World<'_>, route: &mut Route<'_, '_>) {
    let Some(text) = testing_text(world) else { return };
    let domain = world.domain();
    let is_testing = world.mode() == Some(Mode::Testing);
    if !is_testing {
        route.note(
            "a fault at an MX host is mended there first, which works at once and for everybody; this step back reaches a sender only when it asks for a newer policy",
        );
    }
    route.serve(is_testing, &text, "serve the policy in testing").back = Some(format!("`stsready change enforce {domain}`"));
    route.id(&text);
    let resolvers = "every resolver has the new id: senders that meet a fault ask for it before they give up (RFC 8461 §5.1)";
    let mut ends = vec![(resolvers, End::After(u64::from(world.txt_ttl()))), once_asked(world)];
    let never_asked = "for senders that never ask, until the policy they hold is over";
    let older = world.held.enforced().map(HeldPolicy::longest).max();
    ends.extend(older.map(|until| (never_asked, End::At(until))));
    ends.extend(world.held_for().filter(|_| world.is_enforced()).map(|seconds| (never_asked, End::After(seconds))));
    // Without the time of an id reports may tell that it has been long enough.
    let moot = older.is_none() && !world.is_enforced() && world.id_since().is_none() && world.held.is_settled(world.now);
    note_unknown(world, route);
    route.wait("wait until senders have let go of enforce", world.id_since(), &ends, moot);
}

/// Today's policy in testing; where none is served while senders may hold one in enforce, the one that was seen last with the MX hosts of today
/// that it lacks, else one with those alone.
pub(in crate::decide::change) fn testing_text(world: &World<'_>) -> Option<String> {
    let is_held = world.held.enforced().next().is_some();
    let hosts = || world.mx().iter().map(|record| record.exchange.clone()).collect::<Vec<_>>();
    let seen_last = || world.held.last_text.as_ref().map(|text| with_hosts(text, &hosts()));
    let lost = || seen_last().or_else(|| world.first_text()).filter(|_| is_held);
    world.text.map(str::to_owned).or_else(lost).map(|text| back_in_testing(&text))
}

/// Tells of what was served before anybody looked, as long as senders may hold it.
fn note_unknown(world: &World<'_>, route: &mut Route<'_, '_>) {
    let Some(since) = world.held.known_since else { return };
    if after(since, u64::from(world.txt_ttl()) + MAX_AGE_CAP) > world.now {
        route.note(format!(
            "what was served before {} is not known: a sender that never asks may hold a policy of before for up to a year after that",
            day(since)
        ));
    }
}

/// The text that a withdrawn policy is made of: today's, else one with the MX hosts of today.
pub(in crate::decide::change) fn last_text(world: &World<'_>) -> String {
    let hosts = || world.mx().iter().map(|record| format!("mx: {}\n", record.exchange)).collect::<String>();
    withdrawn(&world.text.map_or_else(|| format!("version: STSv1\nmode: none\n{}max_age: {DAY}\n", hosts()), str::to_owned))
}

/// A sender with a policy in its cache needs neither the record nor the file to go on enforcing it: neither may go before the last such
/// policy is over, whatever is missing already (RFC 8461 §8.3).
pub(super) fn leave(world: &World<'_>, route: &mut Route<'_, '_>) {
    let domain = world.domain();
    let (record_gone, file_gone) = (record_is_gone(world), file_is_gone(world));
    let is_held = world.is_enforced() || world.held.enforced().next().is_some();
    let all_gone = record_gone && file_gone;
    // Once nobody can hold a policy in enforce the rest only tidies up; a domain that has nothing at all and of which nothing is known
    // has most likely never had anything.
    let never = all_gone && world.held.known_since.is_none() && world.held.published.ids.is_empty();
    let is_over = world.held.unknown_until.is_some_and(|until| until <= world.now);
    route.free = (record_gone || file_gone) && !is_held && (is_over || never);
    if !route.free {
        withdraw(world, (record_gone, file_gone), route);
    }
    let step = route.step(record_gone, format!("take the record at _mta-sts.{domain} away"));
    step.publish.extend(removal(&record_lines(world)));
    step.verify = vec![format!("dig +short TXT _mta-sts.{domain}")];
    step.back = Some("put the record back with another new id, and serve a policy in testing".to_owned());
    let step =
        route.step(record_gone && file_gone, format!("take mta-sts.{domain} away, with its certificate; the TLS-RPT record may stay"));
    step.publish.extend(removal(&host_lines(world)));
    step.verify = vec![format!("stsready policy {domain}")];
}

fn removal(lines: &[String]) -> Option<Publish> {
    (!lines.is_empty()).then(|| Publish { action: Action::Remove, place: "dns".to_owned(), text: lines.join("\n") })
}

/// Tells every sender that there is no policy any more, and waits until those that do not hear of it have forgotten the last one.
fn withdraw(world: &World<'_>, (record_gone, file_gone): (bool, bool), route: &mut Route<'_, '_>) {
    let back = "serve the policy of before again, with a new id";
    if record_gone || file_gone {
        route.note(
            "what is missing went too early: senders that hold a policy go on with it for its whole max_age, and only a policy in mode none \
             with a new id tells them otherwise",
        );
    }
    let is_withdrawn = world.mode() == Some(Mode::None);
    let text = if is_withdrawn { world.text.unwrap_or_default().to_owned() } else { last_text(world) };
    route.serve(is_withdrawn, &text, "serve the policy in mode none, to be held for a day; never just delete it (RFC 8461 §8.3)").back =
        Some(back.to_owned());
    route.id(&text);
    let mut ends = vec![once_asked(world)];
    let over = "every policy of before is over";
    let older = world.held.policies.iter().filter(|older| older.mode != Mode::None).map(HeldPolicy::longest).max();
    ends.extend(older.map(|until| (over, End::At(until))));
    ends.extend(world.held_for().filter(|_| !is_withdrawn).map(|seconds| (over, End::After(seconds))));
    match world.held.unknown_until {
        Some(until) if until > world.now => {
            ends.push((
                "what was served before the first check or report is over; nothing tells how long it was to be held",
                End::At(until),
            ));
        }
        None if is_withdrawn || world.policy.is_none() => ends.push((
            "every policy of before is over; how long the last one was to be held is not known, so the longest that is legal",
            End::After(u64::from(world.txt_ttl()) + MAX_AGE_CAP),
        )),
        _ => {}
    }
    note_unknown(world, route);
    route.wait("wait until no sender holds any policy of before", world.id_since(), &ends, false).back = Some(back.to_owned());
}

/// What announces the policy, as it stands in DNS: the alias of the name, or every text there that is, or was meant to be, the record.
fn record_lines(world: &World<'_>) -> Vec<String> {
    let Some(txt) = world.facts.policy.as_ref().map(|policy| &policy.txt) else { return Vec::new() };
    if let Some(link) = txt.answer.seen().and_then(|answer| answer.via.first()) {
        return vec![zone::cname_line(&txt.name, None, &link.target)];
    }
    txt.texts().iter().filter(|text| STS.is_meant_by_record(text)).map(|text| zone::txt_line_kept(&txt.name, text)).collect()
}

/// The records of the policy host: its alias, or its addresses.
fn host_lines(world: &World<'_>) -> Vec<String> {
    let Some(policy) = &world.facts.policy else { return Vec::new() };
    if let Some(link) = policy.addresses.via().first() {
        return vec![zone::cname_line(&policy.host, None, &link.target)];
    }
    policy.addresses.all().into_iter().map(|address| zone::address_line(&policy.host, None, address)).collect()
}

/// What else a name has, out of a wildcard perhaps, announces nothing.
fn record_is_gone(world: &World<'_>) -> bool {
    let is_gone = |txt: &TxtFacts| txt.answer.failure().is_none() && !txt.texts().iter().any(|text| STS.is_meant_by_record(text));
    world.facts.policy.as_ref().is_some_and(|policy| is_gone(&policy.txt))
}

fn file_is_gone(world: &World<'_>) -> bool {
    let Some(policy) = &world.facts.policy else { return false };
    let answered = policy.fetches.iter().filter_map(|fetch| fetch.answered());
    let refused = !policy.fetches.is_empty()
        && policy.fetches.iter().all(|fetch| matches!(&fetch.response, Some(Looked::Seen(answer)) if matches!(answer.status, 404 | 410)));
    answered.count() == 0 && policy.addresses.none() || refused
}
