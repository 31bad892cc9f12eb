//! The stream of events, and how long it is kept.

use crate::audit::Note;
use crate::failure::Result;
use crate::rows::{collect, micros, time};
use crate::transaction::Transaction;
use jiff::Timestamp;
use purser_store::{Event, EventsKept, StoreError};
use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

pub(crate) fn list(connection: &Connection, after: u64, limit: u32) -> Result<Vec<Event>> {
    let kept = kept(connection)?;
    if after < kept.dropped_through {
        return Err(StoreError::EventsGone { after, oldest: kept.dropped_through.saturating_add(1) }.into());
    }
    let mut query = connection.prepare_cached(
        "SELECT sequence, at, kind, subject, detail FROM event WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
    )?;
    collect(query.query((after, limit))?, |row| {
        Ok(Event {
            sequence: row.get(0)?,
            at: time(row.get(1)?)?,
            kind: row.get(2)?,
            subject: row.get(3)?,
            detail: row.get(4)?,
        })
    })
}

pub(crate) fn kept(connection: &Connection) -> Result<EventsKept> {
    let dropped = connection
        .prepare_cached("SELECT through FROM event_dropped")?
        .query_row([], |row| row.get(0))
        .optional()?
        .unwrap_or(0);
    let newest: Option<u64> =
        connection.prepare_cached("SELECT max(sequence) FROM event")?.query_row([], |row| row.get(0))?;
    Ok(EventsKept { dropped_through: dropped, newest: newest.unwrap_or(dropped) })
}

/// Drops the events from the beginning up to the first that is not older.
pub(crate) fn prune(tx: &Transaction<'_>, before: Timestamp, now: Timestamp) -> Result<u64> {
    let through: Option<i64> = tx
        .prepare_cached(
            "SELECT coalesce((SELECT min(sequence) - 1 FROM event WHERE at >= ?1), (SELECT max(sequence) FROM event))",
        )?
        .query_row([micros(before)], |row| row.get(0))?;
    let Some(through) = through else { return Ok(0) };
    let dropped = tx.execute("DELETE FROM event WHERE sequence <= ?1", [through])?;
    if dropped > 0 {
        tx.execute("INSERT OR REPLACE INTO event_dropped (one, through) VALUES (1, ?1)", [through])?;
        let details = json!({"before": before, "through": through, "count": dropped});
        let note = Note::about("events", &"events").details(details);
        note.write(tx, now, "events-pruned", &format!("{dropped} events, up to {through}"))?;
    }
    Ok(dropped as u64)
}
