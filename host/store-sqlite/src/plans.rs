//! Stored plans: made and sealed, decided item by item, applied item by item.

use crate::SqliteStore;
use crate::audit::Note;
use crate::failure::{Result, damaged, not_found, refused};
use crate::interruptions::let_be_planned;
use crate::listing::{Listing, Order, PageQuery, at};
use crate::planning::enqueue_one;
use crate::rows::{self, Key, collect, from_json, from_word, json, micros, optional_time, time};
use crate::transaction::Transaction;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::id::{Ids, PlanId, TargetName};
use purser_model::object::Digest;
use purser_model::plan::{ItemState, PlanItem, PlanLine, PlanSummary};
use purser_model::seal::{PlanSeal, PlanTerms};
use purser_store::{
    Decided, Decision, EnqueueRequest, Enqueued, KeptDeclarations, KeptItem, PageRequest, PlanStep, Plans, StaleItem,
    StoreError,
};
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::json as value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A plan that is not sealed after so long is never finished.
const LONGEST_MAKING: Duration = Duration::from_hours(24);

#[async_trait]
impl Plans for SqliteStore {
    async fn begin_plan(&self, now: Timestamp) -> std::result::Result<PlanId, StoreError> {
        let ids = self.ids.clone();
        self.connections.write(move |tx| begin(tx, &ids, now)).await
    }

    async fn add_plan_items(&self, id: PlanId, items: Vec<PlanItem>) -> std::result::Result<Vec<Digest>, StoreError> {
        self.connections.write(move |tx| add_items(tx, id, &items)).await
    }

    async fn seal_plan(
        &self,
        id: PlanId,
        seal: PlanSeal,
        now: Timestamp,
    ) -> std::result::Result<PlanSummary, StoreError> {
        self.connections.write(move |tx| self::seal(tx, id, &seal, now)).await
    }

    async fn plan(&self, id: PlanId) -> std::result::Result<PlanSummary, StoreError> {
        self.connections.read(move |connection| one(connection, id)).await
    }

    async fn plans(
        &self,
        reach: &Reach,
        page: PageRequest<PlanId>,
    ) -> std::result::Result<Vec<PlanSummary>, StoreError> {
        let reach = reach.clone();
        self.connections.read(move |connection| list(connection, &reach, page)).await
    }

    async fn plan_items(&self, id: PlanId, after: u64, limit: u32) -> std::result::Result<Vec<KeptItem>, StoreError> {
        self.connections.read(move |connection| items(connection, id, after, limit)).await
    }

    async fn decide_plan_items(
        &self,
        id: PlanId,
        positions: Option<BTreeSet<u64>>,
        decision: Decision,
        apart: BTreeSet<TargetName>,
        now: Timestamp,
    ) -> std::result::Result<Decided, StoreError> {
        self.connections.write(move |tx| decide(tx, id, positions.as_ref(), decision, &apart, now)).await
    }

    async fn apply_plan_items(
        &self,
        id: PlanId,
        steps: Vec<(u64, PlanStep)>,
        now: Timestamp,
    ) -> std::result::Result<Enqueued, StoreError> {
        let ids = self.ids.clone();
        self.connections.write(move |tx| apply_items(tx, &ids, id, steps, now)).await
    }
}

fn begin(tx: &Transaction<'_>, ids: &Ids, now: Timestamp) -> Result<PlanId> {
    let forgotten = now.checked_sub(LONGEST_MAKING).unwrap_or(Timestamp::MIN);
    tx.execute(
        "DELETE FROM plan WHERE digest IS NULL AND applied_at IS NULL AND created_at < ?1",
        [micros(forgotten)],
    )?;
    let id = PlanId(ids.next(now));
    tx.execute(
        "INSERT INTO plan (id, created_at, items, operations, requested_by) VALUES (?1, ?2, 0, '{}', ?3)",
        (Key::from(id), micros(now), tx.author().actor.as_str()),
    )?;
    Ok(id)
}

