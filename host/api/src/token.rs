//! The token that a caller must show.

use std::fmt;

/// The host's API token. Only its digest is kept, and it never appears in logs.
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

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(...)")
    }
}
