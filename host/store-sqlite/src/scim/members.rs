//! Who belongs to which group.

use super::read::kind;
use crate::failure::Result;
use crate::rows::{Key, collect};
use crate::transaction::Transaction;
use purser_model::id::{ScimResourceId, SourceName};
use purser_store::{ScimRefusal, ScimRelation, StoreError};
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::BTreeSet;

const RELATION: &str = "r.id, r.kind, coalesce(r.attributes ->> '$.displayName', r.attributes ->> '$.userName')";

fn relation(row: &Row<'_>) -> Result<ScimRelation> {
    Ok(ScimRelation {
        id: row.get::<_, Key>(0)?.into(),
        kind: kind(&row.get::<_, String>(1)?)?,
        display: row.get(2)?,
        direct: row.get(3)?,
    })
}

// `CROSS JOIN` keeps the order of the tables: else all resources might be looked through, which are there in their order already.

/// The groups over a resource; one that contains itself comes once.
const ABOVE: &str = "WITH RECURSIVE above (number) AS (SELECT holder FROM scim_member WHERE member = ?1 \
     UNION SELECT m.holder FROM above CROSS JOIN scim_member m ON m.member = above.number)";
const GROUPS_ABOVE: &str = "EXISTS (SELECT 1 FROM scim_member m WHERE m.holder = above.number AND m.member = ?1) \
     FROM above CROSS JOIN scim_resource r ON r.number = above.number ORDER BY r.number";
const NAMES_ABOVE: &str = "SELECT DISTINCT r.attributes ->> '$.displayName' AS name \
     FROM above CROSS JOIN scim_resource r ON r.number = above.number WHERE name IS NOT NULL ORDER BY name";
const MEMBERS: &str = "1 FROM scim_member m CROSS JOIN scim_resource r ON r.number = m.member WHERE m.holder = ?1 \
     ORDER BY m.member";
const USERS_UNDER: &str = "WITH RECURSIVE under (number) AS (VALUES (?1) \
     UNION SELECT m.member FROM under CROSS JOIN scim_member m ON m.holder = under.number) \
     SELECT r.number, r.id FROM under CROSS JOIN scim_resource r ON r.number = under.number WHERE r.kind = 'User' \
     ORDER BY r.number";

/// The members of a group that it names itself.
pub(super) fn members_of(connection: &Connection, group: i64) -> Result<Vec<ScimRelation>> {
    let mut query = connection.prepare_cached(&format!("SELECT {RELATION}, {MEMBERS}"))?;
    collect(query.query([group])?, relation)
}

/// The groups of a user, and the groups that those belong to.
pub(super) fn groups_of(connection: &Connection, user: i64) -> Result<Vec<ScimRelation>> {
    let mut query = connection.prepare_cached(&format!("{ABOVE} SELECT {RELATION}, {GROUPS_ABOVE}"))?;
    collect(query.query([user])?, relation)
}

/// The names of the groups of a user, each once, in order.
pub(super) fn names_of_groups(connection: &Connection, user: i64) -> Result<Vec<String>> {
    let mut query = connection.prepare_cached(&format!("{ABOVE} {NAMES_ABOVE}"))?;
    let names = query.query_map([user], |row| row.get(0))?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}

/// The users under a resource: itself, or the members of a group and of the groups in it.
pub(super) fn users_under(connection: &Connection, number: i64) -> Result<Vec<(i64, ScimResourceId)>> {
    let mut query = connection.prepare_cached(USERS_UNDER)?;
    let found = query.query_map([number], |row| Ok((row.get(0)?, row.get::<_, Key>(1)?.into())))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The number of a resource of this client that is to be a member.
pub(super) fn number_of_member(tx: &Transaction<'_>, source: &SourceName, id: ScimResourceId) -> Result<i64> {
    let number = known_number(tx, source, id)?;
    Ok(number.ok_or(StoreError::Scim(ScimRefusal::NoSuchMember))?)
}

/// The number of a resource of this client.
pub(super) fn known_number(tx: &Transaction<'_>, source: &SourceName, id: ScimResourceId) -> Result<Option<i64>> {
    let number = tx
        .prepare_cached("SELECT number FROM scim_resource WHERE id = ?1 AND source = ?2")?
        .query_row((Key::from(id), source.as_str()), |row| row.get(0))
        .optional()?;
    Ok(number)
}

/// The numbers of the members that a group names itself.
pub(super) fn member_numbers(tx: &Transaction<'_>, group: i64) -> Result<BTreeSet<i64>> {
    let mut query = tx.prepare_cached("SELECT member FROM scim_member WHERE holder = ?1")?;
    let members = query.query_map([group], |row| row.get(0))?;
    Ok(members.collect::<rusqlite::Result<_>>()?)
}

/// Makes it a member; false where it is one already.
pub(super) fn join(tx: &Transaction<'_>, group: i64, member: i64) -> Result<bool> {
    let mut insert = tx.prepare_cached("INSERT OR IGNORE INTO scim_member (holder, member) VALUES (?1, ?2)")?;
    Ok(insert.execute((group, member))? > 0)
}

/// Makes it no member; false where it is none.
pub(super) fn leave(tx: &Transaction<'_>, group: i64, member: i64) -> Result<bool> {
    let mut delete = tx.prepare_cached("DELETE FROM scim_member WHERE holder = ?1 AND member = ?2")?;
    Ok(delete.execute((group, member))? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_looks_through_all_resources_to_know_who_belongs_to_whom() {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::connection::migrate(&mut connection).unwrap();
        let queries = [
            format!("SELECT {RELATION}, {MEMBERS}"),
            format!("{ABOVE} SELECT {RELATION}, {GROUPS_ABOVE}"),
            format!("{ABOVE} {NAMES_ABOVE}"),
            USERS_UNDER.to_owned(),
        ];
        for query in queries {
            let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let steps = explained.query_map([1], |row| row.get::<_, String>(3)).unwrap();
            let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
            let scans =
                |step: &&String| step.starts_with("SCAN r") || step.starts_with("SCAN m") || step.contains("AUTOMATIC");
            assert_eq!(steps.iter().find(scans), None, "{query}: {steps:?}");
        }
    }
}
