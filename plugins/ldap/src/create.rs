//! Creating objects, and bringing deleted ones back.

use crate::account_control::{self, DISABLED, NORMAL};
use crate::attribute::CONTAINER;
use crate::config::Disabling;
use crate::directory::{Directory, replace};
use crate::edits::{at, boolean, container_of, enable, find, is_password, slot, update};
use crate::entry::{self, Class, text};
use crate::profile::Kind;
use crate::{dn, filter, password, restore, unfinished};
use purser_sdk::ldap::{Change, Entry, Modification, Scope, Search, Write};
use purser_sdk::{
    AttributeAction, AttributeChange, Attributes, CreateEdit, Error, ErrorClass, Object, Outcome, UpdateEdit,
};

/// What a JSON object says about an entry.
struct Content {
    changes: Vec<Change>,
    control: Vec<(u32, bool)>,
    password: Option<u32>,
}

/// Creates an object. Where the password is set once the account is there, the account is made disabled as far as the directory has
/// a word for that, gets its password and is enabled then. One that an earlier try did not finish is finished.
///
/// # Errors
/// `already-exists` with the id of what is in the way; `partially-applied` where the account was made and could not be
/// completed.
pub fn create(directory: &Directory, class: Class, edit: &CreateEdit) -> Result<Outcome, Error> {
    let config = &directory.config;
    let content = content(directory, class, &edit.attributes)?;
    let dn = name_of(directory, class, &edit.attributes)?;
    if class == Class::User
        && config.restore_deleted
        && let Some(deleted) = restore::deleted_account(directory, &edit.attributes)?
    {
        return restore_account(directory, &deleted, &dn, edit);
    }
    let later = class == Class::User && content.password.is_some() && password::comes_later(directory)?;
    let was_begun = later && unfinished::is_begun(directory, &dn);
    if later && !was_begun {
        // Whatever is there is somebody else's. It must not look like what is begun here, should the answer to the add be lost.
        nothing_is_there(directory, class, &dn)?;
        unfinished::begin(directory, &dn);
    }
    let mut attributes = content.changes;
    attributes.extend(beyond(directory, class, edit, later));
    if config.is_active_directory() {
        if class == Class::User {
            let bits = account_control::with(NORMAL | DISABLED, content.control);
            attributes.push(Change::new(Modification::Add, account_control::ATTRIBUTE, [bits.to_string().as_str()]));
        }
    } else if let Some(slot) = content.password.filter(|_| !later) {
        attributes.push(password::change(config, slot));
    }
    let add = Write::Add { dn: dn.clone(), attributes };
    if let Err(error) = directory.write(&add, &format!("create the {}", class.name())) {
        if was_begun && is_taken(&error) {
            match nothing_is_there(directory, class, &dn) {
                Ok(()) => unfinished::end(directory, &dn),
                Err(found) if is_taken(&found) => return finish(directory, &dn, edit),
                Err(error) => return Err(error),
            }
        } else if later && !was_begun && is_refusal(&error) {
            unfinished::end(directory, &dn);
        }
        return Err(in_the_way(directory, class, &dn, &edit.attributes, error));
    }
    if let Err(error) = complete(directory, class, &dn, edit.active, content.password.filter(|_| later)) {
        return Err(taken_back(directory, class, &dn, error));
    }
    if later {
        unfinished::end(directory, &dn);
    }
    // Whoever reads "busy" here would make it once more.
    let made = at(directory, class, &dn).map_err(|error| {
        Error::outcome_unknown(format!("the {} {dn} was made and cannot be read: {}", class.name(), error.message))
    })?;
    Ok(Outcome::Done(Some(made)))
}

