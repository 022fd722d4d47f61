//! The changes after which earlier reports are about something else (decision: "A relevant change restarts the window").
//!
//! The MX set; the mode; which live MX hosts the policy covers; an MX name leaving its certificate's SAN; the root organisation of an MX
//! certificate. Nothing else: renewals, new intermediates, moving addresses, unused patterns and the order of lines are no change.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::facts::dns::MxRecord;
use crate::model::history::seen::{Kind, Seen};
use crate::model::history::{History, Span, Standard, Subject};
use crate::wire::name::Domain;
use crate::wire::policy::{self, Mode, Policy};

/// A change that makes earlier evidence worthless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What changed.
    pub what: What,
    /// From then on the present state is known to hold.
    pub at: Timestamp,
    /// What it was.
    pub from: String,
    /// What it is.
    pub to: String,
}

/// What can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The hosts that the MX records name; their order does not matter.
    MxSet,
    /// The policy's mode.
    Mode,
    /// Which of the live MX hosts the policy covers.
    Cover,
    /// Whether the certificate of this MX host names it.
    Name(Domain),
    /// The organisation behind the root of this MX host's certificate.
    Root(Domain),
}

impl What {
    /// As the subject of a sentence.
    pub fn words(&self) -> String {
        match self {
            Self::MxSet => "the MX set".to_owned(),
            Self::Mode => "the policy's mode".to_owned(),
            Self::Cover => "what the policy covers".to_owned(),
            Self::Name(host) => format!("the name in the certificate of {host}"),
            Self::Root(host) => format!("the root CA of {host}"),
        }
    }
}

/// Every such change, the newest last. `policy` is the one in force; without it nothing is said about policies. Of certificates those
/// count that were seen by this standard: under other roots a chain leads elsewhere, and at another port there may be another one.
pub fn all(past: &History, live_mx: &BTreeSet<Domain>, policy: Option<&Policy>, standard: &Standard) -> Vec<Change> {
    let mut changes = mx_set(past);
    changes.extend(policy.and_then(|policy| of_policy(past, live_mx, policy)));
    for host in live_mx {
        changes.extend(of_name(past, host, standard));
        changes.extend(of_root(past, host, standard));
    }
    changes.sort_by(|a, b| (a.at, &a.from, &a.to).cmp(&(b.at, &b.from, &b.to)));
    changes
}

fn mx_set(past: &History) -> Vec<Change> {
    let of = |span: &Span| match &span.seen {
        Seen::Mx { records } => records.clone(),
        _ => Vec::new(),
    };
    let set = |records: &[MxRecord]| records.iter().map(|record| record.exchange.clone()).collect::<BTreeSet<_>>();
    let Some(subject) = past.of(Kind::Mx).find(|subject| subject.name == past.domain.as_str()) else { return Vec::new() };
    let mut changes = Vec::new();
    for (before, after) in subject.spans.iter().zip(subject.spans.iter().skip(1)) {
        let (from, to) = (of(before), of(after));
        // The same records in two spans: between them there were none.
        let change = |from: String| Change { what: What::MxSet, at: after.first_seen, from, to: names(&set(&to)) };
        if from == to {
            changes.push(change("none".to_owned()));
        } else if set(&from) != set(&to) {
            changes.push(change(names(&set(&from))));
        }
    }
    changes
}

/// The last time that the policy had another mode or covered other live hosts. Reports say under which policy their sessions took place,
/// so that the present one is known to hold from the first of them after that.
fn of_policy(past: &History, live_mx: &BTreeSet<Domain>, policy: &Policy) -> Option<Change> {
    let covered = |policy: &Policy| -> BTreeSet<Domain> {
        live_mx.iter().filter(|host| policy.mx.iter().any(|pattern| pattern.matches(host))).cloned().collect()
    };
    let (mode, cover) = (policy.mode?, covered(policy));
    let others = past.of(Kind::Policy).flat_map(|subject| &subject.spans).filter_map(|span| {
        let Seen::Policy { text, .. } = &span.seen else { return None };
        let other = policy::parse(text);
        // What no sender could use is an accident, not another state.
        let other_mode = other.mode.filter(|mode| *mode == Mode::None || !other.mx.is_empty())?;
        let other_cover = covered(&other);
        if other_mode != mode {
            Some(Change { what: What::Mode, at: span.last_seen, from: other_mode.as_str().to_owned(), to: mode.as_str().to_owned() })
        } else if other_cover != cover {
            Some(Change { what: What::Cover, at: span.last_seen, from: names(&other_cover), to: names(&cover) })
        } else {
            None
        }
    });
    others.max_by_key(|change| change.at)
}

