//! Resources in their normal form, and bringing what a client sends into it.
//!
//! The normal form is what the client may write and what is kept: names as the schemas have them, values of their types,
//! nothing that is empty, nothing that only the server writes, and nothing that is never shown. Extensions are objects
//! under their URIs.

use crate::error::{ErrorKind, ScimError};
use crate::path::after_prefix;
use crate::schema::{AttributeDefinition, AttributeType, Mutability, ResourceType, Schema};
use crate::value::{flag, fold, is_unassigned, member};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// A resource in its normal form.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resource(pub Map<String, Value>);

impl Resource {
    /// A text at the top, such as `userName`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Whether it says of itself that it is inactive.
    pub fn active(&self) -> Option<bool> {
        self.0.get("active").and_then(Value::as_bool)
    }

    /// The `schemas` that it has.
    pub fn schemas(&self, resource_type: &ResourceType) -> Vec<String> {
        let extensions = resource_type.extensions.iter().map(|extension| &extension.schema.id);
        let extensions = extensions.filter(|id| self.0.contains_key(id.as_str()));
        std::iter::once(&resource_type.schema.id).chain(extensions).cloned().collect()
    }

    /// As it is answered, before it is projected: with `schemas`, `id` and `meta`.
    pub fn present(self, resource_type: &ResourceType, id: &str, meta: Value) -> Map<String, Value> {
        let schemas = self.schemas(resource_type);
        let mut shown = self.0;
        shown.insert("schemas".into(), json!(schemas));
        shown.insert("id".into(), id.into());
        shown.insert("meta".into(), meta);
        shown
    }

    /// Checks that what must be there is.
    pub(crate) fn check_required(&self, resource_type: &ResourceType, kind: ErrorKind) -> Result<(), ScimError> {
        let core = [(&resource_type.schema, true)].into_iter();
        let extensions = resource_type.extensions.iter().map(|extension| (&extension.schema, extension.required));
        for (schema, required) in core.chain(extensions) {
            let holder = if schema.id == resource_type.schema.id {
                Some(&self.0)
            } else {
                self.0.get(&schema.id).and_then(Value::as_object)
            };
            let Some(holder) = holder else {
                if required {
                    return Err(ScimError::new(kind, format!("the extension `{}` must be there", schema.id)));
                }
                continue;
            };
            let missing = schema.attributes.iter().find(|attribute| {
                let filled = holder.get(&attribute.name).is_some_and(|value| !crate::value::is_empty(value));
                attribute.required && attribute.mutability != Mutability::ReadOnly && !filled
            });
            if let Some(attribute) = missing {
                return Err(ScimError::new(kind, format!("`{}` must have a value", attribute.name)));
            }
        }
        Ok(())
    }
}

/// What a replacement replaces.
pub type Previous<'r> = Option<&'r Resource>;

/// Brings the body of a POST or PUT into its normal form. Attributes that the type does not have are left out.
///
/// # Errors
/// `invalidSyntax`: it is no object, or of other schemas; `invalidValue`: a value is of the wrong type or a required one
/// is missing; `mutability`: an immutable attribute would change.
pub fn normalise(resource_type: &ResourceType, body: &Value, previous: Previous<'_>) -> Result<Resource, ScimError> {
    let syntax = |detail: String| ScimError::new(ErrorKind::InvalidSyntax, detail);
    let body = body.as_object().ok_or_else(|| syntax("the body must be a JSON object".into()))?;
    check_schemas(resource_type, member(body, "schemas"))?;
    let mut resource = Resource::default();
    for (name, value) in body {
        if let Some(schema) = resource_type.extension(name) {
            let given = match value {
                Value::Object(members) => members,
                Value::Null => continue,
                _ => return Err(syntax(format!("`{}` must be an object", schema.id))),
            };
            for (name, value) in given {
                take(extension_of(&mut resource.0, schema), schema.attribute(name), value)?;
            }
        } else if let Some((schema, attribute)) = flat_extension(resource_type, name) {
            take(extension_of(&mut resource.0, schema), Some(attribute), value)?;
        } else {
            take(&mut resource.0, writable_at_top(resource_type, name), value)?;
        }
    }
    resource.0.retain(|_, value| !is_unassigned(value));
    if let Some(previous) = previous {
        keep_immutable(resource_type, &mut resource, previous)?;
    }
    resource.check_required(resource_type, ErrorKind::InvalidValue)?;
    Ok(resource)
}

/// An attribute at the top, also where its name is written with the URI of the core schema.
fn writable_at_top<'t>(resource_type: &'t ResourceType, name: &str) -> Option<&'t AttributeDefinition> {
    let core = after_prefix(name, &resource_type.schema.id).and_then(|rest| rest.strip_prefix(':'));
    resource_type.top_attribute(core.unwrap_or(name))
}

