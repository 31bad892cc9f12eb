//! How people name identities and accounts on the command line.

use anyhow::{Context, bail};
use purser_model::account::Account;
use purser_model::case::Case;
use purser_model::id::{AccountId, IdentityId};
use purser_model::identity::Identity;
use purser_store::{AccountFilter, IdentityFilter, PageRequest, Store};

const PAGE: u32 = 500;

/// The identity that is named by its id, or as `source/key`.
pub async fn identity(store: &dyn Store, named: &str) -> anyhow::Result<Identity> {
    if let Ok(id) = named.parse::<IdentityId>() {
        return Ok(store.identity(id).await?);
    }
    let Some((source, key)) = named.split_once('/') else {
        bail!("`{named}` names no identity: write its id, or `source/key` such as `hr/E0001`");
    };
    let source = source.parse().with_context(|| format!("`{named}` names no identity"))?;
    let filter = IdentityFilter { source: Some(source), key: Some(key.to_owned()), ..IdentityFilter::default() };
    let found = store.identities(filter, PageRequest::first(1)).await?.into_iter().next();
    found.with_context(|| format!("no identity `{named}` is known; import its source first"))
}

/// The account that is named by its id, or as `target/id-in-the-target`.
pub async fn account(store: &dyn Store, named: &str) -> anyhow::Result<Account> {
    if let Ok(id) = named.parse::<AccountId>() {
        return Ok(store.account(id).await?);
    }
    let Some((target, remote_id)) = named.split_once('/') else {
        bail!(
            "`{named}` names no account: write its id as `purser account list` shows it, or `target/id-in-the-target`"
        );
    };
    let target = target.parse().with_context(|| format!("`{named}` names no account"))?;
    let filter = AccountFilter { target: Some(target), ..AccountFilter::default() };
    let mut page = PageRequest::first(PAGE);
    loop {
        let accounts = store.accounts(filter.clone(), page).await?;
        let Some(last) = accounts.last() else {
            bail!("no account `{named}` is known; reconcile the target first");
        };
        page.after = Some(last.id);
        if let Some(found) = accounts.into_iter().find(|account| account.remote_id.as_deref() == Some(remote_id)) {
            return Ok(found);
        }
    }
}

/// The candidate of a case that is named by its id, or by its id in the target.
pub async fn candidate(store: &dyn Store, case: &Case, named: &str) -> anyhow::Result<AccountId> {
    for candidate in &case.candidates {
        let account = store.account(candidate.account).await?;
        if account.id.to_string() == named || account.remote_id.as_deref() == Some(named) {
            return Ok(account.id);
        }
    }
    bail!("`{named}` is no candidate of case {}; see `purser case show {0}`", case.id)
}
