//! Giving accounts to identities and taking them away.

use crate::audit::Note;
use crate::failure::{Result, not_found, refused};
use crate::rows::{Key, collect, micros, stream_event};
use crate::transaction::Transaction;
use crate::wakes::wake;
use crate::{matching, references};
use jiff::Timestamp;
use purser_model::id::{AccountId, IdentityId};
use rusqlite::OptionalExtension;
use serde_json::json;

/// What the rules about links ask of an account's row.
struct Row {
    target: String,
    class: String,
    identity: Option<IdentityId>,
    is_there: bool,
    protected: bool,
}

fn row(tx: &Transaction<'_>, account: AccountId) -> Result<Row> {
    tx.prepare_cached(
        "SELECT target, class, identity, remote_id IS NOT NULL, protected_because IS NOT NULL FROM account WHERE id = ?1",
    )?
    .query_row([Key::from(account)], |row| {
        Ok(Row {
            target: row.get(0)?,
            class: row.get(1)?,
            identity: row.get::<_, Option<Key>>(2)?.map(Into::into),
            is_there: row.get(3)?,
            protected: row.get(4)?,
        })
    })
    .optional()?
    .ok_or_else(|| not_found("account", account))
}

const BUSY: &str = "an operation on it is under way; try again when it has ended";
const PROTECTED: &str = "it is protected; change `protected` of the target first";

/// Links an account to an identity, because a person says so.
pub(crate) fn link(tx: &Transaction<'_>, account: AccountId, identity: IdentityId, now: Timestamp) -> Result<()> {
    let row = row(tx, account)?;
    let refuse = |reason: &str| Err(refused("account", account, reason));
    let exists = tx.prepare_cached("SELECT 1 FROM identity WHERE id = ?1")?.exists([Key::from(identity)])?;
    match row.identity {
        _ if !exists => return Err(not_found("identity", identity)),
        _ if row.protected => return refuse(PROTECTED),
        Some(owner) if owner == identity => return refuse("it is linked to this identity already"),
        Some(owner) => {
            return refuse(&format!(
                "it belongs to identity {owner}; take it away first with `purser account unlink {account}`"
            ));
        }
        None if !row.is_there => return refuse("it is not in the target"),
        None if is_busy(tx, account)? => return refuse(BUSY),
        None => {}
    }
    match make_room(tx, identity, &row.target, &row.class, now)? {
        Room::Made => {}
        Room::Busy => return refuse("the identity's account there is being created; try again when that has ended"),
        Room::Taken(other) => {
            return refuse(&format!(
                "the identity has account {other} there; take that away first with `purser account unlink {other}`"
            ));
        }
    }
    let remote_id = give(tx, account, identity)?;
    let note = Note::account(account, Some(identity), &row.target).details(json!({"remote_id": remote_id}));
    note.write(tx, now, "account-linked", &format!("{identity} in {}", row.target))?;
    wake(tx, identity)
}

/// Whether an identity can be given an account of a class.
pub(crate) enum Room {
    /// It has none there any more: one that was never created, or is gone, was removed.
    Made,
    /// Its account there has an operation under way.
    Busy,
    /// It has this one.
    Taken(AccountId),
}

/// An account that was never created, or is gone, makes room for the one that exists.
pub(crate) fn make_room(
    tx: &Transaction<'_>,
    identity: IdentityId,
    target: &str,
    class: &str,
    now: Timestamp,
) -> Result<Room> {
    let in_the_way = tx
        .prepare_cached("SELECT id, remote_id IS NULL FROM account WHERE identity = ?1 AND target = ?2 AND class = ?3")?
        .query_row((Key::from(identity), target, class), |row| {
            Ok((AccountId::from(row.get::<_, Key>(0)?), row.get::<_, bool>(1)?))
        })
        .optional()?;
    match in_the_way {
        None => Ok(Room::Made),
        Some((other, false)) => Ok(Room::Taken(other)),
        Some((placeholder, true)) if is_busy(tx, placeholder)? => Ok(Room::Busy),
        Some((placeholder, true)) => {
            drop_placeholder(tx, placeholder, now)?;
            Ok(Room::Made)
        }
    }
}

fn drop_placeholder(tx: &Transaction<'_>, placeholder: AccountId, now: Timestamp) -> Result<()> {
    supersede_all(tx, placeholder, "the account makes room for one that exists", now)?;
    tx.prepare_cached("DELETE FROM account WHERE id = ?1")?.execute([Key::from(placeholder)])?;
    Ok(())
}

