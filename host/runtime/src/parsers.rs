//! What reads the files and words of connectors, on its own, so that it can be tried with anything (`tests/fuzz`).

use crate::check;
use crate::inspect::{self, NotAConnector};
use purser_model::manifest::Manifest;

/// The interfaces that a file imports, without running anything of it.
///
/// # Errors
/// It is no connector.
pub fn imports(file: &[u8]) -> Result<Vec<String>, NotAConnector> {
    inspect::inspect(file)
}

/// Everything that is wrong with a manifest.
pub fn manifest_problems(manifest: &Manifest) -> Vec<String> {
    check::manifest_problems(manifest)
}
