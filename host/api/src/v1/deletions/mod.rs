//! Accounts that nobody grants.

pub(crate) mod cancel;
pub(crate) mod list;
pub(crate) mod read;
