//! The engine over a real store and an application in memory that can be told to fail in every way a target fails.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod application;
mod faults;
mod lifecycle;
mod references;
mod stage;
mod stories;
