//! Reading, changing, disabling and deleting single objects.

use crate::account_control::{self, DISABLED};
use crate::attribute::{CONTAINER, Described};
use crate::config::{Disabling, Passwords};
use crate::directory::{Directory, replace};
use crate::entry::{self, Class, GROUPS, LOCKED_FOR_GOOD, LOCKED_TIME, MEMBERS, text, wanted};
use crate::failure::code_of;
use crate::members::Memberships;
use crate::profile::Kind;
use crate::{dn, password};
use purser_sdk::delta::{apply_changes, same_value};
use purser_sdk::ldap::{Change, Entry, Scope, Search, Write};
use purser_sdk::serde_json::Value;
use purser_sdk::slots::slot_of;
use purser_sdk::{AttributeChange, Attributes, DeleteEdit, Error, Object, Outcome, SetActiveEdit, UpdateEdit};

pub(crate) fn container_of(directory: &Directory, class: Class, value: Option<&Value>) -> Result<String, Error> {
    let base = directory.base(class)?;
    let Some(container) = value.and_then(Value::as_str) else { return Ok(base.to_owned()) };
    if !dn::normal(container).ends_with(&dn::normal(base)) {
        let message = format!("`{CONTAINER}` must be `{base}` or lie below it, or the object would not be found again");
        return Err(Error::invalid_value(CONTAINER, message));
    }
    Ok(container.to_owned())
}

pub(crate) fn is_password(directory: &Directory, class: Class, name: &str) -> bool {
    class == Class::User && name.eq_ignore_ascii_case(directory.config.profile().password)
}

pub(crate) fn slot(name: &str, value: &Value) -> Result<u32, Error> {
    slot_of(value).ok_or_else(|| Error::invalid_value(name, "a password comes as a secret, never as a text"))
}

pub(crate) fn boolean(name: &str, value: &Value) -> Result<bool, Error> {
    value.as_bool().ok_or_else(|| Error::invalid_value(name, format!("`{name}` is true or false")))
}

pub(crate) fn find<'a>(described: &'a [Described], class: Class, name: &str) -> Result<&'a Described, Error> {
    let found = described.iter().find(|described| described.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let advice = match name {
            GROUPS | MEMBERS => "memberships are changed by grants",
            _ => "declare it in `attributes` of the configuration",
        };
        Error::invalid_value(name, format!("a {} has no `{name}`: {advice}", class.name()))
    })
}

/// The object of this name.
pub(crate) fn at(directory: &Directory, class: Class, dn: &str) -> Result<Object, Error> {
    let search =
        Search::new(dn, Scope::Base, directory.class_filter(class)).attributes(wanted(&directory.config, class));
    let found = directory.search_if_there(&search, "read what was written")?;
    let Some(entry) = found.first() else {
        return Err(Error::outcome_unknown(format!(
            "{dn} was written and is not shown; see that the account that is bound may read it"
        )));
    };
    to_object(directory, class, entry)
}

fn to_object(directory: &Directory, class: Class, entry: &Entry) -> Result<Object, Error> {
    let memberships = Memberships::of(directory, class, std::slice::from_ref(entry))?;
    entry::to_object(&directory.config, class, entry, &memberships)
}

/// Reads one object.
///
/// # Errors
/// `not-found` where there is none below the base.
pub fn read(directory: &Directory, class: Class, id: &str) -> Result<Object, Error> {
    to_object(directory, class, &entry_of(directory, class, id)?)
}

pub(crate) fn entry_of(directory: &Directory, class: Class, id: &str) -> Result<Entry, Error> {
    let found = directory.find(class, id, wanted(&directory.config, class))?;
    found.ok_or_else(|| Error::not_found(class.name(), id))
}

