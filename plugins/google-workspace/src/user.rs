//! A user as the vendor shows it and as Purser does. The vendor's typed lists are single attributes here: the primary
//! organisation, the employee id, the manager.

use purser_sdk::serde_json::{Map, Value, json};
use purser_sdk::{Attributes, Error, Object, path};

/// Attributes that are the same on both sides.
const SAME: [&str; 16] = [
    "primaryEmail",
    "orgUnitPath",
    "aliases",
    "phones",
    "addresses",
    "locations",
    "languages",
    "websites",
    "recoveryEmail",
    "recoveryPhone",
    "archived",
    "includeInGlobalAddressList",
    "changePasswordAtNextLogin",
    "isAdmin",
    "suspensionReason",
    "creationTime",
];
const NAME_PARTS: [&str; 4] = ["givenName", "familyName", "displayName", "fullName"];
const ORGANIZATION_PARTS: [&str; 5] = ["title", "department", "costCenter", "name", "description"];

/// The object that the vendor's document stands for.
///
/// # Errors
/// `defect`: it has no id.
pub fn to_object(shown: &Value, with_last_login: bool) -> Result<Object, Error> {
    let id = shown["id"].as_str().ok_or_else(|| Error::defect("Google answered a user without an id"))?;
    let email = shown["primaryEmail"].as_str().unwrap_or_default();
    let object = Object::new(id, to_attributes(shown, with_last_login)).with_secondary_id("primaryEmail", email);
    Ok(object.with_active(shown["suspended"] != true))
}

/// The attributes of the vendor's document; lists are sorted, for the vendor promises no order.
pub fn to_attributes(shown: &Value, with_last_login: bool) -> Attributes {
    let mut attributes = Attributes::new();
    for name in SAME.into_iter().chain(with_last_login.then_some("lastLoginTime")) {
        put(&mut attributes, name, &shown[name]);
    }
    let mut take = |place: &str, parts: &[&str], from: &Value| {
        let known: Map<String, Value> = parts
            .iter()
            .filter(|part| is_set(&from[**part]))
            .map(|part| ((*part).to_owned(), from[*part].clone()))
            .collect();
        if !known.is_empty() {
            attributes.insert(place.to_owned(), known.into());
        }
    };
    take("name", &NAME_PARTS, &shown["name"]);
    take("organization", &ORGANIZATION_PARTS, organization(shown).unwrap_or(&Value::Null));
    put(&mut attributes, "employeeNumber", typed(shown, "externalIds", "organization"));
    put(&mut attributes, "manager", typed(shown, "relations", "manager"));
    if shown["customSchemas"].as_object().is_some_and(|schemas| !schemas.is_empty()) {
        attributes.insert("customSchemas".to_owned(), shown["customSchemas"].clone());
    }
    attributes
}

fn is_set(value: &Value) -> bool {
    !(value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty))
}

fn put(attributes: &mut Attributes, name: &str, value: &Value) {
    if !is_set(value) {
        return;
    }
    let mut value = value.clone();
    if let Value::Array(items) = &mut value {
        items.sort_by_cached_key(Value::to_string);
    }
    attributes.insert(name.to_owned(), value);
}

/// The primary organisation, or else the first.
fn organization(shown: &Value) -> Option<&Value> {
    let all = shown["organizations"].as_array()?;
    all.iter().find(|one| one["primary"] == true).or_else(|| all.first())
}

fn typed<'v>(shown: &'v Value, list: &str, kind: &str) -> &'v Value {
    let items = shown[list].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().find(|item| item["type"] == kind).map_or(&Value::Null, |item| &item["value"])
}

/// The body that brings a user from what the vendor shows to these attributes, for the attributes named. Null and an empty
/// list clear. `aliases` have calls of their own and are left out.
///
/// # Errors
/// `invalid-value`: the attribute is read only or unknown.
pub fn body_of(shown: &Value, wanted: &Attributes, names: &[&str]) -> Result<Value, Error> {
    let mut body = json!({});
    for name in names {
        let (root, part) = name.split_once('.').unwrap_or((name, ""));
        match root {
            "aliases" => {}
            "isAdmin" | "suspensionReason" | "creationTime" | "lastLoginTime" => return Err(read_only(name)),
            "password" => body[root] = value_at(wanted, root),
            "name" => write_name(&mut body, wanted, part)?,
            "organization" => body["organizations"] = organizations(shown, wanted),
            "employeeNumber" => {
                body["externalIds"] = typed_list(shown, "externalIds", "organization", wanted.get(root));
            }
            "manager" => body["relations"] = typed_list(shown, "relations", "manager", wanted.get(root)),
            "customSchemas" => write_custom(&mut body, wanted, part)?,
            root if SAME.contains(&root) => body[root] = cleared(value_at(wanted, root), root),
            _ => {
                return Err(Error::invalid_value(
                    *name,
                    format!("a user has no attribute `{name}` that can be written"),
                ));
            }
        }
    }
    Ok(body)
}