/// Makes the account the identity's. Whoever else matched it is planned again.
pub(crate) fn give(tx: &Transaction<'_>, account: AccountId, identity: IdentityId) -> Result<Option<String>> {
    let (target, remote_id) = tx
        .prepare_cached(
            "UPDATE account SET identity = ?2, situation = 'linked', taken_from = NULL WHERE id = ?1 \
             RETURNING target, remote_id",
        )?
        .query_row((Key::from(account), Key::from(identity)), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?))
        })?;
    // What was planned for an account of nobody is not meant for it any more.
    tx.prepare_cached(
        "UPDATE operation SET state = 'superseded', detail = 'the account belongs to somebody now' \
         WHERE object = ?1 AND identity IS NULL AND state = 'waiting'",
    )?
    .execute([Key::from(account)])?;
    references::wake_referrers(tx, &Key::from(identity), &target)?;
    matching::withdraw(tx, account, Some(identity))?;
    Ok(remote_id)
}

/// Takes an account from its identity, because a person says so.
pub(crate) fn unlink(tx: &Transaction<'_>, account: AccountId, now: Timestamp) -> Result<()> {
    let row = row(tx, account)?;
    let refuse = |reason: &str| Err(refused("account", account, reason));
    let Some(identity) = row.identity else { return refuse("it is linked to nobody") };
    if row.protected && row.is_there {
        return refuse(PROTECTED);
    }
    if is_busy(tx, account)? {
        return refuse(BUSY);
    }
    supersede_all(tx, account, "a person took the account from the identity", now)?;
    if row.is_there {
        tx.prepare_cached(
            "UPDATE account SET identity = NULL, situation = 'unmatched', taken_from = ?2, pushed = '{}', pushing = NULL, \
             leaving_since = NULL, deletion_cancelled = 0 WHERE id = ?1",
        )?
        .execute((Key::from(account), Key::from(identity)))?;
    } else {
        tx.prepare_cached("DELETE FROM account WHERE id = ?1")?.execute([Key::from(account)])?;
    }
    references::wake_referrers(tx, &Key::from(identity), &row.target)?;
    let note = Note::account(account, Some(identity), &row.target);
    note.write(tx, now, "account-unlinked", &format!("{identity} in {}", row.target))?;
    wake(tx, identity)
}

/// Forgets an account that is gone from the target; its identity is planned as one that never had it.
pub(crate) fn forget_missing(
    tx: &Transaction<'_>,
    account: AccountId,
    identity: IdentityId,
    now: Timestamp,
) -> Result<()> {
    let target = tx
        .prepare_cached("SELECT target FROM account WHERE id = ?1 AND identity = ?2 AND gone_since IS NOT NULL")?
        .query_row((Key::from(account), Key::from(identity)), |row| row.get::<_, String>(0))
        .optional()?;
    let Some(target) = target else { return Ok(()) };
    if is_busy(tx, account)? {
        return Ok(());
    }
    supersede_all(tx, account, "the account is forgotten", now)?;
    tx.prepare_cached("DELETE FROM account WHERE id = ?1")?.execute([Key::from(account)])?;
    stream_event(tx, now, "account-forgotten", &account, &format!("{identity} in {target}"))?;
    wake(tx, identity)
}

/// Whether a call about the account is under way, or ended in a way that is not known.
pub(crate) fn is_busy(tx: &Transaction<'_>, account: AccountId) -> Result<bool> {
    Ok(tx
        .prepare_cached("SELECT 1 FROM operation WHERE object = ?1 AND state IN ('in-flight', 'unknown')")?
        .exists([Key::from(account)])?)
}

/// Takes everything that waits for an account out of the queue.
pub(crate) fn supersede_all(tx: &Transaction<'_>, account: AccountId, why: &str, now: Timestamp) -> Result<()> {
    let mut query = tx.prepare_cached(
        "UPDATE operation SET state = 'superseded', changed_at = ?3, detail = ?2 \
         WHERE object = ?1 AND state = 'waiting' RETURNING id",
    )?;
    let ids = collect(query.query((Key::from(account), why, micros(now)))?, |row| Ok(row.get::<_, Key>(0)?))?;
    for id in ids {
        stream_event(tx, now, "operation-superseded", &purser_model::id::OperationId::from(id), why)?;
    }
    Ok(())
}
