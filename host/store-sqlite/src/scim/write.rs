//! Writing what clients push, each together with the identities that it changes.

use super::{members, read};
use crate::audit::Note;
use crate::details::difference;
use crate::failure::{Result, damaged};
use crate::hidden::Hidden;
use crate::import::{accept_one, depart};
use crate::rows::{Key, from_json, json, micros, optional_time};
use crate::transaction::Transaction;
use jiff::Timestamp;
use purser_model::Attributes;
use purser_model::id::{IdentityId, Ids, ScimResourceId, SourceName};
use purser_model::identity::{IdentityRecord, LifecycleState, Validity};
use purser_model::scim::{GROUPS, ResourceKind};
use purser_store::{KeptScim, Relations, ScimGroup, ScimMemberEdit, ScimRefusal, ScimUser, StoreError};
use rusqlite::OptionalExtension;
use serde_json::{Value, json as value};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn create_user(
    tx: &Transaction<'_>,
    ids: &Ids,
    source: &SourceName,
    user: &ScimUser,
    now: Timestamp,
) -> Result<KeptScim> {
    free_user_name(tx, source, user)?;
    insert(tx, source, ResourceKind::User, user.id, &user.attributes, now)?;
    accept_one(tx, ids, source, &user.record, now)?;
    kept(tx, source, ResourceKind::User, user.id)
}

pub(super) fn replace_user(
    tx: &Transaction<'_>,
    ids: &Ids,
    source: &SourceName,
    user: ScimUser,
    version: u64,
    now: Timestamp,
) -> Result<KeptScim> {
    let before = of_version(tx, source, (ResourceKind::User, user.id), Some(version))?;
    free_user_name(tx, source, &user)?;
    update(tx, before.number, &user.attributes, now)?;
    let record = with_groups(tx, before.number, user.record)?;
    if !accept_one(tx, ids, source, &record, now)?.changed {
        // What no mapping reads is audited here, since the identity is not changed by it.
        note(tx, source, &before, &user.attributes, now)?;
    }
    kept(tx, source, ResourceKind::User, user.id)
}

pub(super) fn create_group(
    tx: &Transaction<'_>,
    ids: &Ids,
    source: &SourceName,
    group: ScimGroup,
    now: Timestamp,
) -> Result<KeptScim> {
    insert(tx, source, ResourceKind::Group, group.id, &group.attributes, now)?;
    let made = kept(tx, source, ResourceKind::Group, group.id)?;
    let wanted = numbers(tx, source, group.members.unwrap_or_default())?;
    let mut change = Membership::new(tx, made.number);
    wanted.into_iter().try_for_each(|member| change.join(member))?;
    let details = value!({
        "source": source,
        "attributes": difference(&Attributes::new(), &group.attributes, &Hidden::of_identities()),
        "members": change.counts(),
    });
    Note::about("scim-group", &group.id).details(details).write(tx, now, "scim-group-created", "")?;
    change.settle(ids, source, now)?;
    Ok(made)
}

pub(super) fn replace_group(
    tx: &Transaction<'_>,
    ids: &Ids,
    source: &SourceName,
    group: ScimGroup,
    version: u64,
    now: Timestamp,
) -> Result<KeptScim> {
    let before = of_version(tx, source, (ResourceKind::Group, group.id), Some(version))?;
    update(tx, before.number, &group.attributes, now)?;
    let mut change = Membership::new(tx, before.number);
    if let Some(wanted) = group.members {
        let wanted = numbers(tx, source, wanted)?;
        let present = members::member_numbers(tx, before.number)?;
        present.difference(&wanted).try_for_each(|member| change.leave(*member))?;
        wanted.difference(&present).try_for_each(|member| change.join(*member))?;
    }
    if before.attributes.get("displayName") != group.attributes.get("displayName") {
        change.renamed()?;
    }
    let details = value!({
        "source": source,
        "attributes": difference(&before.attributes, &group.attributes, &Hidden::of_identities()),
        "members": change.counts(),
    });
    Note::about("scim-group", &group.id).details(details).write(tx, now, "scim-group-changed", "")?;
    change.settle(ids, source, now)?;
    kept(tx, source, ResourceKind::Group, group.id)
}