fn read_only(name: &str) -> Error {
    Error::invalid_value(name, format!("`{name}` is set by Google: take it out of the mapping"))
}

fn value_at(wanted: &Attributes, path: &str) -> Value {
    path::get(wanted, path).cloned().unwrap_or(Value::Null)
}

/// The vendor's lists are cleared by an empty one.
fn cleared(value: Value, name: &str) -> Value {
    let is_list = matches!(name, "phones" | "addresses" | "locations" | "languages" | "websites");
    if value.is_null() && is_list { json!([]) } else { value }
}

fn write_name(body: &mut Value, wanted: &Attributes, part: &str) -> Result<(), Error> {
    if part == "fullName" {
        return Err(read_only("name.fullName"));
    }
    let parts: &[&str] = if part.is_empty() { &NAME_PARTS[..3] } else { &[part] };
    for part in parts {
        body["name"][*part] = value_at(wanted, &format!("name.{part}"));
    }
    Ok(())
}

fn organizations(shown: &Value, wanted: &Attributes) -> Value {
    let mut all = shown["organizations"].as_array().cloned().unwrap_or_default();
    let place = all.iter().position(|one| one["primary"] == true).unwrap_or(0);
    if all.is_empty() {
        all.push(json!({"primary": true, "type": "work"}));
    }
    let mut one = all[place].as_object().cloned().unwrap_or_default();
    for part in ORGANIZATION_PARTS {
        match path::get(wanted, &format!("organization.{part}")) {
            Some(value) if is_set(value) => _ = one.insert(part.to_owned(), value.clone()),
            _ => _ = one.remove(part),
        }
    }
    if ORGANIZATION_PARTS.iter().any(|part| one.contains_key(*part)) {
        all[place] = one.into();
    } else {
        all.remove(place);
    }
    all.into()
}

/// The list with this value as its item of the type, and everything else as it is.
fn typed_list(shown: &Value, list: &str, kind: &str, value: Option<&Value>) -> Value {
    let mut items = shown[list].as_array().cloned().unwrap_or_default();
    items.retain(|item| item["type"] != kind);
    if let Some(value) = value.filter(|value| is_set(value)) {
        items.push(json!({"type": kind, "value": value}));
    }
    items.into()
}

fn write_custom(body: &mut Value, wanted: &Attributes, part: &str) -> Result<(), Error> {
    if part.is_empty() {
        body["customSchemas"] = value_at(wanted, "customSchemas");
        return Ok(());
    }
    let Some((schema, field)) = part.split_once('.') else {
        let name = format!("customSchemas.{part}");
        return Err(Error::invalid_value(name, "name a field of a custom schema: customSchemas.SCHEMA.FIELD"));
    };
    body["customSchemas"][schema][field] = value_at(wanted, &format!("customSchemas.{part}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::testing::attributes;

    #[test]
    fn what_is_not_ours_in_a_list_stays() {
        let shown = json!({
            "organizations": [{"title": "Old", "primary": false}, {"title": "Clerk", "department": "A", "primary": true, "domain": "x"}],
            "externalIds": [{"type": "custom", "customType": "badge", "value": "9"}, {"type": "organization", "value": "E1"}],
        });
        let wanted = attributes(json!({"organization": {"title": "Head", "department": "A"}, "employeeNumber": "E2"}));
        let body = body_of(&shown, &wanted, &["organization.title", "employeeNumber", "manager"]).unwrap();
        assert_eq!(body["organizations"][0], shown["organizations"][0]);
        assert_eq!(
            body["organizations"][1],
            json!({"title": "Head", "department": "A", "primary": true, "domain": "x"})
        );
        assert_eq!(body["externalIds"][0], shown["externalIds"][0]);
        assert_eq!(body["externalIds"][1], json!({"type": "organization", "value": "E2"}));
        assert_eq!(body["relations"], json!([]));
    }

    #[test]
    fn a_user_reads_back_as_it_was_written() {
        let wanted = attributes(json!({
            "primaryEmail": "a@x.test", "name": {"givenName": "A", "familyName": "B"}, "employeeNumber": "E1",
            "organization": {"title": "T", "department": "D"}, "manager": "m@x.test", "customSchemas": {"S": {"f": 1}},
        }));
        let names = [
            "primaryEmail",
            "name.givenName",
            "name.familyName",
            "employeeNumber",
            "organization.title",
            "manager",
            "customSchemas.S.f",
        ];
        let body = body_of(&Value::Null, &wanted, &names).unwrap();
        assert_eq!(to_attributes(&body, false), wanted);
    }

    #[test]
    fn what_the_vendor_sets_is_refused() {
        assert!(body_of(&Value::Null, &Attributes::new(), &["isAdmin"]).is_err());
        assert!(body_of(&Value::Null, &Attributes::new(), &["nickname"]).is_err());
    }
}
