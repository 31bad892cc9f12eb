//! tests: tidy.
