//! Signing in with an API token, and out. `people` signs in those for whom an issuer vouches.

use super::asking::{Sent, is_from_elsewhere, is_same, read_form};
use super::opener::Opener;
use super::sessions::{LIFE, unguessable};
use super::signed_in::{SignedIn, ask};
use super::{ConsoleState, cookies};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use purser_model::secret::Secret;

/// How long the form may lie open, in seconds.
const FORM_LIFE: u64 = 3_600;

/// `GET /sign-in`
pub(super) async fn show(
    State(state): State<ConsoleState>,
    who: Result<SignedIn, Redirect>,
    headers: HeaderMap,
) -> Response {
    match who {
        Ok(_) => Redirect::to("/").into_response(),
        Err(_) => form(&state, &headers, StatusCode::OK, None),
    }
}

/// `POST /sign-in`
pub(super) async fn try_token(State(state): State<ConsoleState>, headers: HeaderMap, request: Request) -> Response {
    let sent = match read_form(request, &state).await {
        Ok(sent) => sent,
        Err(refused) => return refused,
    };
    let now = (state.now)();
    if let Err(seconds) = state.tries.permit(now) {
        let text = format!("Too many tries failed. Try again in {seconds} seconds.");
        let refused = form(&state, &headers, StatusCode::TOO_MANY_REQUESTS, Some(&text));
        return (AppendHeaders([(header::RETRY_AFTER, seconds.to_string())]), refused).into_response();
    }
    let expected = cookies::read(&headers, cookies::FORM).unwrap_or_default();
    let is_ours = !expected.is_empty() && is_same(sent.get("form_token").unwrap_or_default(), expected);
    if is_from_elsewhere(&headers) || !is_ours {
        return form(
            &state,
            &headers,
            StatusCode::FORBIDDEN,
            Some("The page was open for too long. Please try again."),
        );
    }
    let shown = sent.get("token").map(str::trim).unwrap_or_default();
    let opener = match state.first.take(shown, now) {
        Some(_) => Some(Opener::First),
        None => Secret::new(shown).ok().map(Opener::Token),
    };
    match opener {
        Some(opener) if opens(&state, &opener).await => {
            let id = state.sessions.begin(opener, now);
            let life = LIFE.as_secs().unsigned_abs();
            let set = [
                (header::SET_COOKIE, cookies::set(&headers, cookies::SESSION, &id, life)),
                (header::SET_COOKIE, cookies::set(&headers, cookies::FORM, "", 0)),
            ];
            (AppendHeaders(set), Redirect::to("/")).into_response()
        }
        _ => {
            state.tries.failed(now);
            form(
                &state,
                &headers,
                StatusCode::UNAUTHORIZED,
                Some("This token opens nothing here: it is not known, was revoked or has expired."),
            )
        }
    }
}

/// `POST /sign-out`
pub(super) async fn sign_out(headers: HeaderMap, sent: Sent) -> Response {
    sent.who.sign_out();
    let ended = cookies::set(&headers, cookies::SESSION, "", 0);
    (AppendHeaders([(header::SET_COOKIE, ended)]), Redirect::to("/sign-in")).into_response()
}

async fn opens(state: &ConsoleState, opener: &Opener) -> bool {
    let answer = ask(&state.api, Method::GET, "/v1/caller", opener, None).await;
    answer.is_some_and(|answer| answer.status == StatusCode::OK)
}

/// The page where one signs in, with what went wrong before.
pub(super) fn form(state: &ConsoleState, headers: &HeaderMap, status: StatusCode, problem: Option<&str>) -> Response {
    let form_token = unguessable();
    let cookie = cookies::set(headers, cookies::FORM, &form_token, FORM_LIFE);
    let page = purser_console::sign_in(&form_token, state.issuers.doors(), problem);
    (status, AppendHeaders([(header::SET_COOKIE, cookie)]), Html(page)).into_response()
}
