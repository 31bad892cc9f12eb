//! Between a server's resource and the contract's object.
//!
//! An object's attributes are the resource without `schemas`, `id`, `meta` and `active`; names are spelt canonically,
//! unassigned values are left out, lists are sorted. An extension's attribute is named in full
//! (`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`). `members` holds the ids of users,
//! `memberGroups` those of nested groups, `groups` those of a user's groups.

use crate::class::Class;
use crate::config::Config;
use crate::core_attributes::{self, Shape, canonical_spelling, canonical_sub_spelling};
use crate::document::{boolean, is_unassigned, member, take_member, text_field};
use crate::name::{AttributeName, is_schema};
use purser_sdk::serde_json::{Map, Value, json};
use purser_sdk::{Attributes, Error, Object};

/// A resource as an object. `etag` is the answer's header, for servers without `meta.version`.
///
/// # Errors
/// `defect`: the resource has no id.
pub fn to_object(
    config: &Config,
    class: Class<'_>,
    mut resource: Attributes,
    etag: Option<&str>,
) -> Result<Object, Error> {
    let id = id_of(&resource)
        .ok_or_else(|| Error::defect(format!("the server answered with a {} without `id`", class.name())))?;
    let version = version_of(&resource).or(etag).map(str::to_owned);
    let active = take_member(&mut resource, "active").as_ref().and_then(boolean);
    for left_out in ["schemas", "id", "meta", "password"] {
        take_member(&mut resource, left_out);
    }
    let mut object = Object::new(id, to_attributes(config, class, resource));
    object.version = version;
    object.active = active.filter(|_| class.is_account());
    for name in [class.unique_name(), "externalId"] {
        if let Some(Value::String(value)) = object.attributes.get(name) {
            let value = value.clone();
            object = object.with_secondary_id(name, value);
        }
    }
    Ok(object)
}

/// The id of a resource; some servers give a number.
pub fn id_of(resource: &Attributes) -> Option<String> {
    match member(resource, "id")? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// The version of a resource.
pub fn version_of(resource: &Attributes) -> Option<&str> {
    text_field(member(resource, "meta")?, "version")
}

fn to_attributes(config: &Config, class: Class<'_>, resource: Attributes) -> Attributes {
    let mut attributes = Attributes::new();
    for (name, value) in resource {
        let name = canonical_spelling(None, &name);
        match value {
            value if is_unassigned(&value) => {}
            Value::Array(members) if class == Class::Group && name == "members" => {
                put_members(&mut attributes, &members);
            }
            Value::Array(holders) if class != Class::Group && class.holders() == Some(&name) => {
                put_ids(&mut attributes, &name, &holders);
            }
            Value::Array(groups) if class == Class::User && name == "groups" => {
                put_ids(&mut attributes, &name, &groups);
            }
            Value::Array(values) if class == Class::User && config.is_held(&name) => {
                put_ids(&mut attributes, &name, &values);
            }
            Value::Object(extension) if is_schema(&name) => {
                for (inner, value) in extension.into_iter().filter(|(_, value)| !is_unassigned(value)) {
                    let inner = canonical_spelling(Some(&name), &inner);
                    attributes.insert(format!("{name}:{inner}"), canonical(value));
                }
            }
            value => {
                attributes.insert(name, canonical(value));
            }
        }
    }
    attributes
}

fn put_members(attributes: &mut Attributes, members: &[Value]) {
    let (groups, users): (Vec<Value>, Vec<Value>) = members.iter().cloned().partition(is_group_member);
    put_ids(attributes, "members", &users);
    put_ids(attributes, "memberGroups", &groups);
}

fn put_ids(attributes: &mut Attributes, name: &str, references: &[Value]) {
    let mut ids: Vec<&str> = references.iter().filter_map(referenced_id).collect();
    ids.sort_unstable();
    ids.dedup();
    if !ids.is_empty() {
        attributes.insert(name.to_owned(), json!(ids));
    }
}

/// The id that a member or group reference holds.
pub fn referenced_id(reference: &Value) -> Option<&str> {
    reference.as_str().or_else(|| text_field(reference, "value"))
}

/// Whether a member is a group itself.
pub fn is_group_member(member: &Value) -> bool {
    match text_field(member, "type") {
        Some(kind) => kind.eq_ignore_ascii_case("group"),
        None => text_field(member, "$ref").is_some_and(|reference| reference.contains("/Groups/")),
    }
}

/// A value without unassigned parts, sub-attributes spelt canonically, lists sorted.
fn canonical(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().filter(|item| !is_unassigned(item)).map(canonical).collect();
            items.sort_by_cached_key(sorting_text);
            Value::Array(items)
        }
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !is_unassigned(value));
            Value::Object(members.map(|(name, value)| (canonical_sub_spelling(&name), canonical(value))).collect())
        }
        scalar => scalar,
    }
}

