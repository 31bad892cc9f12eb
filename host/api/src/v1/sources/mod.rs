//! Sources.

pub(crate) mod list;
pub(crate) mod read;
mod view;
