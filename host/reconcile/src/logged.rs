//! The provisioning log as people and machines read it: each operation from what was asked for to what became of it.

use jiff::Timestamp;
use purser_model::audit::AuditRow;
use purser_model::id::{OperationId, PlanId, TargetName};
use purser_model::operation::OperationState;
use purser_store::LogEntry;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One operation of the provisioning log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LoggedOperation {
    /// Grows with each operation.
    pub number: i64,
    /// The operation.
    pub operation: OperationId,
    /// What it does, such as `update`.
    pub kind: String,
    /// `source/key` of the identity that it serves.
    pub identity: Option<String>,
    /// The target.
    pub target: TargetName,
    /// The stored plan that it came from.
    pub plan: Option<PlanId>,
    /// Why it was planned.
    pub reason: Option<String>,
    /// When what led to it was accepted.
    pub requested_at: Timestamp,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When it took effect.
    pub effect_at: Option<Timestamp>,
    /// How long that took.
    pub milliseconds: Option<i64>,
    /// Where it is.
    pub state: OperationState,
    /// How often it was sent.
    pub attempts: u32,
    /// What was asked for, or, once it took effect, what was changed: old and new values.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub values: Value,
    /// What the audit log tells of it, in order.
    pub steps: Vec<LoggedStep>,
}

/// One step of an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LoggedStep {
    /// When; none where what is kept is no time any more.
    pub at: Option<Timestamp>,
    /// What happened, such as `operation-sent`.
    pub what: String,
    /// Who did it.
    pub by: String,
    /// The connector that did it.
    pub connector: Option<String>,
    /// What the target or the host said.
    pub detail: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

impl LoggedOperation {
    /// Whether nothing more becomes of it.
    pub fn has_ended(&self) -> bool {
        self.state.is_final()
    }
}

impl From<LogEntry> for LoggedOperation {
    fn from(entry: LogEntry) -> Self {
        let steps: Vec<_> = steps(&entry).map(LoggedStep::from).collect();
        let values = values(&entry);
        let LogEntry { number, operation, identity, requested_at, effect_at, .. } = entry;
        let took = effect_at.map(|effect| effect.duration_since(requested_at));
        Self {
            number,
            operation: operation.id,
            kind: operation.intent.name().to_owned(),
            identity,
            target: operation.target,
            plan: operation.plan,
            reason: steps.first().and_then(|step| step.reason.clone()),
            requested_at,
            planned_at: operation.created_at,
            effect_at,
            milliseconds: took.and_then(|took| i64::try_from(took.as_millis()).ok()),
            state: operation.state,
            attempts: operation.attempts,
            values,
            steps,
        }
    }
}

impl From<&AuditRow> for LoggedStep {
    fn from(row: &AuditRow) -> Self {
        let details = row.details();
        let text = |name: &str| details[name].as_str().map(str::to_owned);
        Self {
            at: Timestamp::from_microsecond(row.at).ok(),
            what: row.action.clone(),
            by: row.actor.clone(),
            connector: row.connector.clone(),
            detail: text("detail"),
            reason: text("reason"),
        }
    }
}

/// The rows about the operation itself, without those of its account.
fn steps(entry: &LogEntry) -> impl DoubleEndedIterator<Item = &AuditRow> {
    entry.rows.iter().filter(|row| row.subject_kind == "operation")
}

/// The values that were asked for, or, once it took effect, that were changed.
fn values(entry: &LogEntry) -> Value {
    let ended = steps(entry).rfind(|row| matches!(row.action.as_str(), "operation-applied" | "operation-already-so"));
    let details = ended.or_else(|| steps(entry).next()).map_or(json!({}), AuditRow::details);
    let mut values = details.as_object().cloned().unwrap_or_default();
    values.retain(|name, _| ["attributes", "active", "entitlement", "held"].contains(&name.as_str()));
    Value::Object(values)
}
