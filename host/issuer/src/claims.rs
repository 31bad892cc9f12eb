//! What a token claims: for whom it is, until when, and what of it gives its holder a role.

use jiff::Timestamp;
use purser_model::caller::Subject;
use purser_model::issuer::RoleRule;
use serde_json::{Map, Value};
use std::time::Duration;

/// What a token claims.
pub(crate) type Claims = Map<String, Value>;

/// Why a token that is signed well is not good here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// It is for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// It says no end, or one that is no time.
    #[error("the token does not say when it ends (`exp`)")]
    Endless,
    /// It is over.
    #[error("the token has expired")]
    Expired,
    /// It holds later.
    #[error("the token does not hold yet")]
    TooEarly,
    /// It says nobody that can be named.
    #[error("the token names nobody (`sub`) that can be written down")]
    Subject,
    /// It answers another sign-in.
    #[error("the token is of another sign-in (`nonce`)")]
    Nonce,
}

/// What is expected of a token.
pub(crate) struct Expected<'e> {
    /// For whom it is.
    pub(crate) audience: &'e str,
    /// The sign-in that it answers; none: it answers none.
    pub(crate) nonce: Option<&'e str>,
    pub(crate) now: Timestamp,
    /// Clocks may differ by so much.
    pub(crate) skew: Duration,
}

impl Expected<'_> {
    /// That the claims are as expected; whom the token is about.
    pub(crate) fn check(&self, claims: &Claims) -> Result<Subject, ClaimError> {
        self.check_audience(claims)?;
        self.check_time(claims)?;
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        subject.parse().map_err(|_| ClaimError::Subject)
    }

    fn check_audience(&self, claims: &Claims) -> Result<(), ClaimError> {
        let audiences = claims.get("aud").map(values).into_iter().flatten();
        if !audiences.into_iter().any(|one| one == self.audience) {
            return Err(ClaimError::Audience);
        }
        let Some(nonce) = self.nonce else { return Ok(()) };
        // A token of a sign-in that others may read too was asked for by whom it names (OpenID Connect Core 1.0 section 3.1.3.7).
        if claims.get("azp").is_some_and(|party| party.as_str() != Some(self.audience)) {
            return Err(ClaimError::Audience);
        }
        if claims.get("nonce").and_then(Value::as_str) == Some(nonce) { Ok(()) } else { Err(ClaimError::Nonce) }
    }

    fn check_time(&self, claims: &Claims) -> Result<(), ClaimError> {
        let (now, skew) = (self.now.as_second(), i64::try_from(self.skew.as_secs()).unwrap_or(0));
        if moment(claims, "exp")?.ok_or(ClaimError::Endless)?.saturating_add(skew) <= now {
            return Err(ClaimError::Expired);
        }
        for earliest in ["nbf", "iat"] {
            if moment(claims, earliest)?.is_some_and(|start| start > now.saturating_add(skew)) {
                return Err(ClaimError::TooEarly);
            }
        }
        Ok(())
    }
}

/// A time in seconds, which may have a fraction; a claim that is there and is none is an error.
fn moment(claims: &Claims, name: &str) -> Result<Option<i64>, ClaimError> {
    /// The last second that a time can be.
    const LAST: f64 = 253_402_207_200.0;
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| (0.0..=LAST).contains(seconds)).ok_or(ClaimError::Endless)?;
    #[expect(clippy::cast_possible_truncation, reason = "it is not larger than the last second")]
    Ok(Some(seconds as i64))
}

/// The texts of a claim: one, or those of a list.
fn values(claim: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match claim {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::Array(items) => Box::new(items.iter().filter_map(Value::as_str)),
        _ => Box::new(std::iter::empty()),
    }
}

/// Whether a rule is about the holder of a token with these claims.
pub(crate) fn fits(claims: &Claims, rule: &RoleRule) -> bool {
    let Some(claim) = find(claims, &rule.claim) else { return false };
    let is_scope = matches!(rule.claim.as_str(), "scope" | "scp");
    values(claim).any(|text| {
        let mut words = text.split(' ');
        rule.values.contains(text) || (is_scope && words.any(|word| rule.values.contains(word)))
    })
}

