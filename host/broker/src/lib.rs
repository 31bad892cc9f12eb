//! What a connector sends goes through here: egress policy, credentials, HTTP.
//!
//! A guest names an [`Endpoint`] of its grant, a method and a path; [`http::Broker`] decides whether the phase of the call
//! and the grant allow it, adds the credential and puts the request on the wire. Nothing of this knows WebAssembly: the
//! runtime translates the contract's types to these and counts the calls.

pub mod credential;
pub mod egress;
mod endpoint;
pub mod http;
pub mod scan;

pub use credential::{
    Authentication, Authorized, CredentialError, Keeping, KeptTokens, NotKept, SecretError, TokenKeeper,
};
pub use endpoint::Endpoint;
