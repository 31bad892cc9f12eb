//! HTTP requests to the named endpoints of the grant, and what their answers mean.
//!
//! [`Endpoint`] builds requests; [`Response`] is an answer together with the request it belongs to, so that an error can
//! tell whether something may have been done.

mod request;
mod response;
mod retry_after;

pub use request::{Endpoint, RequestBuilder, escape_segment};
pub use response::Response;

use std::fmt;

/// A request method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        })
    }
}

/// How the host writes a secret into the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretEncoding {
    /// As it is.
    Raw,
    /// Inside a JSON string, quotes not included.
    JsonString,
    /// As a form value (percent-encoded).
    Form,
}

/// Says where a secret goes: the host replaces every occurrence of the placeholder in the body, in the values of headers and in
/// the path; there must be one. In a header the secret stands as it is, in the path percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretUse {
    /// The slot.
    pub slot: u32,
    /// A text that occurs nowhere else in the body.
    pub placeholder: String,
    /// How it is written.
    pub encoding: SecretEncoding,
}

/// A request as it goes to the host; [`Endpoint`] builds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The endpoint's name in the grant.
    pub endpoint: String,
    /// The method.
    pub method: Method,
    /// Joined to the endpoint's URL as text; starts with `/`, escaped, without query.
    pub path: String,
    /// Query fields, not escaped.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// Secrets to put into the body.
    pub secrets: Vec<SecretUse>,
    /// Give up after this many milliseconds.
    pub timeout_ms: Option<u32>,
}

impl Request {
    /// The first header of this name, compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The first query field of this name.
    pub fn query_field(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null where there is none or it is something else.
    pub fn json_body(&self) -> serde_json::Value {
        self.body.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default()
    }
}

/// An answer as it comes from the host. Any status is an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer without headers and body.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn with_json(mut self, body: &serde_json::Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.with_header("content-type", "application/json")
    }

    /// Sets a body of any kind.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The first header of this name, compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

fn find<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The grant, the phase or the request's own form forbids it; nothing was sent.
    #[error("the host refused the request: {0}")]
    Denied(String),
    /// Nothing was sent: name resolution, connection or TLS failed.
    #[error("the target cannot be reached: {0}")]
    Unreachable(String),
    /// Something may have been sent, and no whole answer came.
    #[error("the connection broke before the answer was complete: {0}")]
    Interrupted(String),
    /// The answer is larger than the grant allows.
    #[error("the answer is too large: {0}")]
    TooLarge(String),
}
