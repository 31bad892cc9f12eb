//! What a guest can reach: one capability of the contract per file.
//!
//! Each file has the same parts: the context that a call carries, the view that borrows it for one host call, the
//! contract's functions, and `add_to_linker`. Every function counts itself as a host call first.

pub(crate) mod clock;
pub(crate) mod config;
pub(crate) mod files;
pub(crate) mod http;
pub(crate) mod ldap;
pub(crate) mod log;
pub(crate) mod random;
pub(crate) mod state;
pub(crate) mod wasi;
pub(crate) mod wasi_http;
