//! One command per file.

pub mod account;
pub mod apply;
pub mod audit;
pub mod case;
pub mod check;
pub mod connector;
pub mod deletion;
pub mod demo;
pub mod events;
pub mod explain;
pub mod held;
pub mod import;
pub mod insight;
pub mod log;
pub mod people;
pub mod plan;
pub mod provision;
pub mod quarantine;
pub mod reconcile;
pub mod schedule;
pub mod scim_token;
pub mod secret;
pub mod serve;
pub mod since;
pub mod status;
pub mod token;
