//! Senders that do not do what the RFCs say, or may do it in several ways, held against one domain: its record, its policy, its servers,
//! its reports. A behaviour that makes no difference for this domain is not told.
//!
//! In: a [`View`] of what was observed. Out: a [`SenderNote`] for each behaviour of [`TABLE`] that meets something here. What is known of
//! senders comes from their sources and from real reports; each line says which.

mod policy;
mod record;
mod reporting;
mod servers;

use std::collections::BTreeSet;

use crate::model::assessment::SenderNote;
use crate::model::facts::Facts;
use crate::model::facts::policy::Body;
use crate::model::looked::Looked;
use crate::wire::name::Domain;
use crate::wire::policy::Policy;

/// What a behaviour is held against.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Everything observed.
    pub facts: &'a Facts,
    /// The policy's bytes, or a draft's.
    pub body: Option<&'a Body>,
    /// The policy read out of them.
    pub policy: Option<&'a Policy>,
}

impl<'a> View<'a> {
    /// The policy, if what stands there is one.
    fn text(&self) -> Option<&'a Policy> {
        self.policy.filter(|policy| policy.is_policy())
    }

    /// The hosts that are MX now, by name.
    fn live_mx(&self) -> BTreeSet<&'a Domain> {
        match self.facts.mail.as_ref().map(|mail| &mail.mx) {
            Some(Looked::Seen(answer)) => answer.value.iter().map(|mx| &mx.exchange).filter(|host| !host.is_root()).collect(),
            Some(Looked::Absent(_)) => BTreeSet::from([&self.facts.domain]),
            Some(Looked::Failed(_)) | None => BTreeSet::new(),
        }
    }
}

/// What some senders are known to do.
#[derive(Debug)]
pub struct Behaviour {
    /// Which senders.
    pub sender: &'static str,
    /// What the behaviour is called.
    pub name: &'static str,
    /// Where it is known from, and the RFC section that it bends.
    pub source: &'static str,
    /// The rule that finds the same fault, where there is one.
    pub see: Option<&'static str>,
    /// What follows for a domain, in words that complete the senders' names; `None` where nothing does.
    pub effect: fn(&View<'_>) -> Option<String>,
}

/// Every behaviour, by what it is about.
pub static TABLE: &[&[Behaviour]] = &[record::BEHAVIOURS, policy::BEHAVIOURS, servers::BEHAVIOURS, reporting::BEHAVIOURS];

/// What makes a difference for this domain, in the order of the table.
pub fn differing(view: &View<'_>) -> Vec<SenderNote> {
    let note = |behaviour: &Behaviour| {
        let effect = (behaviour.effect)(view)?;
        let Behaviour { sender, name, source, see, .. } = *behaviour;
        Some(SenderNote { sender, behaviour: name, effect, source, see })
    };
    TABLE.iter().copied().flatten().filter_map(note).collect()
}

/// Names for a sentence: three at most, then their number.
fn listed(names: &[String]) -> String {
    const TOLD: usize = 3;
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] if names.len() <= TOLD => format!("{} and {last}", others.join(", ")),
        _ => {
            let told: Vec<&str> = names.iter().take(TOLD).map(String::as_str).collect();
            format!("{} and {} more", told.join(", "), names.len() - TOLD)
        }
    }
}

/// A hostile value, cut to what a sentence bears.
fn clipped(value: &str) -> String {
    const SHOWN: usize = 60;
    if value.chars().count() <= SHOWN { value.to_owned() } else { value.chars().take(SHOWN).chain("…".chars()).collect() }
}

#[cfg(test)]
mod tests;
