//! Requests as the emulator reads them, and answers in Graph's own shapes.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A request, from the wire or out of a batch.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The method in capitals.
    pub method: String,
    /// The decoded parts of the path below `/v1.0`.
    pub path: Vec<String>,
    /// The decoded fields of the query.
    pub query: BTreeMap<String, String>,
    /// Whether `ConsistencyLevel: eventual` was sent.
    pub eventual: bool,
    /// The body; null where there is none.
    pub body: Value,
}

impl Asked {
    /// A request whose URL is written below `/v1.0`.
    pub fn new(method: &str, url: &str, eventual: bool, body: Value) -> Self {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let path = path.split('/').filter(|part| !part.is_empty()).map(|part| decoded(part, false)).collect();
        let fields = query.split('&').filter(|field| !field.is_empty());
        let query = fields.map(|field| field.split_once('=').unwrap_or((field, "")));
        let query = query.map(|(name, value)| (decoded(name, true), decoded(value, true))).collect();
        Self { method: method.to_owned(), path, query, eventual, body }
    }

    /// A field of the query.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }
}

fn decoded(text: &str, form: bool) -> String {
    let text = if form { text.replace('+', " ") } else { text.to_owned() };
    percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers beside the content type.
    pub headers: Vec<(&'static str, String)>,
    /// The body; null where there is none.
    pub body: Value,
}

impl Answer {
    /// 200 with a body.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, headers: Vec::new(), body }
    }

    /// 201 with a body.
    pub fn created(body: Value) -> Self {
        Self { status: 201, headers: Vec::new(), body }
    }

    /// 204.
    pub fn empty() -> Self {
        Self { status: 204, headers: Vec::new(), body: Value::Null }
    }

    /// An error in Graph's shape.
    pub fn error(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self::detailed(status, code, message, &[])
    }

    /// An error with details: code, message and target of each.
    pub fn detailed(status: u16, code: &str, message: impl Into<String>, details: &[(&str, &str)]) -> Self {
        let message = message.into();
        let mut error = json!({
            "code": code, "message": message,
            "innerError": {"date": "2026-01-01T00:00:00", "request-id": REQUEST_ID, "client-request-id": REQUEST_ID},
        });
        if !details.is_empty() {
            let details =
                details.iter().map(|(code, target)| json!({"code": code, "message": message, "target": target}));
            error["details"] = details.collect();
        }
        Self { status, headers: Vec::new(), body: json!({"error": error}) }
    }

    /// 404 for an object.
    pub fn no_object(id: &str) -> Self {
        let message =
            format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present.");
        Self::error(404, "Request_ResourceNotFound", message)
    }

    /// 400 for a request that Graph does not take.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::error(400, "Request_BadRequest", message)
    }

    /// 403: a permission is missing.
    pub fn denied() -> Self {
        Self::error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    }

    /// 429 with the seconds to wait.
    pub fn throttled(seconds: &str) -> Self {
        let mut answer = Self::error(429, "TooManyRequests", "Too many requests");
        answer.headers.push(("retry-after", seconds.to_owned()));
        answer
    }
}

const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";
