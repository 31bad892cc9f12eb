//! `purser connector prune`: removes copies of connectors that nobody needs any more.

use crate::Ending;
use crate::cli::PruneConnectors;
use crate::home::Home;
use crate::host::{Host, now};
use crate::output::Output;
use crate::pruning::{prune, unneeded};
use serde::Serialize;
use std::time::SystemTime;

#[derive(Serialize)]
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
    let answer = Answer { removed: !arguments.dry_run, copies };
    output.answer(&answer, || text(&answer))?;
    Ok(Ending::Done)
}

fn text(answer: &Answer) -> String {
    match (answer.copies.as_slice(), answer.removed) {
        ([], _) => "every copy is needed, or new enough to be kept".to_owned(),
        (copies, true) => format!("removed:\n{}", copies.join("\n")),
        (copies, false) => format!("would be removed:\n{}", copies.join("\n")),
    }
}
