//! The engine over a real store and an application in memory that can be told to fail in every way a target fails.

mod application;
mod faults;
mod stage;
mod stories;
