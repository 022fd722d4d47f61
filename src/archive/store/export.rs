//! Everything in the store, one JSON object a line: reports in the form of RFC 8460 §4.4, what was rejected, what was observed.

use std::io::Write;
use std::ops::ControlFlow;

use rusqlite::Result;
use serde_json::{Value, json};

use super::list::{self, Filter, Stored};
use super::value::policy_type;
use super::{Store, StoreError, history};
use crate::wire::report::{FailureDetail, PolicyEntry, TlsReport};

/// The schema of a line.
const SCHEMA: &str = "stsready/export/1";

impl Store {
    /// Writes every line that can be read; what cannot is named in what comes back, and costs no other.
    pub fn export(&self, out: &mut dyn Write) -> Result<Vec<String>, StoreError> {
        let mut lost = Vec::new();
        let mut stopped = None;
        let mut put = |value: Value| match serde_json::to_writer(&mut *out, &value).map_err(Into::into).and_then(|()| out.write_all(b"\n"))
        {
            Ok(()) => true,
            Err(error) => {
                stopped = Some(error);
                false
            }
        };
        put(json!({ "schema": SCHEMA, "store": self.path }));
        let reports = self.read_at_once(|connection| {
            list::each(connection, &Filter::default(), |number, stored| {
                let on = match stored {
                    Ok(stored) => put(report(stored)),
                    Err(error) => {
                        lost.push(format!("report {number}: {error}"));
                        true
                    }
                };
                Ok(if on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            })
        });
        let rejections = self.rejected(None, None).map(|rejections| {
            let _ = rejections.into_iter().all(|rejection| put(json!({ "rejection": rejection })));
        });
        let observations = self.read_at_once(|connection| {
            for (number, domain) in history::observed(connection)? {
                match history::history(connection, number, domain.clone()) {
                    Ok(history) => {
                        if !put(json!({ "history": history })) {
                            break;
                        }
                    }
                    Err(error) => lost.push(format!("what was observed of {domain}: {error}")),
                }
            }
            Ok(())
        });
        if let Some(error) = stopped {
            return Err(error.into());
        }
        lost.extend([reports, rejections, observations].into_iter().filter_map(Result::err).map(|error| error.to_string()));
        Ok(lost)
    }
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
    json!({
        "organization-name": report.organization,
        "date-range": { "start-datetime": report.start, "end-datetime": report.end },
        "contact-info": report.contact,
        "report-id": report.id,
        "policies": report.policies.iter().map(policy).collect::<Vec<_>>(),
    })
}

fn policy(entry: &PolicyEntry) -> Value {
    json!({
        "policy": {
            "policy-type": policy_type(&entry.policy_type),
            "policy-string": entry.policy_string,
            "policy-domain": entry.domain,
            "mx-host": entry.mx_host,
        },
        "summary": { "total-successful-session-count": entry.successful, "total-failure-session-count": entry.failed },
        "failure-details": entry.details.iter().map(detail).collect::<Vec<_>>(),
    })
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
