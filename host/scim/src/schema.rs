//! Schemas as data: the RFC's, and an operator's extension of users.

use purser_model::scim::{ExtensionAttribute, ExtensionAttributeKind, ResourceKind, UserExtension};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// The type of an attribute's values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AttributeType {
    /// A text.
    #[default]
    String,
    /// True or false.
    Boolean,
    /// A number.
    Decimal,
    /// A whole number.
    Integer,
    /// A time stamp.
    DateTime,
    /// Bytes in base64.
    Binary,
    /// A URI or an id.
    Reference,
    /// Sub-attributes.
    Complex,
}

/// Who may write an attribute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mutability {
    /// The server.
    ReadOnly,
    /// The client, at any time.
    #[default]
    ReadWrite,
    /// The client, once.
    Immutable,
    /// The client; nobody reads it.
    WriteOnly,
}

/// When an attribute is returned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Returned {
    /// Whatever is asked for.
    Always,
    /// Never.
    Never,
    /// Unless it is excluded.
    #[default]
    Default,
    /// Where it is asked for.
    Request,
}

/// Among which resources a value is unique.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Uniqueness {
    /// It need not be.
    #[default]
    None,
    /// Those of one client.
    Server,
    /// All.
    Global,
}

/// What is said of an attribute; what is left out has the RFC's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttributeDefinition {
    /// Its name.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: AttributeType,
    /// Its parts, where it is complex.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sub_attributes: Vec<Self>,
    /// Whether it has several values.
    pub multi_valued: bool,
    /// What it is.
    pub description: String,
    /// Whether it must be there.
    pub required: bool,
    /// Values that are usual; others are taken as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub canonical_values: Vec<String>,
    /// Whether case counts when values are compared.
    pub case_exact: bool,
    /// Who may write it.
    pub mutability: Mutability,
    /// When it is returned.
    pub returned: Returned,
    /// Among which resources its value is unique.
    pub uniqueness: Uniqueness,
    /// What it refers to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reference_types: Vec<String>,
}

impl AttributeDefinition {
    fn declared(name: &str, declared: &ExtensionAttribute) -> Self {
        let kind = match declared.kind {
            ExtensionAttributeKind::String => AttributeType::String,
            ExtensionAttributeKind::Boolean => AttributeType::Boolean,
            ExtensionAttributeKind::Integer => AttributeType::Integer,
            ExtensionAttributeKind::Decimal => AttributeType::Decimal,
            ExtensionAttributeKind::DateTime => AttributeType::DateTime,
        };
        let (multi_valued, case_exact) = (declared.multi_valued, declared.case_exact);
        Self { name: name.to_owned(), kind, multi_valued, case_exact, ..Self::default() }
    }

    /// The part of this name; case does not count.
    pub fn sub_attribute(&self, name: &str) -> Option<&Self> {
        find(&self.sub_attributes, name)
    }

    /// Whether its values are told apart by their part `value` alone, as members are.
    pub(crate) fn is_told_by_value(&self) -> bool {
        self.sub_attribute("value").is_some_and(|value| value.mutability == Mutability::Immutable)
    }

    /// Whether one of its values can be the preferred one.
    pub(crate) fn has_primary(&self) -> bool {
        self.multi_valued && self.sub_attribute("primary").is_some_and(|primary| primary.kind == AttributeType::Boolean)
    }
}

/// A schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Its URI.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it describes.
    pub description: String,
    /// Its attributes.
    pub attributes: Vec<AttributeDefinition>,
}

impl Schema {
    /// The attribute of this name; case does not count.
    pub fn attribute(&self, name: &str) -> Option<&AttributeDefinition> {
        find(&self.attributes, name)
    }

    /// The schema that an operator declared.
    pub fn declared(id: &str, extension: &UserExtension) -> Self {
        let name = id.rsplit(':').nth(2).filter(|name| !name.is_empty()).unwrap_or(id).to_owned();
        let attributes = extension.attributes.iter().map(|(name, one)| AttributeDefinition::declared(name, one));
        Self {
            id: id.to_owned(),
            name,
            description: "An extension of users".to_owned(),
            attributes: attributes.collect(),
        }
    }

