//! Which accounts are protected.

use crate::failure::Result;
use crate::links::supersede_all;
use crate::matching;
use crate::rows::{Key, stream_event};
use crate::transaction::Transaction;
use crate::wakes::wake;
use jiff::Timestamp;
use purser_model::id::{AccountId, IdentityId};
use purser_store::ProtectionChange;
use rusqlite::OptionalExtension;

pub(crate) fn change(tx: &Transaction<'_>, changes: &[ProtectionChange], now: Timestamp) -> Result<()> {
    changes.iter().try_for_each(|change| keep(tx, change.account, change.because.as_deref(), now))
}

/// Keeps why an account is protected, or that it is not. What waits for one that is protected now will not be done; whose
/// account it is is planned again.
pub(crate) fn keep(tx: &Transaction<'_>, account: AccountId, because: Option<&str>, now: Timestamp) -> Result<()> {
    let row = tx
        .prepare_cached(
            "SELECT identity, target, situation, protected_because, remote_id IS NULL FROM account WHERE id = ?1",
        )?
        .query_row([Key::from(account)], |row| {
            Ok((
                row.get::<_, Option<Key>>(0)?.map(IdentityId::from),
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, Option<String>>(3)?,
                row.get::<_, bool>(4)?,
            ))
        })
        .optional()?;
    let Some((identity, target, situation, known, is_gone)) = row else { return Ok(()) };
    if known.as_deref() == because && (because.is_none() || situation == "protected" || is_gone) {
        return Ok(());
    }
    let situation = match (because, identity) {
        _ if is_gone => "missing",
        (Some(_), _) => "protected",
        (None, Some(_)) => "linked",
        (None, None) => "unmatched",
    };
    tx.prepare_cached("UPDATE account SET protected_because = ?2, situation = ?3 WHERE id = ?1")?.execute((
        Key::from(account),
        because,
        situation,
    ))?;
    match (&known, because) {
        (None, Some(_)) => {
            supersede_all(tx, account, "the account is protected", now)?;
            stream_event(tx, now, "account-protected", &account, &format!("in {target}"))?;
        }
        (Some(_), None) => {
            stream_event(tx, now, "account-unprotected", &account, &format!("in {target}"))?;
            matching::settle(tx, account, now)?;
        }
        _ => return Ok(()),
    }
    identity.map_or(Ok(()), |identity| wake(tx, identity))
}
