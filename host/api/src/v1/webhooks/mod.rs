//! Webhooks.

pub(crate) mod dead;
pub(crate) mod enable;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod redeliver;
pub(crate) mod test;
