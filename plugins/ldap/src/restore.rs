//! Deleted accounts of Active Directory, and bringing one back.

use crate::directory::{Directory, replace};
use crate::entry::text;
use crate::filter;
use purser_sdk::ldap::{Change, Control, Entry, Modification, Scope, Search, Write};
use purser_sdk::{Attributes, Error};

/// Shows deleted objects.
const SHOW_DELETED: &str = "1.2.840.113556.1.4.417";

/// The control that shows deleted objects.
pub fn show_deleted() -> Control {
    Control { oid: SHOW_DELETED.to_owned(), critical: true, value: None }
}

/// The naming context of the domain.
///
/// # Errors
/// `invalid-config` where the server is no domain controller.
pub fn domain(directory: &Directory) -> Result<String, Error> {
    let root = directory.root(&["defaultNamingContext"])?;
    let context = root.as_ref().and_then(|root| root.text("defaultNamingContext")).map(str::to_owned);
    context.ok_or_else(|| Error::invalid_config("the server is no domain controller: take the profile `generic`"))
}

/// Where deleted objects lie.
///
/// # Errors
/// As [`domain`].
pub fn deleted_objects(directory: &Directory) -> Result<String, Error> {
    Ok(format!("CN=Deleted Objects,{}", domain(directory)?))
}

/// The deleted account that had the account name of one that is to be created, where there is exactly one.
///
/// # Errors
/// As the directory gives them.
pub fn deleted_account(directory: &Directory, attributes: &Attributes) -> Result<Option<Entry>, Error> {
    let Some(name) = text(attributes, "sAMAccountName") else { return Ok(None) };
    let wanted = filter::all(&[
        "(isDeleted=TRUE)".to_owned(),
        "(objectClass=user)".to_owned(),
        filter::equals("sAMAccountName", name.as_bytes()),
    ]);
    let mut search =
        Search::new(deleted_objects(directory)?, Scope::Subtree, wanted).attributes(["objectGUID", "sAMAccountName"]);
    search.controls.push(show_deleted());
    let mut found = directory.search_if_there(&search, "look for a deleted account")?;
    Ok(found.pop().filter(|_| found.is_empty()))
}

/// Brings a deleted object back under this name.
///
/// # Errors
/// As the directory gives them; `permission-denied` names the right that is needed.
pub fn reanimate(directory: &Directory, deleted: &Entry, dn: &str) -> Result<(), Error> {
    let no_values: [&str; 0] = [];
    let changes = vec![
        Change::new(Modification::Delete, "isDeleted", no_values),
        replace("distinguishedName", vec![dn.as_bytes().to_vec()]),
    ];
    let write = Write::Modify { dn: deleted.dn.clone(), changes };
    directory.write_with(&write, &[show_deleted()], "restore a deleted account")
}
