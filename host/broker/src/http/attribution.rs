//! Says for each request which endpoint it went to and which operations it belongs to; never its path or its values.

use super::broker::{Call, Reached};
use super::error::Error;
use super::message::{Method, Response};
use tokio::time::Instant;
use tracing::{Instrument, Span, field};

/// The span of a request. What is not known yet is filled in at its end.
pub(super) fn span(reached: &Reached, call: &Call<'_>, method: Method) -> Span {
    let operations: Vec<_> = call.operations.iter().map(ToString::to_string).collect();
    tracing::info_span!(
        "http request",
        endpoint = reached.name,
        method = method.name(),
        phase = ?call.phase,
        operations = operations.join(" "),
        status = field::Empty,
        error = field::Empty,
        duration_ms = field::Empty,
    )
}

/// Runs a request inside its span and notes how it ended.
pub(super) async fn measured(
    span: Span,
    request: impl Future<Output = Result<Response, Error>>,
) -> Result<Response, Error> {
    let begun = Instant::now();
    let ended = request.instrument(span.clone()).await;
    match &ended {
        Ok(response) => span.record("status", response.status),
        Err(error) => span.record("error", error.kind()),
    };
    span.record("duration_ms", u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX));
    span.in_scope(|| tracing::debug!("sent"));
    ended
}
