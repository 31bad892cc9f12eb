//! Groups of identities.

pub(crate) mod list;
pub(crate) mod member;
pub(crate) mod members;
pub(crate) mod read;
