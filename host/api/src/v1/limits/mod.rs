//! Limits of calls into connectors.

pub(crate) mod list;
