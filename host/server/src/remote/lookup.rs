//! How people name identities and accounts of a host.

use super::{Remote, RemoteError};
use purser_model::account::Account;
use purser_model::id::{AccountId, IdentityId};
use purser_model::identity::Identity;
use purser_store::Decision;
use std::collections::{BTreeMap, BTreeSet};

/// The identity that is named by its id, or as `source/key`.
///
/// # Errors
/// There is none.
pub async fn find_identity(remote: &Remote, named: &str) -> Result<Identity, RemoteError> {
    if let Ok(id) = named.parse::<IdentityId>() {
        return remote.get(&format!("/v1/identities/{id}"), &[]).await;
    }
    let nobody = || {
        RemoteError::Nobody(format!("`{named}` names no identity: write its id, or `source/key` such as `hr/E0001`"))
    };
    let (source, key) = named.split_once('/').ok_or_else(nobody)?;
    let query = [("source", source.to_owned()), ("key", key.to_owned())];
    let found: Vec<Identity> = remote.list("/v1/identities", &query).await?;
    let unknown = || RemoteError::Nobody(format!("no identity `{named}` is known; import its source first"));
    found.into_iter().next().ok_or_else(unknown)
}

/// The account that is named by its id, or as `target/id-in-the-target`.
///
/// # Errors
/// There is none.
pub async fn find_account(remote: &Remote, named: &str) -> Result<AccountId, RemoteError> {
    if let Ok(id) = named.parse::<AccountId>() {
        return Ok(id);
    }
    let nobody = || {
        RemoteError::Nobody(format!(
            "`{named}` names no account: write its id as `purser account list` shows it, or `target/id-in-the-target`"
        ))
    };
    let (target, remote_id) = named.split_once('/').ok_or_else(nobody)?;
    let accounts: Vec<Account> = remote.list("/v1/accounts", &[("target", target.to_owned())]).await?;
    let found = accounts.into_iter().find(|account| account.remote_id.as_deref() == Some(remote_id));
    let unknown = || RemoteError::Nobody(format!("no account `{named}` is known; reconcile the target first"));
    found.map(|account| account.id).ok_or_else(unknown)
}

/// A decision as the API knows it.
pub fn decision_word(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "approve",
        Decision::Reject => "reject",
    }
}

/// More are read with the list of all.
const MOST_ONE_BY_ONE: usize = 50;

/// These identities, by id; those that are gone meanwhile are left out.
///
/// # Errors
/// The host does not answer.
pub async fn identities(
    remote: &Remote,
    wanted: &BTreeSet<IdentityId>,
) -> Result<BTreeMap<IdentityId, Identity>, RemoteError> {
    if wanted.len() > MOST_ONE_BY_ONE {
        let all: Vec<Identity> = remote.list("/v1/identities", &[]).await?;
        return Ok(all.into_iter().filter(|one| wanted.contains(&one.id)).map(|one| (one.id, one)).collect());
    }
    let mut found = BTreeMap::new();
    for id in wanted {
        match remote.get::<Identity>(&format!("/v1/identities/{id}"), &[]).await {
            Ok(identity) => {
                found.insert(*id, identity);
            }
            Err(RemoteError::Problem { status: 404, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}
