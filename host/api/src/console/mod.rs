//! The console at `/`: web pages for people, made of what the API answers to their own token.
//!
//! Every page asks `/v1` in this process with the token that its reader signed in with, so nothing is seen or done here that
//! the API would refuse, and the audit log names the same actor. What a browser is given is the id of a session; the
//! token stays here, in memory. What changes something is a form that brings the session's own token along.

mod access;
mod asking;
mod backups;
mod changes;
mod cookies;
mod declarations;
mod imposing;
mod opener;
mod pages;
mod people;
mod sessions;
mod settings;
mod sign_in;
mod signed_in;
mod tokens;
mod tries;
mod under_way;
mod uploads;
mod watch;
mod webhooks;

use crate::first::FirstToken;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
pub(crate) use opener::Vouched;
use purser_issuer::Issuers;
use sessions::Sessions;
use std::sync::Arc;
use tries::Tries;
use under_way::UnderWay;

/// Forms are small; a page of items that are decided together is the largest.
const LARGEST_FORM: usize = 256 << 10;

/// What pages are made from.
#[derive(Clone)]
pub(crate) struct ConsoleState {
    /// The API, which is asked as from outside.
    api: Router,
    sessions: Arc<Sessions>,
    tries: Arc<Tries>,
    under_way: Arc<UnderWay>,
    first: Arc<FirstToken>,
    issuers: Arc<Issuers>,
    now: fn() -> Timestamp,
}

/// Who is signed in, and who tried to. It outlives the declarations that the API works by.
#[derive(Clone, Default)]
pub struct SignIns {
    sessions: Arc<Sessions>,
    tries: Arc<Tries>,
    under_way: Arc<UnderWay>,
    first: Arc<FirstToken>,
}

impl SignIns {
    /// Makes the token of the first start, and gives its text: good for one sign-in, or for one token, within the hour.
    pub fn make_first_token(&self, now: Timestamp) -> String {
        self.first.make(now)
    }

    /// The token of the first start.
    pub(crate) fn first(&self) -> &FirstToken {
        &self.first
    }
}

/// The console over this API.
pub(crate) fn routes(api: Router, sign_ins: SignIns, issuers: Arc<Issuers>, now: fn() -> Timestamp) -> Router {
    let SignIns { sessions, tries, under_way, first } = sign_ins;
    let state = ConsoleState { api, sessions, tries, under_way, first, issuers, now };
    let pages = reading().merge(changing()).layer(middleware::map_response(guarded)).with_state(state);
    Router::new().route("/assets/{name}", get(asset)).merge(pages).layer(DefaultBodyLimit::max(LARGEST_FORM))
}

fn reading() -> Router<ConsoleState> {
    Router::new()
        .route("/", get(pages::overview))
        .route("/identities", get(pages::identities))
        .route("/identities/{id}", get(pages::person))
        .route("/targets", get(pages::targets))
        .route("/targets/{id}", get(pages::target))
        .route("/connectors/{id}", get(pages::connector))
        .route("/settings", get(pages::settings))
        .route("/roles", get(access::roles))
        .route("/roles/{id}", get(access::role))
        .route("/groups", get(access::groups))
        .route("/groups/{id}", get(access::group))
        .route("/assignments", get(access::assignments))
        .route("/checks", get(pages::checks).post(changes::check))
        .route("/webhooks", get(webhooks::list))
        .route("/webhooks/{id}", get(webhooks::one))
        .merge(with_large_forms())
        .route("/plans", get(pages::plans).post(changes::make_plan))
        .route("/plans/{id}", get(pages::plan))
        .route("/held", get(pages::held))
        .route("/cases", get(pages::cases))
        .route("/cases/{id}", get(pages::case))
        .route("/quarantine", get(pages::quarantine))
        .route("/runs", get(pages::runs).post(changes::start_run))
        .route("/operations", get(pages::operations))
        .route("/insight", get(pages::insight))
        .route("/audit", get(pages::audit))
        .route("/tokens", get(tokens::list).post(tokens::make))
        .route("/backups", get(backups::list).post(backups::make))
        .route("/backups/{id}/content", get(backups::download))
        .route("/events", get(watch::follow))
        .route("/sign-in/{id}", get(people::go))
        .route("/sign-in/{id}/answer", get(people::come_back))
        .route("/sign-in", get(sign_in::show).post(sign_in::try_token))
}

/// Files are larger than other forms.
fn with_large_forms() -> Router<ConsoleState> {
    let connectors = Router::new().route("/connectors", get(pages::connectors).post(uploads::drop_in));
    let declarations = Router::new().route("/declarations", get(declarations::show).post(declarations::decide));
    connectors
        .layer(DefaultBodyLimit::max(uploads::LARGEST_UPLOAD))
        .merge(declarations.layer(DefaultBodyLimit::max(declarations::LARGEST_FORM)))
}

fn changing() -> Router<ConsoleState> {
    Router::new()
        .route("/targets/{id}/upgrade", post(settings::upgrade_target))
        .route("/sources/{id}/upgrade", post(settings::upgrade_source))
        .route("/targets/{id}/guard", post(settings::set_guard))
        .route("/secrets", post(settings::set_secret))
        .route("/secrets/{id}/removal", post(settings::remove_secret))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/plans/{id}/decision", post(changes::decide_plan))
        .route("/plans/{id}/application", post(changes::apply_plan))
        .route("/held/decision", post(changes::decide_held))
        .route("/cases/{id}/decision", post(changes::decide_case))
        .route("/identities/{id}/provisioning", post(changes::provision))
        .route("/identities/{id}/assignments", post(access::grant))
        .route("/identities/{id}/groups", post(access::change_group))
        .route("/identities/{id}/imposing", post(imposing::impose))
        .route("/identities/{id}/lifting", post(imposing::lift))
        .route("/assignments/{id}/withdrawal", post(access::withdraw))
        .route("/webhooks/{id}/decision", post(webhooks::decide))
        .route("/deletions/{id}/cancellation", post(changes::cancel_deletion))
        .route("/operations/{id}/retry", post(changes::retry))
        .route("/operations/{id}/cancellation", post(changes::cancel_operation))
        .route("/runs/{id}/stop", post(changes::stop_run))
        .route("/targets/{id}/release", post(changes::release))
        .route("/tokens/{id}/revocation", post(tokens::revoke))
        .route("/scim-tokens", post(tokens::make_for_scim))
        .route("/scim-tokens/{id}/revocation", post(tokens::revoke_for_scim))
        .route("/backups/{id}/removal", post(backups::remove))
}

/// Pages hold personal data and load nothing from elsewhere: browsers are told both.
async fn guarded(mut response: Response) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, purser_console::CONTENT_POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn asset(Path(name): Path<String>) -> Response {
    match purser_console::ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, asset.media_type),
                (header::CACHE_CONTROL, "public, max-age=300"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, asset.content).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests;
