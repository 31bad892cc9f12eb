//! Runs: one import or reconciliation, with its checkpoint and its counts.

use crate::id::{RunId, TargetName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// Reads a source.
    Import,
    /// Compares a target with what is desired.
    Reconciliation,
    /// Follows the change feed of a target.
    Changes,
}

impl RunKind {
    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Reconciliation => "reconciliation",
            Self::Changes => "changes",
        }
    }
}

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Going on, or interrupted: its checkpoint says where to go on.
    Running,
    /// Done.
    Completed,
    /// It could not go on, with the reason; nothing that it had not finished was acted on.
    Failed,
    /// A person stopped it; what it had seen stays, and nothing is concluded from what it had not.
    Stopped,
}

impl Run {
    /// The target that it looks at; none where it reads a source.
    pub fn target(&self) -> Option<TargetName> {
        match self.kind {
            RunKind::Import => None,
            RunKind::Reconciliation | RunKind::Changes => self.subject.parse().ok(),
        }
    }
}

impl RunState {
    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where a run goes on after an interruption.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Checkpoint {
    /// Classes that have been listed to the end.
    pub finished_classes: Vec<String>,
    /// The class being listed.
    pub class: Option<String>,
    /// The cursor of its next page.
    pub cursor: Option<String>,
    /// Objects of that class that were listed.
    #[serde(default)]
    pub listed_in_class: u64,
    /// Whether that class was listed to its end, and what was not in the list is being looked up.
    #[serde(default)]
    pub listed_to_the_end: bool,
    /// Cursors of the change feeds, by class, from before the first page: what changes during the listing comes after them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub change_cursors: BTreeMap<String, String>,
}

/// Somebody wants a run to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StopAsked {
    /// Who, as the audit log has it.
    pub by: String,
    /// Since when.
    pub at: jiff::Timestamp,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Counts runs; what a run saw is marked with it.
    pub number: i64,
    /// What it does.
    pub kind: RunKind,
    /// The source or target.
    pub subject: String,
    /// Where it is.
    pub state: RunState,
    /// Where it goes on.
    pub checkpoint: Checkpoint,
    /// What it counted, by name.
    pub counts: BTreeMap<String, u64>,
    /// Why it did not come to its end.
    pub detail: Option<String>,
    /// Who wanted it to stop. One that still runs stops at its next call or page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopAsked>,
    /// When it began.
    pub started_at: jiff::Timestamp,
    /// When it ended.
    pub ended_at: Option<jiff::Timestamp>,
}
