//! The cases, and how they are run and printed.

mod api;
mod application;
mod broker;
mod console;
mod crossing;
mod latency;
mod listing;
mod native;
mod planning;
mod reconciliation;
mod scale;
mod scim;
mod served;
mod sources;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::process::{Command, ExitCode};

/// One figure.
#[derive(Debug, Serialize, Deserialize)]
pub struct Figure {
    /// Which bench.
    pub bench: String,
    /// Which case of it.
    pub case: String,
    /// What was measured.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// The same measured without what is examined.
    pub baseline: f64,
    /// `value / baseline`.
    pub ratio: f64,
    /// Peak resident memory of the case's process.
    pub peak_rss_mb: f64,
}

/// A figure beside its baseline; the memory is filled in at the end.
pub fn figure(bench: &str, case: &str, value: f64, unit: &str, baseline: f64) -> Figure {
    Figure {
        bench: bench.to_owned(),
        case: case.to_owned(),
        value,
        unit: unit.to_owned(),
        baseline,
        ratio: value / baseline,
        peak_rss_mb: 0.0,
    }
}

const CASES: [&str; 19] = [
    "call/get",
    "call/cold",
    "page/1000x12",
    "broker/request",
    "load/cache",
    "targets/1000",
    "plan/100000",
    "apply/20000",
    "reconcile/10000",
    "reconcile/100000",
    "listing/100000",
    "listing/1000000",
    "latency/changed-email",
    "latency/new-person",
    "scim/alone",
    "scim/while-reconciling",
    "api/100000",
    "console/100000",
    "events/1000",
];

/// Runs the cases whose name begins with what was asked for.
pub fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, case] = arguments.as_slice()
        && flag == "--case"
    {
        return run_here(case);
    }
    let json = arguments.iter().any(|argument| argument == "--json");
    let asked = arguments.iter().find(|argument| !argument.starts_with("--"));
    let chosen: Vec<_> =
        CASES.iter().filter(|case| asked.is_none_or(|asked| case.starts_with(asked.as_str()))).collect();
    if chosen.is_empty() {
        eprintln!("no such bench; there are: {}", CASES.join(", "));
        return Ok(ExitCode::from(2));
    }
    if !json {
        println!(
            "{:<16} {:<34} {:>12} {:<14} {:>12} {:>8} {:>9}",
            "BENCH", "CASE", "VALUE", "UNIT", "BASELINE", "RATIO", "PEAK MB"
        );
    }
    for case in chosen {
        for figure in run_apart(case)? {
            if json {
                println!("{}", serde_json::to_string(&figure)?);
            } else {
                println!(
                    "{:<16} {:<34} {:>12.2} {:<14} {:>12.2} {:>8.2} {:>9.1}",
                    figure.bench,
                    figure.case,
                    figure.value,
                    figure.unit,
                    figure.baseline,
                    figure.ratio,
                    figure.peak_rss_mb
                );
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn run_apart(case: &str) -> anyhow::Result<Vec<Figure>> {
    let output = Command::new(std::env::current_exe()?).args(["--case", case]).output()?;
    if !output.status.success() {
        bail!("{case} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout)?;
    text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("{case}: {line}"))).collect()
}

fn run_here(case: &str) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let figures = runtime.block_on(async {
        match case.split_once('/') {
            Some(("call", "cold")) => crossing::cold().await,
            Some(("call", _)) => crossing::get().await,
            Some(("page", _)) => crossing::page().await,
            Some(("broker", _)) => broker::requests().await,
            Some(("load", _)) => scale::loading().await,
            Some(("targets", _)) => scale::targets().await,
            Some(("plan", _)) => planning::plan(),
            Some(("apply", count)) => application::apply(count.parse()?).await,
            Some(("reconcile", count)) => reconciliation::no_drift(count.parse()?).await,
            Some(("listing", count)) => listing::no_drift(count.parse()?).await,
            Some(("api", people)) => api::pages(people.parse()?).await,
            Some(("console", people)) => console::pages(people.parse()?).await,
            Some(("events", count)) => api::consumers(count.parse()?).await,
            Some(("scim", "alone")) => scim::pushes(None).await,
            Some(("scim", _)) => scim::pushes(Some(100_000)).await,
            Some(("latency", "new-person")) => latency::new_person().await,
            Some(("latency", _)) => latency::changed_email().await,
            _ => bail!("no such case `{case}`"),
        }
    })?;
    let peak = peak_rss_mb();
    for mut figure in figures {
        figure.peak_rss_mb = peak;
        println!("{}", serde_json::to_string(&figure)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// The high-water mark of resident memory, from the kernel.
fn peak_rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").trim().parse().unwrap_or(0.0);
    kilobytes / 1024.0
}
