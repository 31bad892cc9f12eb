//! Operations.

pub(crate) mod cancel;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod retry;
