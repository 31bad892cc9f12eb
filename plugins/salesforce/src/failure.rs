//! What the codes of the REST API mean.

use purser_sdk::http::Response;
use purser_sdk::serde_json::{Value, from_slice};
use purser_sdk::{Error, ErrorClass, ThrottleScope};

/// One error as the API writes it; `statusCode` stands in the results of collections, `errorCode` elsewhere.
pub struct Said {
    code: String,
    message: String,
    field: Option<String>,
}

impl Said {
    /// Reads one error.
    pub fn read(error: &Value) -> Option<Self> {
        let code = error["errorCode"].as_str().or_else(|| error["statusCode"].as_str())?;
        let field = error["fields"].as_array().and_then(|fields| fields.first()?.as_str()).map(str::to_owned);
        Some(Self { code: code.to_owned(), message: error["message"].as_str().unwrap_or_default().to_owned(), field })
    }

    /// The id that a message about a duplicate ends with.
    fn duplicate_id(&self) -> Option<String> {
        let (_, id) = self.message.rsplit_once("record with id: ")?;
        let id = id.trim().trim_end_matches('.');
        crate::ids::is_id(id).then(|| crate::ids::widen(id))
    }

    /// The error of the contract. Values that the message may repeat stay out of it: only the code and the field are shown.
    pub fn error(&self) -> Error {
        let code = self.code.as_str();
        let field = self.field.clone();
        let at = field.as_deref().map(|field| format!(" at {field}")).unwrap_or_default();
        let message = format!("Salesforce answered {code}{at}: {}", advice(code));
        let error = match code {
            "INVALID_SESSION_ID" | "INVALID_AUTH_HEADER" => Error::authentication_failed(message),
            "DUPLICATE_USERNAME" | "DUPLICATE_VALUE" | "DUPLICATE_DEVELOPER_NAME" | "DUPLICATE_COMM_NICKNAME" => {
                Error::already_exists(self.duplicate_id(), message)
            }
            "REQUIRED_FIELD_MISSING"
            | "INVALID_EMAIL_ADDRESS"
            | "STRING_TOO_LONG"
            | "INVALID_FIELD"
            | "INVALID_TYPE_ON_FIELD_IN_RECORD"
            | "INVALID_CROSS_REFERENCE_KEY"
            | "FIELD_INTEGRITY_EXCEPTION"
            | "FIELD_CUSTOM_VALIDATION_EXCEPTION"
            | "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
            | "INVALID_NEW_PASSWORD"
            | "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
            | "MALFORMED_ID"
            | "JSON_PARSER_ERROR"
            | "NUMBER_OUTSIDE_VALID_RANGE"
            | "INVALID_FIELD_FOR_INSERT_UPDATE"
            | "DELETE_FAILED"
            | "INACTIVE_OWNER_OR_USER"
            | "INVALID_OPERATION_WITH_EXPIRED_PASSWORD" => Error::new(ErrorClass::InvalidValue(field), message),
            "LICENSE_LIMIT_EXCEEDED" | "STORAGE_LIMIT_EXCEEDED" | "LIMIT_EXCEEDED" => Error::quota_exhausted(message),
            // The platform names no time for either: the engine comes back later and later.
            "REQUEST_LIMIT_EXCEEDED" if self.is_short() => Error::rate_limited(None, ThrottleScope::Target, message),
            "REQUEST_LIMIT_EXCEEDED" => Error::quota_exhausted(message),
            "UNABLE_TO_LOCK_ROW" => Error::rate_limited(None, ThrottleScope::Object, message),
            "INSUFFICIENT_ACCESS"
            | "INSUFFICIENT_ACCESS_OR_READONLY"
            | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY" => {
                Error::permission_denied(message).naming_permission("Manage Users")
            }
            "API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED" => {
                Error::permission_denied(message).naming_permission("API Enabled")
            }
            "TXN_SECURITY_METERING_ERROR" | "TXN_SECURITY_NO_ACCESS" => Error::permission_denied(message),
            "NOT_FOUND" | "ENTITY_IS_DELETED" | "INVALID_ID_FIELD" => Error::new(ErrorClass::NotFound, message),
            "INVALID_QUERY_LOCATOR" => Error::cursor_expired(message),
            "FUNCTIONALITY_NOT_ENABLED"
            | "METHOD_NOT_ALLOWED"
            | "INVALID_TYPE"
            | "OPERATION_TOO_LARGE"
            | "MIXED_DML_OPERATION" => Error::unsupported(message),
            "SERVER_UNAVAILABLE" | "SERVICE_UNAVAILABLE" | "ALL_OR_NONE_OPERATION_ROLLED_BACK" => {
                Error::unavailable(None, message)
            }
            "UNKNOWN_EXCEPTION" | "APEX_ERROR" => Error::outcome_unknown(message),
            _ => Error::new(ErrorClass::Defect, message),
        };
        error.with_native_code(code)
    }

    /// Requests of a day take hours to come back, those at the same time seconds.
    fn is_short(&self) -> bool {
        self.message.contains("Concurrent")
    }
}

