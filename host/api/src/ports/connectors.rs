//! The folder of connectors, as the API asks for it.

use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::manifest::{DirectoryNeed, EgressNeed, Manifest, PermissionNeed};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// What becomes of a file or copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConnectorFileState)]
#[serde(rename_all = "kebab-case")]
pub enum FileState {
    /// Somebody runs it.
    Used,
    /// It may take over somewhere, or could be used.
    Candidate,
    /// It was rolled back everywhere it was used.
    RolledBack,
    /// It cannot be used.
    Refused,
    /// Its file is gone; the copy is kept for a rollback.
    Kept,
}

/// Who signed a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConnectorSignature)]
#[serde(rename_all = "kebab-case")]
pub enum Signed {
    /// This publisher.
    Good(String),
    /// Somebody whose key is not declared.
    UnknownPublisher,
    /// Nobody.
    Missing,
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good(publisher) => write!(f, "signed by {publisher}"),
            Self::UnknownPublisher => f.pad("signed by an unknown publisher"),
            Self::Missing => f.pad("not signed"),
        }
    }
}

/// A file in the folder of connectors, or a copy of one that is gone from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectorFile {
    /// Its name; none where only a copy is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What becomes of it.
    pub state: FileState,
    /// The connector's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The connector's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The digest of the file in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Who signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signed>,
    /// The interfaces that it imports: all that it can reach.
    pub imports: Vec<String>,
    /// The sources and targets that run it.
    pub used_by: Vec<String>,
    /// The sources and targets where it waits or is tried.
    pub tried_by: Vec<String>,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An interface that a connector imports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReachedInterface {
    /// Its name.
    pub name: String,
    /// What it lets the connector do.
    pub meaning: String,
}

/// What a connector can reach and asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectorReach {
    /// Interfaces that it imports: the host holds it to these.
    pub interfaces: Vec<ReachedInterface>,
    /// Interfaces that its language imports and that reach nothing here.
    pub inert: Vec<String>,
    /// HTTP endpoints that it asks for.
    pub endpoints: Vec<EgressNeed>,
    /// Directories that it asks for.
    pub directories: Vec<DirectoryNeed>,
    /// Permissions that its credential needs in the target.
    pub permissions: Vec<PermissionNeed>,
}

/// One build of a connector: what it is and what it can reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Connector)]
pub struct ConnectorDetail {
    /// Its digest in hexadecimal.
    pub digest: String,
    /// The size of its file.
    pub bytes: u64,
    /// Who signed it.
    pub signature: Signed,
    /// What it can reach and asks for.
    pub reach: ConnectorReach,
    /// What it says about itself.
    pub manifest: Manifest,
}

/// One difference between two builds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectorDifference {
    /// What it is about, such as `import` or `endpoint`.
    pub kind: String,
    /// Which one.
    pub name: String,
    /// Whether only the newer build has it.
    pub added: bool,
    /// Whether a person has to agree: the newer build reaches or demands more.
    pub asks: bool,
}

/// The name of a file in the folder of connectors.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName(String);

/// A text is no name of a file in the folder of connectors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no name of a connector's file: use 1 to 95 of a-z, A-Z, 0-9, `-`, `_` and `.`, beginning with a letter or digit, and `.wasm` at the end"
)]
pub struct NotAFileName(String);

impl FileName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileName {
    type Err = NotAFileName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let stem = text.strip_suffix(".wasm").unwrap_or_default();
        let begins_well = stem.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        let is_plain = stem.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
        if begins_well && is_plain && stem.len() <= 95 {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAFileName(text.chars().take(100).collect()))
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A file that somebody wants in the folder.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its name there.
    pub file: FileName,
    /// The component.
    pub component: Vec<u8>,
    /// Its signature in the form of minisign.
    pub signature: Option<String>,
}

/// The folder of connectors cannot do it.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorsError {
    /// Nothing of this digest is there.
    #[error("no connector with the digest {0} lies in the folder or is kept; `GET /v1/connectors` shows which are")]
    NotKept(String),
    /// No such source or target is declared.
    #[error("no {0} is declared")]
    NotDeclared(String),
    /// The file is no connector that this host takes.
    #[error("{0}")]
    Refused(String),
    /// The folder cannot be read or written, or what is kept cannot be used.
    #[error("{0}")]
    Failed(String),
}

/// The folder of connectors.
#[async_trait]
pub trait Connectors: Send + Sync {
    /// Every file in it and every copy that is kept: what they are, and who uses them.
    ///
    /// # Errors
    /// [`ConnectorsError::Failed`] where the folder or the store cannot be read.
    async fn files(&self) -> Result<Vec<ConnectorFile>, ConnectorsError>;

    /// What the build with this digest is.
    ///
    /// # Errors
    /// [`ConnectorsError::NotKept`] where it is not there, [`ConnectorsError::Refused`] where it cannot be used any more.
    async fn inspect(&self, digest: &str) -> Result<ConnectorDetail, ConnectorsError>;

    /// What the newer build asks for or does otherwise than the former one.
    ///
    /// # Errors
    /// As [`Connectors::inspect`].
    async fn differences(&self, former: &str, newer: &str) -> Result<Vec<ConnectorDifference>, ConnectorsError>;

    /// Validates a file exactly as one that is dropped into the folder. Nothing lies in the folder afterwards.
    ///
    /// # Errors
    /// [`ConnectorsError::Refused`] with the reason.
    async fn check(&self, upload: &Upload) -> Result<ConnectorDetail, ConnectorsError>;

    /// Puts a file that was checked into the folder in one step; one of the same name is replaced.
    ///
    /// # Errors
    /// [`ConnectorsError::Failed`] where it cannot be written, [`ConnectorsError::Refused`] where it is refused there.
    async fn drop_in(&self, upload: Upload) -> Result<(), ConnectorsError>;

    /// Removes the copies that nobody needs any more, or only looks which they are; their digests.
    ///
    /// # Errors
    /// [`ConnectorsError::Failed`] where the folder or the store cannot be used.
    async fn prune(&self, dry_run: bool, now: Timestamp) -> Result<Vec<String>, ConnectorsError>;

    /// Decides now what this source or target, such as `target crm`, runs by what lies in the folder, as its next call would.
    ///
    /// # Errors
    /// [`ConnectorsError::NotDeclared`], or [`ConnectorsError::Refused`] where nothing fits.
    async fn decide(&self, subject: &str) -> Result<(), ConnectorsError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_plain_name_that_ends_in_wasm() {
        for good in ["crm.wasm", "acme_crm-2.1.wasm", "9.wasm"] {
            assert_eq!(good.parse::<FileName>().unwrap().as_str(), good);
        }
        let long = format!("{}.wasm", "x".repeat(96));
        for bad in
            ["", ".wasm", "crm", ".hidden.wasm", "../crm.wasm", "a/b.wasm", "a\\b.wasm", "crm.wasm\0", "ü.wasm", &long]
        {
            assert!(bad.parse::<FileName>().is_err(), "{bad}");
        }
    }
}
