//! Plans.

pub(crate) mod items;
pub(crate) mod list;
pub(crate) mod read;
