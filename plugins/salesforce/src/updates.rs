//! Changes of fields of users, also those that enable, disable, and set profile and role.

use crate::batches::{Answer, Placed};
use crate::class::Class;
use crate::config::Disable;
use crate::creates::taken_by;
use crate::holdings::Holdings;
use crate::org::Org;
use crate::records::{self, code};
use crate::users;
use crate::{ids, soql};
use purser_sdk::http::Method;
use purser_sdk::serde_json::{Map, Value, json};
use purser_sdk::{AttributeAction, EntitlementEdit, Error, Outcome, SetActiveEdit, UpdateEdit};
use std::collections::BTreeMap;

/// What is to become of one user.
pub struct Update {
    id: String,
    fields: Map<String, Value>,
    /// Whether the account is to be usable; none leaves it.
    active: Option<bool>,
    /// A field that is only cleared where it has this value.
    only_from: Option<(&'static str, String)>,
}

impl Update {
    /// The changes of an edit as fields.
    ///
    /// # Errors
    /// `unsupported` for values added to or removed from a list: no field of a user is one.
    pub fn of_changes(edit: &UpdateEdit) -> Result<Self, Error> {
        let mut fields = Map::new();
        for change in &edit.changes {
            let value = match &change.action {
                AttributeAction::Replace(Value::String(text)) if users::is_reference(&change.attribute) => {
                    ids::widen(text).into()
                }
                AttributeAction::Replace(value) => value.clone(),
                AttributeAction::Clear => Value::Null,
                AttributeAction::Add(_) | AttributeAction::Remove(_) => {
                    return Err(Error::unsupported(format!("`{}` of a user is no list", change.attribute)));
                }
            };
            fields.insert(change.attribute.clone(), value);
        }
        Ok(Self { id: ids::widen(&edit.id), fields, active: None, only_from: None })
    }

    /// Enables or disables.
    pub fn of_active(edit: &SetActiveEdit) -> Self {
        Self { id: ids::widen(&edit.id), fields: Map::new(), active: Some(edit.active), only_from: None }
    }

    /// A profile or role, which are fields of the user; none for classes that are held by rows.
    pub fn of_entitlement(class: Class, edit: &EntitlementEdit, grants: bool) -> Option<Result<Self, Error>> {
        let field = match class {
            Class::Profile => "ProfileId",
            Class::UserRole => "UserRoleId",
            _ => return None,
        };
        if class == Class::Profile && !grants {
            return Some(Err(Error::unsupported("a user always has one profile: grant another in its place")));
        }
        let entitlement = ids::widen(&edit.entitlement);
        let value = if grants { entitlement.clone().into() } else { Value::Null };
        let fields = [(field.to_owned(), value)].into_iter().collect();
        let only_from = (!grants).then_some((field, entitlement));
        Some(Ok(Self { id: ids::widen(&edit.id), fields, active: None, only_from }))
    }
}

/// How a user must still change.
struct Needed {
    place: usize,
    id: String,
    fields: Map<String, Value>,
    freeze: Option<bool>,
}

/// Changes users; one answer for each. Those that are as they should be are `unchanged`.
pub fn update(org: &Org, updates: &[Placed<Update>]) -> Vec<Answer> {
    let all: Vec<String> = updates.iter().map(|update| update.work.id.clone()).filter(|id| ids::is_id(id)).collect();
    let read = users::records(org, &all).and_then(|records| Ok((records, Holdings::read(org, &all)?)));
    let (records, holdings) = match read {
        Ok(read) => read,
        Err(error) => return updates.iter().map(|_| Err(error.clone())).collect(),
    };
    let mut answers: Vec<Answer> = Vec::with_capacity(updates.len());
    let mut needed = Vec::new();
    for (place, Placed { work, .. }) in updates.iter().enumerate() {
        let Some(record) = records.get(&work.id) else {
            answers.push(Err(Error::not_found("User", &work.id)));
            continue;
        };
        let (fields, freeze) = difference(org, work, record, holdings.is_frozen(&work.id));
        if fields.is_empty() && freeze.is_none() {
            answers.push(Ok(Outcome::Unchanged(Some(users::to_object(record.clone(), &holdings)))));
        } else {
            answers.push(Ok(Outcome::Done(None)));
            needed.push(Needed { place, id: work.id.clone(), fields, freeze });
        }
    }
    write_fields(org, updates, &needed, &mut answers);
    write_freezes(org, &needed, &mut answers);
    answers
}

/// The fields that differ, and whether the log-in must be frozen or thawed.
fn difference(
    org: &Org,
    update: &Update,
    record: &Map<String, Value>,
    frozen: bool,
) -> (Map<String, Value>, Option<bool>) {
    if update
        .only_from
        .as_ref()
        .is_some_and(|(field, from)| record.get(*field).and_then(Value::as_str).map(ids::widen).as_ref() != Some(from))
    {
        return (Map::new(), None);
    }
    let mut fields: Map<String, Value> = update
        .fields
        .iter()
        .filter(|(name, wanted)| !is_same(record.get(*name).unwrap_or(&Value::Null), wanted))
        .map(|(name, wanted)| (name.clone(), wanted.clone()))
        .collect();
    let is_active = record.get("IsActive") == Some(&Value::Bool(true));
    let freeze = match (update.active, org.config.disable) {
        (Some(true), _) => {
            if !is_active {
                fields.insert("IsActive".to_owned(), true.into());
            }
            frozen.then_some(false)
        }
        (Some(false), Disable::Deactivate) => {
            if is_active {
                fields.insert("IsActive".to_owned(), false.into());
            }
            None
        }
        (Some(false), Disable::Freeze) => (is_active && !frozen).then_some(true),
        (None, _) => None,
    };
    (fields, freeze)
}

/// An empty text is no value to the platform.
fn is_same(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::String(found), Value::String(wanted)) => found == wanted || ids::widen(found) == ids::widen(wanted),
        (Value::Null, Value::String(wanted)) => wanted.is_empty(),
        (found, wanted) => found == wanted,
    }
}

