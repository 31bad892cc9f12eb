//! `purser account`: accounts by situation, and links that a person makes.

use crate::Ending;
use crate::cli::{AccountCommand, ListAccounts};
use crate::commands::people;
use crate::home::Home;
use crate::host::{Host, now};
use crate::output::{Output, table};
use crate::remote::{Remote, find_account, find_identity, identities};
use purser_model::account::{Account, Situation};
use purser_model::id::{AccountId, IdentityId, TargetName};
use purser_store::{AccountFilter, PageRequest};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

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
            show_linked(account.id, identity.id, identity.label(), output)?;
        }
        AccountCommand::Unlink(unlink) => {
            let account = people::account(host.store.as_ref(), &unlink.account).await?;
            host.store.unlink_account(account.id, now()).await?;
            show_unlinked(account.id, output)?;
        }
    }
    Ok(Ending::Done)
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, command: &AccountCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        AccountCommand::List(filter) => {
            let mut query = Vec::new();
            query.extend(filter.target.as_ref().map(|target| ("target", target.to_string())));
            query.extend(filter.situation.map(|situation| ("situation", situation.to_string())));
            let accounts: Vec<Account> = remote.list("/v1/accounts", &query).await?;
            let wanted: BTreeSet<IdentityId> = accounts.iter().filter_map(|account| account.identity).collect();
            let known = identities(remote, &wanted).await?;
            let label = |id: IdentityId| known.get(&id).map(|identity| identity.label().to_owned());
            let lines: Vec<Line> = accounts
                .into_iter()
                .map(|account| {
                    let label = account.identity.and_then(label);
                    line(account, label)
                })
                .collect();
            output.answer(&lines, || text(&lines))?;
        }
        AccountCommand::Link(link) => {
            let account = find_account(remote, &link.account).await?;
            let identity = find_identity(remote, &link.identity).await?;
            let wanted = json!({"identity": identity.id});
            remote.post::<Value>(&format!("/v1/accounts/{account}/link"), &wanted).await?;
            show_linked(account, identity.id, identity.label(), output)?;
        }
        AccountCommand::Unlink(unlink) => {
            let account = find_account(remote, &unlink.account).await?;
            remote.delete(&format!("/v1/accounts/{account}/link")).await?;
            show_unlinked(account, output)?;
        }
    }
    Ok(Ending::Done)
}

fn show_linked(account: AccountId, identity: IdentityId, label: &str, output: &Output) -> anyhow::Result<()> {
    let linked = Linked { account, identity: Some(identity) };
    output.answer(&linked, || format!("account {account} is {label}'s now; `purser apply` brings it into shape"))
}

fn show_unlinked(account: AccountId, output: &Output) -> anyhow::Result<()> {
    output.answer(&Linked { account, identity: None }, || format!("account {account} belongs to nobody now"))
}

async fn list(host: &Host, filter: &ListAccounts, output: &Output) -> anyhow::Result<()> {
    let filter =
        AccountFilter { target: filter.target.clone(), situation: filter.situation, ..AccountFilter::default() };
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
