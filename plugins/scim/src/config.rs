//! The configuration: how this server differs from what RFC 7643 and RFC 7644 lead to expect.

use crate::profile::Profile;
use purser_sdk::{Cardinality, DeleteSemantics, Error};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The configuration of one SCIM server. Every key has a default; `{}` suits a server that keeps to the RFCs. A profile
/// gives other defaults (see [`crate::profile::Settings`], by which a configuration is read).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which server it is, for the defaults of the other keys.
    pub profile: Option<Profile>,
    /// Whether the server is asked what it can do and knows.
    pub discovery: Discovery,
    /// How objects are changed.
    pub update_mode: UpdateMode,
    /// How a PATCH that replaces values names them.
    pub patch_style: PatchStyle,
    /// How the operations of a PATCH are spelt.
    pub op_case: OpCase,
    /// Whether the booleans of a PATCH are `"True"` and `"False"`.
    pub bool_as_string: bool,
    /// How values are taken out of a list.
    pub member_removal: MemberRemoval,
    /// Most member changes in one PATCH.
    pub members_slice: usize,
    /// How an account is disabled.
    pub disable_mode: DisableMode,
    /// What DELETE does in this server.
    pub delete_semantics: DeleteMeaning,
    /// Whether a group is made without members, which are added afterwards.
    pub group_create_empty: bool,
    /// Whether a group that is made without `externalId` gets its name as one.
    pub group_external_id: bool,
    /// Whether `meta.lastModified` can be filtered, which gives a change feed.
    pub supports_lastmodified: bool,
    /// How lists are paged.
    pub page_mode: PageMode,
    /// Most objects asked for at once; none takes what the server announces.
    pub max_count: Option<u32>,
    /// Which filters the server understands.
    pub filter: FilterSupport,
    /// Attributes that can be filtered; any where none is named.
    pub filter_attributes: Vec<String>,
    /// Whether versions are checked by the server (`If-Match`).
    pub etag: Switch,
    /// Whether independent edits are sent together (RFC 7644 section 3.7).
    pub bulk: Switch,
    /// Most operations in one bulk request; none takes what the server announces.
    pub bulk_max_operations: Option<u32>,
    /// Most bytes of one bulk request; none takes what the server announces.
    pub bulk_max_payload: Option<u32>,
    /// After how many failed operations the server is to stop a bulk request; none lets it go on to the end.
    pub bulk_fail_on_errors: Option<u32>,
    /// Where the server says what it can do.
    pub provider_path: String,
    /// Whether groups can be made and deleted, or only be filled.
    pub fixed_groups: bool,
    /// The roles of users as something that is granted; none leaves `roles` a plain attribute.
    pub roles: Option<Holdable>,
    /// The entitlements of users as something that is granted; none leaves `entitlements` a plain attribute.
    pub entitlements: Option<Holdable>,
    /// What resource types of the server's own are, by name.
    pub types: BTreeMap<String, TypeConfig>,
    /// For how long after a write a read may still show the former state, in milliseconds.
    pub consistency_lag_ms: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            profile: None,
            discovery: Discovery::Auto,
            update_mode: UpdateMode::Auto,
            patch_style: PatchStyle::Path,
            op_case: OpCase::Lower,
            bool_as_string: false,
            member_removal: MemberRemoval::PathFilter,
            members_slice: 100,
            disable_mode: DisableMode::Active,
            delete_semantics: DeleteMeaning::Hard,
            group_create_empty: false,
            group_external_id: false,
            supports_lastmodified: false,
            page_mode: PageMode::Auto,
            max_count: None,
            filter: FilterSupport::Auto,
            filter_attributes: Vec::new(),
            etag: Switch::Auto,
            bulk: Switch::Auto,
            bulk_max_operations: None,
            bulk_max_payload: None,
            bulk_fail_on_errors: None,
            provider_path: "/ServiceProviderConfig".to_owned(),
            fixed_groups: false,
            roles: None,
            entitlements: None,
            types: BTreeMap::new(),
            consistency_lag_ms: 0,
        }
    }
}

