//! The audit log.

pub(crate) mod list;
pub(crate) mod verify;
