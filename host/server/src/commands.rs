//! One command per file.

pub mod apply;
pub mod check;
pub mod connector;
pub mod deletion;
pub mod demo;
pub mod explain;
pub mod import;
pub mod insight;
pub mod plan;
pub mod provision;
pub mod reconcile;
pub mod schedule;
pub mod serve;
pub mod status;
