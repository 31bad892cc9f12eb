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

/// How a secret is written into the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretEncoding {
    /// As it is.
    Raw,
    /// Inside a JSON string, quotes not included.
    JsonString,
    /// As a form value (percent-encoded).
    Form,
}

/// Says where a secret goes: every occurrence of the placeholder in the body, in the values of headers and in the path is
/// replaced. In a header it stands as it is, in the path percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretUse {
    /// The slot.
    pub slot: u32,
    /// A text that occurs nowhere else in the request; in a path of letters, digits, `-` and `_` only.
    pub placeholder: String,
    /// How it is written into the body.
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
    /// Secrets to put into it.
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
