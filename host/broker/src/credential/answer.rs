//! What a token endpoint answers (RFC 6749 sections 5.1 and 5.2).

use purser_model::secret::Secret;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;

/// A token as the server gave it.
#[derive(Debug)]
pub(super) struct TokenAnswer {
    pub(super) token: Secret,
    /// How long it is valid, where the server says so.
    pub(super) valid_for: Option<Duration>,
    /// A new refresh token in place of the one that was shown.
    pub(super) refresh_token: Option<Secret>,
    /// Where the application is, as the field says that was asked for.
    pub(super) base: Option<String>,
}

/// An answer is no token. Nothing of it is repeated: it may hold one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAToken {
    #[error("answers no JSON")]
    Form,
    #[error("answers without an access token")]
    Missing,
    #[error("answers a token of another type than Bearer, which Purser cannot use")]
    Type,
}

/// A number, or the text of one, as some servers write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(f64),
    Text(String),
}

#[derive(Deserialize)]
struct Fields {
    access_token: Option<String>,
    token_type: Option<String>,
    expires_in: Option<Number>,
    refresh_token: Option<String>,
    #[serde(flatten)]
    further: serde_json::Map<String, serde_json::Value>,
}

/// Reads an answer that says success, and the field that says where the application is.
pub(super) fn read(body: &[u8], base_field: Option<&str>) -> Result<TokenAnswer, NotAToken> {
    let fields: Fields = serde_json::from_slice(body).map_err(|_| NotAToken::Form)?;
    if fields.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(NotAToken::Type);
    }
    let token = fields.access_token.and_then(|token| Secret::new(token).ok()).ok_or(NotAToken::Missing)?;
    let seconds = fields.expires_in.and_then(|number| match number {
        Number::Number(seconds) => Some(seconds),
        Number::Text(text) => text.parse().ok(),
    });
    let valid_for = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok());
    let refresh_token = fields.refresh_token.and_then(|token| Secret::new(token).ok());
    let base = base_field.and_then(|field| fields.further.get(field)?.as_str().map(str::to_owned));
    Ok(TokenAnswer { token, valid_for, refresh_token, base })
}

/// The code with which a server refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthError(Option<String>);

impl OAuthError {
    /// Reads the code of an answer. Everything else in it, such as `error_description`, is left there: a server may repeat
    /// what it was sent.
    pub(super) fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Code {
            error: String,
        }
        let code = serde_json::from_slice::<Code>(body).ok().map(|code| code.error);
        let is_code = |code: &String| {
            (1..=60).contains(&code.len())
                && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        Self(code.filter(is_code))
    }

    /// Whether the server says that it has no time now, as it may with any status.
    pub(super) fn is_temporary(&self) -> bool {
        matches!(self.0.as_deref(), Some("temporarily_unavailable" | "server_error" | "slow_down"))
    }

    /// What to do.
    pub fn advice(&self) -> &'static str {
        match self.0.as_deref() {
            Some("invalid_client") => "check the client id and its secret or key; the secret may have expired",
            Some("invalid_grant") => {
                "check the refresh token, or issuer, subject, audience and key of the assertion, and this machine's clock"
            }
            Some("unauthorized_client") => "let this client use this grant, with these scopes, in the application",
            Some("invalid_scope") => "check `scope`",
            Some("unsupported_grant_type") => "this server does not know the grant: declare another",
            Some("invalid_request" | "invalid_target") => "check `scope` and `parameters`",
            Some(_) => "the vendor's documentation says what this code means",
            None => "check `token_url`",
        }
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or("without an error code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_with_its_time_as_number_or_text() {
        for (written, seconds) in [("3599", Some(3599)), ("\"3599\"", Some(3599)), ("\"soon\"", None), ("-1", Some(0))]
        {
            let body = format!("{{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":{written}}}");
            assert_eq!(read(body.as_bytes(), None).unwrap().valid_for, seconds.map(Duration::from_secs), "{written}");
        }
        let body = b"{\"access_token\":\"00D!AQ\",\"instance_url\":\"https://my.example\"}";
        let salesforce = read(body, Some("instance_url")).unwrap();
        assert_eq!((salesforce.token.reveal(), salesforce.valid_for), ("00D!AQ", None));
        assert_eq!(salesforce.base.as_deref(), Some("https://my.example"));
        assert_eq!(read(body, None).unwrap().base, None, "what nobody asked for is left there");
    }

    #[test]
    fn what_is_no_token_is_refused_and_not_repeated() {
        for (body, error) in [
            ("<html>hunter2</html>", NotAToken::Form),
            ("{\"access_token\":\"\"}", NotAToken::Missing),
            ("{\"token\":\"hunter2\"}", NotAToken::Missing),
            ("{\"access_token\":\"hunter2\",\"token_type\":\"mac\"}", NotAToken::Type),
        ] {
            let found = read(body.as_bytes(), None).unwrap_err();
            assert_eq!(found, error);
            assert!(!found.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn of_a_refusal_only_the_code_is_taken() {
        let said =
            OAuthError::read(b"{\"error\":\"invalid_client\",\"error_description\":\"secret hunter2 is wrong\"}");
        assert_eq!(said.to_string(), "invalid_client");
        for body in ["{\"error\":\"Hunter2 is wrong\"}", "{\"error\":{\"code\":1}}", "hunter2"] {
            assert_eq!(OAuthError::read(body.as_bytes()).to_string(), "without an error code");
        }
    }
}
