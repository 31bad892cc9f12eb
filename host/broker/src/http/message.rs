//! Requests and responses, as the broker takes and gives them.

use std::fmt;
use std::time::Duration;

/// A request method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

impl Method {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Head => Self::HEAD,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}

/// A header or query field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value, not escaped.
    pub value: String,
}

/// How a secret is written into a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretEncoding {
    /// As it is.
    Raw,
    /// Inside a JSON string, quotes not included.
    JsonString,
    /// As a form value (percent-encoded).
    Form,
}

/// Says where a secret goes: every occurrence of the placeholder in the body is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretUse {
    /// The slot.
    pub slot: u32,
    /// A text that occurs nowhere else in the body.
    pub placeholder: String,
    /// How it is written.
    pub encoding: SecretEncoding,
}

/// A request as a guest asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The endpoint's name in the grant.
    pub endpoint: String,
    /// The method.
    pub method: Method,
    /// Joined to the endpoint's URL as text: starts with `/`, escaped, without query. Dot segments are refused.
    pub path: String,
    /// Query fields; they are escaped here.
    pub query: Vec<Field>,
    /// Headers.
    pub headers: Vec<Field>,
    /// The body, and nothing where there is none.
    pub body: Option<Vec<u8>>,
    /// Secrets to put into the body.
    pub secrets: Vec<SecretUse>,
    /// Give up after this time; the grant's own limit holds as well.
    pub timeout: Option<Duration>,
}

/// A response. Any status is a response, 401 too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers, names in lower case; cookies and credentials removed.
    pub headers: Vec<Field>,
    /// The body.
    pub body: Vec<u8>,
}
