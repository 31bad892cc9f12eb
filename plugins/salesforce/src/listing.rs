//! Lists: by id, each page from the last id on. Whatever changes meanwhile moves no object to another page, and a page can be
//! asked for at any time.

use crate::class::Class;
use crate::holdings::Holdings;
use crate::org::Org;
use crate::{ids, soql, users};
use purser_sdk::serde_json::{Map, Value};
use purser_sdk::{Attributes, Condition, Error, Object, Operator, Page, SearchRequest, Tail, cursor};

/// One page of a list.
///
/// # Errors
/// As [`Org::query`]; `cursor-expired` for a cursor of another version.
pub fn search(org: &Org, class: Class, request: &SearchRequest) -> Result<Page, Error> {
    let after: Option<String> = request.cursor.as_deref().map(cursor::decode).transpose()?;
    let mut conditions: Vec<String> = class.scope(&org.config).into_iter().collect();
    conditions.extend(request.conditions.iter().filter_map(|condition| sent(org, class, condition)));
    conditions.extend(after.map(|after| format!("Id > {}", soql::text(&after))));
    let records = select(org, class, &conditions, &format!("ORDER BY Id LIMIT {}", request.page_size))?;
    let tail = match records.last() {
        Some(last) if records.len() >= request.page_size as usize => Tail::More(cursor::encode(&users::id_of(last))?),
        _ => Tail::Complete,
    };
    let mut objects = to_objects(org, class, records)?;
    let declared = class.declared(&org.config);
    objects.retain(|object| {
        request.conditions.iter().all(|condition| {
            let attribute = declared.find_attribute(&condition.attribute);
            condition.matches(object, attribute.is_some_and(|attribute| attribute.traits.case_exact))
        })
    });
    Ok(Page { objects, tail })
}

/// One object by its id.
///
/// # Errors
/// `not-found` where there is none in the scope of the class.
pub fn get(org: &Org, class: Class, id: &str) -> Result<Object, Error> {
    if !ids::is_id(id) {
        return Err(Error::not_found(class.name(), id));
    }
    let mut conditions: Vec<String> = class.scope(&org.config).into_iter().collect();
    conditions.push(format!("Id = {}", soql::text(id)));
    let records = select(org, class, &conditions, "LIMIT 1")?;
    let found = to_objects(org, class, records)?.into_iter().next();
    found.ok_or_else(|| Error::not_found(class.name(), id))
}

/// The records that satisfy all conditions.
///
/// # Errors
/// As [`Org::query`].
pub fn select(org: &Org, class: Class, conditions: &[String], end: &str) -> Result<Vec<Map<String, Value>>, Error> {
    let fields = match class {
        Class::User => format!("{}, SystemModstamp", users::fields(&org.config)),
        other => format!("Id, {}, SystemModstamp", other.names().join(", ")),
    };
    let condition = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    let soql = format!("SELECT {fields} FROM {}{condition} {end}", class.object());
    let records = org.query(&soql)?.into_iter().filter_map(|record| match record {
        Value::Object(record) => Some(record),
        _ => None,
    });
    Ok(records.collect())
}

/// Records as objects, users with what they hold.
///
/// # Errors
/// As [`Org::query`].
pub fn to_objects(org: &Org, class: Class, records: Vec<Map<String, Value>>) -> Result<Vec<Object>, Error> {
    let records = records.into_iter().map(|mut record| {
        record.remove("SystemModstamp");
        record
    });
    if class != Class::User {
        return Ok(records.map(|record| named(class, &record)).collect());
    }
    let records: Vec<_> = records.collect();
    let all: Vec<String> = records.iter().map(users::id_of).collect();
    let holdings = if all.is_empty() { Holdings::default() } else { Holdings::read(org, &all)? };
    Ok(records.into_iter().map(|record| users::to_object(record, &holdings)).collect())
}

fn named(class: Class, record: &Map<String, Value>) -> Object {
    let known = class.names().iter().filter_map(|name| {
        let value = record.get(*name).filter(|value| !value.is_null())?;
        Some(((*name).to_owned(), value.clone()))
    });
    Object::new(users::id_of(record), known.collect::<Attributes>())
}

/// A condition in SOQL; none where it is only checked here.
fn sent(org: &Org, class: Class, condition: &Condition) -> Option<String> {
    let name = condition.attribute.as_str();
    let known = match class {
        Class::User => users::fields(&org.config).split(", ").any(|field| field == name) && !users::is_reference(name),
        other => other.names().contains(&name),
    };
    if !known {
        return None;
    }
    match (condition.operator, &condition.value) {
        (Operator::Equals, value) => Some(format!("{name} = {}", soql::literal(value)?)),
        (Operator::StartsWith, Value::String(start)) => Some(format!("{name} LIKE {}", soql::beginning(start))),
        _ => None,
    }
}
