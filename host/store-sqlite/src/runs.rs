//! Runs.

use crate::audit::Note;
use crate::failure::{Result, not_found};
use crate::listing::{Listing, Order, PageQuery, at};
use crate::rows::{Key, from_json, from_word, json, micros, time, write_event};
use crate::seen::marks;
use crate::transaction::Transaction;
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::id::{Ids, RunId};
use purser_model::run::{Checkpoint, Run, RunKind, RunState};
use purser_store::{Begun, PageRequest, RunEnding};
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::json as value;
use std::collections::BTreeMap;

const RUN: &str = "id, number, kind, subject, state, checkpoint, counts, detail, started_at, ended_at";

fn read(row: &Row<'_>) -> Result<Run> {
    Ok(Run {
        id: row.get::<_, Key>(0)?.into(),
        number: row.get(1)?,
        kind: from_word("run", &row.get::<_, String>(2)?)?,
        subject: row.get(3)?,
        state: from_word("run", &row.get::<_, String>(4)?)?,
        checkpoint: from_json("run", &row.get::<_, String>(5)?)?,
        counts: from_json("run", &row.get::<_, String>(6)?)?,
        detail: row.get(7)?,
        started_at: time(row.get(8)?)?,
        ended_at: row.get::<_, Option<i64>>(9)?.map(time).transpose()?,
    })
}

pub(crate) fn begin(tx: &Transaction<'_>, ids: &Ids, kind: RunKind, subject: &str, now: Timestamp) -> Result<Begun> {
    let unfinished = tx
        .prepare_cached("SELECT id FROM run WHERE kind = ?1 AND subject = ?2 AND state = 'running'")?
        .query_row((kind.as_str(), subject), |row| row.get::<_, Key>(0))
        .optional()?;
    if let Some(id) = unfinished {
        return Ok(Begun { run: one(tx, id.into())?, resumed: true });
    }
    let id = RunId(ids.next(now));
    tx.execute(
        "INSERT INTO run (id, kind, subject, state, checkpoint, counts, started_at) VALUES (?1, ?2, ?3, 'running', ?4, '{}', ?5)",
        (Key::from(id), kind.as_str(), subject, json("run", &Checkpoint::default())?, micros(now)),
    )?;
    write_event(tx, now, "run-started", &id, &format!("{} of {subject}", kind.as_str()))?;
    Ok(Begun { run: one(tx, id)?, resumed: false })
}

pub(crate) fn end(tx: &Transaction<'_>, id: RunId, ending: &RunEnding, now: Timestamp) -> Result<Run> {
    let number = number(tx, id)?;
    tx.execute("DELETE FROM staged WHERE run = ?1", [number])?;
    tx.execute(
        "UPDATE run SET state = ?2, counts = ?3, detail = ?4, ended_at = ?5 WHERE number = ?1",
        (number, ending.state.as_str(), json("run", &ending.counts)?, &ending.detail, micros(now)),
    )?;
    let run = one(tx, id)?;
    if ending.state == RunState::Completed {
        marks::forget_before(tx, run.kind.as_str(), &run.subject, number)?;
    }
    let what = format!("{} of {}", run.kind.as_str(), run.subject);
    let details = value!({"what": what, "counts": ending.counts, "detail": ending.detail});
    Note::about("run", &id).details(details).write(tx, now, &format!("run-{}", ending.state), &what)?;
    Ok(run)
}

pub(crate) fn number(connection: &Connection, id: RunId) -> Result<i64> {
    connection
        .prepare_cached("SELECT number FROM run WHERE id = ?1")?
        .query_row([Key::from(id)], |row| row.get(0))
        .optional()?
        .ok_or_else(|| not_found("run", id))
}

pub(crate) fn keep_checkpoint(tx: &Transaction<'_>, run: RunId, checkpoint: &Checkpoint) -> Result<()> {
    tx.prepare_cached("UPDATE run SET checkpoint = ?2 WHERE id = ?1")?
        .execute((Key::from(run), json("run", checkpoint)?))?;
    Ok(())
}

/// Keeps what a run has counted so far, so that one that is taken up again goes on counting.
pub(crate) fn keep_counts(tx: &Transaction<'_>, run: RunId, counts: &BTreeMap<String, u64>) -> Result<()> {
    tx.prepare_cached("UPDATE run SET counts = ?2 WHERE id = ?1")?.execute((Key::from(run), json("run", counts)?))?;
    Ok(())
}

pub(crate) fn one(connection: &Connection, id: RunId) -> Result<Run> {
    let mut query = connection.prepare_cached(&format!("SELECT {RUN} FROM run WHERE id = ?1"))?;
    let mut rows = query.query([Key::from(id)])?;
    rows.next()?.map(read).transpose()?.ok_or_else(|| not_found("run", id))
}

pub(crate) fn list(connection: &Connection, reach: &Reach, page: PageRequest<RunId>) -> Result<Vec<Run>> {
    list_query(reach, page).read(connection, read)
}

/// A page of runs, newest first.
pub(crate) fn list_query(reach: &Reach, page: PageRequest<RunId>) -> PageQuery {
    let order = Order { columns: &["id"], descending: !page.backwards };
    let of_targets = "kind <> 'import' AND subject IN (SELECT value FROM json_each(?))";
    Listing::default().within(reach, of_targets).page(
        &format!("SELECT {RUN} FROM run"),
        order,
        page.after.map(|id| at(id.0)),
        page.limit,
    )
}