fn advice(code: &str) -> &'static str {
    match code {
        "INVALID_SESSION_ID" => "the session was not taken; check the endpoint's URL and credential",
        "DUPLICATE_USERNAME" => {
            "another user has this name, here or in any other organisation of the world; map Username to something else"
        }
        "DUPLICATE_VALUE" | "DUPLICATE_DEVELOPER_NAME" => "the value is taken",
        "DUPLICATE_COMM_NICKNAME" => "the nickname is taken; map CommunityNickname",
        "REQUIRED_FIELD_MISSING" => "the field must have a value; map it, or set `defaults`",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" => "the field takes only the values of its list in Setup",
        "INVALID_CROSS_REFERENCE_KEY" => "what the field refers to is not there",
        "FIELD_INTEGRITY_EXCEPTION" => "the value does not go together with others, such as the licence of the user",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION" => "a validation rule of the organisation refuses it",
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" => "a trigger of the organisation refuses it",
        "INVALID_NEW_PASSWORD" => "the password policy in Setup refuses it",
        "LICENSE_LIMIT_EXCEEDED" => "no seat is left; free or buy one in Setup, Company Information",
        "REQUEST_LIMIT_EXCEEDED" => "the API requests of the organisation are used up for now",
        "UNABLE_TO_LOCK_ROW" => "somebody else changes the same rows; it is tried again",
        "INSUFFICIENT_ACCESS" | "INSUFFICIENT_ACCESS_OR_READONLY" => {
            "give the integration user `Manage Users` in a permission set"
        }
        "API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED" => "the edition or the user has no `API Enabled`",
        "INVALID_FIELD" | "INVALID_FIELD_FOR_INSERT_UPDATE" => {
            "the field is not there, or the integration user may not write it; check field-level security"
        }
        "DELETE_FAILED" => "something else needs it",
        _ => "see the code in the REST API Developer Guide",
    }
}

/// The error that an answer stands for, or none where it is a success.
pub fn failure_of(response: &Response) -> Option<Error> {
    if response.is_success() {
        return None;
    }
    let body: Value = from_slice(response.body()).unwrap_or_default();
    let said = body.get(0).and_then(Said::read);
    Some(said.map_or_else(|| response.error(), |said| said.error()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::serde_json::json;

    fn class_of(code: &str, message: &str) -> ErrorClass {
        let said = Said::read(&json!({"errorCode": code, "message": message, "fields": ["Title"]})).unwrap();
        let error = said.error();
        assert_eq!(error.native_code.as_deref(), Some(code));
        error.class
    }

    #[test]
    fn every_documented_code_has_its_class() {
        let at_title = || ErrorClass::InvalidValue(Some("Title".to_owned()));
        for code in ["STRING_TOO_LONG", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"]
        {
            assert_eq!(class_of(code, ""), at_title(), "{code}");
        }
        let duplicate = "duplicate value found: X duplicates value on record with id: 001A0000006Vm9r";
        let taken = ErrorClass::AlreadyExists(Some("001A0000006Vm9rIAC".to_owned()));
        assert_eq!(class_of("DUPLICATE_VALUE", duplicate), taken);
        assert_eq!(class_of("DUPLICATE_USERNAME", "taken"), ErrorClass::AlreadyExists(None));
        assert_eq!(class_of("LICENSE_LIMIT_EXCEEDED", ""), ErrorClass::QuotaOrLicenceExhausted);
        assert_eq!(class_of("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit"), ErrorClass::QuotaOrLicenceExhausted);
        let patience = |scope| ErrorClass::RateLimited { after_ms: None, scope };
        assert_eq!(class_of("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests"), patience(ThrottleScope::Target));
        assert_eq!(class_of("UNABLE_TO_LOCK_ROW", ""), patience(ThrottleScope::Object));
        assert_eq!(class_of("INVALID_SESSION_ID", ""), ErrorClass::AuthenticationFailed);
        assert_eq!(class_of("ENTITY_IS_DELETED", ""), ErrorClass::NotFound);
        assert_eq!(class_of("INVALID_QUERY_LOCATOR", ""), ErrorClass::CursorExpired);
        assert_eq!(class_of("UNKNOWN_EXCEPTION", ""), ErrorClass::OutcomeUnknown);
        let lacking = ErrorClass::PermissionDenied(Some("API Enabled".to_owned()));
        assert_eq!(class_of("API_DISABLED_FOR_ORG", ""), lacking);
    }

    #[test]
    fn what_the_platform_repeats_of_values_is_not_shown() {
        let said = Said::read(&json!({"statusCode": "DUPLICATE_VALUE", "message": "anna.berg@example.org"})).unwrap();
        assert!(!said.error().message.contains("anna"));
    }
}
