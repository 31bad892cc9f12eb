//! What a SCIM server's error answers mean (RFC 7644 section 3.12, RFC 9865 section 2.3).

use crate::document::{count, field, text_field};
use purser_sdk::http::Response;
use purser_sdk::serde_json::{Value, from_slice};
use purser_sdk::{Error, ErrorClass, ThrottleScope};

const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The error that an answer stands for, or none where it is a success. Some servers say 200 and mean an error.
pub fn failure_of(response: &Response, reading: bool) -> Option<Error> {
    let body: Value = from_slice(response.body()).unwrap_or_default();
    if !response.is_success() {
        let error = match response.status() {
            404 | 410 if !may_be_scim(response) => not_scim(&response.error()),
            _ => response.error(),
        };
        return Some(refine(error, response.status(), &body));
    }
    let hidden = is_error_document(&body).then(|| stated_error(stated_status(&body), &body, reading))?;
    Some(refine(hidden, response.status(), &body))
}

/// The error that the answer to one operation of a bulk request stands for, or none where it is a success. `body` is its
/// `response`.
pub fn operation_failure(status: u16, body: &Value) -> Option<Error> {
    if (200..300).contains(&status) && !is_error_document(body) {
        return None;
    }
    Some(refine(stated_error(u64::from(status), body, false), status, body))
}

fn is_error_document(body: &Value) -> bool {
    let schemas = field(body, "schemas").and_then(Value::as_array);
    schemas.is_some_and(|schemas| {
        schemas.iter().filter_map(Value::as_str).any(|schema| schema.eq_ignore_ascii_case(ERROR_SCHEMA))
    })
}

/// The status that an error document states: a string by the RFC and a number in some servers.
fn stated_status(body: &Value) -> u64 {
    field(body, "status").and_then(count).unwrap_or_default()
}

fn not_scim(error: &Error) -> Error {
    let message = &error.message;
    Error::invalid_config(format!("{message}; this is no SCIM answer: set the endpoint's URL to the SCIM base URL"))
}

/// The error of an answer that is known by its body alone.
fn stated_error(status: u64, body: &Value, reading: bool) -> Error {
    let detail = text_field(body, "detail").unwrap_or("no detail");
    let message = format!("the server answered with an error of status {status}: {detail}");
    match status {
        401 => Error::authentication_failed(message),
        403 => Error::permission_denied(message),
        404 => Error::new(ErrorClass::NotFound, message),
        409 => Error::already_exists(None, message),
        412 => Error::version_conflict(message),
        429 => Error::rate_limited(None, ThrottleScope::Target, message),
        405 | 501 => Error::unsupported(message),
        503 => Error::unavailable(None, message),
        402 | 507 => Error::quota_exhausted(message),
        400..=499 => Error::new(ErrorClass::InvalidValue(None), message),
        _ if reading => Error::unavailable(None, message),
        _ => Error::outcome_unknown(message),
    }
}

/// Takes what the server says beyond the status into account. The native code is the `scimType`, or else the status.
fn refine(error: Error, status: u16, body: &Value) -> Error {
    let message = &error.message;
    let scim_type = text_field(body, "scimType");
    let refined = match (status, scim_type.unwrap_or_default()) {
        (_, "uniqueness") => Error::already_exists(None, message),
        (_, "invalidCursor" | "expiredCursor") => Error::cursor_expired(message),
        (_, "invalidCount") => Error::invalid_config(format!("{message}; set `max_count` to what the server allows")),
        (_, "invalidFilter") => Error::unsupported(format!("{message}; set `filter` to what the server understands")),
        (_, "tooMany") => Error::unsupported(format!("{message}; the server lists only what a filter narrows")),
        (_, "invalidVers") => {
            Error::invalid_config(format!("{message}; set the endpoint's URL to the one of SCIM 2.0"))
        }
        (_, "sensitive") => Error::unsupported(message),
        (_, "mutability") => {
            invalid(message, "the server keeps this attribute to itself: leave it out of the mappings")
        }
        (_, "invalidPath" | "noTarget") => invalid(
            message,
            "the server does not know what the path names: set `update_mode` or `profile` to what it understands",
        ),
        (_, "invalidSyntax") => {
            invalid(message, "the server does not understand the request: set `profile` to its dialect")
        }
        (_, "invalidValue") => invalid(message, "the server does not take a value, or one that it needs is not mapped"),
        (413, _) => Error::invalid_config(format!("{message}; lower `members_slice`")),
        _ => error,
    };
    refined.with_native_code(scim_type.map_or_else(|| status.to_string(), str::to_owned))
}

fn invalid(message: &str, advice: &str) -> Error {
    Error::new(ErrorClass::InvalidValue(None), format!("{message}; {advice}"))
}

/// Whether an answer may come from the SCIM service: web servers and gateways in front of it answer with pages.
fn may_be_scim(response: &Response) -> bool {
    let body = response.body();
    body.iter().all(u8::is_ascii_whitespace) || from_slice::<Value>(body).is_ok()
}
