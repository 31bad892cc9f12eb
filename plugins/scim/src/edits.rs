//! Creating, changing, disabling and deleting single objects.

use crate::class::Class;
use crate::config::DisableMode;
use crate::delta::{apply_changes, replacement_body};
use crate::document::{boolean, take_member};
use crate::listing;
use crate::members;
use crate::name::AttributeName;
use crate::patch::Patch;
use crate::resource::{to_object, to_resource, version_of};
use crate::server::{Server, Written};
use purser_sdk::http::Method;
use purser_sdk::serde_json::Value;
use purser_sdk::slots::slot_value;
use purser_sdk::{
    AttributeAction, AttributeChange, Attributes, CreateEdit, DeleteEdit, Error, ErrorClass, Object, Outcome,
    SetActiveEdit, SetPasswordEdit, UpdateEdit,
};

/// Creates an object. A taken name is looked up, so that the object that has it can be adopted.
///
/// # Errors
/// `already-exists` with the id where it is found; `partially-applied` when a group was made without all members.
pub fn create(server: &Server, class: Class<'_>, edit: &CreateEdit) -> Result<Outcome, Error> {
    if class == Class::Group && server.config.fixed_groups {
        return Err(Error::unsupported("groups are made in the application itself here (`fixed_groups`)"));
    }
    let mut resource = resource_of(server, class, edit)?;
    if server.config.disable_mode == DisableMode::Delete
        && take_member(&mut resource, "active").as_ref().and_then(boolean) == Some(false)
    {
        return Err(Error::unsupported("this server knows no disabled account: create it when it is to be used"));
    }
    let later = members::to_add_later(server, class, &mut resource);
    let body = Value::Object(resource.clone());
    let answer = server.write(Method::Post, class.path(), Some(body), None);
    let made = made(server, class, &resource, answer)?;
    let (false, Outcome::Done(Some(object))) = (later.is_empty(), &made) else { return Ok(made) };
    members::add_all(server, &object.id, &later).map_err(|error| {
        let done = format!("the group `{}` was made, and not all of its members were added", object.id);
        Error::partially_applied(done, error.to_string())
    })?;
    Ok(Outcome::Done(state_after(server, class, &object.id)))
}

/// What is sent to make an object.
///
/// # Errors
/// As [`to_resource`].
pub fn resource_of(server: &Server, class: Class<'_>, edit: &CreateEdit) -> Result<Attributes, Error> {
    let mut resource = to_resource(class, &edit.attributes, edit.active)?;
    let lacks_id = class == Class::Group && server.config.group_external_id && !resource.contains_key("externalId");
    if let Some(name) = resource.get(class.unique_name()).filter(|_| lacks_id).cloned() {
        resource.insert("externalId".into(), name);
    }
    Ok(resource)
}

/// What the answer to a create means. A taken name is looked up.
///
/// # Errors
/// As [`create`].
pub fn made(
    server: &Server,
    class: Class<'_>,
    sent: &Attributes,
    answer: Result<Written, Error>,
) -> Result<Outcome, Error> {
    match answer {
        Ok(written) => Ok(match created_object(server, class, sent, written)? {
            Some(object) => Outcome::Done(Some(object)),
            None => Outcome::Accepted(edit_handle(class, sent)),
        }),
        Err(error) if matches!(error.class, ErrorClass::AlreadyExists(_)) => {
            Err(naming_the_owner(server, class, sent, error))
        }
        Err(error) => Err(error),
    }
}

/// The object that a create made: from the answer, else from where the answer says it is, else by its name.
fn created_object(
    server: &Server,
    class: Class<'_>,
    sent: &Attributes,
    written: Written,
) -> Result<Option<Object>, Error> {
    if let Some(object) =
        written.resource.and_then(|made| to_object(&server.config, class, made, written.etag.as_deref()).ok())
    {
        return Ok(Some(object));
    }
    let id = written.location.as_deref().and_then(|location| location.trim_end_matches('/').rsplit('/').next());
    if let Some(object) = id.and_then(|id| state_after(server, class, id)) {
        return Ok(Some(object));
    }
    match owner(server, class, sent) {
        Ok(Some(object)) => Ok(Some(object)),
        Ok(None) if written.status == 202 => Ok(None),
        Ok(None) => Err(Error::outcome_unknown(format!(
            "the server took the {} with status {} and did not say which id it got",
            class.name(),
            written.status
        ))),
        Err(error) => Err(Error::outcome_unknown(error.message)),
    }
}

fn edit_handle(class: Class<'_>, resource: &Attributes) -> String {
    let name = resource.get(class.unique_name()).and_then(Value::as_str).unwrap_or_default();
    format!("{} {name}", class.name())
}

