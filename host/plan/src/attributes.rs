//! Attribute names: compared without regard to case, and a dot reaches into complex attributes.

use purser_model::Attributes;
use purser_model::manifest::{Attribute, AttributeKind, AttributeTraits, ObjectClass};
use serde_json::Value;

/// The value of this name. A member whose name contains the dot itself wins over a complex attribute.
pub(crate) fn lookup<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a Value> {
    member(attributes, name).or_else(|| {
        name.match_indices('.').find_map(|(dot, _)| {
            let inner = member(attributes, &name[..dot])?.as_object()?;
            lookup(inner, &name[dot + 1..])
        })
    })
}

/// The member of exactly this name, without regard to case as SCIM names are (RFC 7643 section 2.1).
pub(crate) fn member<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a Value> {
    attributes
        .get(name)
        .or_else(|| attributes.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// Sets the value of this name and makes the complex attributes on the way. What stands in the way and is not complex is
/// replaced.
pub(crate) fn insert(attributes: &mut Attributes, name: &str, value: Value) {
    let Some((first, rest)) = split_at_dot(name) else {
        attributes.insert(name.to_owned(), value);
        return;
    };
    let inner = attributes.entry(first).or_insert(Value::Null);
    if !inner.is_object() {
        *inner = Value::Object(Attributes::new());
    }
    if let Value::Object(inner) = inner {
        insert(inner, rest, value);
    }
}

/// Splits at the first dot that reaches into a complex attribute: one inside a schema's URN
/// (`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`) does not.
fn split_at_dot(name: &str) -> Option<(&str, &str)> {
    let after_urn = name.rfind(':').map_or(0, |colon| colon + 1);
    let dot = after_urn + name[after_urn..].find('.')?;
    Some((&name[..dot], &name[dot + 1..]))
}

/// What a class says about the attribute that a mapping names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Described {
    /// Its kind, where known.
    pub(crate) kind: Option<AttributeKind>,
    /// Its own traits, or those of the complex attribute around it.
    pub(crate) traits: AttributeTraits,
}

/// Why a mapping cannot write an attribute of this class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotWritable {
    #[error("the class has no such attribute")]
    Unknown,
    #[error("the target sets it, and it cannot be written")]
    ReadOnly,
    #[error("it takes a secret, and a mapping gives none")]
    Secret,
    #[error("it reaches into a list: map the whole list instead")]
    InsideList,
}

/// Finds the attribute that a mapping names in its class.
///
/// # Errors
/// A mapping cannot write it.
pub(crate) fn describe(class: &ObjectClass, name: &str) -> Result<Described, NotWritable> {
    if let Some(attribute) = class.attribute(name) {
        return writable(attribute).map(|()| Described { kind: Some(attribute.kind), traits: attribute.traits });
    }
    match surrounding(class, name) {
        Some(around) if around.traits.multi_valued => Err(NotWritable::InsideList),
        Some(around) => writable(around).map(|()| Described { kind: None, traits: around.traits }),
        None if class.open => Ok(Described { kind: None, traits: AttributeTraits::default() }),
        None => Err(NotWritable::Unknown),
    }
}

fn writable(attribute: &Attribute) -> Result<(), NotWritable> {
    match attribute.kind {
        _ if attribute.traits.read_only => Err(NotWritable::ReadOnly),
        AttributeKind::SecretSlot => Err(NotWritable::Secret),
        _ => Ok(()),
    }
}

/// The complex attribute that the name reaches into, the innermost that is listed.
fn surrounding<'a>(class: &'a ObjectClass, name: &str) -> Option<&'a Attribute> {
    name.rmatch_indices('.').find_map(|(dot, _)| class.attribute(&name[..dot]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn attributes(value: Value) -> Attributes {
        let Value::Object(attributes) = value else { panic!("no object") };
        attributes
    }

    #[test]
    fn names_are_found_nested_flat_and_in_any_case() {
        let nested = attributes(json!({"Name": {"familyname": "Berg"}, "v2.0": {"x": 1}}));
        assert_eq!(lookup(&nested, "name.familyName"), Some(&json!("Berg")));
        assert_eq!(lookup(&nested, "v2.0.x"), Some(&json!(1)));
        assert_eq!(lookup(&nested, "name.givenName"), None);
        let flat = attributes(json!({"name.familyName": "Tal", "name": {"familyName": "Berg"}}));
        assert_eq!(lookup(&flat, "name.familyName"), Some(&json!("Tal")));
    }

    #[test]
    fn inserting_makes_complex_attributes_and_keeps_urns_whole() {
        let mut made = Attributes::new();
        insert(&mut made, "name.familyName", json!("Berg"));
        insert(&mut made, "name.givenName", json!("Anna"));
        insert(&mut made, "urn:x:enterprise:2.0:User.manager.value", json!("7"));
        insert(&mut made, "urn:x:enterprise:2.0:User:department", json!("IT"));
        let expected = json!({
            "name": {"familyName": "Berg", "givenName": "Anna"},
            "urn:x:enterprise:2.0:User": {"manager": {"value": "7"}},
            "urn:x:enterprise:2.0:User:department": "IT",
        });
        assert_eq!(made, attributes(expected));
    }
}
