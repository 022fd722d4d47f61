//! Old reports out of the store, and the room they took back to the disk.

use jiff::Timestamp;
use rusqlite::{Connection, Result};

use super::stats::{number, size};
use super::value::{nanos, uncount};
use super::{Store, StoreError};
use crate::model::store::Pruned;

/// Reports of one transaction: others may write between two.
const BATCH: u64 = 2_000;
/// Pages given back in one step.
const PAGES: u32 = 2_000;

impl Store {
    /// Takes away reports whose period ended at `line` or before, and rejections last met before it; such reports are not taken in again
    /// until another pruning draws an earlier line. What live checks observed stays, and so does the memory of which files were read. With
    /// `dry_run` it only counts.
    ///
    /// Stopped in the middle, it has pruned less; called again it goes on.
    pub fn prune(&self, line: Timestamp, dry_run: bool) -> Result<Pruned, StoreError> {
        let line = nanos(line);
        let count = |sql: &str| self.read(|connection| uncount(connection.query_row(sql, [line], |row| row.get(0))?));
        let bytes_before = self.read(size)?;
        let mut pruned = Pruned {
            reports: count("SELECT count(*) FROM report WHERE ends <= ?1")?,
            rejections: count("SELECT count(*) FROM rejection WHERE last_seen < ?1")?,
            reports_kept: count("SELECT count(*) FROM report WHERE ends > ?1")?,
            bytes_before,
            bytes_after: bytes_before,
        };
        if dry_run {
            return Ok(pruned);
        }
        // First: what is taken in meanwhile by another process must not bring back what goes.
        self.write(|connection| connection.execute("INSERT OR REPLACE INTO pruned VALUES (1, ?1)", [line]))?;
        if (pruned.reports, pruned.rejections) == (0, 0) {
            return Ok(pruned);
        }
        pruned.rejections = self.write(|connection| connection.execute("DELETE FROM rejection WHERE last_seen < ?1", [line]))? as u64;
        pruned.reports = 0;
        loop {
            let batch = "DELETE FROM report WHERE id IN (SELECT id FROM report WHERE ends <= ?1 LIMIT ?2)";
            let gone = self.write(|connection| connection.prepare_cached(batch)?.execute([line, super::value::count(BATCH)]))? as u64;
            pruned.reports += gone;
            if gone < BATCH {
                break;
            }
        }
        self.forget_texts()?;
        self.shrink()?;
        pruned.reports_kept = self.read(|connection| number(connection, "SELECT count(*) FROM report"))?;
        pruned.bytes_after = self.read(size)?;
        Ok(pruned)
    }

    /// Takes away texts that no row refers to any more.
    fn forget_texts(&self) -> Result<(), StoreError> {
        // SQLite would search every referring table for every text that goes, although the statement asks for just that.
        self.read(|connection| connection.pragma_update(None, "foreign_keys", false))?;
        let done = self.write(|connection| {
            connection.execute(
                "DELETE FROM text WHERE id > 0 AND id NOT IN (
                     SELECT organization FROM report UNION SELECT reporter FROM report UNION SELECT contact FROM report WHERE contact IS NOT NULL
                     UNION SELECT subject FROM report WHERE subject IS NOT NULL UNION SELECT folder FROM report
                     UNION SELECT authenticity FROM report UNION SELECT oddities FROM report WHERE oddities IS NOT NULL
                     UNION SELECT domain FROM entry UNION SELECT type FROM entry UNION SELECT policy FROM entry WHERE policy IS NOT NULL
                     UNION SELECT mx FROM entry WHERE mx IS NOT NULL
                     UNION SELECT domain FROM subject UNION SELECT name FROM subject UNION SELECT value FROM span
                     UNION SELECT domain FROM look UNION SELECT vantage FROM look UNION SELECT proven FROM look
                     UNION SELECT domain FROM verdict UNION SELECT value FROM verdict
                     UNION SELECT domain FROM told UNION SELECT channel FROM told UNION SELECT value FROM told
                 )",
                [],
            )
        });
        self.read(|connection| connection.pragma_update(None, "foreign_keys", true))?;
        done.map(drop)
    }

    /// Gives free pages back, some at a time: VACUUM would copy the whole file and keep every writer out meanwhile.
    fn shrink(&self) -> Result<(), StoreError> {
        let free = |connection: &Connection| -> Result<i64> { connection.pragma_query_value(None, "freelist_count", |row| row.get(0)) };
        let mut left = self.read(free)?;
        while left > 0 {
            self.read(|connection| connection.execute_batch(&format!("PRAGMA incremental_vacuum({PAGES})")))?;
            let now = self.read(free)?;
            if now >= left {
                break;
            }
            left = now;
        }
        // The file itself shrinks when the log is folded into it; a reader may put that off, and whoever comes next does it.
        self.read(|connection| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
    }
}
