//! Events.

pub(crate) mod list;
pub(crate) mod prune;
pub(crate) mod stream;
