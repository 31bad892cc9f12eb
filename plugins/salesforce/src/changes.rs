//! What changed, by `SystemModstamp`. What was taken away shows in a full run only: a deleted row of an assignment leaves
//! nothing that says whose it was.

use crate::class::Class;
use crate::org::Org;
use crate::{ids, listing, moment, soql, users};
use purser_sdk::serde_json::{Map, Value};
use purser_sdk::time::rfc3339;
use purser_sdk::{Change, ChangePage, ChangeTail, Error, cursor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const PAGE_SIZE: usize = 400;
/// Changes are committed late, and clocks differ: so much of what was seen is read again, in milliseconds.
const OVERLAP_MS: u64 = 5 * 60 * 1000;
/// The objects whose rows say that a user holds something, and their fields for the user.
const JOINING: [(&str, &str); 3] = [
    ("PermissionSetAssignment", "AssigneeId"),
    ("PermissionSetLicenseAssign", "AssigneeId"),
    ("GroupMember", "UserOrGroupId"),
];

/// Where the feed goes on.
#[derive(Serialize, Deserialize)]
struct Feed {
    /// What changed after this is still to be read.
    since: String,
    /// Where the next pass begins.
    next: String,
    /// The last change of this pass, and its object.
    last: Option<(String, String)>,
}

/// One page of the feed.
///
/// # Errors
/// `unsupported` for classes without one; `cursor-expired` for a cursor of another version.
pub fn changes(org: &Org, class: Class, at: Option<&str>) -> Result<ChangePage, Error> {
    if !matches!(class, Class::User | Class::Group | Class::Queue) {
        return Err(Error::unsupported(format!("`{}` has no change feed: reconcile it in full", class.name())));
    }
    let begins = rfc3339(org.host.now_ms().saturating_sub(OVERLAP_MS));
    let Some(at) = at else {
        let feed = Feed { since: begins.clone(), next: begins, last: None };
        return Ok(ChangePage { changes: Vec::new(), tail: ChangeTail::Current(cursor::encode(&feed)?) });
    };
    let mut feed: Feed = cursor::decode(at)?;
    if feed.last.is_none() {
        feed.next = begins;
    }
    let mut conditions: Vec<String> = class.scope(&org.config).into_iter().collect();
    conditions.push(match &feed.last {
        None => format!("SystemModstamp > {}", feed.since),
        Some((time, id)) => {
            format!("(SystemModstamp > {time} OR (SystemModstamp = {time} AND Id > {}))", soql::text(id))
        }
    });
    let records = listing::select(org, class, &conditions, &format!("ORDER BY SystemModstamp, Id LIMIT {PAGE_SIZE}"))?;
    let last = records.last().filter(|_| records.len() == PAGE_SIZE).map(place).transpose()?;
    let objects = listing::to_objects(org, class, records)?;
    let mut changes: Vec<Change> = objects.into_iter().map(Change::Present).collect();
    let tail = match last {
        Some(last) => ChangeTail::More(cursor::encode(&Feed { last: Some(last), ..feed })?),
        None => {
            if class == Class::User {
                changes.extend(touched(org, &feed.since)?);
            }
            let next = Feed { since: feed.next.clone(), next: feed.next, last: None };
            ChangeTail::Current(cursor::encode(&next)?)
        }
    };
    Ok(ChangePage { changes, tail })
}

fn place(record: &Map<String, Value>) -> Result<(String, String), Error> {
    let time = record.get("SystemModstamp").and_then(Value::as_str).and_then(moment::from_answer);
    let time = time.ok_or_else(|| Error::unavailable(None, "Salesforce answered a record without SystemModstamp"))?;
    Ok((time, users::id_of(record)))
}

/// The users who got something since then.
fn touched(org: &Org, since: &str) -> Result<impl Iterator<Item = Change>, Error> {
    let mut touched = BTreeSet::new();
    for (object, field) in JOINING {
        let rows = org.query(&format!("SELECT {field} FROM {object} WHERE SystemModstamp > {since}"))?;
        touched.extend(rows.iter().filter_map(|row| row[field].as_str().map(ids::widen)));
    }
    // Groups are members of groups as well.
    Ok(touched.into_iter().filter(|id| id.starts_with("005")).map(Change::Touched))
}
