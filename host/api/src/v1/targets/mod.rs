//! Targets.

pub(crate) mod list;
pub(crate) mod release;
