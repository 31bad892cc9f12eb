//! Traces of what the host does, sent to a collector over OTLP.
//!
//! They are off until the standard variables of OpenTelemetry name a collector: `OTEL_EXPORTER_OTLP_ENDPOINT` or
//! `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, with their headers, time-outs and `OTEL_EXPORTER_OTLP_CERTIFICATE`; `OTEL_TRACES_SAMPLER`
//! says how many are taken. A trace is made of the spans of Purser's own crates. What is logged inside of them is left out, since a
//! log line may quote what a target says.

mod client;
mod collector;

use client::CollectorClient;
pub use collector::Collector;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use purser_broker::http::EndpointError;
use std::time::Duration;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// What is not sent by then, when the host stops, is lost.
const LAST_WORDS: Duration = Duration::from_secs(5);
const SERVICE: &str = "purser";

/// Traces cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The variable holds no URL.
    #[error("{variable} is no URL of a collector: {reason}")]
    Url {
        /// Which variable.
        variable: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A protocol that is not spoken.
    #[error("OTEL_EXPORTER_OTLP_PROTOCOL is `{0}`: this host speaks `http/protobuf`, so leave it out or say that")]
    Protocol(String),
    /// The way there cannot be set up.
    #[error("the collector of traces: {0}")]
    Client(#[from] EndpointError),
    /// The exporter cannot be set up.
    #[error("the collector of traces: {0}")]
    Exporter(String),
}

/// Sends traces until it is stopped.
pub struct Telemetry {
    provider: SdkTracerProvider,
}

impl Telemetry {
    /// Sends to this collector. To be called inside a runtime, which does the sending.
    ///
    /// # Errors
    /// The way there cannot be set up.
    pub fn to(collector: &Collector, version: &'static str) -> Result<Self, TelemetryError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(CollectorClient::new(collector)?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(collector.url().as_str())
            .build()
            .map_err(|error| TelemetryError::Exporter(error.to_string()))?;
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource(version)).build();
        Ok(Self { provider })
    }

    /// What makes traces of spans.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let spans = tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            // Its name would be that of the applications that accounts are in.
            .with_target(false)
            .with_tracked_inactivity(false);
        spans.with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("purser")))
    }

    /// Sends what was not sent yet, and nothing more.
    pub async fn stop(self) {
        // The runtime sends while this waits.
        let _ = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(LAST_WORDS)).await;
    }
}

fn resource(version: &'static str) -> Resource {
    // What the standard variables say of the host goes before.
    let named = std::env::var_os("OTEL_SERVICE_NAME").is_some()
        || std::env::var("OTEL_RESOURCE_ATTRIBUTES").is_ok_and(|attributes| attributes.contains("service.name="));
    let builder = Resource::builder().with_attribute(opentelemetry::KeyValue::new("service.version", version));
    if named { builder.build() } else { builder.with_service_name(SERVICE).build() }
}
