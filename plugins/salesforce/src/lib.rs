//! Salesforce as target and as source: users with their profile, role, permission sets, licences, groups and queues.
//!
//! A user is never deleted, since Salesforce has no such call: it is deactivated or frozen. Lists go by id, so that what
//! changes while they are read moves nothing; writes go in collections of 200 with one outcome for each record.

mod batches;
mod changes;
mod check;
mod class;
mod config;
mod config_schema;
mod connector;
mod creates;
mod failure;
mod grants;
mod groups;
mod holdings;
mod ids;
mod listing;
mod manifest;
mod moment;
mod org;
mod passwords;
mod records;
mod soql;
mod updates;
mod users;

pub use config::{Config, Disable};
pub use connector::Salesforce;

purser_sdk::export!(Salesforce);
