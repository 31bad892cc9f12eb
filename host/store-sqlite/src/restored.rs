//! What follows where the store is an older one again.

use crate::audit::Note;
use crate::connection::Connections;
use crate::failure::Result;
use crate::rows::{collect, micros, time};
use crate::transaction::Transaction;
use crate::{SqliteStore, copies, execution, rows};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::id::{SourceName, TargetName};
use purser_model::run::RunKind;
use purser_store::{CopyFacts, Restored, StoreCopies, StoreError};
use rusqlite::{Connection, OptionalExtension};
use serde_json::json;
use std::path::Path;

/// The setting that says since when; there until everything was looked at.
const RESTORED: &str = "restored and not looked at since";
/// Numbers of events go on behind the next multiple of this: more than a host makes in its life.
const EVENTS_APART: i64 = 1 << 32;

#[async_trait]
impl StoreCopies for SqliteStore {
    async fn copy_to(&self, file: &Path) -> std::result::Result<CopyFacts, StoreError> {
        let file = file.to_owned();
        let connections: &Connections = &self.connections.connections;
        connections
            .apart(move |connection| {
                copies::copy(connection, &file)?;
                copies::facts(&file)
            })
            .await
    }

    async fn note_restored(&self, copied: Timestamp, now: Timestamp) -> std::result::Result<(), StoreError> {
        self.connections.write(move |tx| note(tx, copied, now)).await
    }

    async fn restored(&self) -> std::result::Result<Option<Restored>, StoreError> {
        self.connections.read(read).await
    }

    async fn forget_restored(&self, why: &str, now: Timestamp) -> std::result::Result<(), StoreError> {
        let why = why.to_owned();
        self.connections.write(move |tx| forget(tx, &why, now)).await
    }
}

fn note(tx: &Transaction<'_>, copied: Timestamp, now: Timestamp) -> Result<()> {
    let events = renumber_events(tx)?;
    let operations = doubt_operations(tx, now)?;
    let runs = fail_runs(tx, now)?;
    let at = micros(now).to_string();
    tx.execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)", (RESTORED, at))?;
    let details = json!({"copied": copied, "operations": operations, "runs": runs, "events_after": events});
    let event = format!("from a copy of {copied:.0}");
    Note::about("store", &"store").details(details).write(tx, now, "store-restored", &event)
}

/// Whoever follows the events of the newer store is told that events are gone, instead of taking new ones for old.
fn renumber_events(tx: &Transaction<'_>) -> Result<i64> {
    let newest: i64 = tx.query_row(
        "SELECT max(coalesce((SELECT max(sequence) FROM event), 0), coalesce((SELECT max(through) FROM event_dropped), 0))",
        [],
        |row| row.get(0),
    )?;
    let through = (newest / EVENTS_APART + 1) * EVENTS_APART;
    tx.execute("DELETE FROM event", [])?;
    tx.execute("DELETE FROM sqlite_sequence WHERE name = 'event'", [])?;
    tx.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('event', ?1)", [through])?;
    tx.execute("INSERT OR REPLACE INTO event_dropped (one, through) VALUES (1, ?1)", [through])?;
    Ok(through)
}

/// What waited then may have been done since: it is observed, and where it was not done, planned anew.
fn doubt_operations(tx: &Transaction<'_>, now: Timestamp) -> Result<usize> {
    let mut query = tx.prepare_cached(&format!(
        "UPDATE operation SET state = 'unknown', replan = 1, not_before = ?1, changed_at = ?1, quarantined_since = NULL, \
         detail = 'the store was restored: it may have been done since', error_class = 'store-restored' \
         WHERE state IN ('waiting', 'in-flight', 'unknown') RETURNING {}",
        rows::OPERATION
    ))?;
    let found = collect(query.query([micros(now)])?, rows::operation)?;
    found.iter().try_for_each(|operation| execution::note_state(tx, operation, now))?;
    Ok(found.len())
}

/// A run that goes on at its checkpoint would take what it saw then for what is there now.
fn fail_runs(tx: &Transaction<'_>, now: Timestamp) -> Result<usize> {
    tx.execute("DELETE FROM staged", [])?;
    Ok(tx.execute(
        "UPDATE run SET state = 'failed', detail = 'the store was restored', ended_at = ?1 WHERE state = 'running'",
        [micros(now)],
    )?)
}

fn at(connection: &Connection) -> Result<Option<Timestamp>> {
    let kept: Option<String> = connection
        .prepare_cached("SELECT value FROM setting WHERE key = ?1")?
        .query_row([RESTORED], |row| row.get(0))
        .optional()?;
    // A text that is no time is none that this program wrote: everything is to be looked at.
    kept.map(|text| time(text.parse().unwrap_or(i64::MAX / 1_000_000))).transpose()
}

fn read(connection: &Connection) -> Result<Option<Restored>> {
    let Some(at) = at(connection)? else { return Ok(None) };
    let completed = |kind: RunKind| -> Result<Vec<String>> {
        let mut query = connection.prepare_cached(
            "SELECT DISTINCT subject FROM run WHERE kind = ?1 AND state = 'completed' AND started_at >= ?2",
        )?;
        collect(query.query((kind.as_str(), micros(at)))?, |row| Ok(row.get(0)?))
    };
    // What has no name that could be declared is looked at by nobody.
    let sources = completed(RunKind::Import)?.iter().filter_map(|name| name.parse::<SourceName>().ok()).collect();
    let targets =
        completed(RunKind::Reconciliation)?.iter().filter_map(|name| name.parse::<TargetName>().ok()).collect();
    Ok(Some(Restored { at, sources, targets }))
}

fn forget(tx: &Transaction<'_>, why: &str, now: Timestamp) -> Result<()> {
    if tx.execute("DELETE FROM setting WHERE key = ?1", [RESTORED])? == 0 {
        return Ok(());
    }
    Note::about("store", &"store").details(json!({"why": why})).write(tx, now, "store-looked-at", why)
}
