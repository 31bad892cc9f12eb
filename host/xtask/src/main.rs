//! `cargo xtask`: prepares the machine, builds, tests, demonstrates and measures Purser.

mod fuzz;
mod machine;
mod project;
mod steps;

use anyhow::{Context, bail};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

const USAGE: &str = "\
cargo xtask demo           prepare what is missing and run the demo to its end
cargo xtask demo --everywhere  show one person in six applications: Active Directory, OpenLDAP, Entra ID, Google, Salesforce, SCIM
cargo xtask test           prepare what the tests need and run them all (--quick leaves formatting and lints out)
cargo xtask bench [NAME]   run the benches, each figure beside its baseline (--json for machines)
cargo xtask throughput [N] provision N people (300) in each application, and say how fast and with how many requests
cargo xtask seeds COUNT    tell the engine's stories of failing targets and dying hosts, so many of them (optimised)
cargo xtask fuzz NAME [S]  let a fuzzer search one parser of tests/fuzz, for S seconds (60); without a name, say which there are
cargo xtask check          formatting, lints and the project's own rules
cargo xtask connectors     build the connectors into target/connectors";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> anyhow::Result<()> {
    let rest = arguments.get(1..).unwrap_or_default();
    match arguments.first().map(String::as_str) {
        Some("demo") => demo(rest),
        Some("test") => test(rest),
        Some("bench") => bench(rest),
        Some("throughput") => with_peers("throughput", rest),
        Some("seeds") => seeds(rest),
        Some("fuzz") => fuzz::run(rest),
        Some("check") => check(),
        Some("peers") => machine::samba_domain().map(|_| ()),
        Some("connectors") => {
            machine::prepare()?;
            project::program()?;
            project::connectors()
        }
        Some("help" | "--help" | "-h") | None => {
            println!("{USAGE}");
            Ok(())
        }
        Some(other) => bail!("no task `{other}`\n{USAGE}"),
    }
}

fn demo(arguments: &[String]) -> anyhow::Result<()> {
    machine::prepare()?;
    if arguments == ["--everywhere"] {
        return with_peers("everywhere", &[]);
    }
    project::program()?;
    project::connectors()?;
    steps::step("the demo", || {
        let mut command = project::purser();
        command.arg("demo").arg("--connectors").arg(project::connectors_folder()).args(arguments);
        steps::run(&mut command)
    })
}

/// Runs an example of the end-to-end tests.
fn with_peers(example: &str, arguments: &[String]) -> anyhow::Result<()> {
    machine::prepare()?;
    let peers = peers()?;
    project::program()?;
    project::connectors()?;
    let program = project::example(example)?;
    steps::step(example, || steps::run(Command::new(program).args(arguments).envs(peers)))
}

/// What end-to-end tests need to know: where the program and its connectors are, and the applications with their tools, which
/// are installed where they are missing.
fn peers() -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
    let clients = project::clients_folder();
    let python = machine::python("clients", "the vendors' clients in Python", &clients.join("requirements.txt"))?;
    machine::node_modules(&clients, "the vendors' clients in JavaScript")?;
    Ok(vec![
        ("PURSER_BIN", project::purser_path()),
        ("PURSER_CONNECTORS", project::connectors_folder()),
        ("PURSER_SCIM2_SERVER", machine::scim_server()?),
        ("PURSER_SLAPD", machine::slapd()?),
        ("PURSER_SAMBA_DOMAIN", machine::samba_domain()?),
        ("PURSER_CLIENTS", clients),
        ("PURSER_CLIENTS_PYTHON", python),
    ])
}

fn test(arguments: &[String]) -> anyhow::Result<()> {
    machine::prepare()?;
    let peers = peers()?;
    let chromedriver = machine::chromedriver()?;
    project::program()?;
    project::connectors()?;
    project::connectors_in_other_languages()?;
    if !arguments.iter().any(|argument| argument == "--quick") {
        project::format()?;
    }
    steps::step("the tests", || {
        let mut command = project::cargo();
        command.args(["test", "--workspace"]);
        // As many as the project promises; a plain `cargo test` takes fewer of both.
        for (name, count) in [("PURSER_SEEDS", "1000"), ("PROPTEST_CASES", "5000")] {
            if std::env::var_os(name).is_none() {
                command.env(name, count);
            }
        }
        command.env("PURSER_LANGUAGES", project::languages_folder());
        command.env("PURSER_CHROMEDRIVER", &chromedriver);
        steps::run(command.envs(peers))
    })?;
    if !arguments.iter().any(|argument| argument == "--quick") {
        project::lint()?;
    }
    Ok(())
}

fn bench(arguments: &[String]) -> anyhow::Result<()> {
    machine::prepare()?;
    let mut command = project::cargo();
    command.args(["run", "--quiet", "--release", "--package", "purser-bench", "--bin", "purser-bench", "--"]);
    steps::run(command.args(arguments))
}

fn seeds(arguments: &[String]) -> anyhow::Result<()> {
    let [count] = arguments else { bail!("how many? Write for example `cargo xtask seeds 1000000`") };
    let count: u64 = count.parse().with_context(|| format!("`{count}` is no number of seeds"))?;
    machine::prepare()?;
    let mut command = project::cargo();
    command.args(["test", "--release", "--package", "purser-reconcile", "--test", "engine", "--", "faults"]);
    steps::run(command.env("PURSER_SEEDS", count.to_string()))
}

fn check() -> anyhow::Result<()> {
    project::format()?;
    project::lint()?;
    let mut command = project::cargo();
    steps::run(command.args(["test", "--package", "purser-tidy"]))
}
