//! Taking operations from the queue, and recording how they ended.

use crate::audit::Note;
use crate::details::{intended, parsed, value_at};
use crate::failure::{Result, damaged, not_found};
use crate::held;
use crate::hidden::Hidden;
use crate::links::supersede_all;
use crate::listing::{Listing, OF_TARGETS, Order, PageQuery, at};
use crate::matching;
use crate::observation::{self, forget_account, hold, make_missing, record_one, release, write_account};
use crate::quarantine;
use crate::rows::{self, ACCOUNT, ENTITLEMENT, Key, OPERATION, collect, micros, stream_event, time};
use crate::transaction::Transaction;
use crate::wakes::wake;
use jiff::Timestamp;
use purser_model::account::{EntitlementKey, Situation};
use purser_model::id::{AccountId, IdentityId, Ids, OperationId, TargetName};
use purser_model::manifest::ClassKind;
use purser_model::operation::{EntitlementReference, Intent, Operation, OperationState};
use purser_store::{
    ClassOfTarget, Leased, Observation, OperationFilter, OperationObject, PageRequest, QueueState, Recording, Seen,
};
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json};

pub(crate) fn recover(tx: &Transaction<'_>, now: Timestamp) -> Result<u64> {
    let mut query = tx.prepare_cached(&format!(
        "UPDATE operation SET state = 'unknown', changed_at = ?1, detail = 'the host stopped during the call', \
         error_class = 'host-stopped' \
         WHERE state = 'in-flight' RETURNING {OPERATION}"
    ))?;
    let found = collect(query.query([micros(now)])?, rows::operation)?;
    found.iter().try_for_each(|operation| note_state(tx, operation, now))?;
    Ok(found.len() as u64)
}

/// Tells where an operation is now, and why.
pub(crate) fn note_state(tx: &Transaction<'_>, operation: &Operation, now: Timestamp) -> Result<()> {
    let details = json!({
        "kind": operation.intent.name(),
        "state": operation.state,
        "attempts": operation.attempts,
        "detail": operation.detail,
    });
    Note::operation(operation).details(details).write(
        tx,
        now,
        &format!("operation-{}", operation.state),
        &event_text(operation),
    )
}

/// What an event says of an operation.
pub(crate) fn event_text(operation: &Operation) -> String {
    format!("{} in {}", operation.intent.name(), operation.target)
}

/// Takes what is due in a target; with `only`, what serves this identity, and entitlements that are to be created.
pub(crate) fn lease(
    tx: &Transaction<'_>,
    target: &TargetName,
    only: Option<IdentityId>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Leased>> {
    // At most one per object, in the order of the plan: what was planned earlier and is still open goes first.
    let mut due = tx.prepare_cached(&format!(
        "SELECT {OPERATION} FROM operation AS this WHERE target = ?1 AND state = 'waiting' AND not_before <= ?2 \
         AND (?4 IS NULL OR identity = ?4 OR identity IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM operation AS earlier WHERE earlier.object = this.object \
             AND earlier.number < this.number AND earlier.state IN ('waiting', 'in-flight', 'unknown')) \
         ORDER BY number LIMIT ?3"
    ))?;
    let operations = collect(due.query((target.as_str(), micros(now), limit, only.map(Key::from)))?, rows::operation)?;
    let found = operations.len();
    let mut leased = Vec::with_capacity(found);
    for mut operation in operations {
        let Some(object) = object(tx, &operation)? else {
            refuse_orphan(tx, &operation, now)?;
            continue;
        };
        if let Some(why) = must_not_be_sent(&operation, &object) {
            supersede_all(tx, operation.object, why, now)?;
            continue;
        }
        tx.prepare_cached(
            "UPDATE operation SET state = 'in-flight', attempts = attempts + 1, changed_at = ?2 WHERE id = ?1",
        )?
        .execute((Key::from(operation.id), micros(now)))?;
        operation.state = OperationState::InFlight;
        operation.attempts += 1;
        let details = json!({"kind": operation.intent.name(), "attempts": operation.attempts});
        Note::operation(&operation).details(details).write(tx, now, "operation-sent", &event_text(&operation))?;
        if operation.intent.takes_away() {
            note_taken_away(tx, &operation, true)?;
        }
        leased.push(Leased { operation, object });
    }
    // Some were taken out of the queue on the way: what stands behind them is due now.
    if leased.is_empty() && found > 0 { lease(tx, target, only, limit, now) } else { Ok(leased) }
}

/// An operation whose object is not kept any more can never be sent; it must not hold up those behind it.
fn refuse_orphan(tx: &Transaction<'_>, operation: &Operation, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "UPDATE operation SET state = 'refused', changed_at = ?2, detail = 'its account is not known any more', \
         error_class = 'account-not-known' \
         WHERE id = ?1",
    )?
    .execute((Key::from(operation.id), micros(now)))?;
    note_state(tx, &one(tx, operation.id)?, now)
}

