//! Says for each request which endpoint it went to and which operations it belongs to; never its path or its values.

use super::broker::{Call, Reached};
use super::error::Error;
use super::message::{Method, Response};
use opentelemetry::trace::TraceContextExt;
use tokio::time::Instant;
use tracing::{Instrument, Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The span of a request. What is not known yet is filled in at its end.
pub(super) fn span(reached: &Reached, call: &Call<'_>, method: Method) -> Span {
    let operations: Vec<_> = call.operations.iter().map(ToString::to_string).collect();
    tracing::info_span!(
        "http request",
        otel.name = format!("{} {}", method.name(), reached.name),
        otel.kind = "client",
        otel.status_code = field::Empty,
        endpoint = reached.name,
        method = method.name(),
        phase = ?call.phase,
        operations = operations.join(" "),
        status = field::Empty,
        error = field::Empty,
        duration_ms = field::Empty,
    )
}

/// Where the present span stands in its trace, as W3C Trace Context writes it; none where no trace is taken.
pub(super) fn traceparent() -> Option<String> {
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    span.is_valid().then(|| format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8()))
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
        Err(error) => span.record("error", error.kind()).record("otel.status_code", "ERROR"),
    };
    span.record("duration_ms", u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX));
    span.in_scope(|| tracing::debug!("sent"));
    ended
}
