//! A token as it is presented (RFC 7515 section 3.1): three parts, each in base64url.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Longer ones are not looked at.
const LONGEST: usize = 16 << 10;

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It is too long.
    #[error("it is longer than 16 KiB")]
    TooLong,
    /// It has not three parts.
    #[error("it has not three parts")]
    Parts,
    /// A part is not encoded as it should be.
    #[error("its {0} is no base64url without padding")]
    Encoding(&'static str),
    /// A part is no JSON object.
    #[error("its {0} is no JSON object as it should be")]
    Json(&'static str),
    /// It wants something that is not understood.
    #[error("its header says `crit`, which nothing here understands")]
    Critical,
    /// It is a token for something else, such as a logout.
    #[error("its header says `typ`, and that it is no access token")]
    Type,
}

/// What a token can be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// It opens an API (RFC 9068).
    Access,
    /// It says who signed in (OpenID Connect Core 1.0 section 2).
    SignIn,
}

impl Use {
    /// Whether the type in a header is of this use. Many issuers write `JWT` or nothing for either.
    fn takes(self, typ: Option<&str>) -> bool {
        let Some(typ) = typ.map(str::to_ascii_lowercase) else { return true };
        let typ = typ.strip_prefix("application/").unwrap_or(&typ);
        typ == "jwt" || (typ == "at+jwt" && self == Self::Access)
    }
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

/// A token that is well-formed, and nothing more: nobody has looked at its signature.
#[derive(Debug)]
pub(crate) struct Presented<'t> {
    signed: &'t str,
    signature: Vec<u8>,
    header: Header,
    claims: Map<String, Value>,
}

impl<'t> Presented<'t> {
    pub(crate) fn parse(text: &'t str, purpose: Use) -> Result<Self, Malformed> {
        if text.len() > LONGEST {
            return Err(Malformed::TooLong);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Malformed::Parts)?;
        let (header, claims) = signed.split_once('.').ok_or(Malformed::Parts)?;
        if claims.contains('.') {
            return Err(Malformed::Parts);
        }
        let header: Header =
            serde_json::from_slice(&decoded("header", header)?).map_err(|_| Malformed::Json("header"))?;
        if header.crit.is_some() {
            return Err(Malformed::Critical);
        }
        if !purpose.takes(header.typ.as_deref()) {
            return Err(Malformed::Type);
        }
        let claims = serde_json::from_slice(&decoded("claims", claims)?).map_err(|_| Malformed::Json("claims"))?;
        Ok(Self { signed, signature: decoded("signature", signature)?, header, claims })
    }

    /// What is signed.
    pub(crate) fn signed(&self) -> &[u8] {
        self.signed.as_bytes()
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// What it says of its algorithm. It decides nothing.
    pub(crate) fn algorithm(&self) -> &str {
        &self.header.alg
    }

    pub(crate) fn key_id(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    pub(crate) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    pub(crate) fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}

fn decoded(part: &'static str, text: &str) -> Result<Vec<u8>, Malformed> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Malformed::Encoding(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Malformed {
        Presented::parse(text, Use::Access).unwrap_err()
    }

    #[test]
    fn what_is_no_token_is_named() {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let (header, claims) = (part(r#"{"alg":"ES256","kid":"a"}"#), part(r#"{"iss":"https://a"}"#));
        let good = format!("{header}.{claims}.AAAA");
        let presented = Presented::parse(&good, Use::Access).unwrap();
        assert_eq!(
            (presented.issuer(), presented.key_id(), presented.algorithm()),
            (Some("https://a"), Some("a"), "ES256")
        );
        assert_eq!(presented.signed(), format!("{header}.{claims}").as_bytes());
        for text in ["", "a", "a.b", &format!("{good}.x")] {
            assert_eq!(refused(text), Malformed::Parts, "{text}");
        }
        assert_eq!(refused(&format!("{header}=.{claims}.AAAA")), Malformed::Encoding("header"));
        assert_eq!(refused(&format!("{}.{claims}.AAAA", part("[]"))), Malformed::Json("header"));
        assert_eq!(refused(&format!("{}.{claims}.AAAA", part("{}"))), Malformed::Json("header"), "no algorithm");
        assert_eq!(refused(&format!("{header}.{}.AAAA", part("1"))), Malformed::Json("claims"));
        let critical = part(r#"{"alg":"ES256","crit":["exp"]}"#);
        assert_eq!(refused(&format!("{critical}.{claims}.AAAA")), Malformed::Critical);
        assert_eq!(refused(&"a".repeat(LONGEST + 1)), Malformed::TooLong);
    }

    #[test]
    fn a_token_for_something_else_is_none() {
        let typed = |typ: &str| {
            let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
            format!("{}.{}.AAAA", part(&format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#)), part("{}"))
        };
        let taken = |typ: &str, purpose| Presented::parse(&typed(typ), purpose).is_ok();
        for typ in ["JWT", "jwt", "application/jwt"] {
            assert!(taken(typ, Use::Access) && taken(typ, Use::SignIn), "{typ}");
        }
        assert!(taken("at+jwt", Use::Access) && taken("application/at+JWT", Use::Access));
        assert!(!taken("at+jwt", Use::SignIn), "who has a token for the API has not signed in with it");
        for typ in ["logout+jwt", "secevent+jwt", "dpop+jwt", ""] {
            assert!(!taken(typ, Use::Access) && !taken(typ, Use::SignIn), "{typ}");
        }
    }
}
