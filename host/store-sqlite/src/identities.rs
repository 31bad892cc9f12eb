//! Reading identities, accounts and entitlements.

use crate::failure::{Result, not_found};
use crate::listing::{Listing, OF_TARGETS, Order, PageQuery, at};
use crate::rows::{self, ACCOUNT, ENTITLEMENT, IDENTITY, Key, collect, from_word};
use purser_model::access::Reach;
use purser_model::account::{Account, Entitlement};
use purser_model::id::{AccountId, IdentityId, TargetName};
use purser_model::identity::Identity;
use purser_store::{AccountFilter, IdentityFilter, IdentityPlace, IdentitySort, PageRequest, SituationCount};
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
    let PageRequest { after, backwards, limit } = page;
    let page = PageRequest { after: after.map(IdentityPlace::Id), backwards, limit };
    sorted_query(filter, IdentitySort::Id, page).read(connection, rows::identity)
}

/// A page of identities in an order.
pub(crate) fn sorted_query(filter: &IdentityFilter, sort: IdentitySort, page: PageRequest<IdentityPlace>) -> PageQuery {
    let columns: &[&str] = match sort {
        IdentitySort::Id => &["id"],
        IdentitySort::Key => &["source", "key"],
        IdentitySort::ChangedAt => &["changed_at", "id"],
    };
    let behind = match (sort, page.after) {
        (IdentitySort::Id, Some(IdentityPlace::Id(id))) => Some(at(id.0)),
        (IdentitySort::Key, Some(IdentityPlace::Key { source, key })) => Some(vec![source.into(), key.into()]),
        (IdentitySort::ChangedAt, Some(IdentityPlace::ChangedAt(time, id))) => {
            Some([vec![rows::micros(time).into()], at(id.0)].concat())
        }
        _ => None,
    };
    let mut listing = Listing::default()
        .equal_or_checked("source", filter.source.as_ref().map(ToString::to_string), sort != IdentitySort::ChangedAt)
        .equal("key", filter.key.clone())
        .equal_or_checked("state", filter.state.map(|state| state.as_str().to_owned()), sort == IdentitySort::Id);
    if let Some(text) = &filter.search {
        let found = "(key LIKE ? ESCAPE '\\' OR (attributes LIKE ? ESCAPE '\\' AND EXISTS \
             (SELECT 1 FROM json_tree(attributes) WHERE atom LIKE ? ESCAPE '\\')))";
        let (text, in_json) = (like(text), like_in_json(text));
        listing = listing.holds(found.to_owned(), [text.clone().into(), in_json.into(), text.into()]);
    }
    let of_targets = "EXISTS (SELECT 1 FROM account WHERE account.identity = identity.id \
         AND account.target IN (SELECT value FROM json_each(?)))";
    let order = Order { columns, descending: page.backwards };
    listing.within(&filter.reach, of_targets).page(
        &format!("SELECT {IDENTITY} FROM identity"),
        order,
        behind,
        page.limit,
    )
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
    accounts_query(filter, page).read(connection, |row| rows::with_held(connection, rows::account(row)?))
}

/// A page of accounts in order of id.
pub(crate) fn accounts_query(filter: &AccountFilter, page: PageRequest<AccountId>) -> PageQuery {
    let order = Order { columns: &["id"], descending: page.backwards };
    Listing::default()
        .equal("target", filter.target.as_ref().map(ToString::to_string))
        .equal("identity", filter.identity.map(|id| id.0.as_bytes().to_vec()))
        .equal_or_checked(
            "situation",
            filter.situation.map(|situation| situation.as_str().to_owned()),
            filter.identity.is_none(),
        )
        .within(&filter.reach, OF_TARGETS)
        .page(&format!("SELECT {ACCOUNT} FROM account"), order, page.after.map(|id| at(id.0)), page.limit)
}

/// Accounts that nobody grants, in order of id.
pub(crate) fn leaving(connection: &Connection, reach: &Reach, page: PageRequest<AccountId>) -> Result<Vec<Account>> {
    let order = Order { columns: &["id"], descending: page.backwards };
    Listing::default()
        .holds("leaving_since IS NOT NULL AND remote_id IS NOT NULL".to_owned(), [])
        .within(reach, OF_TARGETS)
        .page(&format!("SELECT {ACCOUNT} FROM account"), order, page.after.map(|id| at(id.0)), page.limit)
        .read(connection, rows::account)
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
