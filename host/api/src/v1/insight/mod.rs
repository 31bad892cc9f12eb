//! Reports over what is kept.

pub(crate) mod drift;
pub(crate) mod failures;
pub(crate) mod latency;
mod period;
