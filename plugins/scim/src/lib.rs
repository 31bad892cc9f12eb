//! SCIM 2.0 applications as target and as source.

mod class;
mod config;
mod config_schema;
mod core_attributes;
mod document;
mod filter;
mod name;
mod patch;
mod resource;
