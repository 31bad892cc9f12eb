//! Comparing values by their attribute's type and case.

use crate::schema::{AttributeDefinition, AttributeType};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// A value in the form in which two of an attribute are compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Comparable {
    /// A text; in lower case where case does not count.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A moment.
    Time(Timestamp),
}

impl Comparable {
    /// The comparable form; none where the value is not of the attribute's type.
    pub(crate) fn of(value: &Value, attribute: &AttributeDefinition) -> Option<Self> {
        match attribute.kind {
            AttributeType::Boolean => flag(value).map(Self::Flag),
            AttributeType::Decimal | AttributeType::Integer => value.as_f64().map(Self::Number),
            AttributeType::DateTime => value.as_str()?.parse().ok().map(Self::Time),
            AttributeType::String | AttributeType::Reference | AttributeType::Binary => {
                let text = value.as_str()?;
                Some(Self::Text(if attribute.case_exact { text.to_owned() } else { fold(text) }))
            }
            AttributeType::Complex => None,
        }
    }

    /// How two compare; none where they are of different types.
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            (Self::Flag(left), Self::Flag(right)) => Some(left.cmp(right)),
            (Self::Number(left), Self::Number(right)) => left.partial_cmp(right),
            (Self::Time(left), Self::Time(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}

/// A text whose case does not count.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// True or false, also as the text that Entra sends.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Whether there is nothing in it: null, empty text, empty list, or complex with nothing in it. False and 0 are something.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether RFC 7643 2.5 takes it for no value: null or an empty list. An empty object says as little.
pub(crate) fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// The member of this name; case does not count.
pub(crate) fn member<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}
