//! Public groups and queues themselves; who is in them is a matter of [`crate::grants`].

use crate::class::Class;
use crate::ids;
use crate::org::Org;
use crate::records;
use crate::{listing, soql};
use purser_sdk::http::Method;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{CreateEdit, DeleteEdit, Error, ErrorClass, Object, Outcome};

/// Creates a group or queue.
///
/// # Errors
/// `already-exists` with the id of the group that has the name.
pub fn create(org: &Org, class: Class, edit: &CreateEdit) -> Result<Outcome, Error> {
    let mut record = edit.attributes.clone();
    record.insert("Type".to_owned(), if class == Class::Queue { "Queue" } else { "Regular" }.into());
    record.insert("attributes".to_owned(), json!({"type": "Group"}));
    let written = records::write(org, Method::Post, &[Value::Object(record)]).pop();
    match written.unwrap_or_else(|| Err(nothing())) {
        Ok(id) => {
            let state = listing::get(org, class, &id).unwrap_or_else(|_| Object::new(id, edit.attributes.clone()));
            Ok(Outcome::Done(Some(state)))
        }
        Err(refused) if refused.class == ErrorClass::AlreadyExists(None) => {
            let name = edit.attributes.get("Name").and_then(Value::as_str).unwrap_or_default();
            let found = org.query(&format!("SELECT Id FROM Group WHERE Name = {} LIMIT 2", soql::text(name)))?;
            let only = (found.len() == 1).then(|| found[0]["Id"].as_str().map(ids::widen)).flatten();
            Err(Error { class: ErrorClass::AlreadyExists(only), ..refused })
        }
        Err(refused) => Err(refused),
    }
}

fn nothing() -> Error {
    Error::outcome_unknown("Salesforce answered nothing for a group")
}

/// Deletes a group or queue; one that is gone already is as it should be.
///
/// # Errors
/// `invalid-value` where something else needs it.
pub fn delete(org: &Org, edit: &DeleteEdit) -> Result<Outcome, Error> {
    if !ids::is_id(&edit.id) {
        return Ok(Outcome::Unchanged(None));
    }
    match records::delete(org, &[ids::widen(&edit.id)]).pop() {
        Some(Err(refused)) if refused.is_not_found() => Ok(Outcome::Unchanged(None)),
        Some(Err(refused)) => Err(refused),
        _ => Ok(Outcome::Done(None)),
    }
}
