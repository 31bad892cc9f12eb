//! Making the token that a client shows.

use jiff::Timestamp;
use purser_model::id::{SourceName, TokenName};
use purser_model::object::Digest;
use purser_store::{KeptScimToken, NewScimToken, Store, StoreError};

/// Tokens of clients begin with this, so that scanners for secrets know them.
const PREFIX: &str = "purser_scim_";

/// Makes a token of a client and keeps its digest. The text is in the answer and nowhere else.
///
/// # Errors
/// [`StoreError::Refused`] where the name is taken, or the token would have expired already.
pub async fn issue_scim_token(
    store: &dyn Store,
    name: TokenName,
    source: SourceName,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(KeptScimToken, String), StoreError> {
    if expires_at.is_some_and(|end| end <= now) {
        let reason = "it would have expired already: say a time to come".to_owned();
        return Err(StoreError::Refused { what: "SCIM token", id: name.to_string(), reason });
    }
    let text = format!("{PREFIX}{}", Digest(rand::random()));
    let token = NewScimToken { name, source, digest: Digest::of(&text), expires_at };
    Ok((store.keep_scim_token(token, now).await?, text))
}
