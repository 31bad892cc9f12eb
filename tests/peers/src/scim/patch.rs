//! PATCH (RFC 7644 section 3.5.2) in a dialect.

use super::answer::Refusal;
use super::dialect::{Removal, ReplacePath, Selection};
use super::path::{Name, Path};
use super::schema::Attribute;
use super::shape::{Shaping, without_repeats};
use super::values::{Attributes, each, is_unassigned, member, place, text, tidy};
use serde_json::{Map, Value};

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Add,
    Remove,
    Replace,
}

/// Carries out all operations on a resource.
///
/// # Errors
/// One is refused; the resource is to be forgotten then.
pub fn apply(shaping: &mut Shaping<'_>, resource: &mut Attributes, body: &Value) -> Result<(), Refusal> {
    let body = body.as_object().ok_or_else(|| Refusal::syntax("the body is no JSON object"))?;
    let named = member(body, "schemas").and_then(Value::as_array);
    if !named.is_some_and(|named| named.iter().any(|urn| urn == SCHEMA)) {
        return Err(Refusal::syntax(format!("`schemas` does not name {SCHEMA}")));
    }
    let operations = member(body, "Operations").and_then(Value::as_array).filter(|operations| !operations.is_empty());
    let operations = operations.ok_or_else(|| Refusal::syntax("there are no `Operations`"))?;
    let most = shaping.dialect.patch.members;
    let members: usize = operations.iter().map(members_of).sum();
    if most > 0 && members > most {
        return Err(Refusal::value(format!("{members} members are changed, and {most} can be")));
    }
    for operation in operations {
        let operation = operation.as_object().ok_or_else(|| Refusal::syntax("an operation is no JSON object"))?;
        one(shaping, resource, operation)?;
    }
    tidy(resource);
    Ok(())
}

/// How many members an operation names.
fn members_of(operation: &Value) -> usize {
    let path = operation["path"].as_str().unwrap_or_default();
    match path.split('[').next() {
        Some("members") if path.contains('[') => 1,
        Some("members") => each(&operation["value"]).len(),
        _ => 0,
    }
}

fn one(shaping: &mut Shaping<'_>, resource: &mut Attributes, operation: &Attributes) -> Result<(), Refusal> {
    let verb = verb(shaping, text(operation, "op"))?;
    let value = member(operation, "value");
    let path = member(operation, "path").and_then(Value::as_str);
    let replaces = shaping.dialect.patch.replaces;
    match (path, verb) {
        (None, Verb::Remove) => Err(Refusal::unfit(400, Some("noTarget"), "a removal needs a path")),
        (None, Verb::Replace) if replaces == ReplacePath::Needed => {
            Err(Refusal::path("a replacement needs a path here"))
        }
        (Some(_), Verb::Replace) if replaces == ReplacePath::Refused => {
            Err(Refusal::path("a replacement has no path here"))
        }
        (None, verb) => {
            let values = value.and_then(Value::as_object);
            let values = values.ok_or_else(|| Refusal::value("without a path the value is a JSON object"))?;
            values.iter().try_for_each(|(name, value)| merge(shaping, resource, verb, name, value))
        }
        (Some(path), verb) => {
            let path = Path::read(shaping.schemas, shaping.kind, path).map_err(Refusal::path)?;
            at(shaping, resource, verb, &path, value)
        }
    }
}

fn verb(shaping: &Shaping<'_>, op: &str) -> Result<Verb, Refusal> {
    if op.starts_with(char::is_uppercase) != shaping.dialect.patch.capitals {
        return Err(Refusal::syntax(format!("the operation `{op}` is written otherwise here")));
    }
    match op.to_ascii_lowercase().as_str() {
        "add" => Ok(Verb::Add),
        "remove" => Ok(Verb::Remove),
        "replace" => Ok(Verb::Replace),
        _ => Err(Refusal::syntax(format!("there is no operation `{op}`"))),
    }
}

/// A member of a value without a path: an attribute, or an extension with its attributes.
fn merge(
    shaping: &mut Shaping<'_>,
    resource: &mut Attributes,
    verb: Verb,
    name: &str,
    value: &Value,
) -> Result<(), Refusal> {
    if name.eq_ignore_ascii_case("schemas") {
        return Ok(());
    }
    if let Some(extension) = shaping.schemas.extension(shaping.kind, name) {
        return merge_extension(shaping, resource, verb, &extension.id, Some(value));
    }
    // RFC 7644 knows no paths here.
    let name = Name { extension: None, attribute: Some(name.to_owned()), part: None };
    at(shaping, resource, verb, &Path { name, selection: None }, Some(value))
}

