//! Whether the store is sound: the file's structure, references between rows, and what only we know about them.

use std::ops::ControlFlow;

use rusqlite::{Connection, Result};

use super::list::{self, Filter, Stored};
use super::{Store, StoreError, history, row, verdicts};
use crate::archive::intake::Received;

/// So many faults say enough.
const FAULTS: usize = 100;

/// Looks at one side of the store and adds what is wrong.
type Look = fn(&Connection, &mut Vec<String>) -> Result<()>;

impl Store {
    /// Everything that is wrong with it; empty if it is sound.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        let mut faults = Vec::new();
        let looks: [Look; 5] = [structure, references, reports, observations, answers];
        for look in looks {
            if let Err(error) = self.read_at_once(|connection| look(connection, &mut faults)) {
                match error {
                    StoreError::Damaged { why, .. } => faults.push(why),
                    other => return Err(other),
                }
            }
        }
        faults.truncate(FAULTS);
        Ok(faults)
    }
}

fn structure(connection: &Connection, faults: &mut Vec<String>) -> Result<()> {
    let mut check = connection.prepare(&format!("PRAGMA integrity_check({FAULTS})"))?;
    let mut rows = check.query([])?;
    while let Some(row) = rows.next()? {
        let word: String = row.get(0)?;
        if word != "ok" {
            faults.push(word);
        }
    }
    Ok(())
}

fn references(connection: &Connection, faults: &mut Vec<String>) -> Result<()> {
    let mut check = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = check.query([])?;
    while let Some(row) = rows.next()?.filter(|_| faults.len() < FAULTS) {
        let (table, referred): (String, String) = (row.get(0)?, row.get(2)?);
        faults.push(format!("a row of {table} refers to a row of {referred} that is not there"));
    }
    Ok(())
}

/// Every report can be read, and is what its row says.
fn reports(connection: &Connection, faults: &mut Vec<String>) -> Result<()> {
    let mut kept = connection.prepare("SELECT key, proof, failures FROM report WHERE id = ?1")?;
    list::each(connection, &Filter::default(), |number, stored| {
        let fault = match stored {
            Ok(stored) => {
                let received = received(stored);
                let (proof, failures, _) = received.rank();
                let (key, was) = kept.query_row([number], |row| {
                    Ok((row.get::<_, super::text::Digest>(0)?, (row.get::<_, u8>(1)?, row.get::<_, i64>(2)?)))
                })?;
                let right = key == row::key_of(&received.key()) && was == (proof, super::value::count(failures));
                (!right).then(|| "its key or its weight is not that of its content".to_owned())
            }
            Err(error) => Some(error.to_string()),
        };
        faults.extend(fault.map(|fault| format!("report {number}: {fault}")));
        Ok(if faults.len() < FAULTS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })
}

fn observations(connection: &Connection, faults: &mut Vec<String>) -> Result<()> {
    for (number, domain) in history::observed(connection)? {
        if let Err(error) = history::history(connection, number, domain.clone()) {
            faults.push(format!("what was observed of {domain}: {error}"));
        }
    }
    Ok(())
}

fn answers(connection: &Connection, faults: &mut Vec<String>) -> Result<()> {
    for (number, domain) in verdicts::domains(connection)? {
        if let Err(error) = verdicts::of(connection, number) {
            faults.push(format!("what was answered about {domain}: {error}"));
        }
    }
    Ok(())
}

/// The report as it came in.
fn received(stored: Stored) -> Received {
    Received {
        report: stored.report,
        reporter: stored.reporter,
        subject: stored.subject,
        source: stored.source,
        authenticity: stored.authenticity,
        received_at: stored.received_at,
        raw: stored.raw,
    }
}
