//! Reading identities, accounts and entitlements.

use crate::failure::{Result, not_found};
use crate::rows::{self, ACCOUNT, ENTITLEMENT, IDENTITY, Key, collect, from_word};
use purser_model::account::{Account, Entitlement};
use purser_model::id::{AccountId, IdentityId, TargetName};
use purser_model::identity::Identity;
use purser_store::{AccountFilter, IdentityFilter, PageRequest, SituationCount};
use rusqlite::Connection;

pub(crate) fn one(connection: &Connection, id: IdentityId) -> Result<Identity> {
    let mut query = connection.prepare_cached(&format!("SELECT {IDENTITY} FROM identity WHERE id = ?1"))?;
    let mut found = query.query([Key::from(id)])?;
    found.next()?.map(rows::identity).transpose()?.ok_or_else(|| not_found("identity", id))
}

/// These identities, in the order asked; those that are not there are left out.
pub(crate) fn these(connection: &Connection, ids: &[IdentityId]) -> Result<Vec<Identity>> {
    let mut query = connection.prepare_cached(&format!("SELECT {IDENTITY} FROM identity WHERE id = ?1"))?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(query.query([Key::from(*id)])?.next()?.map(rows::identity).transpose()?);
    }
    Ok(found)
}

pub(crate) fn list(
    connection: &Connection,
    filter: &IdentityFilter,
    page: PageRequest<IdentityId>,
) -> Result<Vec<Identity>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {IDENTITY} FROM identity WHERE (?1 IS NULL OR id > ?1) AND (?2 IS NULL OR source = ?2) \
         AND (?3 IS NULL OR key = ?3) AND (?4 IS NULL OR state = ?4) AND (?6 IS NULL OR key LIKE ?6 ESCAPE '\\' \
         OR (attributes LIKE ?7 ESCAPE '\\' AND EXISTS \
         (SELECT 1 FROM json_tree(attributes) WHERE atom LIKE ?6 ESCAPE '\\'))) ORDER BY id LIMIT ?5"
    ))?;
    let found = query.query((
        page.after.map(Key::from),
        filter.source.as_ref().map(purser_model::id::SourceName::as_str),
        &filter.key,
        filter.state.map(purser_model::identity::LifecycleState::as_str),
        page.limit,
        filter.search.as_deref().map(like),
        filter.search.as_deref().map(like_in_json),
    ))?;
    collect(found, rows::identity)
}

/// Everything that has this text within.
fn like(text: &str) -> String {
    format!("%{}%", text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_"))
}

/// The same for a value as it is written in JSON. It finds too much, names of attributes among it, and is quick.
fn like_in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    like(&quoted[1..quoted.len() - 1])
}

pub(crate) fn account(connection: &Connection, id: AccountId) -> Result<Account> {
    let mut query = connection.prepare_cached(&format!("SELECT {ACCOUNT} FROM account WHERE id = ?1"))?;
    let mut found = query.query([Key::from(id)])?;
    let row = found.next()?.ok_or_else(|| not_found("account", id))?;
    rows::with_held(connection, rows::account(row)?)
}

pub(crate) fn accounts(
    connection: &Connection,
    filter: &AccountFilter,
    page: PageRequest<AccountId>,
) -> Result<Vec<Account>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {ACCOUNT} FROM account WHERE (?1 IS NULL OR id > ?1) AND (?2 IS NULL OR target = ?2) \
         AND (?3 IS NULL OR identity = ?3) AND (?4 IS NULL OR situation = ?4) ORDER BY id LIMIT ?5"
    ))?;
    let found = query.query((
        page.after.map(Key::from),
        filter.target.as_ref().map(TargetName::as_str),
        filter.identity.map(Key::from),
        filter.situation.map(purser_model::account::Situation::as_str),
        page.limit,
    ))?;
    collect(found, |row| rows::with_held(connection, rows::account(row)?))
}

/// Accounts that nobody grants, in order of id.
pub(crate) fn leaving(connection: &Connection, page: PageRequest<AccountId>) -> Result<Vec<Account>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {ACCOUNT} FROM account WHERE leaving_since IS NOT NULL AND remote_id IS NOT NULL \
         AND (?1 IS NULL OR id > ?1) ORDER BY id LIMIT ?2"
    ))?;
    collect(query.query((page.after.map(Key::from), page.limit))?, rows::account)
}

pub(crate) fn declared_entitlements(connection: &Connection, target: &TargetName) -> Result<Vec<Entitlement>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {ENTITLEMENT} FROM entitlement WHERE target = ?1 AND name IS NOT NULL ORDER BY name"
    ))?;
    collect(query.query([target.as_str()])?, rows::entitlement)
}

pub(crate) fn situations(connection: &Connection) -> Result<Vec<SituationCount>> {
    let mut query = connection.prepare_cached(
        "SELECT target, situation, active, count(*) FROM account GROUP BY target, situation, active ORDER BY 1, 2, 3",
    )?;
    collect(query.query([])?, |row| {
        Ok(SituationCount {
            target: from_word("account", &row.get::<_, String>(0)?)?,
            situation: from_word("account", &row.get::<_, String>(1)?)?,
            active: row.get(2)?,
            accounts: row.get(3)?,
        })
    })
}
