//! What was seen in a target.

use crate::audit::Note;
use crate::details::{difference, parsed};
use crate::execution::note_state;
use crate::failure::Result;
use crate::fingerprints;
use crate::hidden::Hidden;
use crate::rows::{self, Key, OPERATION, collect, micros, stream_event};
use crate::seen::marks;
use crate::transaction::Transaction;
use crate::wakes::{wake, wake_whom};
use crate::{matching, protection, references};
use jiff::Timestamp;
use purser_model::account::EntitlementKey;
use purser_model::fingerprint::Fingerprint;
use purser_model::id::{AccountId, IdentityId, Ids};
use purser_model::manifest::ClassKind;
use purser_store::{ClassOfTarget, Observation};
use rusqlite::OptionalExtension;
use serde_json::{Value, json};
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
    let known = known_account(tx, class, &observation.object.id)?;
    let Some(known) = known else {
        let id = AccountId(ids.next(now));
        let number = insert_unmatched(tx, id, class)?;
        write_account(tx, number, class, observation, now)?;
        stream_event(tx, now, "account-found", &id, &format!("in {}", class.target))?;
        return Ok(id);
    };
    write_account(tx, known.number, class, observation, now)?;
    note_difference(tx, class, &known, observation, now)?;
    if let Some(identity) = known.identity {
        let linked = tx
            .prepare_cached("UPDATE account SET situation = 'linked' WHERE number = ?1 AND situation = 'missing'")?
            .execute([known.number])?;
        if linked > 0 {
            let note = Note::account(known.id, known.identity, class.target.as_str());
            let details = json!({"remote_id": observation.object.id});
            note.details(details).write(tx, now, "account-linked", &format!("in {}", class.target))?;
        }
        wake(tx, identity)?;
    }
    Ok(known.id)
}

/// An account as it was last seen.
struct KnownAccount {
    number: i64,
    id: AccountId,
    identity: Option<IdentityId>,
    digest: Option<Vec<u8>>,
    active: Option<bool>,
    attributes: String,
}

fn known_account(tx: &Transaction<'_>, class: &ClassOfTarget, remote_id: &str) -> Result<Option<KnownAccount>> {
    let known = tx
        .prepare_cached(
            "SELECT number, id, identity, digest, active, attributes FROM account \
             WHERE target = ?1 AND class = ?2 AND remote_id = ?3",
        )?
        .query_row((class.target.as_str(), &class.class, remote_id), |row| {
            Ok(KnownAccount {
                number: row.get(0)?,
                id: row.get::<_, Key>(1)?.into(),
                identity: row.get::<_, Option<Key>>(2)?.map(Into::into),
                digest: row.get(3)?,
                active: row.get(4)?,
                attributes: row.get(5)?,
            })
        })
        .optional()?;
    Ok(known)
}

/// Tells what differs in an account from what was last seen; of one that belongs to somebody, with its values.
fn note_difference(
    tx: &Transaction<'_>,
    class: &ClassOfTarget,
    known: &KnownAccount,
    observation: &Observation,
    now: Timestamp,
) -> Result<()> {
    let object = &observation.object;
    if known.digest.as_deref() == Some(observation.digest.0.as_slice())
        || (known.active == object.active && known.attributes == object.attributes)
    {
        return Ok(());
    }
    let (target, event) = (class.target.as_str(), format!("in {}", class.target));
    if known.identity.is_none() {
        return stream_event(tx, now, "account-changed", &known.id, &event);
    }
    let hidden = Hidden::of_class(tx, target, &class.class)?;
    let (old, new) = (parsed(&known.attributes), parsed(&object.attributes));
    let mut details = json!({"attributes": difference(&old, &new, &hidden)});
    if known.active != object.active {
        details["active"] = json!({"old": known.active, "new": object.active});
    }
    Note::account(known.id, known.identity, target).details(details).write(tx, now, "account-changed", &event)
}

/// The content of an account as it was last seen, before it goes.
pub(crate) fn last_seen(tx: &Transaction<'_>, account: AccountId, target: &str, class: &str) -> Result<Value> {
    let row = tx
        .prepare_cached("SELECT remote_id, active, attributes FROM account WHERE id = ?1")?
        .query_row([Key::from(account)], |row| {
            Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<bool>>(1)?, row.get::<_, String>(2)?))
        })
        .optional()?;
    let Some((remote_id, active, attributes)) = row else { return Ok(json!({})) };
    let hidden = Hidden::of_class(tx, target, class)?;
    let gone = difference(&parsed(&attributes), &purser_model::Attributes::new(), &hidden);
    Ok(json!({"remote_id": remote_id, "active": {"old": active, "new": null}, "attributes": gone}))
}

