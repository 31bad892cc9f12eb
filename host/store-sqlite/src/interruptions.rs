//! What people interrupt.

use crate::failure::Result;
use crate::rows::{collect, from_word};
use crate::{SqliteStore, runs};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::id::RunId;
use purser_model::run::Run;
use purser_store::{Interruptions, RunCount, StoreError};
use rusqlite::Connection;

#[async_trait]
impl Interruptions for SqliteStore {
    async fn ask_to_stop(&self, run: RunId, now: Timestamp) -> std::result::Result<Run, StoreError> {
        self.connections.write(move |tx| runs::ask_to_stop(tx, run, now)).await
    }

    async fn end_stopped_runs(&self, now: Timestamp) -> std::result::Result<u64, StoreError> {
        self.connections.write(move |tx| runs::end_stopped(tx, now)).await
    }

    async fn run_counts(&self) -> std::result::Result<Vec<RunCount>, StoreError> {
        self.connections.read(run_counts).await
    }
}

fn run_counts(connection: &Connection) -> Result<Vec<RunCount>> {
    let mut query =
        connection.prepare_cached("SELECT kind, state, count(*) FROM run GROUP BY kind, state ORDER BY kind, state")?;
    collect(query.query([])?, |row| {
        Ok(RunCount {
            kind: from_word("run", &row.get::<_, String>(0)?)?,
            state: from_word("run", &row.get::<_, String>(1)?)?,
            runs: row.get(2)?,
        })
    })
}
