//! Passwords: the connector says where they go, and the host puts them on the wire.

use crate::config::{Config, Disabling};
use crate::directory::{Directory, replace};
use crate::entry::Class;
use purser_sdk::ldap::{Change, Modification, Value as Written};
use purser_sdk::{Error, Outcome, SetPasswordEdit};

/// The change that writes the password of a slot. Active Directory wants it quoted, in UTF-16.
pub fn change(config: &Config, slot: u32) -> Change {
    let value = if config.is_active_directory() { Written::SecretQuotedUtf16Le(slot) } else { Written::Secret(slot) };
    Change::new(Modification::Replace, config.profile().password, [value])
}

/// Sets a password.
///
/// # Errors
/// `invalid-value` naming `password` where the directory's rules refuse it; `unsupported` where a change at the next
/// sign-in is demanded and the directory has no word for that.
pub fn set(directory: &Directory, class: Class, edit: &SetPasswordEdit) -> Result<Outcome, Error> {
    let config = &directory.config;
    if class != Class::User {
        return Err(Error::unsupported("a group has no password"));
    }
    let mut changes = vec![change(config, edit.slot)];
    if edit.must_change {
        changes.push(must_change(config)?);
    }
    let dn = directory.dn_of(class, &edit.id)?;
    directory.modify(&dn, changes, "set a password")?;
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
