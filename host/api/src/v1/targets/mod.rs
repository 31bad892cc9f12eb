//! Targets.

pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod release;
mod view;
