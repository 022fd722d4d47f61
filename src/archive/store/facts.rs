//! What the reports of the store say about one domain, for judging.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Connection, Result, params};

use super::row::{self, ENTRY, ENTRY_COLUMNS, HEAD, HEAD_COLUMNS, Head};
use super::text::{self, Texts};
use super::value::{nanos, uncount};
use super::{Store, StoreError, list};
use crate::model::facts::reports::{Rejected, Report, ReportFacts, ReportPolicy, SetAside};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::report::PolicyEntry;

/// So many rejections are told one by one.
const REJECTIONS_TOLD: u64 = 20;

impl Store {
    /// The reports about `domain` whose period ends after `since`. Those that do not count are only counted
    /// ([`ReportFacts::set_aside`]); what was rejected since then is told, for nobody knows whom it concerned.
    pub fn facts(&self, domain: &Domain, since: Timestamp, trust_unverified: bool) -> Result<ReportFacts, StoreError> {
        self.facts_beside(&BTreeSet::new(), domain, since, trust_unverified)
    }

    /// The same beside reports that were given and count: of their texts none is set aside.
    pub fn facts_beside(
        &self,
        given: &BTreeSet<Fingerprint>,
        domain: &Domain,
        since: Timestamp,
        trust_unverified: bool,
    ) -> Result<ReportFacts, StoreError> {
        self.read_at_once(|connection| {
            let mut facts = ReportFacts { sources: vec![format!("store {}", self.path.display())], ..ReportFacts::default() };
            (facts.rejected, facts.rejected_beside) = rejected(connection, since)?;
            let Some(number) = text::find(connection, domain.as_str())? else { return Ok(facts) };
            let mut texts = Texts::of(connection);
            let mut aside = BTreeMap::new();
            for about in about(connection, &mut texts, number, since)? {
                let counts = about.head.authenticity.counts(trust_unverified);
                if counts {
                    facts.unverified_counted += usize::from(!about.head.authenticity.counts(false));
                    facts.reports.push(about.report(domain));
                } else if !given.contains(&about.head.sha256) {
                    set_aside(&mut aside, about.head);
                }
            }
            facts.set_aside = aside.into_values().collect();
            facts
                .reports
                .sort_by(|a, b| (a.start, a.end, &a.reporter, &a.id, a.sha256).cmp(&(b.start, b.end, &b.reporter, &b.id, b.sha256)));
            facts.keep_each_text_once();
            Ok(facts)
        })
    }
}

/// A report with its entries that concern the domain.
struct About {
    head: Head,
    entries: Vec<(i64, PolicyEntry)>,
}

/// One scan over the domain's own entries; and, of the same reports, those that name no domain at all.
fn about(connection: &Connection, texts: &mut Texts<'_>, domain: i64, since: Timestamp) -> Result<Vec<About>> {
    let position = HEAD_COLUMNS + ENTRY_COLUMNS - 1;
    let mut select = connection.prepare_cached(&format!(
        "SELECT {HEAD}, {ENTRY} FROM entry CROSS JOIN report ON report.id = entry.report \
         WHERE entry.domain = ?1 AND entry.ends > ?2 ORDER BY entry.ends, entry.report, entry.position"
    ))?;
    let mut nameless = connection.prepare_cached(&format!("SELECT {ENTRY} FROM entry WHERE domain = 0 AND ends = ?1 AND report = ?2"))?;
    let mut found: Vec<About> = Vec::new();
    let mut rows = select.query(params![domain, nanos(since)])?;
    while let Some(row) = rows.next()? {
        let entry = (row.get(position)?, row::entry(row, HEAD_COLUMNS, texts)?);
        match found.last_mut() {
            Some(last) if last.head.number == row.get::<_, i64>(0)? => last.entries.push(entry),
            _ => found.push(About { head: Head::read(row, texts)?, entries: vec![entry] }),
        }
    }
    for about in &mut found {
        let mut rows = nameless.query(params![nanos(about.head.end), about.head.number])?;
        let before = about.entries.len();
        while let Some(row) = rows.next()? {
            about.entries.push((row.get(ENTRY_COLUMNS - 1)?, row::entry(row, 0, texts)?));
        }
        if about.entries.len() > before {
            about.entries.sort_by_key(|(position, _)| *position);
        }
    }
    Ok(found)
}

impl About {
    fn report(self, domain: &Domain) -> Report {
        let policy = |(_, entry): (i64, PolicyEntry)| ReportPolicy {
            policy_type: entry.policy_type,
            domain: domain.clone(),
            policy_string: entry.policy_string,
            mx_host: entry.mx_host,
            successful: entry.successful,
            failed: entry.failed,
            details: entry.details,
        };
        Report {
            reporter: self.head.reporter,
            organization: self.head.organization,
            id: self.head.id,
            start: self.head.start,
            end: self.head.end,
            source: self.head.source,
            sha256: self.head.sha256,
            authenticity: self.head.authenticity,
            policies: self.entries.into_iter().map(policy).collect(),
            oddities: self.head.oddities,
        }
    }
}

fn set_aside(aside: &mut BTreeMap<(String, u8), SetAside>, head: Head) {
    match aside.entry((head.reporter.clone(), head.authenticity.rank())) {
        Entry::Vacant(place) => {
            place.insert(SetAside { reporter: head.reporter, authenticity: head.authenticity, reports: 1, newest: head.end });
        }
        Entry::Occupied(mut place) => {
            let known = place.get_mut();
            known.reports += 1;
            if head.end >= known.newest {
                (known.newest, known.authenticity) = (head.end, head.authenticity);
            }
        }
    }
}

/// What was rejected after `since`, the newest first; and of a flood the number of the others.
fn rejected(connection: &Connection, since: Timestamp) -> Result<(Vec<Rejected>, usize)> {
    let told = list::rejections(connection, Some(since), Some(REJECTIONS_TOLD))?;
    let told: Vec<Rejected> = told.into_iter().map(|rejection| rejection.rejected).collect();
    if (told.len() as u64) < REJECTIONS_TOLD {
        return Ok((told, 0));
    }
    let all = "SELECT count(*) FROM rejection WHERE last_seen > ?1";
    let all = uncount(connection.query_row(all, [nanos(since)], |row| row.get(0))?)?;
    Ok((told, usize::try_from(all.saturating_sub(REJECTIONS_TOLD)).unwrap_or(usize::MAX)))
}