/// Why an operation is not sent, although its plan was right: what it was about has changed since.
fn must_not_be_sent(operation: &Operation, object: &OperationObject) -> Option<&'static str> {
    let OperationObject::Account(account) = object else { return None };
    if account.protected_because.is_some() || account.situation == Situation::Protected {
        return Some("the account is protected");
    }
    let for_nobody = operation.identity.is_none();
    (for_nobody && account.situation != Situation::Unmatched).then_some("the account may belong to somebody now")
}

/// The object of an operation; none where its row is gone.
fn object(connection: &Connection, operation: &Operation) -> Result<Option<OperationObject>> {
    let table_and_columns = match operation.intent {
        Intent::CreateEntitlement { .. } => ("entitlement", ENTITLEMENT),
        _ => ("account", ACCOUNT),
    };
    let (table, columns) = table_and_columns;
    let mut query = connection.prepare_cached(&format!("SELECT {columns} FROM {table} WHERE id = ?1"))?;
    let mut found = query.query([Key::from(operation.object)])?;
    let Some(row) = found.next()? else { return Ok(None) };
    Ok(Some(if table == "entitlement" {
        OperationObject::Entitlement(Box::new(rows::entitlement(row)?))
    } else {
        OperationObject::Account(Box::new(rows::with_held(connection, rows::account(row)?)?))
    }))
}

/// When taking away: record first, then call. With `taken` false the record is put back, since nothing was taken.
fn note_taken_away(tx: &Transaction<'_>, operation: &Operation, taken: bool) -> Result<()> {
    match &operation.intent {
        Intent::Disable => {
            tx.prepare_cached("UPDATE account SET active = ?2 WHERE id = ?1 AND active IS NOT NULL")?
                .execute((Key::from(operation.object), !taken))?;
        }
        Intent::Revoke { entitlement } => note_holding(tx, operation, entitlement, !taken)?,
        // A delete leaves the row until the target has done it: the row is all that remembers the account.
        _ => {}
    }
    Ok(())
}

fn note_holding(
    tx: &Transaction<'_>,
    operation: &Operation,
    reference: &EntitlementReference,
    held: bool,
) -> Result<()> {
    let target = operation.target.as_str();
    let account = tx
        .prepare_cached("SELECT remote_id FROM account WHERE id = ?1")?
        .query_row([Key::from(operation.object)], |row| row.get::<_, Option<String>>(0))
        .optional()?
        .flatten();
    let entitlement = match reference {
        EntitlementReference::Remote(key) => Some(key.clone()),
        EntitlementReference::Declared(name) => declared(tx, target, name)?,
    };
    if let (Some(account), Some(entitlement)) = (account, entitlement) {
        if held {
            hold(tx, target, &account, &entitlement)?;
        } else {
            release(tx, target, &account, &entitlement)?;
        }
    }
    Ok(())
}

fn declared(tx: &Transaction<'_>, target: &str, name: &str) -> Result<Option<EntitlementKey>> {
    Ok(tx
        .prepare_cached(
            "SELECT class, remote_id FROM entitlement WHERE target = ?1 AND name = ?2 AND remote_id IS NOT NULL",
        )?
        .query_row((target, name), |row| Ok(EntitlementKey { class: row.get(0)?, id: row.get(1)? }))
        .optional()?)
}

pub(crate) fn unknown(connection: &Connection, target: &TargetName, limit: u32, now: Timestamp) -> Result<Vec<Leased>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {OPERATION} FROM operation WHERE target = ?1 AND state = 'unknown' AND not_before <= ?3 \
         ORDER BY number LIMIT ?2"
    ))?;
    let operations = collect(query.query((target.as_str(), limit, micros(now)))?, rows::operation)?;
    let mut unknown = Vec::with_capacity(operations.len());
    for operation in operations {
        // While an operation has an unknown end its account is busy, and nothing removes the row.
        let object = object(connection, &operation)?
            .ok_or_else(|| damaged("operation", format!("{} has no object", operation.id)))?;
        unknown.push(Leased { operation, object });
    }
    Ok(unknown)
}

