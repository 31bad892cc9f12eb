//! Objects as a target shows them, and the pages they come in.

use crate::Attributes;
use serde::{Deserialize, Serialize};

/// An id of an object that may change, such as a DN, a UPN or an e-mail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SecondaryId {
    /// Which id.
    pub name: String,
    /// Its value now.
    pub value: String,
}

/// An object in a target. The attributes stay text until somebody needs them: see [`Object::digest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The immutable primary id where the target has one.
    pub id: String,
    /// Ids that may change.
    pub secondary_ids: Vec<SecondaryId>,
    /// Version or etag, given back on update.
    pub version: Option<String>,
    /// Whether the account can be used; none where the class has no such state.
    pub active: Option<bool>,
    /// JSON object of the attributes, as the connector wrote it.
    pub attributes: String,
}

/// A digest of an object's content; equal digests mean that there is nothing to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of a text.
    pub fn of(text: &str) -> Self {
        Self(*blake3::hash(text.as_bytes()).as_bytes())
    }
}

impl std::fmt::Display for Digest {
    /// In hexadecimal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&blake3::Hash::from(self.0).to_hex())
    }
}

impl Object {
    /// Digest of everything but the primary id and the version: a target may count versions without a change.
    pub fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        for id in &self.secondary_ids {
            hasher.update(id.name.as_bytes()).update(&[0]).update(id.value.as_bytes()).update(&[0]);
        }
        hasher.update(match self.active {
            None => b"-",
            Some(false) => b"0",
            Some(true) => b"1",
        });
        hasher.update(self.attributes.as_bytes());
        Digest(*hasher.finalize().as_bytes())
    }

    /// Parses the attributes.
    ///
    /// # Errors
    /// The connector wrote something that is no JSON object.
    pub fn parse_attributes(&self) -> Result<Attributes, serde_json::Error> {
        serde_json::from_str(&self.attributes)
    }
}

/// How a condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// Equal.
    Equals,
    /// Text starts with.
    StartsWith,
    /// At or after, for timestamps.
    AtOrAfter,
}

/// One condition of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The attribute, or the name of a secondary id.
    pub attribute: String,
    /// How it compares.
    pub operator: Operator,
    /// A JSON scalar.
    pub value: serde_json::Value,
}

/// A request to list objects of a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchRequest {
    /// The class.
    pub class: String,
    /// All must hold; empty lists everything.
    pub conditions: Vec<Condition>,
    /// Attributes asked for beyond the defaults.
    pub extra_attributes: Vec<String>,
    /// Most objects wanted.
    pub page_size: u32,
    /// Where to go on; none starts.
    pub cursor: Option<String>,
}

/// How a page ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tail {
    /// There is more: the cursor of the next page.
    More(String),
    /// Everything has been listed. Only after this does absence mean anything.
    Complete,
    /// The target stopped early. Absence means nothing.
    Truncated(String),
}

/// One page of objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The objects.
    pub objects: Vec<Object>,
    /// How it ends.
    pub tail: Tail,
}

/// One change of a change feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The object as it is now.
    Present(Object),
    /// The id of an object that changed.
    Touched(String),
    /// The id of an object that is gone or has left the scope.
    Gone(String),
}

/// How a page of changes ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeTail {
    /// There is more now.
    More(String),
    /// Nothing more for now.
    Current(String),
}

/// One page of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePage {
    /// The changes.
    pub changes: Vec<Change>,
    /// How it ends.
    pub tail: ChangeTail,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> Object {
        Object {
            id: "7".into(),
            secondary_ids: vec![SecondaryId { name: "userName".into(), value: "anna".into() }],
            version: Some("1".into()),
            active: Some(true),
            attributes: r#"{"userName":"anna"}"#.into(),
        }
    }

    #[test]
    fn the_digest_sees_content_and_not_the_version() {
        let first = object();
        let mut later = object();
        later.version = Some("2".into());
        assert_eq!(first.digest(), later.digest());
        later.active = Some(false);
        assert_ne!(first.digest(), later.digest());
    }

    #[test]
    fn the_digest_keeps_neighbouring_fields_apart() {
        let mut left = object();
        left.secondary_ids = vec![SecondaryId { name: "ab".into(), value: "c".into() }];
        let mut right = object();
        right.secondary_ids = vec![SecondaryId { name: "a".into(), value: "bc".into() }];
        assert_ne!(left.digest(), right.digest());
    }
}
