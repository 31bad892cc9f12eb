//! `GET /events`: what happens, for pages that follow it.

use super::signed_in::SignedIn;
use axum::http::HeaderMap;
use axum::response::Response;

pub(super) async fn follow(who: SignedIn, headers: HeaderMap) -> Response {
    who.follow(headers.get("last-event-id")).await
}
