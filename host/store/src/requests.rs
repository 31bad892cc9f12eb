//! Requests that a caller may repeat without doing anything twice.

use crate::{Store, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::caller::CallerName;
use purser_model::object::Digest;
use std::sync::Arc;
use std::time::Duration;

/// So long an answer is kept at least, unless the caller makes very many requests.
pub const ANSWERS_KEPT: Duration = Duration::from_hours(24);
/// So many answers of one caller are kept at most; then the oldest go.
pub const MOST_ANSWERS: u64 = 10_000;
/// So many bytes the answers of one caller take at most; then the oldest go.
pub const MOST_ANSWER_BYTES: u64 = 64 << 20;

/// A request by the name that its caller gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// Who asks.
    pub caller: CallerName,
    /// What the caller calls it.
    pub key: String,
}

/// An answer, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Its status.
    pub status: u16,
    /// The headers that belong to it.
    pub headers: Vec<(String, String)>,
    /// Its body; none where it holds a secret or is too large to be kept.
    pub body: Option<Vec<u8>>,
}

/// What a request with a name finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestBegun {
    /// Nobody has asked this: it is done now.
    New,
    /// It was asked and answered.
    Answered(KeptAnswer),
    /// It is being done.
    UnderWay,
    /// It had changed something when the host stopped, and nobody knows its end.
    EndUnknown,
    /// The caller gave the same name to another request.
    AnotherRequest,
}

/// Requests with names, and their answers. None of this is an event or audited: it is no change of anything.
#[async_trait]
pub trait Repeatable: Send + Sync {
    /// The same store, where it is noted with the request, in the same transaction, that it has changed something.
    fn answering(&self, request: RequestKey) -> Arc<dyn Store>;

    /// Begins a request, or finds what became of it. What is older than [`ANSWERS_KEPT`] is dropped on the way.
    async fn begin_request(
        &self,
        request: &RequestKey,
        fingerprint: Digest,
        now: Timestamp,
    ) -> Result<RequestBegun, StoreError>;

    /// Keeps a request's answer. One that says that it failed is kept only if something was changed: otherwise the request can be
    /// asked again.
    async fn end_request(&self, request: &RequestKey, answer: KeptAnswer, failed: bool) -> Result<(), StoreError>;

    /// After a start: what was under way and had changed nothing is forgotten, so that it can be asked again; of the rest the end is not
    /// known. Returns how many those are.
    async fn settle_requests(&self) -> Result<u64, StoreError>;
}
