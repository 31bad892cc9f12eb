//! The capability `http`: requests to the named endpoints of the grant.
//!
//! The guest names an endpoint, a method and a path; the host decides whether the phase allows it, adds the credential and
//! puts it on the wire. A status of any kind is a response, 401 too.

mod headers;
mod location;
mod policy;
mod slots;
mod transport;

use crate::bindings::purser::connector::http as contract;
use crate::grant::Endpoint;
use crate::meter::Meter;
use crate::phase::Phase;
use contract::{Error, Field, Request, Response};
use location::Location;
use purser_model::secret::Slots;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use transport::Allowed;
use wasmtime::component::{HasData, Linker};

/// The endpoints that a session may reach, with the connections that are kept between its calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpContext {
    reach: Option<Arc<Reach>>,
}

#[derive(Debug)]
struct Reach {
    client: reqwest::Client,
    endpoints: BTreeMap<String, Endpoint>,
}

/// The endpoints cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The URL is not one that requests can be joined to.
    #[error("endpoint `{name}`: {url} must be http or https, without user name, query and fragment")]
    Url {
        /// The endpoint.
        name: String,
        /// Its URL, without a credential.
        url: String,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}. On Debian, install the package `ca-certificates`")]
    Tls(reqwest::Error),
}

impl HttpContext {
    /// Reaches these endpoints.
    ///
    /// # Errors
    /// An endpoint's URL cannot be used, or TLS cannot be set up.
    pub(crate) fn new(endpoints: &BTreeMap<String, Endpoint>) -> Result<Self, EndpointError> {
        if endpoints.is_empty() {
            return Ok(Self::default());
        }
        for (name, endpoint) in endpoints {
            check_url(name, endpoint)?;
        }
        let client = transport::client(endpoints.values()).map_err(EndpointError::Tls)?;
        Ok(Self { reach: Some(Arc::new(Reach { client, endpoints: endpoints.clone() })) })
    }

    fn endpoint(&self, name: &str) -> Result<(&Reach, &Endpoint), Error> {
        let found = self.reach.as_deref().and_then(|reach| Some((reach, reach.endpoints.get(name)?)));
        found.ok_or_else(|| Error::Denied(format!("the grant has no endpoint `{name}`")))
    }
}

fn check_url(name: &str, endpoint: &Endpoint) -> Result<(), EndpointError> {
    let url = &endpoint.url;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if plain && matches!(url.scheme(), "http" | "https") {
        return Ok(());
    }
    let url = format!("{}{}", url.origin().ascii_serialization(), url.path());
    Err(EndpointError::Url { name: name.to_owned(), url })
}

/// The context while the guest is inside a host function.
pub(crate) struct HttpView<'a> {
    pub(crate) context: &'a HttpContext,
    pub(crate) slots: &'a Slots,
    pub(crate) meter: &'a mut Meter,
    pub(crate) phase: Phase,
}

impl HttpView<'_> {
    async fn exchange(
        &self,
        request: Request,
        locate: impl FnOnce(&Endpoint, &Request) -> Result<Location, String>,
    ) -> Result<Response, Error> {
        let (reach, endpoint) = self.context.endpoint(&request.endpoint)?;
        let allowed = allow(self.phase, endpoint, self.slots, request, locate).map_err(Error::Denied)?;
        transport::exchange(&reach.client, endpoint, allowed).await
    }
}

/// Checks everything about a request before anything is sent; the error is for the connector's developer.
fn allow(
    phase: Phase,
    endpoint: &Endpoint,
    slots: &Slots,
    request: Request,
    locate: impl FnOnce(&Endpoint, &Request) -> Result<Location, String>,
) -> Result<Allowed, String> {
    let location = locate(endpoint, &request)?;
    policy::check(phase, request.method, &location.relative_path, &endpoint.reading_posts)?;
    Ok(Allowed {
        method: request.method,
        url: location.url,
        headers: headers::for_request(pairs(&request.headers))?,
        body: slots::fill(request.body, &request.secrets, slots)?,
        timeout: request.timeout_ms.map_or(endpoint.timeout, |limit| Duration::from_millis(limit.into())),
    })
}

fn pairs(fields: &[Field]) -> impl Iterator<Item = (&str, &str)> {
    fields.iter().map(|field| (field.name.as_str(), field.value.as_str()))
}

impl contract::Host for HttpView<'_> {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        self.meter.host_call()?;
        let join = |endpoint: &Endpoint, request: &Request| {
            location::join(&endpoint.url, &request.path, pairs(&request.query))
        };
        Ok(self.exchange(request, join).await)
    }

    async fn follow(&mut self, url: String, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        self.meter.host_call()?;
        Ok(self.exchange(request, |endpoint, _| location::follow(&endpoint.url, &url)).await)
    }
}

struct HasHttp;

impl HasData for HasHttp {
    type Data<'a> = HttpView<'a>;
}

/// Provides the capability to guests.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> HttpView<'_>,
) -> wasmtime::Result<()> {
    contract::add_to_linker::<T, HasHttp>(linker, view)
}

#[cfg(test)]
mod tests;
