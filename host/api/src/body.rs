//! What callers send.

use crate::problem::Problem;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

/// A JSON body. What cannot be read is a problem that says where.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let axum::Json(value) = axum::Json::from_request(request, state)
            .await
            .map_err(|rejection: JsonRejection| Problem::bad_body(rejection.status(), rejection.body_text()))?;
        Ok(Self(value))
    }
}