impl Config {
    /// Whether users are granted the values of this attribute.
    pub fn is_held(&self, attribute: &str) -> bool {
        match attribute {
            "roles" => self.roles.is_some(),
            "entitlements" => self.entitlements.is_some(),
            _ => false,
        }
    }

    /// Refuses what fits the types and still cannot work.
    ///
    /// # Errors
    /// `invalid-config` naming the key.
    pub fn validate(&self) -> Result<(), Error> {
        if self.members_slice == 0 {
            return Err(Error::invalid_config("`members_slice` is 0: set it to 1 or more"));
        }
        let counts = [
            ("max_count", self.max_count),
            ("bulk_max_operations", self.bulk_max_operations),
            ("bulk_max_payload", self.bulk_max_payload),
            ("bulk_fail_on_errors", self.bulk_fail_on_errors),
        ];
        if let Some((key, _)) = counts.iter().find(|(_, count)| *count == Some(0)) {
            return Err(Error::invalid_config(format!("`{key}` is 0: set it to 1 or more, or leave it out")));
        }
        let holdables = [("roles", &self.roles), ("entitlements", &self.entitlements)];
        for (key, holdable) in holdables {
            if holdable.as_ref().is_some_and(|holdable| holdable.listed_at.is_none() && holdable.values.is_empty()) {
                let advice = "say where the server lists them (`listed_at`) or which there are (`values`)";
                return Err(Error::invalid_config(format!("`{key}` names none: {advice}")));
            }
        }
        let paths = holdables.into_iter().filter_map(|(_, holdable)| holdable.as_ref()?.listed_at.as_deref());
        let paths = paths.chain(self.types.values().filter_map(|config| config.path.as_deref()));
        match paths.chain([self.provider_path.as_str()]).find(|path| !path.starts_with('/')) {
            Some(path) => Err(Error::invalid_config(format!("the path `{path}` must start with `/`"))),
            None => Ok(()),
        }
    }
}

/// Values of `roles` or `entitlements` that users are given and taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holdable {
    /// The path at which the server lists them, such as `/Roles`.
    #[serde(default)]
    pub listed_at: Option<String>,
    /// Those that there are, for servers that do not list them.
    #[serde(default)]
    pub values: Vec<String>,
    /// How many a user can have.
    #[serde(default)]
    pub held: Held,
}

/// What a resource type of the server's own is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TypeConfig {
    /// What it is to the host.
    pub kind: TypeKind,
    /// The attribute that names one.
    pub unique: String,
    /// Of an entitlement: the attribute that lists the users who hold it.
    pub members: String,
    /// The path of all its objects; none takes what the server lists.
    pub path: Option<String>,
    /// Its core schema; none takes what the server lists.
    pub schema: Option<String>,
}

impl Default for TypeConfig {
    fn default() -> Self {
        let (unique, members) = ("displayName".to_owned(), "members".to_owned());
        Self { kind: TypeKind::Other, unique, members, path: None, schema: None }
    }
}

/// What a resource type is to the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TypeKind {
    /// Belongs to one identity.
    Account,
    /// Something that users hold.
    Entitlement,
    /// Neither.
    #[default]
    Other,
}

/// How many a user can have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// Any number.
    #[default]
    Many,
    /// None or one: another takes its place.
    AtMostOne,
    /// Always one: another takes its place.
    ExactlyOne,
}

impl From<Held> for Cardinality {
    fn from(held: Held) -> Self {
        match held {
            Held::Many => Self::Many,
            Held::AtMostOne => Self::AtMostOne,
            Held::ExactlyOne => Self::ExactlyOne,
        }
    }
}

/// Whether the server is asked what it can do and knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Discovery {
    /// `/ServiceProviderConfig` is read and kept for an hour, `/Schemas` and `/ResourceTypes` with the schema; a server
    /// without them is taken for a plain one.
    Auto,
    /// None of them is ever read.
    Off,
}