pub(super) fn edit_members(
    tx: &Transaction<'_>,
    ids: &Ids,
    source: &SourceName,
    group: ScimResourceId,
    edits: &[ScimMemberEdit],
    version: Option<u64>,
    now: Timestamp,
) -> Result<KeptScim> {
    let before = of_version(tx, source, (ResourceKind::Group, group), version)?;
    let mut change = Membership::new(tx, before.number);
    for edit in edits {
        if edit.comes {
            change.join(members::number_of_member(tx, source, edit.member)?)?;
        } else if let Some(member) = members::known_number(tx, source, edit.member)? {
            change.leave(member)?;
        }
    }
    if change.is_empty() {
        return Ok(before);
    }
    update(tx, before.number, &before.attributes, now)?;
    let details = value!({"source": source, "members": change.counts()});
    Note::about("scim-group", &group).details(details).write(tx, now, "scim-group-changed", "")?;
    change.settle(ids, source, now)?;
    kept(tx, source, ResourceKind::Group, group)
}

pub(super) fn delete(
    tx: &Transaction<'_>,
    ids: &Ids,
    source: &SourceName,
    which: (ResourceKind, ScimResourceId),
    version: Option<u64>,
    now: Timestamp,
) -> Result<()> {
    let before = of_version(tx, source, which, version)?;
    let remove = || -> Result<()> {
        tx.prepare_cached("DELETE FROM scim_resource WHERE number = ?1")?.execute([before.number])?;
        Ok(())
    };
    match before.kind {
        ResourceKind::User => {
            if let Some((identity, _)) = identity_of(tx, source, before.id)? {
                depart(tx, identity, now)?;
            }
            remove()
        }
        ResourceKind::Group => {
            let mut change = Membership::new(tx, before.number);
            change.renamed()?;
            remove()?;
            let details = value!({"source": source, "members": {"left": change.touched.len()}});
            Note::about("scim-group", &before.id).details(details).write(tx, now, "scim-group-deleted", "")?;
            change.settle(ids, source, now)
        }
    }
}

pub(super) fn accept_records(
    tx: &Transaction<'_>,
    ids: &Ids,
    source: &SourceName,
    records: Vec<IdentityRecord>,
    now: Timestamp,
) -> Result<()> {
    for record in records {
        let id: ScimResourceId = record.key.parse().map_err(|error| damaged("identity", error))?;
        // One who was deleted meanwhile stays departed.
        if let Some(number) = members::known_number(tx, source, id)? {
            let record = with_groups(tx, number, record)?;
            accept_one(tx, ids, source, &record, now)?;
        }
    }
    Ok(())
}

/// Members that come to a group and leave it, and the users whose groups are others then.
struct Membership<'t, 'c> {
    tx: &'t Transaction<'c>,
    group: i64,
    joined: u64,
    left: u64,
    touched: BTreeMap<i64, ScimResourceId>,
}

impl<'t, 'c> Membership<'t, 'c> {
    fn new(tx: &'t Transaction<'c>, group: i64) -> Self {
        Self { tx, group, joined: 0, left: 0, touched: BTreeMap::new() }
    }

    fn join(&mut self, member: i64) -> Result<()> {
        if members::join(self.tx, self.group, member)? {
            self.joined += 1;
            self.touched.extend(members::users_under(self.tx, member)?);
        }
        Ok(())
    }

    fn leave(&mut self, member: i64) -> Result<()> {
        if members::leave(self.tx, self.group, member)? {
            self.left += 1;
            self.touched.extend(members::users_under(self.tx, member)?);
        }
        Ok(())
    }

    /// The group is called otherwise, or is about to go.
    fn renamed(&mut self) -> Result<()> {
        self.touched.extend(members::users_under(self.tx, self.group)?);
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.joined == 0 && self.left == 0
    }

    fn counts(&self) -> Value {
        value!({"joined": self.joined, "left": self.left})
    }

    /// The identities are told what their groups are now.
    fn settle(self, ids: &Ids, source: &SourceName, now: Timestamp) -> Result<()> {
        for (number, id) in self.touched {
            let Some((_, record)) = identity_of(self.tx, source, id)? else { continue };
            let record = with_groups(self.tx, number, record)?;
            if accept_one(self.tx, ids, source, &record, now)?.changed {
                touch(self.tx, number, now)?;
            }
        }
        Ok(())
    }
}

/// The record with the names of the groups that the user is in.
fn with_groups(tx: &Transaction<'_>, user: i64, mut record: IdentityRecord) -> Result<IdentityRecord> {
    let names = members::names_of_groups(tx, user)?;
    if names.is_empty() {
        record.attributes.remove(GROUPS);
    } else {
        record.attributes.insert(GROUPS.to_owned(), value!(names));
    }
    Ok(record)
}

