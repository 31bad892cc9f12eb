//! Which builds of connectors are in use.

mod limits;

use crate::SqliteStore;
use crate::failure::{Result, refused};
use crate::rows::{collect, from_json, json, stream_event, write_event};
use crate::transaction::Transaction;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::upgrade::ConnectorUse;
use purser_store::{StoreError, Upgrades, UseChange};
use rusqlite::{Connection, OptionalExtension};

#[async_trait]
impl Upgrades for SqliteStore {
    async fn connector_use(&self, subject: &str) -> std::result::Result<Option<ConnectorUse>, StoreError> {
        let subject = subject.to_owned();
        self.connections.read(move |connection| one(connection, &subject)).await
    }

    async fn connector_uses(&self) -> std::result::Result<Vec<ConnectorUse>, StoreError> {
        self.connections.read(all).await
    }

    async fn keep_connector_use(
        &self,
        used: ConnectorUse,
        change: UseChange,
        detail: &str,
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        let detail = detail.to_owned();
        self.connections.write(move |tx| keep(tx, used, change, &detail, now)).await
    }

    async fn note_refused_file(&self, file: &str, reason: &str, now: Timestamp) -> std::result::Result<(), StoreError> {
        let (file, reason) = (file.to_owned(), reason.to_owned());
        self.connections.write(move |tx| stream_event(tx, now, "connector-refused", &file, &reason)).await
    }
}

fn one(connection: &Connection, subject: &str) -> Result<Option<ConnectorUse>> {
    let record = connection
        .prepare_cached("SELECT record FROM connector_use WHERE subject = ?1")?
        .query_row([subject], |row| row.get::<_, String>(0))
        .optional()?;
    record.map(|record| from_json("connector use", &record)).transpose()
}

fn all(connection: &Connection) -> Result<Vec<ConnectorUse>> {
    let mut query = connection.prepare_cached("SELECT record FROM connector_use ORDER BY subject")?;
    collect(query.query([])?, |row| from_json("connector use", &row.get::<_, String>(0)?))
}

fn keep(tx: &Transaction<'_>, mut used: ConnectorUse, change: UseChange, detail: &str, now: Timestamp) -> Result<()> {
    let known = one(tx, &used.subject)?.map_or(0, |known| known.revision);
    if known != used.revision {
        return Err(refused("use of", &used.subject, "it was changed meanwhile; look again, and try again"));
    }
    used.revision += 1;
    tx.prepare_cached("INSERT OR REPLACE INTO connector_use (subject, revision, record) VALUES (?1, ?2, ?3)")?
        .execute((&used.subject, used.revision, json("connector use", &used)?))?;
    match change.event() {
        Some(event) => write_event(tx, now, event, &used.subject, detail),
        None => Ok(()),
    }
}
