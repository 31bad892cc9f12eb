//! Accounts that belong to nobody, and what is done about them.

use crate::failure::Result;
use crate::planning::{IntentRow, write_intent};
use crate::rows::{self, ACCOUNT, Key, micros};
use crate::seen::marks::Marks;
use crate::transaction::Transaction;
use jiff::Timestamp;
use purser_model::account::Account;
use purser_model::guard::Taking;
use purser_model::id::{AccountId, Ids, SourceName, TargetName};
use purser_store::{ClassOfTarget, PageRequest, UnmatchedOperation};
use rusqlite::{Connection, OptionalExtension};

pub(crate) fn list(
    connection: &Connection,
    class: &ClassOfTarget,
    run_number: i64,
    page: PageRequest<AccountId>,
) -> Result<Vec<Account>> {
    let seen = Marks::of_run(connection, run_number, "account")?;
    let mut query = connection.prepare_cached(&format!(
        "SELECT {ACCOUNT}, account.number FROM account \
         WHERE target = ?1 AND situation = 'unmatched' AND identity IS NULL AND class = ?2 \
         AND remote_id IS NOT NULL AND (?3 IS NULL OR id > ?3) ORDER BY id"
    ))?;
    let mut rows = query.query((class.target.as_str(), &class.class, page.after.map(Key::from)))?;
    let mut listed = Vec::new();
    while listed.len() < page.limit as usize
        && let Some(row) = rows.next()?
    {
        if seen.hold(row.get("number")?) {
            listed.push(rows::account(row)?);
        }
    }
    Ok(listed)
}

/// Why the unmatched accounts of a target may be somebody's all the same.
pub(crate) fn doubts(connection: &Connection, target: &TargetName, sources: &[SourceName]) -> Result<Vec<String>> {
    let mut doubts = Vec::new();
    for source in sources {
        let known =
            connection.prepare_cached("SELECT 1 FROM identity WHERE source = ?1 LIMIT 1")?.exists([source.as_str()])?;
        if !known {
            doubts.push(format!("no identity of source {source} is known; import it first"));
        }
    }
    if connection.prepare_cached("SELECT 1 FROM wake LIMIT 1")?.exists([])? {
        doubts.push("identities wait to be planned".to_owned());
    }
    let unsettled: u64 = connection
        .prepare_cached("SELECT count(*) FROM unsettled WHERE target = ?1")?
        .query_row([target.as_str()], |row| row.get(0))?;
    if unsettled > 0 {
        doubts
            .push(format!("of {unsettled} identities it cannot be said which accounts are theirs; see `purser plan`"));
    }
    // A listing may have met an account whose creation is not recorded yet.
    let under_way = connection
        .prepare_cached(
            "SELECT 1 FROM operation WHERE target = ?1 AND (state IN ('in-flight', 'unknown') \
             OR (state = 'waiting' AND attempts > 0)) LIMIT 1",
        )?
        .exists([target.as_str()])?;
    if under_way {
        doubts.push("operations are under way or are tried again".to_owned());
    }
    Ok(doubts)
}

pub(crate) fn enqueue(
    tx: &Transaction<'_>,
    ids: &Ids,
    target: &TargetName,
    wanted: &[UnmatchedOperation],
    now: Timestamp,
) -> Result<u64> {
    let mut written = 0;
    for one in wanted {
        let Some(class) = free(tx, target, one)? else { continue };
        let row = IntentRow {
            plan: None,
            requested_at: None,
            identity: None,
            target,
            class: &class,
            object: one.account,
            intent: &one.operation.intent,
            reason: &one.operation.reason,
            before: &one.operation.before,
            taking: one.operation.intent.takes_away().then_some(Taking::Account),
            approved: false,
            attempts: 0,
            not_before: micros(now),
        };
        write_intent(tx, ids, &row, now)?;
        written += 1;
    }
    Ok(written)
}

/// The class of an account that is still as it was seen, and for which nothing waits or is under way.
fn free(tx: &Transaction<'_>, target: &TargetName, one: &UnmatchedOperation) -> Result<Option<String>> {
    let row = tx
        .prepare_cached(
            "SELECT class, digest FROM account WHERE id = ?1 AND target = ?2 AND identity IS NULL \
             AND situation = 'unmatched' AND protected_because IS NULL AND NOT EXISTS (SELECT 1 FROM operation \
                 WHERE object = account.id AND state IN ('waiting', 'in-flight', 'unknown'))",
        )?
        .query_row((Key::from(one.account), target.as_str()), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<Vec<u8>>>(1)?))
        })
        .optional()?;
    let Some((class, digest)) = row else { return Ok(None) };
    Ok((rows::digest(digest)? == one.digest).then_some(class))
}
