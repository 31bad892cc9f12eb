//! Accounts that belong to nobody: which of them match an identity, and which situation follows.

use crate::failure::Result;
use crate::rows::{self, ACCOUNT, Key, collect, stream_event};
use crate::transaction::Transaction;
use crate::wakes::{wake, wake_whom};
use jiff::Timestamp;
use purser_model::account::Situation;
use purser_model::id::{AccountId, IdentityId};
use purser_store::{CandidateQuestion, FoundAccount, Outlook};
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, BTreeSet};

/// Most accounts that one question brings.
const MOST_PER_QUESTION: u32 = 50;

pub(crate) fn candidates(connection: &Connection, asked: &[Vec<CandidateQuestion>]) -> Result<Vec<Vec<FoundAccount>>> {
    asked.iter().map(|questions| answers(connection, questions)).collect()
}

fn answers(connection: &Connection, questions: &[CandidateQuestion]) -> Result<Vec<FoundAccount>> {
    let mut found: BTreeMap<i64, BTreeSet<usize>> = BTreeMap::new();
    for (place, question) in questions.iter().enumerate() {
        for number in who_answers(connection, question)? {
            found.entry(number).or_default().insert(place);
        }
    }
    for (number, answered) in &mut found {
        for (place, question) in questions.iter().enumerate() {
            if !answered.contains(&place) && does_answer(connection, question, *number)? {
                answered.insert(place);
            }
        }
    }
    found.into_iter().map(|(number, answers)| found_account(connection, number, answers)).collect()
}

fn who_answers(connection: &Connection, question: &CandidateQuestion) -> Result<Vec<i64>> {
    let mut query = connection.prepare_cached(
        "SELECT account.number FROM account_key JOIN account ON account.number = account_key.account \
         WHERE account_key.target = ?1 AND account_key.class = ?2 AND account_key.attribute = ?3 \
         AND account_key.value = ?4 AND account.identity IS NULL ORDER BY account.number LIMIT ?5",
    )?;
    let found = query.query((
        question.target.as_str(),
        &question.class,
        question.attribute.to_lowercase(),
        question.value.to_lowercase(),
        MOST_PER_QUESTION,
    ))?;
    collect(found, |row| Ok(row.get(0)?))
}

/// A question that many accounts answer may have left this one out.
fn does_answer(connection: &Connection, question: &CandidateQuestion, number: i64) -> Result<bool> {
    let mut query = connection.prepare_cached(
        "SELECT 1 FROM account_key WHERE target = ?1 AND class = ?2 AND attribute = ?3 AND value = ?4 AND account = ?5",
    )?;
    Ok(query.exists((
        question.target.as_str(),
        &question.class,
        question.attribute.to_lowercase(),
        question.value.to_lowercase(),
        number,
    ))?)
}

fn found_account(connection: &Connection, number: i64, answers: BTreeSet<usize>) -> Result<FoundAccount> {
    let mut query =
        connection.prepare_cached(&format!("SELECT {ACCOUNT}, account.taken_from FROM account WHERE number = ?1"))?;
    let mut found = query.query([number])?;
    let row = found.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let taken_from = row.get::<_, Option<Key>>("taken_from")?.map(IdentityId::from);
    let account = rows::with_held(connection, rows::account(row)?)?;
    let mut claims =
        connection.prepare_cached("SELECT identity FROM account_match WHERE account = ?1 AND claims = 1")?;
    let claimed_by = collect(claims.query([Key::from(account.id)])?, |row| Ok(row.get::<_, Key>(0)?.into()))?;
    Ok(FoundAccount { account, answers, claimed_by: claimed_by.into_iter().collect(), taken_from })
}

/// What is kept of a match: the target, the situation, and whether the identity claims the account.
type Kept = (String, String, bool);

/// Keeps what planning found for an identity, and brings the accounts concerned into the situation that follows.
pub(crate) fn keep(tx: &Transaction<'_>, identity: IdentityId, outlook: &Outlook, now: Timestamp) -> Result<()> {
    keep_unsettled(tx, identity, outlook)?;
    let known = known(tx, identity)?;
    let wanted = wanted(outlook);
    let unsettled = |target: &str| outlook.unsettled.iter().any(|name| name.as_str() == target);
    for (account, (target, _, claimed)) in &known {
        if !wanted.contains_key(account) && !unsettled(target) {
            tx.prepare_cached("DELETE FROM account_match WHERE identity = ?1 AND account = ?2")?
                .execute((Key::from(identity), Key::from(*account)))?;
            if *claimed {
                wake_rivals(tx, *account, identity)?;
            }
            settle(tx, *account, now)?;
        }
    }
    for (account, kept) in &wanted {
        if known.get(account) != Some(kept) {
            let (target, situation, claims) = kept;
            tx.prepare_cached(
                "INSERT INTO account_match (identity, account, target, situation, claims) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT DO UPDATE SET situation = excluded.situation, claims = excluded.claims",
            )?
            .execute((Key::from(identity), Key::from(*account), target, situation, claims))?;
            if known.get(account).map_or(*claims, |(_, _, claimed)| claimed != claims) {
                wake_rivals(tx, *account, identity)?;
            }
            settle(tx, *account, now)?;
        }
    }
    Ok(())
}

