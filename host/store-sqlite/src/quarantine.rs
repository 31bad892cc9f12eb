//! Targets and operations that are out of service.

use crate::failure::{Result, not_found};
use crate::rows::{Key, collect, from_json, from_word, json, micros, time, write_event};
use crate::transaction::Transaction;
use crate::wakes::wake_whom;
use jiff::Timestamp;
use purser_model::id::{OperationId, TargetName};
use purser_model::operation::{Intent, Operation};
use purser_model::quarantine::{Breaker, QuarantinedOperation, QuarantinedTarget};
use rusqlite::{Connection, OptionalExtension};

pub(crate) fn breaker(connection: &Connection, target: &TargetName) -> Result<Breaker> {
    let text = connection
        .prepare_cached("SELECT breaker FROM breaker WHERE target = ?1")?
        .query_row([target.as_str()], |row| row.get::<_, String>(0))
        .optional()?;
    text.map_or(Ok(Breaker::default()), |text| from_json("breaker", &text))
}

pub(crate) fn resting(connection: &Connection) -> Result<Vec<QuarantinedTarget>> {
    let mut query = connection.prepare_cached("SELECT target, breaker FROM breaker ORDER BY target")?;
    let all = collect(query.query([])?, |row| {
        Ok(QuarantinedTarget {
            target: from_word("breaker", &row.get::<_, String>(0)?)?,
            breaker: from_json("breaker", &row.get::<_, String>(1)?)?,
        })
    })?;
    Ok(all.into_iter().filter(|one| one.breaker.rest.is_some()).collect())
}

pub(crate) fn keep_breaker(tx: &Transaction<'_>, target: &TargetName, breaker: &Breaker, now: Timestamp) -> Result<()> {
    let before = self::breaker(tx, target)?;
    tx.prepare_cached("INSERT OR REPLACE INTO breaker (target, breaker) VALUES (?1, ?2)")?
        .execute((target.as_str(), json("breaker", breaker)?))?;
    match (&before.rest, &breaker.rest) {
        (_, Some(rest)) if before.rest.as_ref() != Some(rest) => {
            let detail = format!("cause: {}; next try at {:.0}", rest.cause, rest.next_try);
            write_event(tx, now, "target-quarantined", target, &detail)
        }
        (Some(_), None) => {
            wake_unread(tx, target)?;
            write_event(tx, now, "target-released", target, "")
        }
        _ => Ok(()),
    }
}

/// Nothing is planned for an account that was not read since it was changed; whose could not be read is looked at again.
fn wake_unread(tx: &Transaction<'_>, target: &TargetName) -> Result<()> {
    wake_whom(
        tx,
        "SELECT identity FROM account \
         WHERE target = ?1 AND identity IS NOT NULL AND remote_id IS NOT NULL AND digest IS NULL ORDER BY number",
        [target.as_str()],
    )?;
    Ok(())
}

/// The target asked that operations of this kind wait. Those that wait already, and those still to come, are not sent before.
pub(crate) fn let_kind_rest(tx: &Transaction<'_>, operation: &Operation, until: Timestamp) -> Result<()> {
    let (target, kind) = (operation.target.as_str(), operation.intent.name());
    tx.prepare_cached("INSERT OR REPLACE INTO throttle (target, kind, until) VALUES (?1, ?2, ?3)")?.execute((
        target,
        kind,
        micros(until),
    ))?;
    tx.prepare_cached(
        "UPDATE operation SET not_before = ?3 WHERE target = ?1 AND state = 'waiting' AND not_before < ?3 \
         AND intent ->> '$.kind' = ?2",
    )?
    .execute((target, kind, micros(until)))?;
    Ok(())
}

pub(crate) fn operations(connection: &Connection, limit: u32) -> Result<Vec<QuarantinedOperation>> {
    let mut query = connection.prepare_cached(
        "SELECT id, identity, target, intent, attempts, quarantined_since, not_before, detail FROM operation \
         WHERE quarantined_since IS NOT NULL AND state = 'waiting' ORDER BY quarantined_since LIMIT ?1",
    )?;
    collect(query.query([limit])?, |row| {
        let intent: Intent = from_json("operation", &row.get::<_, String>(3)?)?;
        Ok(QuarantinedOperation {
            operation: row.get::<_, Key>(0)?.into(),
            identity: row.get::<_, Option<Key>>(1)?.map(Into::into),
            target: from_word("operation", &row.get::<_, String>(2)?)?,
            kind: intent.name().to_owned(),
            attempts: row.get(4)?,
            since: time(row.get(5)?)?,
            next_try: time(row.get(6)?)?,
            reason: row.get(7)?,
        })
    })
}

pub(crate) fn release(tx: &Transaction<'_>, operation: OperationId, now: Timestamp) -> Result<()> {
    let target = tx
        .prepare_cached(
            "UPDATE operation SET quarantined_since = NULL, not_before = ?2 \
             WHERE id = ?1 AND quarantined_since IS NOT NULL AND state = 'waiting' RETURNING target",
        )?
        .query_row((Key::from(operation), micros(now)), |row| row.get::<_, String>(0))
        .optional()?;
    let Some(target) = target else { return Err(not_found("quarantined operation", operation)) };
    write_event(tx, now, "operation-released", &operation, &format!("in {target}"))
}
