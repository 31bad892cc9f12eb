//! What operators add to identities. All of it stands with the identity; the other tables say where to look.

use crate::audit::Note;
use crate::failure::{Result, not_found, refused};
use crate::rows::{Key, collect, from_json, json, micros};
use crate::transaction::Transaction;
use crate::wakes::wake;
use crate::{SqliteStore, identities, rows};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::assignment::{Added, AddedToGroup, Assigned, Assignment, Imposed, ImposedState, MOST_ADDED, Reason};
use purser_model::id::{AssignmentId, GroupName, IdentityId, Ids};
use purser_model::identity::{Identity, Moment, Validity};
use purser_store::{
    AddedFilter, Additions, AssignEnd, IdentityFilter, IdentityPlace, IdentitySort, NewAssignment, NewImposition,
    PageRequest, StoreError,
};
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json as value};

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl Additions for SqliteStore {
    async fn assign(&self, wanted: Vec<NewAssignment>, now: Timestamp) -> Answer<Vec<AssignEnd>> {
        let ids = self.ids.clone();
        self.connections.write(move |tx| wanted.into_iter().map(|wanted| assign(tx, &ids, wanted, now)).collect()).await
    }

    async fn assignment(&self, id: AssignmentId) -> Answer<Assignment> {
        self.connections.read(move |connection| one(connection, id)).await
    }

    async fn end_assignment(&self, id: AssignmentId, reason: Option<Reason>, now: Timestamp) -> Answer<()> {
        self.connections.write(move |tx| end(tx, id, reason.as_ref(), now)).await
    }

    async fn add_to_group(
        &self,
        group: &GroupName,
        identity: IdentityId,
        reason: Reason,
        now: Timestamp,
    ) -> Answer<bool> {
        let group = group.clone();
        self.connections.write(move |tx| add_to_group(tx, group, identity, reason, now)).await
    }

    async fn take_from_group(
        &self,
        group: &GroupName,
        identity: IdentityId,
        reason: Option<Reason>,
        now: Timestamp,
    ) -> Answer<()> {
        let group = group.clone();
        self.connections.write(move |tx| take_from_group(tx, &group, identity, reason.as_ref(), now)).await
    }

    async fn impose(&self, identity: IdentityId, wanted: NewImposition, now: Timestamp) -> Answer<Imposed> {
        self.connections.write(move |tx| impose(tx, identity, wanted, now)).await
    }

    async fn lift(
        &self,
        identity: IdentityId,
        state: ImposedState,
        reason: Option<Reason>,
        now: Timestamp,
    ) -> Answer<()> {
        self.connections.write(move |tx| lift(tx, identity, state, reason.as_ref(), now)).await
    }

    async fn sorted_identities(
        &self,
        filter: IdentityFilter,
        sort: IdentitySort,
        page: PageRequest<IdentityPlace>,
    ) -> Answer<Vec<Identity>> {
        self.connections
            .read(move |connection| identities::sorted_query(&filter, sort, page).read(connection, rows::identity))
            .await
    }

    async fn these_identities(&self, ids: Vec<IdentityId>) -> Answer<Vec<Identity>> {
        self.connections.read(move |connection| identities::these(connection, &ids)).await
    }

    async fn identities_with(&self, filter: AddedFilter, page: PageRequest<IdentityId>) -> Answer<Vec<Identity>> {
        self.connections.read(move |connection| with(connection, &filter, page)).await
    }
}

