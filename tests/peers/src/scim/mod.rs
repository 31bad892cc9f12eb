//! SCIM 2.0 applications, in memory: one server, and a dialect for each vendor that is data (`dialects/NAME.json`).
//!
//! The server is strict: every request is held against the schemas of RFC 7643, the grammar of RFC 7644 and the dialect,
//! and GitHub's requests and answers also against the vendor's own description. What does not fit is refused or passed over
//! as the vendor does it, and kept in [`Application::violations`], which tests demand to be empty.

mod answer;
mod application;
mod bulk;
mod description;
mod dialect;
mod filter;
mod list;
mod patch;
mod path;
mod routes;
mod rules;
mod schema;
mod serve;
mod shape;
mod state;
mod values;

pub use application::{Application, TOKEN};
pub use dialect::{Dialect, Removal};
