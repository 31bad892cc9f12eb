//! tests: guests.
