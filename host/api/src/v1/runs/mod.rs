//! Runs.

pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod start;
pub(crate) mod stop;
