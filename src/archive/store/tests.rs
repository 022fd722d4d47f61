//! The store by what goes in and comes out.

mod intake;
mod observe;
mod open;
mod prune;
mod reading;
mod sound;
mod told;
mod verdicts;
mod versions;

use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};

use super::{Filter, Store, Stored, Tally};
use crate::archive::intake::{Parcel, Received, Refused, Stamp};
use crate::model::facts::reports::{Authenticity, Rejected};
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::report::{FailureDetail, PolicyEntry, PolicyType, TlsReport, Unknown};

/// A store in a folder of its own.
struct Scene {
    folder: tempfile::TempDir,
    store: Store,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("store.sqlite")).expect("a new store");
        Self { folder, store }
    }

    /// Another process's view of the same store.
    fn again(&self) -> Store {
        Store::open(&self.folder.path().join("store.sqlite")).expect("it is there")
    }

    fn take(&self, reports: impl IntoIterator<Item = Received>) -> Tally {
        let mut intake = self.store.intake(now()).expect("an intake");
        intake.take(parcel(reports)).expect("taken");
        intake.finish().expect("kept")
    }

    fn all(&self) -> Vec<Stored> {
        each(&self.store, &Filter::default())
    }
}

fn each(store: &Store, filter: &Filter) -> Vec<Stored> {
    let mut all = Vec::new();
    let take = |stored| {
        all.push(stored);
        ControlFlow::Continue(())
    };
    store.each(filter, take).expect("readable");
    all
}

/// Everything that is in a store but the times of taking in, in one order.
fn content(store: &Store) -> Vec<String> {
    let mut lines = Vec::new();
    let lost = store.export(|mut line| {
        if let Some(line) = line.as_object_mut() {
            line.retain(|key, _| !matches!(key.as_str(), "store" | "ingested_at"));
        }
        lines.push(line.to_string());
        Ok(())
    });
    assert_eq!(lost.expect("readable"), Vec::<String>::new());
    lines.sort_unstable();
    lines
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().expect("a time")
}

fn domain(name: &str) -> Domain {
    Domain::from_dns(name)
}

fn day(number: i64) -> Timestamp {
    "2026-03-01T00:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_hours(24 * number)
}

/// A day's report about one domain.
fn report(id: &str, about: &str, number: i64, failed: u64) -> Received {
    let details = if failed == 0 { Vec::new() } else { vec![detail(failed)] };
    let entry = PolicyEntry {
        policy_type: PolicyType::Sts,
        domain: Some(domain(about)),
        policy_string: vec!["version: STSv1".into(), "mode: testing".into(), "mx: *.example".into(), "max_age: 86400".into()],
        mx_host: vec!["*.example".into()],
        successful: 9,
        failed,
        details,
        ..PolicyEntry::default()
    };
    let report = TlsReport {
        organization: "Sender Ltd".into(),
        contact: Some("tls@sender.example".into()),
        id: id.into(),
        start: day(number),
        end: day(number + 1) - SignedDuration::from_secs(1),
        policies: vec![entry],
        oddities: Vec::new(),
        sha256: Fingerprint::of(format!("{id} {failed}").as_bytes()),
        unknown: Unknown::new(),
        unknown_in_range: Unknown::new(),
    };
    Received {
        report,
        reporter: "sender.example".into(),
        subject: None,
        source: format!("/var/reports/{id}.json.gz"),
        authenticity: Authenticity::Operator,
        received_at: None,
        raw: None,
    }
}

fn detail(sessions: u64) -> FailureDetail {
    FailureDetail { result_type: "certificate-expired".into(), mx: Some(domain("mx1.example")), sessions, ..FailureDetail::default() }
}

fn by(authenticity: Authenticity, received: Received) -> Received {
    Received { authenticity, ..received }
}

fn verified() -> Authenticity {
    Authenticity::Verified { domain: domain("sender.example"), authserv: None }
}

fn unverifiable(again: bool) -> Authenticity {
    Authenticity::Unverifiable { why: "no signature".into(), again }
}

fn failed() -> Authenticity {
    Authenticity::Failed { why: "the body was changed".into() }
}

fn parcel(reports: impl IntoIterator<Item = Received>) -> Parcel {
    Parcel { reports: reports.into_iter().collect(), last: true, ..Parcel::default() }
}

fn refused(source: &str) -> Refused {
    let rejected = Rejected { source: source.into(), reason: "empty".into() };
    Refused { rejected, sha256: Fingerprint::of(b""), size: 0, again: false }
}

fn stamp(path: &str, size: u64) -> Stamp {
    Stamp { path: path.into(), size, modified: 7 }
}
