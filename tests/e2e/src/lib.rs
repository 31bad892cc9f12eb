//! What the end-to-end tests share: a home folder with the real program in it, companies with an HR export, and the
//! applications that their people get accounts in.
//!
//! The judge of every test is the application itself (its files, or its HTTP interface), never one of our connectors.
//! A part that cannot do its work panics with the reason: it fails the test that asked for it.

pub mod browser;
pub mod builds;
pub mod collector;
pub mod configuring;
pub mod described;
pub mod dialect_peer;
pub mod door;
pub mod doubt;
pub mod environment;
pub mod everywhere;
pub mod fault_proxy;
pub mod google_peer;
pub mod graph_peer;
pub mod guests;
pub mod home;
pub mod http;
pub mod issuer;
pub mod ldap_proxy;
pub mod ldap_tools;
pub mod listening;
pub mod people;
pub mod program;
pub mod receiver;
pub mod salesforce_peer;
pub mod samba;
pub mod samba_peer;
pub mod scenario;
pub mod scim_cli;
pub mod scim_company;
pub mod scim_peer;
pub mod scim_seen;
pub mod scim_server;
pub mod scimmy;
pub mod secrecy;
pub mod served;
pub mod slapd;
pub mod slapd_peer;
pub mod through;
pub mod tls;
pub mod token_server;
pub mod visitor;
