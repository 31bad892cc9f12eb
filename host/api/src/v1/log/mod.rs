//! The provisioning log.

pub(crate) mod list;
