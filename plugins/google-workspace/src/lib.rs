//! Google Workspace as target and as source: users with their aliases, groups, licences and admin roles.
//!
//! A client of the Directory API v1 and the Licence Manager API v1 of the Admin SDK.

mod access;
mod api;
mod check;
mod config;
mod connector;
mod failure;
mod groups;
mod licences;
mod listing;
mod manifest;
mod org_units;
mod roles;
mod schema;
mod user;
mod users;

pub use config::Config;
pub use connector::GoogleWorkspace;

purser_sdk::export!(GoogleWorkspace);
