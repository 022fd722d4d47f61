//! A report and the rows that it is kept in.

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Result, Row, params};

use super::raw;
use super::ready::Report;
use super::text::{self, Digest, Interner, Texts};
use super::value::{fingerprint, instant, nanos, policy_type, policy_type_of, uncount, unjson};
use crate::archive::intake::Key;
use crate::model::facts::reports::Authenticity;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;
use crate::wire::report::{PolicyEntry, Unknown};

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was not there.
    New,
    /// It was there, as it is or with more weight.
    Known,
    /// What was there weighed less (`Received::rank`).
    Replaced,
}

/// Puts reports in, one after another, with statements that are looked up once.
pub(super) struct Rows<'a> {
    connection: &'a Connection,
    texts: &'a mut Interner,
    now: Timestamp,
    known: CachedStatement<'a>,
    report: CachedStatement<'a>,
    entry: CachedStatement<'a>,
}

impl<'a> Rows<'a> {
    /// As of `now`.
    pub(super) fn new(connection: &'a Connection, texts: &'a mut Interner, now: Timestamp) -> Result<Self> {
        let known = connection.prepare_cached("SELECT id, proof, failures, sha256 FROM report WHERE key = ?1")?;
        let report = connection.prepare_cached(
            "INSERT INTO report (key, organization, reporter, contact, subject, report_id, begins, ends, sha256, folder, file, proof, \
             authenticity, received_at, ingested_at, failures, oddities, unknown) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        )?;
        let entry = connection.prepare_cached("INSERT INTO entry VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")?;
        Ok(Self { connection, texts, now, known, report, entry })
    }

    /// Puts a report in.
    pub(super) fn put(&mut self, report: &Report) -> Result<Outcome> {
        let Report { key, rank, raw, .. } = report;
        let connection = self.connection;
        let known = self
            .known
            .query_row([key], |row| {
                let rank: (u8, i64, Fingerprint) = (row.get(1)?, row.get(2)?, fingerprint(row.get_ref(3)?.as_blob()?)?);
                Ok((row.get::<_, i64>(0)?, rank))
            })
            .optional()?;
        match known {
            Some((number, kept)) if *rank <= kept => {
                if kept.2 == rank.2 && raw.is_some() && !raw::is_kept(connection, number)? {
                    raw::keep(connection, number, raw.as_deref())?;
                }
                Ok(Outcome::Known)
            }
            Some((number, kept)) => {
                // The same text, better proven: it needs not be brought again.
                let before = if kept.2 == rank.2 && raw.is_none() { raw::packed(connection, number)? } else { None };
                connection.prepare_cached("DELETE FROM report WHERE id = ?1")?.execute([number])?;
                let number = self.insert(report)?;
                raw::keep(connection, number, before.as_deref().or(raw.as_deref()))?;
                Ok(Outcome::Replaced)
            }
            None => {
                let number = self.insert(report)?;
                raw::keep(connection, number, raw.as_deref())?;
                Ok(Outcome::New)
            }
        }
    }

    /// Puts its rows in, but for its text; its number.
    fn insert(&mut self, report: &Report) -> Result<i64> {
        let (folder, file) = report.source.split_at(report.source.rfind('/').map_or(0, |slash| slash + 1));
        let (proof, failures, sha256) = &report.rank;
        let row = params![
            report.key,
            self.number(&report.organization)?,
            self.number(&report.reporter)?,
            self.optional(report.contact.as_deref())?,
            self.optional(report.subject.as_ref().map(Domain::as_str))?,
            report.id,
            report.begins,
            report.ends,
            sha256.as_bytes(),
            self.number(folder)?,
            file,
            proof,
            self.number(&report.authenticity)?,
            report.received_at,
            nanos(self.now),
            failures,
            self.optional(report.oddities.as_deref())?,
            report.unknown,
        ];
        let number = self.report.insert(row)?;
        for (position, entry) in (0_i64..).zip(&report.entries) {
            let row = params![
                self.optional(entry.domain.as_ref().map(Domain::as_str))?.unwrap_or(text::NONE),
                report.ends,
                number,
                position,
                entry.named,
                self.number(policy_type(&entry.kind))?,
                self.optional(entry.policy.as_deref())?,
                self.optional(entry.mx.as_deref())?,
                entry.successful,
                entry.failed,
                entry.details,
                entry.unknown,
            ];
            self.entry.execute(row)?;
        }
        Ok(number)
    }

    fn number(&mut self, text: &str) -> Result<i64> {
        self.texts.number(self.connection, text)
    }

    fn optional(&mut self, text: Option<&str>) -> Result<Option<i64>> {
        text.map(|text| self.number(text)).transpose()
    }
}

/// What a key is kept as: the digest of its parts, each with its length before it, so that no two keys read the same.
pub(super) fn key_of(key: &Key) -> Digest {
    let mut bytes = Vec::with_capacity(128);
    let mut part = |tag: u8, part: &[u8]| {
        bytes.push(tag);
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    };
    part(0, key.organization.as_bytes());
    match &key.id {
        Ok(id) => part(1, id.as_bytes()),
        Err(sha256) => part(2, sha256.as_bytes()),
    }
    part(3, &key.start.as_nanosecond().to_be_bytes());
    part(4, &key.end.as_nanosecond().to_be_bytes());
    for (tag, name) in [(5, &key.contact), (6, &key.stranger)] {
        if let Some(name) = name {
            part(tag, name.as_bytes());
        }
    }
    text::digest(&bytes)
}

/// What stands in the report's own row.
pub(super) struct Head {
    pub(super) number: i64,
    pub(super) organization: String,
    pub(super) reporter: String,
    pub(super) contact: Option<String>,
    pub(super) subject: Option<Domain>,
    pub(super) id: String,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) sha256: Fingerprint,
    pub(super) source: String,
    pub(super) authenticity: Authenticity,
    pub(super) received_at: Option<Timestamp>,
    pub(super) ingested_at: Timestamp,
    pub(super) oddities: Vec<String>,
    /// Of the report, and of its `date-range`.
    pub(super) unknown: [Unknown; 2],
}

