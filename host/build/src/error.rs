//! Why a connector could not be built.

use std::io;
use std::path::PathBuf;

/// Why a connector could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no package there, or cargo cannot read it.
    #[error("{} is not a cargo package: {reason}", .directory.display())]
    NotAPackage {
        /// The folder.
        directory: PathBuf,
        /// What cargo says.
        reason: String,
    },
    /// The compiler cannot make WebAssembly here.
    #[error("the Rust compiler cannot build for {target} here: {reason}. {advice}")]
    NoTarget {
        /// The compilation target.
        target: &'static str,
        /// What was tried.
        reason: String,
        /// What to install.
        advice: &'static str,
    },
    /// A program could not be started.
    #[error("cannot run `{program}`: {source}. Install it or put it on the PATH")]
    Program {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The crate does not compile.
    #[error("{} does not compile{}", .directory.display(), after_colon(.messages))]
    Compilation {
        /// The crate.
        directory: PathBuf,
        /// The compiler's messages; empty where they went to standard error.
        messages: String,
    },
    /// The crate does not make a WebAssembly module.
    #[error("{} makes no WebAssembly module: write `crate-type = [\"cdylib\", \"rlib\"]` under `[lib]` in its Cargo.toml", .0.display())]
    NotADynamicLibrary(PathBuf),
    /// The module does not say which contract it implements.
    #[error("{} exports no connector: call `purser_sdk::export!(YourConnector)` in its lib.rs", .0.display())]
    NoContract(PathBuf),
    /// The module cannot be made a component.
    #[error("{} cannot be made a component: {reason}", .module.display())]
    Encoding {
        /// The core module.
        module: PathBuf,
        /// What `wit-component` says.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

fn after_colon(messages: &str) -> String {
    if messages.is_empty() { String::new() } else { format!(":\n{messages}") }
}
