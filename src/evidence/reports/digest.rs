//! The morning's digest. In: the reports of a domain over some weeks. Out: a [`DomainDigest`]: how the newest day of each reporter stands
//! against the one before, and what is new, ended or missing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::breakdown::version;
use super::day::{self, Day};
use super::entries::Entry;
use super::reporters::{RestDays, Rhythms, Stopped};
use crate::model::digest::{DomainDigest, Failing, Figures, NewPolicy, Reported, Silent};
use crate::model::facts::reports::ReportFacts;
use crate::model::settings::EvidenceSettings;
use crate::wire::name::Domain;

/// What "usual" is taken from.
const WEEKS: Day = 28;
/// A reporter whose newest day is older has no news.
const NEWS: Day = 7;

/// Digests the reports about `domain` as of `now`. They should reach back five weeks.
pub fn digest(domain: &Domain, reports: &ReportFacts, now: Timestamp, settings: &EvidenceSettings) -> DomainDigest {
    let today = day::of(now);
    let begun = reports.reports.iter().filter(|report| report.start <= now);
    let entries: Vec<Entry<'_>> = begun.flat_map(Entry::all_of).filter(|entry| entry.last_day() >= today - NEWS - WEEKS).collect();
    let days = Days::of(&entries);
    let fresh: Vec<(&str, Day)> =
        days.newest().filter(|(_, day)| *day >= today - NEWS).map(|(reporter, day)| (reporter, day.min(today))).collect();
    let newest = fresh.iter().map(|(reporter, day)| days.figures(reporter, *day)).fold(Figures::default(), add);
    let before =
        fresh.iter().filter_map(|(reporter, day)| days.before(reporter, *day)).map(|(_, figures)| figures).fold(Figures::default(), add);
    let day = fresh.iter().map(|(_, day)| *day).max().or_else(|| days.newest().map(|(_, day)| day).max());
    let (failures, ended) = kinds(&entries, &days, &fresh);
    let mut reported: Vec<Reported> = fresh
        .iter()
        .map(|(reporter, day)| Reported { reporter: (*reporter).to_owned(), day: day::date(*day), figures: days.figures(reporter, *day) })
        .collect();
    reported.sort_by(|a, b| b.figures.sessions.cmp(&a.figures.sessions).then_with(|| a.reporter.cmp(&b.reporter)));
    DomainDigest {
        domain: domain.clone(),
        day: day.map(day::date),
        newest,
        before,
        usual: days.usual(day.unwrap_or(today)),
        failures,
        ended,
        reported,
        silent: silent(&entries, today, settings),
        newcomers: days.newcomers(day.unwrap_or(today)),
        policies: policies(&entries, day.unwrap_or(today)),
        set_aside: reports.set_aside.iter().map(|aside| aside.reports).fold(0, u64::saturating_add),
    }
}

fn add(one: Figures, other: Figures) -> Figures {
    Figures { sessions: one.sessions.saturating_add(other.sessions), failed: one.failed.saturating_add(other.failed) }
}

/// The counted sessions of each reporter, day by day.
struct Days<'a>(BTreeMap<&'a str, BTreeMap<Day, Figures>>);