/// An account that was made a moment ago and that the directory refuses to complete, such as for its password or being busy, is
/// taken back:
/// nobody can use it, and enabled without a password it would be a danger. Where it is not known how that ended, it stays.
fn taken_back(directory: &Directory, class: Class, dn: &str, error: Error) -> Error {
    if is_refusal(&error) && directory.write(&Write::Delete { dn: dn.to_owned() }, "take a new account back").is_ok() {
        unfinished::end(directory, dn);
        return error;
    }
    Error::partially_applied(format!("the {} {dn} was made and cannot be used yet", class.name()), error.message)
}

/// Whether it is certain that nothing was done.
fn is_refusal(error: &Error) -> bool {
    !matches!(error.class, ErrorClass::Unavailable { .. } | ErrorClass::OutcomeUnknown)
}

fn is_taken(error: &Error) -> bool {
    matches!(error.class, ErrorClass::AlreadyExists(_))
}

/// Demands that no entry has this name.
fn nothing_is_there(directory: &Directory, class: Class, dn: &str) -> Result<(), Error> {
    let config = &directory.config;
    let search = Search::new(dn, Scope::Base, "(objectClass=*)").attributes([config.profile().id]);
    match directory.search_if_there(&search, "look whether the name of a new entry is taken")?.first() {
        Some(found) => {
            let message = format!("create the {}: there is an entry {dn} already", class.name());
            Err(Error::already_exists(entry::id_of(config, found), message))
        }
        None => Ok(()),
    }
}

/// What a new entry has beside the attributes of the object; one whose password comes later is disabled until then.
fn beyond(directory: &Directory, class: Class, edit: &CreateEdit, later: bool) -> Vec<Change> {
    let config = &directory.config;
    let classes = match class {
        Class::User => config.user_classes(),
        Class::Group => vec![config.group_class().to_owned()],
    };
    let mut beyond = vec![Change::new(Modification::Add, "objectClass", classes.iter().map(String::as_str))];
    match class {
        Class::Group => {
            if let Some(placeholder) = config.placeholder() {
                beyond.push(Change::new(Modification::Add, config.member(), [placeholder.as_str()]));
            }
            if config.is_active_directory()
                && text(&edit.attributes, "sAMAccountName").is_none()
                && let Some(name) = text(&edit.attributes, "cn")
            {
                beyond.push(Change::new(Modification::Add, "sAMAccountName", [name]));
            }
        }
        Class::User => {
            if let Disabling::Attribute { attribute, disabled, enabled } = &config.disabling {
                let value = if later || edit.active == Some(false) { Some(disabled) } else { enabled.as_ref() };
                beyond.extend(value.map(|value| Change::new(Modification::Add, attribute, [value.as_str()])));
            }
        }
    }
    beyond
}

/// What is done after an entry was added.
fn complete(
    directory: &Directory,
    class: Class,
    dn: &str,
    active: Option<bool>,
    slot: Option<u32>,
) -> Result<(), Error> {
    let config = &directory.config;
    if class != Class::User {
        return Ok(());
    }
    if let Some(slot) = slot {
        password::write(directory, dn, slot, "set the password of a new account")?;
    }
    match &config.disabling {
        _ if config.is_active_directory() && active != Some(false) => enable(directory, dn, true),
        // A policy takes a lock away with every new password, and without a password nobody is let in.
        Disabling::Ppolicy if active == Some(false) => enable(directory, dn, false),
        Disabling::Attribute { .. } if slot.is_some() && active != Some(false) => enable(directory, dn, true),
        _ => Ok(()),
    }
}

/// Finishes an account that an earlier try added: it gets what it was to have, its password, and is enabled where it should be.
fn finish(directory: &Directory, dn: &str, edit: &CreateEdit) -> Result<Outcome, Error> {
    let finished = settle(directory, dn, edit).map_err(|error| {
        Error::partially_applied(format!("the user {dn} was made and cannot be used yet"), error.message)
    })?;
    unfinished::end(directory, dn);
    Ok(Outcome::Done(Some(finished)))
}

