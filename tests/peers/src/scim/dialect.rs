//! What one vendor's server takes and does, as data.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One vendor's server. What is left out is as RFC 7643 and RFC 7644 have it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dialect {
    /// The name, for people.
    pub title: String,
    /// The path below which everything lies.
    pub base: String,
    /// Where the server describes itself; none where it does not.
    pub provider: Option<String>,
    /// Whether `/Schemas` and `/ResourceTypes` are there.
    pub described: bool,
    /// The vendor's own description, by its folder in `specs/`.
    pub description: Option<String>,
    /// What filters may be.
    pub filter: Filters,
    /// How lists are paged.
    pub page: Paging,
    /// What a PATCH may be.
    pub patch: Patching,
    /// Which classes take PUT.
    pub put: Vec<String>,
    /// Attributes that the server knows, by class; all of the schemas where none is named.
    pub known: BTreeMap<String, Vec<String>>,
    /// Attributes that every resource has, by class.
    pub needed: BTreeMap<String, Vec<String>>,
    /// Attributes whose values no other resource of the class has, by class.
    pub unique: BTreeMap<String, Vec<String>>,
    /// Lists that hold one value at most.
    pub single: Vec<String>,
    /// A list of which a user has exactly one value of this type.
    pub exactly_one: Option<ExactlyOne>,
    /// What can be done with groups.
    pub group: Groups,
    /// What becomes of a user that is deleted.
    pub deletion: Deletion,
    /// What becomes of a user whose `active` turns false.
    pub disabling: Disabling,
    /// Whether versions are kept and checked.
    pub etag: bool,
    /// Most operations of a bulk request; 0 where there is none.
    pub bulk: usize,
    /// Whether a request without `User-Agent` is refused.
    pub user_agent: bool,
    /// Whether errors have a `scimType`.
    pub scim_types: bool,
    /// Whether `status` of an error is a number.
    pub numeric_status: bool,
    /// `exception` of errors, by status.
    pub exceptions: BTreeMap<String, String>,
    /// How much is asked for at most.
    pub rate: Vec<Rate>,
    /// Further resource types.
    pub types: Vec<FurtherType>,
    /// What is listed under further paths, such as `/Entitlements`.
    pub lists: BTreeMap<String, Vec<Map<String, Value>>>,
}

/// What filters may be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filters {
    /// Which there are.
    pub takes: FilterForm,
    /// Attributes that may be compared; any where none is named.
    pub attributes: Vec<String>,
    /// Whether `and` and `or` bind alike, from left to right.
    pub equal_precedence: bool,
}

/// Which filters there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilterForm {
    /// All of RFC 7644.
    #[default]
    All,
    /// `eq`, joined by `and`.
    Eq,
    /// One `eq`.
    SingleEq,
}

/// How lists are paged.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Paging {
    /// How many come where nothing is said.
    pub usual: usize,
    /// How many come at most.
    pub most: usize,
    /// Whether more are refused; else fewer come.
    pub refuses_more: bool,
    /// By `startIndex`.
    pub index: bool,
    /// Whether every `startIndex` gives the first page.
    pub first_only: bool,
    /// By `cursor` (RFC 9865).
    pub cursor: bool,
    /// For how many seconds a cursor is known; 0 for ever.
    pub cursor_timeout: u64,
}

/// What a PATCH may be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Patching {
    /// Whether `op` starts with a capital; else it does not.
    pub capitals: bool,
    /// Whether the booleans in it are `"True"` and `"False"`.
    pub text_booleans: bool,
    /// Paths of `replace`.
    pub replaces: ReplacePath,
    /// What a filter in a path does.
    pub selection: Selection,
    /// How values are taken out of a list.
    pub removal: Removal,
    /// Most values of `members` in one PATCH; 0 for any number.
    pub members: usize,
    /// Whether all members may be replaced or removed at once.
    pub whole_members: bool,
    /// The attributes of users that can be changed; all where none is named.
    pub user_attributes: Vec<String>,
    /// Classes for which the answer is 204; else it is the resource.
    pub silent: Vec<String>,
}

/// Paths of `replace`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplacePath {
    /// With or without.
    #[default]
    Any,
    /// Always.
    Needed,
    /// Never.
    Refused,
}

/// What a filter in a path does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// It selects; where it finds nothing, the operation is refused.
    #[default]
    Works,
    /// It selects; where it finds nothing, a value is made.
    Makes,
    /// The operation is passed over without a word.
    Ignored,
}

