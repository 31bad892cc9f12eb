//! `cargo xtask demo`: from a clean checkout to the main job, seen end to end.

use crate::root::Root;
use crate::steps::Steps;
use crate::{connectors, prepare};

/// Runs the demo.
///
/// # Errors
/// A step fails; it is named.
pub fn run(root: &Root, steps: &mut Steps) -> anyhow::Result<()> {
    prepare::run(root, steps)?;
    connectors::build(root, steps)?;
    let mut demo = root.command(root.purser());
    steps.program("demo", demo.args(["demo", "--connectors"]).arg(root.connectors()))?;
    steps.done("cargo xtask demo");
    Ok(())
}
