//! Attribute names: `userName`, `name.familyName`, `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`.

use std::fmt;

/// The core schema of users (RFC 7643 section 4.1).
pub const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core schema of groups (RFC 7643 section 4.2).
pub const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The schema of roles (draft-ietf-scim-roles-entitlements).
pub const ROLE_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Role";
/// The schema of entitlements (draft-ietf-scim-roles-entitlements).
pub const ENTITLEMENT_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Entitlement";
/// The enterprise extension of users (RFC 7643 section 4.3).
pub const ENTERPRISE_SCHEMA: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// An attribute's place in a resource (RFC 7644 section 3.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeName {
    /// The extension's schema; none for the core schema.
    pub schema: Option<String>,
    /// The attribute. Empty stands for the extension as a whole.
    pub attribute: String,
    /// The sub-attribute.
    pub sub_attribute: Option<String>,
}

impl AttributeName {
    /// Reads a name. A core schema in front of it is dropped. After an extension's schema a colon or a dot may stand.
    pub fn parse(text: &str) -> Self {
        let Some((schema, rest)) = split_schema(text) else { return Self::within(None, text) };
        let core = schema.eq_ignore_ascii_case(USER_SCHEMA) || schema.eq_ignore_ascii_case(GROUP_SCHEMA);
        Self::within((!core).then(|| schema.to_owned()), rest)
    }

    fn within(schema: Option<String>, rest: &str) -> Self {
        let (attribute, sub_attribute) = match rest.split_once('.') {
            Some((attribute, sub_attribute)) => (attribute, Some(sub_attribute.to_owned())),
            None => (rest, None),
        };
        Self { schema, attribute: attribute.to_owned(), sub_attribute }
    }

    /// Whether it is this attribute of the core schema, as a whole.
    pub fn is_core(&self, attribute: &str) -> bool {
        self.schema.is_none() && self.sub_attribute.is_none() && self.attribute.eq_ignore_ascii_case(attribute)
    }

    /// The names from the outside in, as keys of nested JSON objects.
    pub fn keys(&self) -> Vec<&str> {
        let attribute = Some(self.attribute.as_str()).filter(|attribute| !attribute.is_empty());
        self.schema.as_deref().into_iter().chain(attribute).chain(self.sub_attribute.as_deref()).collect()
    }
}

/// As a path of a filter or PATCH.
impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}")?;
            if !self.attribute.is_empty() {
                write!(f, ":")?;
            }
        }
        write!(f, "{}", self.attribute)?;
        match &self.sub_attribute {
            Some(sub_attribute) => write!(f, ".{sub_attribute}"),
            None => Ok(()),
        }
    }
}

/// Whether a key of a resource names the schema of an extension.
pub fn is_schema(key: &str) -> bool {
    key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// Splits a schema from what follows it.
///
/// Schemas of RFC 7643 hold a version (`:2.0:User`): what follows the part after the version is the attribute. Of other
/// URNs the last colon ends the schema.
fn split_schema(text: &str) -> Option<(&str, &str)> {
    if !is_schema(text) {
        return None;
    }
    let version = text.match_indices(':').find(|(index, _)| starts_with_version(&text[index + 1..]));
    let Some((version, _)) = version else { return text.rsplit_once(':') };
    let kind = version + 1 + text[version + 1..].find(':')? + 1;
    match text[kind..].find([':', '.']) {
        Some(end) => Some((&text[..kind + end], &text[kind + end + 1..])),
        None => Some((text, "")),
    }
}

/// Whether a text starts with `1.0:`, `2.0:` and the like.
fn starts_with_version(text: &str) -> bool {
    let Some((version, _)) = text.split_once(':') else { return false };
    let Some((major, minor)) = version.split_once('.') else { return false };
    [major, minor].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        AttributeName::parse(text).keys().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn core_names_are_split_at_the_dot() {
        assert_eq!(keys("userName"), ["userName"]);
        assert_eq!(keys("name.familyName"), ["name", "familyName"]);
        assert_eq!(keys("urn:ietf:params:scim:schemas:core:2.0:User:name.familyName"), ["name", "familyName"]);
        assert_eq!(AttributeName::parse("name.familyName").to_string(), "name.familyName");
    }

    #[test]
    fn an_extension_s_dot_is_no_separator() {
        let department = format!("{ENTERPRISE_SCHEMA}:department");
        assert_eq!(keys(&department), [ENTERPRISE_SCHEMA, "department"]);
        assert_eq!(keys(&format!("{ENTERPRISE_SCHEMA}.department")), [ENTERPRISE_SCHEMA, "department"]);
        assert_eq!(keys(&format!("{ENTERPRISE_SCHEMA}:manager.value")), [ENTERPRISE_SCHEMA, "manager", "value"]);
        assert_eq!(AttributeName::parse(&department).to_string(), department);
    }

    #[test]
    fn an_extension_alone_is_the_whole_of_it() {
        assert_eq!(keys(ENTERPRISE_SCHEMA), [ENTERPRISE_SCHEMA]);
        assert_eq!(AttributeName::parse(ENTERPRISE_SCHEMA).to_string(), ENTERPRISE_SCHEMA);
    }

    #[test]
    fn of_a_urn_without_version_the_last_colon_ends_the_schema() {
        assert_eq!(keys("urn:example:extension:badge"), ["urn:example:extension", "badge"]);
    }

    #[test]
    fn a_core_attribute_is_known_by_any_case() {
        assert!(AttributeName::parse("USERNAME").is_core("userName"));
        assert!(!AttributeName::parse("userName.x").is_core("userName"));
    }
}