/// An attribute of an extension that is written as `URI:attribute`.
fn flat_extension<'t>(resource_type: &'t ResourceType, name: &str) -> Option<(&'t Schema, &'t AttributeDefinition)> {
    resource_type.extensions.iter().find_map(|extension| {
        let rest = after_prefix(name, &extension.schema.id)?.strip_prefix(':')?;
        Some((&extension.schema, extension.schema.attribute(rest)?))
    })
}

pub(crate) fn extension_of<'m>(resource: &'m mut Map<String, Value>, schema: &Schema) -> &'m mut Map<String, Value> {
    object_at(resource, &schema.id)
}

/// The object under a key, made where there is none.
pub(crate) fn object_at<'m>(holder: &'m mut Map<String, Value>, key: &str) -> &'m mut Map<String, Value> {
    let slot = holder.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    match slot {
        Value::Object(members) => members,
        // Just made sure of.
        _ => unreachable!("an object was put there"),
    }
}

fn take(
    holder: &mut Map<String, Value>,
    attribute: Option<&AttributeDefinition>,
    value: &Value,
) -> Result<(), ScimError> {
    let Some(attribute) = attribute.filter(|attribute| is_kept(attribute)) else { return Ok(()) };
    if let Some(value) = normal_value(attribute, value)? {
        holder.insert(attribute.name.clone(), value);
    }
    Ok(())
}

/// Whether a client may write it and it is kept.
pub(crate) fn is_kept(attribute: &AttributeDefinition) -> bool {
    matches!(attribute.mutability, Mutability::ReadWrite | Mutability::Immutable)
}

fn check_schemas(resource_type: &ResourceType, schemas: Option<&Value>) -> Result<(), ScimError> {
    let wrong = |detail: String| Err(ScimError::new(ErrorKind::InvalidSyntax, detail));
    let schemas = match schemas {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(schemas)) => schemas,
        Some(_) => return wrong("`schemas` must be a list".into()),
    };
    let is_core =
        |schema: &Value| schema.as_str().is_some_and(|text| text.eq_ignore_ascii_case(&resource_type.schema.id));
    if schemas.is_empty() || schemas.iter().any(is_core) {
        Ok(())
    } else {
        wrong(format!("`schemas` must contain `{}`", resource_type.schema.id))
    }
}

/// An immutable attribute that has a value keeps it.
fn keep_immutable(resource_type: &ResourceType, resource: &mut Resource, previous: &Resource) -> Result<(), ScimError> {
    for schema in resource_type.schemas() {
        let is_core = schema.id == resource_type.schema.id;
        for attribute in schema.attributes.iter().filter(|one| one.mutability == Mutability::Immutable) {
            let before =
                if is_core { Some(&previous.0) } else { previous.0.get(&schema.id).and_then(Value::as_object) };
            let Some(before) = before.and_then(|holder| holder.get(&attribute.name)) else { continue };
            let holder = if is_core { &mut resource.0 } else { extension_of(&mut resource.0, schema) };
            let now = holder.entry(attribute.name.clone()).or_insert_with(|| before.clone());
            if now != before {
                return Err(ScimError::new(
                    ErrorKind::Mutability,
                    format!("`{}` has a value already and cannot be changed", attribute.name),
                ));
            }
        }
    }
    Ok(())
}

/// The value of an attribute in its normal form; none where it says that there is no value.
///
/// # Errors
/// `invalidValue`: it is of the wrong type, lacks a required part, or several values are primary.
pub(crate) fn normal_value(attribute: &AttributeDefinition, value: &Value) -> Result<Option<Value>, ScimError> {
    if is_unassigned(value) {
        return Ok(None);
    }
    if !attribute.multi_valued {
        return single(attribute, value);
    }
    let given = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut items: Vec<Value> = Vec::with_capacity(given.len());
    let mut seen = std::collections::HashSet::with_capacity(given.len());
    for one in given {
        let Some(item) = single(attribute, one)? else { continue };
        if seen.insert(identity_of(attribute, &item)) {
            items.push(item);
        }
    }
    if attribute.has_primary() && items.iter().filter(|item| item["primary"] == true).count() > 1 {
        let detail = format!("`{}`: at most one value is primary", attribute.name);
        return Err(ScimError::new(ErrorKind::InvalidValue, detail));
    }
    Ok((!items.is_empty()).then_some(Value::Array(items)))
}

