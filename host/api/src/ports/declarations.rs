//! The files of declarations, as the API asks for them.

use async_trait::async_trait;
use purser_model::guard::Guard;
use purser_model::id::TargetName;
use purser_model::plan::{Notice, PlanItem};
use purser_reconcile::EngineError;
use purser_store::Store;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use utoipa::ToSchema;

/// One file of declarations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclarationFile {
    /// Its name, which ends in `.toml`.
    #[schema(min_length = 6, max_length = 100, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*\\.toml$")]
    pub name: String,
    /// What it says, in TOML.
    #[schema(max_length = 1_000_000)]
    pub text: String,
}

/// The digest of a set of files, in hexadecimal: other files have another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Digested(String);

impl Digested {
    /// The digest of these files; their order does not matter.
    pub fn of(files: &[DeclarationFile]) -> Self {
        let mut sorted: Vec<_> = files.iter().collect();
        sorted.sort_by(|one, other| one.name.cmp(&other.name));
        let mut hasher = blake3::Hasher::new();
        for file in sorted {
            for part in [&file.name, &file.text] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part.as_bytes());
            }
        }
        Self(hasher.finalize().to_hex().to_string())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The declarations that are in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The files, by name.
    pub files: Vec<DeclarationFile>,
    /// Their digest.
    pub digest: Digested,
}

/// A mistake in declarations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeclarationMistake {
    /// The file.
    pub file: String,
    /// Counted from 1; null where the file as a whole is meant.
    pub line: Option<u64>,
    /// Counted from 1, in characters.
    pub column: Option<u64>,
    /// The key, as TOML writes it; empty where there is none.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// What other declarations would lead to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Foreseen {
    /// How many items would be done because of the change.
    pub new: u64,
    /// How many would be done with the change and without it.
    pub same: u64,
    /// How many would be done without the change, and not with it.
    pub withdrawn: u64,
    /// The first of those that would be done because of the change.
    pub items: Vec<PlanItem>,
    /// The first of those that are not done any more.
    pub withdrawn_items: Vec<PlanItem>,
    /// The first of what would be found and left alone, and is not found without the change.
    pub notices: Vec<Notice>,
    /// Targets that cannot be planned, and why.
    #[schema(value_type = BTreeMap<String, String>)]
    pub left_out: BTreeMap<TargetName, String>,
}

/// Declarations that are in force from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AppliedDeclarations)]
pub struct Applied {
    /// The digest of the files.
    pub digest: String,
    /// Identities that were looked at.
    pub identities: u64,
    /// Identities that the change touches: they are planned anew.
    pub woken: u64,
}

/// Declarations cannot be tried or taken over.
#[derive(Debug, thiserror::Error)]
pub enum DeclarationsError {
    /// They hold mistakes.
    #[error("the declarations hold mistakes")]
    Mistakes(Vec<DeclarationMistake>),
    /// Others are in force than those that the change was made for.
    #[error(
        "other declarations are in force than those that yours were made from: their digest is {0}; read them again and make your change there"
    )]
    Overtaken(Digested),
    /// They are not taken over, and nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// The engine or the store.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The folder cannot be written, or the host is stopping.
    #[error("{0}")]
    Failed(String),
}

/// The declarations of the host.
#[async_trait]
pub trait Declarations: Send + Sync {
    /// Those that are in force.
    fn in_force(&self) -> Declared;

    /// The files that are in force, with this guard of a target.
    ///
    /// # Errors
    /// [`DeclarationsError::Refused`] where the place of the target cannot be told from the files.
    fn with_guard(&self, target: &TargetName, guard: Guard) -> Result<Vec<DeclarationFile>, DeclarationsError>;

    /// What these files would lead to in place of those that are in force. Nothing is changed.
    ///
    /// # Errors
    /// See [`DeclarationsError`].
    async fn foresee(&self, files: Vec<DeclarationFile>) -> Result<Foreseen, DeclarationsError>;

    /// Writes these files in place of those that are in force, and takes them over: work by the former ones has ended when
    /// this answers. `made_for` is the digest of the declarations that the change was made for.
    ///
    /// # Errors
    /// See [`DeclarationsError`]; the former ones stay in force then.
    async fn apply(
        &self,
        files: Vec<DeclarationFile>,
        made_for: &str,
        acting: Arc<dyn Store>,
    ) -> Result<Applied, DeclarationsError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_knows_names_and_texts_and_no_order() {
        let file = |name: &str, text: &str| DeclarationFile { name: name.to_owned(), text: text.to_owned() };
        let (one, other) = (file("a.toml", "x"), file("b.toml", "y"));
        let digest = Digested::of(&[one.clone(), other.clone()]);
        assert_eq!(digest, Digested::of(&[other.clone(), one.clone()]));
        for different in
            [vec![one.clone()], vec![file("a.toml", "xb.tomly")], vec![file("b.toml", "x"), file("a.toml", "y")]]
        {
            assert_ne!(digest, Digested::of(&different), "{different:?}");
        }
    }
}