impl<'a> Days<'a> {
    fn of(entries: &[Entry<'a>]) -> Self {
        let mut days: BTreeMap<&'a str, BTreeMap<Day, Figures>> = BTreeMap::new();
        for entry in entries {
            let of_reporter = days.entry(&entry.report.reporter).or_default();
            let failed = entry.failures().iter().fold(0_u64, |sum, failure| sum.saturating_add(failure.sessions));
            for day in entry.days.clone().rev().take(usize::try_from(NEWS + WEEKS).unwrap_or(usize::MAX)) {
                let figures = of_reporter.entry(day).or_default();
                if entry.is_counted() {
                    let of_day = |total| day::share(total, &entry.days, day);
                    let failed = of_day(failed);
                    *figures = add(*figures, Figures { sessions: of_day(entry.policy.successful).saturating_add(failed), failed });
                }
            }
        }
        Self(days)
    }

    /// Each reporter's newest day.
    fn newest(&self) -> impl Iterator<Item = (&'a str, Day)> {
        self.0.iter().filter_map(|(reporter, days)| Some((*reporter, *days.last_key_value()?.0)))
    }

    fn figures(&self, reporter: &str, day: Day) -> Figures {
        self.0.get(reporter).and_then(|days| days.get(&day)).copied().unwrap_or_default()
    }

    /// The reported day before `day`.
    fn before(&self, reporter: &str, day: Day) -> Option<(Day, Figures)> {
        self.0.get(reporter)?.range(..day).next_back().map(|(day, figures)| (*day, *figures))
    }

    /// An average day of the weeks before `day`, over the days since the first report in them.
    fn usual(&self, day: Day) -> Figures {
        let weeks = self.0.values().flat_map(|days| days.range(day - WEEKS..day));
        let (mut sum, mut first) = (Figures::default(), day);
        for (day, figures) in weeks {
            sum = add(sum, *figures);
            first = first.min(*day);
        }
        let days = (day - first).max(1).unsigned_abs();
        Figures { sessions: sum.sessions / days, failed: sum.failed / days }
    }

    /// Who reported on the newest day or the one before, and not in the weeks before that, though others did.
    fn newcomers(&self, day: Day) -> Vec<String> {
        let recent = day - 1;
        let history = self.0.values().any(|days| days.range(..recent).next().is_some());
        let new = |(_, days): &(&&str, &BTreeMap<Day, Figures>)| days.first_key_value().is_some_and(|(first, _)| *first >= recent);
        self.0.iter().filter(|_| history).filter(new).map(|(reporter, _)| (*reporter).to_owned()).collect()
    }
}

type Kind<'a> = (&'a str, Option<&'a Domain>, Option<&'a str>);

