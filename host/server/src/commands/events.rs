//! `purser events`: what happened, in order, from a sequence number on.

use crate::Ending;
use crate::cli::{Events, EventsCommand};
use crate::home::Home;
use crate::host::{Host, now, open_to_read};
use crate::output::Output;
use crate::remote::Remote;
use purser_store::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

const PAGE: u32 = 1_000;
const LOOK_AGAIN: Duration = Duration::from_millis(500);

#[derive(Serialize, Deserialize)]
struct Pruned {
    dropped: u64,
}

/// Runs the command.
pub async fn run(home: Home, arguments: &Events, output: &Output) -> anyhow::Result<Ending> {
    if let Some(EventsCommand::Prune(prune)) = &arguments.command {
        let host = Host::open(&home).await?;
        let dropped = host.store.prune_events(prune.before.before(now())?, now()).await?;
        return show_pruned(&Pruned { dropped }, output);
    }
    let store = open_to_read(&home)?;
    let mut after = match arguments.after {
        Some(after) => after,
        None => store.events_kept().await?.dropped_through,
    };
    loop {
        let events = store.events(after, PAGE).await?;
        for event in &events {
            after = event.sequence;
            show(event, output)?;
        }
        if events.is_empty() {
            if !arguments.follow {
                return Ok(Ending::Done);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &Events, output: &Output) -> anyhow::Result<Ending> {
    if let Some(EventsCommand::Prune(prune)) = &arguments.command {
        let body = json!({"before": prune.before.before(now())?});
        return show_pruned(&remote.post("/v1/events/pruning", &body).await?, output);
    }
    let mut after = arguments.after;
    loop {
        let mut query = vec![("limit", "500".to_owned())];
        query.extend(after.map(|after| ("after", after.to_string())));
        let events: Vec<Event> = remote.whole("/v1/events", &query).await?;
        for event in &events {
            after = Some(event.sequence);
            show(event, output)?;
        }
        if events.is_empty() {
            if !arguments.follow {
                return Ok(Ending::Done);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

fn show_pruned(answer: &Pruned, output: &Output) -> anyhow::Result<Ending> {
    output.answer(answer, || format!("{} events dropped", answer.dropped))?;
    Ok(Ending::Done)
}

fn show(event: &Event, output: &Output) -> anyhow::Result<()> {
    match output.is_json() {
        true => println!("{}", serde_json::to_string(event)?),
        false => {
            println!("{:>8}  {:.3}  {}  {}  {}", event.sequence, event.at, event.kind, event.subject, event.detail);
        }
    }
    Ok(())
}
