//! Answers of the SCIM server.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use purser_scim_server::MEDIA_TYPE;
use serde_json::Value;

/// What a request led to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The entity tag of the resource.
    pub(super) version: Option<String>,
    /// Where the resource is.
    pub(super) location: Option<String>,
    /// The resource, where it is answered.
    pub(super) resource: Option<Value>,
}

impl Answer {
    /// It is done, and there is nothing more to say.
    pub(super) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, version: None, location: None, resource: None }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = match &self.resource {
            Some(resource) => scim_json(self.status, resource),
            None => self.status.into_response(),
        };
        let headers = [(header::ETAG, &self.version), (header::LOCATION, &self.location)];
        let is_created = self.status == StatusCode::CREATED;
        for (name, value) in headers.into_iter().filter(|(name, _)| *name != header::LOCATION || is_created) {
            add_header(&mut response, name, value.as_deref());
        }
        response
    }
}

fn add_header(response: &mut Response, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        response.headers_mut().insert(name, value);
    }
}

/// JSON of the media type of SCIM.
pub(super) fn scim_json(status: StatusCode, value: &Value) -> Response {
    let mut response = (status, Body::from(value.to_string())).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}
