//! What the guard holds.

pub(crate) mod decide;
pub(crate) mod list;
