//! Classes and their attributes: as the server describes them (`/Schemas`, `/ResourceTypes`), or as RFC 7643 does.

use crate::class::Class;
use crate::config::{Config, DisableMode, Discovery, TypeKind};
use crate::core_attributes::{COMMON, CoreAttribute, ENTERPRISE, GROUP, Shape, USER};
use crate::document::{boolean, field, text_field};
use crate::further::FurtherType;
use crate::held;
use crate::name::ENTERPRISE_SCHEMA;
use crate::server::Server;
use purser_sdk::serde_json::{Map, Value, json};
use purser_sdk::{
    Attribute, AttributeKind, Cardinality, ClassKind, DeleteSemantics, Error, ErrorClass, Holding, HoldingSide,
    ObjectClass, Operation,
};

/// The classes as the server describes them.
///
/// # Errors
/// The server cannot be asked now. A server that does not describe itself is no error.
pub fn classes(server: &Server) -> Result<Vec<ObjectClass>, Error> {
    let schemas = described(server, "/Schemas")?;
    let types = described(server, "/ResourceTypes")?;
    let class = |class| match discovered_attributes(class, &schemas, &types) {
        attributes if attributes.is_empty() => with_attributes(&server.config, class, built_in(class)),
        attributes => with_attributes(&server.config, class, attributes),
    };
    let mut classes = vec![class(Class::User), class(Class::Group)];
    classes.extend(held::classes(&server.config));
    for further in server.further_types()? {
        let class = Class::Further(further);
        classes.push(with_attributes(&server.config, class, further_attributes(class, &schemas, &types)));
    }
    Ok(classes)
}