/// When an operation on an account last ended well.
pub(crate) fn written_at(connection: &Connection, class: &ClassOfTarget, remote_id: &str) -> Result<Option<Timestamp>> {
    let at: Option<i64> = connection
        .prepare_cached(
            "SELECT max(operation.changed_at) FROM account JOIN operation ON operation.identity = account.identity \
             AND operation.object = account.id AND operation.state IN ('applied', 'already-so') \
             WHERE account.target = ?1 AND account.class = ?2 AND account.remote_id = ?3",
        )?
        .query_row((class.target.as_str(), &class.class, remote_id), |row| row.get(0))?;
    at.map(time).transpose()
}

pub(crate) fn record(tx: &Transaction<'_>, ids: &Ids, recordings: &[Recording], now: Timestamp) -> Result<()> {
    for recording in recordings {
        record_one_operation(tx, ids, recording, now)?;
    }
    Ok(())
}

fn record_one_operation(tx: &Transaction<'_>, ids: &Ids, recording: &Recording, now: Timestamp) -> Result<()> {
    let operation = one(tx, recording.operation)?;
    let replan: bool = tx
        .prepare_cached("SELECT replan FROM operation WHERE id = ?1")?
        .query_row([Key::from(operation.id)], |row| row.get(0))?;
    // A newer plan has been made meanwhile: what was not done is not tried again, but planned again.
    let state = match recording.state {
        OperationState::Waiting if replan => OperationState::Superseded,
        state => state,
    };
    let quarantined = recording.quarantined && state == OperationState::Waiting;
    tx.prepare_cached(
        "UPDATE operation SET state = ?2, detail = coalesce(?3, detail), not_before = coalesce(?4, not_before), \
         changed_at = ?5, error_class = coalesce(?6, error_class), attempts = attempts - ?8, \
         quarantined_since = CASE WHEN ?7 THEN coalesce(quarantined_since, ?5) END WHERE id = ?1",
    )?
    .execute((
        Key::from(operation.id),
        state.as_str(),
        &recording.detail,
        recording.not_before.map(micros),
        micros(now),
        recording.error_class,
        quarantined,
        u32::from(!recording.sent),
    ))?;
    // Before what was seen takes the place of what was known.
    note_end(tx, &operation, state, recording, now)?;
    if let Some(until) = recording.kind_rests_until {
        quarantine::let_kind_rest(tx, &operation, until)?;
    }
    match operation.intent {
        Intent::CreateEntitlement { .. } => see_entitlement(tx, ids, &operation, &recording.seen, now)?,
        _ => see_account(tx, &operation, recording, now)?,
    }
    if state == OperationState::Refused && matches!(operation.intent, Intent::Create { .. }) {
        refuse_followers(tx, &operation, now)?;
    }
    let ended = state != OperationState::Unknown;
    if let (Some(identity), true) = (operation.identity, recording.wake || (replan && ended)) {
        wake(tx, identity)?;
    }
    Ok(())
}

/// Tells how a try ended, with the values before and after.
fn note_end(
    tx: &Transaction<'_>,
    operation: &Operation,
    state: OperationState,
    recording: &Recording,
    now: Timestamp,
) -> Result<()> {
    let hidden = Hidden::of_class(tx, operation.target.as_str(), &operation.class)?;
    let mut details = match state {
        OperationState::Applied | OperationState::AlreadySo => changed_values(tx, operation, recording, &hidden)?,
        _ => json!({"kind": operation.intent.name()}),
    };
    let quarantined = recording.quarantined && state == OperationState::Waiting;
    let end = if quarantined { "quarantined" } else { state.as_str() };
    details["state"] = json!(state);
    details["attempts"] = json!(operation.attempts);
    details["detail"] = json!(recording.detail.as_ref().map(|text| hidden.without_secrets(text, &operation.intent)));
    if let (OperationState::Waiting, Some(not_before)) = (state, recording.not_before) {
        details["not_before"] = json!(not_before);
    }
    Note::operation(operation).details(details).write(tx, now, &format!("operation-{end}"), &event_text(operation))
}

/// What an operation changed: old values from the account as it was last seen, new ones from what was seen after it, and
/// from the intent where nothing was.
fn changed_values(
    tx: &Transaction<'_>,
    operation: &Operation,
    recording: &Recording,
    hidden: &Hidden,
) -> Result<Value> {
    let known = tx
        .prepare_cached("SELECT attributes FROM account WHERE id = ?1")?
        .query_row([Key::from(operation.object)], |row| row.get::<_, String>(0))
        .optional()?;
    let known = known.map(|text| parsed(&text)).unwrap_or_default();
    let mut details = intended(&operation.intent, &|path| value_at(&known, path).cloned(), hidden);
    if let (Seen::Object(observation), Some(Value::Object(told))) = (&recording.seen, details.get_mut("attributes")) {
        let seen = parsed(&observation.object.attributes);
        for (attribute, values) in told {
            // What a target never returns is not there, and was written all the same.
            if let Some(value) = value_at(&seen, attribute) {
                values["new"] = hidden.shown(attribute, Some(value));
            }
        }
    }
    Ok(details.into())
}

