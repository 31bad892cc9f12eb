//! Matches that a person decides.

pub(crate) mod decide;
pub(crate) mod list;
pub(crate) mod read;
