//! Refusals as the REST API writes them: an array of `message`, `errorCode` and `fields`.

use serde_json::{Value, json};

/// Why something was not done.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) fields: Vec<String>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), fields: Vec::new() }
    }

    /// A refusal with status 400.
    pub(super) fn bad(code: &str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// Names the fields that it is about.
    pub(super) fn of(mut self, fields: &[&str]) -> Self {
        self.fields = fields.iter().map(|field| (*field).to_owned()).collect();
        self
    }

    /// As the body of an answer.
    pub(super) fn body(&self) -> Value {
        let mut error = json!({"message": self.message, "errorCode": self.code});
        if !self.fields.is_empty() {
            error["fields"] = self.fields.clone().into();
        }
        json!([error])
    }

    /// As the result of one record of a collection, which calls its code `statusCode`.
    pub(super) fn result(&self) -> Value {
        let error = json!({"statusCode": self.code, "message": self.message, "fields": self.fields});
        json!({"success": false, "errors": [error]})
    }
}
