//! Sealed secrets: their names can be seen, their values never.

mod body;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod remove;
pub(crate) mod rotate_key;
pub(crate) mod set;
