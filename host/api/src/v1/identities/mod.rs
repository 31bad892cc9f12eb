//! Identities.

pub(crate) mod departure;
pub(crate) mod explain;
mod imposing;
pub(crate) mod list;
pub(crate) mod provision;
pub(crate) mod read;
pub(crate) mod suspension;
