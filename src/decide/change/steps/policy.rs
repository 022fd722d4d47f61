//! Another policy, and another provider.

use super::mx::no_longer_tried;
use super::{learn, once_asked, same, with_hosts};
use crate::decide::change::route::Route;
use crate::decide::change::world::World;
use crate::model::facts::policy::Draft;
use crate::model::plan::{Action, Publish};
use crate::wire::name::Domain;
use crate::wire::zone;

pub(super) fn replace(world: &World<'_>, draft: &Draft, route: &mut Route<'_, '_>) {
    let domain = world.domain();
    let text = &draft.body.text;
    let there = world.text.is_some_and(|today| same(today, text));
    route.serve(there, text, &format!("serve {} as it is", draft.file)).back =
        Some("serve the file of before again, with another new id".to_owned());
    route.id(text);
    let step = route.wait("wait until senders have it, then look again", world.id_since(), &[once_asked(world)], false);
    step.verify = vec![format!("stsready check {domain}")];
}

pub(super) fn provider(world: &World<'_>, draft: &Draft, hosts: &[Domain], route: &mut Route<'_, '_>) {
    let Some(today) = world.text else { return };
    let domain = world.domain();
    let text = &draft.body.text;
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
    let step = route.wait("wait until no sender remembers the old hosts", since, &[no_longer_tried(world)], arrived && moved);
    step.back = Some("put the old MX records back: the policy covers both".to_owned());
    let step = route.serve(
        arrived,
        text,
        &format!("serve {} alone; where the new provider is to serve it, its certificate for mta-sts.{domain} must be there before the name moves", draft.file),
    );
    step.back = Some("serve the policy of the overlap again, with another new id".to_owned());
    route.id(text);
}
