//! Runs connectors as sandboxed WebAssembly components.
//!
//! [`Runtime::load`] makes a [`Connector`] of a file, and [`Connector::session`] a source or target of that. Every call
//! gets a fresh store and instance, so nothing leaks from call to call; connections live on the host's side. A guest
//! reaches what its [`Grant`] names and nothing else; a guest that loops, traps, asks for too much or breaks the contract
//! costs one call, whose [`Fault`](purser_connector::Fault) says what happened.

mod bindings;
mod cache;
mod call;
mod caps;
mod check;
mod clock;
mod compiler;
mod connector;
mod convert;
mod engine;
mod grant;
mod inspect;
mod meter;
mod observer;
pub mod parsers;
mod runtime;
mod session;
mod settings;
mod state;

pub use clock::{HostClock, Randomness, SystemClock, SystemRandomness};
pub use compiler::{ChildCompiler, Compiler, CompilerLimits, compile_for_parent};
pub use connector::{Connector, ConnectorDigest, InterfaceReach, Reach};
pub use grant::{Access, DirectoryGrant, Grant, LdapGrant};
pub use inspect::NotAConnector;
pub use observer::{CallObserver, EndedCall};
pub use purser_broker::http::EndpointError;
pub use purser_broker::{Authentication, Endpoint, Keeping, KeptTokens, NotKept, SecretError, TokenKeeper};
pub use purser_ldap::{Bind, DirectorySettings, Security};
pub use runtime::{LoadError, Runtime, RuntimeError};
pub use session::{SessionError, SessionSettings, WasmSession};
pub use settings::{CallLimits, RuntimeSettings};
pub use state::{GuestState, InMemoryState, MAX_KEY_BYTES, MAX_TOTAL_BYTES, MAX_VALUE_BYTES, StateError};
