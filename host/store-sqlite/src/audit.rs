//! The audit log: a note of a change is an event and a row of the log, in the transaction of the change.

use crate::failure::Result;
use crate::rows::{collect, micros, stream_event, within};
use crate::transaction::{Transaction, kept_head};
use jiff::Timestamp;
use purser_model::audit::{AuditHead, AuditRow, BEFORE_THE_FIRST, BROKEN};
use purser_model::id::{AccountId, IdentityId, OperationId, PlanId};
use purser_model::operation::Operation;
use purser_store::{AuditFilter, AuditOrder, AuditPage};
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Value, json};

/// What changed, and what belongs to it.
pub(crate) struct Note {
    subject_kind: String,
    subject: String,
    identity: Option<String>,
    target: Option<String>,
    operation: Option<String>,
    plan: Option<String>,
    details: Value,
}

impl Note {
    /// About anything.
    pub(crate) fn about(subject_kind: &str, subject: &dyn std::fmt::Display) -> Self {
        Self {
            subject_kind: subject_kind.to_owned(),
            subject: subject.to_string(),
            identity: None,
            target: None,
            operation: None,
            plan: None,
            details: json!({}),
        }
    }

    pub(crate) fn identity(id: IdentityId) -> Self {
        Self { identity: Some(id.to_string()), ..Self::about("identity", &id) }
    }

    pub(crate) fn account(id: AccountId, identity: Option<IdentityId>, target: &str) -> Self {
        let identity = identity.map(|id| id.to_string());
        Self { identity, target: Some(target.to_owned()), ..Self::about("account", &id) }
    }

    pub(crate) fn operation(operation: &Operation) -> Self {
        Self {
            identity: operation.identity.map(|id| id.to_string()),
            target: Some(operation.target.to_string()),
            operation: Some(operation.id.to_string()),
            plan: operation.plan.map(|id| id.to_string()),
            ..Self::about("operation", &operation.id)
        }
    }

    /// About an operation whose row is just being written.
    pub(crate) fn planned(id: OperationId, identity: Option<IdentityId>, target: &str, plan: Option<PlanId>) -> Self {
        let identity = identity.map(|id| id.to_string());
        Self { identity, ..Self::about("operation", &id).in_target(target).by_operation(id, plan) }
    }

    pub(crate) fn plan(id: PlanId) -> Self {
        Self { plan: Some(id.to_string()), ..Self::about("plan", &id) }
    }

    /// Of this identity.
    pub(crate) fn of_identity(mut self, id: IdentityId) -> Self {
        self.identity = Some(id.to_string());
        self
    }

    /// In this target.
    pub(crate) fn in_target(mut self, target: &str) -> Self {
        self.target = Some(target.to_owned());
        self
    }

    /// As an effect of this operation.
    pub(crate) fn by_operation(mut self, operation: OperationId, plan: Option<PlanId>) -> Self {
        (self.operation, self.plan) = (Some(operation.to_string()), plan.map(|id| id.to_string()));
        self
    }

    /// Old and new values and what else belongs to it. Secrets are hidden by the caller: see [`crate::hidden`].
    pub(crate) fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// Writes the event, whose text holds no value, and the row of the log.
    pub(crate) fn write(self, tx: &Transaction<'_>, now: Timestamp, kind: &str, event: &str) -> Result<()> {
        stream_event(tx, now, kind, &self.subject, event)?;
        append(tx, now, kind, self)
    }
}

fn append(tx: &Transaction<'_>, now: Timestamp, action: &str, note: Note) -> Result<()> {
    let head = match tx.audit_head() {
        Some(head) => head,
        None => go_on(tx, now)?,
    };
    let author = tx.author();
    let mut row = AuditRow {
        sequence: head.sequence.saturating_add(1),
        at: micros(now),
        actor: author.actor.as_str().to_owned(),
        activity: author.activity.clone(),
        action: action.to_owned(),
        subject_kind: note.subject_kind,
        subject: note.subject,
        identity: note.identity,
        target: note.target,
        operation: note.operation,
        plan: note.plan,
        connector: author.connector.clone(),
        details: note.details.to_string(),
        previous: head.hash,
        hash: Vec::new(),
    };
    row.hash = row.expected_hash().to_vec();
    tx.prepare_cached(&format!(
        "INSERT INTO audit ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
    ))?
    .execute(rusqlite::params![
        row.sequence,
        row.at,
        row.actor,
        row.activity,
        row.action,
        row.subject_kind,
        row.subject,
        row.identity,
        row.target,
        row.operation,
        row.plan,
        row.connector,
        row.details,
        row.previous,
        row.hash,
    ])?;
    tx.keep_audit_head(AuditHead { sequence: row.sequence, hash: row.hash, signature: None });
    Ok(())
}

