//! Dates and times of reports: RFC 3339 as the schema wants, and what senders write instead.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::value::RawValue;

use super::json::{Notes, clip, text};

/// Which end of the period is read: a date without time is the beginning or the end of its day.
#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub(super) enum Bound {
    /// When it begins.
    #[serde(rename = "start-datetime")]
    Start,
    /// When it ends.
    #[serde(rename = "end-datetime")]
    End,
}

/// Reads one bound; what is no date and time is kept out, and said.
pub(super) fn read(value: &RawValue, bound: Bound, notes: &mut Notes) -> Option<Timestamp> {
    let key = bound.key();
    let written = text(value, key, notes)?;
    let Some((instant, note)) = noted(&written, bound) else {
        notes.add(format!("`{key}` is no date and time: {:?}", clip(&written, 60)));
        return None;
    };
    if let Some(note) = note {
        notes.add(note);
    }
    Some(instant)
}

/// The instant, with the note that it is worth.
pub(super) fn noted(written: &str, bound: Bound) -> Option<(Timestamp, Option<String>)> {
    let (instant, note) = parse(written, bound)?;
    Some((instant, note.map(|note| format!("`{}` {note}", bound.key()))))
}

impl Bound {
    /// Its key in `date-range`.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Start => "start-datetime",
            Self::End => "end-datetime",
        }
    }
}

/// The instant, with what was unusual about it. Years outside 1990 to 2200 are taken for mistakes.
fn parse(written: &str, bound: Bound) -> Option<(Timestamp, Option<&'static str>)> {
    if written.len() > 64 {
        return None;
    }
    let (instant, note) = if let Ok(instant) = written.parse::<Timestamp>() {
        (instant, None)
    } else if let Some((midnight, offset)) = end_of_day(written) {
        (midnight.parse::<Timestamp>().ok()?.checked_add(offset).ok()?, Some("says 24:00; taken as the next midnight"))
    } else if let Ok(date) = written.parse::<Date>().and_then(|date| if written.len() <= 10 { Ok(date) } else { "".parse() }) {
        let date = if bound == Bound::End { date.tomorrow().ok()? } else { date };
        (utc(date.to_datetime(jiff::civil::Time::midnight()))?, Some("is a date without time; taken as UTC"))
    } else if let Ok(civil) = written.parse::<DateTime>() {
        (utc(civil)?, Some("has no zone; taken as UTC"))
    } else {
        let seconds: i64 = written.parse().ok()?;
        (Timestamp::from_second(seconds).ok()?, Some("is a number; taken as seconds since 1970"))
    };
    let year = instant.to_zoned(TimeZone::UTC).year();
    (1990..=2200).contains(&year).then_some((instant, note))
}

/// `24:00:00` (RFC 8460 §4.1 itself speaks of "00:00-24:00"), as that day's midnight and what to add.
fn end_of_day(written: &str) -> Option<(String, jiff::Span)> {
    let rest = written.get(10..)?;
    let rest = rest.strip_prefix("T24:00:00").or_else(|| rest.strip_prefix(" 24:00:00"))?;
    let zone = if rest.is_empty() { "Z" } else { rest };
    Some((format!("{}T00:00:00{zone}", written.get(..10)?), 24.hours()))
}

fn utc(civil: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_senders_write_them() {
        for (written, bound, means) in [
            ("2026-03-01T00:00:00Z", Bound::Start, Some("2026-03-01T00:00:00Z")),
            ("2026-03-01T02:00:00+02:00", Bound::Start, Some("2026-03-01T00:00:00Z")),
            ("2026-03-01t00:00:00z", Bound::Start, Some("2026-03-01T00:00:00Z")),
            ("2026-03-01T23:59:59.999Z", Bound::End, Some("2026-03-01T23:59:59.999Z")),
            ("2026-03-01T00:00:00", Bound::Start, Some("2026-03-01T00:00:00Z")),
            ("2026-03-01 06:30:00", Bound::Start, Some("2026-03-01T06:30:00Z")),
            ("2026-03-01T24:00:00Z", Bound::End, Some("2026-03-02T00:00:00Z")),
            ("2026-03-01T24:00:00", Bound::End, Some("2026-03-02T00:00:00Z")),
            ("2026-03-01", Bound::Start, Some("2026-03-01T00:00:00Z")),
            ("2026-03-01", Bound::End, Some("2026-03-02T00:00:00Z")),
            ("1772323200", Bound::Start, Some("2026-03-01T00:00:00Z")),
            ("0001-01-01T00:00:00Z", Bound::Start, None),
            ("9999-12-31T23:59:59Z", Bound::End, None),
            ("yesterday", Bound::Start, None),
            ("99999999999999999999", Bound::Start, None),
            ("ü26-03-01T24:00:00", Bound::Start, None),
            ("", Bound::Start, None),
        ] {
            let read = parse(written, bound).map(|(instant, _)| instant.to_string());
            assert_eq!(read.as_deref(), means, "{written}");
        }
    }
}