/// How objects are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateMode {
    /// PATCH, unless the server announces that it has none or answers 405 or 501.
    Auto,
    /// PATCH.
    Patch,
    /// GET, then PUT of the whole object.
    Put,
    /// Users by GET and PUT, but for `active`; that and groups by PATCH.
    PutUsers,
}

/// How a PATCH that replaces values names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PatchStyle {
    /// One operation with `path` for each attribute.
    Path,
    /// One operation without `path` whose value holds all attributes.
    NoPath,
}

/// How the operations of a PATCH are spelt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpCase {
    /// `add`, as RFC 7644 writes them.
    Lower,
    /// `Add`, for servers made to the measure of older Microsoft Entra clients.
    Capitalized,
}

/// How values are taken out of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberRemoval {
    /// `{"op": "remove", "path": "members[value eq \"7\"]"}`, as RFC 7644 writes it.
    PathFilter,
    /// `{"op": "remove", "path": "members", "value": [{"value": "7"}]}`.
    ValueArray,
}

/// How an account is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisableMode {
    /// `active` becomes false.
    Active,
    /// The account is deleted, for servers that know no disabled account.
    Delete,
}

/// What DELETE does in this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeleteMeaning {
    /// The object is gone at once.
    Hard,
    /// It can be restored for some time.
    Soft,
    /// An account is disabled.
    Deactivates,
}

impl From<DeleteMeaning> for DeleteSemantics {
    fn from(meaning: DeleteMeaning) -> Self {
        match meaning {
            DeleteMeaning::Hard => Self::Hard,
            DeleteMeaning::Soft => Self::Soft,
            DeleteMeaning::Deactivates => Self::Deactivates,
        }
    }
}

/// How lists are paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PageMode {
    /// By cursor where the server announces it, else by index.
    Auto,
    /// `startIndex` and `count` (RFC 7644 section 3.4.2.4).
    Index,
    /// `cursor` and `count` (RFC 9865).
    Cursor,
}

/// Which filters the server understands. Conditions that are not sent are checked here, on all objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilterSupport {
    /// All of them, unless the server announces that it has none.
    Auto,
    /// All of them.
    All,
    /// `eq`, joined by `and`.
    Eq,
    /// One `eq`.
    SingleEq,
    /// None.
    None,
}

/// Something that the server announces and that the configuration can overrule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// As the server announces it.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::serde_json::{from_value, json};

    #[test]
    fn an_empty_configuration_is_the_default() {
        assert_eq!(from_value::<Config>(json!({})).unwrap(), Config::default());
        assert_eq!(Config::default().validate(), Ok(()));
    }

    #[test]
    fn a_misspelt_key_or_value_is_refused() {
        assert!(from_value::<Config>(json!({"patchstyle": "path"})).is_err());
        assert!(from_value::<Config>(json!({"patch_style": "nopath"})).is_err());
        assert_eq!(from_value::<Config>(json!({"patch_style": "no-path"})).unwrap().patch_style, PatchStyle::NoPath);
    }

    #[test]
    fn limits_of_nothing_are_refused() {
        let no_members = Config { members_slice: 0, ..Config::default() };
        assert!(no_members.validate().unwrap_err().message.contains("members_slice"));
        let no_objects = Config { max_count: Some(0), ..Config::default() };
        assert!(no_objects.validate().unwrap_err().message.contains("max_count"));
        let no_operations = Config { bulk_max_operations: Some(0), ..Config::default() };
        assert!(no_operations.validate().unwrap_err().message.contains("bulk_max_operations"));
        let no_roles = Holdable { listed_at: None, values: Vec::new(), held: Held::Many };
        let no_roles = Config { roles: Some(no_roles), ..Config::default() };
        assert!(no_roles.validate().unwrap_err().message.contains("`roles`"));
        let no_path = Config { provider_path: "x".into(), ..Config::default() };
        assert!(no_path.validate().unwrap_err().message.contains("`x`"));
    }
}
