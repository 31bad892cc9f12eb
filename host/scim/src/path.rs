//! Attribute paths: `attribute`, `attribute.part`, each with the URI of its schema before it where one likes.

use crate::error::{ErrorKind, ScimError};
use crate::schema::{AttributeDefinition, ResourceType, Schema};
use serde_json::{Map, Value};
use std::fmt;

/// The path of an attribute as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePath(pub(crate) String);

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Resolved<'t> {
    /// An attribute.
    Attribute {
        /// The extension that it belongs to; none for one at the top of the resource.
        extension: Option<&'t Schema>,
        /// The attribute.
        attribute: &'t AttributeDefinition,
        /// Its part.
        part: Option<&'t AttributeDefinition>,
    },
    /// All of an extension.
    Extension(&'t Schema),
}

impl<'t> Resolved<'t> {
    /// The attribute that decides about type and case: the part, where one is named.
    pub fn leaf(&self) -> Option<&'t AttributeDefinition> {
        match self {
            Self::Attribute { attribute, part, .. } => Some(part.unwrap_or(attribute)),
            Self::Extension(_) => None,
        }
    }

    /// The value of the attribute (not of its part) in a resource.
    pub(crate) fn head<'r>(&self, resource: &'r Map<String, Value>) -> Option<&'r Value> {
        match self {
            Self::Attribute { extension: None, attribute, .. } => resource.get(&attribute.name),
            Self::Attribute { extension: Some(schema), attribute, .. } => {
                resource.get(&schema.id)?.get(&attribute.name)
            }
            Self::Extension(schema) => resource.get(&schema.id),
        }
    }
}

impl AttributePath {
    /// A path of letters, digits and `-`, `_`, `.`, `:`, `$`, `/`.
    ///
    /// # Errors
    /// The text holds something else, or nothing.
    pub fn parse(text: &str, kind: ErrorKind) -> Result<Self, ScimError> {
        let is_path = !text.is_empty() && text.chars().all(is_path_character);
        if is_path {
            Ok(Self(text.to_owned()))
        } else {
            Err(ScimError::new(kind, "this is no path of an attribute: write for example `name.familyName`"))
        }
    }

    /// What it names in a type; none where nothing.
    pub fn resolve<'t>(&self, resource_type: &'t ResourceType) -> Option<Resolved<'t>> {
        let text = self.0.as_str();
        for schema in resource_type.schemas() {
            let is_core = schema.id == resource_type.schema.id;
            let Some(rest) = after_prefix(text, &schema.id) else { continue };
            if rest.is_empty() {
                return (!is_core).then_some(Resolved::Extension(schema));
            }
            let Some(rest) = rest.strip_prefix(':') else { continue };
            let extension = (!is_core).then_some(schema);
            return attribute_of(extension, |name| schema.attribute(name), rest);
        }
        attribute_of(None, |name| resource_type.top_attribute(name), text)
    }

    /// As [`AttributePath::resolve`].
    ///
    /// # Errors
    /// Nothing has this name.
    pub fn resolve_or<'t>(&self, resource_type: &'t ResourceType, kind: ErrorKind) -> Result<Resolved<'t>, ScimError> {
        self.resolve(resource_type).ok_or_else(|| {
            let name = resource_type.kind.as_str();
            ScimError::new(kind, format!("a {name} has no attribute `{self}`: GET /Schemas says which there are"))
        })
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

pub(crate) fn is_path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '$' | '/')
}

/// What stands behind a prefix, whose case does not count.
pub(crate) fn after_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

fn attribute_of<'t>(
    extension: Option<&'t Schema>,
    find: impl Fn(&str) -> Option<&'t AttributeDefinition>,
    text: &str,
) -> Option<Resolved<'t>> {
    let (name, part) = text.split_once('.').map_or((text, None), |(name, part)| (name, Some(part)));
    let attribute = find(name)?;
    let part = match part {
        Some(part) => Some(attribute.sub_attribute(part)?),
        None => None,
    };
    Some(Resolved::Attribute { extension, attribute, part })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResourceKind;
    use crate::schema::ServedTypes;

    #[test]
    fn names_and_uris_are_found_whatever_their_case() {
        let types = ServedTypes::default();
        let user = types.of(ResourceKind::User);
        let found = |text: &str| {
            let path = AttributePath::parse(text, ErrorKind::InvalidPath).unwrap();
            match path.resolve(user)? {
                Resolved::Extension(schema) => Some(schema.name.clone()),
                Resolved::Attribute { extension, attribute, part } => {
                    let names = [extension.map(|one| &one.name), Some(&attribute.name), part.map(|one| &one.name)];
                    Some(names.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/"))
                }
            }
        };
        assert_eq!(found("USERNAME").unwrap(), "userName");
        assert_eq!(found("urn:ietf:params:scim:schemas:core:2.0:user:NAME.familyname").unwrap(), "name/familyName");
        assert_eq!(found("meta.lastModified").unwrap(), "meta/lastModified");
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        assert_eq!(found(enterprise).unwrap(), "EnterpriseUser");
        assert_eq!(found(&format!("{enterprise}:manager.value")).unwrap(), "EnterpriseUser/manager/value");
        for nothing in ["department", "userName.value", "name.", "urn:other:userName", "members"] {
            assert_eq!(found(nothing), None, "{nothing}");
        }
        assert!(AttributePath::parse("a b", ErrorKind::InvalidPath).is_err());
    }
}
