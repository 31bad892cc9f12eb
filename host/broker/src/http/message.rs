//! Requests and responses, as the broker takes and gives them.

pub use purser_model::egress::Method;
use std::time::Duration;

/// The method as reqwest has it.
pub(super) fn wire(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
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
