//! Tokens of clients. What is audited of them is their names and whose they are.

use crate::audit::Note;
use crate::failure::{Result, not_found, refused};
use crate::rows::{collect, from_word, micros, optional_time, time};
use crate::transaction::Transaction;
use jiff::Timestamp;
use purser_model::id::TokenName;
use purser_model::object::Digest;
use purser_store::{KeptScimToken, NewScimToken};
use rusqlite::{Connection, Row};
use serde_json::json;

const COLUMNS: &str = "name, source, created_at, created_by, expires_at, last_used_at";

fn read(row: &Row<'_>) -> Result<KeptScimToken> {
    Ok(KeptScimToken {
        name: from_word("SCIM token", &row.get::<_, String>(0)?)?,
        source: from_word("SCIM token", &row.get::<_, String>(1)?)?,
        created_at: time(row.get(2)?)?,
        created_by: row.get(3)?,
        expires_at: optional_time(row.get(4)?)?,
        last_used_at: optional_time(row.get(5)?)?,
    })
}

pub(super) fn all(connection: &Connection) -> Result<Vec<KeptScimToken>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM scim_token ORDER BY name"))?;
    collect(query.query([])?, read)
}

fn named(connection: &Connection, name: &TokenName) -> Result<Option<KeptScimToken>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM scim_token WHERE name = ?1"))?;
    Ok(collect(query.query([name.as_str()])?, read)?.pop())
}

pub(super) fn with_digest(connection: &Connection, digest: Digest) -> Result<Option<KeptScimToken>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM scim_token WHERE digest = ?1"))?;
    Ok(collect(query.query([digest.0.as_slice()])?, read)?.pop())
}

pub(super) fn keep(tx: &Transaction<'_>, token: &NewScimToken, now: Timestamp) -> Result<KeptScimToken> {
    if named(tx, &token.name)?.is_some() {
        let reason = "there is one of this name: revoke it first, or take another name";
        return Err(refused("SCIM token", &token.name, reason));
    }
    tx.prepare_cached(
        "INSERT INTO scim_token (name, source, digest, created_at, created_by, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((
        token.name.as_str(),
        token.source.as_str(),
        token.digest.0.as_slice(),
        micros(now),
        tx.author().actor.as_str(),
        token.expires_at.map(micros),
    ))?;
    let details = json!({"source": {"old": null, "new": token.source}, "expires at": token.expires_at});
    let event = format!("of source {}", token.source);
    Note::about("scim-token", &token.name).details(details).write(tx, now, "scim-token-made", &event)?;
    named(tx, &token.name)?.ok_or_else(|| not_found("SCIM token", &token.name))
}

/// Who used a token when is no change that anybody follows: it is no event and not audited.
pub(super) fn note_use(tx: &Transaction<'_>, name: &TokenName, now: Timestamp) -> Result<()> {
    tx.prepare_cached("UPDATE scim_token SET last_used_at = max(coalesce(last_used_at, 0), ?2) WHERE name = ?1")?
        .execute((name.as_str(), micros(now)))?;
    Ok(())
}

pub(super) fn revoke(tx: &Transaction<'_>, name: &TokenName, now: Timestamp) -> Result<()> {
    let Some(kept) = named(tx, name)? else { return Err(not_found("SCIM token", name)) };
    tx.prepare_cached("DELETE FROM scim_token WHERE name = ?1")?.execute([name.as_str()])?;
    let details = json!({"source": {"old": kept.source, "new": null}});
    Note::about("scim-token", name).details(details).write(tx, now, "scim-token-revoked", "")
}
