//! `cargo xtask bench [NAME] [--json]`: measures, each figure beside a baseline of the same run.

use crate::prepare;
use crate::root::Root;
use crate::steps::Steps;

/// Builds the benches with optimisation and runs them; the arguments are theirs.
///
/// # Errors
/// They do not build, or one fails.
pub fn run(root: &Root, steps: &mut Steps, arguments: &[String]) -> anyhow::Result<()> {
    prepare::run(root, steps)?;
    steps.program("build the benches", root.cargo().args(["build", "--release", "--package", "purser-bench"]))?;
    steps.program("benches", root.command(root.target().join("release/purser-bench")).args(arguments))?;
    steps.done("cargo xtask bench");
    Ok(())
}
