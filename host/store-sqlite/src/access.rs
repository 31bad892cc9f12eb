//! Tokens of the API. What is audited of them is their names and roles.

use crate::SqliteStore;
use crate::audit::Note;
use crate::failure::{Result, not_found, refused};
use crate::rows::{collect, from_json, from_word, json as json_text, micros, optional_time, time};
use crate::transaction::Transaction;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::audit::{Actor, AuditKey};
use purser_model::id::TokenName;
use purser_model::object::Digest;
use purser_store::{Access, KeptApiToken, NewApiToken, Store, StoreError};
use rusqlite::{Connection, Row};
use serde_json::json;
use std::sync::Arc;

const COLUMNS: &str = "name, role, created_at, created_by, expires_at, last_used_at, targets";

impl SqliteStore {
    /// The same store, in which this actor changes things.
    #[must_use]
    pub fn acting_as(&self, actor: Actor) -> Self {
        Self { connections: self.connections.with(|author| author.actor = actor), ids: self.ids.clone() }
    }

    /// The same store, whose audit log is signed with this key.
    #[must_use]
    pub fn signing_with(&self, key: AuditKey) -> Self {
        Self { connections: self.connections.with(|author| author.key = Some(key)), ids: self.ids.clone() }
    }
}

#[async_trait]
impl Access for SqliteStore {
    fn on_behalf_of(&self, actor: Actor) -> Arc<dyn Store> {
        Arc::new(self.acting_as(actor))
    }

    async fn keep_api_token(
        &self,
        token: NewApiToken,
        now: Timestamp,
    ) -> std::result::Result<KeptApiToken, StoreError> {
        self.connections.write(move |tx| keep(tx, &token, now)).await
    }

    async fn api_tokens(&self) -> std::result::Result<Vec<KeptApiToken>, StoreError> {
        self.connections.read(all).await
    }

    async fn api_token(&self, digest: Digest) -> std::result::Result<Option<KeptApiToken>, StoreError> {
        self.connections.read(move |connection| with_digest(connection, digest)).await
    }

    async fn note_token_use(&self, name: &TokenName, now: Timestamp) -> std::result::Result<(), StoreError> {
        let name = name.clone();
        self.connections.write(move |tx| note_use(tx, &name, now)).await
    }

    async fn revoke_api_token(&self, name: &TokenName, now: Timestamp) -> std::result::Result<(), StoreError> {
        let name = name.clone();
        self.connections.write(move |tx| revoke(tx, &name, now)).await
    }

    async fn note_request(&self, what: &str, now: Timestamp) -> std::result::Result<(), StoreError> {
        let what = what.to_owned();
        self.connections.write(move |tx| Note::about("request", &what).write(tx, now, "requested", "")).await
    }
}

fn read(row: &Row<'_>) -> Result<KeptApiToken> {
    Ok(KeptApiToken {
        name: from_word("API token", &row.get::<_, String>(0)?)?,
        role: from_word("API token", &row.get::<_, String>(1)?)?,
        created_at: time(row.get(2)?)?,
        created_by: row.get(3)?,
        expires_at: optional_time(row.get(4)?)?,
        last_used_at: optional_time(row.get(5)?)?,
        targets: from_json("API token", &row.get::<_, String>(6)?)?,
    })
}

fn all(connection: &Connection) -> Result<Vec<KeptApiToken>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM api_token ORDER BY name"))?;
    collect(query.query([])?, read)
}

fn named(connection: &Connection, name: &TokenName) -> Result<Option<KeptApiToken>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM api_token WHERE name = ?1"))?;
    Ok(collect(query.query([name.as_str()])?, read)?.pop())
}

fn with_digest(connection: &Connection, digest: Digest) -> Result<Option<KeptApiToken>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM api_token WHERE digest = ?1"))?;
    Ok(collect(query.query([digest.0.as_slice()])?, read)?.pop())
}

fn keep(tx: &Transaction<'_>, token: &NewApiToken, now: Timestamp) -> Result<KeptApiToken> {
    if named(tx, &token.name)?.is_some() {
        return Err(refused(
            "API token",
            &token.name,
            "there is one of this name: revoke it first, or take another name",
        ));
    }
    tx.prepare_cached(
        "INSERT INTO api_token (name, role, digest, created_at, created_by, expires_at, targets) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        token.name.as_str(),
        token.role.as_str(),
        token.digest.0.as_slice(),
        micros(now),
        tx.author().actor.as_str(),
        token.expires_at.map(micros),
        json_text("API token", &token.targets)?,
    ))?;
    let details = json!({
        "role": {"old": null, "new": token.role}, "expires at": token.expires_at, "targets": token.targets,
    });
    let event = format!("role: {}", token.role);
    Note::about("api-token", &token.name).details(details).write(tx, now, "api-token-made", &event)?;
    named(tx, &token.name)?.ok_or_else(|| not_found("API token", &token.name))
}

/// Who used a token when is no change that anybody follows: it is no event and not audited.
fn note_use(tx: &Transaction<'_>, name: &TokenName, now: Timestamp) -> Result<()> {
    tx.prepare_cached("UPDATE api_token SET last_used_at = max(coalesce(last_used_at, 0), ?2) WHERE name = ?1")?
        .execute((name.as_str(), micros(now)))?;
    Ok(())
}

fn revoke(tx: &Transaction<'_>, name: &TokenName, now: Timestamp) -> Result<()> {
    let Some(kept) = named(tx, name)? else { return Err(not_found("API token", name)) };
    tx.prepare_cached("DELETE FROM api_token WHERE name = ?1")?.execute([name.as_str()])?;
    let details = json!({"role": {"old": kept.role, "new": null}});
    Note::about("api-token", name).details(details).write(tx, now, "api-token-revoked", "")
}
