//! What a directory's refusals mean: result codes (RFC 4511 appendix A), and the codes of Active Directory in its texts.

use purser_sdk::ldap::Failure;
use purser_sdk::{Error, ErrorClass};

/// The error that a failure stands for.
pub fn error_of(failure: Failure, what: &str, writing: bool) -> Error {
    let (code, text) = match &failure {
        Failure::Server { code, text } | Failure::BindRefused { code, text } => (*code, text.clone()),
        _ => return failure.into_error(what, writing),
    };
    let windows = windows_code(&text);
    let error = failure.into_error(what, writing);
    let native = match (&windows, bind_reason(&text)) {
        (_, Some((data, _))) => format!("{code}/{data}"),
        (Some(windows), None) => format!("{code}/{windows}"),
        (None, None) => code.to_string(),
    };
    let message = match bind_reason(&text) {
        Some((_, reason)) => format!("{}; {reason}", error.message),
        None => error.message.clone(),
    };
    let class = class_of(code, windows.as_deref(), &text).unwrap_or(error.class);
    Error::new(class, message).with_native_code(native)
}

/// The result code of an error that came from the directory.
pub fn code_of(error: &Error) -> Option<u32> {
    error.native_code.as_deref()?.split('/').next()?.parse().ok()
}

/// What is known beyond the plain result code.
fn class_of(code: u32, windows: Option<&str>, text: &str) -> Option<ErrorClass> {
    let attribute = |name: &str| Some(ErrorClass::InvalidValue(Some(name.to_owned())));
    match (code, windows) {
        // The name of the attribute stands in the text only where Active Directory wrote it.
        (19, Some("000021C8")) => Some(ErrorClass::AlreadyExists(None)),
        (19, Some("0000202F")) if text.contains("userPrincipalName") => Some(ErrorClass::AlreadyExists(None)),
        (19 | 53, Some("0000052D")) => attribute("unicodePwd"),
        (53, Some("0000001F")) => Some(ErrorClass::InvalidConfig),
        (19, Some("000020B5")) => Some(ErrorClass::InvalidValue(None)),
        (19, None) if text.to_lowercase().contains("password") => attribute("userPassword"),
        (66, _) => Some(ErrorClass::InvalidValue(None)),
        (8 | 48, _) => Some(ErrorClass::InvalidConfig),
        (80, _) => Some(ErrorClass::Unavailable { after_ms: None }),
        _ => None,
    }
}

/// The eight hexadecimal digits that Active Directory's texts begin with.
fn windows_code(text: &str) -> Option<String> {
    let digits = text.get(..8)?;
    let is_code = digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && text.as_bytes().get(8) == Some(&b':');
    is_code.then(|| digits.to_uppercase())
}

/// Why Active Directory refused a bind: the code behind `data`, and what it means.
fn bind_reason(text: &str) -> Option<(&str, &'static str)> {
    let (_, rest) = text.split_once("data ")?;
    let data = rest.split(|character: char| !character.is_ascii_hexdigit()).next()?;
    let reason = match data {
        "525" => "there is no such user",
        "52e" => "user name or password are wrong",
        "530" => "the account may not sign in at this hour",
        "531" => "the account may not sign in from here",
        "532" => "the password of the account has expired",
        "533" => "the account is disabled",
        "701" => "the account has expired",
        "773" => "the account must change its password first",
        "775" => "the account is locked",
        _ => return None,
    };
    Some((data, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::ThrottleScope;

    fn server(code: u32, text: &str) -> Error {
        error_of(Failure::Server { code, text: text.to_owned() }, "modify", true)
    }

    #[test]
    fn codes_of_active_directory_are_understood() {
        let weak = server(53, "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0\n\0");
        assert_eq!(weak.class, ErrorClass::InvalidValue(Some("unicodePwd".into())));
        assert_eq!(weak.native_code.as_deref(), Some("53/0000052D"));
        assert_eq!(server(19, "000021C8: AtrErr: DSID-03200BBA, #1").class, ErrorClass::AlreadyExists(None));
        assert_eq!(server(53, "0000001F: SvcErr: DSID-031A12D2").class, ErrorClass::InvalidConfig);
        assert_eq!(server(50, "00002098: SecErr: DSID-031514A0").class, ErrorClass::PermissionDenied(None));
        assert_eq!(server(52, "").class, ErrorClass::Unavailable { after_ms: None });
        let busy = ErrorClass::RateLimited { after_ms: None, scope: ThrottleScope::Target };
        assert_eq!(server(51, "busy").class, busy);
    }

    #[test]
    fn a_refused_bind_says_why() {
        let text = "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 775, v3839".to_owned();
        let error = error_of(Failure::BindRefused { code: 49, text }, "search", false);
        assert_eq!((error.class, error.native_code.as_deref()), (ErrorClass::AuthenticationFailed, Some("49/775")));
        assert!(error.message.ends_with("the account is locked"), "{}", error.message);
    }
}
