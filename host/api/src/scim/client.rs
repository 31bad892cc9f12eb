//! Who asks: a client is known by its token, and is one source of the declarations.

use super::problem::ScimProblem;
use crate::ApiState;
use crate::auth::shown_token;
use crate::quota::{Holder, Quotas};
use crate::serving::Peer;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use purser_model::audit::Actor;
use purser_model::id::SourceName;
use purser_model::object::Digest;
use purser_model::scim::PushedSource;
use purser_reconcile::Engine;
use purser_scim_server::{ExtensionOfType, Schema, ServedTypes, ServerLimits};
use purser_store::{KeptScimToken, Store};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The use of a token is noted at most once in this time.
const BETWEEN_NOTES: SignedDuration = SignedDuration::from_mins(10);
/// So many requests may look through all resources at the same time; further ones wait.
const SCANS: usize = 2;

/// The declared clients, each with the types that it is served.
#[derive(Debug, Clone, Default)]
pub(super) struct Clients(BTreeMap<SourceName, Arc<ServedTypes>>);

impl Clients {
    /// The sources that push.
    pub(super) fn of(pushed: &BTreeMap<SourceName, PushedSource>) -> Self {
        let types = |source: &PushedSource| {
            let extensions = source.extensions.iter();
            let extensions =
                extensions.map(|(id, one)| ExtensionOfType { schema: Schema::declared(id, one), required: false });
            Arc::new(ServedTypes::new(extensions.collect()))
        };
        Self(pushed.iter().map(|(name, source)| (name.clone(), types(source))).collect())
    }
}

/// What the SCIM server answers from.
pub(super) struct ScimState {
    store: Arc<dyn Store>,
    engine: Arc<Engine>,
    clients: Clients,
    scans: Arc<Semaphore>,
    quotas: Arc<Quotas>,
    pub(super) limits: ServerLimits,
    now: fn() -> Timestamp,
}

impl ScimState {
    pub(super) fn new(api: &ApiState, clients: Clients, limits: ServerLimits) -> Self {
        let scans = Arc::new(Semaphore::new(SCANS));
        let (store, engine, quotas) = (api.store.clone(), api.engine.clone(), api.quotas.clone());
        Self { store, engine, clients, scans, quotas, limits, now: api.now }
    }
}

/// Who asks, with all that its requests need.
#[derive(Clone)]
pub(super) struct Client {
    /// The source that it is.
    pub(super) source: SourceName,
    /// What it is served.
    pub(super) types: Arc<ServedTypes>,
    /// The store, in which it changes things in the course of this request.
    pub(super) store: Arc<dyn Store>,
    /// What makes identities of users, and passes them on.
    pub(super) engine: Arc<Engine>,
    /// The base of all locations.
    pub(super) base: String,
    /// Held while all resources are looked through.
    pub(super) scans: Arc<Semaphore>,
    /// The numbers that it is held to.
    pub(super) limits: ServerLimits,
    now: fn() -> Timestamp,
}

impl Client {
    /// The time.
    pub(super) fn now(&self) -> Timestamp {
        (self.now)()
    }
}

impl FromRequestParts<Arc<ScimState>> for Client {
    type Rejection = ScimProblem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<ScimState>) -> Result<Self, ScimProblem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(unauthorized)
    }
}

/// Only a client with a good token comes through.
pub(super) async fn require_token(State(state): State<Arc<ScimState>>, mut request: Request, next: Next) -> Response {
    let activity = format!("{} /scim/v2{}", request.method(), request.uri().path());
    let (quotas, now) = (&state.quotas, (state.now)());
    let client = match client(&state, request.headers(), &activity).await {
        Ok(client) => client,
        Err(problem) => {
            let peer = request.extensions().get::<Peer>().copied();
            let is_wrong = matches!(problem, ScimProblem::Unauthorized(_));
            return match if is_wrong { quotas.wrong_token(peer, now) } else { Ok(()) } {
                Ok(()) => problem.into_response(),
                Err(refused) => quotas.come_back(ScimProblem::ComeBack(refused), None, refused),
            };
        }
    };
    let holder = Holder::Client(client.source.clone());
    let (standing, place) = match quotas.enter(&holder, now) {
        Ok(entered) => entered,
        Err(refused) => return quotas.come_back(ScimProblem::ComeBack(refused), Some(&holder), refused),
    };
    request.extensions_mut().insert(client);
    let mut response = next.run(request).await;
    drop(place);
    quotas.tell(response.headers_mut(), &holder, standing);
    response
}

async fn client(state: &ScimState, headers: &HeaderMap, activity: &str) -> Result<Client, ScimProblem> {
    let shown = shown_token(headers).ok_or_else(unauthorized)?;
    // What is looked up is a digest: how long that takes says nothing about the token.
    let kept = state.store.scim_token(Digest::of(shown)).await?.ok_or_else(unauthorized)?;
    let now = (state.now)();
    if kept.expires_at.is_some_and(|end| end <= now) {
        let name = &kept.name;
        return Err(ScimProblem::Unauthorized(format!("the token `{name}` has expired: ask for a new one")));
    }
    let types = state.clients.0.get(&kept.source).cloned().ok_or_else(|| {
        let source = &kept.source;
        ScimProblem::Unauthorized(format!("the source `{source}` of this token does not push any more"))
    })?;
    if is_to_be_noted(&kept, now) {
        state.store.note_scim_token_use(&kept.name, now).await?;
    }
    Ok(Client {
        store: state.store.on_behalf_of(Actor::scim(&kept.source)).during(activity),
        source: kept.source,
        types,
        engine: state.engine.clone(),
        base: base_of(headers),
        scans: state.scans.clone(),
        limits: state.limits,
        now: state.now,
    })
}

fn is_to_be_noted(kept: &KeptScimToken, now: Timestamp) -> bool {
    kept.last_used_at.is_none_or(|last| now.duration_since(last) >= BETWEEN_NOTES)
}

fn unauthorized() -> ScimProblem {
    let detail = "send the client's token as `Authorization: Bearer TOKEN`; `purser scim-token create` makes one";
    ScimProblem::Unauthorized(detail.to_owned())
}

/// Where the client reached the server, as it and the proxies before it say; only what it is answered itself depends on it.
fn base_of(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = text("x-forwarded-proto").filter(|scheme| matches!(*scheme, "http" | "https")).unwrap_or("http");
    let is_host = |host: &&str| {
        !host.is_empty() && host.len() <= 255 && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]_".contains(c))
    };
    let host = text("x-forwarded-host").or_else(|| text("host")).filter(is_host).unwrap_or("localhost");
    format!("{scheme}://{host}/scim/v2")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header;

    #[test]
    fn the_base_is_where_the_client_reached_the_server() {
        let base = |headers: &[(&'static str, &'static str)]| {
            let header = |(name, value): &(&'static str, &'static str)| {
                (header::HeaderName::from_static(name), header::HeaderValue::from_static(value))
            };
            base_of(&headers.iter().map(header).collect())
        };
        assert_eq!(base(&[("host", "127.0.0.1:80")]), "http://127.0.0.1:80/scim/v2");
        let forwarded = [("host", "inner"), ("x-forwarded-host", "purser.example"), ("x-forwarded-proto", "https")];
        assert_eq!(base(&forwarded), "https://purser.example/scim/v2");
        assert_eq!(base(&[("host", "a/b"), ("x-forwarded-proto", "gopher")]), "http://localhost/scim/v2");
    }
}
