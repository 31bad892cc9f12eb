//! Requests of the host's own to a place that the operator named: a collector of traces, or another host. No connector has a part in
//! them, so that no grant says where they may go.

use super::clients::client_for;
use super::error::EndpointError;
use bytes::Bytes;
use purser_model::egress::{AddressGrant, EgressRules};
use std::path::Path;
use std::time::Duration;
use url::Url;

/// A client of one place; it follows no redirect. Its clones share their connections.
#[derive(Debug, Clone)]
pub struct OperatorsClient {
    client: reqwest::Client,
}

/// No answer came.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Nobody was reached.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// It is not known what became of the request.
    #[error("the answer broke off: {0}")]
    BrokenOff(String),
}

impl OperatorsClient {
    /// A client for this URL, `name` in messages; with the certificates of `ca` in place of the operating system's.
    ///
    /// # Errors
    /// The file with certificates cannot be used, or TLS cannot be set up.
    pub fn new(name: &str, url: &Url, ca: Option<&Path>) -> Result<Self, EndpointError> {
        let port = url.port_or_known_default().unwrap_or_default();
        let anywhere = ["0.0.0.0/0", "::/0"].into_iter().filter_map(|network| network.parse().ok());
        let addresses = anywhere.map(|network| AddressGrant { network, port }).collect();
        let rules = EgressRules { addresses, ca: ca.map(Path::to_owned), ..EgressRules::default() };
        Ok(Self { client: client_for(name, url, &rules)? })
    }

    /// Sends a request and reads the whole answer, within this time.
    ///
    /// # Errors
    /// No whole answer came.
    pub async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout: Duration,
    ) -> Result<http::Response<Bytes>, NoAnswer> {
        let mut answer = self.begin(request, Some(timeout)).await?;
        let body = std::mem::take(answer.body_mut()).bytes().await.map_err(broken_off)?;
        let (parts, _) = answer.into_parts();
        Ok(http::Response::from_parts(parts, body))
    }

    async fn begin(
        &self,
        request: http::Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<http::Response<AnswerBody>, NoAnswer> {
        let (parts, body) = request.into_parts();
        let mut builder = self.client.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
        if let Some(timeout) = timeout {
            builder = builder.timeout(timeout);
        }
        let answer = builder.send().await.map_err(failure)?;
        let mut response = http::Response::new(());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response.map(|()| AnswerBody(Some(answer))))
    }
}

/// The body of an answer, as it comes.
#[derive(Debug, Default)]
pub struct AnswerBody(Option<reqwest::Response>);

impl AnswerBody {
    async fn bytes(self) -> reqwest::Result<Bytes> {
        match self.0 {
            Some(answer) => answer.bytes().await,
            None => Ok(Bytes::new()),
        }
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// It broke off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, NoAnswer> {
        match &mut self.0 {
            Some(answer) => answer.chunk().await.map_err(broken_off),
            None => Ok(None),
        }
    }
}

impl OperatorsClient {
    /// Sends a request and gives the answer as soon as it begins; it may go on for ever.
    ///
    /// # Errors
    /// No answer came.
    pub async fn follow(&self, request: http::Request<Bytes>) -> Result<http::Response<AnswerBody>, NoAnswer> {
        self.begin(request, None).await
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn failure(error: reqwest::Error) -> NoAnswer {
    if error.is_connect() { NoAnswer::Unreachable(causes(&error)) } else { NoAnswer::BrokenOff(causes(&error)) }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn broken_off(error: reqwest::Error) -> NoAnswer {
    NoAnswer::BrokenOff(causes(&error))
}

/// The last cause says most; a URL stands in none of them.
fn causes(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
