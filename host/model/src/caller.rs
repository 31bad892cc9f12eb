//! What a caller of the API is called: by the token of its own, or by who vouches for it.

use crate::id::{IssuerName, TokenName};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The longest subject.
const LONGEST_SUBJECT: usize = 255;

/// Whom an issuer means (`sub`): 1 to 255 visible characters of ASCII.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(String);

/// A text is nobody that can be written down. It is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a subject has 1 to 255 visible characters of ASCII")]
pub struct NotASubject;

impl FromStr for Subject {
    type Err = NotASubject;
    fn from_str(text: &str) -> Result<Self, NotASubject> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let fits = !text.is_empty() && text.len() <= LONGEST_SUBJECT;
        if is_plain && fits { Ok(Self(text.to_owned())) } else { Err(NotASubject) }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Who asks the API: the name of a token, or `issuer/subject`. No token's name has a `/`, so that neither is taken for the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(utoipa::ToSchema),
    schema(value_type = String, min_length = 1, max_length = 320, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*(/[!-~]+)?$")
)]
#[serde(transparent)]
pub struct CallerName(String);

impl CallerName {
    /// Whom an issuer means.
    pub fn subject(issuer: &IssuerName, subject: &Subject) -> Self {
        Self(format!("{issuer}/{subject}"))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<TokenName> for CallerName {
    fn from(token: TokenName) -> Self {
        Self(token.into())
    }
}

/// A text names no caller. It is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a caller is the name of a token, or `issuer/subject`")]
pub struct NotACaller;

impl FromStr for CallerName {
    type Err = NotACaller;
    fn from_str(text: &str) -> Result<Self, NotACaller> {
        match text.split_once('/') {
            Some((issuer, subject)) => {
                let issuer: IssuerName = issuer.parse().map_err(|_| NotACaller)?;
                Ok(Self::subject(&issuer, &subject.parse().map_err(|_| NotACaller)?))
            }
            None => text.parse::<TokenName>().map(Self::from).map_err(|_| NotACaller),
        }
    }
}

impl fmt::Display for CallerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_the_name_of_another() {
        let token: TokenName = "corp".parse().unwrap();
        let subject = |text: &str| text.parse::<Subject>();
        let name = CallerName::subject(&"corp".parse().unwrap(), &subject("auth0|a/b").unwrap());
        assert_eq!((name.as_str(), CallerName::from(token).as_str()), ("corp/auth0|a/b", "corp"));
        assert!("corp/x".parse::<TokenName>().is_err(), "a token cannot be called as a subject is");
        for text in ["", "a b", "a\nb", "\u{e4}", &"x".repeat(256)] {
            assert_eq!(subject(text), Err(NotASubject), "{text}");
        }
        assert!(subject(&"x".repeat(255)).is_ok());
        assert_eq!(name.as_str().parse(), Ok(name));
        for text in ["", "/", "corp/", "/x", "a b", "corp/a b"] {
            assert_eq!(text.parse::<CallerName>(), Err(NotACaller), "{text}");
        }
    }
}
