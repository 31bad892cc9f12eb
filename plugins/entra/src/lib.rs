//! Microsoft Entra ID and Microsoft 365, by Microsoft Graph v1.0, as target and as source.

mod app_roles;
mod batch;
mod changes;
mod check;
mod class;
mod config;
mod connector;
mod deleted;
mod edits;
mod failure;
mod grants;
mod graph;
mod licences;
mod listing;
mod manifest;
mod object;
mod paging;
mod permissions;
mod refusal;
mod roles;

pub use config::{Config, LicenceVariant};
pub use connector::Entra;

purser_sdk::export!(Entra);
