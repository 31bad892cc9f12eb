//! The SCIM server that the end-to-end tests provision: a package from PyPI in a virtual environment of its own.

use crate::prepare::debian_packages;
use crate::root::Root;
use crate::steps::{Steps, answers};
use anyhow::Context;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package and the exact version that the tests were written against.
const PACKAGE: &str = "scim2-server==0.8.3";

/// Installs the server where it is missing and returns the path of its program.
///
/// # Errors
/// Python is missing and cannot be installed, or PyPI cannot be reached; the step is named.
pub fn prepare(root: &Root, steps: &mut Steps) -> anyhow::Result<PathBuf> {
    let environment = root.target().join("venv");
    let program = environment.join("bin/scim2-server");
    // Written last: an installation that was cut off is begun again.
    let stamp = environment.join("installed");
    let name = format!("PyPI package {PACKAGE}");
    if program.is_file() && fs::read_to_string(&stamp).is_ok_and(|installed| installed == PACKAGE) {
        steps.nothing_to_do(&name, "is installed");
        return Ok(program);
    }
    virtual_environment(root, steps, &environment)?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE];
    steps.program(&name, root.command(environment.join("bin/python")).args(pip))?;
    fs::write(&stamp, PACKAGE).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(program)
}

fn virtual_environment(root: &Root, steps: &mut Steps, environment: &Path) -> anyhow::Result<()> {
    // Debian's python3 has `venv` but not `ensurepip`, which the package python3-venv brings.
    if !answers(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
        debian_packages(steps, "Python with venv", &["python3", "python3-venv"])?;
    }
    steps.program(
        "virtual environment of Python",
        root.command("python3").args(["-m", "venv", "--clear"]).arg(environment),
    )
}