/// The identity that a user stands for, as it is now.
fn identity_of(
    tx: &Transaction<'_>,
    source: &SourceName,
    id: ScimResourceId,
) -> Result<Option<(IdentityId, IdentityRecord)>> {
    let key = id.to_string();
    let mut query = tx.prepare_cached(
        "SELECT id, state, attributes, valid_from, valid_until FROM identity WHERE source = ?1 AND key = ?2",
    )?;
    let mut found = query.query((source.as_str(), &key))?;
    let Some(row) = found.next()? else { return Ok(None) };
    let state: LifecycleState = row.get::<_, String>(1)?.parse().map_err(|error| damaged("identity", error))?;
    let validity = Validity { from: optional_time(row.get(3)?)?, until: optional_time(row.get(4)?)? };
    let attributes = from_json("identity", &row.get::<_, String>(2)?)?;
    Ok(Some((row.get::<_, Key>(0)?.into(), IdentityRecord { key, state, attributes, validity })))
}

fn numbers(tx: &Transaction<'_>, source: &SourceName, wanted: Vec<ScimResourceId>) -> Result<BTreeSet<i64>> {
    wanted.into_iter().map(|id| members::number_of_member(tx, source, id)).collect()
}

fn kept(tx: &Transaction<'_>, source: &SourceName, kind: ResourceKind, id: ScimResourceId) -> Result<KeptScim> {
    let found = read::one(tx, source, kind, id, Relations::LeftOut)?;
    Ok(found.ok_or(StoreError::Scim(ScimRefusal::NoSuchResource))?)
}

/// The resource, where it is there and of this version.
fn of_version(
    tx: &Transaction<'_>,
    source: &SourceName,
    (kind, id): (ResourceKind, ScimResourceId),
    version: Option<u64>,
) -> Result<KeptScim> {
    let found = kept(tx, source, kind, id)?;
    match version {
        Some(wanted) if wanted != found.version => {
            Err(StoreError::Scim(ScimRefusal::OtherVersion { now: found.version }).into())
        }
        _ => Ok(found),
    }
}

fn free_user_name(tx: &Transaction<'_>, source: &SourceName, user: &ScimUser) -> Result<()> {
    let Some(name) = folded(&user.attributes, "userName") else { return Ok(()) };
    let holder: Option<Key> = tx
        .prepare_cached("SELECT id FROM scim_resource WHERE source = ?1 AND user_name = ?2")?
        .query_row((source.as_str(), name), |row| row.get(0))
        .optional()?;
    match holder {
        Some(Key(id)) if id != user.id.0 => Err(StoreError::Scim(ScimRefusal::UserNameTaken).into()),
        _ => Ok(()),
    }
}

fn insert(
    tx: &Transaction<'_>,
    source: &SourceName,
    kind: ResourceKind,
    id: ScimResourceId,
    attributes: &Attributes,
    now: Timestamp,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO scim_resource (id, source, kind, attributes, user_name, external_id, display_name, version, \
         created_at, modified_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?8)",
    )?
    .execute((
        Key::from(id),
        source.as_str(),
        kind.as_str(),
        json("SCIM resource", attributes)?,
        folded(attributes, "userName"),
        attributes.get("externalId").and_then(Value::as_str),
        folded(attributes, "displayName"),
        micros(now),
    ))?;
    Ok(())
}

fn update(tx: &Transaction<'_>, number: i64, attributes: &Attributes, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "UPDATE scim_resource SET attributes = ?2, user_name = ?3, external_id = ?4, display_name = ?5, \
         version = version + 1, modified_at = ?6 WHERE number = ?1",
    )?
    .execute((
        number,
        json("SCIM resource", attributes)?,
        folded(attributes, "userName"),
        attributes.get("externalId").and_then(Value::as_str),
        folded(attributes, "displayName"),
        micros(now),
    ))?;
    Ok(())
}

/// What a client sees of the resource is another, though nobody wrote it.
fn touch(tx: &Transaction<'_>, number: i64, now: Timestamp) -> Result<()> {
    tx.prepare_cached("UPDATE scim_resource SET version = version + 1, modified_at = ?2 WHERE number = ?1")?
        .execute((number, micros(now)))?;
    Ok(())
}

fn folded(attributes: &Attributes, name: &str) -> Option<String> {
    attributes.get(name).and_then(Value::as_str).map(str::to_lowercase)
}

fn note(
    tx: &Transaction<'_>,
    source: &SourceName,
    before: &KeptScim,
    after: &Attributes,
    now: Timestamp,
) -> Result<()> {
    let changed = difference(&before.attributes, after, &Hidden::of_identities());
    let details = value!({"source": source, "attributes": changed});
    Note::about("scim-user", &before.id).details(details).write(tx, now, "scim-user-changed", "")
}
