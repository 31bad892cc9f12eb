//! JSON to CEL values and back.

use super::EvaluationError;
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt, Kind};
use cel::common::value::Val;
use purser_model::Attributes;
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// A JSON object as a CEL map that borrows its texts.
pub(crate) fn object_value<'v>(
    attributes: &'v Attributes,
    further: impl IntoIterator<Item = (&'v str, Cow<'v, str>)>,
) -> Box<dyn Val + 'v> {
    let mut entries: HashMap<CelMapKey<'v>, Box<dyn Val + 'v>> =
        attributes.iter().map(|(name, value)| (key(name), cel_value(value))).collect();
    for (name, text) in further {
        let text = match text {
            Cow::Borrowed(text) => CelString::from(text),
            Cow::Owned(text) => CelString::from(text),
        };
        entries.insert(key(name), Box::new(text));
    }
    Box::new(CelMap::from(entries))
}

fn key(name: &str) -> CelMapKey<'_> {
    CelMapKey::String(CelString::from(name))
}

fn cel_value(value: &Value) -> Box<dyn Val + '_> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(*value)),
        Value::Number(number) => cel_number(number),
        Value::String(text) => Box::new(CelString::from(text.as_str())),
        Value::Array(items) => Box::new(CelList::from(items.iter().map(cel_value).collect::<Vec<_>>())),
        Value::Object(members) => object_value(members, []),
    }
}

fn cel_number(number: &Number) -> Box<dyn Val> {
    match (number.as_i64(), number.as_u64()) {
        (Some(value), _) => Box::new(CelInt::from(value)),
        (None, Some(value)) => Box::new(CelUInt::from(value)),
        (None, None) => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
    }
}

/// A text as a CEL value.
pub(crate) fn text_value(text: String) -> Box<dyn Val> {
    Box::new(CelString::from(text))
}

/// The JSON of a value, as [`present`] leaves it.
pub(super) fn to_json(value: &dyn Val) -> Result<Option<Value>, EvaluationError> {
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        return Ok(present(Value::String(text.inner().to_owned())));
    }
    let value = cel::Value::try_from(value).map_err(EvaluationError::Failed)?;
    value.json().map(present).map_err(|_| EvaluationError::NotJson)
}

/// Whether a value counts as no value: null, an empty text, list or object (RFC 7643 section 2.5).
pub(crate) fn is_none(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A value without the parts that count as no value; none where nothing is left.
pub(crate) fn present(value: Value) -> Option<Value> {
    let value = match value {
        Value::Array(items) => Value::Array(items.into_iter().filter_map(present).collect()),
        Value::Object(members) => {
            Value::Object(members.into_iter().filter_map(|(name, value)| Some((name, present(value)?))).collect())
        }
        scalar => scalar,
    };
    if is_none(&value) { None } else { Some(value) }
}

/// What a CEL value is, in the words of JSON.
pub(super) fn kind_name(value: &dyn Val) -> &'static str {
    match value.get_type().kind() {
        Kind::Boolean => "a boolean",
        Kind::String => "a text",
        Kind::Int | Kind::UInt | Kind::Double => "a number",
        Kind::List => "a list",
        Kind::Map => "an object",
        _ => "something else",
    }
}
