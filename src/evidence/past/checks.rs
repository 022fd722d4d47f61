//! On which days live checks proved every MX address clean (decision: "stand in for the second reporter").

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::facts::Facts;
use crate::model::facts::vantage::{Family, Vantage};
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{Day, History, Standard};
use crate::wire::name::Domain;

/// What checks found day by day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// The days on which every MX address was proven clean and none was seen broken, since the last day on which one was.
    pub clean: BTreeSet<Date>,
    /// The last day on which an MX address was seen broken.
    pub broken: Option<Date>,
}

/// What checks found at the live MX hosts, by the standard that these facts were observed by.
///
/// A day is clean where checks proved every address that DNS gave them of every host, of the families that this vantage has: what one
/// vantage could not reach another may have proven. A host without any known address on a day leaves that day unproven.
pub fn checked(past: &History, live_mx: &BTreeSet<Domain>, facts: &Facts) -> Checked {
    let standard = Standard::of(facts);
    let mut by_day: BTreeMap<Date, Vec<&Day>> = BTreeMap::new();
    for day in past.days.iter().filter(|day| standard.fits(day)) {
        by_day.entry(day.day).or_default().push(day);
    }
    let places = Places::of(past, live_mx, &facts.vantage);
    let mut found = Checked::default();
    for (date, rows) in by_day {
        match places.fared(date, &rows) {
            Fared::Clean => drop(found.clean.insert(date)),
            Fared::Broken => found = Checked { clean: BTreeSet::new(), broken: Some(date) },
            Fared::Unproven => {}
        }
    }
    found
}

/// How a day's checks went.
enum Fared {
    Clean,
    Broken,
    Unproven,
}

/// The addresses of the live MX hosts.
struct Places<'a> {
    vantage: &'a Vantage,
    /// For each host, those that were seen at any time: what rows of earlier versions are held against.
    hosts: Vec<(&'a Domain, Vec<Place>)>,
}

/// An address of a host, and the days between which it was seen.
struct Place {
    /// `HOST ADDRESS`.
    name: String,
    first: Date,
    last: Date,
}

impl<'a> Places<'a> {
    fn of(past: &History, live_mx: &'a BTreeSet<Domain>, vantage: &'a Vantage) -> Self {
        Self { vantage, hosts: live_mx.iter().map(|host| (host, seen(past, host, vantage))).collect() }
    }

    fn fared(&self, date: Date, rows: &[&Day]) -> Fared {
        let proven: BTreeSet<&str> = rows.iter().flat_map(|row| &row.proven).map(String::as_str).collect();
        let given: BTreeSet<&str> = rows.iter().flat_map(|row| &row.given).map(String::as_str).collect();
        let broken = rows.iter().flat_map(|row| &row.broken).any(|name| self.hosts.iter().any(|(host, _)| is_of(name, host)));
        if broken {
            return Fared::Broken;
        }
        // Earlier versions kept neither what was broken nor what DNS gave.
        if rows.iter().any(|row| row.given.is_empty() && !row.proven.is_empty()) {
            return self.fared_before(date, &proven);
        }
        let clean = |host: &Domain| {
            let mut asked = given.iter().filter(|name| is_of(name, host) && is_asked(name, self.vantage)).peekable();
            asked.peek().is_some() && asked.all(|name| proven.contains(name))
        };
        if !self.hosts.is_empty() && self.hosts.iter().all(|(host, _)| clean(host)) { Fared::Clean } else { Fared::Unproven }
    }

    /// By the addresses that were seen before and after that day. What was not proven beside others that were may have been broken.
    fn fared_before(&self, date: Date, proven: &BTreeSet<&str>) -> Fared {
        let clean = |places: &Vec<Place>| {
            let mut there = places.iter().filter(|place| place.first <= date && date <= place.last).peekable();
            there.peek().is_some() && there.all(|place| proven.contains(place.name.as_str()))
        };
        let all = !self.hosts.is_empty() && self.hosts.iter().all(|(_, places)| clean(places));
        if all { Fared::Clean } else { Fared::Broken }
    }
}

/// Whether `HOST ADDRESS` is of this host.
fn is_of(name: &str, host: &Domain) -> bool {
    name.split_once(' ').is_some_and(|(of, _)| of == host.as_str())
}

/// Whether the address is of a family that this vantage has, or could have: what was switched off is there.
fn is_asked(name: &str, vantage: &Vantage) -> bool {
    let family = if name.contains(':') { vantage.ipv6 } else { vantage.ipv4 };
    family != Family::NoRoute
}

fn seen(past: &History, host: &Domain, vantage: &Vantage) -> Vec<Place> {
    let names = [format!("{host} A"), format!("{host} AAAA")];
    let spans = past.of(Kind::Address).filter(|subject| names.contains(&subject.name)).flat_map(|subject| &subject.spans);
    let place = |span: &crate::model::history::Span| match &span.seen {
        Seen::Address { address } => {
            Some(Place { name: format!("{host} {address}"), first: date(span.first_seen), last: date(span.last_seen) })
        }
        _ => None,
    };
    spans.filter_map(place).filter(|place| is_asked(&place.name, vantage)).collect()
}

fn date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
