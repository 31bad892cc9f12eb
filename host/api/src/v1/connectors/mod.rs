//! Connectors: the files in the folder, and the copies that are kept.

pub(crate) mod differences;
mod digest;
pub(crate) mod drop_in;
pub(crate) mod list;
pub(crate) mod prune;
pub(crate) mod read;
