//! Answers and refusals.

use super::dialect::Dialect;
use serde_json::{Map, Value, json};

/// An answer to one request.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; null for none.
    pub body: Value,
    /// Where the resource is.
    pub location: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Seconds to wait before the next request.
    pub retry_after: Option<String>,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// The `scimType` of RFC 7644.
    pub kind: Option<&'static str>,
    /// For people.
    pub detail: String,
    /// Whether the request does not fit the dialect, whatever is there.
    pub unfit: bool,
}

/// What a request leads to.
pub type Outcome = Result<Answer, Refusal>;

impl Answer {
    /// An answer with a body.
    pub fn new(status: u16, body: Value) -> Self {
        Self { status, body, ..Self::default() }
    }

    /// An answer without one.
    pub fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }
}

impl Refusal {
    /// Of a request that the dialect does not know.
    pub fn unfit(status: u16, kind: Option<&'static str>, detail: impl Into<String>) -> Self {
        Self { status, kind, detail: detail.into(), unfit: true }
    }

    /// Of a request that would do at another time.
    pub fn now(status: u16, kind: Option<&'static str>, detail: impl Into<String>) -> Self {
        Self { status, kind, detail: detail.into(), unfit: false }
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self::now(404, None, format!("{what} is not there"))
    }

    /// A value that is not taken.
    pub fn value(detail: impl Into<String>) -> Self {
        Self::unfit(400, Some("invalidValue"), detail)
    }

    /// A form that is not taken.
    pub fn syntax(detail: impl Into<String>) -> Self {
        Self::unfit(400, Some("invalidSyntax"), detail)
    }

    /// A path that names nothing.
    pub fn path(detail: impl Into<String>) -> Self {
        Self::unfit(400, Some("invalidPath"), detail)
    }

    /// As the vendor writes it.
    pub fn answer(&self, dialect: &Dialect) -> Answer {
        let mut body = Map::new();
        body.insert("schemas".into(), json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        let status = if dialect.numeric_status { json!(self.status) } else { json!(self.status.to_string()) };
        body.insert("status".into(), status);
        body.insert("detail".into(), self.detail.clone().into());
        if let Some(kind) = self.kind.filter(|_| dialect.scim_types) {
            body.insert("scimType".into(), kind.into());
        }
        if let Some(exception) = dialect.exceptions.get(&self.status.to_string()) {
            body.insert("exception".into(), exception.clone().into());
        }
        Answer::new(self.status, Value::Object(body))
    }
}
