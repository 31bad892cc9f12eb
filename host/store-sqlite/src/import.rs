//! Staging what a source lists, and accepting it whole or not at all.

use crate::audit::Note;
use crate::details::difference;
use crate::failure::{Failure, Result};
use crate::hidden::Hidden;
use crate::rows::{Key, from_json, json, micros, optional_time};
use crate::transaction::Transaction;
use crate::wakes::wake;
use crate::{identities, runs};
use jiff::Timestamp;
use purser_model::Attributes;
use purser_model::id::{IdentityId, Ids, RunId, SourceName};
use purser_model::identity::{IdentityRecord, LifecycleState, Validity};
use purser_model::run::Checkpoint;
use purser_store::{Accepted, StagedWeight, StoreError};
use rusqlite::{Connection, ErrorCode, OptionalExtension};
use serde_json::{Value, json as value};

pub(crate) fn stage(
    tx: &Transaction<'_>,
    run: RunId,
    records: &[IdentityRecord],
    checkpoint: &Checkpoint,
) -> Result<()> {
    let number = runs::number(tx, run)?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO staged (run, key, state, attributes, digest, valid_from, valid_until) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for record in records {
        let attributes = json("identity", &record.attributes)?;
        let Validity { from, until } = record.validity;
        insert
            .execute((
                number,
                &record.key,
                record.state.as_str(),
                attributes,
                record.digest().0,
                from.map(micros),
                until.map(micros),
            ))
            .map_err(|error| duplicate_key(error, &record.key))?;
    }
    runs::keep_checkpoint(tx, run, checkpoint)
}

fn duplicate_key(error: rusqlite::Error, key: &str) -> Failure {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => Failure::Store(StoreError::DuplicateKey { key: key.to_owned() }),
        _ => Failure::Sql(error),
    }
}

pub(crate) fn weigh(connection: &Connection, run: RunId, source: &SourceName) -> Result<StagedWeight> {
    let number = runs::number(connection, run)?;
    let one = |sql: &str| -> Result<u64> {
        Ok(connection.prepare_cached(sql)?.query_row((number, source.as_str()), |row| row.get(0))?)
    };
    let staged = one("SELECT count(*) FROM staged WHERE run = ?1 AND ?2 IS NOT NULL")?;
    let known = "FROM staged JOIN identity ON identity.source = ?2 AND identity.key = staged.key WHERE staged.run = ?1";
    let unchanged = one(&format!("SELECT count(*) {known} AND identity.digest = staged.digest"))?;
    let changed = one(&format!("SELECT count(*) {known} AND identity.digest <> staged.digest"))?;
    let present_before =
        one("SELECT count(*) FROM identity WHERE source = ?2 AND state <> 'departed' AND ?1 IS NOT NULL")?;
    let absent = one("SELECT count(*) FROM identity WHERE source = ?2 AND state <> 'departed' \
         AND key NOT IN (SELECT key FROM staged WHERE run = ?1)")?;
    let departing =
        one(&format!("SELECT count(*) {known} AND identity.state <> 'departed' AND staged.state = 'departed'"))?;
    let new = staged - unchanged - changed;
    Ok(StagedWeight { staged, new, changed, unchanged, absent, departing, present_before })
}

pub(crate) fn accept_staged(
    tx: &Transaction<'_>,
    ids: &Ids,
    run: RunId,
    source: &SourceName,
    absence_means_departed: bool,
    now: Timestamp,
) -> Result<StagedWeight> {
    let weight = weigh(tx, run, source)?;
    let number = runs::number(tx, run)?;
    for (id, key) in changed_identities(tx, number, source)? {
        let before = facts(tx, id)?;
        tx.prepare_cached(
            "UPDATE identity SET (state, attributes, digest, valid_from, valid_until) = \
                 (SELECT state, attributes, digest, valid_from, valid_until FROM staged WHERE run = ?1 AND key = ?2), \
                 version = version + 1, changed_at = ?4 WHERE id = ?3",
        )?
        .execute((number, &key, Key::from(id), micros(now)))?;
        changed(tx, id, before.as_ref(), now, "changed at the source")?;
    }
    for key in new_keys(tx, number, source)? {
        let id = IdentityId(ids.next(now));
        tx.prepare_cached(
            "INSERT INTO identity (id, source, key, state, attributes, digest, version, changed_at, valid_from, valid_until) \
             SELECT ?3, ?4, key, state, attributes, digest, 1, ?5, valid_from, valid_until FROM staged WHERE run = ?1 AND key = ?2",
        )?
        .execute((number, &key, Key::from(id), source.as_str(), micros(now)))?;
        changed(tx, id, None, now, "new at the source")?;
    }
    if absence_means_departed {
        for id in absent_identities(tx, number, source)? {
            depart(tx, id, now)?;
        }
    }
    tx.execute("DELETE FROM staged WHERE run = ?1", [number])?;
    // A crash before the run ends must not leave a run that says it has read everything and has nothing staged.
    runs::keep_checkpoint(tx, run, &Checkpoint::default())?;
    Ok(weight)
}

