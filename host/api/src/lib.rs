//! The HTTP API.
//!
//! `host/docs/api.md` is its reference. Every answer is JSON, every error a problem (RFC 9457), and everything under `/v1`
//! and the metrics need a token, whose role says what its holder may do. `console` serves web pages over it.

mod auth;
mod body;
mod conditions;
mod console;
mod description;
mod first;
mod headers;
mod in_force;
mod issued;
mod metrics;
mod news;
mod ports;
mod problem;
mod quota;
mod repeating;
mod scim;
mod serving;
mod token;
mod traced;
mod v1;
mod work;

pub use console::SignIns;
pub use in_force::{CurrentApi, FormerApi, InForce, Reign};
pub use news::News;
pub use ports::*;
pub use quota::Quotas;
pub use scim::issue_scim_token;
pub use serving::{CertificateError, Certificates, Connections};
pub use token::{ApiToken, issue_token};

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, header};
use axum::middleware;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Json, Router};
use conditions::Resources;
use jiff::Timestamp;
use problem::Problem;
use purser_backup::Backups;
use purser_issuer::Issuers;
use purser_model::access::Permission;
use purser_model::audit::AuditKey;
use purser_model::seal::PlanKey;
use purser_reconcile::Engine;
use purser_store::Store;
use purser_webhook::Webhooks;
use std::future::Future;
use std::sync::Arc;
use tokio::net::TcpListener;
use tracing::warn;
use utoipa_axum::router::OpenApiRouter;

/// Larger bodies are refused.
const LARGEST_BODY: usize = 1 << 20;

/// What the API answers from.
#[derive(Clone)]
pub struct ApiState {
    /// The state of the host.
    pub store: Arc<dyn Store>,
    /// What does the work.
    pub engine: Arc<Engine>,
    /// What the host signs its plans with.
    pub plan_key: PlanKey,
    /// What the end of the audit log is signed with.
    pub audit_key: AuditKey,
    /// The host's own token; others are in the store.
    pub token: ApiToken,
    /// Whose tokens open it beside those.
    pub issuers: Arc<Issuers>,
    /// Tells of new events.
    pub news: News,
    /// Who is told of events.
    pub webhooks: Arc<Webhooks>,
    /// Copies of the store that the host makes.
    pub backups: Arc<Backups>,
    /// How much is asked, and by whom.
    pub quotas: Arc<Quotas>,
    /// The folder of connectors.
    pub connectors: Arc<dyn Connectors>,
    /// What checks whether that would work which is declared.
    pub checks: Arc<dyn Checks>,
    /// What seals secrets.
    pub secrets: Arc<dyn SecretKeeper>,
    /// The files of declarations.
    pub declarations: Arc<dyn Declarations>,
    /// Who is signed in to the console.
    pub sign_ins: SignIns,
    /// Whether the declarations that the engine works by still are in force.
    pub in_force: InForce,
    /// The program's version.
    pub version: &'static str,
    /// The time.
    pub now: fn() -> Timestamp,
}

/// The whole API, and the console over it.
pub fn router(state: ApiState) -> Router {
    let metrics = auth::only_for(Permission::Read, OpenApiRouter::new().route("/metrics", get(metrics::handle)));
    let routes = Router::new().nest("/v1", Router::from(v1::routes())).merge(Router::from(metrics));
    let resources = Resources::of(routes.clone().with_state(state.clone()));
    let guarded = routes
        .layer(middleware::from_fn(work::preferred))
        .layer(Extension(resources))
        .layer(middleware::from_fn_with_state(state.clone(), repeating::repeatable))
        .layer(middleware::from_fn_with_state(state.clone(), auth::require_token))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::map_response(never_stored));
    let (now, sign_ins, issuers) = (state.now, state.sign_ins.clone(), state.issuers.clone());
    let api = Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .route("/v1/openapi.json", get(description::read::handle))
        .route("/docs", get(description::page::handle))
        .route(description::page::STYLE_PATH, get(description::page::style))
        .merge(guarded)
        .nest("/scim/v2", scim::routes(&state, purser_scim_server::ServerLimits::default()))
        .fallback(async || Problem::not_found("no such resource"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(middleware::from_fn(traced::request))
        .with_state(state);
    api.clone().merge(console::routes(api, sign_ins, issuers, now)).layer(middleware::map_response(headers::secured))
}

/// Serves the API on a listener until `shutdown` is done, over TLS where there are certificates; requests under way are
/// finished. What is answered is what is in force then; connections are held to the same for as long as it serves.
pub async fn serve<F>(
    listener: TcpListener,
    api: CurrentApi,
    connections: Connections,
    news: News,
    store: Arc<dyn Store>,
    shutdown: F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    match store.settle_requests().await {
        Ok(0) => {}
        Ok(unknown) => warn!(unknown, "requests were under way when the host stopped, and had changed something"),
        Err(error) => warn!(%error, "requests that were under way when the host stopped cannot be settled"),
    }
    let shutdown = async move {
        shutdown.await;
        // Who follows events would never leave.
        news.stop();
    };
    serving::serve(listener, api.router(), connections, shutdown).await;
}

async fn health(State(state): State<ApiState>) -> Json<serde_json::Value> {
    Json(serde_json::json!({"status": "ok", "version": state.version}))
}

async fn ready(State(state): State<ApiState>) -> Result<Json<serde_json::Value>, Problem> {
    state.store.setting("readiness").await?;
    Ok(Json(serde_json::json!({"status": "ready"})))
}

/// Events come in a stream, which has a mind of its own about copies.
async fn never_stored(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
