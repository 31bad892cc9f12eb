//! tests: e2e.