/// The event, the row of the audit log and the wake-up of a change, in its transaction.
fn changed(tx: &Transaction<'_>, id: IdentityId, before: Option<&Facts>, now: Timestamp, what: &str) -> Result<()> {
    let nobody = Facts::default();
    let (before, after) = (before.unwrap_or(&nobody), facts(tx, id)?.unwrap_or_default());
    let hidden = Hidden::of_identities();
    let mut details = value!({
        "identity": after.reference,
        "what": what,
        "attributes": difference(&before.attributes, &after.attributes, &hidden),
    });
    let sides = [
        ("state", &before.state, &after.state),
        ("valid_from", &before.valid_from, &after.valid_from),
        ("valid_until", &before.valid_until, &after.valid_until),
    ];
    for (name, old, new) in sides.into_iter().filter(|(_, old, new)| old != new) {
        details[name] = value!({"old": old, "new": new});
    }
    Note::identity(id).details(details).write(tx, now, "identity-changed", what)?;
    wake(tx, id)
}

/// What a change of an identity is told by.
#[derive(Default)]
struct Facts {
    reference: String,
    attributes: Attributes,
    state: Value,
    valid_from: Value,
    valid_until: Value,
}

fn facts(tx: &Transaction<'_>, id: IdentityId) -> Result<Option<Facts>> {
    let mut query = tx
        .prepare_cached("SELECT source, key, attributes, state, valid_from, valid_until FROM identity WHERE id = ?1")?;
    let mut found = query.query([Key::from(id)])?;
    let Some(row) = found.next()? else { return Ok(None) };
    let (source, key): (String, String) = (row.get(0)?, row.get(1)?);
    Ok(Some(Facts {
        reference: format!("{source}/{key}"),
        attributes: from_json("identity", &row.get::<_, String>(2)?)?,
        state: row.get::<_, String>(3)?.into(),
        valid_from: value!(optional_time(row.get(4)?)?),
        valid_until: value!(optional_time(row.get(5)?)?),
    }))
}

/// The digest is emptied so that the same record, when it comes back, is a change.
pub(crate) fn depart(tx: &Transaction<'_>, id: IdentityId, now: Timestamp) -> Result<()> {
    let before = facts(tx, id)?;
    tx.prepare_cached(
        "UPDATE identity SET state = 'departed', digest = x'', version = version + 1, changed_at = ?2 WHERE id = ?1",
    )?
    .execute((Key::from(id), micros(now)))?;
    changed(tx, id, before.as_ref(), now, "no longer at the source")
}

fn changed_identities(tx: &Transaction<'_>, run: i64, source: &SourceName) -> Result<Vec<(IdentityId, String)>> {
    let mut query = tx.prepare_cached(
        "SELECT identity.id, identity.key FROM staged JOIN identity ON identity.source = ?2 AND identity.key = staged.key \
         WHERE staged.run = ?1 AND identity.digest <> staged.digest",
    )?;
    let found = query.query_map((run, source.as_str()), |row| Ok((row.get::<_, Key>(0)?.into(), row.get(1)?)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

fn new_keys(tx: &Transaction<'_>, run: i64, source: &SourceName) -> Result<Vec<String>> {
    let mut query = tx.prepare_cached(
        "SELECT key FROM staged WHERE run = ?1 AND NOT EXISTS \
             (SELECT 1 FROM identity WHERE identity.source = ?2 AND identity.key = staged.key) ORDER BY key",
    )?;
    let found = query.query_map((run, source.as_str()), |row| row.get(0))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

fn absent_identities(tx: &Transaction<'_>, run: i64, source: &SourceName) -> Result<Vec<IdentityId>> {
    let mut query = tx.prepare_cached(
        "SELECT id FROM identity WHERE source = ?2 AND state <> 'departed' \
         AND key NOT IN (SELECT key FROM staged WHERE run = ?1) ORDER BY id",
    )?;
    let found = query.query_map((run, source.as_str()), |row| Ok(row.get::<_, Key>(0)?.into()))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn accept_one(
    tx: &Transaction<'_>,
    ids: &Ids,
    source: &SourceName,
    record: &IdentityRecord,
    now: Timestamp,
) -> Result<Accepted> {
    let digest = record.digest().0;
    let known = tx
        .prepare_cached("SELECT id, digest = ?3 FROM identity WHERE source = ?1 AND key = ?2")?
        .query_row((source.as_str(), &record.key, digest), |row| Ok((row.get::<_, Key>(0)?, row.get::<_, bool>(1)?)))
        .optional()?;
    let (id, same) = match known {
        Some((key, same)) => (IdentityId::from(key), same),
        None => (IdentityId(ids.next(now)), false),
    };
    if !same {
        let before = facts(tx, id)?;
        tx.prepare_cached(
            "INSERT INTO identity (id, source, key, state, attributes, digest, version, changed_at, valid_from, valid_until) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, ?9) ON CONFLICT (id) DO UPDATE SET state = excluded.state, \
             attributes = excluded.attributes, digest = excluded.digest, version = version + 1, \
             changed_at = excluded.changed_at, valid_from = excluded.valid_from, valid_until = excluded.valid_until",
        )?
        .execute((
            Key::from(id),
            source.as_str(),
            &record.key,
            record.state.as_str(),
            json("identity", &record.attributes)?,
            digest,
            micros(now),
            record.validity.from.map(micros),
            record.validity.until.map(micros),
        ))?;
        let what = if record.state == LifecycleState::Departed { "departed" } else { "changed" };
        changed(tx, id, before.as_ref(), now, what)?;
    }
    Ok(Accepted { identity: identities::one(tx, id)?, changed: !same })
}
