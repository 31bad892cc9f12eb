//! Identities.

pub(crate) mod explain;
pub(crate) mod list;
pub(crate) mod provision;
pub(crate) mod read;