/// What was added to an identity; none where there is no such identity.
fn added(connection: &Connection, identity: IdentityId) -> Result<Option<(u64, Added)>> {
    let row = connection
        .prepare_cached("SELECT version, added FROM identity WHERE id = ?1")?
        .query_row([Key::from(identity)], |row| Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    row.map(|(version, text)| Ok((version, from_json("identity", &text)?))).transpose()
}

fn known(connection: &Connection, identity: IdentityId) -> Result<Added> {
    Ok(added(connection, identity)?.ok_or_else(|| not_found("identity", identity))?.1)
}

/// Keeps what was added as a change of the identity, and wakes it.
fn keep(tx: &Transaction<'_>, identity: IdentityId, added: &Added, now: Timestamp) -> Result<()> {
    tx.prepare_cached("UPDATE identity SET added = ?2, version = version + 1, changed_at = ?3 WHERE id = ?1")?
        .execute((Key::from(identity), json("identity", added)?, micros(now)))?;
    wake(tx, identity)
}

fn details(validity: Validity, reason: Option<&Reason>) -> Value {
    value!({"from": validity.from, "until": validity.until, "reason": reason})
}

fn assign(tx: &Transaction<'_>, ids: &Ids, wanted: NewAssignment, now: Timestamp) -> Result<AssignEnd> {
    let NewAssignment { identity, version, role, validity, reason } = wanted;
    let Some((found, mut added)) = added(tx, identity)? else { return Ok(AssignEnd::NoIdentity) };
    if found != version {
        return Ok(AssignEnd::Changed);
    }
    if added.open_assignments(now) >= MOST_ADDED {
        return Ok(AssignEnd::TooMany);
    }
    if added.assignments.len() >= MOST_ADDED {
        drop_ended(tx, &mut added, now)?;
    }
    let by = tx.author().actor.as_str().to_owned();
    let assigned = Assigned { id: AssignmentId(ids.next(now)), role, validity, reason, by, at: now };
    tx.prepare_cached("INSERT INTO assignment (id, identity, role) VALUES (?1, ?2, ?3)")?.execute((
        Key::from(assigned.id),
        Key::from(identity),
        assigned.role.as_str(),
    ))?;
    let mut told = details(validity, Some(&assigned.reason));
    told["role"] = value!({"old": null, "new": assigned.role});
    let note = Note::about("assignment", &assigned.id).of_identity(identity).details(told);
    note.write(tx, now, "assignment-made", &format!("role {}", assigned.role))?;
    added.assignments.push(assigned.clone());
    keep(tx, identity, &added, now)?;
    Ok(AssignEnd::Made(Assignment { identity, assigned }))
}

/// Makes room: what has ended has no effect any more, and what it was stands in the audit log.
fn drop_ended(tx: &Transaction<'_>, added: &mut Added, now: Timestamp) -> Result<()> {
    let (ended, open): (Vec<_>, Vec<_>) =
        std::mem::take(&mut added.assignments).into_iter().partition(|one| one.validity.at(now) == Moment::After);
    added.assignments = open;
    for one in ended {
        tx.prepare_cached("DELETE FROM assignment WHERE id = ?1")?.execute([Key::from(one.id)])?;
    }
    Ok(())
}

fn one(connection: &Connection, id: AssignmentId) -> Result<Assignment> {
    let identity: Option<Key> = connection
        .prepare_cached("SELECT identity FROM assignment WHERE id = ?1")?
        .query_row([Key::from(id)], |row| row.get(0))
        .optional()?;
    let identity: IdentityId = identity.ok_or_else(|| not_found("assignment", id))?.into();
    let assigned = known(connection, identity)?.assignments.into_iter().find(|one| one.id == id);
    Ok(Assignment { identity, assigned: assigned.ok_or_else(|| not_found("assignment", id))? })
}

fn end(tx: &Transaction<'_>, id: AssignmentId, reason: Option<&Reason>, now: Timestamp) -> Result<()> {
    let Assignment { identity, assigned } = one(tx, id)?;
    let mut added = known(tx, identity)?;
    added.assignments.retain(|one| one.id != id);
    tx.prepare_cached("DELETE FROM assignment WHERE id = ?1")?.execute([Key::from(id)])?;
    let mut told = details(assigned.validity, reason);
    told["role"] = value!({"old": assigned.role, "new": null});
    let note = Note::about("assignment", &id).of_identity(identity).details(told);
    note.write(tx, now, "assignment-ended", &format!("role {}", assigned.role))?;
    keep(tx, identity, &added, now)
}

fn add_to_group(
    tx: &Transaction<'_>,
    group: GroupName,
    identity: IdentityId,
    reason: Reason,
    now: Timestamp,
) -> Result<bool> {
    let mut added = known(tx, identity)?;
    if added.groups.iter().any(|one| one.group == group) {
        return Ok(false);
    }
    if added.groups.len() >= MOST_ADDED {
        let advice = format!("it was put into {MOST_ADDED} groups already; take it from some, or declare a rule");
        return Err(refused("identity", identity, &advice));
    }
    tx.prepare_cached("INSERT INTO group_member (in_group, identity) VALUES (?1, ?2)")?
        .execute((group.as_str(), Key::from(identity)))?;
    let told = value!({"group": {"old": null, "new": group}, "reason": reason});
    let note = Note::identity(identity).details(told);
    note.write(tx, now, "group-member-added", &format!("group {group}"))?;
    let by = tx.author().actor.as_str().to_owned();
    added.groups.push(AddedToGroup { group, reason, by, at: now });
    keep(tx, identity, &added, now)?;
    Ok(true)
}

fn take_from_group(
    tx: &Transaction<'_>,
    group: &GroupName,
    identity: IdentityId,
    reason: Option<&Reason>,
    now: Timestamp,
) -> Result<()> {
    let mut added = known(tx, identity)?;
    let before = added.groups.len();
    added.groups.retain(|one| one.group != *group);
    if added.groups.len() == before {
        return Err(not_found("added member", format!("{identity} of group {group}")));
    }
    tx.prepare_cached("DELETE FROM group_member WHERE in_group = ?1 AND identity = ?2")?
        .execute((group.as_str(), Key::from(identity)))?;
    let told = value!({"group": {"old": group, "new": null}, "reason": reason});
    let note = Note::identity(identity).details(told);
    note.write(tx, now, "group-member-removed", &format!("group {group}"))?;
    keep(tx, identity, &added, now)
}

fn impose(tx: &Transaction<'_>, identity: IdentityId, wanted: NewImposition, now: Timestamp) -> Result<Imposed> {
    let NewImposition { state, validity, reason } = wanted;
    let mut added = known(tx, identity)?;
    let former =
        added.imposed.iter().find(|one| one.state == state).map(|one| details(one.validity, Some(&one.reason)));
    added.imposed.retain(|one| one.state != state);
    let told = value!({"imposed": {"old": former, "new": details(validity, Some(&reason))}, "state": state});
    let note = Note::identity(identity).details(told);
    note.write(tx, now, "state-imposed", state.as_str())?;
    let imposed = Imposed { state, validity, reason, by: tx.author().actor.as_str().to_owned(), at: now };
    added.imposed.push(imposed.clone());
    keep(tx, identity, &added, now)?;
    Ok(imposed)
}

fn lift(
    tx: &Transaction<'_>,
    identity: IdentityId,
    state: ImposedState,
    reason: Option<&Reason>,
    now: Timestamp,
) -> Result<()> {
    let mut added = known(tx, identity)?;
    let Some(place) = added.imposed.iter().position(|one| one.state == state) else {
        return Err(not_found("imposed state", format!("{state} of identity {identity}")));
    };
    let former = added.imposed.remove(place);
    let old = details(former.validity, Some(&former.reason));
    let told = value!({"imposed": {"old": old, "new": null}, "state": state, "reason": reason});
    let note = Note::identity(identity).details(told);
    note.write(tx, now, "state-lifted", state.as_str())?;
    keep(tx, identity, &added, now)
}

fn with(connection: &Connection, filter: &AddedFilter, page: PageRequest<IdentityId>) -> Result<Vec<Identity>> {
    let after = page.after.map_or_else(Vec::new, |id| id.0.as_bytes().to_vec());
    let (chosen, name) = match filter {
        AddedFilter::Assigned => {
            ("SELECT DISTINCT identity FROM assignment WHERE identity > ?1 AND ?2 IS NOT NULL", "")
        }
        AddedFilter::Role(role) => {
            ("SELECT DISTINCT identity FROM assignment WHERE role = ?2 AND identity > ?1", role.as_str())
        }
        AddedFilter::Group(group) => {
            ("SELECT identity FROM group_member WHERE in_group = ?2 AND identity > ?1", group.as_str())
        }
    };
    let mut query = connection.prepare_cached(&format!("{chosen} ORDER BY identity LIMIT ?3"))?;
    let ids = collect(query.query((after, name, page.limit))?, |row| Ok(row.get::<_, Key>(0)?.into()))?;
    identities::these(connection, &ids)
}