/// A claim came or went: it makes a dispute of what was clear to the others that match the account, or ends one.
fn wake_rivals(tx: &Transaction<'_>, account: AccountId, identity: IdentityId) -> Result<()> {
    let mut query = tx.prepare_cached("SELECT identity FROM account_match WHERE account = ?1 AND identity <> ?2")?;
    let rivals = query.query((Key::from(account), Key::from(identity)))?;
    for rival in collect(rivals, |row| Ok(IdentityId::from(row.get::<_, Key>(0)?)))? {
        wake(tx, rival)?;
    }
    Ok(())
}

fn known(tx: &Transaction<'_>, identity: IdentityId) -> Result<BTreeMap<AccountId, Kept>> {
    let mut query =
        tx.prepare_cached("SELECT account, target, situation, claims FROM account_match WHERE identity = ?1")?;
    let known = collect(query.query([Key::from(identity)])?, |row| {
        Ok((row.get::<_, Key>(0)?.into(), (row.get(1)?, row.get(2)?, row.get(3)?)))
    })?;
    Ok(known.into_iter().collect())
}

fn wanted(outlook: &Outlook) -> BTreeMap<AccountId, Kept> {
    let found = outlook.matches.iter().flat_map(|(target, matches)| {
        matches.candidates.iter().map(move |candidate| {
            let claims = matches.granted && candidate.definite;
            (candidate.account, (target.to_string(), matches.situation.to_string(), claims))
        })
    });
    found.collect()
}

fn keep_unsettled(tx: &Transaction<'_>, identity: IdentityId, outlook: &Outlook) -> Result<()> {
    let mut query = tx.prepare_cached("SELECT target FROM unsettled WHERE identity = ?1")?;
    let known: BTreeSet<String> =
        collect(query.query([Key::from(identity)])?, |row| Ok(row.get(0)?))?.into_iter().collect();
    let wanted: BTreeSet<String> = outlook.unsettled.iter().map(ToString::to_string).collect();
    for target in known.difference(&wanted) {
        tx.prepare_cached("DELETE FROM unsettled WHERE target = ?1 AND identity = ?2")?
            .execute((target, Key::from(identity)))?;
    }
    for target in wanted.difference(&known) {
        tx.prepare_cached("INSERT INTO unsettled (target, identity) VALUES (?1, ?2)")?
            .execute((target, Key::from(identity)))?;
    }
    Ok(())
}

/// Brings an account that belongs to nobody into the situation that follows from the identities that match it.
pub(crate) fn settle(tx: &Transaction<'_>, account: AccountId, now: Timestamp) -> Result<()> {
    let row = tx
        .prepare_cached(
            "SELECT situation, target FROM account \
             WHERE id = ?1 AND identity IS NULL AND protected_because IS NULL AND remote_id IS NOT NULL",
        )?
        .query_row([Key::from(account)], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let Some((before, target)) = row else { return Ok(()) };
    let mut query = tx.prepare_cached("SELECT situation FROM account_match WHERE account = ?1")?;
    let found: Vec<String> = collect(query.query([Key::from(account)])?, |row| Ok(row.get(0)?))?;
    let situation = match found.as_slice() {
        [] => Situation::Unmatched,
        [one] if one == Situation::Unlinked.as_str() => Situation::Unlinked,
        _ => Situation::Disputed,
    };
    if situation.as_str() == before {
        return Ok(());
    }
    tx.prepare_cached("UPDATE account SET situation = ?2 WHERE id = ?1")?
        .execute((Key::from(account), situation.as_str()))?;
    stream_event(tx, now, "account-situation", &account, &format!("{before} -> {situation} in {target}"))
}

/// An identity has its account: what it matched beside that is planned anew.
pub(crate) fn wake_where_it_matched(tx: &Transaction<'_>, identity: IdentityId) -> Result<()> {
    wake_whom(tx, "SELECT DISTINCT identity FROM account_match WHERE identity = ?1", [Key::from(identity)])?;
    Ok(())
}

/// The account is nobody's candidate any more; the identities that matched it are woken.
pub(crate) fn withdraw(tx: &Transaction<'_>, account: AccountId, except: Option<IdentityId>) -> Result<()> {
    let mut query = tx.prepare_cached("DELETE FROM account_match WHERE account = ?1 RETURNING identity")?;
    let matched = collect(query.query([Key::from(account)])?, |row| Ok(IdentityId::from(row.get::<_, Key>(0)?)))?;
    for identity in matched.into_iter().filter(|identity| Some(*identity) != except) {
        wake(tx, identity)?;
    }
    Ok(())
}
