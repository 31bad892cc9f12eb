//! The engine over a real store and an application in memory that can be told to fail in every way a target fails.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod additions;
mod application;
mod approval;
mod audit;
mod cancelled;
mod company;
mod damage;
mod damage_by_rules;
mod declarations;
mod delta;
mod faults;
mod feed;
mod guard;
mod insight;
mod lag;
mod left_out;
mod lifecycle;
mod names;
mod pace;
mod passwords;
mod plans;
mod quarantine;
mod references;
mod schedule;
mod single;
mod situations;
mod stage;
mod stopped;
mod stories;
mod succession;