/// The last time that a certificate of the host did not name it, after one that did.
fn of_name(past: &History, host: &Domain, standard: &Standard) -> Option<Change> {
    let seen: Vec<(&Span, Vec<String>, bool)> = chains(past, host, standard)
        .filter_map(|(_, span, leaf, _)| {
            let leaf = past.leaf(&leaf)?;
            let named = leaf.is_for(host);
            Some((span, leaf.names, named))
        })
        .collect();
    let named_since = seen.iter().filter(|(_, _, named)| *named).map(|(span, _, _)| span.first_seen).min()?;
    let left = seen.iter().filter(|(span, _, named)| !named && span.first_seen > named_since);
    let (span, names, _) = left.max_by_key(|(span, _, _)| span.last_seen)?;
    let shown = if names.is_empty() { "no name".to_owned() } else { names.iter().take(5).cloned().collect::<Vec<_>>().join(", ") };
    Some(Change { what: What::Name(host.clone()), at: span.last_seen, from: shown, to: host.to_string() })
}

/// Each root organisation that came to the host later than another. Two that take turns behind one address change nothing after that.
fn of_root(past: &History, host: &Domain, standard: &Standard) -> Vec<Change> {
    let mut since: BTreeMap<String, (Timestamp, &str)> = BTreeMap::new();
    for (_, span, _, root) in chains(past, host, standard) {
        let Some(root) = root else { continue };
        let seen = (span.first_seen, organisation(root));
        let first = since.entry(same_organisation(seen.1)).or_insert(seen);
        *first = (*first).min(seen);
    }
    let mut by_time: Vec<(Timestamp, &str)> = since.into_values().collect();
    by_time.sort_unstable();
    let pairs = by_time.iter().zip(by_time.iter().skip(1));
    let later = pairs.filter(|((before, _), (at, _))| before < at);
    let change =
        |from: &str, at: Timestamp, to: &str| Change { what: What::Root(host.clone()), at, from: from.to_owned(), to: to.to_owned() };
    later.map(|((_, from), (at, to))| change(from, *at, to)).collect()
}

/// Every chain that was seen at a host: where, when, its leaf and its root.
fn chains<'a>(
    past: &'a History,
    host: &Domain,
    standard: &'a Standard,
) -> impl Iterator<Item = (&'a Subject, &'a Span, crate::wire::fingerprint::Fingerprint, Option<&'a String>)> {
    let place = format!("{host} ");
    let subjects = past.of(Kind::Chain).filter(move |subject| subject.name.starts_with(&place));
    let spans = subjects.flat_map(|subject| subject.spans.iter().map(move |span| (subject, span)));
    let spans = spans.filter(|(_, span)| past.looked_by(standard, span.first_seen));
    spans.filter_map(|(subject, span)| match &span.seen {
        Seen::Chain { certificates, root } => Some((subject, span, *certificates.first()?, root.as_ref())),
        _ => None,
    })
}

/// The organisation in a distinguished name (`C=US, O=Example Trust, Inc., CN=Root 1`), else the whole name.
pub fn organisation(name: &str) -> &str {
    let Some(begin) = name.strip_prefix("O=").map(|_| 2).or_else(|| name.find(", O=").map(|at| at + 4)) else { return name };
    let Some(rest) = name.get(begin..) else { return name };
    // A comma may stand in the name; behind the end comes the next attribute.
    let is_attribute = |text: &str| text.split_once('=').is_some_and(|(kind, _)| !kind.is_empty() && !kind.contains([' ', ',']));
    let end = rest.match_indices(", ").map(|(at, _)| at).find(|at| rest.get(at + 2..).is_some_and(is_attribute));
    rest.get(..end.unwrap_or(rest.len())).unwrap_or(name)
}

/// What stands behind the name of a company in its country's way.
const LEGAL_FORMS: &[&str] = &[
    "ab",
    "ag",
    "as",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "gmbh",
    "inc",
    "incorporated",
    "kg",
    "kk",
    "limited",
    "llc",
    "ltd",
    "nv",
    "oy",
    "plc",
    "pty",
    "sa",
    "sarl",
    "se",
    "spa",
    "srl",
];

/// The same for the same organisation however it writes itself: without case, punctuation and legal form (`Root, Inc.` is `Root Inc`).
fn same_organisation(name: &str) -> String {
    let lower = name.to_lowercase().replace('.', "");
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let meant: Vec<&str> = words.iter().copied().filter(|word| !LEGAL_FORMS.contains(word)).collect();
    if meant.is_empty() { words.join(" ") } else { meant.join(" ") }
}

fn names(hosts: &BTreeSet<Domain>) -> String {
    if hosts.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<&str> = hosts.iter().take(5).map(Domain::as_str).collect();
    let more = if hosts.len() > shown.len() { format!(" and {} more", hosts.len() - shown.len()) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
