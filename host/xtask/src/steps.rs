//! Steps that say what they do and how long it took. Everything goes to standard error, so that `--json` stays readable.

use anyhow::{Context, bail};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs a step and says how long it took.
///
/// # Errors
/// The step's error, with its name.
#[expect(clippy::disallowed_methods, reason = "the steps say how long they took")]
pub fn step<T>(name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    eprintln!("==> {name}");
    let begun = Instant::now();
    let done = work().with_context(|| format!("step \"{name}\""))?;
    eprintln!("    {:.1} s", begun.elapsed().as_secs_f64());
    Ok(done)
}

/// Runs a command to its end.
///
/// # Errors
/// It cannot be started, or ends badly.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = show(command);
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {shown}"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}

/// Whether a command can be started and ends well; its output is not shown.
pub fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
