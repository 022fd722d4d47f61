//! Facts of several vantages as one: what one could not see, another may have.
//!
//! In: facts of one domain from several looks. Out: the facts of the newest look, filled. Of each thing the newest that could be looked at
//! counts: what was seen is never covered by an older success, nor by a newer "could not look". What is much older than the newest look fills nothing.

mod policy;
pub mod reports;
mod servers;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::facts::dns::AddressFacts;
use crate::model::facts::vantage::{OtherVantage, Roots};
use crate::model::facts::{Der, Facts};
use crate::model::history::History;
use crate::model::looked::Looked;
use crate::wire::fingerprint::Fingerprint;

/// So long before the newest look an observation still says something about today (rules: `starttls-unreachable`).
pub const FRESH: SignedDuration = SignedDuration::from_hours(72);

/// Merges the facts of one domain; `None` if there are none. One value alone stays as it is.
///
/// The facts must be of one domain. Among looks that ended at the same time the first counts as the newest.
pub fn merge(mut all: Vec<Facts>) -> Option<Facts> {
    all.sort_by_key(|facts| std::cmp::Reverse(facts.observed_at));
    // The same file named twice is one vantage.
    all.dedup();
    let newest = all.first()?.clone();
    if all.len() == 1 {
        return Some(newest);
    }
    let mut sources = Sources::new(&all);
    let mail = sources.stage("dns", |facts| facts.mail.as_ref(), |mail| mail.mx.failure().is_none()).map(|mut mail| {
        // Only who looks at the policy looks for a parent's.
        let parent = || all.iter().find_map(|facts| facts.mail.as_ref().filter(|_| facts.policy.is_some())?.parent_policy.clone());
        mail.parent_policy = mail.parent_policy.or_else(parent);
        mail
    });
    let record = sources.stage("record", |facts| facts.record.as_ref(), |record| record.txt.answer.failure().is_none());
    let policy = policy::merge(&mut sources);
    let servers = servers::merge(&mut sources);
    let reports = sources.reports();
    let certificates = all.iter().rev().flat_map(|facts| facts.certificates.clone()).collect();
    let disk = all.iter().find(|facts| !facts.disk.is_empty()).map(|facts| facts.disk.clone()).unwrap_or_default();
    // Each place remembers what it saw: a store of yesterday is no reason to forget a year.
    let history = histories(all.iter().enumerate().filter_map(|(index, facts)| {
        let history = facts.history.clone()?;
        // The newest look is put on top when it is judged; what an older one saw is of the past by now.
        Some(if index == 0 { history } else { history.seeing(facts).for_judging(newest.observed_at) })
    }));
    let others = sources.close();
    Some(Facts { others, mail, record, policy, servers, reports, disk, certificates, history, ..newest })
}

/// The histories of one domain as one; `None` if there are none.
pub fn histories(all: impl IntoIterator<Item = History>) -> Option<History> {
    all.into_iter().reduce(History::united)
}

/// Two sets of trusted roots among looks of which one may fill the other: what was judged under one says nothing under the other.
pub fn other_roots(all: &[Facts]) -> Option<(&Roots, &Roots)> {
    let newest = all.iter().max_by_key(|facts| facts.observed_at)?;
    let since = newest.observed_at.checked_sub(FRESH).unwrap_or(Timestamp::MIN);
    let roots = &newest.vantage.roots;
    let mut fresh = all.iter().filter(|facts| facts.observed_at >= since).map(|facts| &facts.vantage.roots);
    fresh.find(|other| other.sha256 != roots.sha256).map(|other| (roots, other))
}

/// The looks, newest first, and who gave what.
struct Sources<'a> {
    all: &'a [Facts],
    /// What was seen before this fills nothing.
    since: Timestamp,
    /// For each look.
    shares: Vec<Share>,
}

/// What one look contributed.
#[derive(Debug, Default)]
struct Share {
    gave: Vec<String>,
    proved: Vec<String>,
    too_old: Vec<String>,
}

