//! Sends a request that was found to be allowed, and reads the answer within its limits.

use super::broker::Reached;
use super::error::{Denial, EndpointError, Error};
use super::headers;
use super::message::{Field, Method, Response};
use crate::credential::Authorized;
use crate::endpoint::Endpoint;
use crate::scan::Forms;
use purser_model::secret::Slots;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap};
use std::borrow::Cow;
use std::error::Error as _;
use std::sync::Once;
use std::time::Duration;
use url::Url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// A request that was found to be allowed.
pub(super) struct Allowed {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    pub(super) timeout: Duration,
}

/// A client with its own pool of connections. It follows no redirect, knows no proxy and keeps no cookie.
///
/// Certificates are verified as the operating system does; where the endpoint does not use TLS, its store is not touched,
/// so that a machine without one can still talk to a test server.
pub(super) fn client(name: &str, endpoint: &Endpoint) -> Result<reqwest::Client, EndpointError> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Where the process has chosen a provider already, that one is used.
        let _already_chosen = rustls::crypto::ring::default_provider().install_default();
    });
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(concat!("purser/", env!("CARGO_PKG_VERSION")));
    if endpoint.url.scheme() != "https" {
        builder = builder.tls_certs_only([]);
    }
    let builder = endpoint.authentication.connect(builder);
    let builder = builder.map_err(|source| EndpointError::Credential { name: name.to_owned(), source })?;
    builder.build().map_err(|source| EndpointError::Tls { name: name.to_owned(), source })
}

/// Sends the request and reads the whole response, out of which the secrets that it may repeat are taken: the endpoint's
/// own, and all that travel beside the call, since one request may ask for what another wrote.
pub(super) async fn exchange(reached: &Reached, slots: &Slots, request: Allowed) -> Result<Response, Error> {
    let endpoint = &reached.endpoint;
    let mut builder = reached
        .client
        .request(request.method.into(), request.url)
        .headers(request.headers)
        // The host does not decompress: a small answer that unfolds to gigabytes is not asked for.
        .header(ACCEPT_ENCODING, "identity")
        .timeout(request.timeout.min(endpoint.timeout));
    if let Some(body) = request.body {
        builder = builder.body(body);
    }
    let Authorized { request, sent } = endpoint.authentication.authorize(builder).await?;
    let response = request.send().await.map_err(failure)?;
    let mut answer = receive(response, endpoint.max_response_bytes).await?;
    if remove_secrets(&mut answer, &Forms::of(sent.iter().chain(slots.iter()))) {
        let endpoint = reached.name.as_str();
        tracing::warn!(endpoint, "an answer repeated a secret, which was removed from what the connector sees");
    }
    Ok(answer)
}

/// Takes secrets out of an answer, and says whether there was one.
fn remove_secrets(answer: &mut Response, forms: &Forms) -> bool {
    let mut found = false;
    let mut clean = |bytes: &[u8]| match forms.remove(bytes) {
        Cow::Borrowed(_) => None,
        Cow::Owned(clean) => {
            found = true;
            Some(clean)
        }
    };
    if let Some(body) = clean(&answer.body) {
        answer.body = body;
    }
    for text in answer.headers.iter_mut().flat_map(|field| [&mut field.name, &mut field.value]) {
        if let Some(clean) = clean(text.as_bytes()) {
            *text = String::from_utf8_lossy(&clean).into_owned();
        }
    }
    found
}

async fn receive(mut response: reqwest::Response, max_bytes: u64) -> Result<Response, Error> {
    let too_large = || Error::TooLarge(format!("the answer has more than the {max_bytes} bytes that the grant allows"));
    if response.content_length().is_some_and(|length| length > max_bytes) {
        return Err(too_large());
    }
    let encoding = response.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Error::Interrupted("the answer is compressed, which was not asked for".to_owned()));
    }
    let status = response.status().as_u16();
    let headers = headers::for_guest(response.headers()).map(|(name, value)| Field { name, value }).collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Error::Interrupted(reason(error)))? {
        if body.len() as u64 + chunk.len() as u64 > max_bytes {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body })
}

/// Only a failure to connect proves that nothing was sent; every other one leaves it open.
fn failure(error: reqwest::Error) -> Error {
    if error.is_builder() {
        Error::Denied(Denial::Form(reason(error)))
    } else if error.is_connect() {
        Error::Unreachable(reason(error))
    } else {
        Error::Interrupted(reason(error))
    }
}

/// What failed down to its cause, without the URL: that may hold personal data or a cursor.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
