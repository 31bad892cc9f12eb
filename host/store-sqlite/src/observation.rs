//! What was seen in a target.

use crate::failure::Result;
use crate::references;
use crate::rows::{Key, collect, json, micros, wake, write_event};
use jiff::Timestamp;
use purser_model::account::EntitlementKey;
use purser_model::id::{AccountId, IdentityId, Ids};
use purser_model::manifest::ClassKind;
use purser_store::{ClassOfTarget, Observation};
use rusqlite::{OptionalExtension, Transaction};
use std::collections::BTreeSet;

/// Records an object as it was seen, and wakes whom it concerns.
pub(crate) fn record_one(
    tx: &Transaction<'_>,
    ids: &Ids,
    class: &ClassOfTarget,
    observation: &Observation,
    now: Timestamp,
) -> Result<AccountId> {
    match class.kind {
        ClassKind::Entitlement => record_entitlement(tx, ids, class, observation, now),
        ClassKind::Account | ClassKind::Other => record_account(tx, ids, class, observation, now),
    }
}

fn record_account(
    tx: &Transaction<'_>,
    ids: &Ids,
    class: &ClassOfTarget,
    observation: &Observation,
    now: Timestamp,
) -> Result<AccountId> {
    let known = tx
        .prepare_cached("SELECT number, id, identity FROM account WHERE target = ?1 AND class = ?2 AND remote_id = ?3")?
        .query_row((class.target.as_str(), &class.class, &observation.object.id), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Key>(1)?, row.get::<_, Option<Key>>(2)?))
        })
        .optional()?;
    let (number, id, identity) = match known {
        Some((number, id, identity)) => (number, AccountId::from(id), identity.map(IdentityId::from)),
        None => {
            let id = AccountId(ids.next(now));
            (insert_unmatched(tx, id, class)?, id, None)
        }
    };
    write_account(tx, number, class, observation)?;
    if let Some(identity) = identity {
        tx.prepare_cached("UPDATE account SET situation = 'linked' WHERE number = ?1 AND situation = 'missing'")?
            .execute([number])?;
        wake(tx, identity)?;
    }
    Ok(id)
}

fn insert_unmatched(tx: &Transaction<'_>, id: AccountId, class: &ClassOfTarget) -> Result<i64> {
    tx.prepare_cached(
        "INSERT INTO account (id, target, class, situation, secondary_ids, attributes, pushed) \
         VALUES (?1, ?2, ?3, 'unmatched', '[]', '{}', '{}')",
    )?
    .execute((Key::from(id), class.target.as_str(), &class.class))?;
    Ok(tx.last_insert_rowid())
}

/// Writes what was seen into the account's row, with its keys and what it holds.
pub(crate) fn write_account(
    tx: &Transaction<'_>,
    number: i64,
    class: &ClassOfTarget,
    observation: &Observation,
) -> Result<()> {
    let object = &observation.object;
    let secondary_ids = json("account", &object.secondary_ids)?;
    let (owner, known_as) = tx
        .prepare_cached("SELECT identity, remote_id IS ?2 AND secondary_ids = ?3 FROM account WHERE number = ?1")?
        .query_row((number, &object.id, &secondary_ids), |row| {
            Ok((row.get::<_, Option<Key>>(0)?, row.get::<_, bool>(1)?))
        })?;
    if let (Some(owner), false) = (owner, known_as) {
        references::wake_referrers(tx, &owner, class.target.as_str())?;
    }
    tx.prepare_cached(
        "UPDATE account SET remote_id = ?2, secondary_ids = ?3, version = ?4, active = ?5, attributes = ?6, digest = ?7 \
         WHERE number = ?1",
    )?
    .execute((
        number,
        &object.id,
        &secondary_ids,
        &object.version,
        object.active,
        &object.attributes,
        observation.digest.0,
    ))?;
    tx.prepare_cached("DELETE FROM account_key WHERE account = ?1")?.execute([number])?;
    let mut key = tx.prepare_cached(
        "INSERT OR IGNORE INTO account_key (target, class, attribute, value, account) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (attribute, value) in &observation.keys {
        key.execute((class.target.as_str(), &class.class, attribute.to_lowercase(), value.to_lowercase(), number))?;
    }
    if let Some(held) = &observation.held {
        for held_class in &held.classes {
            tx.prepare_cached("DELETE FROM holding WHERE target = ?1 AND account = ?2 AND class = ?3")?.execute((
                class.target.as_str(),
                &object.id,
                held_class,
            ))?;
        }
        for entitlement in &held.entitlements {
            hold(tx, class.target.as_str(), &object.id, entitlement)?;
        }
    }
    Ok(())
}

