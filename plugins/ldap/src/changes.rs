//! Change feeds: DirSync in Active Directory, or `uSNChanged` where the right to it is missing; `modifyTimestamp` in others.
//!
//! DirSync shows what was deleted and, since memberships are read from accounts, whose memberships changed. By number memberships
//! are not seen, and by time neither: full reconciliation finds them.

mod usn;

use crate::directory::Directory;
use crate::dirsync;
use crate::entry::{Class, id_of, wanted};
use crate::listing::objects;
use crate::restore::domain;
use crate::{filter, time};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use purser_sdk::ldap::{Entry, Scope, Search};
use purser_sdk::{Change, ChangePage, ChangeTail, Error, ErrorClass, cursor};
use serde::{Deserialize, Serialize};

/// How far clocks may be apart.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);
/// Nobody has this name: only the cookie is wanted.
const NOBODY: &str = "(cn=purser asks where the feed stands)";

/// Where a feed goes on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Feed {
    /// The cookie of the objects, and that of the groups that they are in.
    DirSync { objects: String, groups: Option<String> },
    /// What was changed in this domain controller after this number.
    Usn { server: String, after: u64 },
    /// What was changed at or after this moment; `page` goes on within one look.
    Time { since: String, latest: String, page: Option<String> },
}

/// One page of changes.
///
/// # Errors
/// `cursor-expired` where the directory does not know the cursor any more, as after another server took over.
pub fn changes(directory: &Directory, class: Class, at: Option<&str>) -> Result<ChangePage, Error> {
    let feed = match at {
        Some(at) => cursor::decode(at)?,
        None => return start(directory, class),
    };
    match feed {
        Feed::DirSync { objects, groups } => dir_sync(directory, class, &objects, groups.as_deref()),
        Feed::Usn { server, after } => usn::changes(directory, class, &server, after),
        Feed::Time { since, latest, page } => by_time(directory, class, since, latest, page.as_deref()),
    }
}

fn start(directory: &Directory, class: Class) -> Result<ChangePage, Error> {
    let feed = if directory.config.is_active_directory() {
        match cookie_for_now(directory) {
            Ok(objects) => {
                let groups = has_groups(directory, class).then(|| objects.clone());
                Feed::DirSync { objects, groups }
            }
            Err(error) if matches!(error.class, ErrorClass::PermissionDenied(_)) => {
                directory
                    .host
                    .info("DirSync is denied; changes are followed by their numbers, which shows no memberships");
                usn::now(directory)?
            }
            Err(error) => return Err(error),
        }
    } else {
        let now = Timestamp::from_millisecond(directory.host.now_ms() as i64).unwrap_or_default();
        let since = now.saturating_sub(CLOCKS_APART).unwrap_or(now).strftime("%Y%m%d%H%M%SZ").to_string();
        Feed::Time { latest: since.clone(), since, page: None }
    };
    current(Vec::new(), &feed)
}

fn current(changes: Vec<Change>, feed: &Feed) -> Result<ChangePage, Error> {
    Ok(ChangePage { changes, tail: ChangeTail::Current(cursor::encode(feed)?) })
}

fn has_groups(directory: &Directory, class: Class) -> bool {
    class == Class::User && directory.config.groups.is_some()
}

/// Asks for nothing until the server has no more to say about it.
fn cookie_for_now(directory: &Directory) -> Result<String, Error> {
    let mut cookie = Vec::new();
    loop {
        let page = ask(directory, &cookie, NOBODY, vec!["objectGUID".to_owned()])?;
        cookie = page.cookie;
        if !page.more {
            return Ok(STANDARD.encode(cookie));
        }
    }
}

struct Page {
    entries: Vec<Entry>,
    cookie: Vec<u8>,
    more: bool,
}

fn ask(directory: &Directory, cookie: &[u8], filter: &str, attributes: Vec<String>) -> Result<Page, Error> {
    let mut search = Search::new(domain(directory)?, Scope::Subtree, filter).attributes(attributes);
    search.controls = vec![dirsync::request(cookie), dirsync::extended_names()];
    let found = directory.search_changes(&search, "follow the changes").map_err(|error| refined(error, cookie))?;
    let answer = dirsync::answer(&found.controls)
        .ok_or_else(|| Error::unsupported("the server does not answer DirSync: reconcile in full"))?;
    Ok(Page { entries: found.entries, cookie: answer.cookie, more: answer.more })
}