fn restore_account(directory: &Directory, deleted: &Entry, dn: &str, edit: &CreateEdit) -> Result<Outcome, Error> {
    restore::reanimate(directory, deleted, dn)?;
    let object = settle(directory, dn, edit).map_err(|error| {
        Error::partially_applied(format!("the deleted account {dn} was restored and cannot be used yet"), error.message)
    })?;
    Ok(Outcome::Done(Some(object)))
}

/// Makes of an account that is there what was to be created.
fn settle(directory: &Directory, dn: &str, edit: &CreateEdit) -> Result<Object, Error> {
    let config = &directory.config;
    let object = at(directory, Class::User, dn)?;
    let changes = edit.attributes.iter().map(|(name, value)| AttributeChange {
        attribute: name.clone(),
        action: AttributeAction::Replace(value.clone()),
    });
    let changed = UpdateEdit { id: object.id, version: None, changes: changes.collect() };
    update(directory, Class::User, &changed)?;
    if config.is_active_directory() || config.disabling != Disabling::None {
        enable(directory, dn, edit.active != Some(false))?;
    }
    at(directory, Class::User, dn)
}

/// The name of a new entry, which lies below the base.
fn name_of(directory: &Directory, class: Class, attributes: &Attributes) -> Result<String, Error> {
    let rdn = class.rdn(&directory.config);
    let value = text(attributes, rdn).filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| {
        Error::invalid_value(rdn, format!("a {} needs `{rdn}`, which names it in its container", class.name()))
    })?;
    let container = container_of(directory, class, attributes.get(CONTAINER))?;
    Ok(format!("{},{container}", dn::rdn(rdn, value)))
}

/// The attributes of a new entry.
fn content(directory: &Directory, class: Class, attributes: &Attributes) -> Result<Content, Error> {
    let described = class.attributes(&directory.config);
    let mut content = Content { changes: Vec::new(), control: Vec::new(), password: None };
    for (name, value) in attributes.iter().filter(|(name, value)| !value.is_null() && *name != CONTAINER) {
        if is_password(directory, class, name) {
            content.password = Some(slot(name, value)?);
            continue;
        }
        let attribute = find(&described, class, name)?;
        match attribute.kind {
            Kind::ControlBit(bit) => content.control.push((bit, boolean(name, value)?)),
            Kind::Locked => {}
            _ => {
                let values = attribute.write(value)?;
                if !values.is_empty() {
                    content.changes.push(replace(&attribute.name, values));
                }
            }
        }
    }
    Ok(content)
}

/// An error of an add, with the id of what is in the way.
fn in_the_way(directory: &Directory, class: Class, dn: &str, attributes: &Attributes, error: Error) -> Error {
    if !matches!(error.class, ErrorClass::AlreadyExists(_)) {
        return error;
    }
    match owner(directory, class, dn, attributes) {
        Ok(id) => Error { class: ErrorClass::AlreadyExists(id), ..error },
        Err(look_up) => {
            directory.host.warn(format!("the entry that is in the way could not be looked up: {look_up}"));
            error
        }
    }
}

fn owner(directory: &Directory, class: Class, dn: &str, attributes: &Attributes) -> Result<Option<String>, Error> {
    let config = &directory.config;
    let by_name = Search::new(dn, Scope::Base, directory.class_filter(class)).attributes([config.profile().id]);
    if let Some(found) = directory.search_if_there(&by_name, "look for what is in the way")?.first() {
        return Ok(entry::id_of(config, found));
    }
    let unique = class.attributes(config).into_iter().filter(|described| described.declared().traits.unique);
    for described in unique {
        let Some(value) = text(attributes, &described.name) else { continue };
        let taken = filter::all(&[directory.class_filter(class), filter::equals(&described.name, value.as_bytes())]);
        let search = Search::new(directory.base(class)?, Scope::Subtree, taken).attributes([config.profile().id]);
        if let Some(found) = directory.search_if_there(&search, "look for what is in the way")?.first() {
            return Ok(entry::id_of(config, found));
        }
    }
    Ok(None)
}
