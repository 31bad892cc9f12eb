//! Compiles a connector crate to a component.
//!
//! `cargo build` makes a core module for `wasm32-unknown-unknown`; `wit-component` wraps it into a component that imports
//! nothing but the interfaces of the contract it uses. A WASI target is not used on purpose: its standard library imports
//! file system, clocks and standard streams by itself, and what a component imports is what an operator is asked to grant.
//!
//! ```no_run
//! use purser_build::{BuildRequest, build};
//! let built = build(&BuildRequest::new("plugins/flatfile", "connectors"))?;
//! println!("{}", built.path.display());
//! # Ok::<(), purser_build::BuildError>(())
//! ```

mod cargo;
mod component;
mod error;
pub mod scaffold;
mod toolchain;

pub use error::BuildError;
pub use toolchain::{Present, Step, decide};

use std::path::{Path, PathBuf};

/// Where cargo's own messages go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Progress {
    /// To this process's standard error, with cargo's progress bar on a terminal.
    #[default]
    Inherit,
    /// Into the error, where there is one.
    Quiet,
}

/// What to build.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// The folder that holds the connector's `Cargo.toml`.
    pub crate_directory: PathBuf,
    /// The folder that the component is written to; made where it is missing.
    pub output_directory: PathBuf,
    /// The component's file name without `.wasm`; none takes the crate's name without `purser-`.
    pub name: Option<String>,
    /// Where cargo keeps intermediate files; none leaves it to cargo.
    pub target_directory: Option<PathBuf>,
    /// Where cargo's messages go.
    pub progress: Progress,
}

impl BuildRequest {
    /// Builds the crate in this folder into that one.
    pub fn new(crate_directory: impl Into<PathBuf>, output_directory: impl Into<PathBuf>) -> Self {
        Self {
            crate_directory: crate_directory.into(),
            output_directory: output_directory.into(),
            name: None,
            target_directory: None,
            progress: Progress::default(),
        }
    }
}

/// A component that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Its name: the file name without `.wasm`.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Builds the library of a crate, which must have the crate type `cdylib`, to `<output>/<name>.wasm`.
///
/// The file appears in one step, so that a folder that is watched never holds half a component. A missing compilation
/// target is added with rustup, or the Debian packages that stand in for it are used; see [`decide`].
///
/// # Errors
/// See [`BuildError`]; nothing is written then.
pub fn build(request: &BuildRequest) -> Result<Built, BuildError> {
    let mut modules = cargo::compile(request, &cargo::Artefacts::Library)?;
    let module = modules.pop().ok_or_else(|| BuildError::NotADynamicLibrary(request.crate_directory.clone()))?;
    let name = request.name.clone().unwrap_or_else(|| component_name(&module.package));
    component::write(&module.path, &request.output_directory, &name)
}

/// Builds examples of a crate, each to `<output>/<example>.wasm`, in the order asked for.
///
/// # Errors
/// See [`BuildError`].
pub fn build_examples(request: &BuildRequest, examples: &[&str]) -> Result<Vec<Built>, BuildError> {
    let modules = cargo::compile(request, &cargo::Artefacts::Examples(examples))?;
    examples
        .iter()
        .map(|example| {
            let module = modules
                .iter()
                .find(|module| module.target == *example)
                .ok_or_else(|| BuildError::NotADynamicLibrary(Path::new("examples").join(example)))?;
            component::write(&module.path, &request.output_directory, example)
        })
        .collect()
}

/// `purser-flatfile` makes `flatfile.wasm`.
fn component_name(package: &str) -> String {
    package.strip_prefix("purser-").unwrap_or(package).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_prefix_is_not_part_of_a_components_name() {
        assert_eq!(component_name("purser-flatfile"), "flatfile");
        assert_eq!(component_name("acme-crm"), "acme-crm");
    }
}
