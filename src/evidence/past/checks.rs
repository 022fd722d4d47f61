//! On which days live checks proved every MX address clean (decision: "stand in for the second reporter").

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::facts::vantage::{Family, Vantage};
use crate::model::history::History;
use crate::model::history::seen::{Kind, Seen};
use crate::wire::name::Domain;

/// The days on which checks proved every address clean that the live MX hosts had on that day, of the families that `vantage` has: what
/// one vantage could not reach another may have proven. A host without any known address on a day leaves that day unproven.
///
/// An address counts for a day if it was seen before and after it: of pools that take turns more may be asked for than was there.
pub fn clean_days(past: &History, live_mx: &BTreeSet<Domain>, vantage: &Vantage) -> BTreeSet<Date> {
    let mut proven: BTreeMap<Date, BTreeSet<&str>> = BTreeMap::new();
    for day in &past.days {
        proven.entry(day.day).or_default().extend(day.proven.iter().map(String::as_str));
    }
    let addresses: Vec<Vec<Place>> = live_mx.iter().map(|host| places(past, host, vantage)).collect();
    let clean = |day: &Date, proven: &BTreeSet<&str>| {
        !addresses.is_empty()
            && addresses.iter().all(|places| {
                let mut there = places.iter().filter(|place| place.first <= *day && *day <= place.last).peekable();
                there.peek().is_some() && there.all(|place| proven.contains(place.name.as_str()))
            })
    };
    proven.iter().filter(|(day, proven)| clean(day, proven)).map(|(day, _)| *day).collect()
}

/// An address of a host, and the days between which it was seen.
struct Place {
    /// `HOST ADDRESS`.
    name: String,
    first: Date,
    last: Date,
}

fn places(past: &History, host: &Domain, vantage: &Vantage) -> Vec<Place> {
    let names = [(format!("{host} A"), vantage.ipv4), (format!("{host} AAAA"), vantage.ipv6)];
    let asked = |name: &str| names.iter().any(|(subject, family)| subject == name && *family == Family::Available);
    let spans = past.of(Kind::Address).filter(|subject| asked(&subject.name)).flat_map(|subject| &subject.spans);
    let place = |span: &crate::model::history::Span| match &span.seen {
        Seen::Address { address } => {
            Some(Place { name: format!("{host} {address}"), first: date(span.first_seen), last: date(span.last_seen) })
        }
        _ => None,
    };
    spans.filter_map(place).collect()
}

fn date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