/// Changes attributes: first everything in one modification, which is atomic, then the name.
///
/// # Errors
/// `not-found`, `invalid-value`, `version-conflict`; `partially-applied` where the new name was refused after the
/// attributes were changed.
pub fn update(directory: &Directory, class: Class, edit: &UpdateEdit) -> Result<Outcome, Error> {
    let entry = entry_of(directory, class, &edit.id)?;
    let object = to_object(directory, class, &entry)?;
    let mut after = object.attributes.clone();
    let (passwords, others): (Vec<_>, Vec<_>) =
        edit.changes.iter().cloned().partition(|change| is_password(directory, class, &change.attribute));
    apply_changes(&mut after, &others)?;
    let mut changes = modifications(directory, class, &entry, (&object.attributes, &after), &others)?;
    let mut later = None;
    for change in &passwords {
        let purser_sdk::AttributeAction::Replace(value) = &change.action else {
            return Err(Error::invalid_value(&change.attribute, "a password can only be replaced"));
        };
        let slot = slot(&change.attribute, value)?;
        match directory.passwords()? {
            Passwords::Operation => later = Some(slot),
            Passwords::Attribute => {
                changes.push(password::change(&directory.config, slot));
                changes.extend(password::lock_again(&directory.config, &entry));
            }
        }
    }
    let renamed = renamed(directory, class, &entry, (&object.attributes, &after))?;
    if changes.is_empty() && later.is_none() && renamed.is_none() {
        return Ok(Outcome::Unchanged(Some(object)));
    }
    let modified = !changes.is_empty() || later.is_some();
    if !changes.is_empty() {
        directory
            .modify(&entry.dn, changes, &format!("change the {}", class.name()))
            .map_err(account_control::conflicting)?;
    }
    if let Some(slot) = later {
        password::renew(directory, &entry, slot, Vec::new()).map_err(|error| {
            Error::partially_applied("the attributes are as they should be, and the password is not", error.message)
        })?;
    }
    if let Some(rename) = renamed {
        directory.write(&rename, &format!("rename the {}", class.name())).map_err(|error| match modified {
            true => Error::partially_applied("the attributes were changed, and the name was not", error.message),
            false => error,
        })?;
    }
    read(directory, class, &edit.id).map(|object| Outcome::Done(Some(object)))
}

/// What one modification writes; the naming attribute and the container are not among it.
fn modifications(
    directory: &Directory,
    class: Class,
    entry: &Entry,
    (before, after): (&Attributes, &Attributes),
    changes: &[AttributeChange],
) -> Result<Vec<Change>, Error> {
    let described = class.attributes(&directory.config);
    let (mut modifications, mut control) = (Vec::new(), Vec::new());
    for name in changes.iter().map(|change| change.attribute.as_str()) {
        let is_name = name.eq_ignore_ascii_case(class.rdn(&directory.config)) || name == CONTAINER;
        let (old, new) = (before.get(name), after.get(name));
        if is_name || old == new || matches!((old, new), (Some(old), Some(new)) if same_value(old, new)) {
            continue;
        }
        let attribute = find(&described, class, name)?;
        let new = new.unwrap_or(&Value::Null);
        match attribute.kind {
            Kind::ControlBit(bit) => control.push((bit, !new.is_null() && boolean(name, new)?)),
            Kind::Locked if !new.is_null() && boolean(name, new)? => {
                return Err(Error::invalid_value(
                    name,
                    "an account is locked by the directory alone; false unlocks it",
                ));
            }
            Kind::Locked => modifications.push(replace(attribute.wire_name(), vec![b"0".to_vec()])),
            Kind::FileTime if new.is_null() => modifications.push(replace(&attribute.name, vec![b"0".to_vec()])),
            _ => modifications.push(replace(&attribute.name, attribute.write(new)?)),
        }
    }
    if !control.is_empty() {
        let bits = account_control::of(entry).ok_or_else(|| unreadable_control(&entry.dn))?;
        modifications.extend(account_control::changes(bits, account_control::with(bits, control)));
    }
    Ok(modifications)
}

fn unreadable_control(dn: &str) -> Error {
    Error::permission_denied(format!("{dn} does not show its userAccountControl"))
        .naming_permission("read userAccountControl")
}

