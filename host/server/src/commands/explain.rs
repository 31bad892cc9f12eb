//! `purser explain`: why an identity has what it has, step by step.

use crate::Ending;
use crate::cli::Explain;
use crate::home::Home;
use crate::host::Host;
use crate::output::{Output, table};
use crate::remote::{Remote, find_identity};
use purser_model::case::Case;
use purser_model::operation::Operation;
use purser_reconcile::IdentityExplained;
use purser_store::{Held, HeldState};

/// Runs the command.
pub async fn run(home: Home, arguments: &Explain, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    let identity = host.engine.find_identity(&arguments.identity).await?;
    let explained = host.engine.explain(identity, arguments.target.as_ref()).await?;
    output.answer(&explained, || text(&explained))?;
    Ok(Ending::Done)
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &Explain, output: &Output) -> anyhow::Result<Ending> {
    let identity = find_identity(remote, &arguments.identity).await?;
    let query: Vec<_> = arguments.target.iter().map(|target| ("target", target.to_string())).collect();
    let path = format!("/v1/identities/{}/explanation", identity.id);
    let explained: IdentityExplained = remote.get(&path, &query).await?;
    output.answer(&explained, || text(&explained))?;
    Ok(Ending::Done)
}

/// What people read.
pub fn text(explained: &IdentityExplained) -> String {
    let mut parts = vec![explained.explanation.text()];
    let listed: Vec<String> = explained
        .explanation
        .targets
        .iter()
        .flat_map(|target| target.accounts.iter().map(move |account| (target, account)))
        .filter_map(|(target, account)| {
            let sighting = explained.sightings.iter().find(|sighting| sighting.account == account.account)?;
            let at = sighting.listed_at.map_or_else(|| "never".to_owned(), |at| format!("{at:.0}"));
            Some(format!("last listed in {}: {at}", target.target))
        })
        .collect();
    if !listed.is_empty() {
        parts.push(listed.join("\n"));
    }
    for (target, reason) in &explained.not_read {
        parts.push(format!("{target} could not be asked: {reason}"));
    }
    parts.extend(explained.held.iter().map(held));
    parts.extend(explained.cases.iter().map(case));
    for (title, operations) in
        [("open operations", &explained.open_operations), ("last operations", &explained.last_operations)]
    {
        if !operations.is_empty() {
            parts.push(format!("{title}\n{}", operations_table(operations)));
        }
    }
    parts.join("\n")
}

/// What the guard holds, and what a person can do about it.
fn held(held: &Held) -> String {
    let (target, reason) = (&held.item.target, &held.reason);
    match held.state {
        HeldState::Pending => format!(
            "held in {target} since {:.0}: {reason}; decide with `purser held approve {1}` or `purser held reject {1}`",
            held.held_at, held.account
        ),
        HeldState::Rejected => format!("rejected in {target}: {reason}"),
    }
}

/// A doubtful match, and what a person can do about it.
fn case(case: &Case) -> String {
    let (target, id, count) = (&case.target, case.id, case.candidates.len());
    match case.decision {
        None => format!(
            "a case is open in {target}: {count} accounts may belong to this identity; see `purser case show {id}`"
        ),
        Some(decision) => format!("a person decided in {target}: {} (case {id})", decision.as_str()),
    }
}

/// One line per operation.
pub fn operations_table(operations: &[Operation]) -> String {
    let rows = operations.iter().map(|operation| {
        vec![
            operation.target.to_string(),
            operation.intent.name().to_owned(),
            operation.state.to_string(),
            format!("{:.0}", operation.changed_at),
            operation.error_class.clone().unwrap_or_default(),
            operation.detail.clone().unwrap_or_default(),
        ]
    });
    table(&["TARGET", "OPERATION", "STATE", "AT", "LAST FAILURE", "DETAIL"], rows)
}
