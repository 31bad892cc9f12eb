//! How much may be taken away at once before a person is asked.

pub(crate) mod list;
pub(crate) mod set;