fn merge_extension(
    shaping: &mut Shaping<'_>,
    resource: &mut Attributes,
    verb: Verb,
    urn: &str,
    value: Option<&Value>,
) -> Result<(), Refusal> {
    let inner = value.and_then(Value::as_object);
    let inner = inner.ok_or_else(|| Refusal::value(format!("{urn} is no JSON object")))?;
    let mut inner = inner.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("schemas"));
    inner.try_for_each(|(attribute, value)| {
        let name = Name { extension: Some(urn.to_owned()), attribute: Some(attribute.clone()), part: None };
        at(shaping, resource, verb, &Path { name, selection: None }, Some(value))
    })
}

fn at(
    shaping: &mut Shaping<'_>,
    resource: &mut Attributes,
    verb: Verb,
    path: &Path,
    value: Option<&Value>,
) -> Result<(), Refusal> {
    let name = &path.name;
    if let (None, Some(urn)) = (&name.attribute, &name.extension) {
        if verb != Verb::Add {
            resource.remove(urn);
        }
        return match verb {
            Verb::Remove => Ok(()),
            Verb::Add | Verb::Replace => merge_extension(shaping, resource, verb, urn, value),
        };
    }
    let (attribute, part) = name.described(shaping.schemas, shaping.kind).map_err(Refusal::path)?;
    let extension = name.extension.as_deref();
    refuse(shaping, verb, path, attribute, part)?;
    if !shaping.knows(extension, attribute, part.map(|part| part.name.as_str())) {
        shaping.notes.push(format!("{} does not know {name}", shaping.dialect.title));
        return Ok(());
    }
    if verb != Verb::Remove && value.is_none() {
        return Err(Refusal::value(format!("there is no value for {name}")));
    }
    let home = place(resource, extension).ok_or_else(|| Refusal::path(format!("{name} is nowhere")))?;
    match &path.selection {
        Some(_) if shaping.dialect.patch.selection == Selection::Ignored => {
            shaping.notes.push(format!("an operation on values of {name} was passed over"));
            Ok(())
        }
        Some(_) => selected(shaping, home, verb, path, attribute, part, value),
        None => match part {
            Some(part) if attribute.multi_valued => {
                Err(Refusal::path(format!("{}.{} is a part of many", attribute.name, part.name)))
            }
            Some(part) => whole_part(shaping, home, verb, attribute, part, value),
            None => whole(shaping, home, verb, attribute, value),
        },
    }
}

fn refuse(
    shaping: &Shaping<'_>,
    verb: Verb,
    path: &Path,
    attribute: &Attribute,
    part: Option<&Attribute>,
) -> Result<(), Refusal> {
    let name = &path.name;
    if attribute.mutability == "readOnly" || part.is_some_and(|part| part.mutability == "readOnly") {
        return Err(Refusal::unfit(400, Some("mutability"), format!("{name} is the server's own")));
    }
    let only = &shaping.dialect.patch.user_attributes;
    if shaping.kind.name == "User" && !only.is_empty() && !only.contains(&attribute.name) {
        return Err(Refusal::syntax(format!("{name} is changed by PUT here")));
    }
    let is_whole = path.selection.is_none() && verb != Verb::Add && attribute.name == "members";
    if is_whole && !shaping.dialect.patch.whole_members {
        return Err(Refusal::value("all members at once cannot be changed"));
    }
    if path.selection.is_some() && !attribute.multi_valued {
        return Err(Refusal::path(format!("{name} is no list")));
    }
    Ok(())
}

