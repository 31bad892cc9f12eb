//! `purser status`: identities, accounts and queues in numbers.

use crate::Ending;
use crate::home::Home;
use crate::host::{Host, now};
use crate::output::{Output, table};
use crate::remote::Remote;
use purser_reconcile::Awaited;
use purser_store::{LimitCount, LimitReached, QueueState, SituationCount};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A target as the API shows it.
#[derive(Deserialize)]
struct TargetState {
    name: String,
    accounts: Vec<SituationCount>,
    queue: QueueState,
}

#[derive(Serialize)]
struct Answer {
    accounts: Vec<SituationCount>,
    queues: BTreeMap<String, QueueState>,
    /// How often calls into connectors reached a limit.
    limits: Vec<LimitCount>,
    /// After a restore: what has to be looked at before anything is written.
    #[serde(skip_serializing_if = "Awaited::is_nothing")]
    awaited: Awaited,
}

/// Runs the command.
pub async fn run(home: Home, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    let mut queues = BTreeMap::new();
    for name in host.engine.target_names() {
        queues.insert(name.to_string(), host.store.queue(&name, now()).await?);
    }
    let limits = host.store.limits_reached().await?;
    let answer = Answer { accounts: host.store.situations().await?, queues, limits, awaited: host.engine.awaited() };
    output.answer(&answer, || text(&answer))?;
    Ok(Ending::Done)
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, output: &Output) -> anyhow::Result<Ending> {
    let targets: Vec<TargetState> = remote.whole("/v1/targets", &[]).await?;
    let limits = remote.whole("/v1/limits", &[]).await?;
    let mut answer = Answer { accounts: Vec::new(), queues: BTreeMap::new(), limits, awaited: Awaited::default() };
    for target in targets {
        answer.accounts.extend(target.accounts);
        answer.queues.insert(target.name, target.queue);
    }
    output.answer(&answer, || text(&answer))?;
    Ok(Ending::Done)
}

fn text(answer: &Answer) -> String {
    let accounts = answer.accounts.iter().map(|count| {
        let usable = match count.active {
            Some(true) => "enabled",
            Some(false) => "disabled",
            None => "-",
        };
        vec![count.target.to_string(), count.situation.to_string(), usable.to_owned(), count.accounts.to_string()]
    });
    let queues = answer.queues.iter().map(|(target, queue)| {
        vec![target.clone(), queue.due.to_string(), queue.later.to_string(), queue.unknown.to_string()]
    });
    let mut text = format!(
        "{}\n\n{}",
        table(&["TARGET", "SITUATION", "STATE", "ACCOUNTS"], accounts),
        table(&["TARGET", "DUE", "LATER", "UNKNOWN"], queues)
    );
    if !answer.limits.is_empty() {
        text.push_str("\n\n");
        text.push_str(&table(&["LIMIT", "CONNECTOR", "REACHED BY", "TIMES", "LAST"], answer.limits.iter().map(limit)));
    }
    if !answer.awaited.is_nothing() {
        let _ = write!(text, "\n\nThe store was restored. Before anything is written: {}", answer.awaited);
    }
    text
}

fn limit(count: &LimitCount) -> Vec<String> {
    let LimitReached { limit, connector, subject } = &count.reached;
    vec![limit.clone(), connector.clone(), subject.clone(), count.times.to_string(), count.last.to_string()]
}
