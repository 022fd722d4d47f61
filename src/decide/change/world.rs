//! The world as a plan finds it: today's policy, record and MX set, what senders may hold, and what tells since when.

use jiff::Timestamp;

use crate::decide::texts::first;
use crate::evidence::past::held::{after, clamps, longest};
use crate::evidence::past::{Held as InCaches, HeldPolicy};
use crate::model::facts::Facts;
use crate::model::facts::dns::MxRecord;
use crate::model::looked::{Answer, Looked};
use crate::model::plan::{Held, HeldFrom};
use crate::rules::Case;
use crate::wire::name::Domain;
use crate::wire::policy::{Mode, Policy};
use crate::wire::policy_id;
use crate::wire::sts_record::StsRecord;

/// What there is now.
pub(super) struct World<'a> {
    case: &'a Case<'a>,
    /// Without hosts that were only asked about.
    pub(super) facts: &'a Facts,
    /// The policies other than today's that senders may hold, and how today's was published.
    pub(super) held: &'a InCaches,
    pub(super) now: Timestamp,
    /// The policy as served; `None` where none is.
    pub(super) text: Option<&'a str>,
    pub(super) policy: Option<&'a Policy>,
    /// The id that the operator chose.
    pub(super) chosen: Option<&'a str>,
    pub(super) record: Option<StsRecord>,
}

impl<'a> World<'a> {
    pub(super) fn new(case: &'a Case<'a>, chosen: Option<&'a str>) -> Self {
        let policy = case.policy.as_ref().filter(|policy| policy.is_policy());
        let text = case.body.map(|body| body.text.as_str()).filter(|_| policy.is_some());
        Self { case, facts: case.facts, held: &case.held, now: case.now, text, policy, chosen, record: case.record() }
    }

