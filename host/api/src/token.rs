//! The tokens that callers show.

use jiff::Timestamp;
use purser_model::access::ApiRole;
use purser_model::id::{TargetName, TokenName};
use purser_model::object::Digest;
use purser_store::{KeptApiToken, NewApiToken, Store, StoreError};
use std::collections::BTreeSet;
use std::fmt;

/// Tokens begin with this, so that scanners for secrets know them.
const PREFIX: &str = "purser_";
/// What the audit log calls the holder of the host's own token.
const HOST: &str = "host";
/// And that of the token of the first start.
const FIRST: &str = "first-start";

/// The host's own API token, which may do everything. Only its digest is kept, and it never appears in logs.
#[derive(Clone)]
pub struct ApiToken(blake3::Hash);

impl ApiToken {
    /// The token with this text.
    pub fn new(text: &str) -> Self {
        Self(blake3::hash(text.as_bytes()))
    }

    /// Whether this is the token; takes the same time whatever is shown, since hashes compare in constant time.
    pub fn is(&self, shown: &str) -> bool {
        self.0 == blake3::hash(shown.as_bytes())
    }
}

impl ApiToken {
    /// What tells requests apart. It says nothing about them to who does not have the token.
    pub(crate) fn fingerprint(&self, parts: &[&[u8]]) -> [u8; 32] {
        let key = blake3::derive_key("Purser 2026-11 fingerprints of requests", self.0.as_bytes());
        let mut hasher = blake3::Hasher::new_keyed(&key);
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        *hasher.finalize().as_bytes()
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(...)")
    }
}

pub(crate) fn host_name() -> TokenName {
    HOST.parse().expect("the text is fixed, and a name")
}

pub(crate) fn first_name() -> TokenName {
    FIRST.parse().expect("the text is fixed, and a name")
}

/// A text that nobody guesses.
pub(crate) fn text() -> String {
    format!("{PREFIX}{}", Digest(rand::random()))
}

/// Makes a token and keeps its digest. The text is in the answer and nowhere else.
///
/// # Errors
/// [`StoreError::Refused`] where the name is taken, the token would have expired already, or an owner has no target or
/// somebody else has one.
pub async fn issue_token(
    store: &dyn Store,
    name: TokenName,
    role: ApiRole,
    targets: BTreeSet<TargetName>,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(KeptApiToken, String), StoreError> {
    let refused =
        |reason: &str| StoreError::Refused { what: "API token", id: name.to_string(), reason: reason.to_owned() };
    if name.as_str() == HOST {
        return Err(refused("this is the name of the host's own token: take another one"));
    }
    if name.as_str() == FIRST {
        return Err(refused("this is the name of the token of the first start: take another one"));
    }
    if expires_at.is_some_and(|end| end <= now) {
        return Err(refused("it would have expired already: say a time to come"));
    }
    if (role == ApiRole::Owner) == targets.is_empty() {
        return Err(refused(match role {
            ApiRole::Owner => "an owner owns targets: name at least one",
            _ => "only an owner is bound to targets: take the role owner, or name none",
        }));
    }
    let text = text();
    let token = NewApiToken { name, role, targets, digest: Digest::of(&text), expires_at };
    Ok((store.keep_api_token(token, now).await?, text))
}
