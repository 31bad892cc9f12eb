//! `purser connector prune`: removes copies of connectors that nobody needs any more.

use crate::Ending;
use crate::cli::PruneConnectors;
use crate::home::Home;
use crate::host::{Host, now};
use crate::output::Output;
use crate::pruning::{prune, unneeded};
use crate::remote::Remote;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::SystemTime;

#[derive(Serialize, Deserialize)]
struct Answer {
    removed: bool,
    copies: Vec<String>,
}

/// Runs the command.
pub async fn run(home: &Home, arguments: &PruneConnectors, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(home).await?;
    let (configuration, now) = (host.engine.rules().configuration(), SystemTime::from(now()));
    let copies = if arguments.dry_run {
        unneeded(&host.registry, host.store.as_ref(), configuration, now).await?
    } else {
        prune(&host.registry, host.store.as_ref(), configuration, now).await?
    };
    show(&Answer { removed: !arguments.dry_run, copies }, output)
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &PruneConnectors, output: &Output) -> anyhow::Result<Ending> {
    show(&remote.post("/v1/connectors/pruning", &json!({"dry_run": arguments.dry_run})).await?, output)
}

fn show(answer: &Answer, output: &Output) -> anyhow::Result<Ending> {
    output.answer(answer, || text(answer))?;
    Ok(Ending::Done)
}

fn text(answer: &Answer) -> String {
    match (answer.copies.as_slice(), answer.removed) {
        ([], _) => "every copy is needed, or new enough to be kept".to_owned(),
        (copies, true) => format!("removed:\n{}", copies.join("\n")),
        (copies, false) => format!("would be removed:\n{}", copies.join("\n")),
    }
}
