//! Backups of the store, in the host's own folder.

pub(crate) mod create;
pub(crate) mod list;
