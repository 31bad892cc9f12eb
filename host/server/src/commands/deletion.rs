//! `purser deletion`: accounts that nobody grants, and when they are deleted.

use crate::Ending;
use crate::cli::Deletion;
use crate::home::Home;
use crate::host::{Host, now};
use crate::output::{Output, table};
use jiff::Timestamp;
use purser_model::account::Account;
use purser_model::configuration::{Configuration, Deprovisioning};
use purser_model::id::{AccountId, IdentityId, TargetName};
use purser_store::PageRequest;
use serde::Serialize;

const PAGE: u32 = 500;

/// An account that leaves.
#[derive(Debug, Serialize)]
struct Leaving {
    account: AccountId,
    identity: Option<IdentityId>,
    label: String,
    target: TargetName,
    active: Option<bool>,
    since: Option<Timestamp>,
    /// None: it is not deleted.
    deleted_at: Option<Timestamp>,
    cancelled: bool,
}

#[derive(Serialize)]
struct Cancelled {
    cancelled: AccountId,
}

/// Runs the command.
pub async fn run(home: Home, arguments: &Deletion, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    match arguments {
        Deletion::List => list(&host, output).await?,
        Deletion::Cancel(cancel) => {
            host.store.cancel_deletion(cancel.account, now()).await?;
            output.answer(&Cancelled { cancelled: cancel.account }, || {
                format!("account {} is not deleted until somebody has granted it again", cancel.account)
            })?;
        }
    }
    Ok(Ending::Done)
}

async fn list(host: &Host, output: &Output) -> anyhow::Result<()> {
    let mut leaving = Vec::new();
    let mut page = PageRequest::first(PAGE);
    loop {
        let accounts = host.store.leaving(page).await?;
        let Some(last) = accounts.last() else { break };
        page.after = Some(last.id);
        for account in accounts {
            let label = match account.identity {
                Some(identity) => host.store.identity(identity).await?.label().to_owned(),
                None => String::new(),
            };
            leaving.push(described(account, label, host.engine.rules().configuration()));
        }
    }
    output.answer(&leaving, || text(&leaving))
}

fn described(account: Account, label: String, configuration: &Configuration) -> Leaving {
    let policy = configuration.targets.get(&account.target).map(|target| &target.leaving);
    let wait = policy.and_then(|policy| match policy.action {
        Deprovisioning::Keep => None,
        Deprovisioning::Disable => policy.delete_after,
        Deprovisioning::Delete => Some(policy.grace),
    });
    let deleted_at = match (account.leaving_since, wait) {
        (Some(since), Some(wait)) if !account.deletion_cancelled => since.checked_add(wait).ok(),
        _ => None,
    };
    Leaving {
        account: account.id,
        identity: account.identity,
        label,
        target: account.target,
        active: account.active,
        since: account.leaving_since,
        deleted_at,
        cancelled: account.deletion_cancelled,
    }
}

fn text(leaving: &[Leaving]) -> String {
    if leaving.is_empty() {
        return "No account leaves.".to_owned();
    }
    let time = |time: Option<Timestamp>| time.map_or_else(|| "-".to_owned(), |time| format!("{time:.0}"));
    let rows = leaving.iter().map(|one| {
        let deleted = if one.cancelled { "cancelled".to_owned() } else { time(one.deleted_at) };
        vec![one.account.to_string(), one.label.clone(), one.target.to_string(), time(one.since), deleted]
    });
    table(&["ACCOUNT", "IDENTITY", "TARGET", "LEAVING SINCE", "DELETED AT"], rows)
}
