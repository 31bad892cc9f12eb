//! What the guard counts, what it holds, and what a person decides on it.

use crate::failure::{Result, not_found, refused};
use crate::planning::{self, Place};
use crate::rows::{self, Key, collect, from_json, from_word, json, micros, time, write_event};
use crate::transaction::Transaction;
use crate::wakes::wake;
use jiff::Timestamp;
use purser_model::id::{AccountId, IdentityId, Ids, PlanId, TargetName};
use purser_store::{
    Decision, Held, HeldDecided, HeldFilter, HeldItem, HeldState, PageRequest, StaleItem, TakingQuestion, TakingWeight,
};
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::BTreeSet;

const HELD: &str = "account, item, taking, reason, state, held_at, decided_at, requested_by";

/// Operations that have taken something, or are about to, and that nobody approved.
const COUNTED: &str = "approved = 0 AND ((state = 'applied' AND changed_at > ?3) \
     OR state IN ('waiting', 'in-flight', 'unknown'))";

fn read(row: &Row<'_>) -> Result<Held> {
    Ok(Held {
        account: row.get::<_, Key>(0)?.into(),
        item: from_json("held item", &row.get::<_, String>(1)?)?,
        taking: from_word("held item", &row.get::<_, String>(2)?)?,
        reason: row.get(3)?,
        state: from_word("held item", &row.get::<_, String>(4)?)?,
        held_at: time(row.get(5)?)?,
        decided_at: rows::optional_time(row.get(6)?)?,
        requested_by: row.get(7)?,
    })
}

pub(crate) fn list(connection: &Connection, filter: &HeldFilter, page: PageRequest<AccountId>) -> Result<Vec<Held>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {HELD} FROM held WHERE (?1 IS NULL OR account > ?1) AND (?2 IS NULL OR target = ?2) \
         AND (?3 IS NULL OR state = ?3) AND (?5 IS NULL OR target IN (SELECT value FROM json_each(?5))) \
         ORDER BY account LIMIT ?4"
    ))?;
    let found = query.query((
        page.after.map(Key::from),
        filter.target.as_ref().map(TargetName::as_str),
        filter.state.map(HeldState::as_str),
        page.limit,
        rows::within(&filter.reach),
    ))?;
    collect(found, read)
}

pub(crate) fn of(connection: &Connection, identities: &[IdentityId]) -> Result<Vec<Held>> {
    let mut query = connection.prepare_cached(&format!("SELECT {HELD} FROM held WHERE identity = ?1"))?;
    let mut found = Vec::new();
    for identity in identities {
        found.extend(collect(query.query([Key::from(*identity)])?, read)?);
    }
    Ok(found)
}

pub(crate) fn count(connection: &Connection) -> Result<u64> {
    let mut query = connection.prepare_cached("SELECT count(*) FROM held WHERE state = 'pending'")?;
    Ok(query.query_row([], |row| row.get(0))?)
}

pub(crate) fn weigh(connection: &Connection, question: &TakingQuestion) -> Result<TakingWeight> {
    let (target, taking, since) = (question.target.as_str(), question.taking.as_str(), micros(question.since));
    let before = connection
        .prepare_cached(&format!(
            "SELECT count(*) FROM (SELECT object FROM operation WHERE target = ?1 AND taking = ?2 AND {COUNTED} \
             UNION SELECT account FROM held WHERE target = ?1 AND taking = ?2 AND state = 'pending')"
        ))?
        .query_row((target, taking, since), |row| row.get(0))?;
    let mut is_counted = connection.prepare_cached(&format!(
        "SELECT 1 FROM operation WHERE object = ?1 AND taking = ?2 AND ({COUNTED} \
             OR (approved = 1 AND state IN ('waiting', 'in-flight', 'unknown'))) \
         UNION ALL SELECT 1 FROM held WHERE account = ?1 AND taking = ?2"
    ))?;
    let mut added = 0;
    for account in &question.accounts {
        added += u64::from(!is_counted.exists((Key::from(*account), taking, since))?);
    }
    Ok(TakingWeight { before, added })
}

pub(crate) fn usable(connection: &Connection, target: &TargetName, since: Timestamp, enough: u64) -> Result<u64> {
    let enough = i64::try_from(enough).unwrap_or(i64::MAX);
    let there: u64 = connection
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM account WHERE target = ?1 AND identity IS NOT NULL \
             AND remote_id IS NOT NULL AND active IS NOT 0 LIMIT ?2)",
        )?
        .query_row((target.as_str(), enough), |row| row.get(0))?;
    let taken: u64 = connection
        .prepare_cached(
            "SELECT count(DISTINCT object) FROM operation WHERE target = ?1 AND taking = 'account' AND state = 'applied' \
             AND changed_at > ?2 AND approved = 0",
        )?
        .query_row((target.as_str(), micros(since)), |row| row.get(0))?;
    Ok(there + taken)
}

