//! Change feeds: what they said, and from where they go on.

use crate::failure::Result;
use crate::observation::{record_gone, record_one};
use crate::rows::micros;
use crate::runs;
use crate::transaction::Transaction;
use jiff::Timestamp;
use purser_model::id::{Ids, TargetName};
use purser_store::ObservedChanges;
use rusqlite::Connection;
use std::collections::BTreeMap;

pub(crate) fn cursors(connection: &Connection, target: &TargetName) -> Result<BTreeMap<String, String>> {
    let mut query = connection.prepare_cached("SELECT class, cursor FROM change_cursor WHERE target = ?1")?;
    let found = query.query_map([target.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn keep_cursors(
    tx: &Transaction<'_>,
    target: &TargetName,
    cursors: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<()> {
    cursors.iter().try_for_each(|(class, cursor)| keep_cursor(tx, target, class, cursor, now))
}

fn keep_cursor(tx: &Transaction<'_>, target: &TargetName, class: &str, cursor: &str, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO change_cursor (target, class, cursor, taken_at) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((target.as_str(), class, cursor, micros(now)))?;
    Ok(())
}

pub(crate) fn forget_cursor(tx: &Transaction<'_>, target: &TargetName, class: &str) -> Result<()> {
    tx.execute("DELETE FROM change_cursor WHERE target = ?1 AND class = ?2", (target.as_str(), class))?;
    Ok(())
}

pub(crate) fn record(tx: &Transaction<'_>, ids: &Ids, changes: &ObservedChanges, now: Timestamp) -> Result<()> {
    for observation in &changes.changed {
        record_one(tx, ids, &changes.class, observation, now)?;
    }
    record_gone(tx, &changes.class, &changes.gone, now)?;
    runs::keep_counts(tx, changes.run, &changes.counts)?;
    keep_cursor(tx, &changes.class.target, &changes.class.class, &changes.cursor, now)
}
