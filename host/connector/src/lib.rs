//! The port through which the engine talks to a connector.
//!
//! A [`Session`] is one configured source or target. The engine sees nothing behind it: no wasm, no HTTP, no files.
//! [`ReadOnly`] wraps a session so that a dry run cannot write, whatever calls it.

mod fault;
mod read_only;

pub use fault::{Fault, Limit, Trap};
pub use read_only::ReadOnly;

use async_trait::async_trait;
use purser_model::edit::{ConnectorError, EditOutcome, Request};
use purser_model::manifest::{CheckLevel, Finding, Manifest, ObjectClass};
use purser_model::object::{ChangePage, Object, Page, SearchRequest};
use purser_model::secret::Slots;

/// One configured source or target.
///
/// Every method is one call into the connector, with the deadline and the limits of the runtime. A call that fails has no
/// effect on later calls.
#[async_trait]
pub trait Session: Send + Sync {
    /// The connector's manifest, as it was read when the session was made.
    fn manifest(&self) -> &Manifest;

    /// The digest of the connector's file in hexadecimal; none where it comes from no file.
    fn digest(&self) -> Option<String> {
        None
    }

    /// Looks for what would keep this configuration from working.
    async fn check(&self, level: CheckLevel) -> Result<Vec<Finding>, Fault>;

    /// The classes as the target describes them.
    async fn schema(&self) -> Result<Vec<ObjectClass>, Fault>;

    /// One page of objects, at most `page_size` of them.
    async fn search(&self, request: SearchRequest) -> Result<Page, Fault>;

    /// One object. [`Fault::is_not_found`] means that it is gone for certain.
    async fn get(&self, class: &str, id: &str) -> Result<Object, Fault>;

    /// What changed since the cursor.
    async fn changes(&self, class: &str, cursor: Option<&str>) -> Result<ChangePage, Fault>;

    /// Carries out requests and answers each, in order; the answer has exactly as many results. The secrets that the
    /// requests refer to by number travel beside them and do not reach the connector.
    ///
    /// # Errors
    /// A [`Fault`] for the call as a whole says nothing about single requests: each may or may not have been done,
    /// unless [`Fault::nothing_was_done`] says otherwise.
    async fn apply(
        &self,
        requests: Vec<Request>,
        slots: Slots,
    ) -> Result<Vec<Result<EditOutcome, ConnectorError>>, Fault>;
}
