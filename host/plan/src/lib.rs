//! Derives desired state, compares it with what is there and plans: pure functions.
