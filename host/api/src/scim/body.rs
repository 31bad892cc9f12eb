//! The bodies of requests, and the parameters of their queries.

use super::client::ScimState;
use super::problem::ScimProblem;
use crate::body::PATIENCE;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use purser_scim_server::{ErrorKind, Query, ScimError};
use serde_json::Value;
use std::sync::Arc;

/// A body of JSON.
pub(super) struct ScimBody(pub(super) Value);

impl FromRequest<Arc<ScimState>> for ScimBody {
    type Rejection = ScimProblem;

    async fn from_request(request: Request, state: &Arc<ScimState>) -> Result<Self, ScimProblem> {
        let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if media_type.is_some_and(|media_type| !media_type.to_ascii_lowercase().contains("json")) {
            let detail = "send the body as application/scim+json";
            return Err(ScimError::new(ErrorKind::UnsupportedMediaType, detail).into());
        }
        let read = tokio::time::timeout(PATIENCE, Bytes::from_request(request, state)).await;
        let bytes = read.map_err(|_| ScimProblem::TooSlow)?.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let most = state.limits.payload_bytes;
                return ScimError::new(ErrorKind::TooLarge, format!("the body is larger than {most} bytes"));
            }
            ScimError::new(ErrorKind::InvalidSyntax, "the body ended before it was complete")
        })?;
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            ScimError::new(ErrorKind::InvalidSyntax, format!("the body is no JSON: see line {line}, column {column}"))
        })?;
        Ok(Self(value))
    }
}

/// The parameters of a query.
pub(super) struct Parameters(pub(super) Query);

impl FromRequestParts<Arc<ScimState>> for Parameters {
    type Rejection = ScimProblem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<ScimState>) -> Result<Self, ScimProblem> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let pairs = pairs.map_err(|_| ScimError::new(ErrorKind::InvalidSyntax, "the query cannot be read"))?;
        Ok(Self(Query::from_parameters(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))?))
    }
}
