//! Accounts.

pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod unlink;
