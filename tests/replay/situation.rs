//! What a row of a table may tell. Days are counted back from `now`, which is today: 1 is yesterday. Hosts are short (`mx1`), and lie below
//! `shop.example`.

use serde::Deserialize;

/// A file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    /// Its rows.
    pub(super) situation: Vec<Situation>,
}

/// A situation and what is due.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Situation {
    /// What is the matter.
    pub(super) name: String,
    /// As of when it is judged, and observed.
    #[serde(default = "noon")]
    pub(super) now: String,
    /// The policy served: mode, hosts, and `max_age` if it is not two weeks. Empty where the policy host answers 404.
    #[serde(default = "testing")]
    pub(super) policy: String,
    /// The MX hosts.
    #[serde(default = "both")]
    pub(super) mx: Vec<String>,
    /// What is wrong at MX hosts, `HOST FAULT`; see [`super::world`].
    #[serde(default)]
    pub(super) at: Vec<String>,
    /// IPv6 at this vantage: `available`, `no-route` or `switched-off`.
    #[serde(default = "available")]
    pub(super) ipv6: String,
    /// Since when the certificates are valid.
    #[serde(default = "january")]
    pub(super) issued: String,
    /// The reports; of the same sender and day the last one counts, unless it is one `more`.
    #[serde(default)]
    pub(super) reports: Vec<Letters>,
    /// What earlier checks saw: `WHAT`, from so many days ago to so many.
    #[serde(default)]
    pub(super) was: Vec<Was>,
    /// Earlier checks that looked at the MX hosts.
    #[serde(default)]
    pub(super) checks: Vec<Checks>,
    /// Merged into the facts at the end (RFC 7396), for what no word above says.
    pub(super) patch: Option<toml::Table>,
    /// The answer.
    pub(super) answer: String,
    /// The codes that decide, in any order.
    #[serde(default)]
    pub(super) because: Vec<String>,
    /// The labels of the groups of failures, in any order.
    #[serde(default)]
    pub(super) labels: Vec<String>,
    /// Further codes that must be shown, as `SEVERITY CODE`.
    #[serde(default)]
    pub(super) shows: Vec<String>,
    /// Values of the assessment that matter here, by JSON pointer.
    #[serde(default)]
    pub(super) is: toml::Table,
}

/// Reports of one sender.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Letters {
    /// Who.
    pub(super) from: String,
    /// About which days: `1-21`, `3`, `1-28/7` for every seventh.
    pub(super) days: String,
    /// Successful sessions of each.
    #[serde(default)]
    pub(super) ok: u64,
    /// Failures, `TYPE HOST SESSIONS REASON…`; a host of `-` is not named, one with a dot stands as it is; `TYPE HOST@ADDRESS …` names the
    /// receiving address. A `#` in the reason becomes the day.
    #[serde(default)]
    pub(super) fail: Vec<String>,
    /// The total of failures, where it is not their sum.
    pub(super) total: Option<u64>,
    /// The policy that was applied; the one served if it is not said, none if it is empty.
    pub(super) policy: Option<String>,
    /// `policy-type`.
    #[serde(default = "sts")]
    pub(super) kind: String,
    /// Days that one report covers.
    #[serde(default = "one")]
    pub(super) lasting: i64,
    /// The period of one report, as written, in place of whole days.
    pub(super) period: Option<[String; 2]>,
    /// The same sessions stand under `tlsa`, too.
    #[serde(default)]
    pub(super) tlsa_too: bool,
    /// Beside the other report of that day.
    #[serde(default)]
    pub(super) more: bool,
}

/// Something that checks saw.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Was {
    /// `policy MODE HOSTS…`, `id ID`, `mx HOSTS…`, `address HOST ADDRESS`, `chain HOST NAME ROOT…`.
    pub(super) seen: String,
    /// First seen so many days ago.
    pub(super) from: i64,
    /// Last seen so many days ago.
    #[serde(default)]
    pub(super) to: i64,
}

/// The checks of some days.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checks {
    /// Which.
    pub(super) days: String,
    /// `HOST ADDRESS` that DNS gave; the present ones if nothing is said.
    pub(super) given: Option<Vec<String>>,
    /// `HOST ADDRESS` that were seen broken; all others were proven.
    #[serde(default)]
    pub(super) broken: Vec<String>,
    /// `HOST ADDRESS` that could not be proven.
    #[serde(default)]
    pub(super) silent: Vec<String>,
    /// From where.
    #[serde(default = "here")]
    pub(super) vantage: String,
}

fn noon() -> String {
    // A Tuesday.
    "2026-03-31T12:00:00Z".into()
}

fn testing() -> String {
    "testing mx1 mx2".into()
}

fn both() -> Vec<String> {
    vec!["mx1".into(), "mx2".into()]
}

fn available() -> String {
    "available".into()
}

fn january() -> String {
    "2026-01-01T00:00:00Z".into()
}

fn sts() -> String {
    "sts".into()
}

fn here() -> String {
    "helo test; roots mozilla".into()
}

fn one() -> i64 {
    1
}

/// The days of a text like `1-3,9,10-30/7`.
pub(super) fn days(text: &str) -> Vec<i64> {
    let mut days = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (range, step) = part.split_once('/').map_or((part, 1), |(range, step)| (range, step.parse().unwrap()));
        // A day to come is written with its sign: `-3`.
        let (first, last): (i64, i64) = match range.split_once('-').filter(|(first, _)| !first.is_empty()) {
            Some((first, last)) => (first.parse().unwrap(), last.parse().unwrap()),
            None => (range.parse().unwrap(), range.parse().unwrap()),
        };
        days.extend((first..=last).step_by(step));
    }
    days
}
