//! `ETag`, `If-None-Match` and `If-Match` (RFC 9110 section 13), for every route of `/v1` at once.
//!
//! The tag of a resource is a digest of what `GET` answers. A change of one thing, `/v1/THINGS/{id}` and whatever stands below it, is
//! made only if the thing is as `If-Match` says; those that say so for the same thing wait for each other.

use crate::auth::Caller;
use crate::problem::{Code, Problem};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, OriginalUri, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tokio::sync::Mutex;
use tower::ServiceExt;

/// Things that are changed at the same time under a condition; two that share a place wait for each other without need.
const PLACES: usize = 64;
/// No single thing is larger.
const LARGEST: usize = 64 << 20;

/// Where resources are read, and who changes which.
#[derive(Clone)]
pub(crate) struct Resources {
    api: Router,
    turns: Arc<[Mutex<()>; PLACES]>,
}

impl Resources {
    /// Those of these routes, which are asked without a token for who was let in already.
    pub(crate) fn of(api: Router) -> Self {
        Self { api, turns: Arc::new([const { Mutex::const_new(()) }; PLACES]) }
    }

    fn turn(&self, path: &str) -> &Mutex<()> {
        let place = blake3::hash(path.as_bytes()).as_bytes()[0];
        &self.turns[usize::from(place) % PLACES]
    }

    /// The tag of a resource as it is now; none where there is nothing to read.
    async fn tag(&self, path: &str, caller: Option<Caller>) -> Result<Option<String>, Response> {
        let mut request = Request::get(path).body(Body::empty()).map_err(|_| Problem::internal().into_response())?;
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        let Ok(response) = self.api.clone().oneshot(request).await;
        match response.status() {
            StatusCode::OK => {
                let body = axum::body::to_bytes(response.into_body(), LARGEST).await;
                body.map(|body| Some(tag_of(&body))).map_err(|_| Problem::internal().into_response())
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Ok(None),
            _ => Err(response),
        }
    }
}

/// Tags what is read, and makes changes under their conditions.
pub(crate) async fn conditional(request: Request, next: Next) -> Response {
    let template = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    match request.method() {
        &Method::GET | &Method::HEAD if is_single(&template) => tagged(request, next).await,
        &Method::GET | &Method::HEAD => next.run(request).await,
        _ => changed(&template, request, next).await,
    }
}

/// Makes a change, if its thing is as the caller says.
async fn changed(template: &str, request: Request, next: Next) -> Response {
    let wanted = text(request.headers(), &header::IF_MATCH);
    let resources = request.extensions().get::<Resources>().cloned();
    let Some(((wanted, path), resources)) = wanted.zip(resource(template, &path_of(&request))).zip(resources) else {
        return next.run(request).await;
    };
    let _turn = resources.turn(&path).lock().await;
    let caller = request.extensions().get::<Caller>().cloned();
    match resources.tag(&path, caller).await {
        Ok(Some(tag)) if names(&wanted, &tag, false) => next.run(request).await,
        Ok(_) => {
            let detail = format!("{path} is not as `If-Match` says any more: read it again");
            Problem::new(Code::PreconditionFailed, detail).into_response()
        }
        Err(response) => response,
    }
}

/// Answers with a tag, or says that the caller has this already.
async fn tagged(request: Request, next: Next) -> Response {
    let known = text(request.headers(), &header::IF_NONE_MATCH);
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST).await else { return Problem::internal().into_response() };
    let tag = tag_of(&body);
    let is_known = known.is_some_and(|known| names(&known, &tag, true));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, value);
    }
    if is_known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}

fn tag_of(body: &Bytes) -> String {
    let digest = blake3::hash(body).to_hex();
    format!("\"{}\"", &digest[..32])
}

/// Whether a template leads to one thing.
pub(crate) fn is_single(template: &str) -> bool {
    template.ends_with('}')
}

/// The template of the thing that a route is about: up to its first parameter.
pub(crate) fn thing(template: &str) -> Option<&str> {
    template.find('}').map(|end| &template[..=end])
}

/// The path of the thing that a request is about.
fn resource(template: &str, path: &str) -> Option<String> {
    let segments = thing(template)?.split('/').count();
    Some(path.split('/').take(segments).collect::<Vec<_>>().join("/"))
}

/// The whole path, wherever in the router this stands.
fn path_of(request: &Request) -> String {
    request.extensions().get::<OriginalUri>().map_or(request.uri(), |uri| &uri.0).path().to_owned()
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let all: Vec<_> =
        headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Whether a list of tags names this one. A weak tag names it only where copies are compared, and no change is made (RFC 9110 section 8.8.3.2).
fn names(tags: &str, tag: &str, weakly: bool) -> bool {
    tags.split(',')
        .map(str::trim)
        .any(|one| one == "*" || one == tag || (weakly && one.strip_prefix("W/") == Some(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_lists_and_weak_ones_do_not_change_anything() {
        for tags in ["*", "\"a\"", "\"b\", \"a\"", "\"a\",W/\"b\""] {
            assert!(names(tags, "\"a\"", false), "{tags}");
        }
        for tags in ["", "a", "W/\"a\"", "\"b\""] {
            assert!(!names(tags, "\"a\"", false), "{tags}");
        }
        assert!(names("W/\"a\"", "\"a\"", true));
    }

    #[test]
    fn a_change_below_a_thing_is_a_change_of_it() {
        assert_eq!(resource("/v1/plans/{id}/decision", "/v1/plans/1/decision").as_deref(), Some("/v1/plans/1"));
        assert_eq!(
            resource("/v1/groups/{name}/members/{identity}", "/v1/groups/a/members/b").as_deref(),
            Some("/v1/groups/a")
        );
        assert_eq!(resource("/v1/assignments", "/v1/assignments"), None);
    }
}
