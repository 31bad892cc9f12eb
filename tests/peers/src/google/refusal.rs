//! Errors in the vendor's form.

use serde_json::{Value, json};

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// The vendor's reason, such as `duplicate`.
    pub reason: &'static str,
    /// The vendor's text.
    pub message: String,
}

impl Refusal {
    /// An error of any kind.
    pub fn new(status: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { status, reason, message: message.into() }
    }

    /// 404 for the thing that a parameter names.
    pub fn not_found(parameter: &str) -> Self {
        Self::new(404, "notFound", format!("Resource Not Found: {parameter}"))
    }

    /// 409.
    pub fn duplicate() -> Self {
        Self::new(409, "duplicate", "Entity already exists.")
    }

    /// 400 for an input.
    pub fn invalid(what: &str) -> Self {
        Self::new(400, "invalid", format!("Invalid Input: {what}"))
    }

    /// 412 for something that must hold first.
    pub fn precondition(reason: &'static str, message: &str) -> Self {
        Self::new(412, reason, message)
    }

    /// The body.
    pub fn body(&self) -> Value {
        let Self { status, reason, message } = self;
        json!({"error": {"code": status, "message": message,
            "errors": [{"message": message, "domain": "global", "reason": reason}]}})
    }
}

/// The answer to a call: a body, or nothing (204).
pub type Answer = Result<Option<Value>, Refusal>;
