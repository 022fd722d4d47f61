//! One figure of performance data: `'label'=value[unit];[warning];[critical]`, and the ranges in which a value alerts.

use std::fmt;

use crate::render::escape;

/// A figure with its thresholds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::render) struct Perfdata {
    label: String,
    value: i64,
    unit: &'static str,
    warning: Option<Range>,
    critical: Option<Range>,
}

/// Where a value alerts: outside of the range as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    /// `N:` — when it is below N.
    Below(i64),
    /// `0` — when it is anything but 0, for a number of things that should not be.
    Any,
}

impl Perfdata {
    /// A number of things.
    pub(in crate::render) fn count(label: impl Into<String>, value: u64) -> Self {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        Self { label: label.into(), value, unit: "", warning: None, critical: None }
    }

    /// Seconds; negative ones are over.
    pub(in crate::render) fn seconds(label: impl Into<String>, value: i64) -> Self {
        Self { label: label.into(), value, unit: "s", warning: None, critical: None }
    }

    /// Critical if there is any.
    pub(in crate::render) fn none_allowed(self) -> Self {
        Self { critical: Some(Range::Any), ..self }
    }

    /// A warning below `warning`, critical below `critical`.
    pub(in crate::render) fn not_below(self, warning: i64, critical: i64) -> Self {
        Self { warning: Some(Range::Below(warning)), critical: Some(Range::Below(critical)), ..self }
    }
}

impl fmt::Display for Perfdata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}{}", escape::perfdata_label(&self.label), self.value, self.unit)?;
        match (self.warning, self.critical) {
            (None, None) => Ok(()),
            (Some(warning), None) => write!(f, ";{warning}"),
            (None, Some(critical)) => write!(f, ";;{critical}"),
            (Some(warning), Some(critical)) => write!(f, ";{warning};{critical}"),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below(bound) => write!(f, "{bound}:"),
            Self::Any => f.write_str("0"),
        }
    }
}
