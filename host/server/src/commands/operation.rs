//! `purser operation`: operations, and how they are tried again or taken out of the queue.

use crate::Ending;
use crate::cli::{OperationCommand, OperationList};
use crate::commands::since::find_identity;
use crate::home::Home;
use crate::host::{Host, now, open_to_read};
use crate::output::{Output, table};
use crate::remote::{self, Remote};
use purser_model::id::OperationId;
use purser_model::operation::{EntitlementReference, Intent, Operation};
use purser_store::{OperationFilter, PageRequest, Store};
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Serialize)]
struct Operations {
    operations: Vec<Operation>,
}

/// Runs the command. A host may work in the home at the same time where it only reads.
pub async fn run(home: Home, command: &OperationCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        OperationCommand::List(wanted) => {
            let store = open_to_read(&home)?;
            let filter = filter(store.as_ref(), wanted).await?;
            show_all(store.operations(filter, PageRequest::first(wanted.limit)).await?, output)
        }
        OperationCommand::Show(one) => show(&open_to_read(&home)?.operation(one.operation).await?, output),
        OperationCommand::Retry(some) => {
            let host = Host::open(&home).await?;
            for operation in &some.operation {
                host.store.release(*operation, now()).await?;
            }
            show_retried(&some.operation, output)
        }
        OperationCommand::Cancel(some) => {
            let host = Host::open(&home).await?;
            for operation in &some.operation {
                host.store.cancel_operation(*operation, now()).await?;
            }
            show_cancelled(&some.operation, output)
        }
    }
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, command: &OperationCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        OperationCommand::List(wanted) => {
            let mut query = vec![("limit", wanted.limit.to_string())];
            query.extend(wanted.target.as_ref().map(|target| ("target", target.to_string())));
            query.extend(wanted.state.map(|state| ("state", state.to_string())));
            if let Some(named) = &wanted.identity {
                query.push(("identity", remote::find_identity(remote, named).await?.id.to_string()));
            }
            show_all(remote.whole("/v1/operations", &query).await?, output)
        }
        OperationCommand::Show(one) => {
            show(&remote.get(&format!("/v1/operations/{}", one.operation), &[]).await?, output)
        }
        OperationCommand::Retry(some) => {
            for operation in &some.operation {
                remote.post::<Value>(&format!("/v1/operations/{operation}/retry"), &json!({})).await?;
            }
            show_retried(&some.operation, output)
        }
        OperationCommand::Cancel(some) => {
            for operation in &some.operation {
                remote.post::<Value>(&format!("/v1/operations/{operation}/cancellation"), &json!({})).await?;
            }
            show_cancelled(&some.operation, output)
        }
    }
}

async fn filter(store: &dyn Store, wanted: &OperationList) -> anyhow::Result<OperationFilter> {
    let identity = match &wanted.identity {
        Some(reference) => Some(find_identity(store, reference).await?),
        None => None,
    };
    Ok(OperationFilter { target: wanted.target.clone(), identity, state: wanted.state, ..OperationFilter::default() })
}

fn show_all(operations: Vec<Operation>, output: &Output) -> anyhow::Result<Ending> {
    let answer = Operations { operations };
    output.answer(&answer, || list_text(&answer.operations))?;
    Ok(Ending::Done)
}

fn show(operation: &Operation, output: &Output) -> anyhow::Result<Ending> {
    output.answer(operation, || text(operation))?;
    Ok(Ending::Done)
}

fn show_retried(operations: &[OperationId], output: &Output) -> anyhow::Result<Ending> {
    output.answer(&json!({"retried": operations}), || {
        format!("{} operations are tried again at once", operations.len())
    })?;
    Ok(Ending::Done)
}

fn show_cancelled(operations: &[OperationId], output: &Output) -> anyhow::Result<Ending> {
    output.answer(&json!({"cancelled": operations}), || {
        format!(
            "{} operations are not sent; the same is planned again when the identity or the declarations change, or the target \
             is reconciled",
            operations.len()
        )
    })?;
    Ok(Ending::Done)
}

fn list_text(operations: &[Operation]) -> String {
    if operations.is_empty() {
        return "no operation is like this".to_owned();
    }
    let rows = operations.iter().map(|one| {
        let state = match one.quarantined_since {
            Some(_) if !one.state.is_final() => "quarantined".to_owned(),
            _ => one.state.to_string(),
        };
        let detail = one.detail.as_deref().unwrap_or_default().escape_debug().to_string();
        vec![one.id.to_string(), what(one), state, one.attempts.to_string(), format!("{:.0}", one.changed_at), detail]
    });
    table(&["OPERATION", "WHAT", "STATE", "TRIES", "CHANGED", "WHY"], rows)
}

fn text(one: &Operation) -> String {
    let whom = one.identity.map_or_else(|| "nobody".to_owned(), |identity| format!("identity {identity}"));
    let mut lines = vec![format!("{} for {whom}: {}", what(one), one.state)];
    lines.extend(one.detail.iter().map(|detail| format!("    {}", detail.escape_debug())));
    let since = one.quarantined_since.filter(|_| !one.state.is_final());
    lines.extend(since.map(|since| format!("    quarantined since {since:.0}, next try {:.0}", one.not_before)));
    lines.push(format!("    planned {:.0}, changed {:.0}, sent {} x", one.created_at, one.changed_at, one.attempts));
    lines.join("\n")
}

/// Such as `grant everyone in crm`.
fn what(one: &Operation) -> String {
    let object = match &one.intent {
        Intent::Grant { entitlement } | Intent::Revoke { entitlement } => named(entitlement),
        Intent::CreateEntitlement { name, .. } => format!(" {name}"),
        _ => String::new(),
    };
    format!("{}{object} in {}", one.intent.name(), one.target)
}

fn named(entitlement: &EntitlementReference) -> String {
    format!(" {entitlement}")
}