/// A text that is the same for the same value, whatever order the map keeps.
fn sorting_text(value: &Value) -> String {
    let Value::Object(members) = value else { return value.to_string() };
    let mut members: Vec<String> =
        members.iter().map(|(name, value)| format!("{name}:{}", sorting_text(value))).collect();
    members.sort_unstable();
    members.join(",")
}

/// The body of a create.
///
/// # Errors
/// `invalid-value` naming an attribute that the server sets itself.
pub fn to_resource(class: Class<'_>, attributes: &Attributes, active: Option<bool>) -> Result<Attributes, Error> {
    let mut resource = Attributes::new();
    for (name, value) in attributes.iter().filter(|(_, value)| !is_unassigned(value)) {
        let name = AttributeName::parse(name);
        refuse_read_only(&name)?;
        put(&mut resource, &name, to_wire(&name, value.clone()));
    }
    if let Some(active) = active.filter(|_| class.is_account()) {
        resource.insert("active".into(), active.into());
    }
    let schemas = std::iter::once(class.schema().to_owned());
    let extensions = resource.keys().filter(|key| is_schema(key)).cloned();
    let schemas: Vec<String> = schemas.chain(extensions).collect();
    resource.insert("schemas".into(), json!(schemas));
    Ok(resource)
}

fn put(resource: &mut Attributes, name: &AttributeName, value: Value) {
    let mut keys = name.keys();
    let Some(last) = keys.pop() else { return };
    let mut place = resource;
    for key in keys {
        let inner = place.entry(canonical_spelling(None, key)).or_insert_with(|| Value::Object(Map::new()));
        if !inner.is_object() {
            *inner = Value::Object(Map::new());
        }
        let Value::Object(inner) = inner else { return };
        place = inner;
    }
    match (place.get_mut(last), value) {
        (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
        (_, value) => {
            place.insert(last.to_owned(), value);
        }
    }
}

/// Refuses what the server sets itself (RFC 7643 sections 3.1 and 4.1.2).
///
/// # Errors
/// `invalid-value` naming the attribute.
pub fn refuse_read_only(name: &AttributeName) -> Result<(), Error> {
    let whole = AttributeName { sub_attribute: None, ..name.clone() };
    let advice = match whole.attribute.to_ascii_lowercase().as_str() {
        _ if whole.schema.is_some() => return Ok(()),
        "groups" => "grant or revoke the group instead",
        "membergroups" => "nested groups are read only",
        "id" | "meta" | "schemas" => "the server sets it",
        _ => return Ok(()),
    };
    Err(Error::invalid_value(name.to_string(), format!("`{name}` cannot be written: {advice}")))
}

/// A value as servers take it: a plain text where the attribute holds complex values becomes their `value`, and a
/// single value where it holds a list becomes a list of one.
pub fn to_wire(name: &AttributeName, value: Value) -> Value {
    if name.sub_attribute.is_some() || name.attribute.is_empty() {
        return value;
    }
    let members = name.is_core("members");
    match core_attributes::find(name.schema.as_deref(), &name.attribute).map(|attribute| attribute.shape) {
        Some(Shape::List(_)) => list(value),
        _ if members => list(value),
        Some(Shape::Complex(parts)) if parts.contains(&"value") => complex(value),
        _ => value,
    }
}

fn list(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(complex).collect()),
        Value::Null => Value::Null,
        single => json!([complex(single)]),
    }
}

