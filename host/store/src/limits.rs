//! How often calls into connectors reached a limit.

use crate::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What reached a limit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LimitReached {
    /// The limit, such as `memory`, as operators declare it.
    pub limit: String,
    /// The connector's name and version.
    pub connector: String,
    /// The source or target, such as `target crm`.
    pub subject: String,
}

/// How often that was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LimitCount {
    /// What reached a limit.
    #[serde(flatten)]
    pub reached: LimitReached,
    /// How often since the home was made; it never goes down.
    pub times: u64,
    /// When it was last.
    pub last: Timestamp,
}

/// Counts of limits that were reached.
#[async_trait]
pub trait Limits {
    /// Counts that a limit was reached once more.
    async fn note_limit_reached(&self, reached: LimitReached, now: Timestamp) -> Result<(), StoreError>;

    /// What was reached so far, in order.
    async fn limits_reached(&self) -> Result<Vec<LimitCount>, StoreError>;
}
