//! Lists, page by page. A page belongs to a session that the host keeps; where that is gone, the list starts again.

use crate::directory::{Directory, advice};
use crate::entry::{self, Class, wanted};
use crate::filter;
use crate::members::Memberships;
use crate::unfinished::is_hidden;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use purser_sdk::ldap::{Entry, Scope, Search};
use purser_sdk::serde_json::Value;
use purser_sdk::{Condition, Error, Object, Operator, Page, SearchRequest, Tail, cursor};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Cursor {
    conditions: Vec<(String, char, Value)>,
    cookie: String,
    /// The servers that former pages referred to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    elsewhere: Option<String>,
}

/// One page of objects.
///
/// # Errors
/// `cursor-expired`; whatever the directory gives.
pub fn search(directory: &Directory, class: Class, request: &SearchRequest) -> Result<Page, Error> {
    let (conditions, cookie, before) = match &request.cursor {
        None => (request.conditions.clone(), Vec::new(), None),
        Some(text) => {
            let cursor: Cursor = cursor::decode(text)?;
            let lost = |_| Error::cursor_expired("the cursor cannot be read");
            let conditions = cursor.conditions.into_iter().map(condition).collect();
            (conditions, STANDARD.decode(&cursor.cookie).map_err(lost)?, cursor.elsewhere)
        }
    };
    if let Some(dn) = name_in(&conditions) {
        return by_name(directory, class, dn, &conditions);
    }
    let attributes = class.attributes(&directory.config);
    let mut parts = vec![directory.class_filter(class)];
    parts.extend(conditions.iter().filter_map(|condition| filter::of_condition(condition, &attributes)));
    let size = request.page_size.clamp(1, directory.config.page_size);
    let search = Search::new(directory.base(class)?, Scope::Subtree, filter::all(&parts))
        .attributes(wanted(&directory.config, class))
        .page(size, cookie);
    let found = directory.search(&search, &format!("list every {}", class.name()))?;
    let elsewhere = before.or_else(|| directory.elsewhere(&found));
    let entries = findable(directory, class, found.entries, &conditions);
    let objects = objects(directory, class, &entries, &conditions)?;
    let tail = match (found.cookie.is_empty(), elsewhere) {
        (true, None) => Tail::Complete,
        (true, Some(servers)) if conditions.is_empty() => Tail::Truncated(advice(&servers)),
        // Who is looked for and not found here may be there.
        (true, Some(servers)) if objects.is_empty() => {
            let message = format!("whether there is such a {} cannot be said: {}", class.name(), advice(&servers));
            return Err(Error::unavailable(None, message));
        }
        (true, Some(_)) => Tail::Complete,
        (false, elsewhere) => {
            let conditions = conditions.into_iter().map(stored).collect();
            Tail::More(cursor::encode(&Cursor { conditions, cookie: STANDARD.encode(&found.cookie), elsewhere })?)
        }
    };
    Ok(Page { objects, tail })
}

/// The name that the conditions ask for.
fn name_in(conditions: &[Condition]) -> Option<&str> {
    let condition = conditions.iter().find(|condition| condition.attribute == "dn")?;
    (condition.operator == Operator::Equals).then(|| condition.value.as_str())?
}

fn by_name(directory: &Directory, class: Class, dn: &str, conditions: &[Condition]) -> Result<Page, Error> {
    let search =
        Search::new(dn, Scope::Base, directory.class_filter(class)).attributes(wanted(&directory.config, class));
    let found = directory.search_if_there(&search, "read an entry by its name")?;
    let found = findable(directory, class, found, conditions);
    Ok(Page { objects: objects(directory, class, &found, conditions)?, tail: Tail::Complete })
}

/// Who asks with conditions looks for somebody: an account that is not finished is not found.
fn findable(directory: &Directory, class: Class, entries: Vec<Entry>, conditions: &[Condition]) -> Vec<Entry> {
    let is_shown = |entry: &Entry| conditions.is_empty() || !is_hidden(directory, class, entry);
    entries.into_iter().filter(is_shown).collect()
}

/// The objects of these entries that satisfy the conditions.
pub fn objects(
    directory: &Directory,
    class: Class,
    entries: &[Entry],
    conditions: &[Condition],
) -> Result<Vec<Object>, Error> {
    let memberships = Memberships::of(directory, class, entries)?;
    let objects = entries.iter().map(|entry| entry::to_object(&directory.config, class, entry, &memberships));
    let mut objects: Vec<Object> = objects.collect::<Result<_, _>>()?;
    objects.retain(|object| conditions.iter().all(|condition| condition.matches(object, false)));
    Ok(objects)
}

fn stored(condition: Condition) -> (String, char, Value) {
    let operator = match condition.operator {
        Operator::Equals => '=',
        Operator::StartsWith => '^',
        Operator::AtOrAfter => '>',
    };
    (condition.attribute, operator, condition.value)
}

fn condition((attribute, operator, value): (String, char, Value)) -> Condition {
    let operator = match operator {
        '^' => Operator::StartsWith,
        '>' => Operator::AtOrAfter,
        _ => Operator::Equals,
    };
    Condition { attribute, operator, value }
}
