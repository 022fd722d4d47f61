//! The text exposition format 0.0.4, as node_exporter's textfile collector reads it: HELP and TYPE, base units, no timestamps.
//!
//! All metrics are gauges: a file is written whole by every run, so nothing counts up. What is one of several states is a set of series
//! of which one is 1, so that a change of state changes values, not series. Series of many domains share one file: all series of an
//! assessment have the label `domain`, so that files of several runs lie side by side.

pub mod check;
pub mod expiry;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::{escape, words};
use crate::model::assessment::RunwayPlace;
use crate::model::expiry::LastKnown;

/// A metric: its name, and what it says.
struct Metric {
    name: &'static str,
    help: &'static str,
}

const BUILD: Metric = Metric { name: "stsready_build_info", help: "Constant 1; the version that wrote these metrics." };
const NOT_AFTER: Metric = Metric {
    name: "stsready_certificate_not_after_timestamp_seconds",
    help: "End of a certificate path as served, or as last seen where the place is silent now; it stays when it is over.",
};
const WARNING: Metric = Metric {
    name: "stsready_certificate_warning_timestamp_seconds",
    help: "From when on the end of a certificate path is a warning, by the thresholds in effect.",
};
const CRITICAL: Metric = Metric {
    name: "stsready_certificate_critical_timestamp_seconds",
    help: "From when on the end of a certificate path is critical, by the thresholds in effect.",
};
const LAST_SEEN: Metric =
    Metric { name: "stsready_certificate_last_seen_timestamp_seconds", help: "When a certificate was seen last at its place." };
const LAST_RUN: Metric = Metric { name: "stsready_last_run_timestamp_seconds", help: "When the last run observed." };
const LAST_SUCCESS: Metric = Metric {
    name: "stsready_last_success_timestamp_seconds",
    help: "When the last run that could look at everything that the answer needs, reports apart, observed.",
};

/// What is written: series by metric, in the order of the first use.
#[derive(Default)]
struct Exposition {
    families: Vec<(&'static Metric, BTreeMap<String, Value>)>,
}

/// A sample's value.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Value {
    Whole(i64),
    Ratio(f64),
}

type Labels<'a> = [(&'static str, &'a str)];

impl Exposition {
    /// Adds a series. Of several under the same labels the smallest value stands: the soonest end of the certificates of one place.
    fn add(&mut self, metric: &'static Metric, labels: &Labels<'_>, value: Value) {
        let index = self.families.iter().position(|(known, _)| known.name == metric.name).unwrap_or_else(|| {
            self.families.push((metric, BTreeMap::new()));
            self.families.len() - 1
        });
        let Some((_, series)) = self.families.get_mut(index) else { return };
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape::label_value(value))).collect();
        let known = series.entry(labels.join(",")).or_insert(value);
        if value < *known {
            *known = value;
        }
    }

    fn count(&mut self, metric: &'static Metric, labels: &Labels<'_>, count: u64) {
        self.add(metric, labels, Value::Whole(i64::try_from(count).unwrap_or(i64::MAX)));
    }

    fn time(&mut self, metric: &'static Metric, labels: &Labels<'_>, at: Timestamp) {
        self.add(metric, labels, Value::Whole(at.as_second()));
    }

    /// One series a state under the label `name`, of which the one of `is` is 1.
    fn states(&mut self, metric: &'static Metric, labels: &Labels<'_>, name: &'static str, states: &[&str], is: &str) {
        for state in states {
            let labels: Vec<_> = labels.iter().copied().chain([(name, *state)]).collect();
            self.count(metric, &labels, u64::from(*state == is));
        }
    }

    /// The end of what was last seen at a place that is silent now: under the labels that it had while it was seen.
    fn last_known(&mut self, known: &LastKnown, labels: &Labels<'_>) {
        self.time(&NOT_AFTER, labels, known.not_after);
        self.time(&LAST_SEEN, labels, known.place.seen_at);
    }

    fn finish(self) -> String {
        let mut out = String::new();
        for (Metric { name, help }, series) in self.families {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
            for (labels, value) in series {
                let labels = if labels.is_empty() { labels } else { format!("{{{labels}}}") };
                let _ = match value {
                    Value::Whole(value) => writeln!(out, "{name}{labels} {value}"),
                    Value::Ratio(value) => writeln!(out, "{name}{labels} {value}"),
                };
            }
        }
        out
    }
}

/// Where a certificate is served, as labels.
fn place(place: &RunwayPlace) -> [(&'static str, &str); 4] {
    [("host", place.host.as_str()), ("address", &place.address), ("key_type", &place.key_type), ("role", words::role(place.role))]
}

#[cfg(test)]
mod tests;
