//! Targets.

pub(crate) mod list;
