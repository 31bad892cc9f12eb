//! `purser held`: what the guard holds, and what a person decides on it.

use crate::Ending;
use crate::cli::{Held as Arguments, HeldChoice};
use crate::home::Home;
use crate::host::Host;
use crate::output::{Output, table};
use crate::remote::{Remote, decision_word};
use purser_model::id::{AccountId, TargetName};
use purser_store::{Decision, Held, HeldDecided, HeldFilter, HeldState, PageRequest};
use serde_json::json;

const PAGE: u32 = 500;

/// Runs the command.
pub async fn run(home: Home, arguments: &Arguments, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    match arguments {
        Arguments::List(list) => {
            let held = all(&host, &HeldFilter { target: list.target.clone(), ..HeldFilter::default() }).await?;
            show(&held, output)
        }
        Arguments::Approve(choice) => decide(&host, choice, Decision::Approve, output).await,
        Arguments::Reject(choice) => decide(&host, choice, Decision::Reject, output).await,
    }
}

async fn all(host: &Host, filter: &HeldFilter) -> anyhow::Result<Vec<Held>> {
    let mut held = Vec::new();
    let mut page = PageRequest::first(PAGE);
    loop {
        let some = host.store.held(filter.clone(), page).await?;
        let Some(last) = some.last() else { return Ok(held) };
        page.after = Some(last.account);
        held.extend(some);
    }
}

async fn decide(host: &Host, choice: &HeldChoice, decision: Decision, output: &Output) -> anyhow::Result<Ending> {
    let accounts: Vec<AccountId> = if choice.all {
        let pending =
            HeldFilter { target: choice.target.clone(), state: Some(HeldState::Pending), ..HeldFilter::default() };
        all(host, &pending).await?.into_iter().map(|held| held.account).collect()
    } else {
        choice.account.clone()
    };
    let mut total = HeldDecided::default();
    for some in accounts.chunks(PAGE as usize) {
        add(&mut total, host.engine.decide_held(host.store.as_ref(), some.to_vec(), decision).await?);
    }
    show_decided(&total, decision, output)
}

fn add(total: &mut HeldDecided, decided: HeldDecided) {
    total.items += decided.items;
    total.operations += decided.operations;
    total.stale.extend(decided.stale);
}

fn show(held: &[Held], output: &Output) -> anyhow::Result<Ending> {
    output.answer(&held, || text(held))?;
    Ok(Ending::Done)
}

fn show_decided(total: &HeldDecided, decision: Decision, output: &Output) -> anyhow::Result<Ending> {
    output.answer(total, || decided_text(total, decision))?;
    Ok(if total.stale.is_empty() { Ending::Done } else { Ending::Failed })
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &Arguments, output: &Output) -> anyhow::Result<Ending> {
    match arguments {
        Arguments::List(list) => show(&ask_for(remote, list.target.as_ref(), None).await?, output),
        Arguments::Approve(choice) => ask_to_decide(remote, choice, Decision::Approve, output).await,
        Arguments::Reject(choice) => ask_to_decide(remote, choice, Decision::Reject, output).await,
    }
}

async fn ask_for(remote: &Remote, target: Option<&TargetName>, state: Option<HeldState>) -> anyhow::Result<Vec<Held>> {
    let mut query = Vec::new();
    query.extend(target.map(|target| ("target", target.to_string())));
    query.extend(state.map(|state| ("state", state.as_str().to_owned())));
    Ok(remote.list("/v1/held", &query).await?)
}

async fn ask_to_decide(
    remote: &Remote,
    choice: &HeldChoice,
    decision: Decision,
    output: &Output,
) -> anyhow::Result<Ending> {
    let accounts: Vec<AccountId> = if choice.all {
        let pending = ask_for(remote, choice.target.as_ref(), Some(HeldState::Pending)).await?;
        pending.into_iter().map(|held| held.account).collect()
    } else {
        choice.account.clone()
    };
    let mut total = HeldDecided::default();
    for some in accounts.chunks(PAGE as usize) {
        add(
            &mut total,
            remote.post("/v1/held/decision", &json!({"accounts": some, "decision": decision_word(decision)})).await?,
        );
    }
    show_decided(&total, decision, output)
}

fn decided_text(decided: &HeldDecided, decision: Decision) -> String {
    let mut lines = vec![match decision {
        Decision::Approve => format!(
            "{} approved, {} operations wait: carry them out with `purser apply`, or `purser serve`",
            decided.items, decided.operations
        ),
        Decision::Reject => {
            format!("{} rejected: nothing is done until the identity or the account changes", decided.items)
        }
    }];
    let stale = decided.stale.iter();
    lines.extend(stale.map(|one| format!("  left out {} in {}: {}", one.label, one.target, one.reason)));
    lines.join("\n")
}

fn text(held: &[Held]) -> String {
    if held.is_empty() {
        return "nothing is held".to_owned();
    }
    let rows = held.iter().map(|held| {
        let operations = held.item.operations.iter().map(|operation| operation.intent.name());
        vec![
            held.account.to_string(),
            held.item.target.to_string(),
            held.item.label.clone(),
            operations.collect::<Vec<_>>().join(", "),
            held.state.as_str().to_owned(),
            format!("{:.0}", held.held_at),
            held.reason.clone(),
        ]
    });
    table(&["ACCOUNT", "TARGET", "IDENTITY", "WOULD", "STATE", "SINCE", "WHY"], rows)
}
