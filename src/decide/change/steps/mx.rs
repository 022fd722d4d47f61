//! Changes of the MX set, one host at a time.

use super::{QUEUE_LIFE, day, learn, with_hosts, without_host};
use crate::decide::change::route::{End, Route};
use crate::decide::change::world::World;
use crate::evidence::past::HeldPolicy;
use crate::evidence::past::held::after;
use crate::model::plan::{Action, Publish};
use crate::wire::name::Domain;
use crate::wire::pattern::MxPattern;
use crate::wire::zone;

/// What a new host's preference is behind that of the last.
const BEHIND: u16 = 10;

/// The preference of a host that is to be tried last.
pub(in crate::decide::change) fn last(world: &World<'_>) -> u16 {
    world.mx().iter().map(|record| record.preference).max().map_or(BEHIND, |last| last.saturating_add(BEHIND))
}

pub(super) fn add(world: &World<'_>, host: &Domain, preference: Option<u16>, route: &mut Route<'_, '_>) {
    let Some(today) = world.text else { return };
    let domain = world.domain();
    let there = world.has_mx(host);
    if there && world.may_be_refused(host) {
        route.note(format!(
            "{host} is an MX already, while senders may hold a policy that does not cover it: they refuse it until they have the new one"
        ));
    }
    // Without this there is no plan: what is not proven is told by the findings.
    route.step(true, format!("prove {host} before any mail depends on it")).verify = vec![format!("stsready mx --host {host}")];
    let hosts = std::slice::from_ref(host);
    // A wildcard covers it, and no line was ever missing: the text stays, and so does its id, unless somebody holds another text under it.
    let stays = world.covers(host) && !world.lists(host) && !world.id_is_of_older();
    if !stays {
        let text = with_hosts(today, hosts);
        let step = route.serve(world.covers(host), &text, "serve the policy with the new host beside the old ones");
        step.back = Some("serve the file of before again, with another new id".to_owned());
        route.id(&text);
    }
    let moot = there || (stays && world.held.is_settled(world.now) && world.refusing(hosts).next().is_none());
    learn(world, hosts, "wait until senders have the policy that covers it", moot, route);
    let preference = preference.unwrap_or_else(|| last(world));
    let line = zone::mx_line(domain, None, preference, host);
    let step = route.step(there, format!("add the MX record of {host}"));
    step.publish.push(Publish { action: Action::Add, place: "dns".to_owned(), text: line });
    step.verify = vec![format!("dig +short MX {domain}"), format!("stsready check {domain}")];
    step.back = Some(format!(
        "take the MX record away again; the line in the policy may stay, or goes with `stsready change remove-mx {host} {domain}`"
    ));
}

pub(super) fn remove(world: &World<'_>, host: &Domain, route: &mut Route<'_, '_>) {
    let Some(today) = world.text else { return };
    // There is nothing to do; the verdict tells of it.
    if world.never_had(host) {
        return;
    }
    let domain = world.domain();
    let pattern = MxPattern::exact(host.clone());
    let listed = world.policy.is_some_and(|policy| policy.mx.contains(&pattern));
    let gone = world.mx_is_known() && !world.has_mx(host);
    let records = world.mx().iter().filter(|record| record.exchange == *host);
    let lines: Vec<String> = records.map(|record| zone::mx_line(domain, None, record.preference, host)).collect();
    let left: Vec<Domain> = world.mx().iter().map(|record| record.exchange.clone()).filter(|other| other != host).collect();
    let covers_none = |held: &&HeldPolicy| !held.mx.iter().any(|pattern| left.iter().any(|host| pattern.matches(host)));
    if let Some(held) = world.refusing(&left).filter(covers_none).max_by_key(|held| held.longest()) {
        route.note(format!(
            "senders that never ask for a newer policy may hold one until {} that covers none of the hosts left: they keep their mail until then",
            day(held.longest())
        ));
    }
    let step = route.step(gone, format!("take the MX record of {host} away; the host goes on running, and stays in the policy"));
    step.publish.extend((!lines.is_empty()).then(|| Publish { action: Action::Remove, place: "dns".to_owned(), text: lines.join("\n") }));
    step.verify = vec![format!("dig +short MX {domain}")];
    step.back = Some("put the MX record back: the policy still covers the host".to_owned());
    let since = world.mx_gone(host).or(world.held.published.mx_since).filter(|_| gone);
    let remembered = since.map(|since| after(since, remembering(world))).filter(|until| *until > world.now);
    if let Some(until) = remembered.filter(|_| !world.covers(host)) {
        route.note(format!(
            "{host} is out of the policy already, while senders may remember it as an MX: put its line back, with a new id, until {}, and let it \
             take mail so long",
            day(until)
        ));
    }
    let step = route.wait(
        format!("wait until no sender remembers {host} as an MX, and let it take mail so long"),
        since,
        &[no_longer_tried(world)],
        gone && !world.covers(host) && since.is_none(),
    );
    step.verify = vec![format!("stsready change remove-mx {host} {domain}")];
    step.back = Some("put the MX record back: the policy still covers the host".to_owned());
    let text = without_host(today, host);
    let by_wildcard = world.covers(host) && !listed;
    if by_wildcard {
        return route.note(format!("a wildcard of the policy covers {host}: there is no line to take out"));
    }
    // A policy that never named it is served as it should be, and so is its id.
    if !listed && !gone && !world.id_is_of_older() && !world.had_listed(host) {
        return;
    }
    route.serve(!listed, &text, "serve the policy without the host").back = Some(format!("`stsready change add-mx {host} {domain}`"));
    route.id(&text);
}

/// When no mail is tried at an MX host of before, from when its record went.
pub(super) fn no_longer_tried(world: &World<'_>) -> (&'static str, End) {
    let why =
        "the MX record's TTL (an hour at least: a resolver may show what is left of it) and the five days for which senders keep mail";
    (why, End::After(remembering(world)))
}

/// So long a mail may be tried at an MX host whose record went, in seconds.
pub(super) fn remembering(world: &World<'_>) -> u64 {
    u64::from(world.mx_ttl()) + QUEUE_LIFE
}
