//! `cargo xtask check`: what takes no running system: format, lints and the project's own rules.

use crate::root::Root;
use crate::steps::Steps;

/// Runs the checks.
///
/// # Errors
/// One does not hold; its step is named.
pub fn run(root: &Root, steps: &mut Steps) -> anyhow::Result<()> {
    format_and_lints(root, steps)?;
    steps.program("the project's own rules", root.cargo().args(["test", "--quiet", "--package", "purser-tidy"]))?;
    steps.done("cargo xtask check");
    Ok(())
}

/// Checks format and lints; a warning is an error.
///
/// # Errors
/// One does not hold; its step is named.
pub fn format_and_lints(root: &Root, steps: &mut Steps) -> anyhow::Result<()> {
    steps.program("format", root.cargo().args(["fmt", "--check"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    steps.program("lints", root.cargo().args(clippy))
}
