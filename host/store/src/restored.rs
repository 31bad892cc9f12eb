//! A store that was put back from a copy: what it knows is older than the world.

use crate::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::id::{SourceName, TargetName};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Since when a store is what it is again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// When it was put back.
    pub at: Timestamp,
    /// The sources that were read to the end since then.
    pub sources: BTreeSet<SourceName>,
    /// The targets that were listed to the end since then.
    pub targets: BTreeSet<TargetName>,
}

/// What a copy of a store holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CopyFacts {
    /// The version of its tables.
    pub schema: u32,
    /// How much of what it holds, by its name.
    pub counts: BTreeMap<String, u64>,
}

/// Copies of the store, and what follows from going back to one.
#[async_trait]
pub trait StoreCopies: Send + Sync {
    /// Writes a copy of everything, as it is at one moment, into a file that is not there yet. Others go on working meanwhile.
    async fn copy_to(&self, file: &Path) -> Result<CopyFacts, StoreError>;

    /// Notes that this store was a copy, made at `copied`, and takes the place of a newer one: operations that waited or were
    /// under way have an unknown end and are planned anew where they were not done, runs that went on have failed, and the
    /// events go on with numbers that the newer store never gave.
    async fn note_restored(&self, copied: Timestamp, now: Timestamp) -> Result<(), StoreError>;

    /// That the store was put back, until [`StoreCopies::forget_restored`].
    async fn restored(&self) -> Result<Option<Restored>, StoreError>;

    /// Everything was looked at, or somebody says (`why`) that it need not be.
    async fn forget_restored(&self, why: &str, now: Timestamp) -> Result<(), StoreError>;
}
