//! The classes: users, groups, and where the configuration says so roles and entitlements.

use crate::name::{ENTITLEMENT_SCHEMA, GROUP_SCHEMA, ROLE_SCHEMA, USER_SCHEMA};
use purser_sdk::Error;
use purser_sdk::http::escape_segment;

/// A class of SCIM resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// `/Users`.
    User,
    /// `/Groups`.
    Group,
    /// Values of a user's `roles`.
    Role,
    /// Values of a user's `entitlements`.
    Entitlement,
}

impl Class {
    /// The class of this name in a request.
    ///
    /// # Errors
    /// `unsupported`: there is no such class.
    pub fn parse(name: &str) -> Result<Self, Error> {
        match name {
            "User" => Ok(Self::User),
            "Group" => Ok(Self::Group),
            "Role" => Ok(Self::Role),
            "Entitlement" => Ok(Self::Entitlement),
            other => Err(Error::unsupported(format!(
                "there is no class `{other}`: a SCIM server has `User` and `Group`, and `Role` and `Entitlement` where they are configured"
            ))),
        }
    }

    /// The class of this name, whose objects are written.
    ///
    /// # Errors
    /// `unsupported`: there is no such class, or its objects are only read and granted.
    pub fn written(name: &str) -> Result<Self, Error> {
        match Self::parse(name)? {
            Self::Role | Self::Entitlement => Err(Error::unsupported(format!(
                "a `{name}` is granted and revoked, and else managed in the application"
            ))),
            class => Ok(class),
        }
    }

    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
            Self::Entitlement => "Entitlement",
        }
    }

    /// Its core schema.
    pub fn schema(self) -> &'static str {
        match self {
            Self::User => USER_SCHEMA,
            Self::Group => GROUP_SCHEMA,
            Self::Role => ROLE_SCHEMA,
            Self::Entitlement => ENTITLEMENT_SCHEMA,
        }
    }

    /// The attribute that names one object; servers keep that of groups unique as a rule, that of users always.
    pub fn unique_name(self) -> &'static str {
        match self {
            Self::User => "userName",
            Self::Group | Self::Role | Self::Entitlement => "displayName",
        }
    }

    /// The path of all its objects.
    pub fn path(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
            Self::Role => "/Roles",
            Self::Entitlement => "/Entitlements",
        }
    }

    /// The path of one object. Ids are opaque: they are escaped, and an id of dots alone reaches no other path.
    pub fn object_path(self, id: &str) -> String {
        let dots_alone = !id.is_empty() && id.bytes().all(|byte| byte == b'.');
        let segment = if dots_alone { "%2E".repeat(id.len()) } else { escape_segment(id) };
        format!("{}/{segment}", self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_part_of_the_path() {
        assert_eq!(Class::User.object_path("a/b?c"), "/Users/a%2Fb%3Fc");
        assert_eq!(Class::Group.object_path(".."), "/Groups/%2E%2E");
    }

    #[test]
    fn other_classes_are_unsupported() {
        assert_eq!(Class::parse("Group").unwrap(), Class::Group);
        assert!(Class::parse("Badge").unwrap_err().message.contains("`Badge`"));
    }
}
