//! What people interrupt.

use crate::audit::Note;
use crate::execution::{self, event_text};
use crate::failure::{Result, refused};
use crate::rows::{self, Key, OPERATION, collect, from_json, from_word, micros};
use crate::transaction::Transaction;
use crate::wakes::wake_whom;
use crate::{SqliteStore, runs};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::id::{AccountId, IdentityId, OperationId, RunId, TargetName};
use purser_model::operation::{EntitlementReference, Intent, OperationState};
use purser_model::run::Run;
use purser_store::{Interruptions, RunCount, StoreError};
use rusqlite::{Connection, Params};
use serde_json::json;

#[async_trait]
impl Interruptions for SqliteStore {
    async fn ask_to_stop(&self, run: RunId, now: Timestamp) -> std::result::Result<Run, StoreError> {
        self.connections.write(move |tx| runs::ask_to_stop(tx, run, now)).await
    }

    async fn end_stopped_runs(&self, now: Timestamp) -> std::result::Result<u64, StoreError> {
        self.connections.write(move |tx| runs::end_stopped(tx, now)).await
    }

    async fn cancel_operation(&self, operation: OperationId, now: Timestamp) -> std::result::Result<u64, StoreError> {
        self.connections.write(move |tx| cancel(tx, operation, now)).await
    }

    async fn forget_cancelled(&self, identity: IdentityId) -> std::result::Result<(), StoreError> {
        self.connections.write(move |tx| let_be_planned(tx, "identity = ?1", [Key::from(identity)])).await
    }

    async fn run_counts(&self) -> std::result::Result<Vec<RunCount>, StoreError> {
        self.connections.read(run_counts).await
    }
}

fn run_counts(connection: &Connection) -> Result<Vec<RunCount>> {
    let mut query =
        connection.prepare_cached("SELECT kind, state, count(*) FROM run GROUP BY kind, state ORDER BY kind, state")?;
    collect(query.query([])?, |row| {
        Ok(RunCount {
            kind: from_word("run", &row.get::<_, String>(0)?)?,
            state: from_word("run", &row.get::<_, String>(1)?)?,
            runs: row.get(2)?,
        })
    })
}

/// Takes an operation that was not sent out of the queue, and what cannot be done without it.
fn cancel(tx: &Transaction<'_>, id: OperationId, now: Timestamp) -> Result<u64> {
    let operation = execution::one(tx, id)?;
    let why = match operation.state {
        OperationState::Waiting => None,
        OperationState::Superseded if was_cancelled(tx, id)? => return Ok(0),
        OperationState::InFlight => Some(
            "it is being sent, and nobody can call it back; wait for its end, and change what the identity should have"
                .to_owned(),
        ),
        OperationState::Unknown => Some(
            "it was sent and its end is not known; it is observed first, and then done or tried again: wait for that"
                .to_owned(),
        ),
        ended => Some(format!("it has ended: {ended}; what should be otherwise is changed in the source or the roles")),
    };
    if let Some(why) = why {
        return Err(refused("operation", id, &why));
    }
    let by = tx.author().actor.as_str().to_owned();
    let until = match operation.identity {
        Some(_) => {
            "the identity or the declarations change, the target is reconciled, or somebody provisions the identity"
        }
        None => "the target is reconciled",
    };
    let mut cancelled =
        take_out(tx, "id = ?1", [Key::from(id)], &by, &format!("cancelled by {by} until {until}"), now)?;
    let without = format!("cancelled by {by} with what it needs");
    cancelled += match &operation.intent {
        Intent::Create { .. } => take_out(tx, "object = ?1", [Key::from(operation.object)], &by, &without, now)?,
        Intent::CreateEntitlement { name, .. } => {
            let of = "target = ?1 AND intent ->> '$.kind' = 'grant' AND intent ->> '$.entitlement.declared' = ?2";
            take_out(tx, of, (operation.target.as_str(), name), &by, &without, now)?
        }
        _ => 0,
    };
    Ok(cancelled)
}

fn was_cancelled(tx: &Transaction<'_>, id: OperationId) -> Result<bool> {
    let mut query = tx.prepare_cached("SELECT 1 FROM operation WHERE id = ?1 AND cancelled_by IS NOT NULL")?;
    Ok(query.exists([Key::from(id)])?)
}

