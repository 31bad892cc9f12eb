//! How nouns stand in rows.

use crate::audit::Note;
use crate::failure::{Result, damaged};
use crate::transaction::Transaction;
use jiff::Timestamp;
use purser_model::Attributes;
use purser_model::access::Reach;
use purser_model::account::{Account, Entitlement, EntitlementKey, Situation};
use purser_model::assignment::Added;
use purser_model::id::{
    AccountId, AssignmentId, CaseId, IdentityId, OperationId, PlanId, RunId, ScimResourceId, TargetName,
};
use purser_model::identity::{Identity, Validity};
use purser_model::object::Digest;
use purser_model::operation::Operation;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The targets that something must belong to, as a list in JSON; none where it may belong to any, or to none.
pub(crate) fn within(reach: &Reach) -> Option<String> {
    let names = reach.targets()?.iter().map(TargetName::as_str);
    Some(serde_json::Value::from_iter(names).to_string())
}

/// A typed id as 16 bytes.
pub(crate) struct Key(pub(crate) Uuid);

impl ToSql for Key {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.as_bytes())))
    }
}

impl FromSql for Key {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        Uuid::from_slice(bytes).map(Key).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

macro_rules! keys {
    ($($id:ident),+) => {
        $(impl From<$id> for Key {
            fn from(id: $id) -> Self {
                Key(id.0)
            }
        }
        impl From<Key> for $id {
            fn from(key: Key) -> Self {
                Self(key.0)
            }
        })+
    };
}
keys!(IdentityId, AccountId, AssignmentId, OperationId, PlanId, RunId, CaseId, ScimResourceId);

/// A time as microseconds since 1970.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// A time from its column.
pub(crate) fn time(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|error| damaged("time", error))
}

/// A time that may not be there.
pub(crate) fn optional_time(micros: Option<i64>) -> Result<Option<Timestamp>> {
    micros.map(time).transpose()
}

/// A noun as JSON text.
pub(crate) fn json<T: Serialize>(what: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| damaged(what, error))
}

/// A noun from JSON text.
pub(crate) fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| damaged(what, error))
}

/// A noun that serializes as a JSON string, from its bare text.
pub(crate) fn from_word<T: DeserializeOwned>(what: &'static str, word: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).map_err(|error| damaged(what, error))
}

pub(crate) fn digest(bytes: Option<Vec<u8>>) -> Result<Option<Digest>> {
    bytes
        .map(|bytes| bytes.try_into().map(Digest).map_err(|_| damaged("digest", "it is not 32 bytes long")))
        .transpose()
}

pub(crate) const IDENTITY: &str =
    "id, source, key, state, attributes, version, changed_at, valid_from, valid_until, added";

pub(crate) fn identity(row: &Row<'_>) -> Result<Identity> {
    Ok(Identity {
        id: row.get::<_, Key>(0)?.into(),
        source: from_word("identity", &row.get::<_, String>(1)?)?,
        key: row.get(2)?,
        state: from_word("identity", &row.get::<_, String>(3)?)?,
        attributes: from_json("identity", &row.get::<_, String>(4)?)?,
        version: row.get(5)?,
        changed_at: time(row.get(6)?)?,
        validity: Validity { from: optional_time(row.get(7)?)?, until: optional_time(row.get(8)?)? },
        added: added(&row.get::<_, String>(9)?)?,
    })
}

/// Hardly anybody has anything added: what is empty is not parsed.
fn added(text: &str) -> Result<Added> {
    if text == "{}" { Ok(Added::default()) } else { from_json("identity", text) }
}

pub(crate) const ACCOUNT: &str = "account.id, account.target, account.class, account.remote_id, account.identity, \
     account.situation, account.secondary_ids, account.version, account.active, account.attributes, account.digest, \
     account.pushed, account.leaving_since, account.deletion_cancelled, account.gone_since, account.protected_because";

