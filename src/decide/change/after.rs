//! The state after a change: the facts of today with what the change makes different.

use super::steps::{last_of_provider, last_text, testing_text, with_hosts, without_host};
use super::world::World;
use crate::decide::texts::enforcing;
use crate::model::change::Change;
use crate::model::facts::Facts;
use crate::model::facts::dns::MxRecord;
use crate::wire::name::Domain;

/// The facts after the change; `facts` also hold hosts that were only asked about.
pub(super) fn of(world: &World<'_>, facts: &Facts, change: &Change) -> Facts {
    let facts = facts.clone();
    let today = world.text.unwrap_or_default();
    let becomes = |host: &Domain, preference: u16| MxRecord { preference, exchange: host.clone() };
    match change {
        Change::Enforce => serving(world, facts.without_asked(), &enforcing(today)),
        // A step back must not be refused for want of the record that it publishes.
        Change::Testing => {
            let facts = facts.without_asked();
            match testing_text(world) {
                Some(text) => again(world, facts, &text),
                None => facts,
            }
        }
        Change::Leave => again(world, facts.without_asked(), &last_text(world)),
        Change::AddMx { host, preference } => {
            let last = world.mx().iter().map(|record| record.preference).max().unwrap_or(0).saturating_add(10);
            let record = becomes(host, preference.unwrap_or(last));
            serving(world, facts.with_mx(&[record]).without_asked(), &with_hosts(today, std::slice::from_ref(host)))
        }
        Change::RemoveMx { host } => {
            let text = without_host(today, host);
            serving(world, facts.without_asked().without_mx(std::slice::from_ref(host)), &text)
        }
        Change::Policy(draft) => serving(world, facts.without_asked(), &draft.body.text),
        Change::Provider { draft, hosts } => {
            let records: Vec<MxRecord> = hosts.iter().map(|host| becomes(host, 10)).collect();
            let old: Vec<Domain> = world.mx().iter().map(|record| record.exchange.clone()).filter(|host| !hosts.contains(host)).collect();
            serving(world, facts.with_mx(&records).without_mx(&old).without_asked(), &last_of_provider(world, draft))
        }
        Change::Certificate(new) => facts.with_chain(new).with_keys_of(new),
    }
}

/// With this text and a record that names it, where there is a policy at all.
fn serving(world: &World<'_>, facts: Facts, text: &str) -> Facts {
    if world.text.is_none() {
        return facts;
    }
    let id = world.fresh_id(text, world.now);
    facts.with_policy(text, &world.record_with(&id))
}

/// The same where the record or the file is missing and the change puts it back.
fn again(world: &World<'_>, facts: Facts, text: &str) -> Facts {
    let id = world.proposed_id(text, world.now);
    facts.with_policy_again(text, &world.record_with(&id))
}