/// Takes those that wait and are like this out of the queue; the same is not planned again for a while. Returns how many.
fn take_out(
    tx: &Transaction<'_>,
    like: &str,
    parameters: impl Params,
    by: &str,
    detail: &str,
    now: Timestamp,
) -> Result<u64> {
    let mut query =
        tx.prepare_cached(&format!("SELECT {OPERATION} FROM operation WHERE state = 'waiting' AND {like}"))?;
    let found = collect(query.query(parameters)?, rows::operation)?;
    let mut update = tx.prepare_cached(
        "UPDATE operation SET state = 'superseded', changed_at = ?2, detail = ?3, cancelled_by = ?4, \
         kept_away_version = coalesce((SELECT version FROM identity WHERE identity.id = operation.identity), 0) WHERE id = ?1",
    )?;
    for operation in &found {
        update.execute((Key::from(operation.id), micros(now), detail, by))?;
        let details = json!({
            "kind": operation.intent.name(),
            "state": OperationState::Superseded,
            "attempts": operation.attempts,
            "detail": detail,
        });
        let note = Note::operation(operation).details(details);
        note.write(tx, now, "operation-cancelled", &event_text(operation))?;
    }
    Ok(found.len() as u64)
}

/// What was cancelled and is like this is planned again.
pub(crate) fn let_be_planned(tx: &Transaction<'_>, like: &str, parameters: impl Params) -> Result<()> {
    tx.prepare_cached(&format!(
        "UPDATE operation SET kept_away_version = NULL WHERE kept_away_version IS NOT NULL AND {like}"
    ))?
    .execute(parameters)?;
    Ok(())
}

/// What is not planned again for an account, as long as its identity is as it was.
pub(crate) struct KeptAway(Vec<Intent>);

impl KeptAway {
    pub(crate) fn of(tx: &Transaction<'_>, account: AccountId) -> Result<Self> {
        let mut query = tx.prepare_cached(
            "SELECT intent FROM operation WHERE object = ?1 AND kept_away_version IS NOT NULL AND kept_away_version = \
                 coalesce((SELECT version FROM identity WHERE identity.id = operation.identity), 0)",
        )?;
        let found = query.query([Key::from(account)])?;
        Ok(Self(collect(found, |row| from_json("operation", &row.get::<_, String>(0)?))?))
    }

    /// Whether this is not written. An account that is not created gets nothing else either.
    pub(crate) fn holds(&self, intent: &Intent) -> bool {
        self.0.iter().any(|cancelled| matches!(cancelled, Intent::Create { .. }) || cancelled == intent)
    }

    /// Whether nobody cancelled anything.
    pub(crate) fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether somebody cancelled that this entitlement is created.
pub(crate) fn is_not_created(tx: &Transaction<'_>, entitlement: AccountId) -> Result<bool> {
    Ok(!KeptAway::of(tx, entitlement)?.is_nothing())
}

/// Whether this grants what is not created, since somebody cancelled that: it would wait for as long.
pub(crate) fn grants_what_is_not_created(tx: &Transaction<'_>, target: &TargetName, intent: &Intent) -> Result<bool> {
    let Intent::Grant { entitlement: EntitlementReference::Declared(name) } = intent else { return Ok(false) };
    let mut query = tx.prepare_cached(
        "SELECT 1 FROM entitlement JOIN operation ON operation.object = entitlement.id AND kept_away_version IS NOT NULL \
         WHERE entitlement.target = ?1 AND entitlement.name = ?2 AND entitlement.remote_id IS NULL",
    )?;
    Ok(query.exists((target.as_str(), name))?)
}

/// What was cancelled in a target is planned again, and for whom: also who was not granted what was not created.
pub(crate) fn let_target_be_planned(tx: &Transaction<'_>, target: &TargetName) -> Result<u64> {
    let woken = wake_whom(
        tx,
        "SELECT identity FROM operation WHERE kept_away_version IS NOT NULL AND target = ?1 AND identity IS NOT NULL \
         UNION SELECT identity FROM account WHERE target = ?1 AND identity IS NOT NULL AND EXISTS \
             (SELECT 1 FROM operation WHERE kept_away_version IS NOT NULL AND target = ?1 \
              AND intent ->> '$.kind' = 'create-entitlement')",
        [target.as_str()],
    )?;
    let_be_planned(tx, "target = ?1", [target.as_str()])?;
    Ok(woken)
}
