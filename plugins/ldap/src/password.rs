//! Passwords: the connector says where they go, and the host puts them on the wire.
//!
//! Active Directory takes them as an attribute, quoted and in UTF-16. Others have the Password Modify operation (RFC 3062), by which
//! the server checks and hashes what it gets, or keep what is written to `userPassword`.

use crate::config::{Config, Disabling, Passwords};
use crate::directory::{Directory, replace};
use crate::edits::entry_of;
use crate::entry::{self, Class, LOCKED_FOR_GOOD, LOCKED_TIME};
use crate::failure::code_of;
use purser_sdk::ldap::{Change, Entry, Modification, Value as Written, Write};
use purser_sdk::{Error, ErrorClass, Outcome, SetPasswordEdit};

/// OID of the Password Modify operation.
const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";
/// The attribute of its root in which a server names its extended operations (RFC 4512 section 5.1).
const EXTENSIONS: &str = "supportedExtension";

/// Whether the server says that it has the Password Modify operation.
///
/// # Errors
/// As the directory gives them.
pub fn is_offered(directory: &Directory) -> Result<bool, Error> {
    let root = directory.root(&[EXTENSIONS])?;
    let offered = root.iter().flat_map(|root| root.values(EXTENSIONS));
    Ok(offered.into_iter().any(|oid| oid == PASSWORD_MODIFY.as_bytes()))
}

/// The change that writes the password of a slot. Active Directory wants it quoted, in UTF-16.
pub fn change(config: &Config, slot: u32) -> Change {
    let value = if config.is_active_directory() { Written::SecretQuotedUtf16Le(slot) } else { Written::Secret(slot) };
    Change::new(Modification::Replace, config.profile().password, [value])
}

/// Whether the password of a new account is set once the account is there.
///
/// # Errors
/// As the directory gives them.
pub fn comes_later(directory: &Directory) -> Result<bool, Error> {
    Ok(directory.config.is_active_directory() || directory.passwords()? == Passwords::Operation)
}

/// Writes the password of a slot, and nothing else.
///
/// # Errors
/// `invalid-value` naming the attribute where the directory's rules refuse it; `permission-denied` naming the right;
/// `unsupported` where the server does not do it in this way.
pub fn write(directory: &Directory, dn: &str, slot: u32, what: &str) -> Result<(), Error> {
    match directory.passwords()? {
        Passwords::Attribute => directory.modify(dn, vec![change(&directory.config, slot)], what),
        Passwords::Operation => {
            directory.write(&Write::Password { dn: dn.to_owned(), slot }, what).map_err(by_operation)
        }
    }
}

/// What a refusal of the operation means.
fn by_operation(error: Error) -> Error {
    match code_of(&error) {
        Some(19) => Error { class: ErrorClass::InvalidValue(Some("userPassword".to_owned())), ..error },
        Some(50) => {
            let message = format!("{}; the account that is bound needs the right to write userPassword", error.message);
            Error { message, ..error }.naming_permission("write userPassword")
        }
        Some(2 | 12 | 53) => {
            let advice = "the server does not do the Password Modify operation here: with `passwords = \"attribute\"` \
                          `userPassword` is written instead";
            Error { class: ErrorClass::Unsupported, message: format!("{}; {advice}", error.message), ..error }
        }
        _ => error,
    }
}

/// Gives an account that is there another password, with changes that belong to it. One that is disabled stays so: a password
/// policy takes the lock away together with the former password.
///
/// # Errors
/// As [`write`]; `partially-applied` where the password was set and the changes were not.
pub fn renew(directory: &Directory, entry: &Entry, slot: u32, further: Vec<Change>) -> Result<(), Error> {
    let mut further = further;
    further.extend(lock_again(&directory.config, entry));
    let what = "set a password";
    match directory.passwords()? {
        Passwords::Attribute => {
            further.insert(0, change(&directory.config, slot));
            directory.modify(&entry.dn, further, what)
        }
        Passwords::Operation => {
            write(directory, &entry.dn, slot, what)?;
            if further.is_empty() {
                return Ok(());
            }
            directory
                .modify(&entry.dn, further, what)
                .map_err(|error| Error::partially_applied("the password was set, and nothing else", error.message))
        }
    }
}

/// The change that keeps a disabled account disabled.
pub fn lock_again(config: &Config, entry: &Entry) -> Option<Change> {
    let is_locked = config.disabling == Disabling::Ppolicy && entry::is_active(config, entry) == Some(false);
    is_locked.then(|| replace(LOCKED_TIME, vec![LOCKED_FOR_GOOD.as_bytes().to_vec()]))
}

/// Sets a password.
///
/// # Errors
/// As [`write`]; `unsupported` where a change at the next sign-in is demanded and the directory has no word for that.
pub fn set(directory: &Directory, class: Class, edit: &SetPasswordEdit) -> Result<Outcome, Error> {
    if class != Class::User {
        return Err(Error::unsupported("a group has no password"));
    }
    let further = if edit.must_change { vec![must_change(&directory.config)?] } else { Vec::new() };
    let entry = entry_of(directory, class, &edit.id)?;
    renew(directory, &entry, edit.slot, further)?;
    Ok(Outcome::Done(None))
}

fn must_change(config: &Config) -> Result<Change, Error> {
    if config.is_active_directory() {
        return Ok(replace("pwdLastSet", vec![b"0".to_vec()]));
    }
    match config.disabling {
        Disabling::Ppolicy => Ok(replace("pwdReset", vec![b"TRUE".to_vec()])),
        _ => Err(Error::unsupported(
            "without a password policy the directory cannot demand a new password at the next sign-in",
        )),
    }
}
