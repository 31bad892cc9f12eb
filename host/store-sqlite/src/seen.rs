//! What a run has seen, and what it has not.

use crate::failure::Result;
use crate::observation::record_one;
use crate::rows::{self, ACCOUNT, Key, collect, digest};
use crate::runs;
use crate::transaction::Transaction;
use jiff::Timestamp;
use purser_model::account::Account;
use purser_model::id::{AccountId, Ids};
use purser_model::manifest::ClassKind;
use purser_store::{ClassOfTarget, KnownObject, ObservedPage};
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;

fn table(class: &ClassOfTarget) -> &'static str {
    match class.kind {
        ClassKind::Entitlement => "entitlement",
        ClassKind::Account | ClassKind::Other => "account",
    }
}

/// An object from a row of number, id, primary id and digest.
fn known(row: &Row<'_>) -> Result<KnownObject> {
    Ok(KnownObject {
        number: row.get(0)?,
        id: row.get::<_, Key>(1)?.into(),
        remote_id: row.get(2)?,
        digest: digest(row.get(3)?)?,
    })
}

pub(crate) fn digests(
    connection: &Connection,
    class: &ClassOfTarget,
    remote_ids: &[String],
) -> Result<BTreeMap<String, KnownObject>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT number, id, remote_id, digest FROM {} WHERE target = ?1 AND class = ?2 AND remote_id = ?3",
        table(class)
    ))?;
    let mut found = BTreeMap::new();
    for remote_id in remote_ids {
        let mut rows = query.query((class.target.as_str(), &class.class, remote_id))?;
        if let Some(row) = rows.next()? {
            found.insert(remote_id.clone(), known(row)?);
        }
    }
    Ok(found)
}

pub(crate) fn record_page(tx: &Transaction<'_>, ids: &Ids, page: &ObservedPage, now: Timestamp) -> Result<()> {
    let table = table(&page.class);
    let mut mark = tx.prepare_cached(&format!("INSERT OR REPLACE INTO {table}_seen (number, run) VALUES (?1, ?2)"))?;
    // In the order in which they are kept, whichever order the target lists them in.
    let mut unchanged = page.unchanged.clone();
    unchanged.sort_unstable();
    for number in unchanged {
        mark.execute((number, page.run_number))?;
    }
    for observation in &page.changed {
        let id = record_one(tx, ids, &page.class, observation, now)?;
        mark.execute((number_of(tx, table, id)?, page.run_number))?;
    }
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
) -> Result<Vec<KnownObject>> {
    let table = table(class);
    let mut query = connection.prepare_cached(&format!(
        "SELECT this.number, id, remote_id, digest FROM {table} AS this \
         LEFT JOIN {table}_seen AS seen ON seen.number = this.number \
         WHERE target = ?1 AND class = ?2 AND remote_id > ?3 AND coalesce(seen.run, 0) < ?4 \
         ORDER BY remote_id LIMIT ?5"
    ))?;
    let found = query.query((class.target.as_str(), &class.class, after.unwrap_or(""), run_number, limit))?;
    collect(found, known)
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
