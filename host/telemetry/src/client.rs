//! The way to the collector: the same connections, certificates and TLS as everything else that the host sends.

use crate::collector::Collector;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use purser_broker::http::{EndpointError, OperatorsClient};
use std::time::Duration;
use tokio::runtime::Handle;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

/// As OpenTelemetry says where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct CollectorClient {
    client: OperatorsClient,
    runtime: Handle,
}

impl CollectorClient {
    pub(crate) fn new(collector: &Collector) -> Result<Self, EndpointError> {
        let client = OperatorsClient::new("the collector of traces", collector.url(), collector.ca())?;
        Ok(Self { client, runtime: Handle::current() })
    }
}

#[async_trait]
impl HttpClient for CollectorClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        // The exporter has a thread of its own, where nothing of the network runs; and what is sent here is no work of the host
        // that would be traced and sent in turn.
        let sent = self
            .runtime
            .spawn(async move { client.send(request, TIMEOUT).await }.with_subscriber(NoSubscriber::default()));
        Ok(sent.await??)
    }
}
