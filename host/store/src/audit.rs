//! What is asked of the audit log, the provisioning log and the events, and what they answer.

use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::audit::AuditRow;
use purser_model::id::{IdentityId, OperationId, TargetName};
use purser_model::operation::Operation;
use serde::{Deserialize, Serialize};

/// Which rows of the audit log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only within this.
    pub reach: Reach,
    /// Of this identity.
    pub identity: Option<IdentityId>,
    /// In this target.
    pub target: Option<TargetName>,
    /// Of this operation.
    pub operation: Option<OperationId>,
    /// With this action.
    pub action: Option<String>,
    /// By this actor, or in the course of this activity.
    pub actor: Option<String>,
    /// Of this time or later.
    pub since: Option<Timestamp>,
}

/// In which order rows of the audit log come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOrder {
    /// As they were written.
    OldestFirst,
    /// The newest first.
    NewestFirst,
}

/// A page of the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditPage {
    /// The sequence number of the former page's last row.
    pub after: Option<i64>,
    /// Most rows.
    pub limit: u32,
    /// In which order.
    pub order: AuditOrder,
}

/// Which operations of the provisioning log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// For this identity.
    pub identity: Option<IdentityId>,
    /// In this target.
    pub target: Option<TargetName>,
    /// This one.
    pub operation: Option<OperationId>,
    /// Planned at this time or later.
    pub since: Option<Timestamp>,
}

/// A page of the provisioning log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPage {
    /// The number of the former page's last entry.
    pub after: Option<i64>,
    /// Most entries.
    pub limit: u32,
}

/// One operation, from what was asked for to what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Grows with each operation.
    pub number: i64,
    /// The operation.
    pub operation: Operation,
    /// `source/key` of the identity that it serves.
    pub identity: Option<String>,
    /// When what led to it was accepted: the change of the identity, or the plan where nothing changed there.
    pub requested_at: Timestamp,
    /// When it took effect.
    pub effect_at: Option<Timestamp>,
    /// What the audit log tells of it, in order; only the first rows and the last where there are many.
    pub rows: Vec<AuditRow>,
}

/// Which events are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsKept {
    /// Those up to this one are not kept any more; 0 where all are.
    pub dropped_through: u64,
    /// The newest.
    pub newest: u64,
}