fn naming_the_owner(server: &Server, class: Class<'_>, sent: &Attributes, error: Error) -> Error {
    match owner(server, class, sent) {
        Ok(found) => Error { class: ErrorClass::AlreadyExists(found.map(|object| object.id)), ..error },
        Err(look_up) => {
            server.host.warn(format!("the object that is in the way could not be looked up: {look_up}"));
            error
        }
    }
}

/// The object that has the unique name or the external id of what was sent.
fn owner(server: &Server, class: Class<'_>, sent: &Attributes) -> Result<Option<Object>, Error> {
    for attribute in [class.unique_name(), "externalId"] {
        let Some(value) = sent.get(attribute).and_then(Value::as_str) else { continue };
        if let Some(found) = listing::find(server, class, attribute, value)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Changes attributes. Members of a group are changed after everything else, in slices.
///
/// # Errors
/// `not-found`, `version-conflict`, `invalid-value`, `already-exists`; `partially-applied` when members failed after
/// other attributes were changed.
pub fn update(server: &Server, class: Class<'_>, edit: &UpdateEdit) -> Result<Outcome, Error> {
    let is_members =
        |change: &&AttributeChange| class == Class::Group && AttributeName::parse(&change.attribute).is_core("members");
    let (member_changes, others): (Vec<_>, Vec<_>) = edit.changes.iter().partition(is_members);
    let others: Vec<AttributeChange> = others.into_iter().cloned().collect();
    if member_changes.is_empty() {
        return change(server, class, &edit.id, edit.version.as_deref(), &others);
    }
    let first = match others.is_empty() {
        true => Outcome::Unchanged(None),
        false => change(server, class, &edit.id, edit.version.as_deref(), &others)?,
    };
    let mut changed = matches!(first, Outcome::Done(_));
    for member_change in member_changes {
        changed |= members::update(server, &edit.id, &member_change.action).map_err(|error| match changed {
            true => Error::partially_applied("everything but the members was changed", error.to_string()),
            false => error,
        })?;
    }
    let object = state_after(server, class, &edit.id);
    Ok(if changed { Outcome::Done(object) } else { Outcome::Unchanged(object) })
}

/// Changes attributes by PATCH or PUT, as the server takes it.
///
/// # Errors
/// As [`update`].
pub fn change(
    server: &Server,
    class: Class<'_>,
    id: &str,
    version: Option<&str>,
    changes: &[AttributeChange],
) -> Result<Outcome, Error> {
    let result = match server.patches(class, changes)? {
        true => match patch(server, class, id, version, changes) {
            Err(error) if server.learns_that_it_cannot_patch(&error) => put(server, class, id, version, changes),
            result => result,
        },
        false => put(server, class, id, version, changes),
    };
    result.map_err(|error| about_change(class, id, changes, error))
}

/// A refusal says more with the change at hand: which attribute, and whether a name is taken or the object has moved on.
pub fn about_change(class: Class<'_>, id: &str, changes: &[AttributeChange], error: Error) -> Error {
    let touches_unique = changes
        .iter()
        .map(|change| AttributeName::parse(&change.attribute))
        .any(|name| name.is_core(class.unique_name()) || name.is_core("externalId"));
    let class_now = match (&error.class, changes) {
        (ErrorClass::AlreadyExists(_), _) if error.native_code.as_deref() != Some("uniqueness") && !touches_unique => {
            ErrorClass::VersionConflict
        }
        (ErrorClass::InvalidValue(None), [only]) => ErrorClass::InvalidValue(Some(only.attribute.clone())),
        (ErrorClass::NotFound, _) => {
            let message = format!("there is no {} with the id `{id}`: {}", class.name(), error.message);
            return Error { message, ..error };
        }
        _ => return error,
    };
    Error { class: class_now, ..error }
}

fn patch(
    server: &Server,
    class: Class<'_>,
    id: &str,
    version: Option<&str>,
    changes: &[AttributeChange],
) -> Result<Outcome, Error> {
    let patch = Patch::of_changes(&server.config, changes)?;
    if patch.is_empty() {
        return Ok(Outcome::Unchanged(None));
    }
    let path = class.object_path(id);
    let planned = version.map(|version| server.version_now(&path, version));
    let written = server.write(Method::Patch, &path, Some(patch.into_document()), version)?;
    let object = state_from(server, class, id, written);
    Ok(patched(server, &path, version, planned.as_deref(), object))
}

/// The outcome of a PATCH: one that left the version as it was planned changed nothing.
pub fn patched(
    server: &Server,
    path: &str,
    version: Option<&str>,
    planned: Option<&str>,
    object: Option<Object>,
) -> Outcome {
    let Some(object) = object else { return Outcome::Done(None) };
    let unchanged = planned.is_some() && planned == object.version.as_deref();
    if !unchanged {
        server.note_version(path, version, object.version.as_deref());
    }
    Outcome::from_change(!unchanged, object)
}

fn put(
    server: &Server,
    class: Class<'_>,
    id: &str,
    version: Option<&str>,
    changes: &[AttributeChange],
) -> Result<Outcome, Error> {
    let path = class.object_path(id);
    let (mut resource, etag) = server.read_resource(class, id)?;
    let current = version_of(&resource).map(str::to_owned).or(etag);
    if let (Some(planned), Some(current)) = (version, &current)
        && server.version_now(&path, planned) != *current
    {
        let message =
            format!("the {} `{id}` is at version {current} and the change was planned against {planned}", class.name());
        return Err(Error::version_conflict(message));
    }
    let before = resource.clone();
    if !apply_changes(&mut resource, changes)? {
        return Ok(Outcome::Unchanged(to_object(&server.config, class, before, current.as_deref()).ok()));
    }
    let body = replacement_body(resource, class.schema());
    let written = server.write(Method::Put, &path, Some(body), current.as_deref())?;
    let object = state_from(server, class, id, written);
    server.note_version(&path, version, object.as_ref().and_then(|object| object.version.as_deref()));
    Ok(Outcome::Done(object))
}

/// The state after a write: from its answer, else read. The write is done, so that a failing read does not undo it.
fn state_from(server: &Server, class: Class<'_>, id: &str, written: Written) -> Option<Object> {
    let answered =
        written.resource.and_then(|resource| to_object(&server.config, class, resource, written.etag.as_deref()).ok());
    answered.or_else(|| state_after(server, class, id))
}

fn state_after(server: &Server, class: Class<'_>, id: &str) -> Option<Object> {
    match server.read_object(class, id) {
        Ok(object) => Some(object),
        Err(error) => {
            server.host.warn(format!("the {} was written and could not be read afterwards: {error}", class.name()));
            None
        }
    }
}

/// Enables or disables an account. Where the server knows no disabled account, disabling deletes it.
///
/// # Errors
/// As [`update`].
pub fn set_active(server: &Server, class: Class<'_>, edit: &SetActiveEdit) -> Result<Outcome, Error> {
    if !class.is_account() {
        return Err(Error::unsupported("only an account can be enabled and disabled"));
    }
    match (server.config.disable_mode, edit.active) {
        (DisableMode::Active, _) => change(server, class, &edit.id, edit.version.as_deref(), &[active_change(edit)]),
        (DisableMode::Delete, false) => remove(server, class, &edit.id, edit.version.as_deref()),
        (DisableMode::Delete, true) => {
            server.read_object(class, &edit.id).map(|object| Outcome::Unchanged(Some(object)))
        }
    }
}

/// Deletes an object.
///
/// # Errors
/// `version-conflict`, `permission-denied`.
pub fn delete(server: &Server, class: Class<'_>, edit: &DeleteEdit) -> Result<Outcome, Error> {
    remove(server, class, &edit.id, edit.version.as_deref())
}

/// An object that is gone already is as it should be.
fn remove(server: &Server, class: Class<'_>, id: &str, version: Option<&str>) -> Result<Outcome, Error> {
    removed(server.write(Method::Delete, &class.object_path(id), None, version))
}

/// What the answer to a delete means.
///
/// # Errors
/// As [`delete`].
pub fn removed(answer: Result<Written, Error>) -> Result<Outcome, Error> {
    match answer {
        Ok(_) => Ok(Outcome::Done(None)),
        Err(error) if error.is_not_found() => Ok(Outcome::Unchanged(None)),
        Err(error) => Err(error),
    }
}

/// Sets a password from a secret slot.
///
/// # Errors
/// `unsupported` where the server announces that it lets nobody change passwords, or where the person must change it:
/// SCIM has no word for that.
pub fn set_password(server: &Server, class: Class<'_>, edit: &SetPasswordEdit) -> Result<Outcome, Error> {
    if class != Class::User {
        return Err(Error::unsupported("only a `User` has a password"));
    }
    if edit.must_change {
        return Err(Error::unsupported("SCIM cannot make a person change the password at the next sign-in"));
    }
    if !server.provider()?.change_password {
        return Err(Error::unsupported("the server announces that it lets nobody change passwords"));
    }
    change(server, class, &edit.id, None, &[password_change(edit)])
}

/// The change that sets a password.
pub fn password_change(edit: &SetPasswordEdit) -> AttributeChange {
    AttributeChange { attribute: "password".into(), action: AttributeAction::Replace(slot_value(edit.slot)) }
}

/// The change that enables or disables.
pub fn active_change(edit: &SetActiveEdit) -> AttributeChange {
    AttributeChange { attribute: "active".into(), action: AttributeAction::Replace(edit.active.into()) }
}