/// Records that an account holds an entitlement.
pub(crate) fn hold(tx: &Transaction<'_>, target: &str, account: &str, entitlement: &EntitlementKey) -> Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO holding (target, account, class, entitlement) VALUES (?1, ?2, ?3, ?4)")?
        .execute((target, account, &entitlement.class, &entitlement.id))?;
    Ok(())
}

/// Records that an account does not hold an entitlement.
pub(crate) fn release(tx: &Transaction<'_>, target: &str, account: &str, entitlement: &EntitlementKey) -> Result<()> {
    tx.prepare_cached("DELETE FROM holding WHERE target = ?1 AND account = ?2 AND class = ?3 AND entitlement = ?4")?
        .execute((target, account, &entitlement.class, &entitlement.id))?;
    Ok(())
}

fn record_entitlement(
    tx: &Transaction<'_>,
    ids: &Ids,
    class: &ClassOfTarget,
    observation: &Observation,
    now: Timestamp,
) -> Result<AccountId> {
    let target = class.target.as_str();
    let object = &observation.object;
    let by_remote_id = tx
        .prepare_cached("SELECT number, id, name FROM entitlement WHERE target = ?1 AND class = ?2 AND remote_id = ?3")?
        .query_row((target, &class.class, &object.id), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Key>(1)?, row.get::<_, Option<String>>(2)?))
        })
        .optional()?;
    let waiting_for_it = tx
        .prepare_cached(
            "SELECT number, id, name FROM entitlement WHERE target = ?1 AND name = ?2 AND remote_id IS NULL",
        )?
        .query_row((target, &observation.declared), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Key>(1)?, row.get::<_, Option<String>>(2)?))
        })
        .optional()?;
    let newly_resolved = by_remote_id.as_ref().and_then(|known| known.2.as_ref()) != observation.declared.as_ref();
    let (number, id) = match (by_remote_id, waiting_for_it) {
        (Some((number, id, _)), Some((placeholder, _, _))) => {
            give_up_creating(tx, placeholder, now)?;
            (number, id)
        }
        (Some((number, id, _)), None) | (None, Some((number, id, _))) => (number, id),
        (None, None) => {
            let id = Key::from(AccountId(ids.next(now)));
            tx.prepare_cached("INSERT INTO entitlement (id, target, class, attributes) VALUES (?1, ?2, ?3, '{}')")?
                .execute((&id, target, &class.class))?;
            (tx.last_insert_rowid(), id)
        }
    };
    if let Some(name) = &observation.declared {
        // The declared value moved to another object: the name goes with it.
        tx.prepare_cached("UPDATE entitlement SET name = NULL WHERE target = ?1 AND name = ?2 AND number <> ?3")?
            .execute((target, name, number))?;
    }
    tx.prepare_cached(
        "UPDATE entitlement SET remote_id = ?2, name = ?3, version = ?4, attributes = ?5, digest = ?6 WHERE number = ?1",
    )?
    .execute((number, &object.id, &observation.declared, &object.version, &object.attributes, observation.digest.0))?;
    if let Some(holders) = &observation.holders {
        replace_holders(tx, target, &EntitlementKey { class: class.class.clone(), id: object.id.clone() }, holders)?;
    }
    if newly_resolved {
        tx.prepare_cached(
            "INSERT OR REPLACE INTO wake (identity) SELECT identity FROM account WHERE target = ?1 AND identity IS NOT NULL",
        )?
        .execute([target])?;
    }
    Ok(id.into())
}

/// What was to be created turns out to be there: the placeholder goes, and with it the operations that would create it.
fn give_up_creating(tx: &Transaction<'_>, placeholder: i64, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE operation SET state = 'superseded', changed_at = ?2, detail = 'it is there already' \
         WHERE state IN ('waiting', 'unknown') AND object = (SELECT id FROM entitlement WHERE number = ?1)",
        (placeholder, micros(now)),
    )?;
    tx.execute("DELETE FROM entitlement WHERE number = ?1", [placeholder])?;
    Ok(())
}

