//! Regular jobs: up to when their slots are done, and how they went.

use crate::failure::{Result, not_found};
use crate::rows::{collect, micros, optional_time, time, write_event};
use crate::transaction::Transaction;
use jiff::Timestamp;
use purser_model::run::{Run, RunKind};
use purser_store::JobState;
use rusqlite::{Connection, Row};

const JOB: &str = "name, done_until, started_at, ended_at, result";

fn read(row: &Row<'_>) -> Result<JobState> {
    Ok(JobState {
        name: row.get(0)?,
        done_until: time(row.get(1)?)?,
        started_at: optional_time(row.get(2)?)?,
        ended_at: optional_time(row.get(3)?)?,
        result: row.get(4)?,
    })
}

pub(crate) fn all(connection: &Connection) -> Result<Vec<JobState>> {
    let mut query = connection.prepare_cached(&format!("SELECT {JOB} FROM job ORDER BY name"))?;
    collect(query.query([])?, read)
}

pub(crate) fn know(tx: &Transaction<'_>, name: &str, now: Timestamp) -> Result<JobState> {
    tx.execute("INSERT OR IGNORE INTO job (name, done_until) VALUES (?1, ?2)", (name, micros(now)))?;
    let mut query = tx.prepare_cached(&format!("SELECT {JOB} FROM job WHERE name = ?1"))?;
    let mut found = query.query([name])?;
    found.next()?.map(read).transpose()?.ok_or_else(|| not_found("job", name))
}

pub(crate) fn begin(tx: &Transaction<'_>, name: &str, known: Timestamp, now: Timestamp) -> Result<bool> {
    let begun = tx.execute(
        "UPDATE job SET done_until = ?3, started_at = ?3, ended_at = NULL, result = NULL \
         WHERE name = ?1 AND done_until = ?2",
        (name, micros(known), micros(now)),
    )?;
    if begun > 0 {
        write_event(tx, now, "job-started", &name, "")?;
    }
    Ok(begun == 1)
}

pub(crate) fn end(tx: &Transaction<'_>, name: &str, result: &str, now: Timestamp) -> Result<()> {
    tx.execute("UPDATE job SET ended_at = ?2, result = ?3 WHERE name = ?1", (name, micros(now), result))?;
    write_event(tx, now, "job-ended", &name, "")
}

/// Ends the jobs that would bring a run back which a person stopped: they are due at their next slot, and not at once.
pub(crate) fn end_with(tx: &Transaction<'_>, run: &Run, result: &str, now: Timestamp) -> Result<()> {
    let kinds: &[&str] = match run.kind {
        RunKind::Import => &["import"],
        // Where a feed cannot be followed, everything is listed in its place.
        RunKind::Reconciliation => &["full", "delta"],
        RunKind::Changes => &["delta"],
    };
    for kind in kinds {
        let name = format!("{kind} {}", run.subject);
        let unfinished = tx
            .prepare_cached("SELECT 1 FROM job WHERE name = ?1 AND started_at IS NOT NULL AND ended_at IS NULL")?
            .exists([&name])?;
        if unfinished {
            end(tx, &name, result, now)?;
        }
    }
    Ok(())
}