fn whole(
    shaping: &mut Shaping<'_>,
    home: &mut Attributes,
    verb: Verb,
    attribute: &Attribute,
    value: Option<&Value>,
) -> Result<(), Refusal> {
    let key = attribute.name.clone();
    if verb == Verb::Remove {
        return remove_whole(shaping, home, attribute, value);
    }
    let value = value.filter(|value| !is_unassigned(value));
    let Some(value) = value else {
        home.remove(&key);
        return Ok(());
    };
    if !attribute.multi_valued {
        let value = shaping.one(attribute, value)?;
        match (home.get_mut(&key), value) {
            (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
            (_, value) => {
                home.insert(key, value);
            }
        }
        return Ok(());
    }
    // One value may stand for a list of one where it is added.
    let given = match value {
        Value::Array(_) => shaping.value(attribute, value)?,
        single if verb == Verb::Add => Value::Array(vec![shaping.one(attribute, single)?]),
        _ => return Err(Refusal::value(format!("{key} is no list"))),
    };
    let there = home.entry(key).or_insert_with(|| Value::Array(Vec::new()));
    let mut values = if verb == Verb::Add { each(there).to_vec() } else { Vec::new() };
    if each(&given).iter().any(is_primary) {
        values.iter_mut().for_each(not_primary);
    }
    values.extend(each(&given).iter().cloned());
    *there = Value::Array(without_repeats(values));
    Ok(())
}

fn remove_whole(
    shaping: &mut Shaping<'_>,
    home: &mut Attributes,
    attribute: &Attribute,
    value: Option<&Value>,
) -> Result<(), Refusal> {
    let Some(value) = value else {
        home.remove(&attribute.name);
        return Ok(());
    };
    if shaping.dialect.patch.removal == Removal::PathFilter || !attribute.multi_valued {
        return Err(Refusal::value("a removal has no value (RFC 7644 section 3.5.2.2)"));
    }
    let values: Vec<Value> = each(value).iter().map(|value| shaping.one(attribute, value)).collect::<Result<_, _>>()?;
    if let Some(Value::Array(there)) = home.get_mut(&attribute.name) {
        there.retain(|known| !values.iter().any(|value| value["value"] == known["value"]));
    }
    Ok(())
}

fn whole_part(
    shaping: &mut Shaping<'_>,
    home: &mut Attributes,
    verb: Verb,
    attribute: &Attribute,
    part: &Attribute,
    value: Option<&Value>,
) -> Result<(), Refusal> {
    let there = home.entry(attribute.name.clone()).or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(there) = there else { return Err(Refusal::path(format!("{} has no parts", attribute.name))) };
    match value.filter(|value| verb != Verb::Remove && !is_unassigned(value)) {
        Some(value) => {
            there.insert(part.name.clone(), shaping.value(part, value)?);
        }
        None => {
            there.remove(&part.name);
        }
    }
    Ok(())
}

fn selected(
    shaping: &mut Shaping<'_>,
    home: &mut Attributes,
    verb: Verb,
    path: &Path,
    attribute: &Attribute,
    part: Option<&Attribute>,
    value: Option<&Value>,
) -> Result<(), Refusal> {
    let Some(selection) = &path.selection else { return Ok(()) };
    let there = home.entry(attribute.name.clone()).or_insert_with(|| Value::Array(Vec::new()));
    let Value::Array(items) = there else { return Err(Refusal::path(format!("{} is no list", attribute.name))) };
    if !items.iter().any(|item| selection.holds_for(attribute, item)) {
        let made = selection.equalities().filter(|_| shaping.dialect.patch.selection == Selection::Makes);
        match made.filter(|_| verb != Verb::Remove) {
            Some(made) => items.push(Value::Object(made)),
            None => return Err(Refusal::now(400, Some("noTarget"), format!("no value of {} fits", attribute.name))),
        }
    }
    if verb == Verb::Remove && part.is_none() {
        items.retain(|item| !selection.holds_for(attribute, item));
        return Ok(());
    }
    let value = match (value, part) {
        (Some(value), Some(part)) => Some(shaping.value(part, value)?),
        (Some(value), None) => Some(shaping.one(attribute, value)?),
        (None, _) => None,
    };
    if value.as_ref().is_some_and(is_primary)
        || (part.is_some_and(|part| part.name == "primary") && value == Some(true.into()))
    {
        items.iter_mut().for_each(not_primary);
    }
    for item in items.iter_mut().filter(|item| selection.holds_for(attribute, item)) {
        change(item, verb, part, value.clone());
    }
    Ok(())
}

/// Changes one selected value, or its part.
fn change(item: &mut Value, verb: Verb, part: Option<&Attribute>, value: Option<Value>) {
    match (item, part, value) {
        (Value::Object(parts), Some(part), Some(value)) => {
            parts.insert(part.name.clone(), value);
        }
        (Value::Object(parts), Some(part), None) => {
            parts.remove(&part.name);
        }
        (Value::Object(parts), None, Some(Value::Object(more))) if verb == Verb::Add => parts.extend(more),
        (item, None, Some(value)) => *item = value,
        _ => {}
    }
}

fn is_primary(item: &Value) -> bool {
    item["primary"] == true
}

fn not_primary(item: &mut Value) {
    if let Some(parts) = item.as_object_mut() {
        parts.remove("primary");
    }
}
