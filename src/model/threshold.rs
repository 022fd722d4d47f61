//! The thresholds of [`Settings`] by name: what each may be, how it is read from text, and which differ from the defaults.
//!
//! One table: the configuration, the option `--threshold`, `config show` and the assessment all read it.

use std::fmt;

use jiff::SignedDuration;
use serde::{Serialize, Serializer};

use super::settings::Settings;
use crate::wire::likeness;

/// One threshold.
#[derive(Debug)]
pub struct Knob {
    /// As in `[thresholds]` of the configuration.
    pub name: &'static str,
    /// What it is, in a few words.
    pub what: &'static str,
    /// The least that it may be.
    pub least: Amount,
    /// The most.
    pub most: Amount,
    get: fn(&Settings) -> Amount,
    put: fn(&mut Settings, Amount),
}

/// What a threshold is set to.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub enum Amount {
    /// Days, reporters, sessions, parts.
    Count(u64),
    /// A share of a whole.
    Share(f64),
    /// A span of whole hours; in JSON days or hours, such as `14d` or `36h`.
    Span(#[cfg_attr(test, schemars(with = "String"))] SignedDuration),
}

/// A threshold that differs from its default.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Changed {
    /// Its name.
    pub name: &'static str,
    /// What it is set to.
    pub value: Amount,
    /// What it would be.
    pub default: Amount,
}

/// Why a threshold cannot be set so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// No such threshold.
    #[error("there is no threshold {name:?}{}", near.map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
    Unknown {
        /// As given.
        name: String,
        /// The name that comes closest.
        near: Option<&'static str>,
    },
    /// Text that is no amount of the kind.
    #[error("{name} is {form}, not {text:?}")]
    Form {
        /// The threshold.
        name: &'static str,
        /// What it takes.
        form: &'static str,
        /// As given.
        text: String,
    },
    /// Beyond its bounds.
    #[error("{name} is between {least} and {most}, not {text}")]
    Bounds {
        /// The threshold.
        name: &'static str,
        /// Lower bound.
        least: String,
        /// Upper bound.
        most: String,
        /// As given.
        text: String,
    },
    /// Two that contradict each other.
    #[error("{smaller} ({small}) is larger than {larger} ({large})")]
    Order {
        /// What must not be larger.
        smaller: &'static str,
        /// Its amount.
        small: String,
        /// What must not be smaller.
        larger: &'static str,
        /// Its amount.
        large: String,
    },
}

/// A counted threshold.
macro_rules! count {
    ($name:literal, $what:literal, $least:literal..=$most:literal, $($path:ident).+) => {
        Knob {
            name: $name,
            what: $what,
            least: Amount::Count($least),
            most: Amount::Count($most),
            get: |settings| Amount::Count(u64::try_from(settings.$($path).+).unwrap_or(0)),
            put: |settings, amount| {
                if let Amount::Count(count) = amount
                    && let Ok(count) = count.try_into()
                {
                    settings.$($path).+ = count;
                }
            },
        }
    };
}

/// A threshold of time.
macro_rules! span {
    ($name:literal, $what:literal, $($path:ident).+) => {
        Knob {
            name: $name,
            what: $what,
            least: Amount::Span(SignedDuration::from_hours(1)),
            most: Amount::Span(SignedDuration::from_hours(24 * 36_525)),
            get: |settings| Amount::Span(settings.$($path).+),
            put: |settings, amount| {
                if let Amount::Span(span) = amount {
                    settings.$($path).+ = span;
                }
            },
        }
    };
}

/// Every threshold of [`Settings`].
pub static ALL: &[Knob] = &[
    count!("window-days", "the shortest window of reports, in days", 1..=90, evidence.window_days),
    count!("longest-window-days", "the longest window of reports, in days", 1..=110, evidence.longest_window_days),
    Knob {
        name: "days-with-reports",
        what: "the share of the window's days that have reports",
        least: Amount::Share(0.1),
        most: Amount::Share(1.0),
        get: |settings| Amount::Share(settings.evidence.days_with_reports),
        put: |settings, amount| {
            if let Amount::Share(share) = amount {
                settings.evidence.days_with_reports = share;
            }
        },
    },
    count!("grace-days", "days beyond a reporter's own rhythm before it counts as late", 0..=30, evidence.grace_days),
    count!("reporters", "reporters in the longest window", 1..=20, evidence.reporters),
    count!("sessions", "sessions in the window", 1..=10_000_000, evidence.sessions),
    count!("check-days", "days with clean live checks that stand in for reporters and sessions", 1..=90, evidence.check_days),
    count!("sessions-with-checks", "sessions that remain needed then", 1..=10_000_000, evidence.sessions_with_checks),
    count!("overdue-part", "renewal is overdue under this part of a certificate's lifetime", 1..=100, runway.overdue.part),
    span!("overdue-at-most", "and under this time", runway.overdue.at_most),
    count!("warning-part", "a certificate's end is a warning under this part of its lifetime", 1..=100, runway.warning.part),
    span!("warning-at-most", "and under this time", runway.warning.at_most),
    count!("critical-part", "a certificate's end is a blocker under this part of its lifetime", 1..=100, runway.critical.part),
    span!("critical-at-most", "and under this time", runway.critical.at_most),
];

