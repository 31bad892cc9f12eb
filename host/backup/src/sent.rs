//! A backup on its way from a host to somebody else: its bytes with their digest.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::digest::{Context, SHA256};
use std::fmt;
use std::str::FromStr;

const ALGORITHM: &str = "sha-256=:";

/// SHA-256 of a whole file, as it is written in `Repr-Digest` (RFC 9530).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDigest([u8; 32]);

/// A text has no SHA-256 in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it has no SHA-256 in the form of RFC 9530")]
pub struct NoDigest;

impl FileDigest {
    /// In hexadecimal, as `sha256sum` shows it.
    pub fn hexadecimal(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ALGORITHM}{}:", BASE64_STANDARD.encode(self.0))
    }
}

impl FromStr for FileDigest {
    type Err = NoDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let each = text.split(',').map(str::trim);
        let bytes = each.filter_map(|one| one.strip_prefix(ALGORITHM)?.strip_suffix(':')).next().ok_or(NoDigest)?;
        let bytes = BASE64_STANDARD.decode(bytes).map_err(|_| NoDigest)?;
        bytes.try_into().map(Self).map_err(|_| NoDigest)
    }
}

/// Digests bytes as they come.
pub(crate) struct Digesting(Context);

impl Digesting {
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(crate) fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    pub(crate) fn end(self) -> FileDigest {
        let mut bytes = [0; 32];
        for (byte, found) in bytes.iter_mut().zip(self.0.finish().as_ref()) {
            *byte = *found;
        }
        FileDigest(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_written_as_the_rfc_says_and_read_among_others() {
        let mut digesting = Digesting::new();
        digesting.add(b"");
        let empty = digesting.end();
        assert_eq!(empty.to_string(), "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
        assert!(empty.hexadecimal().starts_with("e3b0c44298fc1c14"));
        assert_eq!(format!("sha-512=:AAAA:, {empty}").parse(), Ok(empty));
        for bad in ["", "sha-256=::", "sha-256=:AAAA:", "47DEQpj8HBSa", "sha-256=:?:"] {
            assert_eq!(bad.parse::<FileDigest>(), Err(NoDigest), "{bad}");
        }
    }
}
