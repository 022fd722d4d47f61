//! UTC days as numbers since 1970-01-01, and which of them a report's period covers.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A UTC day.
pub(super) type Day = i64;

const SECONDS: i64 = 86_400;
/// A period up to this long is one day's report, wherever its midnight lies.
const ONE_DAY: SignedDuration = SignedDuration::from_hours(25);

/// The day of an instant.
pub(super) fn of(instant: Timestamp) -> Day {
    instant.as_second().div_euclid(SECONDS)
}

/// No sender writes of more than a month at once.
const LONGEST: SignedDuration = SignedDuration::from_hours(35 * 24);

/// The days of a period. Up to a day long it counts for the day that its middle lies on, so that 00:00–24:00 and hourly reports
/// stay on their day; longer ones (weekly reports) cover all their days, the one that they end at the midnight of left out.
/// A period longer than [`LONGEST`] is no period: it stands on its last day, for else one report could fill every day of a window.
pub(super) fn covered(start: Timestamp, end: Timestamp) -> RangeInclusive<Day> {
    let length = end.duration_since(start);
    if length <= ONE_DAY {
        let middle = (start.as_second() + length.as_secs() / 2).div_euclid(SECONDS);
        return middle..=middle;
    }
    let last = (end.as_second() - 1).div_euclid(SECONDS);
    if length > LONGEST { last..=last } else { of(start)..=last }
}

/// What of `total` falls on `day`: spread evenly over the days, nothing lost to rounding.
pub(super) fn share(total: u64, days: &RangeInclusive<Day>, day: Day) -> u64 {
    if !days.contains(&day) {
        return 0;
    }
    let count = u128::from((days.end() - days.start()).unsigned_abs()) + 1;
    let number = u128::from((day - days.start()).unsigned_abs());
    let up_to = |number: u128| u128::from(total) * number / count;
    u64::try_from(up_to(number + 1) - up_to(number)).unwrap_or(u64::MAX)
}

/// The day's first instant.
pub(super) fn midnight(day: Day) -> Timestamp {
    Timestamp::from_second(day.saturating_mul(SECONDS)).unwrap_or(Timestamp::MAX)
}

/// For people and JSON.
pub(super) fn date(day: Day) -> Date {
    midnight(day).to_zoned(TimeZone::UTC).date()
}

/// The day of a date.
pub(super) fn of_date(date: Date) -> Day {
    date.to_zoned(TimeZone::UTC).map_or(Day::MAX, |midnight| of(midnight.timestamp()))
}

/// 0 is Sunday.
pub(super) fn weekday(day: Day) -> usize {
    // 1970-01-01 was a Thursday; the remainder is never negative.
    usize::try_from((day + 4).rem_euclid(7)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn days(start: &str, end: &str) -> (String, String) {
        let covered = covered(start.parse().expect("a time"), end.parse().expect("a time"));
        (date(*covered.start()).to_string(), date(*covered.end()).to_string())
    }

    #[test]
    fn a_period_covers_the_days_it_is_about() {
        for (start, end, first, last) in [
            ("2026-03-01T00:00:00Z", "2026-03-01T23:59:59Z", "2026-03-01", "2026-03-01"),
            ("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-01", "2026-03-01"),
            ("2026-03-01T08:00:00Z", "2026-03-02T07:59:59Z", "2026-03-01", "2026-03-01"),
            ("2026-03-01T23:00:00Z", "2026-03-02T00:00:00Z", "2026-03-01", "2026-03-01"),
            ("2026-03-01T00:00:00Z", "2026-03-07T23:59:59Z", "2026-03-01", "2026-03-07"),
            ("2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z", "2026-03-01", "2026-03-07"),
            ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z", "2026-03-01", "2026-03-01"),
            ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", "2026-03-01", "2026-03-31"),
            ("2020-01-01T00:00:00Z", "2026-03-01T23:59:59Z", "2026-03-01", "2026-03-01"),
        ] {
            assert_eq!(days(start, end), (first.to_owned(), last.to_owned()), "{start} {end}");
        }
    }

    #[test]
    fn weekdays_are_right() {
        assert_eq!(weekday(of("2026-03-01T12:00:00Z".parse().expect("a time"))), 0);
        assert_eq!(weekday(of("2026-03-07T00:00:00Z".parse().expect("a time"))), 6);
        assert_eq!(weekday(-1), 3);
    }

    proptest! {
        #[test]
        fn shares_add_up(total in any::<u64>(), first in -100_000..100_000i64, length in 0..400i64) {
            let days = first..=first + length;
            let sum: u128 = days.clone().map(|day| u128::from(share(total, &days, day))).sum();
            prop_assert_eq!(sum, u128::from(total));
            prop_assert_eq!(share(total, &days, first - 1), 0);
        }
    }
}
