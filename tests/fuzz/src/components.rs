//! The files that vendors hand out, and what they say about themselves.

use purser_model::manifest::Manifest;
use purser_runtime::parsers::{imports, manifest_problems};

/// Any file is a connector with imports that this host gives, or refused.
pub(crate) fn component(bytes: &[u8]) {
    if let Ok(imports) = imports(bytes) {
        assert!(imports.iter().all(|name| name.contains('/')), "{imports:?}");
    }
}

/// A manifest is checked to its end, and each of its problems is told in words.
pub(crate) fn manifest(bytes: &[u8]) {
    let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) else { return };
    assert!(manifest_problems(&manifest).iter().all(|problem| !problem.is_empty()));
}