fn add_items(tx: &Transaction<'_>, id: PlanId, items: &[PlanItem]) -> Result<Vec<Digest>> {
    let (known, operations, targets) = tx
        .prepare_cached("SELECT items, operations, targets FROM plan WHERE id = ?1 AND digest IS NULL")?
        .query_row([Key::from(id)], |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })
        .optional()?
        .ok_or_else(|| not_found("unsealed plan", id))?;
    let mut operations: BTreeMap<String, u64> = from_json("plan", &operations)?;
    let mut targets: BTreeSet<TargetName> = from_json("plan", &targets)?;
    targets.extend(items.iter().map(|item| item.target.clone()));
    let mut insert = tx.prepare_cached("INSERT INTO plan_item (plan, position, item) VALUES (?1, ?2, ?3)")?;
    let mut digests = Vec::with_capacity(items.len());
    for (position, item) in (known + 1..).zip(items) {
        let text = json("plan", item)?;
        insert.execute((Key::from(id), position, &text))?;
        digests.push(Digest::of(&text));
        for operation in &item.operations {
            *operations.entry(operation.intent.name().to_owned()).or_default() += 1;
        }
    }
    tx.prepare_cached("UPDATE plan SET items = ?2, operations = ?3, targets = ?4 WHERE id = ?1")?.execute((
        Key::from(id),
        known + items.len() as u64,
        json("plan", &operations)?,
        json("plan", &targets)?,
    ))?;
    Ok(digests)
}

fn seal(tx: &Transaction<'_>, id: PlanId, seal: &PlanSeal, now: Timestamp) -> Result<PlanSummary> {
    let items = tx
        .prepare_cached(
            "UPDATE plan SET expires_at = ?2, configuration = ?3, what_if = ?4, digest = ?5, signature = ?6 \
             WHERE id = ?1 AND digest IS NULL RETURNING items",
        )?
        .query_row(
            (
                Key::from(id),
                micros(seal.terms.expires_at),
                seal.terms.configuration.0,
                seal.terms.what_if,
                seal.digest.0,
                seal.signature.0,
            ),
            |row| row.get::<_, u64>(0),
        )
        .optional()?
        .ok_or_else(|| not_found("unsealed plan", id))?;
    let made = one(tx, id)?;
    let details = value!({"items": items, "operations": made.operations, "what_if": seal.terms.what_if});
    Note::plan(id).details(details).write(tx, now, "plan-made", &format!("{items} items"))?;
    Ok(made)
}

const PLAN: &str = "id, created_at, items, operations, applied_at, expires_at, configuration, what_if, digest, signature, requested_by, targets";

fn read(connection: &Connection, row: &Row<'_>) -> Result<PlanSummary> {
    let id: PlanId = row.get::<_, Key>(0)?.into();
    Ok(PlanSummary {
        id,
        created_at: time(row.get(1)?)?,
        requested_by: row.get(10)?,
        targets: from_json("plan", &row.get::<_, String>(11)?)?,
        items: row.get(2)?,
        operations: from_json("plan", &row.get::<_, String>(3)?)?,
        states: states(connection, id)?,
        seal: read_seal(row)?,
        applied_at: optional_time(row.get(4)?)?,
    })
}

fn read_seal(row: &Row<'_>) -> Result<Option<PlanSeal>> {
    let Some(expires_at) = optional_time(row.get(5)?)? else { return Ok(None) };
    let bytes = |column: usize| -> Result<Digest> {
        rows::digest(row.get(column)?)?.ok_or_else(|| damaged("plan", "a part of its seal is missing"))
    };
    let terms = PlanTerms { expires_at, configuration: bytes(6)?, what_if: row.get(7)? };
    Ok(Some(PlanSeal { terms, digest: bytes(8)?, signature: bytes(9)? }))
}

fn states(connection: &Connection, id: PlanId) -> Result<BTreeMap<ItemState, u64>> {
    let mut query =
        connection.prepare_cached("SELECT state, count(*) FROM plan_item WHERE plan = ?1 GROUP BY state")?;
    let found = collect(query.query([Key::from(id)])?, |row| {
        Ok((from_word("plan", &row.get::<_, String>(0)?)?, row.get::<_, u64>(1)?))
    })?;
    Ok(found.into_iter().collect())
}

fn one(connection: &Connection, id: PlanId) -> Result<PlanSummary> {
    let mut query = connection.prepare_cached(&format!("SELECT {PLAN} FROM plan WHERE id = ?1"))?;
    let mut found = query.query([Key::from(id)])?;
    found.next()?.map(|row| read(connection, row)).transpose()?.ok_or_else(|| not_found("plan", id))
}

fn list(connection: &Connection, reach: &Reach, page: PageRequest<PlanId>) -> Result<Vec<PlanSummary>> {
    list_query(reach, page).read(connection, |row| read(connection, row))
}

