//! Queries, carried out.

use super::org::{Org, Row};
use super::refusal::Refusal;
use super::schema;
use super::soql::{Condition, Literal, Query};
use super::{ids, moment};
use serde_json::{Map, Value, json};
use std::cmp::Ordering;

/// The records that a query finds, with their `attributes`.
///
/// # Errors
/// An object or field that there is not, or a literal of the wrong kind.
pub(super) fn records(org: &Org, query: &Query) -> Result<Vec<Value>, Refusal> {
    let object = schema::object_name(&query.object)
        .map_err(|_| Refusal::bad("INVALID_TYPE", format!("sObject type '{}' is not supported.", query.object)))?;
    if object == "UserPermissionAccess" {
        return Ok(vec![permissions(org)]);
    }
    let mut rows: Vec<&Row> = Vec::new();
    for row in org.rows(object) {
        let kept = query.condition.as_ref().map_or(Ok(true), |condition| holds(org, object, row, condition))?;
        if kept {
            rows.push(row);
        }
    }
    for (field, descending) in query.order.iter().rev() {
        let field = schema::field_name(object, field)?;
        rows.sort_by(|a, b| {
            let order = order_of(a.get(field), b.get(field));
            if *descending { order.reverse() } else { order }
        });
    }
    rows.truncate(query.limit.unwrap_or(usize::MAX));
    rows.into_iter().map(|row| project(org, object, row, &query.fields)).collect()
}

fn permissions(org: &Org) -> Value {
    let names = schema::fields("UserPermissionAccess").keys();
    let held: Map<String, Value> = names.map(|name| (name.clone(), (!org.lacking.contains(name)).into())).collect();
    Value::Object(held)
}

/// A record with these fields; `Profile.Name` reaches into what the row refers to.
pub(super) fn project(org: &Org, object: &str, row: &Row, fields: &[String]) -> Result<Value, Refusal> {
    let mut record = Map::new();
    record.insert("attributes".into(), attributes(object, super::org::text(row, "Id")));
    for field in fields {
        match field.split_once('.') {
            None => {
                let name = schema::field_name(object, field)?;
                record.insert(name.to_owned(), row.get(name).cloned().unwrap_or_default());
            }
            Some((relation, rest)) => {
                let related = related(org, object, row, relation)?;
                let value = match related {
                    Some((other, row)) => project(org, other, row, &[rest.to_owned()])?,
                    None => Value::Null,
                };
                let entry = record.entry(relation.to_owned()).or_insert(Value::Null);
                match (entry, value) {
                    (Value::Object(all), Value::Object(more)) => all.extend(more),
                    (entry, value) => *entry = value,
                }
            }
        }
    }
    Ok(Value::Object(record))
}

/// What every record says of itself.
pub(super) fn attributes(object: &str, id: &str) -> Value {
    json!({"type": object, "url": format!("/services/data/v62.0/sobjects/{object}/{id}")})
}

fn related<'o>(
    org: &'o Org,
    object: &str,
    row: &Row,
    relation: &str,
) -> Result<Option<(&'static str, &'o Row)>, Refusal> {
    let unknown =
        || Refusal::bad("INVALID_FIELD", format!("Didn't understand relationship '{relation}' in field path"));
    let other = match relation {
        "Manager" | "Assignee" | "User" | "UserOrGroup" => "User",
        other => schema::object_name(other).map_err(|_| unknown())?,
    };
    let field = schema::field_name(object, &format!("{relation}Id")).map_err(|_| unknown())?;
    let id = row.get(field).and_then(Value::as_str);
    Ok(id.and_then(|id| org.row(other, id)).map(|row| (other, row)))
}

fn value_of<'o>(org: &'o Org, object: &str, row: &'o Row, field: &str) -> Result<Option<&'o Value>, Refusal> {
    match field.split_once('.') {
        None => Ok(row.get(schema::field_name(object, field)?)),
        Some((relation, rest)) => match related(org, object, row, relation)? {
            Some((other, row)) => value_of(org, other, row, rest),
            None => Ok(None),
        },
    }
}

