//! From wake-ups over snapshots to operations.

use crate::audit::Note;
use crate::claims;
use crate::details::intended;
use crate::execution::note_state;
use crate::failure::{Result, not_found};
use crate::held;
use crate::hidden::Hidden;
use crate::interruptions::{KeptAway, grants_what_is_not_created, is_not_created, let_be_planned};
use crate::links::{self, Room, is_busy};
use crate::rows::{self, ACCOUNT, IDENTITY, Key, OPERATION, collect, json, micros};
use crate::seen::marks;
use crate::transaction::Transaction;
use crate::wakes::wake;
use crate::{cases, matching, references};
use jiff::Timestamp;
use purser_model::guard::Taking;
use purser_model::id::{AccountId, IdentityId, Ids, OperationId, PlanId, TargetName};
use purser_model::operation::Intent;
use purser_model::plan::{Link, PlanItem};
use purser_store::{EnqueueRequest, Enqueued, EntitlementToCreate, Outlook, StaleItem, StoredSnapshot};
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json as value};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn snapshots(connection: &Connection, identities: &[IdentityId]) -> Result<Vec<StoredSnapshot>> {
    let mut identity_query = connection.prepare_cached(&format!("SELECT {IDENTITY} FROM identity WHERE id = ?1"))?;
    let mut account_query = connection
        .prepare_cached(&format!("SELECT {ACCOUNT} FROM account WHERE identity = ?1 ORDER BY target, class"))?;
    let mut found = Vec::with_capacity(identities.len());
    for id in identities {
        let mut identity_rows = identity_query.query([Key::from(*id)])?;
        let Some(row) = identity_rows.next()? else { continue };
        let identity = rows::identity(row)?;
        let accounts =
            collect(account_query.query([Key::from(*id)])?, |row| rows::with_held(connection, rows::account(row)?))?;
        let decisions = cases::decisions(connection, *id)?;
        found.push(StoredSnapshot { identity, accounts, decisions });
    }
    Ok(found)
}

pub(crate) fn enqueue(
    tx: &Transaction<'_>,
    ids: &Ids,
    requests: Vec<EnqueueRequest>,
    now: Timestamp,
) -> Result<Enqueued> {
    let mut done = Enqueued::default();
    for request in requests {
        enqueue_one(tx, ids, request, now, &mut done)?;
    }
    Ok(done)
}

pub(crate) fn enqueue_one(
    tx: &Transaction<'_>,
    ids: &Ids,
    request: EnqueueRequest,
    now: Timestamp,
    done: &mut Enqueued,
) -> Result<()> {
    replan_when_it_ends(tx, request.identity)?;
    let requested_at = requested_at(tx, request.identity, &request.items)?;
    let replaced = match request.plan {
        None => supersede_waiting(tx, request.identity, None, now)?,
        Some(_) => {
            let named: BTreeSet<AccountId> = request.items.iter().filter_map(|item| item.account).collect();
            let named = named.into_iter().chain(request.held.iter().map(|held| held.account));
            named
                .map(|account| supersede_waiting(tx, request.identity, Some(account), now))
                .collect::<Result<Vec<_>>>()?
                .concat()
        }
    };
    if request.plan.is_none() {
        claims::release(tx, request.identity)?;
    }
    let mut back_off: BTreeMap<AccountId, i64> = BTreeMap::new();
    for waiting in &replaced {
        let until = back_off.entry(waiting.account).or_insert(i64::MIN);
        *until = waiting.back_off.map_or(*until, |not_before| not_before.max(*until));
    }
    let approved: BTreeSet<AccountId> =
        replaced.iter().filter(|waiting| waiting.approved).map(|waiting| waiting.account).collect();
    let (held_on, approved_items) = request.held.into_iter().partition(|held| !approved.contains(&held.account));
    let held_on: Vec<purser_store::HeldItem> = held_on;
    let stale_before = done.stale.len();
    for item in request.items.into_iter().chain(approved_items.into_iter().map(|held| held.item)) {
        match place(tx, ids, &item, now)? {
            Place::Stale(reason) => done.stale.push(StaleItem::new(item, reason)),
            Place::Busy => done.put_off += 1,
            Place::Free(account) => {
                claims::keep(tx, &item, account)?;
                let not_before = micros(now).max(back_off.get(&account).copied().unwrap_or(i64::MIN));
                let approved = request.approved || approved.contains(&account);
                let write = Write { plan: request.plan, requested_at, approved, not_before, replaced: &replaced };
                done.operations += write_intents(tx, ids, &item, account, &write, now)?;
                if item.taking().is_some() {
                    held::forget(tx, account)?;
                }
            }
        }
    }
    if request.plan.is_none() {
        held::drop_others(tx, request.identity, &held_on.iter().map(|held| held.account).collect(), now)?;
    }
    for held in &held_on {
        done.held += u64::from(held::hold(tx, held, request.plan, now)?);
    }
    if let Some(outlook) = request.outlook {
        keep_outlook(tx, request.identity, &outlook, now)?;
        matching::keep(tx, request.identity, &outlook, now)?;
        cases::keep(tx, ids, request.identity, &outlook, now)?;
        for account in &outlook.forgotten {
            links::forget_missing(tx, *account, request.identity, now)?;
        }
        if outlook.unread.is_empty() && done.stale.len() == stale_before {
            note_planned(tx, request.identity)?;
        }
    }
    // A stale item leaves the wake-up where it is: the identity is looked at again.
    if let (Some(answered), true) = (request.wake, done.stale.len() == stale_before) {
        tx.prepare_cached("DELETE FROM wake WHERE identity = ?1 AND sequence = ?2")?
            .execute((Key::from(answered.identity), answered.sequence))?;
    }
    Ok(())
}