/// Where the log goes on. A log whose end is not what the signed head says goes on all the same, since work must not stop
/// for it, with a row that says so for ever.
fn go_on(tx: &Transaction<'_>, now: Timestamp) -> Result<AuditHead> {
    let last = last_row(tx)?;
    let kept = kept_head(tx)?;
    let start = last.clone().unwrap_or(AuditHead { sequence: 0, hash: BEFORE_THE_FIRST.to_vec(), signature: None });
    let reason = match (&kept, &last) {
        (None, None) => return Ok(start),
        (None, Some(_)) => "the head of the log is not there",
        (Some(head), _) if !head.is_signed_by(tx.author().key.as_ref()) => {
            "the head of the log is not signed with this host's key"
        }
        (Some(head), _) if (head.sequence, &head.hash) != (start.sequence, &start.hash) => {
            "the log does not end where its head says"
        }
        _ => return Ok(start),
    };
    let details =
        json!({"reason": reason, "head": kept.map(|head| head.anchor()), "last": last.map(|row| row.anchor())});
    tx.keep_audit_head(start);
    let note = Note::about("audit", &"log").details(details);
    note.write(tx, now, BROKEN, reason)?;
    // The row above has just set it.
    Ok(tx.audit_head().unwrap_or(AuditHead { sequence: 0, hash: BEFORE_THE_FIRST.to_vec(), signature: None }))
}

fn last_row(connection: &Connection) -> Result<Option<AuditHead>> {
    let last = connection
        .prepare_cached("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")?
        .query_row([], |row| Ok(AuditHead { sequence: row.get(0)?, hash: row.get(1)?, signature: None }))
        .optional()?;
    Ok(last)
}

const COLUMNS: &str = "sequence, at, actor, activity, action, subject_kind, subject, identity, target, operation, plan, \
     connector, details, previous, hash";

/// A row as it is, whatever somebody did to it: bytes that are no text are shown as such, and fail the check of the hash.
fn read(row: &Row<'_>) -> Result<AuditRow> {
    let bytes = |index| -> rusqlite::Result<Option<Vec<u8>>> {
        Ok(row.get_ref(index)?.as_bytes_or_null().unwrap_or_default().map(<[u8]>::to_vec))
    };
    let text = |index| -> rusqlite::Result<Option<String>> {
        Ok(bytes(index)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    };
    Ok(AuditRow {
        sequence: row.get(0)?,
        at: row.get(1)?,
        actor: text(2)?.unwrap_or_default(),
        activity: text(3)?,
        action: text(4)?.unwrap_or_default(),
        subject_kind: text(5)?.unwrap_or_default(),
        subject: text(6)?.unwrap_or_default(),
        identity: text(7)?,
        target: text(8)?,
        operation: text(9)?,
        plan: text(10)?,
        connector: text(11)?,
        details: text(12)?.unwrap_or_default(),
        previous: bytes(13)?.unwrap_or_default(),
        hash: bytes(14)?.unwrap_or_default(),
    })
}

pub(crate) fn list(connection: &Connection, filter: &AuditFilter, page: &AuditPage) -> Result<Vec<AuditRow>> {
    let since = filter.since.map(|since| first_at(connection, since)).transpose()?;
    let (compare, order) = match page.order {
        AuditOrder::OldestFirst => (">", "ASC"),
        AuditOrder::NewestFirst => ("<", "DESC"),
    };
    // A condition that is not asked for is left out, so that the index of the one that is can be used.
    let conditions = [
        ("identity", filter.identity.map(|id| id.to_string())),
        ("operation", filter.operation.map(|id| id.to_string())),
        ("target", filter.target.as_ref().map(ToString::to_string)),
        ("action", filter.action.clone()),
    ];
    let mut sql = format!("SELECT {COLUMNS} FROM audit WHERE sequence >= ?");
    let mut values: Vec<rusqlite::types::Value> = vec![since.unwrap_or(i64::MIN).into()];
    if let Some(after) = page.after {
        sql.push_str(&format!(" AND sequence {compare} ?"));
        values.push(after.into());
    }
    for (column, value) in conditions {
        if let Some(value) = value {
            sql.push_str(&format!(" AND {column} = ?"));
            values.push(value.into());
        }
    }
    if let Some(targets) = within(&filter.reach) {
        sql.push_str(" AND target IN (SELECT value FROM json_each(?))");
        values.push(targets.into());
    }
    if let Some(actor) = &filter.actor {
        sql.push_str(" AND (actor = ? OR activity = ?)");
        values.extend([actor.clone().into(), actor.clone().into()]);
    }
    sql.push_str(&format!(" ORDER BY sequence {order} LIMIT ?"));
    values.push(i64::from(page.limit).into());
    let mut query = connection.prepare_cached(&sql)?;
    collect(query.query(rusqlite::params_from_iter(values))?, read)
}

/// The first row of this time or later.
fn first_at(connection: &Connection, since: Timestamp) -> Result<i64> {
    Ok(connection
        .prepare_cached("SELECT coalesce(min(sequence), 9223372036854775807) FROM audit WHERE at >= ?1")?
        .query_row([micros(since)], |row| row.get(0))?)
}
