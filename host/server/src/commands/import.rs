//! `purser import`: reads a source and accepts what changed.

use crate::Ending;
use crate::cli::Import;
use crate::commands::apply;
use crate::home::Home;
use crate::host::Host;
use crate::output::Output;
use crate::remote::{Done, Remote, RemoteError};
use purser_reconcile::{ApplyReport, ImportOptions, ImportReport};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// How long `--apply` waits for a retry.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    import: ImportReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<ApplyReport>,
}

/// Runs the command.
pub async fn run(home: Home, arguments: &Import, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    let progress = output.progress();
    if arguments.apply {
        host.take_up_declarations(&progress).await?;
    }
    let options = ImportOptions { departures_allowed: arguments.allow_departures };
    let import = host.engine.import(&arguments.source, options, &progress).await?;
    let applied = match arguments.apply {
        true => Some(host.engine.work_off_with_retries(PATIENCE, &progress).await?),
        false => None,
    };
    drop(progress);
    let ending = applied.as_ref().map_or(Ending::Done, apply::ending);
    output.answer(&Answer { import: import.clone(), applied: applied.clone() }, || {
        text(arguments, &import, applied.as_ref())
    })?;
    Ok(ending)
}

/// The same at a host that serves, which provisions what changed by itself.
pub async fn ask(remote: &Remote, arguments: &Import, output: &Output) -> anyhow::Result<Ending> {
    if arguments.allow_departures.is_some() {
        return Err(RemoteError::needs_home("--allow-departures").into());
    }
    let wanted = json!({"kind": "import", "source": arguments.source});
    match remote.work::<ImportReport>("/v1/runs", &wanted, output).await? {
        Done::GoesOn(follow) => goes_on(&follow, output),
        Done::Report(import) => {
            output.answer(&Answer { import: import.clone(), applied: None }, || text(arguments, &import, None))?;
            Ok(Ending::Done)
        }
    }
}

/// Work that takes longer than anybody waits here.
pub fn goes_on(follow: &str, output: &Output) -> anyhow::Result<Ending> {
    output.answer(&json!({"state": "running", "follow": follow}), || format!("it goes on; see {follow}"))?;
    Ok(Ending::ChangesPending)
}

fn text(arguments: &Import, import: &ImportReport, applied: Option<&ApplyReport>) -> String {
    let weight = import.weight;
    let mut text = format!(
        "{} records read from {}: {} new, {} changed, {} unchanged, {} departed",
        weight.staged, arguments.source, weight.new, weight.changed, weight.unchanged, import.departed
    );
    match applied {
        Some(report) => text.push_str(&format!("\n{}", apply::text(report))),
        None if weight.new + weight.changed + import.departed > 0 => {
            text.push_str("\nNothing is provisioned yet: look at it with `purser plan`, do it with `purser apply`.");
        }
        None => {}
    }
    text
}