/// When the change of the identity was accepted that these items answer first: of those that still wait the earliest; none
/// where its present version was planned as a whole before, so that something else asked for them.
fn requested_at(tx: &Transaction<'_>, identity: IdentityId, items: &[PlanItem]) -> Result<Option<i64>> {
    if items.is_empty() {
        return Ok(None);
    }
    Ok(tx
        .prepare_cached(
            "SELECT min(at) FROM (\
                 SELECT min(requested_at) AS at FROM operation WHERE identity = ?1 AND state = 'waiting' \
                 UNION ALL SELECT changed_at FROM identity WHERE id = ?1 AND version > planned_version)",
        )?
        .query_row([Key::from(identity)], |row| row.get(0))?)
}

/// Notes that the present version of an identity was planned as a whole.
fn note_planned(tx: &Transaction<'_>, identity: IdentityId) -> Result<()> {
    tx.prepare_cached("UPDATE identity SET planned_version = version WHERE id = ?1 AND planned_version < version")?
        .execute([Key::from(identity)])?;
    Ok(())
}

/// Notes since when accounts are granted by nobody, and when the identity is looked at again.
fn keep_outlook(tx: &Transaction<'_>, identity: IdentityId, outlook: &Outlook, now: Timestamp) -> Result<()> {
    let mut accounts = tx.prepare_cached("SELECT id, leaving_since, target FROM account WHERE identity = ?1")?;
    let accounts = collect(accounts.query([Key::from(identity)])?, |row| {
        Ok((AccountId::from(row.get::<_, Key>(0)?), row.get::<_, Option<i64>>(1)?, row.get::<_, String>(2)?))
    })?;
    for (account, since, target) in accounts {
        let tell = |kind| Note::account(account, Some(identity), &target).write(tx, now, kind, &format!("in {target}"));
        match (outlook.leaving.contains(&account), since) {
            (true, None) => {
                tx.prepare_cached("UPDATE account SET leaving_since = ?2 WHERE id = ?1")?
                    .execute((Key::from(account), micros(now)))?;
                tell("account-leaving")?;
            }
            (false, Some(_)) => {
                tx.prepare_cached("UPDATE account SET leaving_since = NULL, deletion_cancelled = 0 WHERE id = ?1")?
                    .execute([Key::from(account)])?;
                tell("account-staying")?;
            }
            _ => {}
        }
    }
    references::keep(tx, identity, &outlook.references)?;
    match outlook.look_again_at {
        Some(at) => tx
            .prepare_cached(
                "INSERT INTO due (identity, at) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET at = excluded.at",
            )?
            .execute((Key::from(identity), micros(at)))?,
        None => tx.prepare_cached("DELETE FROM due WHERE identity = ?1")?.execute([Key::from(identity)])?,
    };
    Ok(())
}

/// What is under way was sent by an older plan. However it ends, the identity is planned again then, even where nothing
/// seems to be left to do now: the plan was made from what was known before that end.
fn replan_when_it_ends(tx: &Transaction<'_>, identity: IdentityId) -> Result<()> {
    tx.prepare_cached("UPDATE operation SET replan = 1 WHERE identity = ?1 AND state IN ('in-flight', 'unknown')")?
        .execute([Key::from(identity)])?;
    Ok(())
}