    pub(super) fn domain(&self) -> &'a Domain {
        &self.facts.domain
    }

    pub(super) fn mode(&self) -> Option<Mode> {
        self.policy.and_then(|policy| policy.mode)
    }

    pub(super) fn max_age(&self) -> Option<u64> {
        self.policy.and_then(|policy| policy.max_age)
    }

    /// Whether today's policy refuses what it does not cover.
    pub(super) fn is_enforced(&self) -> bool {
        self.mode() == Some(Mode::Enforce)
    }

    /// The TTL of the `_mta-sts` record, in seconds, as waits take it.
    pub(super) fn txt_ttl(&self) -> u32 {
        self.held.published.txt_ttl
    }

    /// So long after a new id every sender that asks for newer policies has asked, in seconds.
    pub(super) fn asking(&self) -> u64 {
        self.held.published.asking()
    }

    /// The MX records; empty where there are none or they are not known.
    pub(super) fn mx(&self) -> &'a [MxRecord] {
        self.mx_answer().map_or(&[], |answer| answer.value.as_slice())
    }

    /// Their TTL, in seconds, as waits take it.
    pub(super) fn mx_ttl(&self) -> u32 {
        self.held.published.mx_ttl
    }

    fn mx_answer(&self) -> Option<&'a Answer<Vec<MxRecord>>> {
        self.facts.mail.as_ref().and_then(|mail| Looked::seen(&mail.mx))
    }

    /// Whether DNS answered for the MX records, be it that there are none.
    pub(super) fn mx_is_known(&self) -> bool {
        self.facts.mail.as_ref().is_some_and(|mail| mail.mx.failure().is_none())
    }

    /// The first look that saw a host no more that was an MX.
    pub(super) fn mx_gone(&self, host: &Domain) -> Option<Timestamp> {
        self.held.published.mx_gone.get(host).copied()
    }

    /// Whether an older policy that may be held names this host.
    pub(super) fn had_listed(&self, host: &Domain) -> bool {
        self.held.policies.iter().flat_map(|held| &held.mx).any(|pattern| !pattern.is_wildcard() && pattern.matches(host))
    }

    /// Whether this host is neither an MX nor in the policy, and no past tells that it was. Without any past that is no news: it may have
    /// been taken out just now, and its id is still to come.
    pub(super) fn never_had(&self, host: &Domain) -> bool {
        let is_there = self.has_mx(host) || self.covers(host);
        let was_there = self.mx_gone(host).is_some() || self.had_listed(host);
        let tells = self.held.known_since.is_some() || self.id_is_of_text();
        self.mx_is_known() && self.policy.is_some() && tells && !is_there && !was_there
    }

    /// Whether the `_mta-sts` name has nothing that the new record comes in place of.
    pub(super) fn record_comes_new(&self) -> bool {
        let answer = self.facts.policy.as_ref().map(|policy| &policy.txt);
        let is_one = |text: &String| text.trim_start().to_ascii_lowercase().starts_with("v=sts");
        // A lookup that failed tells of no absence: a second record beside the one that may be there makes both void.
        self.record.is_none() && answer.is_some_and(|txt| txt.answer.failure().is_none() && !txt.texts().iter().any(is_one))
    }

    /// A first policy in testing with the MX hosts of today.
    pub(super) fn first_text(&self) -> Option<String> {
        first(self.case)
    }

    /// Whether an MX record names this host.
    pub(super) fn has_mx(&self, host: &Domain) -> bool {
        self.mx().iter().any(|record| record.exchange == *host)
    }

    /// Whether today's policy covers this host.
    pub(super) fn covers(&self, host: &Domain) -> bool {
        self.policy.is_some_and(|policy| policy.mx.iter().any(|pattern| pattern.matches(host)))
    }

    /// Whether today's policy has a line for just this host.
    pub(super) fn lists(&self, host: &Domain) -> bool {
        self.policy.is_some_and(|policy| policy.mx.iter().any(|pattern| !pattern.is_wildcard() && pattern.matches(host)))
    }

    /// The id that is published.
    pub(super) fn id(&self) -> Option<&str> {
        self.record.as_ref().and_then(|record| record.id.as_deref())
    }

    /// Whether the present id tells every sender of the present text, by what earlier checks saw or else by the id's own word.
    pub(super) fn id_is_of_text(&self) -> bool {
        let (Some(text), Some(id)) = (self.text, self.id()) else { return false };
        !self.id_is_of_older() && self.held.published.id_follows_text.unwrap_or_else(|| policy_id::names(id, text))
    }

    /// Whether somebody may hold another policy under the present id.
    pub(super) fn id_is_of_older(&self) -> bool {
        self.held.published.id_follows_text == Some(false) || self.held.policies.iter().any(|held| held.under_this_id)
    }

    /// Since when the present id is published, as checks saw it.
    pub(super) fn id_since(&self) -> Option<Timestamp> {
        self.id().and(self.held.published.id_since)
    }

    /// An id for a text that is published at `at` at the earliest; the operator's own choice where there is one.
    pub(super) fn fresh_id(&self, text: &str, at: Timestamp) -> String {
        self.chosen.map_or_else(|| self.case.fresh_id(text, at), str::to_owned)
    }

    /// The same whatever the operator chose.
    pub(super) fn proposed_id(&self, text: &str, at: Timestamp) -> String {
        self.case.fresh_id(text, at)
    }

    /// The record with another id, as a line of a zone file.
    pub(super) fn record_line(&self, id: &str) -> String {
        self.case.record_line(id)
    }

    pub(super) fn record_with(&self, id: &str) -> String {
        self.record.clone().unwrap_or_default().with_id(id)
    }

    /// Until when somebody may hold today's policy who fetches it at `from` at the latest, or within the record's TTL after it.
    pub(super) fn held_from(&self, from: Timestamp) -> Option<Timestamp> {
        let policy = self.policy?;
        let (mode, max_age) = (policy.mode?, policy.max_age?);
        let from = after(from, u64::from(self.txt_ttl()));
        Some(longest(after(from, max_age), &clamps(mode, max_age, from)))
    }

    /// How long that is, in seconds.
    pub(super) fn held_for(&self) -> Option<u64> {
        let until = self.held_from(self.now)?;
        u64::try_from(self.now.duration_until(until).as_secs()).ok()
    }

    /// Every policy that senders may hold: today's, for whoever fetches it just before the next is seen, then older ones.
    pub(super) fn in_caches(&self) -> Vec<Held> {
        let today = self.policy.map(|policy| Held {
            mode: policy.mode,
            max_age: policy.max_age,
            mx: policy.mx.iter().map(ToString::to_string).collect(),
            until: self.held_from(self.now).unwrap_or(self.now),
            seen: HeldFrom::Now,
        });
        let older = self.held.policies.iter().map(|older| Held {
            mode: Some(older.mode),
            max_age: Some(older.max_age),
            mx: older.mx.iter().map(ToString::to_string).collect(),
            until: older.longest(),
            seen: older.seen,
        });
        today.into_iter().chain(older).collect()
    }

    /// The older policies in enforce that refuse one of these hosts.
    pub(super) fn refusing<'h>(&self, hosts: &'h [Domain]) -> impl Iterator<Item = &'a HeldPolicy> + use<'a, 'h> {
        let held = self.held;
        held.enforced().filter(|older| hosts.iter().any(|host| !older.mx.iter().any(|pattern| pattern.matches(host))))
    }

    /// The older policies in enforce that refuse one of these hosts at senders that have not asked for a newer one yet.
    pub(super) fn unasked<'h>(&self, hosts: &'h [Domain]) -> impl Iterator<Item = &'a HeldPolicy> + use<'a, 'h> {
        let now = self.now;
        self.refusing(hosts).filter(move |older| older.asked_until > now)
    }

    /// Whether a sender may hold a policy in enforce that does not cover `host`, and would refuse it.
    pub(super) fn may_be_refused(&self, host: &Domain) -> bool {
        let today = self.is_enforced() && !self.covers(host);
        today || self.refusing(std::slice::from_ref(host)).next().is_some()
    }
}