/// Pairs of which the first must not be larger than the second.
const ORDER: &[(&str, &str)] =
    &[("window-days", "longest-window-days"), ("check-days", "longest-window-days"), ("sessions-with-checks", "sessions")];

/// The threshold of this name.
pub fn find(name: &str) -> Result<&'static Knob, ThresholdError> {
    ALL.iter()
        .find(|knob| knob.name == name)
        .ok_or_else(|| ThresholdError::Unknown { name: name.to_owned(), near: likeness::nearest(name, ALL.iter().map(|knob| knob.name)) })
}

/// Those that differ from the defaults, in the order of the table.
pub fn changed(settings: &Settings) -> Vec<Changed> {
    let defaults = Settings::default();
    let all = ALL.iter().map(|knob| Changed { name: knob.name, value: knob.get(settings), default: knob.get(&defaults) });
    all.filter(|changed| changed.value != changed.default).collect()
}

/// The same in one sentence, without a full stop; nothing where all are as they are by default.
pub fn told(changed: &[Changed]) -> Option<String> {
    let each = changed.iter().map(|changed| format!("{} {} (default {})", changed.name, changed.value, changed.default));
    (!changed.is_empty()).then(|| format!("by other thresholds: {}", each.collect::<Vec<_>>().join(", ")))
}

/// Whether they fit together.
pub fn fit(settings: &Settings) -> Result<(), ThresholdError> {
    for (smaller, larger) in ORDER {
        let (smaller, larger) = (find(smaller)?, find(larger)?);
        let (small, large) = (smaller.get(settings), larger.get(settings));
        if small > large {
            let (small, large) = (small.to_string(), large.to_string());
            return Err(ThresholdError::Order { smaller: smaller.name, small, larger: larger.name, large });
        }
    }
    Ok(())
}

impl PartialEq for Knob {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Knob {
    /// What it is set to.
    pub fn get(&self, settings: &Settings) -> Amount {
        (self.get)(settings)
    }

    /// Sets it to an amount that was [read](Self::read) for it.
    pub fn put(&self, settings: &mut Settings, amount: Amount) {
        (self.put)(settings, amount);
    }

