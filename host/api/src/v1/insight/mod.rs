//! Reports over what is kept.

mod accounts;
pub(crate) mod dormant;
pub(crate) mod drift;
pub(crate) mod entitlements;
pub(crate) mod failures;
pub(crate) mod latency;
pub(crate) mod orphans;
mod period;
