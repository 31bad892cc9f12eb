//! A digest in a path or parameter.

use purser_model::connectors::DigestPrefix;
use serde::Deserialize;
use std::fmt;
use utoipa::ToSchema;

/// The digest of a connector's file: 64 digits in hexadecimal.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = ConnectorDigest, value_type = String, min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
#[serde(try_from = "String")]
pub(crate) struct FileDigest(pub(super) String);

/// A text is no whole digest.
pub(crate) struct NotWhole(String);

impl fmt::Display for NotWhole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no digest of a connector: it has 64 of the digits 0-9 and a-f", self.0)
    }
}

impl TryFrom<String> for FileDigest {
    type Error = NotWhole;

    fn try_from(text: String) -> Result<Self, NotWhole> {
        let is_whole = text.len() == DigestPrefix::WHOLE && text.parse::<DigestPrefix>().is_ok();
        if is_whole { Ok(Self(text)) } else { Err(NotWhole(text)) }
    }
}
