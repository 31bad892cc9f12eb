//! Decides about a request, and sends what is allowed.

use super::clients::Clients;
use super::error::{Denial, EndpointError, Error};
use super::location::{self, Location};
use super::message::{Field, Request, Response};
use super::pace::Pace;
use super::redaction::CredentialForms;
use super::slots::{self, Places};
use super::transport::{self, Allowed};
use super::{headers, policy};
use crate::egress::{Names, SystemNames};
use crate::endpoint::Endpoint;
use crate::scan::Forms;
use purser_model::id::OperationId;
use purser_model::phase::Phase;
use purser_model::secret::Slots;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// The endpoints that a source or target may reach, with the connections that are kept between its calls.
#[derive(Debug, Default)]
pub struct Broker {
    pub(super) reached: BTreeMap<String, Reached>,
}

#[derive(Debug)]
pub(super) struct Reached {
    pub(super) name: String,
    pub(super) endpoint: Endpoint,
    pub(super) clients: Clients,
    pub(super) credential_forms: CredentialForms,
    pub(super) pace: Pace,
}

/// The call of a connector that a request belongs to.
#[derive(Debug)]
pub struct Call<'a> {
    /// What the call may do.
    pub phase: Phase,
    /// The secrets that travel beside it.
    pub slots: &'a Slots,
    /// The operations that it carries out; none where it only reads.
    pub operations: &'a [OperationId],
    /// What it has sent so far.
    pub counts: &'a RequestCounts,
}

/// How many requests a call has sent, by endpoint, and how long they have waited for their turn; how many bytes went over the network for them; and how the secrets beside it look, once that was asked for. It belongs to
/// one call, and its clones count together.
#[derive(Debug, Clone, Default)]
pub struct RequestCounts(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    sent: Mutex<BTreeMap<String, u32>>,
    bytes: AtomicU64,
    /// In microseconds.
    waited: AtomicU64,
    slot_forms: OnceLock<Forms>,
}

impl RequestCounts {
    /// The forms of the call's secrets.
    pub(super) fn slot_forms(&self, slots: &Slots) -> &Forms {
        self.0.slot_forms.get_or_init(|| Forms::of(slots.iter()))
    }

    /// Bytes of requests and answers: paths, queries, headers and bodies.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// How long requests have waited for their turn, and wait now.
    pub fn waited(&self) -> Duration {
        Duration::from_micros(self.0.waited.load(Ordering::Relaxed))
    }

    /// Waits for the turn of a request to an endpoint.
    pub(super) async fn wait_for_turn(&self, reached: &Reached) {
        let wait = reached.pace.take_turn();
        if wait.is_zero() {
            return;
        }
        // Told before, so that whoever limits the time of the call does not end it meanwhile.
        let micros = u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
        self.0.waited.fetch_add(micros, Ordering::Relaxed);
        tokio::time::sleep(wait).await;
    }

    /// Counts what is sent, or was received.
    pub(super) fn count_bytes(&self, bytes: usize) {
        self.0.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts one more request to an endpoint.
    ///
    /// # Errors
    /// The call has sent as many as it may.
    pub(super) fn count(&self, reached: &Reached) -> Result<(), Denial> {
        let most = reached.endpoint.egress.max_calls;
        let mut sent = self.0.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = sent.entry(reached.name.clone()).or_default();
        if *sent >= most {
            return Err(Denial::Requests(most));
        }
        *sent += 1;
        Ok(())
    }
}

impl Broker {
    /// Reaches these endpoints and nothing else. Connections are made when they are first used.
    ///
    /// # Errors
    /// An endpoint's URL, credential or certificates cannot be used, or TLS cannot be set up.
    pub fn new(endpoints: &BTreeMap<String, Endpoint>) -> Result<Self, EndpointError> {
        Self::with_names(endpoints, &(Arc::new(SystemNames) as Arc<dyn Names>))
    }

