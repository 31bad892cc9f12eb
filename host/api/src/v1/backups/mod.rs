//! Backups of the store, in the host's own folder.

pub(crate) mod content;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod remove;