/// The kinds of failure on each reporter's newest day, and those on its day before that are gone.
fn kinds(entries: &[Entry<'_>], days: &Days<'_>, fresh: &[(&str, Day)]) -> (Vec<Failing>, Vec<Failing>) {
    let newest: BTreeMap<&str, Day> = fresh.iter().copied().collect();
    let previous: BTreeMap<&str, Day> =
        fresh.iter().filter_map(|(reporter, day)| Some((*reporter, days.before(reporter, *day)?.0))).collect();
    let mut now: BTreeMap<Kind<'_>, (BTreeSet<&str>, u64)> = BTreeMap::new();
    let mut then: BTreeMap<Kind<'_>, (BTreeSet<&str>, u64)> = BTreeMap::new();
    let mut first: BTreeMap<Kind<'_>, Day> = BTreeMap::new();
    let mut older: BTreeSet<Kind<'_>> = BTreeSet::new();
    for entry in entries {
        let reporter = entry.report.reporter.as_str();
        let on = |day: Option<&Day>| day.is_some_and(|day| entry.days.contains(day));
        for failure in entry.failures() {
            let kind: Kind<'_> = (failure.result_type, failure.mx, failure.reason);
            let begins = first.entry(kind).or_insert(*entry.days.start());
            *begins = (*begins).min(*entry.days.start());
            let is_newest = on(newest.get(reporter));
            if !is_newest {
                older.insert(kind);
            }
            for (of_day, day) in [(&mut now, newest.get(reporter)), (&mut then, previous.get(reporter))] {
                let share = day.map_or(0, |day| day::share(failure.sessions, &entry.days, *day));
                if share > 0 {
                    let (reporters, sessions) = of_day.entry(kind).or_default();
                    reporters.insert(reporter);
                    *sessions = sessions.saturating_add(share);
                }
            }
        }
    }
    let failing = |(kind, (reporters, sessions)): (&Kind<'_>, &(BTreeSet<&str>, u64))| Failing {
        result_type: kind.0.to_owned(),
        mx: kind.1.cloned(),
        reason: kind.2.map(str::to_owned),
        reporters: reporters.iter().map(|reporter| (*reporter).to_owned()).collect(),
        sessions: *sessions,
        since: day::date(first.get(kind).copied().unwrap_or_default()),
        new: !older.contains(kind),
    };
    let sorted = |mut failing: Vec<Failing>| {
        failing.sort_by(|a, b| (b.new, b.sessions).cmp(&(a.new, a.sessions)).then_with(|| a.result_type.cmp(&b.result_type)));
        failing
    };
    let ended = then.iter().filter(|(kind, _)| !now.contains_key(*kind)).map(failing).collect();
    (sorted(now.iter().map(failing).collect()), sorted(ended))
}

fn silent(entries: &[Entry<'_>], today: Day, settings: &EvidenceSettings) -> Vec<Silent> {
    let present: BTreeSet<Day> = entries.iter().map(Entry::last_day).collect();
    let stopped = Rhythms::of(entries, |_| true).stopped(today - NEWS - WEEKS, today, RestDays::seen_in(&present), settings);
    let silent =
        |stopped: Stopped| Silent { last: day::date(day::of(stopped.last)), reporter: stopped.reporter, every_days: stopped.cadence };
    stopped.into_iter().map(silent).collect()
}

/// Policy texts that are first applied on the newest day or the one before, where another was applied earlier.
fn policies(entries: &[Entry<'_>], newest: Day) -> Vec<NewPolicy> {
    let mut first: BTreeMap<String, (Day, &[String], BTreeSet<&str>)> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.is_sts()) {
        let Some(version) = version(&entry.policy.policy_string) else { continue };
        let seen = first.entry(version).or_insert((*entry.days.start(), &entry.policy.policy_string, BTreeSet::new()));
        seen.0 = seen.0.min(*entry.days.start());
        seen.2.insert(&entry.report.reporter);
    }
    let older = first.values().any(|(day, ..)| *day < newest - 1);
    let new = first.into_iter().filter(|(_, (day, ..))| older && *day >= newest - 1);
    new.map(|(version, (since, text, reporters))| NewPolicy {
        version,
        text: text.to_vec(),
        since: day::date(since),
        reporters: reporters.into_iter().map(str::to_owned).collect(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::letters::{self, Letter, now};
    use super::*;
    use crate::model::settings::Settings;

    fn digested(letters: impl IntoIterator<Item = Letter>) -> DomainDigest {
        digest(&Domain::from_dns("shop.example"), &letters::facts(letters), now(), &Settings::default().evidence)
    }

    #[test]
    fn a_late_reporter_is_no_drop() {
        let letters = Letter::daily("early.example", 1..20).into_iter().chain(Letter::daily("late.example", 2..20));
        let digest = digested(letters);
        assert_eq!((digest.newest.sessions, digest.before.sessions, digest.usual.sessions), (40, 40, 40));
        assert_eq!((digest.silent.len(), digest.newcomers.len(), digest.reported.len()), (0, 0, 2));
    }

    #[test]
    fn who_stopped_and_who_is_new() {
        let letters = Letter::daily("gone.example", 10..30).into_iter().chain(Letter::daily("new.example", [1]));
        let digest = digested(letters);
        assert_eq!(
            digest.silent.iter().map(|silent| (silent.reporter.as_str(), silent.every_days)).collect::<Vec<_>>(),
            [("gone.example", 1)]
        );
        assert_eq!(digest.newcomers, ["new.example"]);
        assert_eq!(digest.reported.len(), 1, "what is ten days old is no news");
    }

    #[test]
    fn nothing_comes_of_nothing() {
        let digest = digested([]);
        assert_eq!((digest.day, digest.newest, digest.failures.len()), (None, Figures::default(), 0));
    }
}
