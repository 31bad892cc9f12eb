//! Which builds sources and targets run, and how newer ones take over.

mod decide;
pub(crate) mod list;
pub(crate) mod of_source;
pub(crate) mod of_target;
