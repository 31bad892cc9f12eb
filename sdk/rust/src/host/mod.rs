//! What a connector can reach: everything goes through a [`Host`].
//!
//! In a component the calls go to the contract's imports, and only the imports that the connector uses end up in it:
//! what a component imports is what an operator is asked to grant. Natively they go to a [`crate::testing::Stub`].

mod files;
mod imports;
mod ldap_import;
mod log;
mod state;

pub use files::{CommitError, Directory, Entry, FileError, Reader, Writer};
pub use log::Level;
pub use state::{State, StateFull};

use crate::http::{Answer, Failure, Request};
use crate::ldap;
#[cfg(not(target_family = "wasm"))]
use crate::testing::Stub;

/// The host of this call. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Host {
    backing: Backing,
}

/// An enum and no trait object: a table of all functions would make every component import every capability.
#[derive(Debug, Clone)]
enum Backing {
    Component,
    #[cfg(not(target_family = "wasm"))]
    Stub(Stub),
}

/// Carries a call to the imports or to the stub.
macro_rules! dispatch {
    ($host:expr, $function:ident($($argument:expr),*)) => {
        match &$host.backing {
            crate::host::Backing::Component => crate::host::imports::$function($($argument),*),
            #[cfg(not(target_family = "wasm"))]
            crate::host::Backing::Stub(stub) => stub.$function($($argument),*),
        }
    };
}
use dispatch;

impl Host {
    /// The host as a component's imports reach it.
    pub(crate) fn component() -> Self {
        Self { backing: Backing::Component }
    }

    /// A host that is a stub.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn stub(stub: Stub) -> Self {
        Self { backing: Backing::Stub(stub) }
    }

    /// Now, as milliseconds since 1970-01-01T00:00:00Z. The clocks of `std` do not work in a component.
    pub fn now_ms(&self) -> u64 {
        dispatch!(self, now_ms())
    }

    /// Time since some fixed moment, in nanoseconds; never goes back within a call.
    pub fn monotonic_ns(&self) -> u64 {
        dispatch!(self, monotonic_ns())
    }

    /// Random bytes, at most 64 KiB.
    pub fn random_bytes(&self, length: u32) -> Vec<u8> {
        dispatch!(self, random_bytes(length))
    }

    /// Sends a request; [`crate::http::RequestBuilder`] gives its failures their meaning.
    pub(crate) fn http_send(&self, request: &Request) -> Result<Answer, Failure> {
        dispatch!(self, http_send(request))
    }

    /// As [`Host::http_send`], to a URL that the target gave.
    pub(crate) fn http_follow(&self, url: &str, request: &Request) -> Result<Answer, Failure> {
        dispatch!(self, http_follow(url, request))
    }

    /// Searches the directory of the grant; [`crate::ldap::Ldap`] gives it its name.
    pub(crate) fn ldap_search(&self, search: &ldap::Search) -> Result<ldap::Found, ldap::Failure> {
        dispatch!(self, ldap_search(search))
    }

    /// Writes to the directory of the grant.
    pub(crate) fn ldap_execute(
        &self,
        write: &ldap::Write,
        controls: &[ldap::Control],
    ) -> Result<Vec<ldap::Control>, ldap::Failure> {
        dispatch!(self, ldap_execute(write, controls))
    }
}
