//! Errors as problems (RFC 9457).

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use purser_model::access::{ApiRole, Permission};
use purser_model::id::TokenName;
use purser_reconcile::EngineError;
use purser_store::StoreError;
use serde::Serialize;
use tracing::error;

/// What went wrong. `code` is stable; the texts are for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    #[serde(rename = "status", serialize_with = "as_number")]
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<u64>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, title, detail: detail.into(), oldest: None }
    }

    /// There is no such thing.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// The resource does not know the method.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Method not allowed",
            "this resource has no such method; host/docs/api.md says which it has",
        )
    }

    /// The body is wrong.
    pub(crate) fn bad_body(status: StatusCode, detail: impl Into<String>) -> Self {
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(status, "too-large", "Too large", detail),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(status, "not-json", "Not JSON", "send the body as `Content-Type: application/json`")
            }
            _ => Self::new(StatusCode::BAD_REQUEST, "bad-body", "Bad body", detail),
        }
    }

    /// The token ended.
    pub(crate) fn token_expired(name: &TokenName) -> Self {
        let detail = format!("the token `{name}` has expired; ask an admin of this host for another one");
        Self::new(StatusCode::UNAUTHORIZED, "token-expired", "Not authenticated", detail)
    }

    /// The caller may not.
    pub(crate) fn forbidden(role: ApiRole, needed: Permission) -> Self {
        let who = match needed {
            Permission::Read => "every role",
            Permission::Operate => "operators and admins",
            Permission::Approve => "approvers and admins",
            Permission::Administer => "admins",
        };
        let detail = format!("your token has the role {role}; this is for {who}");
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// It is the host's fault.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error",
            "the host could not answer; its log says why",
        )
    }

    /// It is not done, and nothing is wrong with the host.
    pub(crate) fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, "Not done", detail)
    }

    /// A parameter is wrong.
    pub(crate) fn bad_parameter(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-parameter", "Bad parameter", detail)
    }

    /// Events that were asked for are not kept any more; `oldest` is the first that is.
    fn events_gone(oldest: u64, detail: String) -> Self {
        let problem = Self::new(StatusCode::GONE, "events-gone", "Events are not kept any more", detail);
        Self { oldest: Some(oldest), ..problem }
    }

    /// The token is missing or wrong.
    pub(crate) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Not authenticated",
            "send a token as `Authorization: Bearer TOKEN`; an admin makes one with `purser token create`",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(failure: StoreError) -> Self {
        match failure {
            StoreError::NotFound { what, id } => Self::not_found(format!("no {what} `{id}`")),
            StoreError::Refused { .. } => Self::conflict("refused", failure.to_string()),
            StoreError::EventsGone { oldest, .. } => Self::events_gone(oldest, failure.to_string()),
            other => {
                error!(error = %other, "a request failed");
                Self::internal()
            }
        }
    }
}

impl From<EngineError> for Problem {
    fn from(failure: EngineError) -> Self {
        let text = failure.to_string();
        match failure {
            EngineError::Store(failure) => failure.into(),
            EngineError::NotDeclared { .. } | EngineError::Nobody { .. } => Self::not_found(text),
            EngineError::Connector { .. } => {
                Self::new(StatusCode::BAD_GATEWAY, "connector-failed", "The connector failed", text)
            }
            EngineError::Stopped { .. } => Self::conflict("stopped", text),
            EngineError::WindowClosed { .. } => Self::conflict("window-closed", text),
            EngineError::NoChangeFeed { .. } => Self::conflict("no-change-feed", text),
            EngineError::Plan(_) => Self::conflict("plan-refused", text),
            EngineError::Resting { .. } => Self::conflict("target-rests", text),
            EngineError::NotShownYet { .. } => Self::conflict("not-shown-yet", text),
        }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_parameter(rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_parameter(rejection.body_text())
    }
}
