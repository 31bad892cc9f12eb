//! Who asks, and whether they may.

use crate::ApiState;
use crate::conditions::conditional;
use crate::console::Vouched;
use crate::description::for_permission;
use crate::first::{self, Unused};
use crate::issued;
use crate::problem::Problem;
use crate::quota::Holder;
use crate::serving::Peer;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use purser_model::access::{ApiRole, Permission, Reach};
use purser_model::audit::Actor;
use purser_model::caller::CallerName;
use purser_model::id::{IdentityId, TargetName};
use purser_model::object::Digest;
use purser_model::plan::PlanSummary;
use purser_store::{AccountFilter, KeptApiToken, PageRequest, RequestKey, Store, StoreError};
use std::fmt::Display;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// The use of a token is noted at most once in this time: a consumer that asks a hundred times a second writes nothing.
const BETWEEN_NOTES: SignedDuration = SignedDuration::from_mins(1);

/// All that the token of the first start opens.
const MAKING_TOKENS: &str = "/v1/tokens";

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) name: CallerName,
    pub(crate) role: ApiRole,
    pub(crate) reach: Reach,
}

/// The store, in which the caller changes things in the course of this request.
pub(crate) struct Acting {
    pub(crate) store: Arc<dyn Store>,
    /// The request, as the audit log has it.
    pub(crate) request: String,
    /// What the caller works with.
    pub(crate) seen: Seen,
}

/// What the caller sees. What is beyond it is not there for this caller.
#[derive(Debug, Clone)]
pub(crate) struct Seen(pub(crate) Reach);

impl Seen {
    /// That a thing of this target is seen; where not, it is not found, in the words of a thing that is not there.
    pub(crate) fn thing(
        &self,
        what: &'static str,
        id: &(dyn Display + Sync),
        target: &TargetName,
    ) -> Result<(), Problem> {
        self.hidden(what, id, self.0.covers(target))
    }

    /// That a target is seen.
    pub(crate) fn target(&self, target: &TargetName) -> Result<(), Problem> {
        self.thing("target", target, target)
    }

    /// That a plan is seen: all that it is about.
    pub(crate) fn plan(&self, plan: &PlanSummary) -> Result<(), Problem> {
        self.hidden("plan", &plan.id, self.0.covers_all(&plan.targets))
    }

    /// That an identity is seen: it has an account in a target that is.
    pub(crate) async fn identity(&self, store: &dyn Store, id: IdentityId) -> Result<(), Problem> {
        if self.0.targets().is_none() {
            return Ok(());
        }
        let accounts = AccountFilter { reach: self.0.clone(), identity: Some(id), ..AccountFilter::default() };
        let known = store.accounts(accounts, PageRequest::first(1)).await?;
        self.hidden("identity", &id, !known.is_empty())
    }

    /// Whether only some targets are seen.
    pub(crate) fn is_narrow(&self) -> bool {
        self.0.targets().is_some()
    }

    fn hidden(&self, what: &'static str, id: &(dyn Display + Sync), is_seen: bool) -> Result<(), Problem> {
        if is_seen { Ok(()) } else { Err(StoreError::NotFound { what, id: id.to_string() }.into()) }
    }
}

/// Only who shows a token comes through.
pub(crate) async fn require_token(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let now = (state.now)();
    let mut used = None;
    let known = match request.extensions().get::<Vouched>().cloned() {
        Some(Vouched(caller)) => Ok(caller),
        None if is_first(&state, request.headers(), now) => {
            first_caller(&state, &request, now).map(|(caller, unused)| {
                used = Some(unused);
                caller
            })
        }
        None => caller(&state, request.headers()).await,
    };
    let caller = match known {
        Ok(caller) => caller,
        Err(problem) => return turned_away(&state, request.extensions().get::<Peer>().copied(), problem, now),
    };
    let holder = Holder::Caller(caller.name.clone());
    let (standing, place) = match state.quotas.enter(&holder, now) {
        Ok(entered) => entered,
        Err(refused) => return state.quotas.come_back(Problem::from(refused), Some(&holder), refused),
    };
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    drop(place);
    if let Some(unused) = used.filter(|_| !response.status().is_success()) {
        state.sign_ins.first().put_back(unused);
    }
    state.quotas.tell(response.headers_mut(), &holder, standing);
    response
}

/// Who shows no good token is counted by address; who does that too often is told to come back.
fn turned_away(state: &ApiState, peer: Option<Peer>, problem: Problem, now: Timestamp) -> Response {
    let counted = if problem.status().is_client_error() { state.quotas.wrong_token(peer, now) } else { Ok(()) };
    match counted {
        Ok(()) => problem.into_response(),
        Err(refused) => state.quotas.come_back(Problem::from(refused), None, refused),
    }
}

