//! What a backup says of itself.

use jiff::Timestamp;
use purser_store::CopyFacts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The form of the files that this program writes.
pub(crate) const FORM: u32 = 1;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Manifest {
    /// The form of the file.
    pub form: u32,
    /// When the copy was made.
    pub made_at: Timestamp,
    /// The version of the program that made it.
    pub purser: String,
    /// The version of the store's tables.
    pub schema: u32,
    /// How much of what it holds, by its name.
    pub counts: BTreeMap<String, u64>,
    /// Bytes of the store.
    pub size: u64,
    /// BLAKE3 of these bytes, in hexadecimal.
    pub digest: String,
}

impl Manifest {
    pub(crate) fn of(facts: CopyFacts, made_at: Timestamp, purser: &str, size: u64, digest: String) -> Self {
        let CopyFacts { schema, counts } = facts;
        Self { form: FORM, made_at, purser: purser.to_owned(), schema, counts, size, digest }
    }
}
