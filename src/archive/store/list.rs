//! Reports and rejections as they are in the store, one after another.

use std::ops::ControlFlow;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Result, params_from_iter};

use super::row::{self, ENTRY, HEAD, Head};
use super::text::{self, Texts};
use super::value::{fingerprint, instant, nanos, uncount};
use super::{Store, StoreError, raw};
use crate::model::facts::reports::{Authenticity, Rejected, Rejection};
use crate::wire::name::Domain;
use crate::wire::report::TlsReport;

/// Which reports. The default is all of them, by the end of their period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// About one of these domains; empty: about any.
    pub domains: Vec<Domain>,
    /// Of one of these reporters; empty: of any.
    pub reporters: Vec<String>,
    /// Whose period ends after this.
    pub since: Option<Timestamp>,
    /// Whose period ends no later than this.
    pub until: Option<Timestamp>,
    /// Only with failures.
    pub failures: bool,
    /// The latest period first.
    pub newest_first: bool,
    /// At most so many.
    pub limit: Option<u64>,
}

/// A report in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Who sent it: a registered domain, else the organisation's name in lower case.
    pub reporter: String,
    /// The domain that policies without `policy-domain` are about.
    pub subject: Option<Domain>,
    /// Where it was read from.
    pub source: String,
    /// How far it is proven who wrote it.
    pub authenticity: Authenticity,
    /// When the mail around it was received.
    pub received_at: Option<Timestamp>,
    /// When it was taken into the store.
    pub ingested_at: Timestamp,
    /// The report.
    pub report: TlsReport,
    /// Its text as it came, where that was kept.
    pub raw: Option<Vec<u8>>,
}

impl Store {
    /// Calls `take` with the reports that pass the filter, as of one moment, until it has had enough. No more than one is in memory.
    pub fn each(&self, filter: &Filter, mut take: impl FnMut(Stored) -> ControlFlow<()>) -> Result<(), StoreError> {
        self.read_at_once(|connection| {
            each(connection, filter, |_, stored| match stored {
                Ok(stored) => Ok(take(stored)),
                Err(error) => Err(error),
            })
        })
    }

    /// Every domain that a report concerns, in their order.
    pub fn domains(&self) -> Result<Vec<Domain>, StoreError> {
        self.read(|connection| {
            // From one domain's entries to the next one's: the table is in their order, and most domains have many.
            let mut select = connection.prepare(
                "WITH RECURSIVE found (number) AS (
                     SELECT min(domain) FROM entry WHERE domain > 0
                     UNION ALL
                     SELECT (SELECT min(domain) FROM entry WHERE domain > number) FROM found WHERE number IS NOT NULL
                 )
                 SELECT value FROM found JOIN text ON text.id = number ORDER BY value",
            )?;
            let rows = select.query_map([], |row| Ok(Domain::from_dns(row.get_ref(0)?.as_str()?)))?;
            rows.collect()
        })
    }

    /// What could not be read as a report and was met after `since`; the newest first.
    pub fn rejected(&self, since: Option<Timestamp>, limit: Option<u64>) -> Result<Vec<Rejection>, StoreError> {
        self.read(|connection| rejections(connection, since, limit))
    }
}

