//! `cargo xtask fuzz`: lets libFuzzer search one parser of `tests/fuzz` for inputs at which it panics.

use crate::{project, steps};
use anyhow::{Context, bail};
use std::path::PathBuf;

/// How long, where nothing is said.
const SECONDS: u64 = 60;
/// The parsers that need the runtime, which takes long to build.
const OF_COMPONENTS: [&str; 2] = ["component", "manifest"];

/// Searches; what it finds lies in `target/fuzz`, and an input that fails is put into `tests/fuzz/corpus/NAME` by a person.
pub fn run(arguments: &[String]) -> anyhow::Result<()> {
    let Some(name) = arguments.first() else {
        println!("{}", parsers()?.join("\n"));
        return Ok(());
    };
    if !parsers()?.contains(name) {
        bail!("no parser `{name}`; there are: {}", parsers()?.join(", "));
    }
    let seconds = match arguments.get(1) {
        Some(text) => text.parse().with_context(|| format!("`{text}` is no number of seconds"))?,
        None => SECONDS,
    };
    let found = target().join(name);
    std::fs::create_dir_all(&found).with_context(|| format!("cannot make {}", found.display()))?;
    steps::step(&format!("fuzzing {name} for {seconds} s"), || {
        let mut command = project::cargo();
        command.args(["fuzz", "run", "--fuzz-dir", "tests/fuzz/libfuzzer", "--sanitizer", "none", "--target-dir"]);
        command.arg(target().join("build"));
        if OF_COMPONENTS.contains(&name.as_str()) {
            command.args(["--features", "components"]);
        }
        command.arg("parser").arg(&found).arg(corpus().join(name));
        command.arg("--").arg(format!("-max_total_time={seconds}")).arg("-max_len=4096");
        // The counters of a fuzzer are an unstable option of the compiler.
        command.env("PURSER_FUZZ", name).env("RUSTC_BOOTSTRAP", "1");
        steps::run(&mut command).context("where `fuzz` is no command of cargo: `cargo install cargo-fuzz`")
    })
}

fn corpus() -> PathBuf {
    project::top().join("tests/fuzz/corpus")
}

fn target() -> PathBuf {
    project::top().join("target/fuzz")
}

/// The names of the parsers: each has a corpus.
fn parsers() -> anyhow::Result<Vec<String>> {
    let entries = std::fs::read_dir(corpus()).context("the corpus of tests/fuzz is not there")?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
