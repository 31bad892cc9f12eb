//! SCIM 2.0 applications as target and as source.
//!
//! A client of RFC 7643 and RFC 7644 that trusts servers little: what they announce can be overruled by the
//! configuration, what they filter is checked again, and a list is complete only when it adds up.

mod batch;
mod bulk;
mod changes;
mod check;
mod class;
mod config;
mod config_schema;
mod connector;
mod core_attributes;
mod delta;
mod document;
mod edits;
mod failure;
mod filter;
mod further;
mod held;
mod listing;
mod manifest;
mod members;
mod name;
mod page;
mod patch;
mod profile;
mod provider;
mod resource;
mod schema;
mod server;
mod versions;

pub use config::{
    Config, DeleteMeaning, DisableMode, Discovery, FilterSupport, Held, Holdable, MemberRemoval, OpCase, PageMode,
    PatchStyle, Switch, TypeConfig, TypeKind, UpdateMode,
};
pub use connector::Scim;
pub use profile::{Profile, Settings};

purser_sdk::export!(Scim);