/// Calls `take` with the number of each report, and the report as far as its rows can be read.
pub(super) fn each(
    connection: &Connection,
    filter: &Filter,
    mut take: impl FnMut(i64, Result<Stored>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let Some((sql, values)) = query(connection, filter)? else { return Ok(()) };
    let mut texts = Texts::of(connection);
    let mut select = connection.prepare(&sql)?;
    let mut rows = select.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        let stored = Head::read(row, &mut texts).and_then(|head| whole(connection, &mut texts, head));
        if take(row.get(0)?, stored)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// The statement for a filter; `None` if it names only domains or reporters of which there is nothing.
fn query(connection: &Connection, filter: &Filter) -> Result<Option<(String, Vec<Value>)>> {
    let mut values: Vec<Value> = Vec::new();
    let mut conditions: Vec<String> = Vec::new();
    let mut bind = |value: Value| {
        values.push(value);
        format!("?{}", values.len())
    };
    let times: String = [(filter.since, ">"), (filter.until, "<=")]
        .into_iter()
        .filter_map(|(at, comparison)| Some(format!(" AND ends {comparison} {}", bind(Value::Integer(nanos(at?))))))
        .collect();
    for (names, column) in [
        (filter.domains.iter().map(Domain::as_str).collect::<Vec<_>>(), "domain"),
        (filter.reporters.iter().map(String::as_str).collect(), "reporter"),
    ] {
        if names.is_empty() {
            continue;
        }
        let numbers = names.into_iter().map(|name| text::find(connection, name)).collect::<Result<Vec<_>>>()?;
        let numbers: Vec<String> = numbers.into_iter().flatten().map(|number| number.to_string()).collect();
        if numbers.is_empty() {
            return Ok(None);
        }
        // As one value, however many: the number of parameters is limited.
        let any = format!("(SELECT value FROM json_each({}))", bind(Value::Text(format!("[{}]", numbers.join(",")))));
        conditions.push(match column {
            "domain" => format!("id IN (SELECT report FROM entry WHERE domain IN {any}{times})"),
            _ => format!("reporter IN {any}"),
        });
    }
    if filter.failures {
        conditions.push("failures > 0".to_owned());
    }
    let (order, limit) = (if filter.newest_first { "DESC" } else { "ASC" }, filter.limit.map_or(-1, super::value::count));
    let conditions: String = conditions.iter().map(|condition| format!(" AND {condition}")).collect();
    Ok(Some((format!("SELECT {HEAD} FROM report WHERE true{times}{conditions} ORDER BY ends {order}, id {order} LIMIT {limit}"), values)))
}

/// The report of a row, with its entries and its text.
fn whole(connection: &Connection, texts: &mut Texts<'_>, head: Head) -> Result<Stored> {
    let mut select = connection.prepare_cached(&format!("SELECT {ENTRY} FROM entry WHERE report = ?1 ORDER BY position"))?;
    let mut rows = select.query([head.number])?;
    let mut policies = Vec::new();
    while let Some(row) = rows.next()? {
        policies.push(row::entry(row, 0, texts)?);
    }
    let [unknown, unknown_in_range] = head.unknown;
    Ok(Stored {
        raw: raw::of(connection, head.number)?,
        reporter: head.reporter,
        subject: head.subject,
        source: head.source,
        authenticity: head.authenticity,
        received_at: head.received_at,
        ingested_at: head.ingested_at,
        report: TlsReport {
            organization: head.organization,
            contact: head.contact,
            id: head.id,
            start: head.start,
            end: head.end,
            policies,
            oddities: head.oddities,
            sha256: head.sha256,
            unknown,
            unknown_in_range,
        },
    })
}

/// Rejections met after `since`, the newest first.
pub(super) fn rejections(connection: &Connection, since: Option<Timestamp>, limit: Option<u64>) -> Result<Vec<Rejection>> {
    let mut select = connection.prepare_cached(
        "SELECT source, reason, sha256, size, first_seen, last_seen FROM rejection WHERE last_seen > ?1 \
         ORDER BY last_seen DESC, id DESC LIMIT ?2",
    )?;
    let rows = select.query_map([since.map_or(i64::MIN, nanos), limit.map_or(-1, super::value::count)], |row| {
        Ok(Rejection {
            rejected: Rejected { source: row.get(0)?, reason: row.get(1)? },
            sha256: fingerprint(row.get_ref(2)?.as_blob()?)?,
            size: uncount(row.get(3)?)?,
            first_seen: instant(row.get(4)?)?,
            last_seen: instant(row.get(5)?)?,
        })
    })?;
    rows.collect()
}
