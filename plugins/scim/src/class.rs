//! The two classes: users and groups.

use crate::name::{GROUP_SCHEMA, USER_SCHEMA};
use purser_sdk::Error;
use purser_sdk::http::escape_segment;

/// A class of SCIM resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// `/Users`.
    User,
    /// `/Groups`.
    Group,
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
            other => {
                Err(Error::unsupported(format!("there is no class `{other}`: a SCIM server has `User` and `Group`")))
            }
        }
    }

    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// Its core schema.
    pub fn schema(self) -> &'static str {
        match self {
            Self::User => USER_SCHEMA,
            Self::Group => GROUP_SCHEMA,
        }
    }

    /// The attribute that names one object; servers keep that of groups unique as a rule, that of users always.
    pub fn unique_name(self) -> &'static str {
        match self {
            Self::User => "userName",
            Self::Group => "displayName",
        }
    }

    /// The path of all its objects.
    pub fn path(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
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
        assert!(Class::parse("Role").unwrap_err().message.contains("`Role`"));
    }
}