fn holds(org: &Org, object: &str, row: &Row, condition: &Condition) -> Result<bool, Refusal> {
    Ok(match condition {
        Condition::All(all) => {
            for one in all {
                if !holds(org, object, row, one)? {
                    return Ok(false);
                }
            }
            true
        }
        Condition::Any(any) => {
            for one in any {
                if holds(org, object, row, one)? {
                    return Ok(true);
                }
            }
            false
        }
        Condition::Not(not) => !holds(org, object, row, not)?,
        Condition::Compare(field, sign, literal) => compares(value_of(org, object, row, field)?, field, sign, literal)?,
        Condition::In(field, literals) => {
            let value = value_of(org, object, row, field)?;
            let mut found = false;
            for literal in literals {
                found |= compares(value, field, "=", literal)?;
            }
            found
        }
        Condition::InQuery(field, query) => {
            let value = value_of(org, object, row, field)?.cloned().unwrap_or_default();
            let wanted = query.fields.first().map(String::as_str).unwrap_or_default();
            records(org, query)?.iter().any(|record| !value.is_null() && record[wanted] == value)
        }
    })
}

fn compares(value: Option<&Value>, field: &str, sign: &str, literal: &Literal) -> Result<bool, Refusal> {
    let value = value.unwrap_or(&Value::Null);
    let wrong =
        || Refusal::bad("INVALID_FIELD", format!("value of filter criterion for field '{field}' is of the wrong type"));
    let order = match (value, literal) {
        (Value::Null, Literal::Plain(plain)) if plain.eq_ignore_ascii_case("null") => Some(Ordering::Equal),
        (_, Literal::Plain(plain)) if plain.eq_ignore_ascii_case("null") => Some(Ordering::Greater),
        (Value::Null, _) => return Ok(sign == "!=" || sign == "<>"),
        (Value::String(text), Literal::Text(wanted)) if sign == "LIKE" => return Ok(like(text, wanted)),
        (Value::String(text), Literal::Text(wanted)) if field.ends_with("Id") => {
            Some(text.as_str().cmp(&ids::widen(wanted)))
        }
        (Value::String(text), Literal::Text(wanted)) => Some(text.to_lowercase().cmp(&wanted.to_lowercase())),
        (Value::String(text), Literal::Plain(plain)) => match (moment::parse(text), moment::parse(plain)) {
            (Some(found), Some(wanted)) => Some(found.cmp(&wanted)),
            _ => return Err(wrong()),
        },
        (Value::Bool(flag), Literal::Plain(plain)) => {
            Some(flag.cmp(&plain.to_ascii_lowercase().parse::<bool>().map_err(|_| wrong())?))
        }
        (Value::Number(number), Literal::Plain(plain)) => {
            number.as_f64().partial_cmp(&Some(plain.parse::<f64>().map_err(|_| wrong())?))
        }
        _ => return Err(wrong()),
    };
    Ok(match (sign, order) {
        ("=", order) => order == Some(Ordering::Equal),
        ("!=" | "<>", order) => order != Some(Ordering::Equal),
        ("<", order) => order == Some(Ordering::Less),
        (">", order) => order == Some(Ordering::Greater),
        ("<=", order) => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        (">=", order) => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        _ => return Err(wrong()),
    })
}

fn like(text: &str, pattern: &str) -> bool {
    fn matches(text: &[char], pattern: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|skipped| matches(&text[skipped..], rest)),
            Some((one, rest)) => {
                text.split_first().is_some_and(|(first, more)| (*one == '_' || one == first) && matches(more, rest))
            }
        }
    }
    let characters = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    matches(&characters(text), &characters(pattern))
}

fn order_of(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a.unwrap_or(&Value::Null), b.unwrap_or(&Value::Null)) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (a, b) => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
    }
}
