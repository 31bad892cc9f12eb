//! Errors as RFC 7644 3.12 and RFC 9865 2.1 name them.

use crate::ERROR_SCHEMA;
use serde_json::{Value, json};

/// What kind of error: decides the status code and the `scimType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The filter cannot be read, or compares what cannot be compared.
    InvalidFilter,
    /// The request would touch or return too much.
    TooMany,
    /// Somebody else has the value.
    Uniqueness,
    /// The attribute may not be changed that way.
    Mutability,
    /// The body is not what it must be.
    InvalidSyntax,
    /// The path of a change cannot be read or names nothing.
    InvalidPath,
    /// The path of a change selects nothing.
    NoTarget,
    /// A value is missing or of the wrong kind.
    InvalidValue,
    /// The cursor is none of this server's.
    InvalidCursor,
    /// The cursor held once.
    ExpiredCursor,
    /// The number of results asked for is no number.
    InvalidCount,
    /// There is no such resource.
    NotFound,
    /// The resource knows the method not.
    MethodNotAllowed,
    /// The version that was named is not the present one.
    PreconditionFailed,
    /// The request is larger than allowed.
    TooLarge,
    /// The server cannot do that.
    NotImplemented,
    /// It may not be done.
    Forbidden,
    /// Two things cannot both be so; not a value that must be unique.
    Conflict,
    /// The body's media type is not JSON.
    UnsupportedMediaType,
}

impl ErrorKind {
    /// The HTTP status code.
    pub fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Forbidden => 403,
            Self::MethodNotAllowed => 405,
            Self::Uniqueness | Self::Conflict => 409,
            Self::PreconditionFailed => 412,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::NotImplemented => 501,
            _ => 400,
        }
    }

    /// The `scimType`, where the RFC has one.
    pub fn scim_type(self) -> Option<&'static str> {
        Some(match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
            _ => return None,
        })
    }
}

/// Why a request is refused. The detail names attributes and never repeats their values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ScimError {
    /// What kind.
    pub kind: ErrorKind,
    /// What is wrong and what to do, for people.
    pub detail: String,
}

impl ScimError {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// As it is answered.
    pub fn to_json(&self) -> Value {
        let mut error = json!({
            "schemas": [ERROR_SCHEMA],
            "status": self.kind.status().to_string(),
            "detail": self.detail,
        });
        if let Some(scim_type) = self.kind.scim_type() {
            error["scimType"] = scim_type.into();
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_a_text() {
        let error = ScimError::new(ErrorKind::Uniqueness, "taken").to_json();
        assert_eq!(error["status"], "409");
        assert_eq!(error["scimType"], "uniqueness");
        assert_eq!(ScimError::new(ErrorKind::NotFound, "").to_json().get("scimType"), None);
    }
}
