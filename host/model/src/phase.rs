//! What a call may do, whatever the guest tries.

/// The phase of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// `describe`, and every guest before its function is called: no capability at all.
    Describe,
    /// `check`, `schema`, `search`, `get`, `changes`, `upgrade-config`: nothing is changed in the target.
    Read,
    /// `apply`.
    Write,
}

impl Phase {
    /// Why a capability is denied in `describe`.
    pub const NOTHING_IN_DESCRIBE: &str = "nothing can be reached while the connector describes itself";
}