/// Keeps an item for a person to decide; one that was rejected stays so while nothing has changed. Says whether it is new.
/// What was held before keeps its requester unless it comes from a plan, whose requester it gets.
pub(crate) fn hold(tx: &Transaction<'_>, held: &HeldItem, plan: Option<PlanId>, now: Timestamp) -> Result<bool> {
    let known = tx
        .prepare_cached(&format!("SELECT {HELD} FROM held WHERE account = ?1"))?
        .query([Key::from(held.account)])?
        .next()?
        .map(read)
        .transpose()?;
    let before = known.as_ref().and_then(|known| known.requested_by.clone());
    let requested_by = plan.map(|plan| requester(tx, plan)).transpose()?.flatten().or(before);
    let (reason, held_at, is_new) = match known {
        Some(known) if known.state == HeldState::Rejected => {
            if known.item.precondition == held.item.precondition {
                return Ok(false);
            }
            (format!("it was rejected before, and changed since; {}", held.reason), now, true)
        }
        Some(known) => (known.reason, known.held_at, false),
        None => (held.reason.clone(), now, true),
    };
    tx.prepare_cached(
        "INSERT OR REPLACE INTO held (account, identity, target, taking, item, reason, state, held_at, requested_by) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?8)",
    )?
    .execute((
        Key::from(held.account),
        Key::from(held.item.identity),
        held.item.target.as_str(),
        held.taking.as_str(),
        json("held item", &held.item)?,
        reason,
        micros(held_at),
        requested_by,
    ))?;
    if is_new {
        write_event(tx, now, "item-held", &held.account, &format!("in {}", held.item.target))?;
    }
    Ok(is_new)
}

/// Who asked for a plan.
fn requester(tx: &Transaction<'_>, plan: PlanId) -> Result<Option<String>> {
    let mut query = tx.prepare_cached("SELECT requested_by FROM plan WHERE id = ?1")?;
    Ok(query.query_row([Key::from(plan)], |row| row.get(0)).optional()?.flatten())
}

/// What of an identity is not held again is dropped: its plan takes nothing there any more.
pub(crate) fn drop_others(
    tx: &Transaction<'_>,
    identity: IdentityId,
    held: &BTreeSet<AccountId>,
    now: Timestamp,
) -> Result<()> {
    let mut query = tx.prepare_cached("SELECT account, target FROM held WHERE identity = ?1")?;
    let known = collect(query.query([Key::from(identity)])?, |row| {
        Ok((AccountId::from(row.get::<_, Key>(0)?), row.get::<_, String>(1)?))
    })?;
    for (account, target) in known.into_iter().filter(|(account, _)| !held.contains(account)) {
        forget(tx, account)?;
        write_event(tx, now, "held-item-dropped", &account, &format!("in {target}"))?;
    }
    Ok(())
}

pub(crate) fn forget(tx: &Transaction<'_>, account: AccountId) -> Result<()> {
    tx.prepare_cached("DELETE FROM held WHERE account = ?1")?.execute([Key::from(account)])?;
    Ok(())
}

/// An operation changed an account: what is held for it was planned before that, and is planned again.
pub(crate) fn wake_where_held(tx: &Transaction<'_>, account: AccountId) -> Result<()> {
    let identity = tx
        .prepare_cached("SELECT identity FROM held WHERE account = ?1 AND state = 'pending'")?
        .query_row([Key::from(account)], |row| row.get::<_, Key>(0))
        .optional()?;
    identity.map_or(Ok(()), |identity| wake(tx, identity.into()))
}

pub(crate) fn decide(
    tx: &Transaction<'_>,
    ids: &Ids,
    accounts: &[AccountId],
    decision: Decision,
    apart: &BTreeSet<TargetName>,
    now: Timestamp,
) -> Result<HeldDecided> {
    let mut decided = HeldDecided::default();
    for account in accounts {
        let held = tx
            .prepare_cached(&format!("SELECT {HELD} FROM held WHERE account = ?1"))?
            .query([Key::from(*account)])?
            .next()?
            .map(read)
            .transpose()?
            .ok_or_else(|| not_found("held item", account))?;
        match decision {
            Decision::Approve if is_own(tx, &held, apart) => {
                let target = &held.item.target;
                let why = format!(
                    "you asked for the plan that it comes from, and in target {target} another person approves"
                );
                return Err(refused("held item", account, &why));
            }
            Decision::Approve => approve(tx, ids, held, now, &mut decided)?,
            Decision::Reject => reject(tx, &held, now, &mut decided)?,
        }
    }
    Ok(decided)
}

fn is_own(tx: &Transaction<'_>, held: &Held, apart: &BTreeSet<TargetName>) -> bool {
    apart.contains(&held.item.target) && held.requested_by.as_deref() == Some(tx.author().actor.as_str())
}

fn approve(tx: &Transaction<'_>, ids: &Ids, held: Held, now: Timestamp, decided: &mut HeldDecided) -> Result<()> {
    match planning::place(tx, ids, &held.item, now)? {
        Place::Free(account) => {
            let write = planning::Write {
                plan: None,
                requested_at: None,
                approved: true,
                not_before: micros(now),
                replaced: &[],
            };
            decided.operations += planning::write_intents(tx, ids, &held.item, account, &write, now)?;
            decided.items += 1;
            write_event(tx, now, "held-item-approved", &held.account, &format!("in {}", held.item.target))?;
            forget(tx, held.account)
        }
        Place::Busy => {
            let reason = "an operation on the account is under way; approve it when that has ended".to_owned();
            decided.stale.push(StaleItem::new(held.item, reason));
            Ok(())
        }
        Place::Stale(reason) => {
            wake(tx, held.item.identity)?;
            forget(tx, held.account)?;
            decided.stale.push(StaleItem::new(held.item, reason));
            Ok(())
        }
    }
}

fn reject(tx: &Transaction<'_>, held: &Held, now: Timestamp, decided: &mut HeldDecided) -> Result<()> {
    tx.prepare_cached("UPDATE held SET state = 'rejected', decided_at = ?2 WHERE account = ?1")?
        .execute((Key::from(held.account), micros(now)))?;
    decided.items += 1;
    write_event(tx, now, "held-item-rejected", &held.account, &format!("in {}", held.item.target))
}
