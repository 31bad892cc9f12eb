//! What one edit does to one row. Nothing is written here.

use crate::config::{ClassConfig, Config};
use crate::row::{Row, RowFormat, id_in};
use purser_sdk::{
    AttributeAction, AttributeChange, CreateEdit, Edit, EntitlementEdit, Error, Object, Outcome, Request, delta,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The ids of the entitlements that can be granted, by class; an error where their file could not be read.
pub type Entitlements = BTreeMap<String, Result<BTreeSet<String>, Error>>;

/// The row that an edit is about.
///
/// # Errors
/// `invalid-value` naming the key: a create without one.
pub fn row_id(class: &ClassConfig, edit: &Edit) -> Result<String, Error> {
    match edit {
        Edit::Create(edit) => id_in(&edit.attributes, &class.key).ok_or_else(|| {
            let key = &class.key;
            Error::invalid_value(
                key,
                format!("`{key}` is the id: map it to a text that is not empty, or a whole number"),
            )
        }),
        other => Ok(other.object_id().unwrap_or_default().to_owned()),
    }
}

/// Whether two states of an object are the same; the order of a list has no meaning.
fn is_same(before: &Object, after: &Object) -> bool {
    let attributes = |object: &Object| Value::Object(object.attributes.clone());
    before.active == after.active && delta::same_value(&attributes(before), &attributes(after))
}

/// Edits the rows of one class.
pub struct Editor<'e, 'a> {
    /// The whole configuration.
    pub config: &'e Config,
    /// The class.
    pub class: &'e ClassConfig,
    /// How its rows are written.
    pub format: &'e mut RowFormat<'a>,
    /// What can be granted.
    pub entitlements: &'e Entitlements,
}

impl Editor<'_, '_> {
    /// Carries out an edit on a row, none where there is no such row. On an error the row is as it was.
    ///
    /// # Errors
    /// `already-exists`, `not-found`, `invalid-value` or `unsupported`, each for this request alone.
    pub fn carry_out(&mut self, row: &mut Option<Row>, id: &str, request: &Request) -> Result<Outcome, Error> {
        if let Edit::Create(edit) = &request.edit {
            return self.create(row, id, edit);
        }
        if let Edit::Delete(_) = &request.edit {
            let gone = row.take().is_some();
            return Ok(if gone { Outcome::Done(None) } else { Outcome::Unchanged(None) });
        }
        let before = row.as_ref().ok_or_else(|| Error::not_found(&request.class, id))?;
        let after = self.edited(before, request)?;
        let after = self.format.encode(Some(before), &after)?;
        let changed = !is_same(&before.object, &after.object);
        let outcome = Outcome::from_change(changed, after.object.clone());
        if changed {
            *row = Some(after);
        }
        Ok(outcome)
    }

    fn create(&mut self, row: &mut Option<Row>, id: &str, edit: &CreateEdit) -> Result<Outcome, Error> {
        if row.is_some() {
            let message = format!("{}: there is already a row with the key `{id}`", self.class.file);
            return Err(Error::already_exists(Some(id.to_owned()), message));
        }
        let mut object = Object::new(id, edit.attributes.clone());
        object.active = self.class.active.is_some().then_some(edit.active.unwrap_or(true));
        if object.active.is_none() && edit.active == Some(false) {
            return Err(self.no_active_column());
        }
        let created = self.format.encode(None, &object)?;
        let outcome = Outcome::Done(Some(created.object.clone()));
        *row = Some(created);
        Ok(outcome)
    }

    /// The object as the edit wants it.
    fn edited(&self, before: &Row, request: &Request) -> Result<Object, Error> {
        let mut object = before.object.clone();
        match &request.edit {
            Edit::Update(edit) => {
                delta::apply_changes(&mut object.attributes, &edit.changes)?;
                self.check_key(&object)?;
            }
            Edit::SetActive(edit) if self.class.active.is_some() => object.active = Some(edit.active),
            Edit::SetActive(_) => return Err(self.no_active_column()),
            Edit::Grant(edit) => {
                self.check_entitlement(edit)?;
                let values = vec![Value::from(edit.entitlement.as_str())];
                let change = self.entitlement_change(request, edit, AttributeAction::Add(values))?;
                delta::apply_changes(&mut object.attributes, &[change])?;
            }
            Edit::Revoke(edit) => {
                let values = vec![Value::from(edit.entitlement.as_str())];
                let change = self.entitlement_change(request, edit, AttributeAction::Remove(values))?;
                delta::apply_changes(&mut object.attributes, &[change])?;
            }
            Edit::SetPassword(_) | Edit::Create(_) | Edit::Delete(_) => {
                let message = format!("`{}` is not possible for a row of a file", request.edit.name());
                return Err(Error::unsupported(message));
            }
        }
        Ok(object)
    }

    fn entitlement_change(
        &self,
        request: &Request,
        edit: &EntitlementEdit,
        action: AttributeAction,
    ) -> Result<AttributeChange, Error> {
        let attribute = self.config.holding_attribute(&request.class, &edit.entitlement_class)?;
        Ok(AttributeChange { attribute: attribute.to_owned(), action })
    }

    fn check_key(&self, after: &Object) -> Result<(), Error> {
        if id_in(&after.attributes, &self.class.key).as_ref() == Some(&after.id) {
            return Ok(());
        }
        let key = &self.class.key;
        Err(Error::invalid_value(key, format!("`{key}` is the id and never changes: delete and create instead")))
    }

    fn check_entitlement(&self, edit: &EntitlementEdit) -> Result<(), Error> {
        match self.entitlements.get(&edit.entitlement_class) {
            Some(Ok(ids)) if ids.contains(&edit.entitlement) => Ok(()),
            Some(Err(error)) => Err(error.clone()),
            _ => Err(Error::not_found(&edit.entitlement_class, &edit.entitlement)),
        }
    }

    fn no_active_column(&self) -> Error {
        Error::unsupported(format!("{}: `active` names no column, so nothing can be disabled", self.class.file))
    }
}
