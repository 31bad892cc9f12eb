//! Accounts.

pub(crate) mod list;