    /// Reads an amount as people write it: `300`, `10/14`, `0.8`, `30d`, `36h`.
    pub fn read(&self, text: &str) -> Result<Amount, ThresholdError> {
        let text = text.trim();
        let form = |form| ThresholdError::Form { name: self.name, form, text: text.to_owned() };
        let amount = match self.least {
            Amount::Count(_) => Amount::Count(text.parse().map_err(|_| form("a whole number"))?),
            Amount::Share(_) => Amount::Share(share(text).ok_or_else(|| form("a share such as 0.8 or 10/14"))?),
            Amount::Span(_) => Amount::Span(span(text).ok_or_else(|| form("a time such as 30d or 36h"))?),
        };
        if amount < self.least || amount > self.most {
            let (least, most) = (self.least.to_string(), self.most.to_string());
            return Err(ThresholdError::Bounds { name: self.name, least, most, text: text.to_owned() });
        }
        Ok(amount)
    }
}

fn share(text: &str) -> Option<f64> {
    let share = match text.split_once('/') {
        Some((part, whole)) => part.trim().parse::<f64>().ok()? / whole.trim().parse::<f64>().ok()?,
        None => text.parse().ok()?,
    };
    share.is_finite().then_some(share)
}

/// Days, or hours.
fn span(text: &str) -> Option<SignedDuration> {
    let (number, hours) = match text.strip_suffix('h') {
        Some(number) => (number, 1),
        None => (text.strip_suffix('d')?, 24),
    };
    let number: u32 = number.parse().ok()?;
    Some(SignedDuration::from_hours(i64::from(number).saturating_mul(hours)))
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            // Ten fourteenths need not be told to the last digit.
            Self::Share(share) => ((share * 1000.0).round() / 1000.0).fmt(f),
            Self::Span(span) if span.as_hours() % 24 == 0 => write!(f, "{}d", span.as_hours() / 24),
            Self::Span(span) => write!(f, "{}h", span.as_hours()),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => count.serialize(serializer),
            Self::Share(share) => share.serialize(serializer),
            Self::Span(_) => self.to_string().serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_threshold_is_named_once_within_its_bounds_and_reads_back() {
        let (defaults, mut names) = (Settings::default(), BTreeSet::new());
        for knob in ALL {
            assert!(names.insert(knob.name), "{}", knob.name);
            let default = knob.get(&defaults);
            assert!(knob.least <= default && default <= knob.most, "{}", knob.name);
            for amount in [knob.least, knob.most] {
                let mut settings = Settings::default();
                knob.put(&mut settings, amount);
                assert_eq!(knob.get(&settings), amount, "{}", knob.name);
                assert_eq!(knob.read(&amount.to_string()), Ok(amount), "{}", knob.name);
                let others: Vec<&str> = changed(&settings).iter().map(|changed| changed.name).filter(|name| *name != knob.name).collect();
                assert_eq!(others, [""; 0], "{} sets itself alone", knob.name);
            }
        }
    }

    /// A field that is added to the settings and forgotten here would be a threshold that nobody can set.
    #[test]
    fn no_threshold_is_forgotten() {
        let mut all = Settings::default();
        for knob in ALL {
            let other = if knob.get(&all) == knob.most { knob.least } else { knob.most };
            knob.put(&mut all, other);
        }
        let Settings { evidence, runway, accept: _ } = &all;
        let defaults = Settings::default();
        let told = format!("{evidence:?} {runway:?}");
        let fields =
            |text: &str| text.split([',', '{', '}']).map(|field| field.trim().to_owned()).filter(|f| f.contains(": ")).collect::<Vec<_>>();
        let before = fields(&format!("{:?} {:?}", defaults.evidence, defaults.runway));
        let numbers = |field: &&String| field.chars().any(|c| c.is_ascii_digit());
        let after = fields(&told);
        assert_eq!(after.iter().filter(numbers).count(), ALL.len());
        for (one, other) in before.iter().zip(&after).filter(|(one, _)| numbers(one)) {
            assert_ne!(one, other, "no knob turns it");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_way_out() {
        let read = |name: &str, text: &str| find(name).and_then(|knob| knob.read(text)).map(|amount| amount.to_string());
        for (name, text, meant) in [
            ("sessions", "100", "100"),
            ("days-with-reports", "10/14", "0.714"),
            ("warning-at-most", "36h", "36h"),
            ("critical-at-most", "48h", "2d"),
        ] {
            assert_eq!(read(name, text).as_deref(), Ok(meant), "{name}");
        }
        for (name, text, words) in [
            ("sesions", "1", "did you mean sessions?"),
            ("nothing-like-it", "1", "no threshold"),
            ("sessions", "0", "between 1 and 10000000, not 0"),
            ("sessions", "-3", "a whole number"),
            ("sessions", "many", "a whole number"),
            ("days-with-reports", "0", "between 0.1 and 1"),
            ("days-with-reports", "1/0", "a share"),
            ("days-with-reports", "NaN", "a share"),
            ("critical-at-most", "14", "such as 30d"),
            ("critical-at-most", "99999999d", "between 1h and 36525d"),
        ] {
            let why = read(name, text).expect_err(text).to_string();
            assert!(why.contains(words), "{name} {text}: {why}");
        }
    }

    #[test]
    fn thresholds_fit_together() {
        let with = |name: &str, text: &str| {
            let mut settings = Settings::default();
            let knob = find(name).expect("a threshold");
            knob.put(&mut settings, knob.read(text).expect("an amount"));
            fit(&settings).map_err(|error| error.to_string())
        };
        assert_eq!(fit(&Settings::default()), Ok(()));
        assert_eq!(with("window-days", "21"), Ok(()));
        assert_eq!(
            with("window-days", "31").expect_err("longer than the longest"),
            "window-days (31) is larger than longest-window-days (30)"
        );
        assert!(with("sessions", "19").is_err() && with("check-days", "31").is_err());
    }
}
