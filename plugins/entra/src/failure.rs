//! What Graph's errors mean.

use crate::permissions;
use purser_sdk::serde_json::Value;
use purser_sdk::{Error, ErrorClass, ThrottleScope};

/// The error of an answer, of its own or inside a batch. `what` says what was tried.
pub fn failure(what: &str, status: u16, body: &Value, wait_ms: Option<u64>, reading: bool) -> Error {
    let error = &body["error"];
    let code = error["code"].as_str().unwrap_or_default();
    let said: String = error["message"].as_str().unwrap_or_default().chars().take(200).collect();
    let message = format!("{what} answered {status} {code}");
    let detail = &error["details"][0];
    let target = detail["target"].as_str().unwrap_or_default();
    let found = match (status, code, detail["code"].as_str().unwrap_or_default()) {
        (429, ..) => Error::rate_limited(wait_ms, ThrottleScope::Target, message),
        (401, ..) => Error::authentication_failed(format!("{message}; renew the endpoint's credential")),
        (_, "Directory_ExpiredPageToken" | "syncStateNotFound" | "resyncRequired", _) => Error::cursor_expired(message),
        (410, ..) => Error::cursor_expired(message),
        _ if said.contains("invalid usage location") => Error::invalid_value(
            "usageLocation",
            format!("{message}: the account needs `usageLocation`, two letters, before a licence"),
        ),
        _ if said.contains("Not a valid reference update") => {
            Error::unavailable(Some(2_000), format!("{message}: the account may not be visible yet"))
        }
        (_, "Directory_QuotaExceeded", _) => Error::quota_exhausted(message),
        (_, _, "ObjectConflict") | (_, "Request_MultipleObjectsWithSameKeyValue", _) => {
            Error::already_exists(None, format!("{message}: another object has this `{target}`"))
        }
        (_, "Directory_ConcurrencyViolation" | "Directory_ReplicaUnavailable", _) | (424 | 503, ..) => {
            Error::unavailable(wait_ms, message)
        }
        (403, ..) => permission_denied(what, &message),
        (404, ..) => Error::new(ErrorClass::NotFound, message),
        (405 | 501, ..) | (_, "Request_UnsupportedQuery", _) => Error::unsupported(message),
        _ if said.contains("on-premises mastered") => {
            Error::unsupported(format!("{message}: the account is synchronised from Active Directory; change it there"))
        }
        _ if said.contains("any available licenses") => Error::quota_exhausted(message),
        (400..=499, ..) if target.is_empty() => {
            Error::new(ErrorClass::InvalidValue(None), format!("{message}: {said}"))
        }
        (400..=499, ..) => Error::invalid_value(target, message),
        _ if reading => Error::unavailable(wait_ms, message),
        _ => Error::outcome_unknown(message),
    };
    found.with_native_code(if code.is_empty() { status.to_string() } else { code.to_owned() })
}

/// The method and path say which permission is missing.
fn permission_denied(what: &str, message: &str) -> Error {
    match permissions::needed(what) {
        None => Error::permission_denied(format!("{message}; grant the application permission and consent to it")),
        Some(name) => {
            let message = format!("{message}; {}", permissions::remedy(name));
            Error::permission_denied(message).naming_permission(name)
        }
    }
}

/// Whether an error says that the member is one already.
pub fn is_member_already(body: &Value) -> bool {
    body["error"]["message"].as_str().is_some_and(|said| said.contains("references already exist"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::serde_json::json;

    fn class(status: u16, body: &Value) -> ErrorClass {
        failure("PATCH", status, body, Some(2128), false).class
    }

    #[test]
    fn conflicts_are_told_by_their_detail_and_not_by_the_status() {
        let body = json!({"error": {"code": "Request_BadRequest", "message": "",
            "details": [{"code": "ObjectConflict", "target": "userPrincipalName", "message": ""}]}});
        assert_eq!(class(400, &body), ErrorClass::AlreadyExists(None));
    }

    #[test]
    fn the_wait_of_a_throttle_is_kept() {
        let scope = ThrottleScope::Target;
        assert_eq!(class(429, &Value::Null), ErrorClass::RateLimited { after_ms: Some(2128), scope });
    }

    #[test]
    fn an_expired_state_is_an_expired_cursor() {
        assert_eq!(class(410, &Value::Null), ErrorClass::CursorExpired);
        assert_eq!(class(400, &json!({"error": {"code": "syncStateNotFound"}})), ErrorClass::CursorExpired);
    }

    #[test]
    fn a_failure_of_the_service_leaves_a_write_in_doubt() {
        assert_eq!(class(500, &Value::Null), ErrorClass::OutcomeUnknown);
        assert_eq!(failure("GET", 500, &Value::Null, None, true).class, ErrorClass::Unavailable { after_ms: None });
    }
}
