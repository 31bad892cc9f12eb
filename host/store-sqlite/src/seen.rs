//! What a run has seen, and what it has not.

pub(crate) mod marks;

use crate::failure::Result;
use crate::fingerprints;
use crate::observation::record_one;
use crate::rows::{self, ACCOUNT, Key, digest};
use crate::runs;
use crate::transaction::Transaction;
use jiff::Timestamp;
use marks::Marks;
use purser_model::account::Account;
use purser_model::id::{AccountId, Ids};
use purser_model::manifest::ClassKind;
use purser_model::object::Digest;
use purser_store::{ClassOfTarget, ObservedPage};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;

fn table(class: &ClassOfTarget) -> &'static str {
    match class.kind {
        ClassKind::Entitlement => "entitlement",
        ClassKind::Account | ClassKind::Other => "account",
    }
}

pub(crate) fn digests(
    connection: &Connection,
    class: &ClassOfTarget,
    remote_ids: &[String],
) -> Result<BTreeMap<String, Option<Digest>>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT digest FROM {} WHERE target = ?1 AND class = ?2 AND remote_id = ?3",
        table(class)
    ))?;
    let mut found = BTreeMap::new();
    for remote_id in remote_ids {
        let mut rows = query.query((class.target.as_str(), &class.class, remote_id))?;
        if let Some(row) = rows.next()? {
            found.insert(remote_id.clone(), digest(row.get(0)?)?);
        }
    }
    Ok(found)
}

pub(crate) fn as_they_were(
    connection: &Connection,
    class: &ClassOfTarget,
    seen: &[(String, Digest)],
) -> Result<Vec<Option<i64>>> {
    if class.kind != ClassKind::Entitlement {
        return fingerprints::numbers(connection, class, seen);
    }
    let mut query = connection.prepare_cached(
        "SELECT number FROM entitlement WHERE target = ?1 AND class = ?2 AND remote_id = ?3 AND digest = ?4",
    )?;
    let mut number = |(id, digest): &(String, Digest)| {
        let found = query.query_row((class.target.as_str(), &class.class, id, digest.0), |row| row.get(0));
        Ok(found.optional()?)
    };
    seen.iter().map(&mut number).collect()
}

pub(crate) fn record_page(tx: &Transaction<'_>, ids: &Ids, page: &ObservedPage, now: Timestamp) -> Result<()> {
    let table = table(&page.class);
    let mut seen = page.unchanged.clone();
    for observation in &page.changed {
        let id = record_one(tx, ids, &page.class, observation, now)?;
        seen.push(number_of(tx, table, id)?);
    }
    marks::set(tx, page.run_number, table, &seen)?;
    runs::keep_counts(tx, page.run, &page.counts)?;
    runs::keep_checkpoint(tx, page.run, &page.checkpoint)
}

fn number_of(tx: &Transaction<'_>, table: &str, id: AccountId) -> Result<i64> {
    let mut query = tx.prepare_cached(&format!("SELECT number FROM {table} WHERE id = ?1"))?;
    Ok(query.query_row([Key::from(id)], |row| row.get(0))?)
}

pub(crate) fn unseen(
    connection: &Connection,
    class: &ClassOfTarget,
    run_number: i64,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<String>> {
    let table = table(class);
    let seen = Marks::of_run(connection, run_number, table)?;
    let mut query = connection.prepare_cached(&format!(
        "SELECT number, remote_id FROM {table} WHERE target = ?1 AND class = ?2 AND remote_id > ?3 ORDER BY remote_id"
    ))?;
    let mut rows = query.query((class.target.as_str(), &class.class, after.unwrap_or("")))?;
    let mut unseen = Vec::new();
    while unseen.len() < limit as usize
        && let Some(row) = rows.next()?
    {
        if !seen.hold(row.get(0)?) {
            unseen.push(row.get(1)?);
        }
    }
    Ok(unseen)
}

pub(crate) fn account_by_remote_id(
    connection: &Connection,
    class: &ClassOfTarget,
    remote_id: &str,
) -> Result<Option<Account>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {ACCOUNT} FROM account WHERE target = ?1 AND class = ?2 AND remote_id = ?3"
    ))?;
    let mut found = query.query((class.target.as_str(), &class.class, remote_id))?;
    let account = found.next()?.map(rows::account).transpose()?;
    account.map(|account| rows::with_held(connection, account)).transpose()
}