/// An operation that a newer plan took out of the queue.
#[derive(Clone)]
pub(crate) struct Replaced {
    account: AccountId,
    /// Until when it was to be left alone; one that is quarantined is released by the newer plan.
    back_off: Option<i64>,
    /// Whether it takes something away and a person approved that.
    approved: bool,
    kind: String,
    /// How often it was sent; what takes its place goes on counting.
    attempts: u32,
}

/// Takes waiting operations out of the queue.
fn supersede_waiting(
    tx: &Transaction<'_>,
    identity: IdentityId,
    account: Option<AccountId>,
    now: Timestamp,
) -> Result<Vec<Replaced>> {
    let mut query = tx.prepare_cached(&format!(
        "UPDATE operation SET state = 'superseded', changed_at = ?3, detail = 'a newer plan took its place' \
         WHERE identity = ?1 AND state = 'waiting' AND (?2 IS NULL OR object = ?2) \
         RETURNING {OPERATION}, approved AND taking IS NOT NULL"
    ))?;
    let found = query.query((Key::from(identity), account.map(Key::from), micros(now)))?;
    let superseded = collect(found, |row| Ok((rows::operation(row)?, row.get::<_, bool>(15)?)))?;
    superseded.iter().try_for_each(|(operation, _)| note_state(tx, operation, now))?;
    let replaced = |(operation, approved): (purser_model::operation::Operation, bool)| {
        let is_quarantined = operation.quarantined_since.is_some();
        Replaced {
            account: operation.object,
            back_off: (!is_quarantined).then_some(micros(operation.not_before)),
            approved,
            kind: operation.intent.name().to_owned(),
            attempts: if is_quarantined { 0 } else { operation.attempts },
        }
    };
    Ok(superseded.into_iter().map(replaced).collect())
}

