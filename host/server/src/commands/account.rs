//! `purser account`: accounts by situation, and links that a person makes.

use crate::Ending;
use crate::cli::{AccountCommand, ListAccounts};
use crate::commands::people;
use crate::home::Home;
use crate::host::{Host, now};
use crate::output::{Output, table};
use purser_model::account::{Account, Situation};
use purser_model::id::{AccountId, IdentityId, TargetName};
use purser_store::{AccountFilter, PageRequest};
use serde::Serialize;
use std::collections::BTreeMap;

const PAGE: u32 = 500;

/// An account in short.
#[derive(Debug, Serialize)]
struct Line {
    account: AccountId,
    target: TargetName,
    remote_id: Option<String>,
    situation: Situation,
    active: Option<bool>,
    identity: Option<IdentityId>,
    /// How people call the identity.
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protected_because: Option<String>,
}

#[derive(Serialize)]
struct Linked {
    account: AccountId,
    identity: Option<IdentityId>,
}

/// Runs the command.
pub async fn run(home: Home, command: &AccountCommand, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    match command {
        AccountCommand::List(filter) => list(&host, filter, output).await?,
        AccountCommand::Link(link) => {
            let account = people::account(host.store.as_ref(), &link.account).await?;
            let identity = people::identity(host.store.as_ref(), &link.identity).await?;
            host.store.link_account(account.id, identity.id, now()).await?;
            let linked = Linked { account: account.id, identity: Some(identity.id) };
            output.answer(&linked, || {
                format!("account {} is {}'s now; `purser apply` brings it into shape", account.id, identity.label())
            })?;
        }
        AccountCommand::Unlink(unlink) => {
            let account = people::account(host.store.as_ref(), &unlink.account).await?;
            host.store.unlink_account(account.id, now()).await?;
            let linked = Linked { account: account.id, identity: None };
            output.answer(&linked, || format!("account {} belongs to nobody now", account.id))?;
        }
    }
    Ok(Ending::Done)
}

async fn list(host: &Host, filter: &ListAccounts, output: &Output) -> anyhow::Result<()> {
    let filter = AccountFilter { target: filter.target.clone(), situation: filter.situation, identity: None };
    let mut lines = Vec::new();
    let mut labels: BTreeMap<IdentityId, String> = BTreeMap::new();
    let mut page = PageRequest::first(PAGE);
    loop {
        let accounts = host.store.accounts(filter.clone(), page).await?;
        let Some(last) = accounts.last() else { break };
        page.after = Some(last.id);
        for account in accounts {
            let label = match account.identity {
                Some(id) => Some(label(host, &mut labels, id).await?),
                None => None,
            };
            lines.push(line(account, label));
        }
    }
    output.answer(&lines, || text(&lines))
}

async fn label(host: &Host, known: &mut BTreeMap<IdentityId, String>, id: IdentityId) -> anyhow::Result<String> {
    if let Some(label) = known.get(&id) {
        return Ok(label.clone());
    }
    let label = host.store.identity(id).await?.label().to_owned();
    known.insert(id, label.clone());
    Ok(label)
}

fn line(account: Account, label: Option<String>) -> Line {
    Line {
        account: account.id,
        target: account.target,
        remote_id: account.remote_id,
        situation: account.situation,
        active: account.active,
        identity: account.identity,
        label,
        protected_because: account.protected_because,
    }
}

fn text(lines: &[Line]) -> String {
    let rows = lines.iter().map(|line| {
        let state = match line.active {
            Some(true) => "enabled",
            Some(false) => "disabled",
            None => "-",
        };
        vec![
            line.target.to_string(),
            line.situation.to_string(),
            line.remote_id.clone().unwrap_or_else(|| "-".to_owned()),
            state.to_owned(),
            line.label.clone().unwrap_or_else(|| "-".to_owned()),
            line.account.to_string(),
            line.protected_because.clone().unwrap_or_default(),
        ]
    });
    table(&["TARGET", "SITUATION", "ID THERE", "STATE", "IDENTITY", "ACCOUNT", ""], rows)
}
