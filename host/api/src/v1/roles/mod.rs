//! Roles.

pub(crate) mod holders;
pub(crate) mod list;
pub(crate) mod read;