    /// Checks a schema that an operator wrote.
    ///
    /// # Errors
    /// A name or the URI is not as RFC 7643 2.1 and 3.3 have it, or something stands twice.
    pub fn check(&self) -> Result<(), NotASchema> {
        let is_urn = self.id.strip_prefix("urn:").is_some_and(|rest| {
            rest.contains(':') && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c))
        });
        if !is_urn || self.id.len() > 200 {
            return Err(NotASchema::Uri(self.id.clone()));
        }
        if [&COMMON, &USER, &GROUP, &ENTERPRISE_USER].iter().any(|known| known.id.eq_ignore_ascii_case(&self.id)) {
            return Err(NotASchema::Known(self.id.clone()));
        }
        check_attributes(&self.attributes, true)
    }
}

fn check_attributes(attributes: &[AttributeDefinition], top: bool) -> Result<(), NotASchema> {
    for (index, one) in attributes.iter().enumerate() {
        let begins_well = one.name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !begins_well || !one.name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            return Err(NotASchema::Name(one.name.clone()));
        }
        if find(&attributes[..index], &one.name).is_some() {
            return Err(NotASchema::Twice(one.name.clone()));
        }
        if one.kind != AttributeType::Complex && !one.sub_attributes.is_empty() {
            return Err(NotASchema::Parts(one.name.clone()));
        }
        if one.kind == AttributeType::Complex && (!top || one.sub_attributes.is_empty()) {
            return Err(NotASchema::Complex(one.name.clone()));
        }
        check_attributes(&one.sub_attributes, false)?;
    }
    Ok(())
}

/// A schema that an operator wrote is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASchema {
    /// The URI.
    #[error(
        "`{0}` is no URI of a schema: write `urn:ietf:params:scim:schemas:extension:COMPANY:2.0:User` or another urn of at most 200 characters"
    )]
    Uri(String),
    /// It is one of the RFC's.
    #[error("`{0}` is known already: give your extension a URI of its own")]
    Known(String),
    /// A name.
    #[error("`{0}` is no name of an attribute: use letters, digits, `-` and `_`, beginning with a letter")]
    Name(String),
    /// Two of one name.
    #[error("the attribute `{0}` stands twice; case does not count")]
    Twice(String),
    /// Parts of what has none.
    #[error("the attribute `{0}` has parts and is not complex: say `type = \"complex\"`")]
    Parts(String),
    /// Complex in complex, or without parts.
    #[error("the attribute `{0}` cannot be complex: a complex attribute has parts and is no part itself")]
    Complex(String),
}

fn find<'a>(attributes: &'a [AttributeDefinition], name: &str) -> Option<&'a AttributeDefinition> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// An extension of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionOfType {
    /// The schema.
    pub schema: Schema,
    /// Whether every resource has it.
    pub required: bool,
}

/// A type of resources with its schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceType {
    /// Which.
    pub kind: ResourceKind,
    /// Its core schema.
    pub schema: Schema,
    /// What extends it.
    pub extensions: Vec<ExtensionOfType>,
}

impl ResourceType {
    /// The schemas: the core first.
    pub fn schemas(&self) -> impl Iterator<Item = &Schema> {
        std::iter::once(&self.schema).chain(self.extensions.iter().map(|extension| &extension.schema))
    }

    /// The extension with this URI; case does not count.
    pub fn extension(&self, id: &str) -> Option<&Schema> {
        self.extensions.iter().map(|extension| &extension.schema).find(|schema| schema.id.eq_ignore_ascii_case(id))
    }

    /// The attribute of this name that stands at the top of a resource: of the core, or common to all.
    pub fn top_attribute(&self, name: &str) -> Option<&AttributeDefinition> {
        self.schema.attribute(name).or_else(|| COMMON.attribute(name))
    }
}

/// The types that one client is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedTypes {
    user: ResourceType,
    group: ResourceType,
}

impl ServedTypes {
    /// The RFC's types, and these extensions of users.
    pub fn new(extensions: Vec<ExtensionOfType>) -> Self {
        let enterprise = ExtensionOfType { schema: ENTERPRISE_USER.clone(), required: false };
        let user = ResourceType {
            kind: ResourceKind::User,
            schema: USER.clone(),
            extensions: std::iter::once(enterprise).chain(extensions).collect(),
        };
        let group = ResourceType { kind: ResourceKind::Group, schema: GROUP.clone(), extensions: Vec::new() };
        Self { user, group }
    }