    /// As [`Broker::new`], with names found otherwise than the operating system does.
    ///
    /// # Errors
    /// As [`Broker::new`].
    pub fn with_names(endpoints: &BTreeMap<String, Endpoint>, names: &Arc<dyn Names>) -> Result<Self, EndpointError> {
        let reached = endpoints.iter().map(|(name, endpoint)| Ok((name.clone(), Reached::new(name, endpoint, names)?)));
        Ok(Self { reached: reached.collect::<Result<_, EndpointError>>()? })
    }

    /// Sends a request to a path of its endpoint and waits for the whole response.
    ///
    /// # Errors
    /// See [`Error`]: only `Interrupted` and `TooLarge` leave open whether the request had an effect.
    pub async fn send(&self, call: &Call<'_>, request: Request) -> Result<Response, Error> {
        let reached = self.reached(&request.endpoint)?;
        let located = location::join(&reached.endpoint.url, &request.path, pairs(&request.query));
        reached.exchange(call, request, located.map_err(Denial::Location)?).await
    }

    /// Sends a request to a URL that the target itself gave, which must lie inside the endpoint or one of its further
    /// origins. Path and query of the request are not used.
    ///
    /// # Errors
    /// As [`Broker::send`].
    pub async fn follow(&self, call: &Call<'_>, url: &str, request: Request) -> Result<Response, Error> {
        let reached = self.reached(&request.endpoint)?;
        let located = location::follow(&reached.endpoint, url);
        reached.exchange(call, request, located.map_err(Denial::Location)?).await
    }

    fn reached(&self, name: &str) -> Result<&Reached, Denial> {
        self.reached.get(name).ok_or_else(|| Denial::Endpoint(name.to_owned()))
    }
}

impl Reached {
    fn new(name: &str, endpoint: &Endpoint, names: &Arc<dyn Names>) -> Result<Self, EndpointError> {
        check_url(name, endpoint)?;
        let clients = Clients::new(name, endpoint, names)?;
        Ok(Self {
            name: name.to_owned(),
            endpoint: endpoint.clone(),
            clients,
            credential_forms: CredentialForms::default(),
            pace: Pace::new(endpoint.egress.rate),
        })
    }

    async fn exchange(&self, call: &Call<'_>, request: Request, location: Location) -> Result<Response, Error> {
        let allowed = allow(call, &self.endpoint, request, location)?;
        transport::exchange(self, call, allowed).await
    }
}

/// Checks everything about a request before anything is sent, and before a name is resolved.
fn allow(call: &Call<'_>, endpoint: &Endpoint, request: Request, location: Location) -> Result<Allowed, Denial> {
    policy::check(call.phase, request.method, &location, endpoint)?;
    policy::check_secrecy(&request, &location, endpoint)?;
    let Location { url, relative_path, credential } = location;
    let places = Places { url, headers: request.headers, body: request.body };
    let Places { url, headers, body } = slots::fill(places, &request.secrets, call.slots).map_err(Denial::Secret)?;
    let most = endpoint.egress.max_request_bytes;
    if body.as_ref().is_some_and(|body| body.len() as u64 > most) {
        return Err(Denial::RequestSize(most));
    }
    if request.timeout.is_some_and(|timeout| timeout.is_zero()) {
        return Err(Denial::NoTime);
    }
    Ok(Allowed {
        method: request.method,
        location: Location { url, relative_path, credential },
        headers: headers::for_request(pairs(&headers)).map_err(Denial::Header)?,
        body: body.map(Into::into),
        timeout: request.timeout.unwrap_or(endpoint.timeout).min(endpoint.timeout),
    })
}

fn pairs(fields: &[Field]) -> impl Iterator<Item = (&str, &str)> {
    fields.iter().map(|field| (field.name.as_str(), field.value.as_str()))
}

fn check_url(name: &str, endpoint: &Endpoint) -> Result<(), EndpointError> {
    let url = &endpoint.url;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if !plain || !matches!(url.scheme(), "http" | "https") {
        let url = format!("{}{}", url.origin().ascii_serialization(), url.path());
        return Err(EndpointError::Url { name: name.to_owned(), url });
    }
    if endpoint.has_credential() && !endpoint.keeps_secrets(url) {
        return Err(EndpointError::Cleartext { name: name.to_owned() });
    }
    Ok(())
}
