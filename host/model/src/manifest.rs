//! What a connector says about itself.

use serde::{Deserialize, Serialize};

/// How much `check` may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckLevel {
    /// Look at the configuration only.
    Offline,
    /// Also reach the target.
    Connect,
    /// Also look at permissions.
    Permissions,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Works, with restrictions.
    Warning,
    /// Does not work.
    Error,
}

/// One result of `check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable short code.
    pub code: String,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// What a class of objects is to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ClassKind {
    /// Belongs to one identity.
    Account,
    /// Something an account can hold.
    Entitlement,
    /// Neither.
    Other,
}

/// The kind of an attribute; `wit/types.wit` says how each is written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it all; their JSON is in the contract")]
pub enum AttributeKind {
    Text,
    Boolean,
    Integer,
    Decimal,
    Timestamp,
    Bytes,
    Reference,
    Complex,
    SecretSlot,
}

/// Traits of an attribute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "kebab-case")]
#[expect(clippy::struct_excessive_bools, reason = "these are the contract's flags")]
pub struct AttributeTraits {
    /// Holds a list whose order has no meaning.
    pub multi_valued: bool,
    /// Must be present on create.
    pub required: bool,
    /// Set by the target.
    pub read_only: bool,
    /// Set on create and never changed.
    pub immutable: bool,
    /// Never returned.
    pub write_only: bool,
    /// Compared with regard to case.
    pub case_exact: bool,
    /// No two objects share a value.
    pub unique: bool,
    /// Returned only when asked for.
    pub on_request: bool,
}

/// One attribute of a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ClassAttribute))]
pub struct Attribute {
    /// Its name; a dot reaches into complex attributes.
    pub name: String,
    /// What it means.
    pub description: String,
    /// How it is written.
    pub kind: AttributeKind,
    /// What holds for it.
    pub traits: AttributeTraits,
    /// For references: the class referred to.
    pub reference_class: Option<String>,
    /// For complex values: a JSON Schema.
    pub shape: Option<serde_json::Value>,
    /// Accepted values; empty means any.
    pub allowed_values: Vec<String>,
    /// Longest accepted text in Unicode characters.
    pub max_length: Option<u32>,
}

/// What a class can do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ClassOperations))]
#[serde(default, rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the contract's flags, one per call or edit")]
#[expect(clippy::struct_excessive_bools, reason = "these are the contract's flags")]
pub struct Operations {
    pub search: bool,
    pub get: bool,
    pub changes: bool,
    pub create: bool,
    pub update: bool,
    pub set_active: bool,
    pub delete: bool,
    pub set_password: bool,
    pub grant: bool,
    pub revoke: bool,
}

/// What `delete` does in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DeleteSemantics {
    /// Gone at once.
    Hard,
    /// Can be restored for some time.
    Soft,
    /// Disables instead.
    Deactivates,
    /// The class has no delete.
    None,
}

/// How many entitlements of one class an account holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Cardinality {
    /// Any number.
    Many,
    /// None or one.
    AtMostOne,
    /// Always one.
    ExactlyOne,
}

/// On which side a held entitlement is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum HoldingSide {
    /// The account lists entitlement ids.
    Account,
    /// The entitlement lists account ids.
    Entitlement,
}

/// How accounts hold an entitlement class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Holding {
    /// The class of accounts.
    pub account_class: String,
    /// On which side it is read.
    pub side: HoldingSide,
    /// The attribute on that side.
    pub attribute: String,
    /// How many.
    pub cardinality: Cardinality,
}

/// One class of objects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ObjectClass {
    /// Its name in requests.
    pub name: String,
    /// For people.
    pub title: String,
    /// What it is to the engine.
    pub kind: ClassKind,
    /// Its known attributes.
    pub attributes: Vec<Attribute>,
    /// Whether it may have others.
    pub open: bool,
    /// What it can do.
    pub operations: Operations,
    /// What delete does.
    pub delete_semantics: DeleteSemantics,
    /// For entitlements: how accounts hold them.
    pub holding: Option<Holding>,
    /// How long a read may still show the former state, in milliseconds.
    pub consistency_lag_ms: u32,
}

impl ObjectClass {
    /// The attribute of this name, compared without regard to case as SCIM names are.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }
}

/// An HTTP endpoint that a connector needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EgressNeed {
    /// The endpoint's name in requests.
    pub endpoint: String,
    /// What is there.
    pub description: String,
    /// An example or fixed URL.
    pub example: String,
    /// POST paths that only read.
    pub reading_posts: Vec<String>,
}

/// A directory that a connector needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DirectoryNeed {
    /// The directory's name in requests.
    pub directory: String,
    /// What is there.
    pub description: String,
    /// Whether the connector writes there.
    pub writes: bool,
}

/// A permission that the credential needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PermissionNeed {
    /// In the words of the target's console.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// What the connector asks the host to keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ConnectorLimits))]
pub struct Limits {
    /// Largest page.
    pub page_size: u32,
    /// Most requests in one `apply`.
    pub batch_size: u32,
}

/// What a connector says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ConnectorManifest))]
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// Its version.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub version: semver::Version,
    /// Who makes it.
    pub vendor: String,
    /// For people.
    pub description: String,
    /// JSON Schema of the configuration.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub config_schema: serde_json::Value,
    /// The classes known without asking the target.
    pub classes: Vec<ObjectClass>,
    /// Page and batch limits.
    pub limits: Limits,
    /// HTTP endpoints it reaches.
    pub egress: Vec<EgressNeed>,
    /// Directories it reads or writes.
    pub directories: Vec<DirectoryNeed>,
    /// Permissions its credential needs.
    pub permissions: Vec<PermissionNeed>,
}

impl Manifest {
    /// The class of this name.
    pub fn class(&self, name: &str) -> Option<&ObjectClass> {
        self.classes.iter().find(|class| class.name == name)
    }
}
