//! Schemas and resource types: RFC 7643's from `specs/scim`, and those of a dialect.

use super::dialect::Dialect;
use serde::Deserialize;
use serde_json::{Value, json};

/// The schema of users.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// A schema (RFC 7643 section 7).
#[derive(Debug, Clone, Deserialize)]
pub struct Schema {
    /// Its URN.
    pub id: String,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
}

/// An attribute of a schema.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is a list.
    #[serde(default)]
    pub multi_valued: bool,
    /// Whether every resource has it.
    #[serde(default)]
    pub required: bool,
    /// Whether case matters in comparisons.
    #[serde(default)]
    pub case_exact: bool,
    /// Who writes it.
    #[serde(default = "read_write")]
    pub mutability: String,
    /// When it is shown.
    #[serde(default = "by_default")]
    pub returned: String,
    /// Among which resources it is unique.
    #[serde(default)]
    pub uniqueness: Option<String>,
    /// Its parts.
    #[serde(default)]
    pub sub_attributes: Vec<Attribute>,
}

fn read_write() -> String {
    "readWrite".into()
}

fn by_default() -> String {
    "default".into()
}

/// A resource type.
#[derive(Debug, Clone)]
pub struct Kind {
    /// Its name.
    pub name: String,
    /// Its path, without `/`.
    pub path: String,
    /// Its core schema.
    pub core: String,
    /// Its extensions.
    pub extensions: Vec<String>,
}

/// All that a server knows.
#[derive(Debug)]
pub struct Schemas {
    all: Vec<Schema>,
    documents: Vec<Value>,
    kinds: Vec<Kind>,
    common: Vec<Attribute>,
}

impl Attribute {
    /// The part of this name.
    pub fn part(&self, name: &str) -> Option<&Self> {
        self.sub_attributes.iter().find(|part| part.name.eq_ignore_ascii_case(name))
    }
}

impl Schemas {
    /// Those of a dialect.
    ///
    /// # Panics
    /// A description in `specs/scim` or of the dialect is no schema.
    pub fn of(dialect: &Dialect) -> Self {
        let text = include_str!("../../specs/scim/schemas.json");
        let mut documents: Vec<Value> = serde_json::from_str(text).expect("the schemas are JSON");
        documents.extend(dialect.types.iter().map(|further| further.schema.clone()));
        let read = |document: &Value| serde_json::from_value(document.clone()).expect("a schema is one");
        let all: Vec<Schema> = documents.iter().map(read).collect();
        let kind = |name: &str, path: &str, core: &str, extensions: &[&str]| Kind {
            name: name.to_owned(),
            path: path.trim_start_matches('/').to_owned(),
            core: core.to_owned(),
            extensions: extensions.iter().map(|extension| (*extension).to_owned()).collect(),
        };
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let mut kinds = vec![
            kind("User", "Users", USER, &[enterprise]),
            kind("Group", "Groups", "urn:ietf:params:scim:schemas:core:2.0:Group", &[]),
        ];
        let further = |further: &super::dialect::FurtherType| {
            let core = further.schema["id"].as_str().unwrap_or_default().to_owned();
            kind(&further.name, &further.endpoint, &core, &[])
        };
        kinds.extend(dialect.types.iter().map(further));
        let common = json!([
            {"name": "id", "type": "string", "caseExact": true, "mutability": "readOnly", "returned": "always"},
            {"name": "externalId", "type": "string", "caseExact": true},
            {"name": "meta", "type": "complex", "mutability": "readOnly", "subAttributes": [
                {"name": "resourceType", "type": "string", "mutability": "readOnly"},
                {"name": "created", "type": "dateTime", "mutability": "readOnly"},
                {"name": "lastModified", "type": "dateTime", "mutability": "readOnly"},
                {"name": "location", "type": "reference", "mutability": "readOnly"},
                {"name": "version", "type": "string", "caseExact": true, "mutability": "readOnly"},
            ]},
        ]);
        let common = serde_json::from_value(common).expect("the common attributes are attributes");
        Self { all, documents, kinds, common }
    }

    /// The resource type at this path, or of this name.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.path == name || kind.name == name)
    }

    /// All resource types.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The attributes of a resource type's core schema, after the common ones.
    pub fn core(&self, kind: &Kind) -> impl Iterator<Item = &Attribute> {
        self.common.iter().chain(self.schema(&kind.core).into_iter().flat_map(|schema| &schema.attributes))
    }

    /// The schema of this URN.
    pub fn schema(&self, id: &str) -> Option<&Schema> {
        self.all.iter().find(|schema| schema.id.eq_ignore_ascii_case(id))
    }

    /// The extension of a resource type that this URN names.
    pub fn extension(&self, kind: &Kind, id: &str) -> Option<&Schema> {
        let known = kind.extensions.iter().find(|known| known.eq_ignore_ascii_case(id))?;
        self.schema(known)
    }

    /// An attribute of a resource type, of its core schema where no extension is named.
    pub fn attribute(&self, kind: &Kind, extension: Option<&str>, name: &str) -> Option<&Attribute> {
        let is_it = |attribute: &&Attribute| attribute.name.eq_ignore_ascii_case(name);
        match extension {
            Some(id) => self.extension(kind, id)?.attributes.iter().find(is_it),
            None => self.core(kind).find(is_it),
        }
    }

    /// All URNs that a path of this resource type may begin with: its core schema's and its extensions'.
    pub fn urns<'a>(&'a self, kind: &'a Kind) -> impl Iterator<Item = &'a str> {
        std::iter::once(kind.core.as_str()).chain(kind.extensions.iter().map(String::as_str))
    }

    /// `/Schemas`.
    pub fn documents(&self, base: &str) -> Vec<Value> {
        let schema = |document: &Value| {
            let mut document = document.clone();
            document["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:Schema"]);
            let location = format!("{base}/Schemas/{}", document["id"].as_str().unwrap_or_default());
            document["meta"] = json!({"resourceType": "Schema", "location": location});
            document
        };
        self.documents.iter().map(schema).collect()
    }

    /// `/ResourceTypes`.
    pub fn types(&self, base: &str) -> Vec<Value> {
        let document = |kind: &Kind| {
            let extension = |id: &String| json!({"schema": id, "required": false});
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
                "id": kind.name, "name": kind.name, "endpoint": format!("/{}", kind.path), "schema": kind.core,
                "schemaExtensions": kind.extensions.iter().map(extension).collect::<Vec<_>>(),
                "meta": {"resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", kind.name)},
            })
        };
        self.kinds.iter().map(document).collect()
    }
}