fn insert_unmatched(tx: &Transaction<'_>, id: AccountId, class: &ClassOfTarget) -> Result<i64> {
    tx.prepare_cached(
        "INSERT INTO account (id, target, class, situation, secondary_ids, attributes, pushed) \
         VALUES (?1, ?2, ?3, 'unmatched', '[]', '{}', '{}')",
    )?
    .execute((Key::from(id), class.target.as_str(), &class.class))?;
    let number = tx.last_insert_rowid();
    marks::withdraw_from_new(tx, number)?;
    Ok(number)
}

/// Writes what was seen into the account's row, with its keys and what it holds.
pub(crate) fn write_account(
    tx: &Transaction<'_>,
    number: i64,
    class: &ClassOfTarget,
    observation: &Observation,
    now: Timestamp,
) -> Result<()> {
    let object = &observation.object;
    let secondary_ids = rows::json("account", &object.secondary_ids)?;
    let (owner, known_as) = tx
        .prepare_cached("SELECT identity, remote_id IS ?2 AND secondary_ids = ?3 FROM account WHERE number = ?1")?
        .query_row((number, &object.id, &secondary_ids), |row| {
            Ok((row.get::<_, Option<Key>>(0)?, row.get::<_, bool>(1)?))
        })?;
    if let (Some(owner), false) = (owner, known_as) {
        references::wake_referrers(tx, &owner, class.target.as_str())?;
    }
    let fingerprint = Fingerprint::of(&class.target, &class.class, &object.id, &observation.digest);
    tx.prepare_cached(
        "UPDATE account SET remote_id = ?2, secondary_ids = ?3, version = ?4, active = ?5, attributes = ?6, digest = ?7, \
         fingerprint = ?8, gone_since = NULL WHERE number = ?1",
    )?
    .execute((
        number,
        &object.id,
        &secondary_ids,
        &object.version,
        object.active,
        &object.attributes,
        observation.digest.0,
        fingerprint.name,
    ))?;
    fingerprints::keep(tx, number, fingerprint)?;
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
    let account = tx
        .prepare_cached("SELECT id FROM account WHERE number = ?1")?
        .query_row([number], |row| Ok(AccountId::from(row.get::<_, Key>(0)?)))?;
    protection::keep(tx, account, observation.protected_because.as_deref(), now)
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
    let known_digest = match &by_remote_id {
        Some((number, ..)) => tx
            .prepare_cached("SELECT digest FROM entitlement WHERE number = ?1")?
            .query_row([number], |row| row.get::<_, Option<Vec<u8>>>(0))?,
        None => None,
    };
    let waiting_for_it = tx
        .prepare_cached(
            "SELECT number, id, name FROM entitlement WHERE target = ?1 AND name = ?2 AND remote_id IS NULL",
        )?
        .query_row((target, &observation.declared), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Key>(1)?, row.get::<_, Option<String>>(2)?))
        })
        .optional()?;
    let is_new = by_remote_id.is_none();
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
    let kind = if is_new { "entitlement-found" } else { "entitlement-changed" };
    if is_new || known_digest.as_deref() != Some(observation.digest.0.as_slice()) {
        stream_event(tx, now, kind, &format!("{}:{}", class.class, object.id), &format!("in {target}"))?;
    }
    if let Some(holders) = &observation.holders {
        let key = EntitlementKey { class: class.class.clone(), id: object.id.clone() };
        replace_holders(tx, target, &key, holders, now)?;
    }
    if newly_resolved {
        wake_whom(tx, "SELECT identity FROM account WHERE target = ?1 AND identity IS NOT NULL", [target])?;
    }
    Ok(id.into())
}

/// What was to be created turns out to be there: the placeholder goes, and with it the operations that would create it.
fn give_up_creating(tx: &Transaction<'_>, placeholder: i64, now: Timestamp) -> Result<()> {
    let mut query = tx.prepare_cached(&format!(
        "UPDATE operation SET state = 'superseded', changed_at = ?2, detail = 'it is there already' \
         WHERE state IN ('waiting', 'unknown') AND object = (SELECT id FROM entitlement WHERE number = ?1) \
         RETURNING {OPERATION}"
    ))?;
    let given_up = collect(query.query((placeholder, micros(now)))?, rows::operation)?;
    given_up.iter().try_for_each(|operation| note_state(tx, operation, now))?;
    tx.execute("DELETE FROM entitlement WHERE number = ?1", [placeholder])?;
    Ok(())
}

