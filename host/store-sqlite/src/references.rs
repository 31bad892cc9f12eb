//! Accounts that others refer to.

use crate::failure::Result;
use crate::rows::{self, ACCOUNT, Key, collect};
use crate::transaction::Transaction;
use crate::wakes::wake_whom;
use purser_model::account::Account;
use purser_model::id::{IdentityId, TargetName};
use purser_store::ReferenceQuestion;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;

/// The account of each identity that is asked for, without what it holds.
pub(crate) fn referred(connection: &Connection, questions: &[ReferenceQuestion]) -> Result<Vec<Option<Account>>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {ACCOUNT} FROM identity JOIN account ON account.identity = identity.id \
         WHERE identity.source = ?1 AND identity.key = ?2 AND account.target = ?3 AND account.class = ?4 \
         AND account.remote_id IS NOT NULL"
    ))?;
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        let (source, key) = question.identity.split_once('/').unwrap_or(("", &question.identity));
        let mut found = query.query((source, key, question.target.as_str(), &question.class))?;
        answers.push(found.next()?.map(rows::account).transpose()?);
    }
    Ok(answers)
}

/// Keeps whom the accounts of an identity refer to.
pub(crate) fn keep(
    tx: &Transaction<'_>,
    identity: IdentityId,
    references: &BTreeSet<(TargetName, String)>,
) -> Result<()> {
    let mut kept = tx.prepare_cached("SELECT target, refers_to FROM reference WHERE identity = ?1")?;
    let kept: BTreeSet<(String, String)> =
        collect(kept.query([Key::from(identity)])?, |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect();
    let wanted: BTreeSet<(String, String)> =
        references.iter().map(|(target, refers_to)| (target.to_string(), refers_to.clone())).collect();
    for (target, refers_to) in kept.difference(&wanted) {
        tx.prepare_cached("DELETE FROM reference WHERE identity = ?1 AND target = ?2 AND refers_to = ?3")?
            .execute((Key::from(identity), target, refers_to))?;
    }
    for (target, refers_to) in wanted.difference(&kept) {
        tx.prepare_cached("INSERT INTO reference (identity, target, refers_to) VALUES (?1, ?2, ?3)")?.execute((
            Key::from(identity),
            target,
            refers_to,
        ))?;
    }
    Ok(())
}

/// Wakes the identities whose accounts refer to this one's account in a target: its id is known now, or another one.
pub(crate) fn wake_referrers(tx: &Transaction<'_>, identity: &Key, target: &str) -> Result<()> {
    let reference = tx
        .prepare_cached("SELECT source || '/' || key FROM identity WHERE id = ?1")?
        .query_row([identity], |row| row.get::<_, String>(0))
        .optional()?;
    if let Some(reference) = reference {
        wake_whom(tx, "SELECT identity FROM reference WHERE refers_to = ?1 AND target = ?2", (reference, target))?;
    }
    Ok(())
}