fn see_entitlement(tx: &Transaction<'_>, ids: &Ids, operation: &Operation, seen: &Seen, now: Timestamp) -> Result<()> {
    if let Seen::Object(observation) = seen {
        let class = ClassOfTarget {
            target: operation.target.clone(),
            class: operation.class.clone(),
            kind: ClassKind::Entitlement,
        };
        record_one(tx, ids, &class, observation, now)?;
    }
    Ok(())
}

fn see_account(tx: &Transaction<'_>, operation: &Operation, recording: &Recording, now: Timestamp) -> Result<()> {
    let row = tx
        .prepare_cached("SELECT number, remote_id FROM account WHERE id = ?1")?
        .query_row([Key::from(operation.object)], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?)))
        .optional()?;
    let Some((number, remote_id)) = row else { return Ok(()) };
    let done = matches!(recording.state, OperationState::Applied | OperationState::AlreadySo);
    let not_done = matches!(recording.state, OperationState::Refused | OperationState::Waiting);
    if not_done && operation.intent.takes_away() {
        note_taken_away(tx, operation, false)?;
    }
    if done {
        note_done(tx, operation, number)?;
        held::wake_where_held(tx, operation.object)?;
        if let (Intent::Create { .. }, Some(identity)) = (&operation.intent, operation.identity) {
            matching::wake_where_it_matched(tx, identity)?;
        }
    }
    let is_nobodys = operation.identity.is_none();
    match &recording.seen {
        Seen::Nothing => {}
        Seen::Changed => {
            tx.prepare_cached("UPDATE account SET digest = NULL WHERE number = ?1")?.execute([number])?;
        }
        Seen::Object(observation) => see_object(tx, operation, number, observation, now)?,
        Seen::Gone if done && matches!(operation.intent, Intent::Delete) => {
            let details = last_seen(tx, operation)?;
            forget_account(tx, operation.target.as_str(), number, remote_id.as_deref())?;
            // Who came back while the delete was under way was planned with an account that is gone now.
            if let Some(identity) = operation.identity {
                wake(tx, identity)?;
            }
            account_note(operation).details(details).write(
                tx,
                now,
                "account-deleted",
                &format!("from {}", operation.target),
            )?;
        }
        Seen::Gone if is_nobodys => {
            forget_account(tx, operation.target.as_str(), number, remote_id.as_deref())?;
        }
        Seen::Gone => {
            if let Some(remote_id) = remote_id {
                let details = last_seen(tx, operation)?;
                make_missing(tx, operation.target.as_str(), number, &remote_id, now)?;
                let event = format!("from {}", operation.target);
                account_note(operation).details(details).write(tx, now, "account-gone", &event)?;
            }
        }
    }
    Ok(())
}

/// A note about the account of an operation.
fn account_note(operation: &Operation) -> Note {
    let note = Note::account(operation.object, operation.identity, operation.target.as_str());
    note.by_operation(operation.id, operation.plan)
}

/// The account of an operation as it was last seen, before it goes.
fn last_seen(tx: &Transaction<'_>, operation: &Operation) -> Result<Value> {
    observation::last_seen(tx, operation.object, operation.target.as_str(), &operation.class)
}

fn note_done(tx: &Transaction<'_>, operation: &Operation, number: i64) -> Result<()> {
    match &operation.intent {
        Intent::Create { .. } | Intent::Update { .. } => {
            tx.prepare_cached("UPDATE account SET pushed = coalesce(pushing, pushed) WHERE number = ?1")?
                .execute([number])?;
        }
        Intent::Enable => {
            tx.prepare_cached("UPDATE account SET active = 1 WHERE number = ?1")?.execute([number])?;
        }
        Intent::Disable => {
            tx.prepare_cached("UPDATE account SET active = 0 WHERE number = ?1")?.execute([number])?;
        }
        Intent::Grant { entitlement } => note_holding(tx, operation, entitlement, true)?,
        Intent::Revoke { entitlement } => note_holding(tx, operation, entitlement, false)?,
        Intent::Delete | Intent::CreateEntitlement { .. } => {}
    }
    Ok(())
}

