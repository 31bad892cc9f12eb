//! Where a secret is kept: in an environment variable, in a file, or sealed in the store. Never in a declaration.

use crate::problems::Problems;
use crate::section::Node;
use purser_model::configuration::SecretReference;
use purser_model::id::{NotAName, SecretName};
use std::path::Path;

pub(crate) const SECRET_ADVICE: &str = "a secret never stands in a declaration: write { secret = \"name\" }, { env = \"NAME\" } or { file = \"path\" }, and change the secret if this file was shared";
const ONE_OF: &str = "write one of { secret = \"name\" }, { env = \"NAME\" } and { file = \"path\" }";

/// Reads where a secret is kept. A secret in clear is refused and not repeated.
pub(crate) fn secret(node: &Node<'_>, base: &Path, problems: &mut Problems) -> Option<SecretReference> {
    if node.value.as_str().is_some() {
        problems.report(&node.place, SECRET_ADVICE);
        return None;
    }
    let mut section = node.section(problems)?;
    let (variable, file, sealed) = (section.optional("env"), section.optional("file"), section.optional("secret"));
    section.finish(problems);
    match (variable, file, sealed) {
        (Some(variable), None, None) => variable.filled_text(problems).map(SecretReference::Environment),
        (None, Some(file), None) => file.filled_text(problems).map(|path| SecretReference::File(base.join(path))),
        (None, None, Some(sealed)) => sealed.parsed(name, problems).map(SecretReference::Sealed),
        _ => {
            problems.report(&node.place, ONE_OF);
            None
        }
    }
}

/// A text is no name of a secret. It is not repeated: somebody may have written the secret itself.
#[derive(Debug, thiserror::Error)]
#[error(
    "this is no name of a secret: use 1 to 64 of a-z, A-Z, 0-9, `-`, `_` and `.`, and set the secret itself with `purser secret set NAME`"
)]
pub(crate) struct NotASecretName(#[from] NotAName);

/// The name of a secret in the store.
pub(crate) fn name(text: &str) -> Result<SecretName, NotASecretName> {
    Ok(text.parse()?)
}
