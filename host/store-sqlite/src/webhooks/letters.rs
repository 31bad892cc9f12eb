//! Letters: deliveries that failed, which wait for another try or are dead.

use crate::audit::Note;
use crate::failure::{Result, not_found};
use crate::rows::{collect, micros, optional_time, stream_event, time};
use crate::transaction::Transaction;
use jiff::Timestamp;
use purser_model::id::WebhookName;
use purser_store::{Event, WebhookEnd, WebhookLetter, WebhookTry};
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::json;
use std::collections::BTreeSet;

const COLUMNS: &str = "sequence, at, kind, subject, detail, attempts, next_at, dead_at, reason";

fn read(row: &Row<'_>) -> Result<WebhookLetter> {
    let event = Event {
        sequence: row.get(0)?,
        at: time(row.get(1)?)?,
        kind: row.get(2)?,
        subject: row.get(3)?,
        detail: row.get(4)?,
    };
    Ok(WebhookLetter {
        event,
        attempts: row.get(5)?,
        next_at: optional_time(row.get(6)?)?,
        dead_at: optional_time(row.get(7)?)?,
        reason: row.get(8)?,
    })
}

/// Those whose time has come, the oldest event first.
pub(super) fn due(
    connection: &Connection,
    name: &WebhookName,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<WebhookLetter>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM webhook_letter WHERE webhook = ?1 AND next_at <= ?2 ORDER BY sequence LIMIT ?3"
    ))?;
    collect(query.query((name.as_str(), micros(now), limit))?, read)
}

/// When the next is due that is not yet.
pub(super) fn next_due(connection: &Connection, name: &WebhookName, now: Timestamp) -> Result<Option<Timestamp>> {
    let next: Option<i64> = connection
        .prepare_cached("SELECT min(next_at) FROM webhook_letter WHERE webhook = ?1 AND next_at > ?2")?
        .query_row((name.as_str(), micros(now)), |row| row.get(0))?;
    optional_time(next)
}

/// How many wait.
pub(super) fn waiting(connection: &Connection, name: &WebhookName) -> Result<u64> {
    Ok(connection
        .prepare_cached("SELECT count(*) FROM webhook_letter WHERE webhook = ?1 AND next_at IS NOT NULL")?
        .query_row([name.as_str()], |row| row.get(0))?)
}

/// Those that are dead, in order of their events.
pub(super) fn dead(connection: &Connection, name: &WebhookName, after: u64, limit: u32) -> Result<Vec<WebhookLetter>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM webhook_letter
         WHERE webhook = ?1 AND dead_at IS NOT NULL AND sequence > ?2 ORDER BY sequence LIMIT ?3"
    ))?;
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    collect(query.query((name.as_str(), after, limit))?, read)
}

/// Records how a try ended.
pub(super) fn record(tx: &Transaction<'_>, name: &WebhookName, one: &WebhookTry, now: Timestamp) -> Result<()> {
    match &one.end {
        WebhookEnd::Delivered => delivered(tx, name, &one.event, now),
        WebhookEnd::Failed { reason, next_at } => {
            failed(tx, name, reason, 0, now)?;
            keep(tx, name, &one.event, reason, (Some(micros(*next_at)), None))
        }
        WebhookEnd::Dead { reason } => {
            failed(tx, name, reason, 1, now)?;
            keep(tx, name, &one.event, reason, (None, Some(micros(now))))?;
            let what = format!("event {} ({}): {reason}", one.event.sequence, one.event.kind);
            stream_event(tx, now, "webhook-dead-letter", name, &what)
        }
    }
}

fn delivered(tx: &Transaction<'_>, name: &WebhookName, event: &Event, now: Timestamp) -> Result<()> {
    tx.prepare_cached("DELETE FROM webhook_letter WHERE webhook = ?1 AND sequence = ?2")?
        .execute((name.as_str(), event.sequence))?;
    tx.prepare_cached("UPDATE webhook SET delivered = delivered + 1, last_delivered_at = ?2 WHERE name = ?1")?
        .execute((name.as_str(), micros(now)))?;
    Ok(())
}

fn failed(tx: &Transaction<'_>, name: &WebhookName, reason: &str, died: u32, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "UPDATE webhook SET failed = failed + 1, died = died + ?2, last_failed_at = ?3, last_failure = ?4 WHERE name = ?1",
    )?
    .execute((name.as_str(), died, micros(now), reason))?;
    Ok(())
}

fn keep(
    tx: &Transaction<'_>,
    name: &WebhookName,
    event: &Event,
    reason: &str,
    (next_at, dead_at): (Option<i64>, Option<i64>),
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO webhook_letter (webhook, sequence, at, kind, subject, detail, attempts, next_at, dead_at, reason)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, ?9)
         ON CONFLICT DO UPDATE SET attempts = attempts + 1, next_at = excluded.next_at, dead_at = excluded.dead_at,
         reason = excluded.reason",
    )?
    .execute((
        name.as_str(),
        event.sequence,
        micros(event.at),
        &event.kind,
        &event.subject,
        &event.detail,
        next_at,
        dead_at,
        reason,
    ))?;
    Ok(())
}

/// Makes letters due now, with all their tries before them.
pub(super) fn redeliver(
    tx: &Transaction<'_>,
    name: &WebhookName,
    sequences: Option<&BTreeSet<u64>>,
    now: Timestamp,
) -> Result<u64> {
    let again = "UPDATE webhook_letter SET attempts = 0, next_at = ?2, dead_at = NULL WHERE webhook = ?1";
    let count = match sequences {
        None => {
            tx.prepare_cached(&format!("{again} AND dead_at IS NOT NULL"))?.execute((name.as_str(), micros(now)))?
        }
        Some(sequences) => {
            for sequence in sequences {
                has_letter(tx, name, *sequence)?;
                tx.prepare_cached(&format!("{again} AND sequence = ?3"))?.execute((
                    name.as_str(),
                    micros(now),
                    sequence,
                ))?;
            }
            sequences.len()
        }
    };
    let details = json!({"events": sequences, "count": count});
    let said = format!("{count} letters");
    Note::about("webhook", name).details(details).write(tx, now, "webhook-redelivered", &said)?;
    Ok(count as u64)
}

fn has_letter(connection: &Connection, name: &WebhookName, sequence: u64) -> Result<()> {
    // No event has a number that no row could hold.
    let in_row = i64::try_from(sequence).map_err(|_| not_found("letter of event", sequence))?;
    let found: Option<i64> = connection
        .prepare_cached("SELECT 1 FROM webhook_letter WHERE webhook = ?1 AND sequence = ?2")?
        .query_row((name.as_str(), in_row), |row| row.get(0))
        .optional()?;
    found.map(|_| ()).ok_or_else(|| not_found("letter of event", sequence))
}
