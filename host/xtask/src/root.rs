//! Where things lie in the checkout.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The checkout.
pub struct Root {
    directory: PathBuf,
}

impl Root {
    /// The checkout that this program was built from.
    pub fn find() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { directory: here.ancestors().nth(2).unwrap_or(here).to_owned() }
    }

    /// A path in the checkout.
    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.directory.join(path)
    }

    /// Where cargo keeps what it makes, and everything else that can be made again.
    pub fn target(&self) -> PathBuf {
        self.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
    }

    /// The program, as the development profile makes it.
    pub fn purser(&self) -> PathBuf {
        self.target().join("debug/purser")
    }

    /// The components of the connectors in `plugins/`.
    pub fn connectors(&self) -> PathBuf {
        self.target().join("connectors")
    }

    /// A program that runs in the checkout.
    pub fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.directory);
        command
    }

    /// The cargo that runs this program.
    pub fn cargo(&self) -> Command {
        self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }
}
