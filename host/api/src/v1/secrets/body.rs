//! The value of a secret on its way in. Whatever is wrong with it, no error repeats a part of it.

use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use purser_model::secret::Secret;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Larger ones are files that somebody took for a secret.
const LARGEST: usize = 64 << 10;
const FORM: &str = "send `{\"value\": TEXT}`";

/// A secret to set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetSecret)]
pub(crate) struct Wanted {
    /// The secret. It is sealed, and never shown.
    #[schema(write_only, format = Password, min_length = 1, max_length = 65_536)]
    value: String,
}

/// A secret out of a body.
pub(crate) struct SecretBody(pub(crate) Secret);

impl<S: Send + Sync> FromRequest<S> for SecretBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.split(';').next().unwrap_or_default().trim() != "application/json" {
            return Err(Problem::bad_body(StatusCode::UNSUPPORTED_MEDIA_TYPE, FORM));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error| Problem::bad_body(error.status(), error.body_text()))?;
        read(&bytes)
    }
}

fn read(bytes: &[u8]) -> Result<SecretBody, Problem> {
    // The text of the error would have what it stumbled over in it.
    let bad = |error: serde_json::Error| {
        let place = format!("the body cannot be read at line {}, column {}: {FORM}", error.line(), error.column());
        Problem::bad_body(StatusCode::BAD_REQUEST, place)
    };
    let is_object = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if !is_object {
        return Err(Problem::bad_body(StatusCode::BAD_REQUEST, format!("the body is no JSON object: {FORM}")));
    }
    let value = Zeroizing::new(serde_json::from_slice::<Wanted>(bytes).map_err(bad)?.value);
    if value.len() > LARGEST {
        return Err(Problem::bad_parameter(format!("the secret is longer than {LARGEST} bytes, which no secret is")));
    }
    Secret::new(value.as_str()).map(SecretBody).map_err(|error| Problem::bad_parameter(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn no_error_repeats_a_part_of_the_secret() {
        assert_eq!(read(br#" {"value": "hunter2"}"#).ok().unwrap().0.reveal(), "hunter2");
        let long = format!(r#"{{"value": "hunter2{}"}}"#, "x".repeat(64 << 10));
        for body in [
            r#"{"value": "hunter2"#,
            r#""hunter2""#,
            r#"["hunter2"]"#,
            r#"{"value": ["hunter2"]}"#,
            r#"{"hunter2": "hunter2"}"#,
            r#"{"value": "x", "hunter2": 1}"#,
            r#"{"value": ""}"#,
            "",
            &long,
        ] {
            let said = format!("{:?}", read(body.as_bytes()).err().unwrap());
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
