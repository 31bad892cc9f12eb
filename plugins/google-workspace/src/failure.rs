//! What the vendor's error answers mean. The reason says more than the status: 403 is often a throttle.

use purser_sdk::http::Response;
use purser_sdk::serde_json::{Value, from_slice};
use purser_sdk::{Error, ErrorClass, ThrottleScope};

/// The vendor names no wait and asks for one second at first, then for twice as long each time.
pub const FIRST_WAIT_MS: u64 = 1_000;

/// What an answer's body says.
#[derive(Debug, Default)]
struct Said {
    reason: String,
    message: String,
}

fn said(response: &Response) -> Said {
    let body: Value = from_slice(response.body()).unwrap_or_default();
    let error = &body["error"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let reason = &error["errors"][0]["reason"];
    let reason = if reason.is_null() { &error["status"] } else { reason };
    Said { reason: text(reason), message: text(&error["message"]) }
}

/// The error that an answer stands for, or none where it is a success. `scope` is what the request needs.
pub fn failure_of(response: &Response, reading: bool, scope: &str) -> Option<Error> {
    if response.is_success() {
        return None;
    }
    let said = said(response);
    let wait = response.retry_after_ms();
    let base = response.error();
    let class = class_of(response.status(), &said, wait, reading, base.class);
    let message = match (class.clone(), said.reason.as_str()) {
        (_, "accessNotConfigured") => {
            format!("{}; enable this API in the Google Cloud console under APIs & Services", base.message)
        }
        (ErrorClass::PermissionDenied(_), _) => format!(
            "{}; the administrator in `subject` needs the privilege, and the service account the scope {scope}",
            base.message
        ),
        _ => base.message,
    };
    let class = match class {
        ErrorClass::PermissionDenied(_) => ErrorClass::PermissionDenied(Some(scope.to_owned())),
        other => other,
    };
    let native_code = (!said.reason.is_empty()).then_some(said.reason);
    Some(Error { class, message, native_code })
}

fn class_of(status: u16, said: &Said, wait: Option<u64>, reading: bool, base: ErrorClass) -> ErrorClass {
    let limited = |scope| ErrorClass::RateLimited { after_ms: wait.or(Some(FIRST_WAIT_MS)), scope };
    match (status, said.reason.as_str()) {
        (403 | 429, "userRateLimitExceeded" | "rateLimitExceeded" | "RESOURCE_EXHAUSTED") => {
            limited(ThrottleScope::Target)
        }
        (403 | 429, "quotaExceeded") => limited(ThrottleScope::Target),
        (403 | 429, "dailyLimitExceeded") => {
            ErrorClass::RateLimited { after_ms: wait.or(Some(3_600_000)), scope: ThrottleScope::Target }
        }
        (
            403,
            "accessNotConfigured" | "domainCannotUseApis" | "insufficientPermissions" | "forbidden" | "notAuthorized",
        ) => ErrorClass::PermissionDenied(None),
        (400, "invalid" | "required" | "badRequest" | "INVALID_ARGUMENT") => {
            ErrorClass::InvalidValue(attribute_of(&said.message).map(str::to_owned))
        }
        (400 | 409, "duplicate") | (409, _) => ErrorClass::AlreadyExists(None),
        (412, "limitExceeded") => ErrorClass::QuotaOrLicenceExhausted,
        (412, _) => precondition(&said.message),
        (500, _) if said.message.contains("Role assignment exists") => ErrorClass::AlreadyExists(None),
        (500 | 502 | 503 | 504, _) if reading => ErrorClass::Unavailable { after_ms: wait },
        _ => base,
    }
}

/// 412 has one reason for several things; the vendor tells them apart in the text only.
fn precondition(message: &str) -> ErrorClass {
    let text = message.to_lowercase();
    match () {
        () if text.contains("not complete") => ErrorClass::Unavailable { after_ms: Some(2_000) },
        () if text.contains("licens") && !text.contains("already has") => ErrorClass::QuotaOrLicenceExhausted,
        () if text.contains("already has") => ErrorClass::AlreadyExists(None),
        () => ErrorClass::InvalidValue(None),
    }
}

/// The attribute that a refusal of a value is about, by the texts that the vendor has for them.
fn attribute_of(message: &str) -> Option<&'static str> {
    const TEXTS: [(&str, &str); 9] = [
        ("primary_user_email", "primaryEmail"),
        ("INVALID_OU_ID", "orgUnitPath"),
        ("Password", "password"),
        ("password", "password"),
        ("FamilyName", "name.familyName"),
        ("GivenName", "name.givenName"),
        ("custom_schema", "customSchemas"),
        ("recovery", "recoveryPhone"),
        ("alias", "aliases"),
    ];
    TEXTS.iter().find(|(text, _)| message.contains(text)).map(|(_, attribute)| *attribute)
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::http::Answer;
    use purser_sdk::serde_json::json;
    use purser_sdk::testing::Stub;

    fn error(status: u16, reason: &str, message: &str) -> Error {
        let stub = Stub::new();
        let body = json!({"error": {"code": status, "message": message, "errors": [{"reason": reason}]}});
        stub.serve("directory", move |_| Ok(Answer::new(status).with_json(&body)));
        let response = stub.host().endpoint("directory").put("/users/1").send().unwrap();
        failure_of(&response, false, "scope-x").unwrap()
    }

    #[test]
    fn the_documented_reasons_have_their_classes() {
        let class = |status, reason, message| error(status, reason, message).class;
        let limited = ErrorClass::RateLimited { after_ms: Some(1_000), scope: ThrottleScope::Target };
        for (status, reason) in [
            (403, "userRateLimitExceeded"),
            (403, "quotaExceeded"),
            (403, "rateLimitExceeded"),
            (429, "rateLimitExceeded"),
        ] {
            assert_eq!(class(status, reason, ""), limited, "{status} {reason}");
        }
        assert!(matches!(class(403, "dailyLimitExceeded", ""), ErrorClass::RateLimited { after_ms: Some(_), .. }));
        assert_eq!(class(403, "insufficientPermissions", ""), ErrorClass::PermissionDenied(Some("scope-x".into())));
        assert_eq!(class(403, "forbidden", ""), ErrorClass::PermissionDenied(Some("scope-x".into())));
        assert_eq!(
            class(400, "invalid", "Invalid Input: INVALID_OU_ID"),
            ErrorClass::InvalidValue(Some("orgUnitPath".into()))
        );
        assert_eq!(class(400, "invalid", "Invalid Password"), ErrorClass::InvalidValue(Some("password".into())));
        assert_eq!(class(409, "duplicate", ""), ErrorClass::AlreadyExists(None));
        assert_eq!(class(404, "notFound", ""), ErrorClass::NotFound);
        assert_eq!(class(412, "limitExceeded", "Domain user limit reached."), ErrorClass::QuotaOrLicenceExhausted);
        assert_eq!(
            class(412, "conditionNotMet", "User creation is not complete."),
            ErrorClass::Unavailable { after_ms: Some(2_000) }
        );
        assert_eq!(
            class(412, "conditionNotMet", "Insufficient archived user licenses."),
            ErrorClass::QuotaOrLicenceExhausted
        );
        assert_eq!(class(412, "conditionNotMet", "Cyclic memberships not allowed."), ErrorClass::InvalidValue(None));
        assert_eq!(class(500, "backendError", "Role assignment exists"), ErrorClass::AlreadyExists(None));
        assert_eq!(class(500, "backendError", ""), ErrorClass::OutcomeUnknown);
        assert_eq!(class(401, "authError", ""), ErrorClass::AuthenticationFailed);
    }

    #[test]
    fn a_switched_off_api_says_where_to_switch_it_on() {
        let error = error(403, "accessNotConfigured", "");
        assert!(error.message.contains("APIs & Services"), "{error}");
        assert_eq!(error.native_code.as_deref(), Some("accessNotConfigured"));
    }
}
