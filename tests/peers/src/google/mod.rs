//! Google Workspace: the Directory API v1, the Licence Manager API v1 and the token endpoint, in memory.
//!
//! Every request and answer is held against the vendor's discovery documents; what does not fit them is kept in
//! [`Workspace::violations`], which tests demand to be empty.

mod discovery;
mod groups;
mod refusal;
mod service;
mod state;
mod structure;
pub mod token;
mod users;

pub use service::Workspace;
pub use state::{Behaviour, User};