impl<'a> Sources<'a> {
    fn new(all: &'a [Facts]) -> Self {
        let newest = all.first().map_or(Timestamp::MIN, |facts| facts.observed_at);
        let since = newest.checked_sub(FRESH).unwrap_or(Timestamp::MIN);
        Self { all, since, shares: all.iter().map(|_| Share::default()).collect() }
    }

    /// The newest of a stage that could be looked at, else the newest.
    fn stage<T: Clone + 'a>(&mut self, name: &str, of: impl Fn(&'a Facts) -> Option<&'a T>, looked: impl Fn(&T) -> bool) -> Option<T> {
        let mut candidates: Vec<(usize, &T)> = Vec::new();
        for (index, facts) in self.all.iter().enumerate() {
            match of(facts) {
                Some(value) if facts.observed_at >= self.since => candidates.push((index, value)),
                Some(_) => self.too_old(index, name),
                None => {}
            }
        }
        let (index, value) = candidates.iter().find(|(_, value)| looked(value)).or_else(|| candidates.first()).copied()?;
        self.gave(index, name);
        Some(value.clone())
    }

    /// Reports carry their own dates: old ones are evidence, too. Facts without any source had none to read.
    fn reports(&mut self) -> Option<crate::model::facts::reports::ReportFacts> {
        let candidates = || self.all.iter().enumerate().filter_map(|(index, facts)| Some((index, facts.reports.as_ref()?)));
        let with_source = candidates().find(|(_, reports)| !reports.sources.is_empty() || !reports.reports.is_empty());
        let (index, reports) = with_source.or_else(|| candidates().next())?;
        let reports = reports.clone();
        self.gave(index, "reports");
        Some(reports)
    }

    fn gave(&mut self, index: usize, what: impl Into<String>) {
        note(self.shares.get_mut(index).map(|share| &mut share.gave), what.into());
    }

    /// The certificates of one look.
    fn certificates(&self, index: usize) -> &'a BTreeMap<Fingerprint, Der> {
        static NONE: BTreeMap<Fingerprint, Der> = BTreeMap::new();
        self.all.get(index).map_or(&NONE, |facts| &facts.certificates)
    }

    fn proved(&mut self, index: usize, what: impl Into<String>) {
        note(self.shares.get_mut(index).map(|share| &mut share.proved), what.into());
    }

    fn too_old(&mut self, index: usize, what: impl Into<String>) {
        note(self.shares.get_mut(index).map(|share| &mut share.too_old), what.into());
    }

    /// Every vantage but the newest's, newest first, each with those that it had been merged from itself.
    fn close(self) -> Vec<OtherVantage> {
        let mut others = Vec::new();
        for (index, (facts, share)) in self.all.iter().zip(self.shares).enumerate() {
            let Share { mut gave, proved, too_old } = share;
            for other in &facts.others {
                let mut other = other.clone();
                // What it lent to that look came into these facts only if that look lent it on, and then it is from there.
                other.gave.retain(|what| gave.contains(what));
                if other.observed_at < self.since {
                    other.proved.clear();
                }
                others.push(other);
            }
            if index > 0 {
                gave.retain(|what| !facts.others.iter().any(|other| other.gave.contains(what)));
                others.push(OtherVantage { vantage: facts.vantage.clone(), observed_at: facts.observed_at, gave, proved, too_old });
            }
        }
        others.sort_by_key(|other| std::cmp::Reverse(other.observed_at));
        others.dedup();
        others
    }
}

fn note(list: Option<&mut Vec<String>>, what: String) {
    if let Some(list) = list
        && !list.contains(&what)
    {
        list.push(what);
    }
}

/// A lookup that failed here is taken from the newest look where it did not.
fn fill<'a, T: Clone + 'a>(own: &mut Looked<T>, others: impl IntoIterator<Item = &'a Looked<T>>) {
    if own.failure().is_some()
        && let Some(other) = others.into_iter().find(|other| other.failure().is_none())
    {
        *own = other.clone();
    }
}

/// Both families.
fn fill_addresses(own: &mut AddressFacts, others: &[&AddressFacts]) {
    fill(&mut own.v4, others.iter().map(|other| &other.v4));
    fill(&mut own.v6, others.iter().map(|other| &other.v6));
}

#[cfg(test)]
mod tests;