/// What tells a value from the others of its attribute; case counts where it counts in comparisons.
pub(crate) fn identity_of(attribute: &AttributeDefinition, item: &Value) -> String {
    match item {
        Value::Object(_) if attribute.is_told_by_value() => item["value"].to_string(),
        Value::Object(members) => {
            let part = |name: &String, value: &Value| {
                let definition = attribute.sub_attribute(name);
                definition.map_or_else(|| value.to_string(), |part| identity_of(part, value))
            };
            members.iter().map(|(name, value)| format!("{name}={};", part(name, value))).collect()
        }
        Value::String(text) if !attribute.case_exact => Value::from(fold(text)).to_string(),
        other => other.to_string(),
    }
}

fn single(attribute: &AttributeDefinition, value: &Value) -> Result<Option<Value>, ScimError> {
    if is_unassigned(value) {
        return Ok(None);
    }
    match (attribute.kind, value) {
        // Entra wraps single values: [{"value": "x"}].
        (_, Value::Array(items)) if items.len() == 1 && !attribute.multi_valued => single(attribute, &items[0]),
        (AttributeType::Complex, Value::Object(members)) => complex(attribute, members),
        // And sends a manager as the id alone.
        (AttributeType::Complex, Value::String(text)) if attribute.sub_attribute("value").is_some() => {
            if text.is_empty() {
                return Ok(None);
            }
            let members = [("value".to_owned(), value.clone())].into_iter().collect();
            complex(attribute, &members)
        }
        (AttributeType::Complex, _) => Err(wrong(attribute, "an object")),
        (_, Value::Object(members)) if members.contains_key("value") && !attribute.multi_valued => {
            single(attribute, &members["value"])
        }
        _ => simple(attribute, value).map(Some),
    }
}

fn complex(attribute: &AttributeDefinition, members: &Map<String, Value>) -> Result<Option<Value>, ScimError> {
    let mut normal = Map::new();
    for part in attribute.sub_attributes.iter().filter(|part| is_kept(part)) {
        if let Some(value) = member(members, &part.name)
            && let Some(value) = normal_value(part, value)?
        {
            normal.insert(part.name.clone(), value);
        }
    }
    if normal.is_empty() {
        return Ok(None);
    }
    if let Some(part) = attribute.sub_attributes.iter().find(|part| part.required && !normal.contains_key(&part.name)) {
        let detail = format!("`{}.{}` must have a value", attribute.name, part.name);
        return Err(ScimError::new(ErrorKind::InvalidValue, detail));
    }
    Ok(Some(Value::Object(normal)))
}

fn simple(attribute: &AttributeDefinition, value: &Value) -> Result<Value, ScimError> {
    match attribute.kind {
        AttributeType::Boolean => flag(value).map(Value::Bool).ok_or_else(|| wrong(attribute, "true or false")),
        AttributeType::Integer => integer(value).ok_or_else(|| wrong(attribute, "a whole number")),
        AttributeType::Decimal => decimal(value).ok_or_else(|| wrong(attribute, "a number")),
        AttributeType::DateTime => match value.as_str() {
            Some(text) if text.parse::<Timestamp>().is_ok() => Ok(value.clone()),
            _ => Err(wrong(attribute, "a time such as `2026-12-01T08:00:00Z`")),
        },
        AttributeType::Binary => match value.as_str() {
            Some(text) if is_base64(text) => Ok(value.clone()),
            _ => Err(wrong(attribute, "bytes in base64")),
        },
        AttributeType::String | AttributeType::Reference => match value {
            Value::String(text) => Ok(canonical(attribute, text).into()),
            Value::Number(number) => Ok(number.to_string().into()),
            Value::Bool(flag) => Ok(flag.to_string().into()),
            _ => Err(wrong(attribute, "a text")),
        },
        AttributeType::Complex => Err(wrong(attribute, "an object")),
    }
}

/// A value that is usual is written as usual.
fn canonical<'v>(attribute: &'v AttributeDefinition, text: &'v str) -> &'v str {
    let is_usual = |usual: &&String| !attribute.case_exact && usual.eq_ignore_ascii_case(text);
    attribute.canonical_values.iter().find(is_usual).map_or(text, String::as_str)
}

fn integer(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(value.clone()),
        Value::Number(number) => number
            .as_f64()
            .filter(|number| number.fract() == 0.0 && number.abs() < 1e15)
            .map(|number| (number as i64).into()),
        Value::String(text) => text.parse::<i64>().ok().map(Into::into),
        _ => None,
    }
}

fn decimal(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number),
        _ => None,
    }
}

fn is_base64(text: &str) -> bool {
    let bare = text.trim_end_matches('=');
    text.len() - bare.len() <= 2 && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte))
}

fn wrong(attribute: &AttributeDefinition, wanted: &str) -> ScimError {
    ScimError::new(ErrorKind::InvalidValue, format!("`{}` must be {wanted}", attribute.name))
}

#[cfg(test)]
mod tests;