fn is_first(state: &ApiState, headers: &HeaderMap, now: Timestamp) -> bool {
    shown_token(headers).is_some_and(|shown| state.sign_ins.first().is(shown, now))
}

/// Who shows the token of the first start, which is used up by making another.
fn first_caller(state: &ApiState, request: &Request, now: Timestamp) -> Result<(Caller, Unused), Problem> {
    if (request.method(), request.uri().path()) != (&Method::POST, MAKING_TOKENS) {
        return Err(Problem::only_once());
    }
    let shown = shown_token(request.headers()).unwrap_or_default();
    let unused = state.sign_ins.first().take(shown, now).ok_or_else(Problem::unauthorized)?;
    Ok((first::caller(), unused))
}

async fn caller(state: &ApiState, headers: &HeaderMap) -> Result<Caller, Problem> {
    let shown = shown_token(headers).ok_or_else(Problem::unauthorized)?;
    if state.token.is(shown) {
        return Ok(Caller { name: crate::token::host_name().into(), role: ApiRole::Admin, reach: Reach::Everything });
    }
    if let Some(issued) = issued::caller(state, shown).await {
        return issued;
    }
    // What is looked up is a digest: how long that takes says nothing about the token.
    let kept = state.store.api_token(Digest::of(shown)).await?.ok_or_else(Problem::unauthorized)?;
    let now = (state.now)();
    if kept.expires_at.is_some_and(|end| end <= now) {
        return Err(Problem::token_expired(&kept.name));
    }
    if is_to_be_noted(&kept, now) {
        state.store.note_token_use(&kept.name, now).await?;
    }
    let reach = if kept.role == ApiRole::Owner { Reach::Targets(kept.targets) } else { Reach::Everything };
    Ok(Caller { name: kept.name.into(), role: kept.role, reach })
}

/// The token that a request shows.
pub(crate) fn shown_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn is_to_be_noted(kept: &KeptApiToken, now: Timestamp) -> bool {
    kept.last_used_at.is_none_or(|last| now.duration_since(last) >= BETWEEN_NOTES)
}

/// These routes are for those who may do this, and their description says so. They are closed to owners of targets, whatever
/// these may: a route that shows an owner nothing of others is opened by [`owners_too`].
pub(crate) fn only_for(permission: Permission, routes: OpenApiRouter<ApiState>) -> OpenApiRouter<ApiState> {
    guarded(permission, Owners::Out, routes)
}

/// These routes are for those who may do this, owners of targets among them: each keeps to what its caller sees.
pub(crate) fn owners_too(permission: Permission, routes: OpenApiRouter<ApiState>) -> OpenApiRouter<ApiState> {
    guarded(permission, Owners::In, routes)
}

/// Whether routes are open to owners of targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owners {
    In,
    Out,
}

impl Owners {
    /// Whether somebody with this role comes through.
    pub(crate) fn let_in(self, role: ApiRole, permission: Permission) -> bool {
        role.may(permission) && (role != ApiRole::Owner || self == Self::In)
    }
}

fn guarded(permission: Permission, owners: Owners, mut routes: OpenApiRouter<ApiState>) -> OpenApiRouter<ApiState> {
    for_permission(routes.get_openapi_mut(), permission, owners);
    // Who may not do it is told that, whatever the conditions (RFC 9110 section 13.2.1): what is layered later comes first.
    routes.route_layer(middleware::from_fn(conditional)).route_layer(middleware::from_fn(
        move |request: Request, next: Next| async move {
            match request.extensions().get::<Caller>() {
                Some(caller) if owners.let_in(caller.role, permission) => next.run(request).await,
                Some(caller) if caller.role.may(permission) => Problem::closed_to_owners().into_response(),
                Some(caller) => Problem::forbidden(caller.role, permission).into_response(),
                None => Problem::unauthorized().into_response(),
            }
        },
    ))
}

impl FromRequestParts<ApiState> for Acting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>().ok_or_else(Problem::unauthorized)?;
        let request = format!("{} /v1{}", parts.method, parts.uri.path());
        let mut store = state.store.on_behalf_of(Actor::api(&caller.name)).during(&request);
        if let Some(key) = parts.extensions.get::<RequestKey>() {
            store = store.answering(key.clone());
        }
        Ok(Self { store, request, seen: Seen(caller.reach.clone()) })
    }
}

impl FromRequestParts<ApiState> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>().ok_or_else(Problem::unauthorized)?;
        Ok(Self(caller.reach.clone()))
    }
}