/// Brings the holders of an entitlement up to date and wakes the identities of those that came or went.
fn replace_holders(
    tx: &Transaction<'_>,
    target: &str,
    entitlement: &EntitlementKey,
    holders: &[String],
    at: Timestamp,
) -> Result<()> {
    let mut query =
        tx.prepare_cached("SELECT account FROM holding WHERE target = ?1 AND class = ?2 AND entitlement = ?3")?;
    let before: BTreeSet<String> =
        collect(query.query((target, &entitlement.class, &entitlement.id))?, |row| Ok(row.get(0)?))?
            .into_iter()
            .collect();
    let now: BTreeSet<String> = holders.iter().cloned().collect();
    note_holders(tx, target, entitlement, (&before, &now), at)?;
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

/// Most holders that are named one by one; a group of a whole company is told in numbers.
const MOST_NAMED: usize = 100;

fn note_holders(
    tx: &Transaction<'_>,
    target: &str,
    entitlement: &EntitlementKey,
    (before, now): (&BTreeSet<String>, &BTreeSet<String>),
    at: Timestamp,
) -> Result<()> {
    let came: Vec<&String> = now.difference(before).collect();
    let went: Vec<&String> = before.difference(now).collect();
    if came.is_empty() && went.is_empty() {
        return Ok(());
    }
    let named = |holders: &[&String]| holders.iter().take(MOST_NAMED).map(ToString::to_string).collect::<Vec<_>>();
    let details = json!({
        "came": {"count": came.len(), "accounts": named(&came)},
        "went": {"count": went.len(), "accounts": named(&went)},
    });
    let note = Note::about("entitlement", &format!("{}:{}", entitlement.class, entitlement.id)).in_target(target);
    let event = format!("{} came, {} went in {target}", came.len(), went.len());
    note.details(details).write(tx, at, "entitlement-holders-changed", &event)
}

fn wake_holder(tx: &Transaction<'_>, target: &str, remote_id: &str) -> Result<()> {
    wake_whom(
        tx,
        "SELECT identity FROM account WHERE target = ?1 AND remote_id = ?2 AND identity IS NOT NULL",
        (target, remote_id),
    )?;
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
    let Some(known) = known_account(tx, class, remote_id)? else { return Ok(()) };
    let target = class.target.as_str();
    let details = last_seen(tx, known.id, target, &class.class)?;
    let note = Note::account(known.id, known.identity, target).details(details);
    note.write(tx, now, "account-gone", &format!("from {target}"))?;
    match known.identity {
        Some(identity) => {
            make_missing(tx, target, known.number, remote_id, now)?;
            wake(tx, identity)
        }
        None => forget_account(tx, target, known.number, Some(remote_id)),
    }
}

/// A linked account that is not in the target: its row stays for the identity, its content goes.
pub(crate) fn make_missing(
    tx: &Transaction<'_>,
    target: &str,
    number: i64,
    remote_id: &str,
    now: Timestamp,
) -> Result<()> {
    forget_content(tx, target, number, Some(remote_id))?;
    tx.prepare_cached(
        "UPDATE account SET situation = 'missing', remote_id = NULL, secondary_ids = '[]', version = NULL, active = NULL, \
         attributes = '{}', digest = NULL, pushed = '{}', gone_since = ?2 WHERE number = ?1",
    )?
    .execute((number, micros(now)))?;
    Ok(())
}

/// Removes an account's row; whoever matched it is planned again.
pub(crate) fn forget_account(tx: &Transaction<'_>, target: &str, number: i64, remote_id: Option<&str>) -> Result<()> {
    forget_content(tx, target, number, remote_id)?;
    let account = tx
        .prepare_cached("SELECT id FROM account WHERE number = ?1")?
        .query_row([number], |row| Ok(AccountId::from(row.get::<_, Key>(0)?)))
        .optional()?;
    if let Some(account) = account {
        matching::withdraw(tx, account, None)?;
    }
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
    replace_holders(tx, target, &EntitlementKey { class: class.class.clone(), id: remote_id.to_owned() }, &[], now)?;
    tx.prepare_cached("DELETE FROM entitlement WHERE target = ?1 AND class = ?2 AND remote_id = ?3")?.execute((
        target,
        &class.class,
        remote_id,
    ))?;
    let note = Note::about("entitlement", &format!("{}:{remote_id}", class.class)).in_target(target);
    note.write(tx, now, "entitlement-gone", &format!("from {target}"))
}