fn complex(value: Value) -> Value {
    match value {
        Value::String(_) => json!({"value": value}),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::ENTERPRISE_SCHEMA;
    use purser_sdk::ErrorClass;
    use purser_sdk::testing::attributes;

    #[test]
    fn a_user_is_canonical_whatever_the_server_s_spelling() {
        let resource = attributes(json!({
            "Schemas": ["x"], "ID": "7", "meta": {"version": "W/\"3\"", "lastModified": "z"}, "ACTIVE": "False",
            "USERNAME": "Anna", "externalId": "E1", "title": null, "phoneNumbers": [],
            "emails": [{"Value": "b@x", "type": "work"}, {"value": "a@x", "display": null}],
            "groups": [{"value": "g2"}, {"value": "g1", "display": "One"}],
            ENTERPRISE_SCHEMA.to_uppercase(): {"Department": "IT", "manager": {"value": "9"}},
        }));
        let object = to_object(&Config::default(), Class::User, resource, None).unwrap();
        assert_eq!((object.id.as_str(), object.version.as_deref(), object.active), ("7", Some("W/\"3\""), Some(false)));
        let expected = json!({
            "userName": "Anna", "externalId": "E1", "groups": ["g1", "g2"],
            "emails": [{"type": "work", "value": "b@x"}, {"value": "a@x"}],
            format!("{ENTERPRISE_SCHEMA}:department"): "IT",
            format!("{ENTERPRISE_SCHEMA}:manager"): {"value": "9"},
        });
        assert_eq!(Value::Object(object.attributes), expected);
        let ids: Vec<_> = object.secondary_ids.iter().map(|id| (id.name.as_str(), id.value.as_str())).collect();
        assert_eq!(ids, [("userName", "Anna"), ("externalId", "E1")]);
    }

    #[test]
    fn lists_come_in_one_order() {
        let of = |emails: Value| {
            to_object(&Config::default(), Class::User, attributes(json!({"id": "7", "emails": emails})), None)
                .unwrap()
                .attributes
        };
        assert_eq!(of(json!([{"value": "b"}, {"value": "a"}])), of(json!([{"value": "a"}, {"value": "b"}])));
    }

    #[test]
    fn roles_are_ids_where_they_are_granted_and_values_where_they_are_mapped() {
        let resource = || attributes(json!({"id": "7", "roles": [{"value": "b", "primary": true}, {"value": "a"}]}));
        let plain = to_object(&Config::default(), Class::User, resource(), None).unwrap();
        assert_eq!(plain.attributes["roles"], json!([{"primary": true, "value": "b"}, {"value": "a"}]));
        let values = vec!["a".to_owned()];
        let roles = crate::config::Holdable { listed_at: None, values, held: crate::config::Held::Many };
        let config = Config { roles: Some(roles), ..Config::default() };
        let held = to_object(&config, Class::User, resource(), None).unwrap();
        assert_eq!(held.attributes["roles"], json!(["a", "b"]));
    }

    #[test]
    fn nested_groups_are_kept_apart_from_users() {
        let group = attributes(json!({"id": "g", "displayName": "Staff", "members": [
            {"value": "2", "type": "User"}, {"value": "1"}, {"value": "h", "type": "Group"},
            {"value": "i", "$ref": "https://x/v2/Groups/i"},
        ]}));
        let object = to_object(&Config::default(), Class::Group, group, Some("W/\"1\"")).unwrap();
        assert_eq!(object.attributes["members"], json!(["1", "2"]));
        assert_eq!(object.attributes["memberGroups"], json!(["h", "i"]));
        assert_eq!((object.version.as_deref(), object.active), (Some("W/\"1\""), None));
    }

    #[test]
    fn a_resource_without_id_is_a_defect() {
        let error = to_object(&Config::default(), Class::User, attributes(json!({"userName": "x"})), None).unwrap_err();
        assert_eq!(error.class, ErrorClass::Defect);
    }

    #[test]
    fn a_create_holds_its_schemas_and_nests_extensions() {
        let wanted = attributes(json!({
            "userName": "anna", "name.familyName": "Berg", "name": {"givenName": "Anna"}, "emails": ["a@x"],
            format!("{ENTERPRISE_SCHEMA}:department"): "IT", format!("{ENTERPRISE_SCHEMA}:manager"): "9", "title": null,
        }));
        let resource = to_resource(Class::User, &wanted, Some(true)).unwrap();
        let expected = json!({
            "schemas": [Class::User.schema(), ENTERPRISE_SCHEMA], "userName": "anna", "active": true,
            "name": {"familyName": "Berg", "givenName": "Anna"}, "emails": [{"value": "a@x"}],
            ENTERPRISE_SCHEMA: {"department": "IT", "manager": {"value": "9"}},
        });
        assert_eq!(Value::Object(resource), expected);
    }

    #[test]
    fn what_the_server_sets_is_refused_by_name() {
        for name in ["id", "meta.version", "groups", "memberGroups"] {
            let error = to_resource(Class::User, &attributes(json!({name: "x"})), None).unwrap_err();
            assert_eq!(error.class, ErrorClass::InvalidValue(Some(name.into())));
        }
    }
}
