//! Users as the platform shows them, and as the engine sees them.

use crate::class::{Class, USER_REFERENCES, USER_TEXTS};
use crate::config::Config;
use crate::holdings::Holdings;
use crate::org::{IDS_AT_ONCE, Org};
use crate::{ids, soql};
use purser_sdk::serde_json::{Map, Value};
use purser_sdk::{Attributes, Error, Object};
use std::collections::BTreeMap;

/// The fields that are read, for SOQL.
pub fn fields(config: &Config) -> String {
    let texts = USER_TEXTS.iter().map(|(name, _)| *name);
    let references = USER_REFERENCES.iter().map(|(name, _)| *name);
    let further = config.extra_fields.iter().map(String::as_str);
    let all = ["Id", "Username", "Name", "IsActive"].into_iter().chain(texts).chain(references).chain(further);
    all.collect::<Vec<_>>().join(", ")
}

/// The records of these users, by id.
///
/// # Errors
/// As [`Org::query`].
pub fn records(org: &Org, users: &[String]) -> Result<BTreeMap<String, Map<String, Value>>, Error> {
    let mut found = BTreeMap::new();
    for users in users.chunks(IDS_AT_ONCE) {
        let users = soql::list(users.iter().map(String::as_str));
        let soql = format!("SELECT {} FROM User WHERE Id IN {users}", fields(&org.config));
        for record in org.query(&soql)? {
            let Value::Object(record) = record else { continue };
            found.insert(id_of(&record), record);
        }
    }
    Ok(found)
}

/// The id of a record.
pub fn id_of(record: &Map<String, Value>) -> String {
    record.get("Id").and_then(Value::as_str).map(ids::widen).unwrap_or_default()
}

/// These users with what they hold, by id. Who is not there is missing.
///
/// # Errors
/// As [`Org::query`].
pub fn objects(org: &Org, users: &[String]) -> Result<BTreeMap<String, Object>, Error> {
    let records = records(org, users)?;
    let holdings = Holdings::read(org, users)?;
    Ok(records.into_iter().map(|(id, record)| (id, to_object(record, &holdings))).collect())
}

/// One user as the engine sees it: fields without a value are left out.
pub fn to_object(record: Map<String, Value>, holdings: &Holdings) -> Object {
    let id = id_of(&record);
    let is_active = record.get("IsActive") == Some(&Value::Bool(true));
    let mut attributes = Attributes::new();
    for (name, value) in record {
        match value {
            Value::Null => {}
            _ if matches!(name.as_str(), "Id" | "IsActive" | "attributes") => {}
            Value::String(text) if is_reference(&name) => {
                attributes.insert(name, ids::widen(&text).into());
            }
            value => {
                attributes.insert(name, value);
            }
        }
    }
    for class in Class::ALL {
        let held: Vec<Value> = match class {
            Class::User => continue,
            Class::Profile => attributes.get("ProfileId").cloned().into_iter().collect(),
            Class::UserRole => attributes.get("UserRoleId").cloned().into_iter().collect(),
            other => holdings.of(&id, other).into_iter().map(Value::from).collect(),
        };
        if !held.is_empty() {
            attributes.insert(class.held_as().to_owned(), held.into());
        }
    }
    let name = attributes.get("Username").and_then(Value::as_str).unwrap_or_default().to_owned();
    let active = is_active && !holdings.is_frozen(&id);
    Object::new(id, attributes).with_active(active).with_secondary_id("Username", name)
}

/// Whether a field of the user holds an id.
pub fn is_reference(name: &str) -> bool {
    USER_REFERENCES.iter().any(|(field, _)| *field == name)
}

/// Who has this user name here.
pub fn who_has(org: &Org, name: &str) -> Option<String> {
    let found = org.query(&format!("SELECT Id FROM User WHERE Username = {} LIMIT 1", soql::text(name))).ok()?;
    found.first()?["Id"].as_str().map(ids::widen)
}