/// The new name of an entry, where it gets one.
fn renamed(
    directory: &Directory,
    class: Class,
    entry: &Entry,
    (before, after): (&Attributes, &Attributes),
) -> Result<Option<Write>, Error> {
    let rdn = class.rdn(&directory.config);
    let (old, new) = (text(before, rdn), text(after, rdn));
    let new = new.ok_or_else(|| {
        Error::invalid_value(rdn, format!("`{rdn}` names the {} and cannot be cleared", class.name()))
    })?;
    let container = container_of(directory, class, after.get(CONTAINER))?;
    let (own, parent) = dn::split(&entry.dn);
    let moves = !dn::same(parent, &container);
    let is_named_anew = old != Some(new);
    if !moves && !is_named_anew {
        return Ok(None);
    }
    let new_rdn = if is_named_anew { dn::rdn(rdn, new) } else { own.to_owned() };
    Ok(Some(Write::Rename { dn: entry.dn.clone(), new_rdn, new_superior: moves.then_some(container) }))
}

/// Enables or disables an account.
///
/// # Errors
/// `not-found`; `version-conflict`; `unsupported` where the directory has no disabled accounts.
pub fn set_active(directory: &Directory, class: Class, edit: &SetActiveEdit) -> Result<Outcome, Error> {
    if class != Class::User {
        return Err(Error::unsupported("a group cannot be disabled"));
    }
    let entry = entry_of(directory, class, &edit.id)?;
    if entry::is_active(&directory.config, &entry) == Some(edit.active) {
        return Ok(Outcome::Unchanged(Some(to_object(directory, class, &entry)?)));
    }
    enable(directory, &entry.dn, edit.active)?;
    read(directory, class, &edit.id).map(|object| Outcome::Done(Some(object)))
}

pub(crate) fn enable(directory: &Directory, dn: &str, active: bool) -> Result<(), Error> {
    let config = &directory.config;
    if config.is_active_directory() {
        let search = Search::new(dn, Scope::Base, "(objectClass=*)").attributes([account_control::ATTRIBUTE]);
        let found = directory.search(&search, "read the account's control bits")?;
        let bits = found.entries.first().and_then(account_control::of).ok_or_else(|| unreadable_control(dn))?;
        let after = account_control::with(bits, [(DISABLED, !active)]);
        return if bits == after { Ok(()) } else { account_control::compare_and_set(directory, dn, bits, after) };
    }
    let (attribute, value) = match &config.disabling {
        Disabling::None => {
            return Err(Error::unsupported(
                "`disabling` is not configured: say how a disabled account looks in this directory",
            ));
        }
        Disabling::Ppolicy => (LOCKED_TIME, (!active).then_some(LOCKED_FOR_GOOD)),
        Disabling::Attribute { attribute, disabled, enabled } => {
            (attribute.as_str(), if active { enabled.as_deref() } else { Some(disabled.as_str()) })
        }
    };
    let values = value.map(|value| value.as_bytes().to_vec()).into_iter().collect();
    directory.modify(dn, vec![replace(attribute, values)], "enable or disable the account")
}

/// Deletes an object.
///
/// # Errors
/// As the directory gives them; an entry with others below it is not deleted.
pub fn delete(directory: &Directory, class: Class, edit: &DeleteEdit) -> Result<Outcome, Error> {
    let Some(entry) = directory.find(class, &edit.id, vec![directory.config.profile().id.to_owned()])? else {
        return Ok(Outcome::Unchanged(None));
    };
    match directory.write(&Write::Delete { dn: entry.dn }, &format!("delete the {}", class.name())) {
        Ok(()) => Ok(Outcome::Done(None)),
        Err(error) if error.is_not_found() => Ok(Outcome::Unchanged(None)),
        Err(error) if code_of(&error) == Some(66) => {
            let message = format!("{}; other entries lie below it: delete or move them first", error.message);
            Err(Error { message, ..error })
        }
        Err(error) => Err(error),
    }
}