/// A page of plans, newest first. Within some targets are plans that are about those alone.
pub(crate) fn list_query(reach: &Reach, page: PageRequest<PlanId>) -> PageQuery {
    let order = Order { columns: &["id"], descending: !page.backwards };
    let about_those_alone = "targets <> '[]' AND NOT EXISTS (SELECT 1 FROM json_each(targets) AS own \
         WHERE own.value NOT IN (SELECT value FROM json_each(?)))";
    let listing = Listing::default().holds("(digest IS NOT NULL OR applied_at IS NOT NULL)".to_owned(), []);
    listing.within(reach, about_those_alone).page(
        &format!("SELECT {PLAN} FROM plan"),
        order,
        page.after.map(|id| at(id.0)),
        page.limit,
    )
}

fn items(connection: &Connection, id: PlanId, after: u64, limit: u32) -> Result<Vec<KeptItem>> {
    let mut query = connection.prepare_cached(
        "SELECT position, state, why, item, decided_by FROM plan_item WHERE plan = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
    )?;
    collect(query.query((Key::from(id), after, limit))?, |row| {
        let text: String = row.get(3)?;
        let line = PlanLine {
            position: row.get(0)?,
            state: from_word("plan", &row.get::<_, String>(1)?)?,
            why: row.get(2)?,
            decided_by: row.get(4)?,
            item: from_json("plan", &text)?,
        };
        Ok(KeptItem { line, digest: Digest::of(&text) })
    })
}

fn decide(
    tx: &Transaction<'_>,
    id: PlanId,
    positions: Option<&BTreeSet<u64>>,
    decision: Decision,
    apart: &BTreeSet<TargetName>,
    now: Timestamp,
) -> Result<Decided> {
    let plan = one(tx, id)?;
    if decision == Decision::Approve {
        is_anothers(tx, &plan, positions, apart)?;
    }
    let (state, kind) = match decision {
        Decision::Approve => (ItemState::Approved, "plan-items-approved"),
        Decision::Reject => (ItemState::Rejected, "plan-items-rejected"),
    };
    let decided = match positions {
        None => Decided { changed: decide_all(tx, id, state)?, too_late: BTreeSet::new() },
        Some(positions) => decide_some(tx, id, positions, state)?,
    };
    if decided.changed > 0 {
        let details = value!({"positions": positions, "changed": decided.changed});
        Note::plan(id).details(details).write(tx, now, kind, &format!("{} items", decided.changed))?;
    }
    Ok(decided)
}

/// Nobody approves what they asked for themselves where another person must.
fn is_anothers(
    tx: &Transaction<'_>,
    plan: &PlanSummary,
    positions: Option<&BTreeSet<u64>>,
    apart: &BTreeSet<TargetName>,
) -> Result<()> {
    let actor = tx.author().actor.as_str();
    if apart.is_empty() || plan.requested_by.as_deref().is_some_and(|requester| requester != actor) {
        return Ok(());
    }
    let mut query = tx.prepare_cached(
        "SELECT position, item ->> '$.target' FROM plan_item \
         WHERE plan = ?1 AND state IN ('open', 'approved', 'rejected') ORDER BY position",
    )?;
    let undone =
        collect(query.query([Key::from(plan.id)])?, |row| Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?)))?;
    let is_asked = |position: &u64| positions.is_none_or(|positions| positions.contains(position));
    let strict =
        undone.iter().find(|(position, target)| is_asked(position) && apart.iter().any(|one| one.as_str() == target));
    match (strict, &plan.requested_by) {
        (None, _) => Ok(()),
        (Some((position, target)), Some(requester)) => Err(refused(
            "plan",
            plan.id,
            &format!("{requester} asked for it, and in target {target} another person approves (item {position})"),
        )),
        (Some((_, target)), None) => Err(refused(
            "plan",
            plan.id,
            &format!(
                "in target {target} another person than who asked for it approves, and nobody knows who that was; make a new plan"
            ),
        )),
    }
}

fn decide_all(tx: &Transaction<'_>, id: PlanId, state: ItemState) -> Result<u64> {
    let changed = tx.execute(
        "UPDATE plan_item SET state = ?2, decided_by = ?3 \
         WHERE plan = ?1 AND state IN ('open', 'approved', 'rejected') AND state != ?2",
        (Key::from(id), state.as_str(), tx.author().actor.as_str()),
    )?;
    Ok(changed as u64)
}

fn decide_some(tx: &Transaction<'_>, id: PlanId, positions: &BTreeSet<u64>, state: ItemState) -> Result<Decided> {
    let mut decided = Decided::default();
    for position in positions {
        let known =
            state_of(tx, id, *position)?.ok_or_else(|| not_found("item", format!("{position} of plan {id}")))?;
        if !known.is_undone() {
            decided.too_late.insert(*position);
        } else if known != state {
            set_state(tx, id, *position, state, None)?;
            note_who_decided(tx, id, *position)?;
            decided.changed += 1;
        }
    }
    Ok(decided)
}

