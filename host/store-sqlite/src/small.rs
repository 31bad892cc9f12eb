//! Settings, the connectors' own state, and events.

use crate::failure::Result;
use crate::rows::{collect, time};
use purser_store::Event;
use rusqlite::{Connection, OptionalExtension, Transaction};

pub(crate) fn setting(connection: &Connection, key: &str) -> Result<Option<String>> {
    Ok(connection
        .prepare_cached("SELECT value FROM setting WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?)
}

pub(crate) fn keep_setting(tx: &Transaction<'_>, key: &str, value: &str) -> Result<()> {
    tx.execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)", (key, value))?;
    Ok(())
}

pub(crate) fn guest_state(connection: &Connection, subject: &str, key: &str) -> Result<Option<Vec<u8>>> {
    Ok(connection
        .prepare_cached("SELECT value FROM guest_state WHERE subject = ?1 AND key = ?2")?
        .query_row((subject, key), |row| row.get(0))
        .optional()?)
}

pub(crate) fn keep_guest_state(tx: &Transaction<'_>, subject: &str, key: &str, value: Option<&[u8]>) -> Result<()> {
    match value {
        Some(value) => tx
            .prepare_cached("INSERT OR REPLACE INTO guest_state (subject, key, value) VALUES (?1, ?2, ?3)")?
            .execute((subject, key, value))?,
        None => {
            tx.prepare_cached("DELETE FROM guest_state WHERE subject = ?1 AND key = ?2")?.execute((subject, key))?
        }
    };
    Ok(())
}

pub(crate) fn guest_state_size(connection: &Connection, subject: &str) -> Result<u64> {
    Ok(connection
        .prepare_cached(
            "SELECT coalesce(sum(length(CAST(key AS BLOB)) + length(value)), 0) FROM guest_state WHERE subject = ?1",
        )?
        .query_row([subject], |row| row.get(0))?)
}

pub(crate) fn events(connection: &Connection, after: u64, limit: u32) -> Result<Vec<Event>> {
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