/// A discovery document's entries: a ListResponse, or the bare array of some servers. Empty where there is none.
pub fn described(server: &Server, path: &str) -> Result<Vec<Value>, Error> {
    if server.config.discovery == Discovery::Off {
        return Ok(Vec::new());
    }
    match server.read(path, &[]) {
        Ok(Value::Array(entries)) => Ok(entries),
        Ok(document) => Ok(field(&document, "Resources").and_then(Value::as_array).cloned().unwrap_or_default()),
        Err(error) if lacks_discovery(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn lacks_discovery(error: &Error) -> bool {
    !matches!(
        error.class,
        ErrorClass::Unavailable { .. } | ErrorClass::RateLimited { .. } | ErrorClass::AuthenticationFailed
    )
}

/// The classes without asking the server.
pub fn built_in_classes(config: &Config) -> Vec<ObjectClass> {
    let mut classes =
        Vec::from([Class::User, Class::Group].map(|class| with_attributes(config, class, built_in(class))));
    classes.extend(held::classes(config));
    classes
}

fn with_attributes(config: &Config, class: Class<'_>, attributes: Vec<Attribute>) -> ObjectClass {
    use Operation::{Changes, Create, Delete, Get, Grant, Revoke, Search, SetActive, SetPassword, Update};
    let described = match class {
        Class::Further(further) => further_class(config, further),
        Class::User => ObjectClass::account(class.name())
            .title("User")
            .operations(&[Search, Get, Create, Update, SetActive, Delete, SetPassword, Grant, Revoke])
            .delete_semantics(config.delete_semantics.into()),
        Class::Group | Class::Role | Class::Entitlement => {
            let holding = Holding {
                account_class: Class::User.name().to_owned(),
                side: HoldingSide::Entitlement,
                attribute: "members".to_owned(),
                cardinality: Cardinality::Many,
            };
            ObjectClass::entitlement(class.name(), holding)
                .title("Group")
                .operations(&[Search, Get, Create, Update, Delete])
                .delete_semantics(DeleteSemantics::Hard)
        }
    };
    let held = [("roles", Class::Role, &config.roles), ("entitlements", Class::Entitlement, &config.entitlements)];
    let held: Vec<Attribute> = held
        .into_iter()
        .filter(|(_, _, holdable)| class == Class::User && holdable.is_some())
        .map(|(name, class, _)| Attribute::reference(name, class.name()).multi_valued().case_exact())
        .collect();
    let attributes: Vec<Attribute> =
        attributes.into_iter().filter(|known| !held.iter().any(|held| held.name == known.name)).collect();
    let mut described =
        described.attributes(attributes).attributes(held).open().consistency_lag_ms(config.consistency_lag_ms);
    if config.supports_lastmodified {
        described.operations.push(Changes);
    }
    if class == Class::Group && config.fixed_groups {
        described.operations.retain(|operation| !matches!(operation, Create | Delete));
        described.delete_semantics = DeleteSemantics::None;
    }
    if class == Class::User && config.disable_mode == DisableMode::Delete {
        described.delete_semantics = DeleteSemantics::Hard;
    }
    described
}

/// What a resource type of the server's own can do, by what it is to the host.
fn further_class(config: &Config, further: &FurtherType) -> ObjectClass {
    use Operation::{Create, Delete, Get, Grant, Revoke, Search, SetActive, Update};
    let described = match further.config.kind {
        TypeKind::Account => ObjectClass::account(&further.name)
            .operations(&[Search, Get, Create, Update, SetActive, Delete, Grant, Revoke])
            .delete_semantics(config.delete_semantics.into()),
        TypeKind::Entitlement => {
            let holding = Holding {
                account_class: Class::User.name().to_owned(),
                side: HoldingSide::Entitlement,
                attribute: further.config.members.clone(),
                cardinality: Cardinality::Many,
            };
            let described = ObjectClass::entitlement(&further.name, holding);
            described.operations(&[Search, Get, Create, Update, Delete]).delete_semantics(DeleteSemantics::Hard)
        }
        TypeKind::Other => ObjectClass::new(&further.name, ClassKind::Other)
            .operations(&[Search, Get, Create, Update, Delete])
            .delete_semantics(DeleteSemantics::Hard),
    };
    described.title(&further.name)
}

/// Its attributes: as the server describes them, and those that the configuration names.
fn further_attributes(class: Class<'_>, schemas: &[Value], types: &[Value]) -> Vec<Attribute> {
    let mut attributes = discovered_attributes(class, schemas, types);
    attributes.retain(|known| Some(known.name.as_str()) != class.holders());
    match attributes.iter_mut().find(|known| known.name == class.unique_name()) {
        Some(known) => known.traits.unique = true,
        None => attributes.push(Attribute::text(class.unique_name()).unique()),
    }
    if let Some(holders) = class.holders() {
        let holders = Attribute::reference(holders, Class::User.name()).multi_valued().case_exact();
        attributes.push(holders.describe("Who holds it"));
    }
    attributes
}

fn built_in(class: Class<'_>) -> Vec<Attribute> {
    let core = if class == Class::User { USER } else { GROUP };
    let mut attributes: Vec<Attribute> =
        COMMON.iter().chain(core).flat_map(|attribute| core_attribute("", attribute)).collect();
    if class == Class::User {
        let prefix = format!("{ENTERPRISE_SCHEMA}:");
        attributes.extend(ENTERPRISE.iter().flat_map(|attribute| core_attribute(&prefix, attribute)));
        attributes.push(Attribute::new("password", AttributeKind::SecretSlot).write_only().describe("The password"));
    }
    attributes.extend(reference_attributes(class));
    attributes
}

fn core_attribute(prefix: &str, attribute: &CoreAttribute) -> Vec<Attribute> {
    let name = format!("{prefix}{}", attribute.name);
    let part = |part: &&str| {
        Attribute::text(format!("{name}.{part}")).describe(format!("{}: `{part}`", attribute.description))
    };
    let described = match attribute.shape {
        Shape::Text => vec![Attribute::text(&name)],
        Shape::Complex(parts) => return parts.iter().map(part).collect(),
        Shape::List(parts) => vec![Attribute::complex(&name, shape_of_names(parts)).multi_valued()],
    };
    let traits = |described: Attribute| match attribute.name {
        "userName" => described.required().unique(),
        "externalId" => described.case_exact().unique(),
        _ if GROUP.contains(attribute) => described.required().unique(),
        _ => described,
    };
    described.into_iter().map(|described| traits(described.describe(attribute.description))).collect()
}

fn shape_of_names(parts: &[&str]) -> Value {
    let kind = |part: &str| if part == "primary" { json!({"type": "boolean"}) } else { json!({"type": "string"}) };
    let properties: Map<String, Value> = parts.iter().map(|part| ((*part).to_owned(), kind(part))).collect();
    json!({"type": "object", "properties": properties})
}

/// The attributes that hold ids of other objects, as this connector renders them.
fn reference_attributes(class: Class<'_>) -> Vec<Attribute> {
    let references =
        |name: &str, class: Class<'_>| Attribute::reference(name, class.name()).multi_valued().case_exact();
    match class {
        Class::User => {
            vec![references("groups", Class::Group).read_only().describe("The groups that the user is a member of")]
        }
        Class::Further(_) => Vec::new(),
        Class::Group | Class::Role | Class::Entitlement => vec![
            references("members", Class::User).describe("The users in the group"),
            references("memberGroups", Class::Group).read_only().describe("The groups in the group"),
        ],
    }
}

/// The attributes of a class as the server describes them; empty where it does not.
fn discovered_attributes(class: Class<'_>, schemas: &[Value], types: &[Value]) -> Vec<Attribute> {
    let Some(core) = find_schema(schemas, class.schema()) else { return Vec::new() };
    let mut attributes = attributes_of(core, "");
    if attributes.is_empty() {
        return attributes;
    }
    for extension in extensions_of(class, schemas, types) {
        attributes.extend(attributes_of(extension, &format!("{}:", text_field(extension, "id").unwrap_or_default())));
    }
    attributes.extend(COMMON.iter().flat_map(|attribute| core_attribute("", attribute)));
    attributes.extend(reference_attributes(class));
    attributes
}

fn find_schema<'a>(schemas: &'a [Value], id: &str) -> Option<&'a Value> {
    schemas.iter().find(|schema| text_field(schema, "id").is_some_and(|found| found.eq_ignore_ascii_case(id)))
}

/// The schemas that a resource type lists as extensions; the enterprise extension where the server lists no types.
fn extensions_of<'a>(class: Class<'_>, schemas: &'a [Value], types: &[Value]) -> Vec<&'a Value> {
    let is_class =
        |kind: &&Value| text_field(kind, "schema").is_some_and(|schema| schema.eq_ignore_ascii_case(class.schema()));
    let names: Vec<&str> = match types.iter().find(is_class) {
        Some(kind) => {
            let extensions = field(kind, "schemaExtensions").and_then(Value::as_array);
            extensions.into_iter().flatten().filter_map(|extension| text_field(extension, "schema")).collect()
        }
        None if class == Class::User => vec![ENTERPRISE_SCHEMA],
        None => Vec::new(),
    };
    names.into_iter().filter_map(|name| find_schema(schemas, name)).collect()
}

fn attributes_of(schema: &Value, prefix: &str) -> Vec<Attribute> {
    let attributes = field(schema, "attributes").and_then(Value::as_array);
    attributes.into_iter().flatten().flat_map(|attribute| discovered(attribute, prefix)).collect()
}

/// One attribute of a schema (RFC 7643 section 7). A single complex value is described by its parts.
fn discovered(attribute: &Value, prefix: &str) -> Vec<Attribute> {
    let Some(name) = text_field(attribute, "name") else { return Vec::new() };
    let typed = ["active", "groups", "members", "id", "meta", "schemas", "externalId"];
    if prefix.is_empty() && typed.iter().any(|typed| typed.eq_ignore_ascii_case(name)) {
        return Vec::new();
    }
    let full = format!("{prefix}{name}");
    let many = field(attribute, "multiValued").and_then(boolean).unwrap_or(false);
    let parts = field(attribute, "subAttributes").and_then(Value::as_array);
    let described = match (text_field(attribute, "type").unwrap_or("string"), parts) {
        ("complex", Some(parts)) if !many => {
            return parts.iter().flat_map(|part| discovered(part, &format!("{full}."))).collect();
        }
        ("complex", parts) => Attribute::complex(full, shape_of(parts.map_or(&[], Vec::as_slice))),
        _ if prefix.is_empty() && name.eq_ignore_ascii_case("password") => {
            Attribute::new(full, AttributeKind::SecretSlot)
        }
        (kind, _) => Attribute::new(full, kind_of(kind)),
    };
    vec![with_traits(described, attribute, many)]
}

fn kind_of(scim_type: &str) -> AttributeKind {
    match scim_type.to_ascii_lowercase().as_str() {
        "boolean" => AttributeKind::Boolean,
        "integer" => AttributeKind::Integer,
        "decimal" => AttributeKind::Decimal,
        "datetime" => AttributeKind::Timestamp,
        "binary" => AttributeKind::Bytes,
        _ => AttributeKind::Text,
    }
}

fn shape_of(parts: &[Value]) -> Value {
    let properties: Map<String, Value> = parts
        .iter()
        .filter_map(|part| {
            let kind = match text_field(part, "type").unwrap_or("string") {
                "boolean" => "boolean",
                "integer" => "integer",
                "decimal" => "number",
                "complex" => "object",
                _ => "string",
            };
            Some((text_field(part, "name")?.to_owned(), json!({"type": kind})))
        })
        .collect();
    json!({"type": "object", "properties": properties})
}

fn with_traits(mut described: Attribute, attribute: &Value, many: bool) -> Attribute {
    let is = |name, wanted: &str| text_field(attribute, name).is_some_and(|found| found.eq_ignore_ascii_case(wanted));
    let flag = |name| field(attribute, name).and_then(boolean).unwrap_or(false);
    described.traits.multi_valued = many;
    described.traits.required = flag("required");
    described.traits.case_exact = flag("caseExact");
    described.traits.read_only = is("mutability", "readOnly");
    described.traits.immutable = is("mutability", "immutable");
    described.traits.write_only = is("mutability", "writeOnly") || is("returned", "never");
    described.traits.on_request = is("returned", "request");
    described.traits.unique = is("uniqueness", "server") || is("uniqueness", "global");
    described.describe(text_field(attribute, "description").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_classes_hold_what_the_engine_needs() {
        let classes = built_in_classes(&Config::default());
        let user = &classes[0];
        assert!(user.find_attribute("userName").is_some_and(|name| name.traits.unique && name.traits.required));
        assert!(user.find_attribute("name.familyName").is_some());
        assert!(user.find_attribute(&format!("{ENTERPRISE_SCHEMA}:department")).is_some());
        assert!(user.find_attribute("groups").is_some_and(|groups| groups.traits.read_only));
        assert!(user.find_attribute("password").is_some_and(|password| password.kind == AttributeKind::SecretSlot));
        assert!(!user.find_attribute("displayName").unwrap().traits.unique);
        let group = &classes[1];
        assert!(group.find_attribute("displayName").unwrap().traits.unique);
        assert_eq!(group.holding.as_ref().unwrap().attribute, "members");
    }

    #[test]
    fn the_configuration_shows_in_the_classes() {
        let config = Config { supports_lastmodified: true, consistency_lag_ms: 500, ..Config::default() };
        let classes = built_in_classes(&config);
        assert!(classes.iter().all(|class| class.operations.contains(&Operation::Changes)));
        assert_eq!(classes[0].consistency_lag_ms, 500);
        assert!(!built_in_classes(&Config::default())[0].operations.contains(&Operation::Changes));
    }
}
