//! Sealed secrets. What is audited of them is their names, versions and keys.

use crate::SqliteStore;
use crate::audit::Note;
use crate::failure::{Result, not_found, refused};
use crate::rows::{collect, from_word, micros, time};
use crate::transaction::Transaction;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::id::SecretName;
use purser_model::sealed::{SealedSecret, SealingKeyId};
use purser_store::{KeptSecret, SealedSecrets, StoreError};
use rusqlite::{Connection, Row};
use serde_json::json;

const COLUMNS: &str = "name, version, key, wrapped_key, sealed, set_at, set_by";

#[async_trait]
impl SealedSecrets for SqliteStore {
    async fn sealed_secrets(&self) -> std::result::Result<Vec<KeptSecret>, StoreError> {
        self.connections.read(all).await
    }

    async fn sealed_secret(&self, name: &SecretName) -> std::result::Result<Option<KeptSecret>, StoreError> {
        let name = name.clone();
        self.connections.read(move |connection| one(connection, &name)).await
    }

    async fn keep_secret(&self, secret: SealedSecret, now: Timestamp) -> std::result::Result<(), StoreError> {
        self.connections.write(move |tx| keep(tx, &secret, now)).await
    }

    async fn remove_secret(&self, name: &SecretName, now: Timestamp) -> std::result::Result<(), StoreError> {
        let name = name.clone();
        self.connections.write(move |tx| remove(tx, &name, now)).await
    }

    async fn reseal_secrets(
        &self,
        former: SealingKeyId,
        secrets: Vec<SealedSecret>,
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        self.connections.write(move |tx| reseal(tx, &former, &secrets, now)).await
    }
}

fn read(row: &Row<'_>) -> Result<KeptSecret> {
    let sealed = SealedSecret {
        name: from_word("secret", &row.get::<_, String>(0)?)?,
        version: row.get(1)?,
        key: SealingKeyId(row.get(2)?),
        wrapped_key: row.get(3)?,
        sealed: row.get(4)?,
    };
    Ok(KeptSecret { sealed, set_at: time(row.get(5)?)?, set_by: row.get(6)? })
}

fn all(connection: &Connection) -> Result<Vec<KeptSecret>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM secret ORDER BY name"))?;
    collect(query.query([])?, read)
}

fn one(connection: &Connection, name: &SecretName) -> Result<Option<KeptSecret>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM secret WHERE name = ?1"))?;
    Ok(collect(query.query([name.as_str()])?, read)?.pop())
}

fn keep(tx: &Transaction<'_>, secret: &SealedSecret, now: Timestamp) -> Result<()> {
    let former = one(tx, &secret.name)?.map(|kept| kept.sealed.version);
    if secret.version != former.unwrap_or(0).saturating_add(1) {
        return Err(refused("secret", &secret.name, "somebody set it meanwhile: set it again"));
    }
    let others = all(tx)?.into_iter().filter(|kept| kept.sealed.name != secret.name);
    if others.into_iter().any(|kept| kept.sealed.key != secret.key) {
        let reason = "the other secrets are sealed with another key: give that one with --key-file, PURSER_KEY_FILE or \
                      PURSER_KEY, or change it with `purser secret rotate-key`";
        return Err(refused("secret", &secret.name, reason));
    }
    tx.prepare_cached(&format!("INSERT OR REPLACE INTO secret ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"))?
        .execute((
            secret.name.as_str(),
            secret.version,
            &secret.key.0,
            &secret.wrapped_key,
            &secret.sealed,
            micros(now),
            tx.author().actor.as_str(),
        ))?;
    let details = json!({"version": {"old": former, "new": secret.version}, "sealed with": secret.key});
    let event = format!("version {}", secret.version);
    Note::about("secret", &secret.name).details(details).write(tx, now, "secret-set", &event)
}

fn remove(tx: &Transaction<'_>, name: &SecretName, now: Timestamp) -> Result<()> {
    let Some(kept) = one(tx, name)? else { return Err(not_found("secret", name)) };
    tx.prepare_cached("DELETE FROM secret WHERE name = ?1")?.execute([name.as_str()])?;
    let details = json!({"version": {"old": kept.sealed.version, "new": null}});
    Note::about("secret", name).details(details).write(tx, now, "secret-removed", "")
}

fn reseal(tx: &Transaction<'_>, former: &SealingKeyId, secrets: &[SealedSecret], now: Timestamp) -> Result<()> {
    let kept = all(tx)?;
    let is_same = |(kept, new): (&KeptSecret, &SealedSecret)| {
        kept.sealed.name == new.name && kept.sealed.version == new.version && kept.sealed.key == *former
    };
    if kept.len() != secrets.len() || !kept.iter().zip(secrets).all(is_same) {
        let reason = "they changed while they were sealed anew: do it again";
        return Err(refused("secrets", "all", reason));
    }
    for secret in secrets {
        tx.prepare_cached("UPDATE secret SET key = ?2, wrapped_key = ?3, sealed = ?4 WHERE name = ?1")?.execute((
            secret.name.as_str(),
            &secret.key.0,
            &secret.wrapped_key,
            &secret.sealed,
        ))?;
    }
    let new = secrets.first().map(|secret| &secret.key);
    let details = json!({"sealed with": {"old": former, "new": new}, "secrets": secrets.len()});
    let event = format!("{} secrets", secrets.len());
    Note::about("secrets", &"all").details(details).write(tx, now, "secrets-resealed", &event)
}