/// The columns of [`Head::read`], of the table `report`.
pub(super) const HEAD: &str = "report.id, report.organization, report.reporter, report.contact, report.subject, \
     report.report_id, report.begins, report.ends, report.sha256, report.folder, report.file, report.authenticity, report.received_at, \
     report.ingested_at, report.oddities, report.unknown";
/// How many they are.
pub(super) const HEAD_COLUMNS: usize = 16;

impl Head {
    /// Reads a row that begins with [`HEAD`].
    pub(super) fn read(row: &Row<'_>, texts: &mut Texts<'_>) -> Result<Self> {
        let mut text = |column| texts.get(row.get(column)?);
        let (organization, reporter, folder, authenticity) = (text(1)?, text(2)?, text(9)?, text(11)?);
        let mut optional = |column| row.get::<_, Option<i64>>(column)?.map(|number| texts.get(number)).transpose();
        let (contact, subject, oddities) = (optional(3)?, optional(4)?, optional(14)?);
        Ok(Self {
            number: row.get(0)?,
            organization: organization.as_ref().to_owned(),
            reporter: reporter.as_ref().to_owned(),
            contact: contact.map(|contact| contact.as_ref().to_owned()),
            subject: subject.map(|domain| Domain::from_dns(&domain)),
            id: row.get(5)?,
            start: instant(row.get(6)?)?,
            end: instant(row.get(7)?)?,
            sha256: fingerprint(row.get_ref(8)?.as_blob()?)?,
            source: format!("{folder}{}", row.get_ref(10)?.as_str()?),
            authenticity: unjson(&authenticity)?,
            received_at: row.get::<_, Option<i64>>(12)?.map(instant).transpose()?,
            ingested_at: instant(row.get(13)?)?,
            oddities: oddities.map(|oddities| unjson(&oddities)).transpose()?.unwrap_or_default(),
            unknown: row.get_ref(15)?.as_str_or_null()?.map(unjson).transpose()?.unwrap_or_default(),
        })
    }
}

/// The columns of [`entry`], of the table `entry`.
pub(super) const ENTRY: &str = "entry.domain, entry.named, entry.type, entry.policy, entry.mx, entry.successful, entry.failed, entry.details, entry.unknown, entry.position";
/// How many they are.
pub(super) const ENTRY_COLUMNS: usize = 10;

/// Reads an entry, whose columns begin at `first`; its domain only if the entry itself had one.
pub(super) fn entry(row: &Row<'_>, first: usize, texts: &mut Texts<'_>) -> Result<PolicyEntry> {
    let domain = if row.get(first + 1)? { Some(Domain::from_dns(&texts.get(row.get(first)?)?)) } else { None };
    let policy_type = policy_type_of(&texts.get(row.get(first + 2)?)?);
    let mut list = |column: usize| -> Result<Vec<String>> {
        let Some(number) = row.get::<_, Option<i64>>(column)? else { return Ok(Vec::new()) };
        unjson(&texts.get(number)?)
    };
    let details = row.get_ref(first + 7)?.as_str_or_null()?;
    let unknown: Option<[Unknown; 3]> = row.get_ref(first + 8)?.as_str_or_null()?.map(unjson).transpose()?;
    let [unknown, unknown_in_policy, unknown_in_summary] = unknown.unwrap_or_default();
    Ok(PolicyEntry {
        policy_type,
        domain,
        policy_string: list(first + 3)?,
        mx_host: list(first + 4)?,
        successful: uncount(row.get(first + 5)?)?,
        failed: uncount(row.get(first + 6)?)?,
        details: details.map(unjson).transpose()?.unwrap_or_default(),
        unknown,
        unknown_in_policy,
        unknown_in_summary,
    })
}
