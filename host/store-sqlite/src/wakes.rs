//! Who is to be planned: the keys of the identities that something woke.

use crate::failure::Result;
use crate::interruptions::let_target_be_planned;
use crate::rows::{self, Key, collect, micros};
use crate::transaction::Transaction;
use jiff::Timestamp;
use purser_model::id::{IdentityId, TargetName};
use purser_store::Wake;
use rusqlite::{Connection, Params};

/// Wakes an identity. A wake-up that is there already gets a new sequence number.
pub(crate) fn wake(tx: &Transaction<'_>, identity: IdentityId) -> Result<()> {
    wake_whom(tx, "VALUES (?1)", [Key::from(identity)])?;
    Ok(())
}

/// Wakes the identities that a query finds, in its order. Returns how many.
///
/// Where a target is only looked at they are put off instead: a dry run leaves nobody awake whose accounts would then be repaired.
pub(crate) fn wake_whom(tx: &Transaction<'_>, query: &str, parameters: impl Params) -> Result<u64> {
    let Some(target) = &tx.author().only_looks_at else {
        let woken =
            tx.prepare_cached(&format!("INSERT OR REPLACE INTO wake (identity) {query}"))?.execute(parameters)?;
        return Ok(woken as u64);
    };
    let whom: Vec<Key> = collect(tx.prepare_cached(query)?.query(parameters)?, |row| Ok(row.get(0)?))?;
    let mut put_off = tx.prepare_cached("INSERT OR IGNORE INTO put_off (target, identity) VALUES (?1, ?2)")?;
    for identity in &whom {
        put_off.execute((target.as_str(), identity))?;
    }
    Ok(0)
}

/// Wakes whom those put off that only looked at a target.
pub(crate) fn wake_put_off(tx: &Transaction<'_>, target: &TargetName) -> Result<u64> {
    let woken = wake_whom(tx, "SELECT identity FROM put_off WHERE target = ?1", [target.as_str()])?;
    tx.execute("DELETE FROM put_off WHERE target = ?1", [target.as_str()])?;
    Ok(woken)
}

pub(crate) fn wake_everyone(tx: &Transaction<'_>) -> Result<u64> {
    wake_whom(tx, "SELECT id FROM identity ORDER BY id", [])
}

pub(crate) fn wake_these(tx: &Transaction<'_>, identities: &[IdentityId]) -> Result<()> {
    identities.iter().try_for_each(|identity| wake(tx, *identity))
}

pub(crate) fn wake_without_account(tx: &Transaction<'_>, target: &TargetName) -> Result<u64> {
    wake_whom(
        tx,
        "SELECT id FROM identity WHERE state IN ('active', 'suspended') \
         AND NOT EXISTS (SELECT 1 FROM account WHERE account.identity = identity.id AND target = ?1 \
                         AND remote_id IS NOT NULL) ORDER BY id",
        [target.as_str()],
    )
}

pub(crate) fn wake_all_without_account(tx: &Transaction<'_>, target: &TargetName) -> Result<u64> {
    wake_whom(
        tx,
        "SELECT id FROM identity \
         WHERE NOT EXISTS (SELECT 1 FROM account WHERE account.identity = identity.id AND target = ?1 \
                         AND remote_id IS NOT NULL) ORDER BY id",
        [target.as_str()],
    )
}

/// What was cancelled is planned again from here on.
pub(crate) fn wake_refused(tx: &Transaction<'_>, target: &TargetName) -> Result<u64> {
    let woken = wake_whom(
        tx,
        "SELECT DISTINCT identity FROM operation \
         WHERE target = ?1 AND state = 'refused' AND identity IS NOT NULL AND changed_at >= coalesce(\
             (SELECT max(started_at) FROM run \
              WHERE kind = 'reconciliation' AND subject = ?1 AND state = 'completed'), 0) \
         UNION SELECT identity FROM operation \
         WHERE quarantined_since IS NOT NULL AND target = ?1 AND state = 'waiting' AND identity IS NOT NULL",
        [target.as_str()],
    )?;
    Ok(woken + let_target_be_planned(tx, target)?)
}

/// Wakes whom time alone concerns by now.
pub(crate) fn wake_due(tx: &Transaction<'_>, now: Timestamp) -> Result<u64> {
    let woken = wake_whom(tx, "SELECT identity FROM due WHERE at <= ?1 ORDER BY at", [micros(now)])?;
    tx.execute("DELETE FROM due WHERE at <= ?1", [micros(now)])?;
    Ok(woken)
}

/// The earliest time at which time alone wakes somebody.
pub(crate) fn next_due(connection: &Connection) -> Result<Option<Timestamp>> {
    let at = connection.prepare_cached("SELECT min(at) FROM due")?.query_row([], |row| row.get(0))?;
    rows::optional_time(at)
}

pub(crate) fn wakes(connection: &Connection, limit: u32) -> Result<Vec<Wake>> {
    let mut query = connection.prepare_cached("SELECT identity, sequence FROM wake ORDER BY sequence LIMIT ?1")?;
    collect(query.query([limit])?, |row| Ok(Wake { identity: row.get::<_, Key>(0)?.into(), sequence: row.get(1)? }))
}

pub(crate) fn newest_wake(connection: &Connection) -> Result<Option<i64>> {
    Ok(connection.prepare_cached("SELECT max(sequence) FROM wake")?.query_row([], |row| row.get(0))?)
}

pub(crate) fn wakes_of_holders(connection: &Connection, after: i64, up_to: i64, limit: u32) -> Result<Vec<Wake>> {
    let mut query = connection.prepare_cached(
        "SELECT identity, sequence FROM wake WHERE sequence > ?1 AND sequence <= ?2 AND EXISTS \
             (SELECT 1 FROM account WHERE account.identity = wake.identity AND remote_id IS NOT NULL) \
         ORDER BY sequence LIMIT ?3",
    )?;
    collect(query.query((after, up_to, limit))?, |row| {
        Ok(Wake { identity: row.get::<_, Key>(0)?.into(), sequence: row.get(1)? })
    })
}