fn write_fields(org: &Org, updates: &[Placed<Update>], needed: &[Needed], answers: &mut [Answer]) {
    let needed: Vec<&Needed> = needed.iter().filter(|needed| !needed.fields.is_empty()).collect();
    let records: Vec<Value> = needed
        .iter()
        .map(|needed| {
            let mut record = needed.fields.clone();
            record.insert("Id".to_owned(), needed.id.clone().into());
            record.insert("attributes".to_owned(), json!({"type": "User"}));
            Value::Object(record)
        })
        .collect();
    for (needed, written) in needed.into_iter().zip(records::write(org, Method::Patch, &records)) {
        let Err(refused) = written else { continue };
        let disables = updates[needed.place].work.active == Some(false);
        let can_be_frozen = matches!(code(&refused), "FIELD_INTEGRITY_EXCEPTION" | "DELETE_FAILED");
        answers[needed.place] = if disables && can_be_frozen && org.config.freeze_when_refused {
            freeze_instead(org, &needed.id, code(&refused))
        } else {
            let name = needed.fields.get("Username").and_then(Value::as_str).unwrap_or_default();
            Err(taken_by(org, name, refused))
        };
    }
}

/// What the platform does not let be deactivated is locked at once, and a person is asked to go on.
fn freeze_instead(org: &Org, id: &str, code: &str) -> Answer {
    let result = freeze(org, &[(id, true)]).pop();
    match result {
        Some(Ok(_)) => Ok(Outcome::ActionRequired(format!(
            "Salesforce does not let the user {id} be deactivated ({code}); the log-in is frozen. In Setup, see where the user \
             is a default owner, approver or recipient, name somebody else there, and deactivate the user"
        ))),
        Some(Err(refused)) => Err(refused),
        None => Err(Error::not_found("User", id)),
    }
}

fn write_freezes(org: &Org, needed: &[Needed], answers: &mut [Answer]) {
    let wanted: Vec<(usize, &str, bool)> = needed
        .iter()
        .filter(|needed| answers[needed.place].is_ok())
        .filter_map(|needed| Some((needed.place, needed.id.as_str(), needed.freeze?)))
        .collect();
    let changes: Vec<(&str, bool)> = wanted.iter().map(|(_, id, frozen)| (*id, *frozen)).collect();
    for ((place, ..), written) in wanted.into_iter().zip(freeze(org, &changes)) {
        if let Err(refused) = written {
            answers[place] = Err(match code(&refused) {
                "INSUFFICIENT_ACCESS" | "INSUFFICIENT_ACCESS_OR_READONLY" => refused.naming_permission("Freeze Users"),
                _ => refused,
            });
        }
    }
}

/// Freezes and thaws log-ins; one result for each.
fn freeze(org: &Org, changes: &[(&str, bool)]) -> Vec<records::Written> {
    if changes.is_empty() {
        return Vec::new();
    }
    let whole = |error: &Error| changes.iter().map(|_| Err(error.clone())).collect();
    let users = soql::list(changes.iter().map(|(id, _)| *id));
    let rows = match org.query(&format!("SELECT Id, UserId FROM UserLogin WHERE UserId IN {users}")) {
        Ok(rows) => rows,
        Err(error) => return whole(&error),
    };
    let rows: BTreeMap<String, &str> =
        rows.iter().filter_map(|row| Some((ids::widen(row["UserId"].as_str()?), row["Id"].as_str()?))).collect();
    if changes.iter().any(|(id, _)| !rows.contains_key(*id)) {
        let said = "a user has no row of UserLogin that the integration user sees";
        return whole(&Error::permission_denied(said).naming_permission("Manage Users"));
    }
    let records: Vec<Value> = changes
        .iter()
        .map(|(id, frozen)| json!({"attributes": {"type": "UserLogin"}, "Id": rows[*id], "IsFrozen": frozen}))
        .collect();
    records::write(org, Method::Patch, &records)
}
