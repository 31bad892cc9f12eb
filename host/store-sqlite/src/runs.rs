//! Runs.

use crate::audit::Note;
use crate::failure::{Result, not_found, refused};
use crate::jobs;
use crate::listing::{Listing, Order, PageQuery, at};
use crate::rows::{Key, collect, from_json, from_word, json, micros, optional_time, time};
use crate::seen::marks;
use crate::transaction::Transaction;
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::id::{Ids, RunId};
use purser_model::run::{Checkpoint, Run, RunKind, RunState, StopAsked};
use purser_store::{Begun, PageRequest, RunEnding};
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::json as value;
use std::collections::BTreeMap;

const RUN: &str = "id, number, kind, subject, state, checkpoint, counts, detail, started_at, ended_at, stop_asked_by, \
     stop_asked_at";

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
        ended_at: optional_time(row.get(9)?)?,
        stop: match (row.get(10)?, optional_time(row.get(11)?)?) {
            (Some(by), Some(at)) => Some(StopAsked { by, at }),
            _ => None,
        },
    })
}

pub(crate) fn begin(tx: &Transaction<'_>, ids: &Ids, kind: RunKind, subject: &str, now: Timestamp) -> Result<Begun> {
    let unfinished = tx
        .prepare_cached("SELECT id FROM run WHERE kind = ?1 AND subject = ?2 AND state = 'running'")?
        .query_row((kind.as_str(), subject), |row| row.get::<_, Key>(0))
        .optional()?;
    if let Some(id) = unfinished {
        let run = one(tx, id.into())?;
        match &run.stop {
            None => return Ok(Begun { run, resumed: true }),
            Some(asked) => end(tx, run.id, &stopped(&run, asked), now)?,
        };
    }
    let id = RunId(ids.next(now));
    tx.execute(
        "INSERT INTO run (id, kind, subject, state, checkpoint, counts, started_at) VALUES (?1, ?2, ?3, 'running', ?4, '{}', ?5)",
        (Key::from(id), kind.as_str(), subject, json("run", &Checkpoint::default())?, micros(now)),
    )?;
    let run = one(tx, id)?;
    note(&run).details(value!({"what": what(&run)})).write(tx, now, "run-started", &what(&run))?;
    Ok(Begun { run, resumed: false })
}

pub(crate) fn end(tx: &Transaction<'_>, id: RunId, ending: &RunEnding, now: Timestamp) -> Result<Run> {
    let number = number(tx, id)?;
    tx.execute("DELETE FROM staged WHERE run = ?1", [number])?;
    let ended = tx.execute(
        "UPDATE run SET state = ?2, counts = ?3, detail = ?4, ended_at = ?5 WHERE number = ?1 AND state = 'running'",
        (number, ending.state.as_str(), json("run", &ending.counts)?, &ending.detail, micros(now)),
    )?;
    let run = one(tx, id)?;
    if ended == 0 {
        return Ok(run);
    }
    match ending.state {
        RunState::Completed => marks::forget_before(tx, run.kind.as_str(), &run.subject, number)?,
        RunState::Stopped => jobs::end_with(tx, &run, ending.detail.as_deref().unwrap_or("stopped"), now)?,
        RunState::Failed | RunState::Running => {}
    }
    let by = run.stop.as_ref().map(|asked| &asked.by);
    let details = value!({"what": what(&run), "counts": ending.counts, "detail": ending.detail, "stop_asked_by": by});
    note(&run).details(details).write(tx, now, &format!("run-{}", ending.state), &what(&run))?;
    Ok(run)
}

/// Notes that a run is to stop. Whoever asks again is answered the same.
pub(crate) fn ask_to_stop(tx: &Transaction<'_>, id: RunId, now: Timestamp) -> Result<Run> {
    let run = one(tx, id)?;
    match run.state {
        RunState::Running if run.stop.is_none() => {}
        RunState::Running | RunState::Stopped => return Ok(run),
        RunState::Completed | RunState::Failed => {
            let why = format!(
                "it has ended: {}; what it led to stands in the queue, where an operation that was not sent can be cancelled",
                run.state
            );
            return Err(refused("run", id, &why));
        }
    }
    tx.execute(
        "UPDATE run SET stop_asked_by = ?2, stop_asked_at = ?3 WHERE id = ?1",
        (Key::from(id), tx.author().actor.as_str(), micros(now)),
    )?;
    note(&run).details(value!({"what": what(&run)})).write(tx, now, "run-stopping", &what(&run))?;
    one(tx, id)
}

/// Ends what was asked to stop and still runs: nobody works on it after a start.
pub(crate) fn end_stopped(tx: &Transaction<'_>, now: Timestamp) -> Result<u64> {
    let mut query = tx.prepare_cached(&format!(
        "SELECT {RUN} FROM run WHERE state = 'running' AND stop_asked_by IS NOT NULL ORDER BY number"
    ))?;
    let asked = collect(query.query([])?, read)?;
    for run in &asked {
        if let Some(stop) = &run.stop {
            end(tx, run.id, &stopped(run, stop), now)?;
        }
    }
    Ok(asked.len() as u64)
}

fn stopped(run: &Run, asked: &StopAsked) -> RunEnding {
    RunEnding::stopped(asked, run.counts.clone())
}

fn what(run: &Run) -> String {
    format!("{} of {}", run.kind.as_str(), run.subject)
}

/// A note about a run, which owners of its target see.
fn note(run: &Run) -> Note {
    let note = Note::about("run", &run.id);
    match run.target() {
        Some(target) => note.in_target(target.as_str()),
        None => note,
    }
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
