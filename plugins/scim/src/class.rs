//! The classes: users, groups, where the configuration says so roles and entitlements, and the server's own.

use crate::config::TypeKind;
use crate::further::FurtherType;
use crate::name::{ENTITLEMENT_SCHEMA, GROUP_SCHEMA, ROLE_SCHEMA, USER_SCHEMA};
use purser_sdk::Error;
use purser_sdk::http::escape_segment;

/// A class of SCIM resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class<'s> {
    /// `/Users`.
    User,
    /// `/Groups`.
    Group,
    /// Values of a user's `roles`.
    Role,
    /// Values of a user's `entitlements`.
    Entitlement,
    /// A resource type of the server's own.
    Further(&'s FurtherType),
}

impl<'s> Class<'s> {
    /// The class of this name that any server has.
    pub fn of_any_server(name: &str) -> Option<Self> {
        [Self::User, Self::Group, Self::Role, Self::Entitlement].into_iter().find(|class| class.name() == name)
    }

    /// This class, whose objects are written.
    ///
    /// # Errors
    /// `unsupported`: its objects are only read and granted.
    pub fn written(self) -> Result<Self, Error> {
        match self {
            Self::Role | Self::Entitlement => Err(Error::unsupported(format!(
                "a `{}` is granted and revoked, and else managed in the application",
                self.name()
            ))),
            class => Ok(class),
        }
    }

    /// Whether its objects are accounts, which are enabled and disabled.
    pub fn is_account(self) -> bool {
        match self {
            Self::User => true,
            Self::Further(further) => further.config.kind == TypeKind::Account,
            Self::Group | Self::Role | Self::Entitlement => false,
        }
    }

    /// The attribute that lists who holds its objects; none where nobody does or that is not where it is read.
    pub fn holders(self) -> Option<&'s str> {
        match self {
            Self::Group => Some("members"),
            Self::Further(further) if further.config.kind == TypeKind::Entitlement => Some(&further.config.members),
            _ => None,
        }
    }

    /// Its name in requests.
    pub fn name(self) -> &'s str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
            Self::Entitlement => "Entitlement",
            Self::Further(further) => &further.name,
        }
    }

    /// Its core schema.
    pub fn schema(self) -> &'s str {
        match self {
            Self::User => USER_SCHEMA,
            Self::Group => GROUP_SCHEMA,
            Self::Role => ROLE_SCHEMA,
            Self::Entitlement => ENTITLEMENT_SCHEMA,
            Self::Further(further) => &further.schema,
        }
    }

    /// The attribute that names one object; servers keep that of groups unique as a rule, that of users always.
    pub fn unique_name(self) -> &'s str {
        match self {
            Self::User => "userName",
            Self::Group | Self::Role | Self::Entitlement => "displayName",
            Self::Further(further) => &further.config.unique,
        }
    }

    /// The path of all its objects.
    pub fn path(self) -> &'s str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
            Self::Role => "/Roles",
            Self::Entitlement => "/Entitlements",
            Self::Further(further) => &further.path,
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
    fn what_is_only_granted_is_not_written() {
        assert_eq!(Class::of_any_server("Group"), Some(Class::Group));
        assert_eq!(Class::of_any_server("Badge"), None);
        assert!(Class::Role.written().unwrap_err().message.contains("`Role`"));
    }
}
