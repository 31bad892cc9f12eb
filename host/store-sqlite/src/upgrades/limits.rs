//! How often calls into connectors reached a limit.

use crate::SqliteStore;
use crate::failure::Result;
use crate::rows::{collect, micros, time};
use crate::transaction::Transaction;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_store::{LimitCount, LimitReached, Limits, StoreError};
use rusqlite::Connection;

#[async_trait]
impl Limits for SqliteStore {
    async fn note_limit_reached(&self, reached: LimitReached, now: Timestamp) -> std::result::Result<(), StoreError> {
        self.connections.write(move |tx| note(tx, &reached, now)).await
    }

    async fn limits_reached(&self) -> std::result::Result<Vec<LimitCount>, StoreError> {
        self.connections.read(all).await
    }
}

fn note(tx: &Transaction<'_>, reached: &LimitReached, now: Timestamp) -> Result<()> {
    let LimitReached { limit, connector, subject } = reached;
    tx.prepare_cached(
        "INSERT INTO limit_reached (name, connector, subject, times, last) VALUES (?1, ?2, ?3, 1, ?4)
         ON CONFLICT DO UPDATE SET times = times + 1, last = excluded.last",
    )?
    .execute((limit, connector, subject, micros(now)))?;
    Ok(())
}

fn all(connection: &Connection) -> Result<Vec<LimitCount>> {
    let mut query = connection.prepare_cached(
        "SELECT name, connector, subject, times, last FROM limit_reached ORDER BY name, connector, subject",
    )?;
    collect(query.query([])?, |row| {
        let reached = LimitReached { limit: row.get(0)?, connector: row.get(1)?, subject: row.get(2)? };
        Ok(LimitCount { reached, times: row.get(3)?, last: time(row.get(4)?)? })
    })
}
