//! The world as a plan finds it: today's policy, record and MX set, and what tells since when.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::evidence::earlier::Past;
use crate::model::facts::Facts;
use crate::model::facts::dns::MxRecord;
use crate::model::looked::{Answer, Looked};
use crate::model::plan::{Held, HeldFrom};
use crate::model::settings::{DAY, MAX_AGE_CAP};
use crate::rules::Case;
use crate::wire::name::Domain;
use crate::wire::policy::{Mode, Policy};
use crate::wire::sts_record::{self, StsRecord};
use crate::wire::{policy_id, zone};

/// What there is now.
pub(super) struct World<'a> {
    /// Without hosts that were only asked about.
    pub(super) facts: &'a Facts,
    pub(super) past: &'a Past,
    pub(super) now: Timestamp,
    /// The policy as served; `None` where none is.
    pub(super) text: Option<&'a str>,
    pub(super) policy: Option<&'a Policy>,
    /// The id that the operator chose.
    pub(super) chosen: Option<&'a str>,
    pub(super) record: Option<StsRecord>,
    /// Every id that was used, today's included.
    pub(super) used: BTreeSet<String>,
}

impl<'a> World<'a> {
    pub(super) fn new(case: &'a Case<'a>, past: &'a Past, chosen: Option<&'a str>) -> Self {
        let record = case.facts.policy.as_ref().and_then(|policy| sts_record::select(&policy.txt.texts()));
        let mut used = past.ids.clone();
        used.extend(record.as_ref().and_then(|record| record.id.clone()));
        let policy = case.policy.as_ref().filter(|policy| policy.is_policy());
        let text = case.body.map(|body| body.text.as_str()).filter(|_| policy.is_some());
        Self { facts: case.facts, past, now: case.now, text, policy, chosen, record, used }
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

    /// The TTL of the `_mta-sts` record, in seconds.
    pub(super) fn txt_ttl(&self) -> u32 {
        self.facts.policy.as_ref().and_then(|policy| policy.txt.answer.seen()).map_or(zone::TTL, |answer| answer.ttl)
    }

    /// Where the `_mta-sts` record really lies: behind its CNAMEs.
    pub(super) fn txt_name(&self) -> Domain {
        let answer = self.facts.policy.as_ref().and_then(|policy| policy.txt.answer.seen());
        let target = answer.and_then(|answer| answer.via.last()).map(|link| link.target.clone());
        target.unwrap_or_else(|| self.domain().child("_mta-sts"))
    }

    /// The MX records; empty where there are none or they are not known.
    pub(super) fn mx(&self) -> &'a [MxRecord] {
        self.mx_answer().map_or(&[], |answer| answer.value.as_slice())
    }

    /// Their TTL, in seconds.
    pub(super) fn mx_ttl(&self) -> u32 {
        self.mx_answer().map_or(zone::TTL, |answer| answer.ttl)
    }

    fn mx_answer(&self) -> Option<&'a Answer<Vec<MxRecord>>> {
        self.facts.mail.as_ref().and_then(|mail| Looked::seen(&mail.mx))
    }

    /// Whether an MX record names this host.
    pub(super) fn has_mx(&self, host: &Domain) -> bool {
        self.mx().iter().any(|record| record.exchange == *host)
    }

    /// Whether today's policy covers this host.
    pub(super) fn covers(&self, host: &Domain) -> bool {
        self.policy.is_some_and(|policy| policy.mx.iter().any(|pattern| pattern.matches(host)))
    }

    /// Whether the present id was made for the present text, by the id's own word or by what earlier checks saw.
    pub(super) fn id_is_of_text(&self) -> bool {
        let (Some(text), Some(id)) = (self.text, self.record.as_ref().and_then(|record| record.id.as_deref())) else { return false };
        self.past.id_follows_text.unwrap_or_else(|| policy_id::names(id, text))
    }

    /// Since when the present id is published: as checks saw it, else as the id itself says.
    pub(super) fn id_since(&self) -> Option<Timestamp> {
        let made = || policy_id::made_at(self.record.as_ref()?.id.as_deref()?);
        self.past.id_since.or_else(made)
    }

    /// An id for a text that is published at `at` at the earliest; the operator's own choice where there is one.
    pub(super) fn fresh_id(&self, text: &str, at: Timestamp) -> String {
        self.chosen.map_or_else(|| policy_id::fresh(text, at, &self.used), str::to_owned)
    }

    /// The record with another id, as a line of a zone file.
    pub(super) fn record_line(&self, id: &str) -> String {
        // A correction must not stay unseen for longer than a day.
        zone::txt_line_with(&self.txt_name(), self.txt_ttl().min(DAY), &self.record_with(id))
    }

    pub(super) fn record_with(&self, id: &str) -> String {
        self.record.clone().unwrap_or_default().with_id(id)
    }

    /// Every policy that senders may hold: today's, for whoever fetches it just before the next is seen, then older ones.
    pub(super) fn held(&self) -> Vec<Held> {
        let today = self.policy.map(|policy| Held {
            mode: policy.mode,
            max_age: policy.max_age,
            mx: policy.mx.iter().map(ToString::to_string).collect(),
            until: later(self.now, policy.max_age.unwrap_or(0).min(MAX_AGE_CAP) + u64::from(self.txt_ttl())),
            seen: HeldFrom::Now,
        });
        let older = self.past.policies.iter().map(|older| Held {
            mode: older.mode,
            max_age: Some(older.max_age),
            mx: older.mx.iter().map(ToString::to_string).collect(),
            until: older.until,
            seen: older.seen,
        });
        today.into_iter().chain(older).collect()
    }

    /// Whether a sender may hold a policy in enforce that does not cover `host`, and would refuse it.
    pub(super) fn may_be_refused(&self, host: &Domain) -> bool {
        let today = self.mode() == Some(Mode::Enforce) && !self.covers(host);
        let older = self.past.policies.iter().filter(|older| older.mode == Some(Mode::Enforce));
        today || older.filter(|older| older.until > self.now).any(|older| !older.mx.iter().any(|pattern| pattern.matches(host)))
    }
}

/// So many seconds later.
pub(super) fn later(at: Timestamp, seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
