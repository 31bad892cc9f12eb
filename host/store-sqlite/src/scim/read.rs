//! Reading what clients pushed.

use super::members;
use crate::failure::{Result, damaged};
use crate::rows::{Key, collect, from_json, time};
use purser_model::id::{ScimResourceId, SourceName};
use purser_model::scim::ResourceKind;
use purser_store::{KeptScim, Relations, ScimLookup};
use rusqlite::{Connection, OptionalExtension, Row};

const COLUMNS: &str = "number, id, kind, attributes, version, created_at, modified_at";

fn resource(row: &Row<'_>) -> Result<KeptScim> {
    Ok(KeptScim {
        number: row.get(0)?,
        id: row.get::<_, Key>(1)?.into(),
        kind: kind(&row.get::<_, String>(2)?)?,
        attributes: from_json("SCIM resource", &row.get::<_, String>(3)?)?,
        version: row.get(4)?,
        created_at: time(row.get(5)?)?,
        modified_at: time(row.get(6)?)?,
        relations: None,
    })
}

/// A kind from its column.
pub(super) fn kind(word: &str) -> Result<ResourceKind> {
    let known = ResourceKind::ALL.into_iter().find(|kind| kind.as_str() == word);
    known.ok_or_else(|| damaged("SCIM resource", "its kind is none"))
}

fn related(connection: &Connection, mut found: Vec<KeptScim>, relations: Relations) -> Result<Vec<KeptScim>> {
    if relations == Relations::Read {
        for one in &mut found {
            one.relations = Some(match one.kind {
                ResourceKind::User => members::groups_of(connection, one.number)?,
                ResourceKind::Group => members::members_of(connection, one.number)?,
            });
        }
    }
    Ok(found)
}

pub(crate) fn one(
    connection: &Connection,
    source: &SourceName,
    kind: ResourceKind,
    id: ScimResourceId,
    relations: Relations,
) -> Result<Option<KeptScim>> {
    let mut query = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM scim_resource WHERE id = ?1 AND source = ?2 AND kind = ?3"))?;
    let found = collect(query.query((Key::from(id), source.as_str(), kind.as_str()))?, resource)?;
    Ok(related(connection, found, relations)?.pop())
}

pub(crate) fn find(
    connection: &Connection,
    source: &SourceName,
    kind: ResourceKind,
    lookup: &ScimLookup,
    relations: Relations,
) -> Result<Vec<KeptScim>> {
    let (column, value) = match lookup {
        ScimLookup::UserName(value) => ("user_name", value),
        ScimLookup::ExternalId(value) => ("external_id", value),
        ScimLookup::DisplayName(value) => ("display_name", value),
    };
    let mut query = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM scim_resource WHERE source = ?1 AND {column} = ?2 AND kind = ?3 ORDER BY number"
    ))?;
    let found = collect(query.query((source.as_str(), value, kind.as_str()))?, resource)?;
    related(connection, found, relations)
}

pub(crate) fn page(
    connection: &Connection,
    source: &SourceName,
    kind: ResourceKind,
    after: i64,
    limit: u32,
    relations: Relations,
) -> Result<Vec<KeptScim>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM scim_resource WHERE source = ?1 AND kind = ?2 AND number > ?3 ORDER BY number LIMIT ?4"
    ))?;
    let found = collect(query.query((source.as_str(), kind.as_str(), after, limit))?, resource)?;
    related(connection, found, relations)
}

pub(crate) fn numbered(
    connection: &Connection,
    source: &SourceName,
    numbers: &[i64],
    relations: Relations,
) -> Result<Vec<KeptScim>> {
    let mut query =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM scim_resource WHERE number = ?1 AND source = ?2"))?;
    let mut found = Vec::with_capacity(numbers.len());
    for number in numbers {
        found.extend(collect(query.query((number, source.as_str()))?, resource)?);
    }
    related(connection, found, relations)
}

pub(crate) fn number_after(
    connection: &Connection,
    source: &SourceName,
    kind: ResourceKind,
    skipped: u64,
) -> Result<Option<i64>> {
    let Some(before) = skipped.checked_sub(1) else { return Ok(Some(0)) };
    let mut query = connection.prepare_cached(
        "SELECT number FROM scim_resource WHERE source = ?1 AND kind = ?2 ORDER BY number LIMIT 1 OFFSET ?3",
    )?;
    let before = i64::try_from(before).unwrap_or(i64::MAX);
    Ok(query.query_row((source.as_str(), kind.as_str(), before), |row| row.get(0)).optional()?)
}

pub(crate) fn count(connection: &Connection, source: &SourceName, kind: ResourceKind) -> Result<u64> {
    let mut query = connection.prepare_cached("SELECT count(*) FROM scim_resource WHERE source = ?1 AND kind = ?2")?;
    Ok(query.query_row((source.as_str(), kind.as_str()), |row| row.get(0))?)
}