    /// One of them.
    pub fn of(&self, kind: ResourceKind) -> &ResourceType {
        match kind {
            ResourceKind::User => &self.user,
            ResourceKind::Group => &self.group,
        }
    }

    /// All of them.
    pub fn all(&self) -> [&ResourceType; 2] {
        [&self.user, &self.group]
    }
}

impl Default for ServedTypes {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

/// What every resource has: `id`, `externalId`, `schemas` and `meta`.
pub fn common_attributes() -> &'static Schema {
    &COMMON
}

/// The schemas of discovery itself.
pub fn discovery_schemas() -> [&'static Schema; 3] {
    [&SERVICE_PROVIDER_CONFIG, &RESOURCE_TYPE, &SCHEMA]
}

fn built_in(text: &str) -> Schema {
    serde_json::from_str(text).expect("the built-in schemas are read in a test")
}

static COMMON: LazyLock<Schema> = LazyLock::new(|| built_in(include_str!("../schemas/common.json")));
static USER: LazyLock<Schema> = LazyLock::new(|| built_in(include_str!("../schemas/user.json")));
static GROUP: LazyLock<Schema> = LazyLock::new(|| built_in(include_str!("../schemas/group.json")));
static ENTERPRISE_USER: LazyLock<Schema> = LazyLock::new(|| built_in(include_str!("../schemas/enterprise_user.json")));
static SERVICE_PROVIDER_CONFIG: LazyLock<Schema> =
    LazyLock::new(|| built_in(include_str!("../schemas/service_provider_config.json")));
static RESOURCE_TYPE: LazyLock<Schema> = LazyLock::new(|| built_in(include_str!("../schemas/resource_type.json")));
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| built_in(include_str!("../schemas/schema.json")));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_extension_is_named_by_its_urn() {
        let attributes =
            [("floor".to_owned(), ExtensionAttribute { kind: ExtensionAttributeKind::Integer, ..Default::default() })];
        let extension = UserExtension { attributes: attributes.into() };
        let schema = Schema::declared("urn:ietf:params:scim:schemas:extension:acme:2.0:User", &extension);
        assert_eq!((schema.name.as_str(), schema.attributes[0].kind), ("acme", AttributeType::Integer));
        assert_eq!(schema.check(), Ok(()));
    }

    #[test]
    fn the_built_in_schemas_are_good() {
        for schema in [&*COMMON, &USER, &GROUP, &ENTERPRISE_USER].into_iter().chain(discovery_schemas()) {
            assert!(!schema.attributes.is_empty(), "{}", schema.id);
        }
        assert!(USER.attribute("USERNAME").unwrap().required);
        assert!(GROUP.attribute("members").unwrap().is_told_by_value());
        assert!(USER.attribute("emails").unwrap().has_primary());
        assert!(!USER.attribute("groups").unwrap().has_primary());
    }

    #[test]
    fn an_operators_schema_is_checked() {
        let schema = |id: &str, attributes: serde_json::Value| Schema {
            id: id.into(),
            name: "Acme".into(),
            description: String::new(),
            attributes: serde_json::from_value(attributes).unwrap(),
        };
        let urn = "urn:ietf:params:scim:schemas:extension:acme:2.0:User";
        assert_eq!(schema(urn, serde_json::json!([{"name": "badge"}])).check(), Ok(()));
        let refused = |schema: Schema| schema.check().unwrap_err();
        assert!(matches!(refused(schema("http://x", serde_json::json!([]))), NotASchema::Uri(_)));
        assert!(matches!(refused(schema(&ENTERPRISE_USER.id, serde_json::json!([]))), NotASchema::Known(_)));
        assert!(matches!(refused(schema(urn, serde_json::json!([{"name": "a.b"}]))), NotASchema::Name(_)));
        let twice = serde_json::json!([{"name": "badge"}, {"name": "BADGE"}]);
        assert!(matches!(refused(schema(urn, twice)), NotASchema::Twice(_)));
        let parts = serde_json::json!([{"name": "badge", "subAttributes": [{"name": "value"}]}]);
        assert!(matches!(refused(schema(urn, parts)), NotASchema::Parts(_)));
        let empty = serde_json::json!([{"name": "badge", "type": "complex"}]);
        assert!(matches!(refused(schema(urn, empty)), NotASchema::Complex(_)));
    }
}