/// The account of a row of [`ACCOUNT`], without what it holds.
pub(crate) fn account(row: &Row<'_>) -> Result<Account> {
    let remote_id: Option<String> = row.get(3)?;
    let situation: Situation = from_word("account", &row.get::<_, String>(5)?)?;
    Ok(Account {
        id: row.get::<_, Key>(0)?.into(),
        target: from_word("account", &row.get::<_, String>(1)?)?,
        class: row.get(2)?,
        identity: row.get::<_, Option<Key>>(4)?.map(Into::into),
        situation,
        remote_id,
        secondary_ids: from_json("account", &row.get::<_, String>(6)?)?,
        version: row.get(7)?,
        active: row.get(8)?,
        attributes: row.get(9)?,
        digest: digest(row.get(10)?)?,
        pushed: from_json::<Attributes>("account", &row.get::<_, String>(11)?)?,
        held: BTreeSet::new(),
        leaving_since: optional_time(row.get(12)?)?,
        deletion_cancelled: row.get(13)?,
        gone_since: optional_time(row.get(14)?)?,
        protected_because: row.get(15)?,
    })
}

/// Fills in what the account holds.
pub(crate) fn with_held(connection: &Connection, mut account: Account) -> Result<Account> {
    if let Some(remote_id) = &account.remote_id {
        let mut query =
            connection.prepare_cached("SELECT class, entitlement FROM holding WHERE target = ?1 AND account = ?2")?;
        let held = query.query_map((account.target.as_str(), remote_id), |row| {
            Ok(EntitlementKey { class: row.get(0)?, id: row.get(1)? })
        })?;
        account.held = held.collect::<rusqlite::Result<_>>()?;
    }
    Ok(account)
}

pub(crate) const ENTITLEMENT: &str = "id, target, class, remote_id, name, version, attributes, digest";

pub(crate) fn entitlement(row: &Row<'_>) -> Result<Entitlement> {
    Ok(Entitlement {
        id: row.get::<_, Key>(0)?.into(),
        target: from_word("entitlement", &row.get::<_, String>(1)?)?,
        class: row.get(2)?,
        remote_id: row.get(3)?,
        name: row.get(4)?,
        version: row.get(5)?,
        attributes: row.get(6)?,
        digest: digest(row.get(7)?)?,
    })
}

pub(crate) const OPERATION: &str = "id, plan, identity, target, class, object, intent, state, attempts, not_before, \
     detail, created_at, changed_at, error_class, quarantined_since";

pub(crate) fn operation(row: &Row<'_>) -> Result<Operation> {
    Ok(Operation {
        id: row.get::<_, Key>(0)?.into(),
        plan: row.get::<_, Option<Key>>(1)?.map(Into::into),
        identity: row.get::<_, Option<Key>>(2)?.map(Into::into),
        target: from_word("operation", &row.get::<_, String>(3)?)?,
        class: row.get(4)?,
        object: row.get::<_, Key>(5)?.into(),
        intent: from_json("operation", &row.get::<_, String>(6)?)?,
        state: from_word("operation", &row.get::<_, String>(7)?)?,
        attempts: row.get(8)?,
        not_before: time(row.get(9)?)?,
        detail: row.get(10)?,
        created_at: time(row.get(11)?)?,
        changed_at: time(row.get(12)?)?,
        error_class: row.get(13)?,
        quarantined_since: optional_time(row.get(14)?)?,
    })
}

/// Writes an event and a row of the audit log that holds no values: the short form of [`Note`]. The first word of the kind
/// says what the subject is. Details never hold attribute values.
pub(crate) fn write_event(
    tx: &Transaction<'_>,
    at: Timestamp,
    kind: &str,
    subject: &dyn std::fmt::Display,
    detail: &str,
) -> Result<()> {
    let note = Note::about(kind.split('-').next().unwrap_or(kind), subject);
    note.details(serde_json::json!({"what": detail})).write(tx, at, kind, detail)
}

/// Writes an event that the audit log does not tell of: what was found, rather than what Purser did.
pub(crate) fn stream_event(
    connection: &Connection,
    at: Timestamp,
    kind: &str,
    subject: &dyn std::fmt::Display,
    detail: &str,
) -> Result<()> {
    connection.prepare_cached("INSERT INTO event (at, kind, subject, detail) VALUES (?1, ?2, ?3, ?4)")?.execute((
        micros(at),
        kind,
        subject.to_string(),
        detail,
    ))?;
    Ok(())
}

/// Collects the rows of a query.
pub(crate) fn collect<T>(mut rows: rusqlite::Rows<'_>, mut read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}