/// Brings the holders of an entitlement up to date and wakes the identities of those that came or went.
fn replace_holders(tx: &Transaction<'_>, target: &str, entitlement: &EntitlementKey, holders: &[String]) -> Result<()> {
    let mut query =
        tx.prepare_cached("SELECT account FROM holding WHERE target = ?1 AND class = ?2 AND entitlement = ?3")?;
    let before: BTreeSet<String> =
        collect(query.query((target, &entitlement.class, &entitlement.id))?, |row| Ok(row.get(0)?))?
            .into_iter()
            .collect();
    let now: BTreeSet<String> = holders.iter().cloned().collect();
    for gone in before.difference(&now) {
        release(tx, target, gone, entitlement)?;
        wake_holder(tx, target, gone)?;
    }
    for come in now.difference(&before) {
        hold(tx, target, come, entitlement)?;
        wake_holder(tx, target, come)?;
    }
    Ok(())
}

fn wake_holder(tx: &Transaction<'_>, target: &str, remote_id: &str) -> Result<()> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO wake (identity) \
         SELECT identity FROM account WHERE target = ?1 AND remote_id = ?2 AND identity IS NOT NULL",
    )?
    .execute((target, remote_id))?;
    Ok(())
}

pub(crate) fn record_gone(
    tx: &Transaction<'_>,
    class: &ClassOfTarget,
    remote_ids: &[String],
    now: Timestamp,
) -> Result<()> {
    for remote_id in remote_ids {
        match class.kind {
            ClassKind::Entitlement => forget_entitlement(tx, class, remote_id, now)?,
            ClassKind::Account | ClassKind::Other => account_gone(tx, class, remote_id, now)?,
        }
    }
    Ok(())
}

fn account_gone(tx: &Transaction<'_>, class: &ClassOfTarget, remote_id: &str, now: Timestamp) -> Result<()> {
    let known = tx
        .prepare_cached("SELECT number, id, identity FROM account WHERE target = ?1 AND class = ?2 AND remote_id = ?3")?
        .query_row((class.target.as_str(), &class.class, remote_id), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Key>(1)?, row.get::<_, Option<Key>>(2)?))
        })
        .optional()?;
    let Some((number, id, identity)) = known else { return Ok(()) };
    write_event(tx, now, "account-gone", &AccountId::from(id), &format!("from {}", class.target))?;
    match identity {
        Some(identity) => {
            make_missing(tx, class.target.as_str(), number, remote_id)?;
            wake(tx, identity.into())
        }
        None => forget_account(tx, class.target.as_str(), number, Some(remote_id)),
    }
}

/// A linked account that is not in the target: its row stays for the identity, its content goes.
pub(crate) fn make_missing(tx: &Transaction<'_>, target: &str, number: i64, remote_id: &str) -> Result<()> {
    forget_content(tx, target, number, Some(remote_id))?;
    tx.prepare_cached(
        "UPDATE account SET situation = 'missing', remote_id = NULL, secondary_ids = '[]', version = NULL, active = NULL, \
         attributes = '{}', digest = NULL, pushed = '{}' WHERE number = ?1",
    )?
    .execute([number])?;
    Ok(())
}

/// Removes an account's row.
pub(crate) fn forget_account(tx: &Transaction<'_>, target: &str, number: i64, remote_id: Option<&str>) -> Result<()> {
    forget_content(tx, target, number, remote_id)?;
    tx.prepare_cached("DELETE FROM account WHERE number = ?1")?.execute([number])?;
    Ok(())
}

fn forget_content(tx: &Transaction<'_>, target: &str, number: i64, remote_id: Option<&str>) -> Result<()> {
    tx.prepare_cached("DELETE FROM account_key WHERE account = ?1")?.execute([number])?;
    tx.prepare_cached("DELETE FROM holding WHERE target = ?1 AND account = ?2")?.execute((target, remote_id))?;
    Ok(())
}

fn forget_entitlement(tx: &Transaction<'_>, class: &ClassOfTarget, remote_id: &str, now: Timestamp) -> Result<()> {
    let target = class.target.as_str();
    replace_holders(tx, target, &EntitlementKey { class: class.class.clone(), id: remote_id.to_owned() }, &[])?;
    tx.prepare_cached("DELETE FROM entitlement WHERE target = ?1 AND class = ?2 AND remote_id = ?3")?.execute((
        target,
        &class.class,
        remote_id,
    ))?;
    write_event(tx, now, "entitlement-gone", &format!("{}:{remote_id}", class.class), &format!("from {target}"))
}
