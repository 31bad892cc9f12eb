//! `?sort=`: by what a list is sorted, with `-` before it the other way round. Each list has a fixed set of fields, of which each has an index.

use crate::problem::Problem;
use purser_model::id::IdentityId;
use purser_model::identity::Identity;
use purser_store::{IdentityPlace, IdentitySort};
use serde::Deserialize;
use utoipa::ToSchema;

/// The order of a list that goes by ids, which grow with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum ById {
    /// The oldest first.
    #[serde(rename = "id")]
    Oldest,
    /// The newest first.
    #[serde(rename = "-id")]
    Newest,
}

impl ById {
    /// Whether that is the opposite of the list's usual order.
    pub(crate) fn turns(asked: Option<Self>, usual: Self) -> bool {
        asked.is_some_and(|asked| asked != usual)
    }
}

/// The order of a list of identities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum IdentityOrder {
    #[default]
    #[serde(rename = "id")]
    Id,
    #[serde(rename = "-id")]
    IdBackwards,
    #[serde(rename = "key")]
    Key,
    #[serde(rename = "-key")]
    KeyBackwards,
    #[serde(rename = "changed_at")]
    ChangedAt,
    #[serde(rename = "-changed_at")]
    ChangedAtBackwards,
}

impl IdentityOrder {
    pub(crate) fn by(self) -> IdentitySort {
        match self {
            Self::Id | Self::IdBackwards => IdentitySort::Id,
            Self::Key | Self::KeyBackwards => IdentitySort::Key,
            Self::ChangedAt | Self::ChangedAtBackwards => IdentitySort::ChangedAt,
        }
    }

    pub(crate) fn is_backwards(self) -> bool {
        matches!(self, Self::IdBackwards | Self::KeyBackwards | Self::ChangedAtBackwards)
    }

    /// The place of an identity in a list of this order, as `next` has it.
    pub(crate) fn place_of(self, identity: &Identity) -> String {
        match self.by() {
            IdentitySort::Id => identity.id.to_string(),
            IdentitySort::Key => identity.reference(),
            IdentitySort::ChangedAt => format!("{}/{}", identity.changed_at, identity.id),
        }
    }

    /// The place that a former `next` names.
    ///
    /// # Errors
    /// It is none of this order.
    pub(crate) fn place(self, next: &str) -> Result<IdentityPlace, Problem> {
        let id = |text: &str| text.parse::<IdentityId>().ok();
        let found = match self.by() {
            IdentitySort::Id => id(next).map(IdentityPlace::Id),
            IdentitySort::Key => {
                let (source, key) = next.split_once('/').unwrap_or((next, ""));
                Some(IdentityPlace::Key { source: source.to_owned(), key: key.to_owned() })
            }
            IdentitySort::ChangedAt => next
                .split_once('/')
                .and_then(|(time, text)| Some(IdentityPlace::ChangedAt(time.parse().ok()?, id(text)?))),
        };
        found.ok_or_else(|| Problem::not_found("`after` is no `next` of a list that is sorted like this: begin anew"))
    }
}
