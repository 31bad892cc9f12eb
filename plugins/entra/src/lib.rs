//! Microsoft Entra ID and Microsoft 365, by Microsoft Graph v1.0, as target and as source.

mod batch;
mod changes;
mod check;
mod class;
mod config;
mod connector;
mod edits;
mod failure;
mod graph;
mod listing;
mod manifest;
mod object;

pub use config::Config;
pub use connector::Entra;

purser_sdk::export!(Entra);
