//! Somebody who is signed in, and asking the API as this person.

use super::opener::Opener;
use super::{ConsoleState, cookies};
use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::{self, Parts};
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use purser_console::{Frame, Said, Unreadable};
use serde_json::Value;
use tower::ServiceExt;
use tracing::error;

/// Larger answers no page can show.
const LARGEST_ANSWER: usize = 64 << 20;

/// Somebody who is signed in, with what the API said of the token.
pub(super) struct SignedIn {
    state: ConsoleState,
    session: String,
    opener: Opener,
    /// What forms bring along.
    pub(super) form_token: String,
    caller: Value,
}

/// An answer of the API.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Answer {
    /// The problem's text; what a page says where the API refused.
    pub(super) fn text<'a>(&'a self, name: &str, otherwise: &'a str) -> &'a str {
        self.body[name].as_str().unwrap_or(otherwise)
    }
}

impl FromRequestParts<ConsoleState> for SignedIn {
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, state: &ConsoleState) -> Result<Self, Redirect> {
        let to_sign_in = || Redirect::to("/sign-in");
        let session = cookies::read(&parts.headers, cookies::SESSION).ok_or_else(to_sign_in)?.to_owned();
        let found = state.sessions.find(&session, (state.now)()).ok_or_else(to_sign_in)?;
        if !found.opener.holds(&state.issuers) {
            state.sessions.end(&session);
            return Err(to_sign_in());
        }
        let answer = ask(&state.api, Method::GET, "/v1/caller", &found.opener, None).await;
        match answer {
            Some(Answer { status: StatusCode::OK, body: caller }) => {
                Ok(Self { state: state.clone(), session, opener: found.opener, form_token: found.form_token, caller })
            }
            // The token was revoked, or has expired.
            _ => {
                state.sessions.end(&session);
                Err(to_sign_in())
            }
        }
    }
}

impl SignedIn {
    /// Reads from the API. What cannot be read is a page that says why.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Response> {
        let answer = self.send(Method::GET, path, None).await;
        if answer.status.is_success() { Ok(answer.body) } else { Err(self.failed(&answer)) }
    }

    /// Asks the API for something.
    pub(super) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        ask(&self.state.api, method, path, &self.opener, body).await.unwrap_or_else(no_answer)
    }

    /// Asks the API for a change of what has this tag.
    pub(super) async fn send_made_from(&self, path: &str, tag: &str, body: &Value) -> Answer {
        let Ok(tag) = HeaderValue::from_str(&format!("\"{tag}\"")) else { return no_answer() };
        let request =
            Request::post(path).header(header::CONTENT_TYPE, "application/json").header(header::IF_MATCH, tag);
        let body = Body::from(body.to_string());
        exchange(&self.state.api, request, &self.opener, body).await.unwrap_or_else(no_answer)
    }

    /// Sends a form to the API as it came.
    pub(super) async fn send_form(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, kind);
        exchange(&self.state.api, request, &self.opener, Body::from(body)).await.unwrap_or_else(no_answer)
    }

    /// Whether the API lets its holder do this.
    pub(super) fn may(&self, permission: &str) -> bool {
        self.caller["may"].as_array().into_iter().flatten().any(|known| known == permission)
    }

    /// Whether only some targets are seen.
    pub(super) fn is_owner(&self) -> bool {
        self.caller["role"] == "owner"
    }

    /// Follows the events of the API.
    pub(super) async fn follow(&self, last: Option<&HeaderValue>) -> Response {
        let mut request = Request::get("/v1/events/stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        match request.body(Body::empty()) {
            Ok(mut request) => {
                self.opener.open(&mut request);
                let Ok(response) = self.state.api.clone().oneshot(request).await;
                response
            }
            Err(_) => StatusCode::BAD_REQUEST.into_response(),
        }
    }

    /// What the API sends that is no page, as it comes and however large it is.
    pub(super) async fn pass_on(&self, path: &str) -> Response {
        let Ok(mut request) = Request::get(path).body(Body::empty()) else { return self.failed(&no_answer()) };
        self.opener.open(&mut request);
        let Ok(response) = self.state.api.clone().oneshot(request).await;
        if response.status().is_success() {
            return response;
        }
        self.failed(&read(response).await.unwrap_or_else(no_answer))
    }

    /// What stands around a page; what is to be said is said by it.
    pub(super) fn frame(&self) -> Frame {
        let text = |name: &str| self.caller[name].as_str().unwrap_or_default().to_owned();
        let may = self.caller["may"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Frame {
            name: text("name"),
            role: text("role"),
            may: may.map(str::to_owned).collect(),
            form_token: self.form_token.clone(),
            said: self.state.sessions.take_said(&self.session),
        }
    }

    /// A page; where it cannot be made, one that says so.
    pub(super) fn page(&self, rendered: Result<String, Unreadable>) -> Response {
        match rendered {
            Ok(page) => Html(page).into_response(),
            Err(unreadable) => {
                error!(%unreadable, "a page of the console cannot be made");
                let body = serde_json::json!({"title": "Not shown", "detail": "the host could not make this page; its log says why"});
                self.failed(&Answer { status: StatusCode::INTERNAL_SERVER_ERROR, body })
            }
        }
    }

    /// A page that says why there is none.
    pub(super) fn failed(&self, answer: &Answer) -> Response {
        let (title, detail) =
            (answer.text("title", "Not shown"), answer.text("detail", "the API refused, and did not say why"));
        (answer.status, Html(purser_console::failed(&self.frame(), title, detail))).into_response()
    }

    /// Goes to another page, which says this.
    pub(super) fn go(&self, to: &str, said: Said) -> Response {
        self.state.sessions.say(&self.session, said);
        Redirect::to(to).into_response()
    }

    /// Ends the session.
    pub(super) fn sign_out(&self) {
        self.state.sessions.end(&self.session);
    }
}

fn no_answer() -> Answer {
    Answer {
        status: StatusCode::BAD_GATEWAY,
        body: serde_json::json!({"title": "Not shown", "detail": "the API gave no answer that can be read"}),
    }
}

/// Asks the API as who is signed in; none where what is asked cannot be a request, or the answer is none in JSON.
pub(super) async fn ask(
    api: &Router,
    method: Method,
    path: &str,
    opener: &Opener,
    body: Option<&Value>,
) -> Option<Answer> {
    let mut request = Request::builder().method(method).uri(path);
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    exchange(api, request, opener, body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).await
}

async fn exchange(api: &Router, request: request::Builder, opener: &Opener, body: Body) -> Option<Answer> {
    let mut request = request.body(body).ok()?;
    opener.open(&mut request);
    let Ok(response) = api.clone().oneshot(request).await;
    read(response).await
}

async fn read(response: Response) -> Option<Answer> {
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), LARGEST_ANSWER).await.ok()?;
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).ok()? };
    Some(Answer { status, body })
}
