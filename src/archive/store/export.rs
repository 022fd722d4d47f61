//! Everything in the store, one JSON object a line: reports in the form of RFC 8460 §4.4, what was rejected, what was observed,
//! what was answered.

use std::io;
use std::ops::ControlFlow;

use rusqlite::{Connection, Result};
use serde_json::{Value, json};

use super::list::{self, Filter, Stored};
use super::value::policy_type;
use super::{Store, StoreError, history, verdicts};
use crate::wire::report::{FailureDetail, PolicyEntry, TlsReport, Unknown};

/// The schema of a line.
const SCHEMA: &str = "stsready/export/1";

impl Store {
    /// Hands over everything that can be read, a value a line, as long as they are taken; what cannot be read is named in what comes back,
    /// and costs no other.
    pub fn export(&self, line: impl FnMut(Value) -> io::Result<()>) -> Result<Vec<String>, StoreError> {
        let mut lines = Lines { line, stopped: None, lost: Vec::new() };
        let begun = lines.put(json!({ "schema": SCHEMA, "store": self.path }));
        let rooms: [fn(&Connection, &mut Lines<_>) -> Result<()>; 4] = [reports, rejections, observations, answers];
        for room in rooms.iter().filter(|_| begun.is_continue()) {
            if let Err(error) = self.read_at_once(|connection| room(connection, &mut lines)) {
                lines.lost.push(error.to_string());
            }
        }
        match lines.stopped {
            Some(error) => Err(error.into()),
            None => Ok(lines.lost),
        }
    }
}

/// Where the lines go.
struct Lines<F> {
    line: F,
    /// Why no more are taken.
    stopped: Option<io::Error>,
    lost: Vec<String>,
}

impl<F: FnMut(Value) -> io::Result<()>> Lines<F> {
    /// Hands a line over, unless no more are taken.
    fn put(&mut self, value: Value) -> ControlFlow<()> {
        if self.stopped.is_none() {
            self.stopped = (self.line)(value).err();
        }
        if self.stopped.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

fn reports<F: FnMut(Value) -> io::Result<()>>(connection: &Connection, lines: &mut Lines<F>) -> Result<()> {
    list::each(connection, &Filter::default(), |number, stored| match stored {
        Ok(stored) => Ok(lines.put(report(stored))),
        Err(error) => {
            lines.lost.push(format!("report {number}: {error}"));
            Ok(ControlFlow::Continue(()))
        }
    })
}

fn rejections<F: FnMut(Value) -> io::Result<()>>(connection: &Connection, lines: &mut Lines<F>) -> Result<()> {
    for rejection in list::rejections(connection, None, None)? {
        if lines.put(json!({ "rejection": rejection })).is_break() {
            break;
        }
    }
    Ok(())
}

fn observations<F: FnMut(Value) -> io::Result<()>>(connection: &Connection, lines: &mut Lines<F>) -> Result<()> {
    for (number, domain) in history::observed(connection)? {
        match history::history(connection, number, domain.clone()) {
            Ok(history) if lines.put(json!({ "history": history })).is_break() => break,
            Ok(_) => {}
            Err(error) => lines.lost.push(format!("what was observed of {domain}: {error}")),
        }
    }
    Ok(())
}

fn answers<F: FnMut(Value) -> io::Result<()>>(connection: &Connection, lines: &mut Lines<F>) -> Result<()> {
    for (number, domain) in verdicts::domains(connection)? {
        match verdicts::of(connection, number) {
            Ok(answers) if lines.put(json!({ "domain": domain, "answers": answers })).is_break() => break,
            Ok(_) => {}
            Err(error) => lines.lost.push(format!("what was answered about {domain}: {error}")),
        }
    }
    Ok(())
}

fn report(stored: Stored) -> Value {
    let mut line = json!({
        "report": rfc8460(&stored.report),
        "sha256": stored.report.sha256,
        "reporter": stored.reporter,
        "subject": stored.subject,
        "source": stored.source,
        "authenticity": stored.authenticity,
        "received_at": stored.received_at,
        "ingested_at": stored.ingested_at,
        "oddities": stored.report.oddities,
    });
    if let (Some(raw), Some(line)) = (stored.raw, line.as_object_mut()) {
        line.insert("raw".to_owned(), String::from_utf8_lossy(&raw).into());
    }
    line
}

/// The report as its sender would have written it, had it kept to the schema.
fn rfc8460(report: &TlsReport) -> Value {
    let range = json!({ "start-datetime": report.start, "end-datetime": report.end });
    let whole = json!({
        "organization-name": report.organization,
        "date-range": with(range, &report.unknown_in_range),
        "contact-info": report.contact,
        "report-id": report.id,
        "policies": report.policies.iter().map(policy).collect::<Vec<_>>(),
    });
    with(whole, &report.unknown)
}

/// The object with the keys beside those of RFC 8460, as they came.
fn with(mut object: Value, unknown: &Unknown) -> Value {
    for (key, value) in unknown {
        if let Some(place) = object.as_object_mut() {
            place.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    object
}

fn policy(entry: &PolicyEntry) -> Value {
    let applied = json!({
        "policy-type": policy_type(&entry.policy_type),
        "policy-string": entry.policy_string,
        "policy-domain": entry.domain,
        "mx-host": entry.mx_host,
    });
    let summary = json!({ "total-successful-session-count": entry.successful, "total-failure-session-count": entry.failed });
    let whole = json!({
        "policy": with(applied, &entry.unknown_in_policy),
        "summary": with(summary, &entry.unknown_in_summary),
        "failure-details": entry.details.iter().map(detail).collect::<Vec<_>>(),
    });
    with(whole, &entry.unknown)
}

fn detail(detail: &FailureDetail) -> Value {
    let mut members = serde_json::Map::new();
    members.insert("result-type".to_owned(), detail.result_type.clone().into());
    let optional = [
        ("sending-mta-ip", detail.sending_ip.clone()),
        ("receiving-mx-hostname", detail.mx.as_ref().map(ToString::to_string)),
        ("receiving-mx-helo", detail.helo.clone()),
        ("receiving-ip", detail.receiving_ip.clone()),
        ("additional-information", detail.additional.clone()),
        ("failure-reason-code", detail.reason.clone()),
    ];
    members.extend(optional.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into()))));
    members.insert("failed-session-count".to_owned(), detail.sessions.into());
    for (key, value) in &detail.unknown {
        members.entry(key.clone()).or_insert_with(|| value.clone());
    }
    members.into()
}
