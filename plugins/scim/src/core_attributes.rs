//! The attributes of RFC 7643: what a server is taken to have that does not describe itself, and how names are spelt.

use crate::name::{ENTERPRISE_SCHEMA, is_schema};

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One text.
    Text,
    /// One complex value with these sub-attributes.
    Complex(&'static [&'static str]),
    /// A list of complex values with these sub-attributes.
    List(&'static [&'static str]),
}

/// One attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreAttribute {
    /// Its name in canonical spelling.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// What it means.
    pub description: &'static str,
}

const fn attribute(name: &'static str, shape: Shape, description: &'static str) -> CoreAttribute {
    CoreAttribute { name, shape, description }
}

const NAME: &[&str] = &["formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"];
const VALUES: &[&str] = &["value", "display", "type", "primary"];
const ADDRESS: &[&str] =
    &["formatted", "streetAddress", "locality", "region", "postalCode", "country", "type", "primary"];

/// What every resource has (RFC 7643 section 3.1), as far as clients write it.
pub const COMMON: &[CoreAttribute] =
    &[attribute("externalId", Shape::Text, "The id of the account in the system that provisions it")];

/// Attributes of users (RFC 7643 section 4.1) without `active`, `password` and `groups`, which are typed.
pub const USER: &[CoreAttribute] = &[
    attribute("userName", Shape::Text, "The unique name that the person signs in with"),
    attribute("name", Shape::Complex(NAME), "The parts of the person's name"),
    attribute("displayName", Shape::Text, "The name shown to others"),
    attribute("nickName", Shape::Text, "The casual name"),
    attribute("profileUrl", Shape::Text, "The address of the person's page"),
    attribute("title", Shape::Text, "The job title"),
    attribute("userType", Shape::Text, "The relation to the organisation, such as Employee"),
    attribute("preferredLanguage", Shape::Text, "Preferred languages, as in Accept-Language"),
    attribute("locale", Shape::Text, "The locale for dates, numbers and currency, such as en-GB"),
    attribute("timezone", Shape::Text, "The time zone, such as Europe/Berlin"),
    attribute("emails", Shape::List(VALUES), "E-mail addresses"),
    attribute("phoneNumbers", Shape::List(VALUES), "Telephone numbers"),
    attribute("ims", Shape::List(VALUES), "Instant messaging addresses"),
    attribute("photos", Shape::List(VALUES), "Addresses of photos"),
    attribute("addresses", Shape::List(ADDRESS), "Postal addresses"),
    attribute("entitlements", Shape::List(VALUES), "Entitlements, as this server means them"),
    attribute("roles", Shape::List(VALUES), "Roles, as this server means them"),
    attribute("x509Certificates", Shape::List(VALUES), "Certificates, DER in base64"),
];

/// Attributes of the enterprise extension (RFC 7643 section 4.3).
pub const ENTERPRISE: &[CoreAttribute] = &[
    attribute("employeeNumber", Shape::Text, "The personnel number"),
    attribute("costCenter", Shape::Text, "The cost centre"),
    attribute("organization", Shape::Text, "The organisation"),
    attribute("division", Shape::Text, "The division"),
    attribute("department", Shape::Text, "The department"),
    attribute("manager", Shape::Complex(&["value", "$ref", "displayName"]), "The person's manager"),
];

/// Attributes of groups (RFC 7643 section 4.2) without `members`, which is typed.
pub const GROUP: &[CoreAttribute] = &[attribute("displayName", Shape::Text, "The group's name")];

/// Names that [`USER`] and [`GROUP`] leave out.
const TYPED: &[&str] = &["active", "password", "groups", "members", "id", "meta", "schemas"];

/// The core attribute of this name, whatever its case. A name that starts with a schema is looked for in the
/// enterprise extension, if it is that.
pub fn find(schema: Option<&str>, name: &str) -> Option<&'static CoreAttribute> {
    let known: &[&[CoreAttribute]] = match schema {
        None => &[COMMON, USER, GROUP],
        Some(schema) if schema.eq_ignore_ascii_case(ENTERPRISE_SCHEMA) => &[ENTERPRISE],
        Some(_) => &[],
    };
    known.iter().copied().flatten().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// The canonical spelling of an attribute or of an extension's schema; unknown names stay as they are.
pub fn canonical_spelling(schema: Option<&str>, name: &str) -> String {
    if is_schema(name) {
        let known = name.eq_ignore_ascii_case(ENTERPRISE_SCHEMA);
        return if known { ENTERPRISE_SCHEMA.to_owned() } else { name.to_owned() };
    }
    let typed = TYPED.iter().copied().find(|typed| schema.is_none() && typed.eq_ignore_ascii_case(name));
    typed.or_else(|| find(schema, name).map(|attribute| attribute.name)).unwrap_or(name).to_owned()
}

/// The canonical spelling of a sub-attribute; unknown names stay as they are.
pub fn canonical_sub_spelling(name: &str) -> String {
    let known = [NAME, VALUES, ADDRESS, &["$ref", "displayName"]];
    known.into_iter().flatten().find(|known| known.eq_ignore_ascii_case(name)).copied().unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_is_canonical_where_it_is_known() {
        assert_eq!(canonical_spelling(None, "USERNAME"), "userName");
        assert_eq!(canonical_spelling(None, "Members"), "members");
        assert_eq!(canonical_spelling(None, "badgeColour"), "badgeColour");
        assert_eq!(canonical_spelling(None, &ENTERPRISE_SCHEMA.to_lowercase()), ENTERPRISE_SCHEMA);
        assert_eq!(canonical_spelling(Some(ENTERPRISE_SCHEMA), "DEPARTMENT"), "department");
        assert_eq!(canonical_sub_spelling("FAMILYNAME"), "familyName");
    }
}
