//! Errors as SCIM has them.

use super::answer::scim_json;
use crate::quota::Refused;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use purser_scim_server::{ERROR_SCHEMA, ErrorKind, ScimError};
use purser_store::{ScimRefusal, StoreError};
use serde_json::{Value, json};
use tracing::error;

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ScimProblem {
    /// The client is at fault.
    Refused(ScimError),
    /// The token is missing or wrong.
    Unauthorized(String),
    /// The body did not arrive in time.
    TooSlow,
    /// A limit is reached.
    ComeBack(Refused),
    /// The host is at fault; its log says why.
    Internal,
}

impl ScimProblem {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Refused(error) => StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::BAD_REQUEST),
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::ComeBack(refused) if refused.is_the_callers() => StatusCode::TOO_MANY_REQUESTS,
            Self::ComeBack(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let other = |detail: &str| json!({"schemas": [ERROR_SCHEMA], "status": self.status().as_u16().to_string(), "detail": detail});
        match self {
            Self::Refused(error) => error.to_json(),
            Self::Unauthorized(detail) => other(detail),
            Self::TooSlow => other("the body did not arrive within 30 seconds"),
            Self::ComeBack(refused) => other(&refused.detail()),
            Self::Internal => other("the host could not answer; its log says why"),
        }
    }
}

impl From<ScimError> for ScimProblem {
    fn from(error: ScimError) -> Self {
        Self::Refused(error)
    }
}

impl From<StoreError> for ScimProblem {
    fn from(failure: StoreError) -> Self {
        let StoreError::Scim(refusal) = failure else {
            error!(error = %failure, "a SCIM request failed");
            return Self::Internal;
        };
        let kind = match &refusal {
            ScimRefusal::NoSuchResource => ErrorKind::NotFound,
            ScimRefusal::OtherVersion { .. } => ErrorKind::PreconditionFailed,
            ScimRefusal::UserNameTaken => ErrorKind::Uniqueness,
            ScimRefusal::NoSuchMember => ErrorKind::InvalidValue,
        };
        Self::Refused(ScimError::new(kind, refusal.to_string()))
    }
}

impl IntoResponse for ScimProblem {
    fn into_response(self) -> Response {
        let mut response = scim_json(self.status(), &self.to_json());
        if let Self::ComeBack(refused) = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(refused.after));
        }
        if matches!(self, Self::Unauthorized(_)) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
