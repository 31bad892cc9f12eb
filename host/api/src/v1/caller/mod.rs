//! Who asks.

pub(crate) mod read;
