//! What people ask with: queries of pages, ids in paths, and forms, which only pages of this host can send.

use super::ConsoleState;
use super::signed_in::SignedIn;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use purser_model::object::Digest;
use serde_json::json;
use std::convert::Infallible;
use url::form_urlencoded;

/// Names and values, in their order.
pub(super) struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// The first value of this name that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// All values of this name that are not empty.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A path of the API with those of these parameters that are given, and others.
    pub(super) fn with(&self, path: &str, names: &[&str], others: &[(&str, &str)]) -> String {
        let given = names.iter().filter_map(|name| Some((*name, self.get(name)?)));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).extend_pairs(others).finish();
        format!("{path}?{query}")
    }
}

/// The query of a page.
pub(super) struct Asked(pub(super) Pairs);

impl FromRequestParts<ConsoleState> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &ConsoleState) -> Result<Self, Infallible> {
        Ok(Self(Pairs::parse(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

/// An id or a name in a path: nothing that would lead to another path of the API.
pub(super) struct Named(pub(super) String);

impl FromRequestParts<ConsoleState> for Named {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, state: &ConsoleState) -> Result<Self, StatusCode> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| StatusCode::NOT_FOUND)?;
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if text.starts_with('.') || !text.chars().all(is_plain) {
            return Err(StatusCode::NOT_FOUND);
        }
        Ok(Self(text))
    }
}

/// A form that somebody who is signed in sent from a page of this host.
pub(super) struct Sent {
    pub(super) who: SignedIn,
    pub(super) form: Pairs,
}

impl FromRequest<ConsoleState> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &ConsoleState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let who = SignedIn::from_request_parts(&mut parts, state).await.map_err(IntoResponse::into_response)?;
        let headers = parts.headers.clone();
        let form = read_form(Request::from_parts(parts, body), state).await?;
        if is_from_elsewhere(&headers) || !is_same(form.get("form_token").unwrap_or_default(), &who.form_token) {
            return Err(not_ours(&who));
        }
        Ok(Self { who, form })
    }
}

/// A form did not come from a page of the present session.
pub(super) fn not_ours(who: &SignedIn) -> Response {
    who.failed(&super::signed_in::Answer {
        status: StatusCode::FORBIDDEN,
        body: json!({"title": "Not done", "detail": "this form did not come from a page of your present session; open the page again and send it from there"}),
    })
}

/// The form in a request.
pub(super) async fn read_form(request: Request, state: &ConsoleState) -> Result<Pairs, Response> {
    let bytes = axum::body::Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
    Ok(Pairs::parse(&bytes))
}

/// Whether the browser says that another site sends this. Who says nothing is judged by the form's token.
pub(super) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

/// Whether two secret texts are the same; how long that takes says nothing about them.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    Digest::of(one) == Digest::of(other)
}
