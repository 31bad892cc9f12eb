//! `userAccountControl` of Active Directory: one number whose bits say many things, so that it is only ever changed from what
//! it was read as.

use crate::directory::Directory;
use crate::failure::code_of;
use purser_sdk::Error;
use purser_sdk::ldap::{Change, Entry, Modification};

/// The attribute.
pub const ATTRIBUTE: &str = "userAccountControl";
/// The account cannot be used.
pub const DISABLED: u32 = 0x2;
/// An ordinary account.
pub const NORMAL: u32 = 0x200;

/// The bits of an account.
pub fn of(entry: &Entry) -> Option<u32> {
    entry.text(ATTRIBUTE)?.parse::<i32>().ok().map(i32::cast_unsigned)
}

/// The bits with some set and others taken away.
pub fn with(bits: u32, change: impl IntoIterator<Item = (u32, bool)>) -> u32 {
    change.into_iter().fold(bits, |bits, (bit, set)| if set { bits | bit } else { bits & !bit })
}

/// The changes of an entry that turn one number into another where it still is the former.
pub fn changes(before: u32, after: u32) -> Vec<Change> {
    let value = |bits: u32| bits.cast_signed().to_string();
    vec![
        Change::new(Modification::Delete, ATTRIBUTE, [value(before).as_str()]),
        Change::new(Modification::Add, ATTRIBUTE, [value(after).as_str()]),
    ]
}

/// Turns one number into another where it still is the former.
///
/// # Errors
/// `version-conflict` where it is another one by now.
pub fn compare_and_set(directory: &Directory, dn: &str, before: u32, after: u32) -> Result<(), Error> {
    directory.modify(dn, changes(before, after), "change the account's control bits").map_err(conflicting)
}

/// An error of [`changes`]: the former number was not there any more.
pub fn conflicting(error: Error) -> Error {
    match code_of(&error) {
        Some(16 | 20) => Error::version_conflict("the control bits of the account were changed meanwhile"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bits_in_question_change() {
        assert_eq!(with(0x1_0202, [(DISABLED, false)]), 0x1_0200);
        assert_eq!(with(0x200, [(DISABLED, true), (0x1_0000, true)]), 0x1_0202);
    }
}
