//! `purser run`: runs, and how one of them is stopped.

use crate::Ending;
use crate::cli::{RunCommand, RunList};
use crate::home::Home;
use crate::host::{Host, open_to_read};
use crate::output::{Output, table};
use crate::remote::Remote;
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::run::{Run, RunState};
use purser_store::PageRequest;
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// Nobody works in a home whose lock is had, so that a run ends at once.
const NO_WAIT: Duration = Duration::ZERO;

#[derive(Serialize)]
struct Runs {
    runs: Vec<Run>,
}

/// Runs the command. A host may work in the home at the same time, but where a run is to be stopped.
pub async fn run(home: Home, command: &RunCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        RunCommand::List(RunList { limit }) => {
            let runs = open_to_read(&home)?.runs(&Reach::Everything, PageRequest::first(*limit)).await?;
            show_all(runs, output)
        }
        RunCommand::Show(one) => show(&open_to_read(&home)?.run(one.run).await?, output),
        RunCommand::Stop(one) => {
            let host = Host::open(&home).await?;
            show_stopped(&host.engine.stop_run(host.store.as_ref(), one.run, NO_WAIT).await?, output)
        }
    }
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, command: &RunCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        RunCommand::List(RunList { limit }) => {
            show_all(remote.whole("/v1/runs", &[("limit", limit.to_string())]).await?, output)
        }
        RunCommand::Show(one) => show(&remote.get(&format!("/v1/runs/{}", one.run), &[]).await?, output),
        RunCommand::Stop(one) => {
            let stopped: Run = remote.post(&format!("/v1/runs/{}/stop", one.run), &json!({})).await?;
            show_stopped(&stopped, output)
        }
    }
}

fn show_all(runs: Vec<Run>, output: &Output) -> anyhow::Result<Ending> {
    let answer = Runs { runs };
    output.answer(&answer, || list_text(&answer.runs))?;
    Ok(Ending::Done)
}

fn show(run: &Run, output: &Output) -> anyhow::Result<Ending> {
    output.answer(run, || text(run))?;
    Ok(Ending::Done)
}

fn show_stopped(run: &Run, output: &Output) -> anyhow::Result<Ending> {
    output.answer(run, || match run.state {
        RunState::Running => format!("the {} stops at its next call or page", what(run)),
        _ => format!("the {} is {}: {}", what(run), run.state, run.detail.as_deref().unwrap_or("nobody says why")),
    })?;
    Ok(Ending::Done)
}

fn list_text(runs: &[Run]) -> String {
    if runs.is_empty() {
        return "there has been no run yet".to_owned();
    }
    let rows = runs.iter().map(|run| {
        vec![run.id.to_string(), what(run), state(run), counts(run), time(Some(run.started_at)), time(run.ended_at)]
    });
    table(&["RUN", "WHAT", "STATE", "COUNTS", "BEGAN", "ENDED"], rows)
}

fn text(run: &Run) -> String {
    let mut lines = vec![format!("{} (number {}): {}", what(run), run.number, state(run))];
    lines.extend(run.detail.iter().map(|detail| format!("    {detail}")));
    if let (RunState::Running, Some(asked)) = (run.state, &run.stop) {
        lines.push(format!("    {} wants it to stop since {:.0}", asked.by, asked.at));
    }
    lines.push(format!("    {}", counts(run)));
    lines.push(format!("    began {}, ended {}", time(Some(run.started_at)), time(run.ended_at)));
    lines.join("\n")
}

fn what(run: &Run) -> String {
    format!("{} of {}", run.kind.as_str(), run.subject)
}

/// One that was asked to stop and goes on is told apart.
fn state(run: &Run) -> String {
    match (run.state, &run.stop) {
        (RunState::Running, Some(_)) => "stopping".to_owned(),
        (state, _) => state.to_string(),
    }
}

fn counts(run: &Run) -> String {
    let counts: Vec<_> = run.counts.iter().map(|(name, count)| format!("{count} {}", name.replace('_', " "))).collect();
    if counts.is_empty() { "nothing counted yet".to_owned() } else { counts.join(", ") }
}

fn time(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{time:.0}"))
}
