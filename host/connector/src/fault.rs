//! What a call that failed says.

use purser_model::edit::{ConnectorError, ErrorClass};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A limit of the runtime that a call reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Bytes of linear memory.
    Memory,
    /// Elements of a table.
    Table,
    /// Instances, memories or tables in one component.
    Instances,
    /// The call stack.
    Stack,
    /// Time in which the guest computes.
    Cpu,
    /// Time from the beginning to the end of a call.
    Wall,
    /// Calls from the guest into the host.
    HostCalls,
    /// Bytes that go over the network, to the target and from it.
    Traffic,
    /// Lines or bytes of log.
    Log,
    /// Bytes in an answer or in one call into the host.
    Output,
    /// Bytes of one object's attributes.
    Value,
}

impl Limit {
    /// The limit's name as operators configure it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Table => "table",
            Self::Instances => "instances",
            Self::Stack => "stack",
            Self::Cpu => "cpu",
            Self::Wall => "wall",
            Self::HostCalls => "host-calls",
            Self::Traffic => "traffic",
            Self::Log => "log",
            Self::Output => "output",
            Self::Value => "value",
        }
    }
}

/// How a guest came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trap {
    /// What the guest said before, where it did (its panic message).
    pub guest_message: Option<String>,
    /// What the runtime says.
    pub reason: String,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The connector answered with an error.
    #[error("{0}")]
    Connector(#[from] ConnectorError),
    /// The guest trapped.
    #[error("the connector crashed: {}", .0.guest_message.as_deref().unwrap_or(&.0.reason))]
    Trapped(Trap),
    /// The call took longer than it may.
    #[error("the connector did not answer within {after:?}, its limit `{}`", .limit.name())]
    TimedOut {
        /// Whether it computed or waited for so long.
        limit: Limit,
        /// How long that is.
        after: Duration,
    },
    /// A limit was reached.
    #[error("the connector exceeded its limit `{}`: {detail}", .limit.name())]
    LimitExceeded {
        /// Which one.
        limit: Limit,
        /// With its number.
        detail: String,
    },
    /// The answer breaks the contract.
    #[error("the connector broke the contract: {0}")]
    BrokenContract(String),
    /// The connector cannot be used: it could not be loaded, or its grant is not complete.
    #[error("the connector cannot be used: {0}")]
    Unusable(String),
    /// A write was asked for where only reading is allowed. Nothing reached the connector.
    #[error("refused: this session only reads")]
    ReadOnly,
}

impl Fault {
    /// What kind of failure it is; for a connector's own error, the error's class.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connector(error) => error.class.name(),
            Self::Trapped(_) => "trapped",
            Self::TimedOut { .. } => "timed-out",
            Self::LimitExceeded { .. } => "limit-exceeded",
            Self::BrokenContract(_) => "broken-contract",
            Self::Unusable(_) => "unusable",
            Self::ReadOnly => "read-only",
        }
    }

    /// The limit that was reached, where that is what ended the call.
    pub fn limit(&self) -> Option<Limit> {
        match self {
            Self::LimitExceeded { limit, .. } | Self::TimedOut { limit, .. } => Some(*limit),
            Self::Connector(_) | Self::Trapped(_) | Self::BrokenContract(_) | Self::Unusable(_) | Self::ReadOnly => {
                None
            }
        }
    }

    /// Whether the object asked for is gone for certain.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Connector(error) if error.class == ErrorClass::NotFound)
    }

    /// Whether the cursor of a listing is no longer known.
    pub fn is_cursor_expired(&self) -> bool {
        matches!(self, Self::Connector(error) if error.class == ErrorClass::CursorExpired)
    }

    /// Whether it is certain that an `apply` that failed like this did nothing.
    pub fn nothing_was_done(&self) -> bool {
        matches!(self, Self::Unusable(_) | Self::ReadOnly)
    }
}
