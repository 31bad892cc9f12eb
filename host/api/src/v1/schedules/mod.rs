//! What runs regularly.

pub(crate) mod list;
