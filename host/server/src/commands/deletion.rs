//! `purser deletion`: accounts that nobody grants, and when they are deleted.

use crate::Ending;
use crate::cli::Deletion;
use crate::home::Home;
use crate::host::{Host, now};
use crate::output::{Output, table};
use crate::remote::{Remote, identities};
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::account::Account;
use purser_model::id::{AccountId, IdentityId, TargetName};
use purser_reconcile::deletion_of;
use purser_store::PageRequest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

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
            show_cancelled(cancel.account, output)?;
        }
    }
    Ok(Ending::Done)
}

fn show_cancelled(account: AccountId, output: &Output) -> anyhow::Result<()> {
    output.answer(&Cancelled { cancelled: account }, || {
        format!("account {account} is not deleted until somebody has granted it again")
    })
}

/// An account that leaves, as the API shows it.
#[derive(Deserialize)]
struct Told {
    #[serde(flatten)]
    account: Account,
    deleted_at: Option<Timestamp>,
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &Deletion, output: &Output) -> anyhow::Result<Ending> {
    if let Deletion::Cancel(cancel) = arguments {
        remote.post::<Value>(&format!("/v1/deletions/{}/cancellation", cancel.account), &json!({})).await?;
        show_cancelled(cancel.account, output)?;
        return Ok(Ending::Done);
    }
    let told: Vec<Told> = remote.list("/v1/deletions", &[]).await?;
    let wanted: BTreeSet<IdentityId> = told.iter().filter_map(|one| one.account.identity).collect();
    let known = identities(remote, &wanted).await?;
    let leaving: Vec<Leaving> = told
        .into_iter()
        .map(|Told { account, deleted_at }| {
            let label = account.identity.and_then(|id| known.get(&id)).map(|identity| identity.label().to_owned());
            described(account, label.unwrap_or_default(), deleted_at)
        })
        .collect();
    output.answer(&leaving, || text(&leaving))?;
    Ok(Ending::Done)
}

async fn list(host: &Host, output: &Output) -> anyhow::Result<()> {
    let mut leaving = Vec::new();
    let mut page = PageRequest::first(PAGE);
    loop {
        let accounts = host.store.leaving(&Reach::Everything, page).await?;
        let Some(last) = accounts.last() else { break };
        page.after = Some(last.id);
        for account in accounts {
            let label = match account.identity {
                Some(identity) => host.store.identity(identity).await?.label().to_owned(),
                None => String::new(),
            };
            let deleted_at = deletion_of(&account, host.engine.rules().configuration());
            leaving.push(described(account, label, deleted_at));
        }
    }
    output.answer(&leaving, || text(&leaving))
}

fn described(account: Account, label: String, deleted_at: Option<Timestamp>) -> Leaving {
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
