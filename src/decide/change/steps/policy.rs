//! Another policy, and another provider.

use jiff::Timestamp;

use super::mx::{no_longer_tried, remembering};
use super::{day, learn, once_asked, same, with_hosts};
use crate::decide::change::route::Route;
use crate::decide::change::world::World;
use crate::decide::texts::{DAY, testing};
use crate::evidence::past::held::after;
use crate::model::facts::policy::Draft;
use crate::model::plan::{Action, Publish};
use crate::wire::name::Domain;
use crate::wire::policy::{Mode, Policy, parse};
use crate::wire::zone;

/// A first policy in enforce is held for so many days at most, or a note tells of it.
const FIRST_DAYS: u64 = 7;

pub(super) fn replace(world: &World<'_>, draft: &Draft, route: &mut Route<'_, '_>) {
    let domain = world.domain();
    let text = &draft.body.text;
    let there = world.text.is_some_and(|today| same(today, text));
    await_dropped(world, draft, route);
    let days = draft_of(draft).max_age.unwrap_or(0) / DAY;
    if world.mode() != Some(Mode::Enforce) && draft_of(draft).mode == Some(Mode::Enforce) && days > FIRST_DAYS {
        route.note(format!(
            "a first policy in enforce that is held for {days} days cannot be taken back for as long: `stsready change enforce {domain}` begins \
             with a week at most and raises it after two clean weeks"
        ));
    }
    route.serve(there, text, &format!("serve {} as it is", draft.file)).back =
        Some("serve the file of before again, with another new id".to_owned());
    route.id(text);
    let step = route.wait("wait until senders have it, then look again", world.id_since(), &[once_asked(world)], false);
    step.verify = vec![format!("stsready check {domain}")];
}

pub(super) fn provider(world: &World<'_>, draft: &Draft, hosts: &[Domain], route: &mut Route<'_, '_>) {
    let Some(today) = world.text else { return };
    let domain = world.domain();
    let text = &last(world, draft);
    let is_held_back = !same(text, &draft.body.text);
    let arrived = same(today, text);
    let old: Vec<_> = world.mx().iter().filter(|record| !hosts.contains(&record.exchange)).collect();
    let moved = old.is_empty() && hosts.iter().all(|host| world.has_mx(host));
    route.step(true, "prove the new provider's MX hosts with this domain, before any mail depends on them").verify =
        hosts.iter().map(|host| format!("stsready mx --host {host}")).collect();
    // The old hosts count as long as an MX record names them, also where the final policy was served too early.
    let overlap: Vec<Domain> = hosts.iter().cloned().chain(old.iter().map(|record| record.exchange.clone())).collect();
    let both = with_hosts(today, &overlap);
    let covered = overlap.iter().all(|host| world.covers(host));
    let step = route.serve(covered, &both, "serve a policy that lists the hosts of both providers");
    step.back = Some("serve the file of before again, with another new id".to_owned());
    if !(arrived && moved) {
        route.id(&both);
    }
    if let Some(until) = world.unasked(hosts).map(|held| held.asked_until).max().filter(|_| moved) {
        route.note(format!(
            "the new hosts are the MX already, while senders may hold a policy that does not cover them: they refuse them until they have the \
             new one; put the old MX records back beside the new ones until then ({})",
            day(until)
        ));
    }
    learn(world, hosts, "wait until senders have the policy of the overlap", moved, route);
    let line = |preference: u16, host: &Domain| zone::mx_line(domain, None, preference, host);
    let first = world.mx().iter().map(|record| record.preference).min().unwrap_or(10);
    let new: Vec<String> = hosts.iter().filter(|host| !world.has_mx(host)).map(|host| line(first, host)).collect();
    let step = route.step(moved, "move the MX records to the new provider; the old hosts go on taking mail");
    step.publish.extend((!new.is_empty()).then(|| Publish { action: Action::Add, place: "dns".to_owned(), text: new.join("\n") }));
    let old: Vec<String> = old.iter().map(|record| line(record.preference, &record.exchange)).collect();
    step.publish.extend((!old.is_empty()).then(|| Publish { action: Action::Remove, place: "dns".to_owned(), text: old.join("\n") }));
    step.verify = vec![format!("dig +short MX {domain}"), format!("stsready check {domain}")];
    step.back = Some("put the old MX records back: the policy covers both".to_owned());
    let since = world.held.published.mx_since.filter(|_| moved);
    let step =
        route.wait("wait until no sender remembers the old hosts", since, &[no_longer_tried(world)], arrived && moved && since.is_none());
    step.back = Some("put the old MX records back: the policy covers both".to_owned());
    let step = route.serve(
        arrived,
        text,
        &format!("serve {} alone{}; where the new provider is to serve it, its certificate for mta-sts.{domain} must be there before the name moves",
            draft.file,
            if is_held_back { ", in testing" } else { "" }
        ),
    );
    step.back = Some("serve the policy of the overlap again, with another new id".to_owned());
    route.id(text);
    if is_held_back {
        route.note(format!(
            "nobody refuses mail yet, and no report tells of the new hosts: {} is served in testing; then `stsready change enforce {domain}`, when \
             the evidence of the new hosts suffices",
            draft.file
        ));
    }
}

/// The policy that a change of the provider ends with: a domain that is not in enforce goes there by a change of its own.
pub(in crate::decide::change) fn last(world: &World<'_>, draft: &Draft) -> String {
    let text = &draft.body.text;
    let rises = !world.is_enforced() && draft_of(draft).mode == Some(Mode::Enforce);
    if rises { testing(text) } else { text.clone() }
}

fn draft_of(draft: &Draft) -> Policy {
    parse(&draft.body.text)
}

/// A host whose MX record went is still tried for a while: its line is not to go before.
fn await_dropped(world: &World<'_>, draft: &Draft, route: &mut Route<'_, '_>) {
    let kept = draft_of(draft).mx;
    let dropped = world.held.published.mx_gone.iter().filter(|(host, gone)| {
        world.covers(host) && !kept.iter().any(|pattern| pattern.matches(host)) && after(**gone, remembering(world)) > world.now
    });
    let dropped: Vec<(&Domain, Timestamp)> = dropped.map(|(host, gone)| (host, *gone)).collect();
    let Some(since) = dropped.iter().map(|(_, gone)| *gone).max() else { return };
    let names = dropped.iter().take(10).map(|(host, _)| host.as_str()).collect::<Vec<_>>().join(", ");
    let say = format!("wait until no sender remembers {names} as an MX, and let it take mail so long: the new policy does not cover it");
    let step = route.wait(say, Some(since), &[no_longer_tried(world)], false);
    step.back = Some("put the MX record back: the policy still covers the host".to_owned());
}
