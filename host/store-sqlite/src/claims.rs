//! Values that no two accounts of a target may have: who has them, and who is about to get them.

use crate::failure::Result;
use crate::rows::Key;
use crate::transaction::Transaction;
use purser_model::id::{AccountId, IdentityId};
use purser_model::plan::PlanItem;
use purser_store::TakenQuestion;
use rusqlite::Connection;

/// Which of the values that are asked for belong to accounts of others.
pub(crate) fn taken(connection: &Connection, questions: &[TakenQuestion]) -> Result<Vec<Vec<String>>> {
    let answer = |question: &TakenQuestion| {
        let place = Place { target: question.target.as_str(), class: &question.class };
        let mut taken = Vec::new();
        for value in &question.values {
            if place.is_taken(connection, &question.attribute, value, question.identity, None)? {
                taken.push(value.clone());
            }
        }
        Ok(taken)
    };
    questions.iter().map(answer).collect()
}

/// The first attribute of an item whose value somebody else has by now.
pub(crate) fn lost(connection: &Connection, item: &PlanItem) -> Result<Option<String>> {
    let place = Place { target: item.target.as_str(), class: &item.class };
    for (attribute, value) in &item.claims {
        if place.is_taken(connection, attribute, value, item.identity, item.account)? {
            return Ok(Some(attribute.clone()));
        }
    }
    Ok(None)
}

/// Notes what an account is to get; what it was to get before is free again.
pub(crate) fn keep(tx: &Transaction<'_>, item: &PlanItem, account: AccountId) -> Result<()> {
    tx.prepare_cached("DELETE FROM claimed_value WHERE account = ?1")?.execute([Key::from(account)])?;
    let mut claim = tx.prepare_cached(
        "INSERT INTO claimed_value (target, class, attribute, value, account) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (attribute, value) in &item.claims {
        let (attribute, value) = (attribute.to_lowercase(), value.to_lowercase());
        claim.execute((item.target.as_str(), &item.class, attribute, value, Key::from(account)))?;
    }
    Ok(())
}

/// Frees what the accounts of an identity were to get, where nothing is under way that may give it to them.
pub(crate) fn release(tx: &Transaction<'_>, identity: IdentityId) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM claimed_value WHERE account IN (SELECT id FROM account WHERE identity = ?1) \
         AND NOT EXISTS (SELECT 1 FROM operation WHERE object = claimed_value.account \
             AND state IN ('waiting', 'in-flight', 'unknown'))",
    )?
    .execute([Key::from(identity)])?;
    Ok(())
}

/// A class of a target.
struct Place<'a> {
    target: &'a str,
    class: &'a str,
}

impl Place<'_> {
    /// Whether an account has the value, or is to get it, that is neither this one nor one of this identity's.
    fn is_taken(
        &self,
        connection: &Connection,
        attribute: &str,
        value: &str,
        identity: IdentityId,
        account: Option<AccountId>,
    ) -> Result<bool> {
        let mut query = connection.prepare_cached(
            "SELECT 1 FROM account_key JOIN account ON account.number = account_key.account \
             WHERE account_key.target = ?1 AND account_key.class = ?2 AND account_key.attribute = ?3 \
             AND account_key.value = ?4 AND account.identity IS NOT ?5 AND account.id IS NOT ?6 \
             UNION ALL \
             SELECT 1 FROM claimed_value JOIN account ON account.id = claimed_value.account \
             WHERE claimed_value.target = ?1 AND claimed_value.class = ?2 AND claimed_value.attribute = ?3 \
             AND claimed_value.value = ?4 AND account.identity IS NOT ?5 AND account.id IS NOT ?6",
        )?;
        let (attribute, value) = (attribute.to_lowercase(), value.to_lowercase());
        let (identity, account) = (Key::from(identity), account.map(Key::from));
        Ok(query.exists((self.target, self.class, attribute, value, identity, account))?)
    }
}
