//! Cases: matches that a person must decide, and what was decided.

use crate::failure::{Result, not_found, refused};
use crate::links;
use crate::listing::{Listing, OF_TARGETS, Order, PageQuery, at};
use crate::rows::{Key, collect, from_json, from_word, json, micros, stream_event, time};
use crate::transaction::Transaction;
use crate::wakes::wake;
use jiff::Timestamp;
use purser_model::account::Situation;
use purser_model::case::{CandidateMatch, Case, CaseDecision, CaseState, DecidedCase};
use purser_model::id::{CaseId, IdentityId, Ids, TargetName};
use purser_store::{CaseFilter, Outlook, PageRequest};
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;

const CASE: &str = "id, identity, target, state, candidates, decision, opened_at, changed_at";

fn case(row: &Row<'_>) -> Result<Case> {
    let decision: Option<String> = row.get(5)?;
    Ok(Case {
        id: row.get::<_, Key>(0)?.into(),
        identity: row.get::<_, Key>(1)?.into(),
        target: from_word("case", &row.get::<_, String>(2)?)?,
        state: from_word("case", &row.get::<_, String>(3)?)?,
        candidates: from_json("case", &row.get::<_, String>(4)?)?,
        decision: decision.map(|text| from_json("case", &text)).transpose()?,
        opened_at: time(row.get(6)?)?,
        changed_at: time(row.get(7)?)?,
    })
}

pub(crate) fn one(connection: &Connection, id: CaseId) -> Result<Case> {
    let mut query = connection.prepare_cached(&format!("SELECT {CASE} FROM match_case WHERE id = ?1"))?;
    let mut found = query.query([Key::from(id)])?;
    found.next()?.map(case).transpose()?.ok_or_else(|| not_found("case", id))
}

pub(crate) fn list(connection: &Connection, filter: &CaseFilter, page: PageRequest<CaseId>) -> Result<Vec<Case>> {
    list_query(filter, page).read(connection, case)
}

/// A page of cases in order of id.
pub(crate) fn list_query(filter: &CaseFilter, page: PageRequest<CaseId>) -> PageQuery {
    let order = Order { columns: &["id"], descending: page.backwards };
    Listing::default()
        .equal("target", filter.target.as_ref().map(ToString::to_string))
        .equal("identity", filter.identity.map(|id| id.0.as_bytes().to_vec()))
        .equal("state", filter.state.map(|state| state.as_str().to_owned()))
        .within(&filter.reach, OF_TARGETS)
        .page(&format!("SELECT {CASE} FROM match_case"), order, page.after.map(|id| at(id.0)), page.limit)
}

/// The cases of an identity that are open or decided.
fn current(connection: &Connection, identity: IdentityId) -> Result<Vec<Case>> {
    let mut query = connection
        .prepare_cached(&format!("SELECT {CASE} FROM match_case WHERE identity = ?1 AND state <> 'closed'"))?;
    collect(query.query([Key::from(identity)])?, case)
}

/// What a person decided about an identity, by target.
pub(crate) fn decisions(connection: &Connection, identity: IdentityId) -> Result<BTreeMap<TargetName, DecidedCase>> {
    let decided = current(connection, identity)?.into_iter().filter_map(|case| {
        let decision = case.decision.filter(|_| case.state == CaseState::Decided)?;
        Some((case.target, DecidedCase { decision, candidates: case.candidates }))
    });
    Ok(decided.collect())
}

/// Opens, changes and closes the cases of an identity, so that they tell what planning found.
pub(crate) fn keep(
    tx: &Transaction<'_>,
    ids: &Ids,
    identity: IdentityId,
    outlook: &Outlook,
    now: Timestamp,
) -> Result<()> {
    let disputed = outlook.matches.iter().filter(|(_, found)| found.granted && found.situation == Situation::Disputed);
    let mut disputed: BTreeMap<&TargetName, &[CandidateMatch]> =
        disputed.map(|(target, found)| (target, found.candidates.as_slice())).collect();
    for case in current(tx, identity)? {
        match disputed.remove(&case.target) {
            Some(candidates) if candidates == case.candidates => {}
            Some(candidates) => reopen(tx, &case, candidates, now)?,
            None if outlook.unsettled.contains(&case.target) => {}
            None => close(tx, &case, now)?,
        }
    }
    for (target, candidates) in disputed {
        open(tx, ids, identity, target, candidates, now)?;
    }
    Ok(())
}

fn open(
    tx: &Transaction<'_>,
    ids: &Ids,
    identity: IdentityId,
    target: &TargetName,
    candidates: &[CandidateMatch],
    now: Timestamp,
) -> Result<()> {
    let id = CaseId(ids.next(now));
    tx.prepare_cached(
        "INSERT INTO match_case (id, identity, target, state, candidates, opened_at, changed_at) \
         VALUES (?1, ?2, ?3, 'open', ?4, ?5, ?5)",
    )?
    .execute((Key::from(id), Key::from(identity), target.as_str(), json("case", &candidates)?, micros(now)))?;
    stream_event(tx, now, "case-opened", &id, &format!("{} candidates in {target}", candidates.len()))
}

/// Other candidates: what was decided about the former ones does not hold for them.
fn reopen(tx: &Transaction<'_>, case: &Case, candidates: &[CandidateMatch], now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "UPDATE match_case SET state = 'open', decision = NULL, candidates = ?2, changed_at = ?3 WHERE id = ?1",
    )?
    .execute((Key::from(case.id), json("case", &candidates)?, micros(now)))?;
    let kind = if case.state == CaseState::Decided { "case-reopened" } else { "case-changed" };
    stream_event(tx, now, kind, &case.id, &format!("{} candidates in {}", candidates.len(), case.target))
}

fn close(tx: &Transaction<'_>, case: &Case, now: Timestamp) -> Result<()> {
    tx.prepare_cached("UPDATE match_case SET state = 'closed', changed_at = ?2 WHERE id = ?1")?
        .execute((Key::from(case.id), micros(now)))?;
    stream_event(tx, now, "case-closed", &case.id, &format!("in {}", case.target))
}

/// Keeps a person's decision. A link is written at once.
pub(crate) fn decide(tx: &Transaction<'_>, id: CaseId, decision: CaseDecision, now: Timestamp) -> Result<Case> {
    let case = one(tx, id)?;
    if case.state == CaseState::Closed {
        return Err(refused("case", id, "it is closed: what it was about is not disputed any more"));
    }
    let state = match decision {
        CaseDecision::Link(account) => {
            if !case.candidates.iter().any(|candidate| candidate.account == account) {
                return Err(refused("account", account, "it is not among the candidates of the case"));
            }
            links::link(tx, account, case.identity, now)?;
            CaseState::Closed
        }
        CaseDecision::Create | CaseDecision::Dismiss => CaseState::Decided,
    };
    tx.prepare_cached("UPDATE match_case SET state = ?2, decision = ?3, changed_at = ?4 WHERE id = ?1")?.execute((
        Key::from(id),
        state.as_str(),
        json("case", &decision)?,
        micros(now),
    ))?;
    stream_event(tx, now, "case-decided", &id, &format!("{} in {}", decision.as_str(), case.target))?;
    wake(tx, case.identity)?;
    one(tx, id)
}
