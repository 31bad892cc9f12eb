//! Typed ids: what grows with time is a UUIDv7, what an operator names is a checked name.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
uuid_id! {
    /// A resource that a client of the SCIM server pushed.
    ScimResourceId
}
uuid_id! {
    /// A case that a person decides.
    CaseId
}
uuid_id! {
    /// An assignment that somebody made over the API.
    AssignmentId
}

/// A name that an operator gave is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a name: use 1 to 64 of a-z, A-Z, 0-9, `-`, `_` and `.`, beginning with a letter or digit")]
pub struct NotAName(pub String);

fn checked(text: &str) -> Result<String, NotAName> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins_well && text.len() <= 64 && text.chars().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(NotAName(text.to_owned()))
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(
            feature = "schema",
            derive(utoipa::ToSchema),
            schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$")
        )]
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
name! {
    /// The name of a secret in the sealed store.
    SecretName
}
name! {
    /// The name of a token of the API.
    TokenName
}
name! {
    /// The name of a webhook.
    WebhookName
}
name! {
    /// The name of an issuer of tokens.
    IssuerName
}

/// Makes ids that grow with time (UUIDv7, RFC 9562 section 5.7) from a time and a seed that the caller gives.
///
/// Ids made in the same millisecond grow too: the counter takes the place of the first random bits.
pub struct Ids {
    seed: [u8; 32],
    state: Mutex<(u64, u64)>,
}

impl Ids {
    /// Ids from this seed. A host takes it from the operating system, a test writes one down.
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, state: Mutex::new((0, 0)) }
    }

    /// The next id, at this time. Time that goes back is held at the latest time seen.
    pub fn next(&self, now: jiff::Timestamp) -> Uuid {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0).max(state.0);
        let count = if millis == state.0 { state.1 + 1 } else { 0 };
        *state = (millis, count);
        let mut hasher = blake3::Hasher::new_keyed(&self.seed);
        hasher.update(&millis.to_be_bytes()).update(&count.to_be_bytes());
        let mut bytes = [0; 10];
        hasher.finalize_xof().fill(&mut bytes);
        // Ten bytes follow the time: 4 bits of version, 12 of counter, 2 of variant, then counter and noise.
        let counter = u32::try_from(count).unwrap_or(u32::MAX);
        bytes[..2].copy_from_slice(&u16::try_from(counter >> 12 & 0xfff).unwrap_or(0xfff).to_be_bytes());
        bytes[2..4].copy_from_slice(&u16::try_from(counter & 0xfff).unwrap_or(0xfff).to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_within_a_millisecond_and_when_time_goes_back() {
        let ids = Ids::new([7; 32]);
        let later = jiff::Timestamp::from_millisecond(1_000_000).unwrap();
        let earlier = jiff::Timestamp::from_millisecond(999_000).unwrap();
        let mut made: Vec<Uuid> = (0..10_000).map(|_| ids.next(later)).collect();
        made.push(ids.next(earlier));
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(made[0].get_version_num(), 7);
    }

    #[test]
    fn hosts_with_different_seeds_make_different_ids() {
        let now = jiff::Timestamp::from_millisecond(5).unwrap();
        assert_ne!(Ids::new([1; 32]).next(now), Ids::new([2; 32]).next(now));
    }

    #[test]
    fn a_name_is_checked_at_the_edge() {
        assert!("hr-1.main_x".parse::<SourceName>().is_ok());
        for bad in ["", "-x", "a b", "ä", &"x".repeat(65)] {
            assert_eq!(bad.parse::<SourceName>(), Err(NotAName(bad.to_owned())));
        }
        assert!(serde_json::from_str::<TargetName>("\"a/b\"").is_err());
    }
}
