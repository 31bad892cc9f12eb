//! The tokens of clients that push over SCIM.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod revoke;
