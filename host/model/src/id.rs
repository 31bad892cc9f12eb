//! Typed ids: what grows with time is a UUIDv7, what an operator names is a checked name.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// An identity.
    IdentityId
}
uuid_id! {
    /// An account or entitlement as Purser keeps it; not the id in the target.
    AccountId
}
uuid_id! {
    /// An operation; survives retries and is handed to the target as idempotency key.
    OperationId
}
uuid_id! {
    /// A stored plan.
    PlanId
}
uuid_id! {
    /// A run.
    RunId
}

/// A name that an operator gave is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a name: use 1 to 64 of a-z, A-Z, 0-9, `-`, `_` and `.`, beginning with a letter or digit")]
pub struct NotAName(pub String);

fn checked(text: &str) -> Result<String, NotAName> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins_well && text.len() <= 64 && text.chars().all(allowed) { Ok(text.to_owned()) } else { Err(NotAName(text.to_owned())) }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAName;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                checked(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAName;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                checked(&text).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

name! {
    /// The name of a source.
    SourceName
}
name! {
    /// The name of a target.
    TargetName
}
name! {
    /// The name of a role.
    RoleName
}
name! {
    /// The name of a group of identities.
    GroupName
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_checked_at_the_edge() {
        assert!("hr-1.main_x".parse::<SourceName>().is_ok());
        for bad in ["", "-x", "a b", "ä", &"x".repeat(65)] {
            assert_eq!(bad.parse::<SourceName>(), Err(NotAName(bad.to_owned())));
        }
        assert!(serde_json::from_str::<TargetName>("\"a/b\"").is_err());
    }
}
