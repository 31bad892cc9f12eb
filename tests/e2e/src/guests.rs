//! The guest programs of `tests/guests`, built to components.

use purser_build::{BuildRequest, build_examples};
use std::collections::BTreeMap;
use std::path::Path;

/// The components of these guest programs by name. They are built where the tests of the guests build them too; `scratch`
/// is the folder that cargo gives to integration tests.
///
/// # Panics
/// They cannot be built.
pub fn components(scratch: &str, guests: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let scratch = Path::new(scratch).join("guests");
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests");
    let mut request = BuildRequest::new(package, scratch.join("components"));
    request.target_directory = Some(scratch);
    let built = build_examples(&request, guests).expect("the guests can be built");
    let content = |path: &Path| std::fs::read(path).expect("a component can be read");
    built.into_iter().map(|guest| (guest.name, content(&guest.path))).collect()
}