/// How values are taken out of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Removal {
    /// `members[value eq "7"]`; a removal with values is refused.
    #[default]
    PathFilter,
    /// With the values, as older clients of Microsoft Entra do.
    ValueArray,
}

/// What can be done with groups.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Groups {
    /// Whether they can be made and deleted.
    pub made: bool,
    /// Whether they can be made with members.
    pub made_with_members: bool,
    /// Whether their members are shown.
    pub members_shown: bool,
}

/// What becomes of a user that is deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deletion {
    /// It is gone.
    #[default]
    Gone,
    /// It is gone, and its name can never be used again.
    NameKept,
    /// It is disabled.
    Deactivates,
    /// It is refused.
    Refused,
}

/// What becomes of a user whose `active` turns false.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disabling {
    /// It is disabled.
    #[default]
    Disables,
    /// It is deleted.
    Deletes,
}

/// A list of which a user has exactly one value of a type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExactlyOne {
    /// The attribute.
    pub attribute: String,
    /// The path under which all values are listed.
    pub listed_at: String,
    /// The type.
    pub of: String,
}

/// How much is asked for at most.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Of requests with these methods; of all where none is named.
    #[serde(default)]
    pub methods: Vec<String>,
    /// So many requests
    pub requests: u64,
    /// in so many milliseconds.
    pub window_ms: u64,
    /// The status of the refusal.
    pub status: u16,
    /// Whether the refusal says how long to wait.
    pub retry_after: bool,
}

/// A further resource type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FurtherType {
    /// Its name.
    pub name: String,
    /// Its path.
    pub endpoint: String,
    /// Its schema (RFC 7643 section 7).
    pub schema: Value,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            title: String::new(),
            base: "/scim/v2".into(),
            provider: Some("/ServiceProviderConfig".into()),
            described: true,
            description: None,
            filter: Filters::default(),
            page: Paging::default(),
            patch: Patching::default(),
            put: vec!["User".into(), "Group".into()],
            known: BTreeMap::new(),
            needed: BTreeMap::new(),
            unique: BTreeMap::new(),
            single: Vec::new(),
            exactly_one: None,
            group: Groups::default(),
            deletion: Deletion::Gone,
            disabling: Disabling::Disables,
            etag: false,
            bulk: 0,
            user_agent: false,
            scim_types: true,
            numeric_status: false,
            exceptions: BTreeMap::new(),
            rate: Vec::new(),
            types: Vec::new(),
            lists: BTreeMap::new(),
        }
    }
}

impl Default for Paging {
    fn default() -> Self {
        Self {
            usual: 100,
            most: 1000,
            refuses_more: false,
            index: true,
            first_only: false,
            cursor: false,
            cursor_timeout: 0,
        }
    }
}

impl Default for Patching {
    fn default() -> Self {
        Self {
            capitals: false,
            text_booleans: false,
            replaces: ReplacePath::Any,
            selection: Selection::Works,
            removal: Removal::PathFilter,
            members: 0,
            whole_members: true,
            user_attributes: Vec::new(),
            silent: Vec::new(),
        }
    }
}

impl Default for Groups {
    fn default() -> Self {
        Self { made: true, made_with_members: true, members_shown: true }
    }
}

const DIALECTS: [(&str, &str); 8] = [
    ("rfc", include_str!("dialects/rfc.json")),
    ("aws-identity-center", include_str!("dialects/aws-identity-center.json")),
    ("entra", include_str!("dialects/entra.json")),
    ("github", include_str!("dialects/github.json")),
    ("okta", include_str!("dialects/okta.json")),
    ("pagerduty", include_str!("dialects/pagerduty.json")),
    ("salesforce", include_str!("dialects/salesforce.json")),
    ("slack", include_str!("dialects/slack.json")),
];

impl Dialect {
    /// The names of all of them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        DIALECTS.iter().map(|(name, _)| *name)
    }

    /// The dialect of this name; none where there is no such.
    ///
    /// # Panics
    /// Its file is no dialect; a test reads all of them.
    pub fn named(name: &str) -> Option<Self> {
        let (name, text) = DIALECTS.iter().find(|(known, _)| *known == name)?;
        Some(serde_json::from_str(text).unwrap_or_else(|error| panic!("the dialect {name}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_is_read() {
        for name in Dialect::names() {
            assert!(!Dialect::named(name).unwrap().title.is_empty(), "{name}");
        }
        assert!(Dialect::named("esperanto").is_none());
    }
}
