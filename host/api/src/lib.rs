//! The HTTP API: for now, reading.
//!
//! `host/docs/api.md` is its reference. Every answer is JSON, every error a problem (RFC 9457), and everything under `/v1`
//! needs the host's API token.

mod problem;
mod token;
mod v1;

pub use token::ApiToken;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use problem::Problem;
use purser_model::id::TargetName;
use purser_store::Store;
use std::future::Future;
use std::sync::Arc;
use tokio::net::TcpListener;

/// What the API answers from.
#[derive(Clone)]
pub struct ApiState {
    /// The state of the host.
    pub store: Arc<dyn Store>,
    /// The declared targets.
    pub targets: Arc<[TargetName]>,
    /// What a caller must show.
    pub token: ApiToken,
    /// The program's version.
    pub version: &'static str,
    /// The time.
    pub now: fn() -> Timestamp,
}

/// The whole API.
pub fn router(state: ApiState) -> Router {
    let guarded = v1::routes()
        .layer(middleware::from_fn_with_state(state.clone(), require_token))
        .layer(middleware::map_response(never_stored));
    Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .nest("/v1", guarded)
        .fallback(async || Problem::not_found("no such resource"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .with_state(state)
}

/// Serves the API on a listener until `shutdown` is done; requests under way are finished.
///
/// # Errors
/// The listener fails.
pub async fn serve<F>(listener: TcpListener, state: ApiState, shutdown: F) -> std::io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    axum::serve(listener, router(state)).with_graceful_shutdown(shutdown).await
}

async fn health(State(state): State<ApiState>) -> Json<serde_json::Value> {
    Json(serde_json::json!({"status": "ok", "version": state.version}))
}

async fn ready(State(state): State<ApiState>) -> Result<Json<serde_json::Value>, Problem> {
    state.store.setting("readiness").await?;
    Ok(Json(serde_json::json!({"status": "ready"})))
}

async fn require_token(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let shown = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    if shown.is_some_and(|shown| state.token.is(shown)) {
        next.run(request).await
    } else {
        Problem::unauthorized().into_response()
    }
}

/// Answers hold personal data: nobody between keeps a copy, and nobody guesses what they are.
async fn never_stored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests;
