//! Sends a request that was found to be allowed, and reads the answer within its limits.

use super::broker::{Call, Reached, RequestCounts};
use super::clients::Client;
use super::error::{Denial, Error};
use super::location::{self, Location};
use super::message::{Field, Method, Response, wire};
use super::{attribution, headers, redaction};
use crate::credential::{Authorized, CredentialError};
use crate::egress::AddressRefused;
use bytes::Bytes;
use purser_model::egress::Redirects;
use purser_model::secret::Secret;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, LOCATION};
use std::error::Error as _;
use std::time::Duration;
use url::Url;

/// Redirects that are followed for one request.
const MOST_REDIRECTS: usize = 5;

/// So many announced bytes are believed before they have come.
const LARGEST_RESERVED: u64 = 1 << 20;

/// A request that was found to be allowed.
pub(super) struct Allowed {
    pub(super) method: Method,
    pub(super) location: Location,
    pub(super) headers: HeaderMap,
    /// Shared, since it may be sent more than once.
    pub(super) body: Option<Bytes>,
    pub(super) timeout: Duration,
}

impl Allowed {
    /// About what goes over the network for it; the host's own headers are not counted.
    fn bytes(&self) -> usize {
        self.location.url.as_str().len() + size(&self.headers) + self.body.as_ref().map_or(0, Bytes::len)
    }
}

fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// Sends the request and reads the whole response, out of which the secrets that it may repeat are taken: the endpoint's
/// own, and all that travel beside the call, since one request may ask for what another wrote.
pub(super) async fn exchange(reached: &Reached, call: &Call<'_>, request: Allowed) -> Result<Response, Error> {
    // The turn is waited for before the time of the request begins.
    call.counts.wait_for_turn(reached).await;
    let span = attribution::span(reached, call, request.method);
    let timeout = request.timeout;
    attribution::measured(span, async {
        // One time for all of it: the credential, the connection, every redirect and the body.
        let ended = tokio::time::timeout(timeout, Box::pin(hops(reached, call, request))).await;
        ended.unwrap_or_else(|_| Err(Error::Interrupted(format!("no whole answer came within {timeout:?}"))))
    })
    .await
}

/// The request, and those that its redirects ask for.
async fn hops(reached: &Reached, call: &Call<'_>, mut request: Allowed) -> Result<Response, Error> {
    let mut carried = Vec::new();
    let mut followed = 0;
    loop {
        call.counts.count(reached)?;
        call.counts.count_bytes(request.bytes());
        let response = renewing(reached, call, &request, &mut carried).await?;
        match next(reached, &request, &response).filter(|_| followed < MOST_REDIRECTS) {
            Some(location) => request.location = location,
            None => {
                let mut answer = receive(response, reached.endpoint.max_response_bytes, call.counts).await?;
                let credential = reached.credential_forms.of(&carried);
                let forms = [credential.as_ref(), call.counts.slot_forms(call.slots)];
                redaction::clean(&mut answer, &forms, &reached.name);
                return Ok(answer);
            }
        }
        followed += 1;
        call.counts.wait_for_turn(reached).await;
    }
}

/// Sends it, and once more with a new token where the target refused the one that it carried.
async fn renewing(
    reached: &Reached,
    call: &Call<'_>,
    request: &Allowed,
    carried: &mut Vec<Secret>,
) -> Result<reqwest::Response, Error> {
    let (response, token) = hop(reached, request, carried).await?;
    let refused = token.filter(|_| response.status() == reqwest::StatusCode::UNAUTHORIZED);
    let Some(token) = refused else { return Ok(response) };
    reached.endpoint.authentication.refused(&token).await;
    call.counts.wait_for_turn(reached).await;
    call.counts.count(reached)?;
    call.counts.count_bytes(request.bytes());
    Ok(hop(reached, request, carried).await?.0)
}

