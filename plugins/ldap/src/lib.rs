//! LDAP directories as target and as source: Active Directory, and others such as OpenLDAP.
//!
//! The two profiles are tables (`profile/`): which attributes there are, how an entry is told apart from all others, how a
//! disabled account looks. What only Active Directory has (account control bits, DirSync) stands in modules of its own.

mod account_control;
mod attribute;
mod changes;
mod check;
mod config;
mod config_schema;
mod connector;
mod create;
mod directory;
mod dirsync;
mod dn;
mod edits;
mod entry;
mod failure;
mod filter;
mod listing;
mod manifest;
mod members;
mod password;
mod profile;
mod restore;
mod schema;
mod time;
mod unfinished;

pub use config::{Config, Disabling, Groups, Membership, Passwords, People, ProfileName};
pub use connector::LdapDirectory;

purser_sdk::export!(LdapDirectory);