/// The claim of this name, or the one that is found member by member: `realm_access.roles`.
fn find<'c>(claims: &'c Claims, name: &str) -> Option<&'c Value> {
    if let Some(claim) = claims.get(name) {
        return Some(claim);
    }
    let (first, rest) = name.split_once('.')?;
    find(claims.get(first)?.as_object()?, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_model::access::ApiRole;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn checked(changed: &[(&str, Value)]) -> Result<String, ClaimError> {
        checked_for(None, changed)
    }

    fn checked_for(nonce: Option<&str>, changed: &[(&str, Value)]) -> Result<String, ClaimError> {
        let mut claims = json!({"aud": "purser", "exp": 2_000, "sub": "svc", "iat": 900}).as_object().unwrap().clone();
        for (name, value) in changed {
            match value {
                Value::Null => claims.remove(*name),
                value => claims.insert((*name).to_owned(), value.clone()),
            };
        }
        let (now, skew) = (Timestamp::from_second(1_000).unwrap(), Duration::from_secs(60));
        Expected { audience: "purser", nonce, now, skew }.check(&claims).map(|subject| subject.to_string())
    }

    #[test]
    fn a_token_is_for_this_host_and_for_now() {
        assert_eq!(checked(&[]), Ok("svc".to_owned()));
        assert_eq!(checked(&[("aud", json!(["other", "purser"]))]), Ok("svc".to_owned()));
        for audience in
            [json!(null), json!("other"), json!("purser2"), json!([]), json!({"purser": 1}), json!(["purser x"])]
        {
            assert_eq!(checked(&[("aud", audience.clone())]), Err(ClaimError::Audience), "{audience}");
        }
        assert_eq!(checked(&[("exp", json!(941))]), Ok("svc".to_owned()), "clocks differ");
        assert_eq!(checked(&[("exp", json!(940))]), Err(ClaimError::Expired));
        for end in [json!(null), json!("2000"), json!(-1), json!(1e300)] {
            assert_eq!(checked(&[("exp", end.clone())]), Err(ClaimError::Endless), "{end}");
        }
        assert_eq!(checked(&[("nbf", json!(1_060.5))]), Ok("svc".to_owned()));
        assert_eq!(checked(&[("nbf", json!(1_061))]), Err(ClaimError::TooEarly));
        assert_eq!(checked(&[("iat", json!(5_000))]), Err(ClaimError::TooEarly));
        for subject in [json!(null), json!(""), json!("a b"), json!("a\nb"), json!(7), json!("x".repeat(256))] {
            assert_eq!(checked(&[("sub", subject.clone())]), Err(ClaimError::Subject), "{subject}");
        }
    }

    #[test]
    fn who_signed_in_did_so_here_and_now() {
        let nonce = |nonce: Value| ("nonce", nonce);
        assert_eq!(checked_for(Some("n1"), &[nonce(json!("n1"))]), Ok("svc".to_owned()));
        for other in [json!(null), json!("n2"), json!(""), json!(["n1"])] {
            assert_eq!(checked_for(Some("n1"), &[nonce(other.clone())]), Err(ClaimError::Nonce), "{other}");
        }
        assert_eq!(checked_for(Some("n1"), &[nonce(json!("n1")), ("azp", json!("purser"))]), Ok("svc".to_owned()));
        for party in [json!("other"), json!(7)] {
            let changed = [nonce(json!("n1")), ("azp", party.clone())];
            assert_eq!(checked_for(Some("n1"), &changed), Err(ClaimError::Audience), "{party}");
        }
    }

    #[test]
    fn a_rule_looks_at_one_claim() {
        let claims = json!({
            "groups": ["admins", "staff"], "scope": "read write", "https://x.example/role": "boss",
            "realm_access": {"roles": ["op"]}, "count": 1,
        });
        let gives = |claim: &str, value: &str| {
            let values = BTreeSet::from([value.to_owned()]);
            let rule = RoleRule { role: ApiRole::Viewer, targets: BTreeSet::new(), claim: claim.to_owned(), values };
            fits(claims.as_object().unwrap(), &rule)
        };
        for (claim, value) in
            [("groups", "staff"), ("scope", "write"), ("https://x.example/role", "boss"), ("realm_access.roles", "op")]
        {
            assert!(gives(claim, value), "{claim} {value}");
        }
        for (claim, value) in [
            ("groups", "admin"),
            ("groups", "admins staff"),
            ("scope", "rea"),
            ("count", "1"),
            ("nothing", "x"),
            ("realm_access", "op"),
        ] {
            assert!(!gives(claim, value), "{claim} {value}");
        }
    }
}
