//! Who asks, and whether they may.

use crate::ApiState;
use crate::conditions::conditional;
use crate::description::for_permission;
use crate::problem::Problem;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use purser_model::access::{ApiRole, Permission};
use purser_model::audit::Actor;
use purser_model::id::TokenName;
use purser_model::object::Digest;
use purser_store::{KeptApiToken, RequestKey, Store};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// The use of a token is noted at most once in this time: a consumer that asks a hundred times a second writes nothing.
const BETWEEN_NOTES: SignedDuration = SignedDuration::from_mins(1);

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) name: TokenName,
    pub(crate) role: ApiRole,
}

/// The store, in which the caller changes things in the course of this request.
pub(crate) struct Acting {
    pub(crate) store: Arc<dyn Store>,
    /// The request, as the audit log has it.
    pub(crate) request: String,
}

/// Only who shows a token comes through.
pub(crate) async fn require_token(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    match caller(&state, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn caller(state: &ApiState, headers: &HeaderMap) -> Result<Caller, Problem> {
    let shown = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(Problem::unauthorized)?;
    if state.token.is(shown) {
        return Ok(Caller { name: crate::token::host_name(), role: ApiRole::Admin });
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
    Ok(Caller { name: kept.name, role: kept.role })
}

fn is_to_be_noted(kept: &KeptApiToken, now: Timestamp) -> bool {
    kept.last_used_at.is_none_or(|last| now.duration_since(last) >= BETWEEN_NOTES)
}

/// These routes are for those who may do this, and their description says so.
pub(crate) fn only_for(permission: Permission, mut routes: OpenApiRouter<ApiState>) -> OpenApiRouter<ApiState> {
    for_permission(routes.get_openapi_mut(), permission);
    // Who may not do it is told that, whatever the conditions (RFC 9110 section 13.2.1): what is layered later comes first.
    routes.route_layer(middleware::from_fn(conditional)).route_layer(middleware::from_fn(
        move |request: Request, next: Next| async move {
            match request.extensions().get::<Caller>() {
                Some(caller) if caller.role.may(permission) => next.run(request).await,
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
        Ok(Self { store, request })
    }
}
