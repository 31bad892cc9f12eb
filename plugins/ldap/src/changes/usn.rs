//! Changes of one domain controller by their numbers: for who may not use DirSync. Numbers mean something in their own server
//! only, so that the feed begins anew where another one answers.

use super::Feed;
use crate::directory::Directory;
use crate::entry::{Class, id_of};
use crate::filter;
use crate::restore::{deleted_objects, show_deleted};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use purser_sdk::ldap::{Control, Entry, Scope, Search};
use purser_sdk::{Change, ChangePage, Error};

/// Where the server stands now.
///
/// # Errors
/// As the directory gives them.
pub(super) fn now(directory: &Directory) -> Result<Feed, Error> {
    let root = directory.root(&["highestCommittedUSN", "dsServiceName"])?;
    let after = root.as_ref().and_then(|root| root.text("highestCommittedUSN")?.parse().ok());
    let service = root.as_ref().and_then(|root| root.text("dsServiceName"));
    let (Some(after), Some(service)) = (after, service) else {
        return Err(Error::unsupported("the server does not number its changes: reconcile in full"));
    };
    Ok(Feed::Usn { server: invocation(directory, service)?, after })
}

/// The id of the server's database, which is new after it was restored from a backup.
fn invocation(directory: &Directory, service: &str) -> Result<String, Error> {
    let search = Search::new(service, Scope::Base, "(objectClass=*)").attributes(["invocationId"]);
    let found = directory.search_if_there(&search, "read which server this is")?;
    let id = found.first().and_then(|entry| entry.values("invocationId").first()).map(|id| STANDARD.encode(id));
    id.ok_or_else(|| Error::unsupported("the server does not say which one it is: reconcile in full"))
}

/// Everything that was changed after this number.
///
/// # Errors
/// `cursor-expired` where another server answers now.
pub(super) fn changes(directory: &Directory, class: Class, server: &str, after: u64) -> Result<ChangePage, Error> {
    // Before the look, so that nothing between is missed.
    let next = now(directory)?;
    if !matches!(&next, Feed::Usn { server: now, .. } if now == server) {
        return Err(Error::cursor_expired("another domain controller answers, whose numbers are its own"));
    }
    let changed = format!("(uSNChanged>={})", after + 1);
    let there = filter::all(&[directory.class_filter(class), changed.clone()]);
    let object_class = match class {
        Class::User => "(objectClass=user)",
        Class::Group => "(objectClass=group)",
    };
    let gone = filter::all(&["(isDeleted=TRUE)".to_owned(), object_class.to_owned(), changed]);
    let config = &directory.config;
    let touched = every(directory, directory.base(class)?, &there, &[])?;
    let deleted = every(directory, &deleted_objects(directory)?, &gone, &[show_deleted()])?;
    let ids = |entries: &[Entry]| entries.iter().filter_map(|entry| id_of(config, entry)).collect::<Vec<_>>();
    let changes = ids(&touched).into_iter().map(Change::Touched).chain(ids(&deleted).into_iter().map(Change::Gone));
    super::current(changes.collect(), &next)
}

/// All entries that a filter finds, with their ids only.
fn every(directory: &Directory, base: &str, filter: &str, controls: &[Control]) -> Result<Vec<Entry>, Error> {
    let mut search = Search::new(base, Scope::Subtree, filter)
        .attributes(["objectGUID"])
        .page(directory.config.page_size, Vec::new());
    search.controls = controls.to_vec();
    let mut entries = Vec::new();
    loop {
        let found = match directory.search(&search, "follow the changes") {
            // Not everybody sees where deleted objects lie.
            Err(error) if error.is_not_found() => return Ok(entries),
            found => found?,
        };
        entries.extend(found.entries);
        if found.cookie.is_empty() {
            return Ok(entries);
        }
        search.cookie = found.cookie;
    }
}
