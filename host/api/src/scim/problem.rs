//! Errors as SCIM has them.

use super::answer::scim_json;
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
    /// The host is at fault; its log says why.
    Internal,
}

impl ScimProblem {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Refused(error) => StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::BAD_REQUEST),
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let other = |detail: &str| json!({"schemas": [ERROR_SCHEMA], "status": self.status().as_u16().to_string(), "detail": detail});
        match self {
            Self::Refused(error) => error.to_json(),
            Self::Unauthorized(detail) => other(detail),
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
        if matches!(self, Self::Unauthorized(_)) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
