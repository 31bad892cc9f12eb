//! The nouns and state machines of provisioning: no IO, no async, no clock.
//!
//! [`object`], [`edit`] and [`manifest`] mirror the connector contract (`wit/types.wit`); the other modules are what the
//! engine itself speaks about. The words are those of `host/docs/architecture.md`.

pub mod access;
pub mod account;
pub mod api;
pub mod assignment;
pub mod audit;
pub mod authentication;
pub mod caller;
pub mod case;
pub mod configuration;
pub mod connectors;
pub mod directory_server;
pub mod edit;
pub mod egress;
pub mod fingerprint;
pub mod guard;
pub mod id;
pub mod identity;
pub mod issuer;
pub mod manifest;
pub mod oauth2;
pub mod object;
pub mod operation;
pub mod password;
pub mod phase;
pub mod plan;
pub mod quarantine;
pub mod run;
pub mod schedule;
pub mod scim;
pub mod seal;
pub mod sealed;
pub mod secret;
pub mod upgrade;
pub mod webhook;
pub mod window;

/// An object's or identity's attributes: SCIM-shaped JSON.
pub type Attributes = serde_json::Map<String, serde_json::Value>;

/// The moment so much later; the end of time where there is none.
pub fn later(moment: jiff::Timestamp, wait: std::time::Duration) -> jiff::Timestamp {
    moment.checked_add(wait).unwrap_or(jiff::Timestamp::MAX)
}