fn refined(error: Error, cookie: &[u8]) -> Error {
    match crate::failure::code_of(&error) {
        Some(50) => error.naming_permission("Replicating Directory Changes"),
        // What servers say to the cookie of another one.
        Some(2 | 12 | 53) if !cookie.is_empty() => Error::cursor_expired(error.message),
        _ => error,
    }
}

fn decoded(cookie: &str) -> Result<Vec<u8>, Error> {
    STANDARD.decode(cookie).map_err(|_| Error::cursor_expired("the cursor cannot be read"))
}

fn dir_sync(directory: &Directory, class: Class, objects: &str, groups: Option<&str>) -> Result<ChangePage, Error> {
    let filter = match class {
        // Deleted objects have no category any more.
        Class::User => "(&(objectClass=user)(!(objectClass=computer)))",
        Class::Group => "(objectClass=group)",
    };
    let mut attributes = wanted(&directory.config, class);
    attributes.push("isDeleted".to_owned());
    let page = ask(directory, &decoded(objects)?, filter, attributes)?;
    let mut changes: Vec<Change> = page.entries.iter().filter_map(|entry| change(directory, entry)).collect();
    let mut more = page.more;
    let groups = match groups {
        None => None,
        Some(cookie) => {
            let member = directory.config.member().to_owned();
            let page = ask(directory, &decoded(cookie)?, "(objectClass=group)", vec![member.clone()])?;
            changes.extend(page.entries.iter().flat_map(|entry| members_of(entry, &member)).map(Change::Touched));
            more |= page.more;
            Some(STANDARD.encode(page.cookie))
        }
    };
    let feed = Feed::DirSync { objects: STANDARD.encode(page.cookie), groups };
    match more {
        true => Ok(ChangePage { changes, tail: ChangeTail::More(cursor::encode(&feed)?) }),
        false => current(changes, &feed),
    }
}

/// The change that an entry tells of. Only what changed stands in it, so that the host reads the rest.
fn change(directory: &Directory, entry: &Entry) -> Option<Change> {
    let id = id_of(&directory.config, entry)?;
    let deleted = entry.text("isDeleted").is_some_and(|deleted| deleted.eq_ignore_ascii_case("true"));
    Some(if deleted { Change::Gone(id) } else { Change::Touched(id) })
}

/// Who came into a group or left it.
fn members_of<'a>(entry: &'a Entry, member: &'a str) -> impl Iterator<Item = String> + 'a {
    let values = entry.values(member).iter();
    values.filter_map(|name| dirsync::id_in(std::str::from_utf8(name).ok()?))
}

fn by_time(
    directory: &Directory,
    class: Class,
    since: String,
    mut latest: String,
    page: Option<&str>,
) -> Result<ChangePage, Error> {
    let changed = format!("(modifyTimestamp>={since})");
    let mut attributes = wanted(&directory.config, class);
    attributes.push("modifyTimestamp".to_owned());
    let cookie = page.map(decoded).transpose()?.unwrap_or_default();
    let search =
        Search::new(directory.base(class)?, Scope::Subtree, filter::all(&[directory.class_filter(class), changed]))
            .attributes(attributes)
            .page(directory.config.page_size, cookie);
    let found = match directory.search(&search, "follow the changes") {
        // The look begins again where it began; repeats are allowed.
        Err(error) if error.class == ErrorClass::CursorExpired && page.is_some() => {
            let feed = Feed::Time { latest: since.clone(), since, page: None };
            return Ok(ChangePage { changes: Vec::new(), tail: ChangeTail::More(cursor::encode(&feed)?) });
        }
        found => found?,
    };
    for entry in &found.entries {
        let stamp =
            entry.text("modifyTimestamp").and_then(time::from_generalized).and_then(|time| time::to_generalized(&time));
        latest = latest.max(stamp.unwrap_or_default());
    }
    let changes = objects(directory, class, &found.entries, &[])?.into_iter().map(Change::Present).collect();
    if found.cookie.is_empty() {
        return current(changes, &Feed::Time { since: latest.clone(), latest, page: None });
    }
    let feed = Feed::Time { since, latest, page: Some(STANDARD.encode(found.cookie)) };
    Ok(ChangePage { changes, tail: ChangeTail::More(cursor::encode(&feed)?) })
}