/// The object that an operation made or changed. A listing may have met a created account before its operation was
/// recorded; that row makes room.
fn see_object(
    tx: &Transaction<'_>,
    operation: &Operation,
    number: i64,
    observation: &Observation,
    now: Timestamp,
) -> Result<()> {
    let target = operation.target.as_str();
    let twin = tx
        .prepare_cached(
            "SELECT number, id FROM account WHERE target = ?1 AND class = ?2 AND remote_id = ?3 AND number <> ?4 \
             AND identity IS NULL",
        )?
        .query_row((target, &operation.class, &observation.object.id, number), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Key>(1)?))
        })
        .optional()?;
    if let Some((twin, id)) = twin {
        let id = AccountId::from(id);
        matching::withdraw(tx, id, operation.identity)?;
        let event = "it is the one that an operation created";
        stream_event(tx, now, "account-forgotten", &id, event)?;
        tx.prepare_cached("DELETE FROM account_key WHERE account = ?1")?.execute([twin])?;
        tx.prepare_cached("DELETE FROM account WHERE number = ?1")?.execute([twin])?;
    }
    let class =
        ClassOfTarget { target: operation.target.clone(), class: operation.class.clone(), kind: ClassKind::Account };
    write_account(tx, number, &class, observation, now)?;
    let linked = tx
        .prepare_cached("UPDATE account SET situation = 'linked' WHERE number = ?1 AND situation = 'missing'")?
        .execute([number])?;
    if linked > 0 {
        let details = json!({"remote_id": observation.object.id});
        let event = format!("in {}", operation.target);
        account_note(operation).details(details).write(tx, now, "account-linked", &event)?;
    }
    Ok(())
}

/// What was planned for an account that the target will not create cannot be done either.
fn refuse_followers(tx: &Transaction<'_>, create: &Operation, now: Timestamp) -> Result<()> {
    let mut query = tx.prepare_cached(&format!(
        "UPDATE operation SET state = 'refused', changed_at = ?2, detail = 'the account was not created', \
         error_class = 'account-not-created' \
         WHERE object = ?1 AND state = 'waiting' RETURNING {OPERATION}"
    ))?;
    let followers = collect(query.query((Key::from(create.object), micros(now)))?, rows::operation)?;
    followers.iter().try_for_each(|follower| note_state(tx, follower, now))
}

pub(crate) fn queue(connection: &Connection, target: &TargetName, now: Timestamp) -> Result<QueueState> {
    let mut query = connection.prepare_cached(
        "SELECT count(*) FILTER (WHERE state = 'waiting' AND not_before <= ?2), \
                count(*) FILTER (WHERE state = 'waiting' AND not_before > ?2), \
                min(not_before) FILTER (WHERE state IN ('waiting', 'unknown') AND not_before > ?2), \
                count(*) FILTER (WHERE state = 'unknown'), \
                count(*) FILTER (WHERE state = 'unknown' AND not_before > ?2) \
         FROM operation WHERE target = ?1 AND state IN ('waiting', 'in-flight', 'unknown')",
    )?;
    let (due, later, next, unknown, unknown_later) = query.query_row((target.as_str(), micros(now)), |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?, row.get(3)?, row.get(4)?))
    })?;
    Ok(QueueState { due, later, next: next.map(time).transpose()?, unknown, unknown_later })
}

pub(crate) fn one(connection: &Connection, id: OperationId) -> Result<Operation> {
    let mut query = connection.prepare_cached(&format!("SELECT {OPERATION} FROM operation WHERE id = ?1"))?;
    let mut found = query.query([Key::from(id)])?;
    found.next()?.map(rows::operation).transpose()?.ok_or_else(|| not_found("operation", id))
}

pub(crate) fn list(
    connection: &Connection,
    filter: &OperationFilter,
    page: PageRequest<OperationId>,
) -> Result<Vec<Operation>> {
    list_query(filter, page).read(connection, rows::operation)
}

/// A page of operations, newest first. What is fewest is looked up: those of an identity, those in a state that few are in, or those in a target.
pub(crate) fn list_query(filter: &OperationFilter, page: PageRequest<OperationId>) -> PageQuery {
    let order = Order { columns: &["id"], descending: !page.backwards };
    let by_state = filter.identity.is_none() && filter.state.is_some_and(|state| state != OperationState::Applied);
    let by_target = filter.identity.is_none() && !by_state;
    Listing::default()
        .equal("identity", filter.identity.map(|id| id.0.as_bytes().to_vec()))
        .equal_or_checked("target", filter.target.as_ref().map(ToString::to_string), by_target)
        .equal_or_checked("state", filter.state.map(|state| state.as_str().to_owned()), by_state)
        .all_hold(by_state.then_some("state <> 'applied'"))
        .within(&filter.reach, OF_TARGETS)
        .page(&format!("SELECT {OPERATION} FROM operation"), order, page.after.map(|id| at(id.0)), page.limit)
}
