//! Where things stand on a chart: shares of a whole, and instants between two ends. Whole numbers only, so that every machine writes the
//! same page.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::paper::Paper;
use crate::render::text::date;

/// Hundredths of a percent.
const WHOLE: u64 = 10_000;

/// A part of a chart's width or height: `12.50%`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Share(u64);

impl Share {
    /// `part` of `whole`, at most all of it; nothing of nothing.
    pub(super) fn of(part: u64, whole: u64) -> Self {
        let share = u128::from(part) * u128::from(WHOLE) / u128::from(whole.max(1));
        Self(u64::try_from(share).unwrap_or(WHOLE).min(WHOLE))
    }

    /// What is seen of anything at all: a percent at least.
    pub(super) fn visible(self) -> Self {
        Self(self.0.max(WHOLE / 100))
    }

    /// The distance to a later place; none if it is not later.
    pub(super) fn to(self, other: Self) -> Self {
        Self(other.0.saturating_sub(self.0))
    }

    /// The smaller of both.
    pub(super) fn at_most(self, other: Self) -> Self {
        self.min(other)
    }

    /// Both together, at most the whole.
    pub(super) fn and(self, other: Self) -> Self {
        Self((self.0 + other.0).min(WHOLE))
    }

    /// What is left up to the whole.
    pub(super) fn rest(self) -> Self {
        Self(WHOLE.saturating_sub(self.0))
    }

    /// Where a word at this place is held, so that it stays on the chart.
    fn anchor(self) -> &'static str {
        match self.0 {
            0..1_000 => "start",
            9_000.. => "end",
            _ => "middle",
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}%", self.0 / 100, self.0 % 100)
    }
}

/// A line of time between two ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    start: Timestamp,
    end: Timestamp,
}

impl Scale {
    /// From the first to the last of `instants`, as far as they lie within `before` and `after` days of now, and a week around it at least.
    pub(super) fn around(now: Timestamp, before: i64, after: i64, instants: impl Iterator<Item = Timestamp> + Clone) -> Self {
        let day = |days: i64| now.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(now);
        let first = instants.clone().min().unwrap_or(now);
        let last = instants.max().unwrap_or(now);
        Self { start: first.clamp(day(-before), day(-2)), end: last.clamp(day(7), day(after)) }
    }

    /// Where an instant stands; at the nearer end if it lies beyond.
    pub(super) fn at(&self, instant: Timestamp) -> Share {
        let seconds = |until: Timestamp| u64::try_from(self.start.duration_until(until).as_secs()).unwrap_or(0);
        Share::of(seconds(instant), seconds(self.end))
    }

    /// The word "now", above the strips.
    pub(super) fn now(&self, now: Timestamp, paper: &mut Paper) {
        let at = self.at(now);
        let anchor = at.anchor();
        paper.line(format_args!(
            "<svg class=\"axis\" aria-hidden=\"true\"><text x=\"{at}\" y=\"12\" text-anchor=\"{anchor}\">now</text></svg>"
        ));
    }

    /// Four dates, below them.
    pub(super) fn axis(&self, paper: &mut Paper) {
        const LAST: i32 = 3;
        let step = self.start.duration_until(self.end) / LAST;
        paper.put(format_args!("<svg class=\"axis\" aria-hidden=\"true\">"));
        for index in 0..=LAST {
            let at = self.start.saturating_add(step * index).unwrap_or(self.end);
            let share = Share::of(u64::from(index.unsigned_abs()), u64::from(LAST.unsigned_abs()));
            let anchor = share.anchor();
            paper.put(format_args!("<text x=\"{share}\" y=\"12\" text-anchor=\"{anchor}\">{}</text>", date(at)));
        }
        paper.line(format_args!("</svg>"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_stay_between_nothing_and_the_whole() {
        for (part, whole, shown) in
            [(0, 0, "0.00%"), (1, 3, "33.33%"), (3, 3, "100.00%"), (9, 3, "100.00%"), (1, 0, "100.00%"), (u64::MAX, u64::MAX, "100.00%")]
        {
            assert_eq!(Share::of(part, whole).to_string(), shown, "{part} of {whole}");
        }
        assert_eq!(Share::of(1, 100_000).visible().to_string(), "1.00%");
        assert_eq!(Share::of(3, 4).to(Share::of(1, 4)).to_string(), "0.00%");
    }

    #[test]
    fn what_lies_beyond_an_end_stands_at_it() {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let now = at("2026-03-10T00:00:00Z");
        let scale = Scale::around(now, 10, 40, [at("-009999-01-02T01:59:59Z"), at("9999-01-01T00:00:00Z")].into_iter());
        for (instant, shown) in [
            ("1970-01-01T00:00:00Z", "0.00%"),
            ("2026-02-28T00:00:00Z", "0.00%"),
            ("2026-03-10T00:00:00Z", "20.00%"),
            ("2026-04-19T00:00:00Z", "100.00%"),
            ("9999-12-30T22:00:00Z", "100.00%"),
        ] {
            assert_eq!(scale.at(at(instant)).to_string(), shown, "{instant}");
        }
        let alone = Scale::around(now, 10, 40, std::iter::empty());
        assert!(alone.at(now) > Share::default() && alone.at(now) < Share::of(1, 1));
    }
}