/// One request, and the token that it carried, if it was one that can be renewed.
async fn hop(
    reached: &Reached,
    request: &Allowed,
    carried: &mut Vec<Secret>,
) -> Result<(reqwest::Response, Option<Secret>), Error> {
    let Location { url, credential, .. } = &request.location;
    let based = match based(reached, &request.location).await {
        Ok(based) => based,
        Err(NoBase::Credential(error)) if error.is_refused() => return Ok((unauthorized(&error), None)),
        Err(NoBase::Credential(error)) => return Err(error.into()),
        Err(NoBase::Outside(reason)) => return Err(Denial::Location(reason).into()),
    };
    let url = based.as_ref().unwrap_or(url);
    let Client { client, dialling } = reached
        .clients
        .get(url.port_or_known_default().unwrap_or_default(), *credential)
        .ok_or_else(|| Denial::Location("the port is not one of the endpoint's".to_owned()))?;
    dialling.check_url(url).map_err(Denial::from)?;
    let mut builder = client
        .request(wire(request.method), url.clone())
        .headers(request.headers.clone())
        // The host does not decompress: a small answer that unfolds to gigabytes is not asked for.
        .header(ACCEPT_ENCODING, "identity");
    if let Some(place) = reached.endpoint.egress.traceparent.then(attribution::traceparent).flatten() {
        builder = builder.header("traceparent", place);
    }
    if let Some(body) = &request.body {
        builder = builder.body(body.clone());
    }
    let mut carries = None;
    if *credential {
        let Authorized { request, sent, token } = match reached.endpoint.authentication.authorize(builder).await {
            Ok(authorized) => authorized,
            Err(error) if error.is_refused() => return Ok((unauthorized(&error), None)),
            Err(error) => return Err(error.into()),
        };
        carried.extend(sent);
        (builder, carries) = (request, token);
    }
    Ok((builder.send().await.map_err(failure)?, carries))
}

/// Why it is not known at which host the application is.
enum NoBase {
    Credential(CredentialError),
    Outside(String),
}

/// Where a request to the endpoint's own URL goes in truth, where the token endpoint says that.
async fn based(reached: &Reached, location: &Location) -> Result<Option<Url>, NoBase> {
    let endpoint = &reached.endpoint;
    if !location.credential || location.url.origin() != endpoint.url.origin() {
        return Ok(None);
    }
    let Some(base) = endpoint.authentication.base().await.map_err(NoBase::Credential)? else { return Ok(None) };
    location::rebase(endpoint, &location.url, &base).map(Some).map_err(NoBase::Outside)
}

/// The answer in place of the target's where nobody gives the host a token: to the connector it is the same as a refused
/// credential, and it must not be taken for an outage that passes.
fn unauthorized(error: &CredentialError) -> reqwest::Response {
    let mut response = http::Response::new(error.to_string());
    *response.status_mut() = reqwest::StatusCode::UNAUTHORIZED;
    response.into()
}

/// Where the answer redirects to, if the grant lets that be followed: for GET and HEAD, without a body, and inside.
fn next(reached: &Reached, request: &Allowed, response: &reqwest::Response) -> Option<Location> {
    let endpoint = &reached.endpoint;
    let reads = matches!(request.method, Method::Get | Method::Head) && request.body.is_none();
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    if endpoint.egress.redirects != Redirects::SameGrant || !reads || !redirects {
        return None;
    }
    let given = response.headers().get(LOCATION)?.to_str().ok()?;
    let location = location::redirect(endpoint, &request.location.url, given)?;
    // What went without the credential stays without it.
    let credential = location.credential && request.location.credential;
    let keeps = !credential || !endpoint.has_credential() || endpoint.keeps_secrets(&location.url);
    keeps.then_some(Location { credential, ..location })
}

async fn receive(mut response: reqwest::Response, max_bytes: u64, counts: &RequestCounts) -> Result<Response, Error> {
    counts.count_bytes(size(response.headers()));
    let too_large = || Error::TooLarge(format!("the answer has more than the {max_bytes} bytes that the grant allows"));
    let announced = response.content_length().unwrap_or(0);
    if announced > max_bytes {
        return Err(too_large());
    }
    let encoding = response.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Error::Interrupted("the answer is compressed, which was not asked for".to_owned()));
    }
    let status = response.status().as_u16();
    let headers = headers::for_guest(response.headers()).map(|(name, value)| Field { name, value }).collect();
    let mut body = Vec::with_capacity(usize::try_from(announced.min(LARGEST_RESERVED)).unwrap_or(0));
    while let Some(chunk) = response.chunk().await.map_err(|error| Error::Interrupted(reason(error)))? {
        counts.count_bytes(chunk.len());
        if body.len() as u64 + chunk.len() as u64 > max_bytes {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body })
}

/// Only a failure to connect proves that nothing was sent; every other one leaves it open.
fn failure(error: reqwest::Error) -> Error {
    if let Some(refused) = refused_address(&error) {
        Error::Denied(Denial::Address(refused))
    } else if error.is_builder() {
        Error::Denied(Denial::Form(reason(error)))
    } else if error.is_connect() {
        Error::Unreachable(reason(error))
    } else {
        Error::Interrupted(reason(error))
    }
}

fn refused_address(error: &reqwest::Error) -> Option<AddressRefused> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref() {
            return Some(*refused);
        }
        cause = error.source();
    }
    None
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