/// An account that leaves is not deleted, however long it has been leaving, until somebody grants it again.
pub(crate) fn cancel_deletion(tx: &Transaction<'_>, account: AccountId, now: Timestamp) -> Result<()> {
    let row = tx
        .prepare_cached(
            "UPDATE account SET deletion_cancelled = 1 WHERE id = ?1 AND leaving_since IS NOT NULL \
             RETURNING identity, target",
        )?
        .query_row([Key::from(account)], |row| Ok((row.get::<_, Option<Key>>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let Some((identity, target)) = row else { return Err(not_found("leaving account", account)) };
    // A delete that is planned and not sent yet is taken out of the queue: the identity is planned anew.
    let identity: Option<IdentityId> = identity.map(Into::into);
    if let Some(identity) = identity {
        wake(tx, identity)?;
    }
    let note = Note::account(account, identity, &target);
    note.write(tx, now, "deletion-cancelled", &format!("in {target}"))
}

pub(crate) enum Place {
    Free(AccountId),
    Busy,
    Stale(String),
}

/// Finds or makes the account that an item is about, and checks the item's precondition.
pub(crate) fn place(tx: &Transaction<'_>, ids: &Ids, item: &PlanItem, now: Timestamp) -> Result<Place> {
    let version = tx
        .prepare_cached("SELECT version FROM identity WHERE id = ?1")?
        .query_row([Key::from(item.identity)], |row| row.get::<_, u64>(0))
        .optional()?;
    if version != Some(item.precondition.identity_version) {
        return Ok(Place::Stale("the identity has changed since".into()));
    }
    if let Some(attribute) = claims::lost(tx, item)? {
        return Ok(Place::Stale(format!("somebody else has the value of {attribute} now")));
    }
    let Some(account) = item.account else { return place_new(tx, ids, item, now) };
    let row = tx
        .prepare_cached("SELECT identity, digest, protected_because IS NOT NULL FROM account WHERE id = ?1")?
        .query_row([Key::from(account)], |row| {
            Ok((row.get::<_, Option<Key>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?, row.get::<_, bool>(2)?))
        })
        .optional()?;
    let Some((owner, digest, protected)) = row else { return Ok(Place::Stale("the account is gone".into())) };
    let owner: Option<IdentityId> = owner.map(Into::into);
    if protected {
        return Ok(Place::Stale("the account is protected".into()));
    }
    if is_busy(tx, account)? {
        return Ok(Place::Busy);
    }
    if rows::digest(digest)? != item.precondition.account_digest {
        return Ok(Place::Stale("the account has changed since".into()));
    }
    match (item.link, owner) {
        (Link::Keep, Some(owner)) if owner == item.identity => Ok(Place::Free(account)),
        (Link::Adopt, None) => adopt(tx, account, item, now),
        _ => Ok(Place::Stale("the account belongs to somebody else now".into())),
    }
}

fn adopt(tx: &Transaction<'_>, account: AccountId, item: &PlanItem, now: Timestamp) -> Result<Place> {
    match links::make_room(tx, item.identity, item.target.as_str(), &item.class, now)? {
        Room::Made => {}
        Room::Busy => return Ok(Place::Busy),
        Room::Taken(_) => return Ok(Place::Stale("the identity has another account there now".into())),
    }
    let remote_id = links::give(tx, account, item.identity)?;
    let note = Note::account(account, Some(item.identity), item.target.as_str());
    let event = format!("{} in {}", item.identity, item.target);
    note.details(value!({"remote_id": remote_id})).write(tx, now, "account-adopted", &event)?;
    Ok(Place::Free(account))
}

fn place_new(tx: &Transaction<'_>, ids: &Ids, item: &PlanItem, now: Timestamp) -> Result<Place> {
    let exists = tx
        .prepare_cached("SELECT 1 FROM account WHERE identity = ?1 AND target = ?2 AND class = ?3")?
        .exists((Key::from(item.identity), item.target.as_str(), &item.class))?;
    if exists {
        return Ok(Place::Stale("the identity has an account there now".into()));
    }
    let account = AccountId(ids.next(now));
    tx.prepare_cached(
        "INSERT INTO account (id, target, class, identity, situation, secondary_ids, attributes, pushed) \
         VALUES (?1, ?2, ?3, ?4, 'missing', '[]', '{}', '{}')",
    )?
    .execute((Key::from(account), item.target.as_str(), &item.class, Key::from(item.identity)))?;
    marks::withdraw_from_new(tx, tx.last_insert_rowid())?;
    Ok(Place::Free(account))
}

/// What is the same for every intent of an item.
pub(crate) struct Write<'a> {
    pub(crate) plan: Option<PlanId>,
    /// When the change of the identity was accepted, where one did.
    pub(crate) requested_at: Option<i64>,
    /// A person approved what is taken away.
    pub(crate) approved: bool,
    pub(crate) not_before: i64,
    /// What was taken out of the queue for it.
    pub(crate) replaced: &'a [Replaced],
}

pub(crate) fn write_intents(
    tx: &Transaction<'_>,
    ids: &Ids,
    item: &PlanItem,
    account: AccountId,
    write: &Write<'_>,
    now: Timestamp,
) -> Result<u64> {
    let taking = item.taking();
    tx.prepare_cached("UPDATE account SET pushing = ?2 WHERE id = ?1")?
        .execute((Key::from(account), json("account", &item.pushed)?))?;
    // A stored plan, and what a person approved, are asked for by people: that goes before what was cancelled.
    let is_asked_for = write.plan.is_some() || write.approved;
    let kept_away = KeptAway::of(tx, account)?;
    if is_asked_for && !kept_away.is_nothing() {
        let_be_planned(tx, "object = ?1", [Key::from(account)])?;
    }
    let mut written = 0;
    for operation in item.operations.iter().filter(|one| is_asked_for || !kept_away.holds(&one.intent)) {
        if grants_what_is_not_created(tx, &item.target, &operation.intent)? {
            continue;
        }
        written += 1;
        let row = IntentRow {
            plan: write.plan,
            requested_at: write.requested_at,
            identity: Some(item.identity),
            target: &item.target,
            class: &item.class,
            object: account,
            intent: &operation.intent,
            reason: &operation.reason,
            before: &operation.before,
            taking: taking.filter(|taking| is_counted(*taking, &operation.intent)),
            approved: write.approved,
            not_before: write.not_before,
            attempts: attempts(write.replaced, account, operation.intent.name()),
        };
        write_intent(tx, ids, &row, now)?;
    }
    Ok(written)
}

/// How often something of this kind was sent for the account and put off.
fn attempts(replaced: &[Replaced], account: AccountId, kind: &str) -> u32 {
    let same = replaced.iter().filter(|waiting| waiting.account == account && waiting.kind == kind);
    same.map(|waiting| waiting.attempts).max().unwrap_or(0)
}

/// The revocations of an account that is disabled as well are not counted apart.
fn is_counted(taking: Taking, intent: &Intent) -> bool {
    match taking {
        Taking::Account => matches!(intent, Intent::Disable | Intent::Delete),
        Taking::Entitlement => intent.takes_away(),
    }
}

/// An operation to be written.
pub(crate) struct IntentRow<'a> {
    pub(crate) plan: Option<PlanId>,
    pub(crate) requested_at: Option<i64>,
    pub(crate) identity: Option<IdentityId>,
    pub(crate) target: &'a TargetName,
    pub(crate) class: &'a str,
    pub(crate) object: AccountId,
    pub(crate) intent: &'a Intent,
    pub(crate) reason: &'a str,
    pub(crate) before: &'a purser_model::Attributes,
    pub(crate) taking: Option<Taking>,
    pub(crate) approved: bool,
    pub(crate) not_before: i64,
    pub(crate) attempts: u32,
}

pub(crate) fn write_intent(tx: &Transaction<'_>, ids: &Ids, row: &IntentRow<'_>, now: Timestamp) -> Result<()> {
    let id = OperationId(ids.next(now));
    tx.prepare_cached(
        "INSERT INTO operation (id, plan, identity, target, class, object, intent, state, not_before, detail, created_at, \
         changed_at, taking, approved, attempts, requested_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'waiting', \
         max(?8, coalesce((SELECT until FROM throttle WHERE target = ?4 AND kind = ?13), ?8)), ?9, ?10, ?10, ?11, ?12, ?14, ?15)",
    )?
    .execute((
        Key::from(id),
        row.plan.map(Key::from),
        row.identity.map(Key::from),
        row.target.as_str(),
        row.class,
        Key::from(row.object),
        json("operation", row.intent)?,
        row.not_before,
        row.reason,
        micros(now),
        row.taking.map(Taking::as_str),
        row.approved,
        row.intent.name(),
        row.attempts,
        row.requested_at,
    ))?;
    note_intent(tx, id, row, now)
}

fn note_intent(tx: &Transaction<'_>, id: OperationId, row: &IntentRow<'_>, now: Timestamp) -> Result<()> {
    let target = row.target.as_str();
    let hidden = Hidden::of_class(tx, target, row.class)?;
    let mut details = intended(row.intent, &|attribute| row.before.get(attribute).cloned(), &hidden);
    details.insert("reason".into(), row.reason.into());
    details.insert("account".into(), row.object.to_string().into());
    let note = Note::planned(id, row.identity, target, row.plan).details(Value::Object(details));
    note.write(tx, now, "operation-planned", &format!("{} in {target}", row.intent.name()))
}

pub(crate) fn enqueue_entitlements(
    tx: &Transaction<'_>,
    ids: &Ids,
    target: &TargetName,
    wanted: &[EntitlementToCreate],
    now: Timestamp,
) -> Result<u64> {
    let mut written = 0;
    for entitlement in wanted {
        let known = tx
            .prepare_cached("SELECT id, remote_id IS NOT NULL FROM entitlement WHERE target = ?1 AND name = ?2")?
            .query_row((target.as_str(), &entitlement.name), |row| Ok((row.get::<_, Key>(0)?, row.get::<_, bool>(1)?)))
            .optional()?;
        let object = match known {
            Some((_, true)) => continue,
            Some((id, false)) => id.into(),
            None => {
                let id = AccountId(ids.next(now));
                tx.execute(
                    "INSERT INTO entitlement (id, target, class, name, attributes) VALUES (?1, ?2, ?3, ?4, '{}')",
                    (Key::from(id), target.as_str(), &entitlement.class, &entitlement.name),
                )?;
                id
            }
        };
        let open = tx
            .prepare_cached(
                "SELECT 1 FROM operation WHERE object = ?1 AND state IN ('waiting', 'in-flight', 'unknown')",
            )?
            .exists([Key::from(object)])?;
        if open || is_not_created(tx, object)? {
            continue;
        }
        let row = IntentRow {
            plan: None,
            requested_at: None,
            identity: None,
            target,
            class: &entitlement.class,
            object,
            intent: &entitlement.operation.intent,
            reason: &entitlement.operation.reason,
            before: &entitlement.operation.before,
            taking: None,
            approved: false,
            attempts: 0,
            not_before: micros(now),
        };
        write_intent(tx, ids, &row, now)?;
        written += 1;
    }
    Ok(written)
}