fn state_of(tx: &Transaction<'_>, id: PlanId, position: u64) -> Result<Option<ItemState>> {
    tx.prepare_cached("SELECT state FROM plan_item WHERE plan = ?1 AND position = ?2")?
        .query_row((Key::from(id), position), |row| row.get::<_, String>(0))
        .optional()?
        .map(|word| from_word("plan", &word))
        .transpose()
}

fn set_state(tx: &Transaction<'_>, id: PlanId, position: u64, state: ItemState, why: Option<&str>) -> Result<()> {
    tx.prepare_cached("UPDATE plan_item SET state = ?3, why = ?4 WHERE plan = ?1 AND position = ?2")?.execute((
        Key::from(id),
        position,
        state.as_str(),
        why,
    ))?;
    Ok(())
}

fn note_who_decided(tx: &Transaction<'_>, id: PlanId, position: u64) -> Result<()> {
    tx.prepare_cached("UPDATE plan_item SET decided_by = ?3 WHERE plan = ?1 AND position = ?2")?.execute((
        Key::from(id),
        position,
        tx.author().actor.as_str(),
    ))?;
    Ok(())
}

/// Enqueues items and notes what became of each, in the same transaction.
fn apply_items(
    tx: &Transaction<'_>,
    ids: &Ids,
    id: PlanId,
    steps: Vec<(u64, PlanStep)>,
    now: Timestamp,
) -> Result<Enqueued> {
    let mut done = Enqueued::default();
    for (position, step) in steps {
        if matches!(state_of(tx, id, position)?, Some(ItemState::Open | ItemState::Approved)) {
            let held = step.held.first().map(|held| held.reason.clone());
            let one = apply_step(tx, ids, id, step, now)?;
            let (state, why) = match (one.stale.first(), &held) {
                (Some(stale), _) => (ItemState::Stale, Some(stale.reason.as_str())),
                (None, Some(reason)) => (ItemState::Held, Some(reason.as_str())),
                (None, None) => (ItemState::Applied, None),
            };
            set_state(tx, id, position, state, why)?;
            done.operations += one.operations;
            done.held += one.held;
            done.stale.extend(one.stale);
        }
    }
    finish(tx, id, now)?;
    Ok(done)
}

fn apply_step(tx: &Transaction<'_>, ids: &Ids, id: PlanId, step: PlanStep, now: Timestamp) -> Result<Enqueued> {
    let mut done = Enqueued::default();
    let PlanStep { item, passes, held, approved } = step;
    let request = EnqueueRequest {
        identity: item.identity,
        wake: None,
        plan: Some(id),
        items: passes,
        held,
        approved,
        outlook: None,
    };
    enqueue_one(tx, ids, request, now, &mut done)?;
    if done.put_off > 0 {
        let reason = "an operation of this account was under way; it is planned anew when that has ended".to_owned();
        done.stale.push(StaleItem::new(item, reason));
    }
    Ok(done)
}

/// A plan of which nothing is left to apply is applied.
fn finish(tx: &Transaction<'_>, id: PlanId, now: Timestamp) -> Result<()> {
    let finished = tx
        .prepare_cached(
            "UPDATE plan SET applied_at = ?2 WHERE id = ?1 AND applied_at IS NULL AND NOT EXISTS \
             (SELECT 1 FROM plan_item WHERE plan = ?1 AND state IN ('open', 'approved'))",
        )?
        .execute((Key::from(id), micros(now)))?;
    if finished == 1 { Note::plan(id).write(tx, now, "plan-applied", "") } else { Ok(()) }
}

pub(crate) fn kept_declarations(connection: &Connection) -> Result<Option<KeptDeclarations>> {
    let row = connection
        .prepare_cached("SELECT digest, text FROM declarations")?
        .query_row([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let Some((bytes, text)) = row else { return Ok(None) };
    Ok(rows::digest(Some(bytes))?.map(|digest| KeptDeclarations { digest, text }))
}

pub(crate) fn keep_declarations(
    tx: &Transaction<'_>,
    kept: &KeptDeclarations,
    woken: u64,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT OR REPLACE INTO declarations (number, digest, text) VALUES (1, ?1, ?2)",
        (kept.digest.0, &kept.text),
    )?;
    let_be_planned(tx, "TRUE", [])?;
    let note = Note::about("declarations", &kept.digest).details(value!({"woken": woken}));
    note.write(tx, now, "declarations-changed", &format!("{woken} identities woken"))
}
