//! Sources that push their identities over SCIM, and what they push.

use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Which kinds of resources are pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    /// People.
    User,
    /// Groups of them.
    Group,
}

impl ResourceKind {
    /// All.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// As `meta.resourceType` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The path below the base.
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }

    /// The kind that is served at this path below the base.
    pub fn at_endpoint(endpoint: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.endpoint().eq_ignore_ascii_case(endpoint))
    }
}

/// A source that pushes: one client of the SCIM server.
#[derive(Debug, Clone, PartialEq)]
pub struct PushedSource {
    /// How an identity's attributes follow from a user (`record`, `id`, `active`). Empty takes the user as it is.
    pub attributes: BTreeMap<String, String>,
    /// How the lifecycle state follows from it; none: suspended where the user is not active, else active.
    pub lifecycle: Option<String>,
    /// CEL: from when on the identity works here.
    pub valid_from: Option<String>,
    /// CEL: until when.
    pub valid_until: Option<String>,
    /// Where the days of its dates begin and end.
    pub time_zone: TimeZone,
    /// What users have beyond the RFC, by the URIs of the schemas.
    pub extensions: BTreeMap<String, UserExtension>,
}

impl Default for PushedSource {
    fn default() -> Self {
        Self {
            attributes: BTreeMap::new(),
            lifecycle: None,
            valid_from: None,
            valid_until: None,
            time_zone: TimeZone::UTC,
            extensions: BTreeMap::new(),
        }
    }
}

/// A schema of an operator's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserExtension {
    /// Its attributes.
    pub attributes: BTreeMap<String, ExtensionAttribute>,
}

/// An attribute of such a schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtensionAttribute {
    /// The type of its values.
    pub kind: ExtensionAttributeKind,
    /// Whether it has several.
    pub multi_valued: bool,
    /// Whether case counts.
    pub case_exact: bool,
}

/// The types that such an attribute can have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ExtensionAttributeKind {
    /// A text.
    #[default]
    String,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Decimal,
    /// A time.
    DateTime,
}

/// The attribute of an identity that names the groups that its source pushed it into.
pub const GROUPS: &str = "groups";
