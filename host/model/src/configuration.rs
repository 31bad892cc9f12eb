//! What an operator declares: sources, targets, groups, roles and mappings.
//!
//! Expressions are CEL texts here; `purser-plan` compiles them. Secrets are references here; the runtime reads them.

use crate::api::ApiRules;
pub use crate::authentication::{EndpointAuthentication, SecretReference};
pub use crate::connectors::ConnectorReference;
use crate::connectors::{ConnectorRules, InstanceLimits, UpgradePolicy};
use crate::directory_server::DirectoryServerGrant;
use crate::egress::EgressRules;
use crate::guard::{Guard, GuardLimit};
use crate::id::{GroupName, IssuerName, RoleName, SecretName, SourceName, TargetName, WebhookName};
use crate::identity::Validity;
use crate::issuer::Issuer;
use crate::object::Digest;
use crate::password::PasswordPolicy;
use crate::quarantine::{QuarantineRules, RetryRules};
use crate::schedule::Schedule;
use crate::scim::PushedSource;
use crate::webhook::Webhook;
use crate::window::Windows;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// Everything that was declared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Configuration {
    /// Where identities come from.
    pub sources: BTreeMap<SourceName, Source>,
    /// Who pushes identities over SCIM; these are sources too.
    pub pushed: BTreeMap<SourceName, PushedSource>,
    /// Where accounts go.
    pub targets: BTreeMap<TargetName, Target>,
    /// Groups of identities.
    pub groups: BTreeMap<GroupName, Group>,
    /// What is granted.
    pub roles: BTreeMap<RoleName, Role>,
    /// Which connector files are trusted.
    pub connectors: ConnectorRules,
    /// Who is told of events.
    pub webhooks: BTreeMap<WebhookName, Webhook>,
    /// Whose tokens open the API, beside the host's own.
    pub issuers: BTreeMap<IssuerName, Issuer>,
    /// How the API is served.
    pub api: ApiRules,
}

impl Configuration {
    /// The targets in which another person than the requester approves.
    pub fn approved_by_others(&self) -> BTreeSet<TargetName> {
        let strict = self.targets.iter().filter(|(_, target)| target.approval == Approval::AnotherPerson);
        strict.map(|(name, _)| name.clone()).collect()
    }

    /// A digest of all of it; equal configurations have equal digests, whatever files they were declared in.
    pub fn digest(&self) -> Digest {
        struct Into(blake3::Hasher);
        impl std::fmt::Write for Into {
            fn write_str(&mut self, text: &str) -> std::fmt::Result {
                self.0.update(text.as_bytes());
                Ok(())
            }
        }
        let mut into = Into(blake3::Hasher::new());
        // Writing into a hasher does not fail. The debug form names every field, and its maps are in order.
        let _ = std::fmt::Write::write_fmt(&mut into, format_args!("{self:?}"));
        Digest(*into.0.finalize().as_bytes())
    }
}

/// An HTTP endpoint that a connector may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointGrant {
    /// Where it is.
    pub url: url::Url,
    /// How the host authenticates.
    pub authentication: EndpointAuthentication,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// Largest answer in bytes.
    pub max_response_bytes: u64,
    /// POST paths allowed while reading.
    pub reading_posts: Vec<String>,
    /// How far it reaches beyond its URL, and how much may pass.
    pub egress: EgressRules,
}

/// A directory that a connector may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryGrant {
    /// Where it is on the host; absolute.
    pub path: PathBuf,
    /// Whether it may write there.
    pub writes: bool,
}

/// All that a connector instance may reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantDeclaration {
    /// HTTP endpoints by name.
    pub endpoints: BTreeMap<String, EndpointGrant>,
    /// Directories by name.
    pub directories: BTreeMap<String, DirectoryGrant>,
    /// The LDAP directory.
    pub ldap: Option<DirectoryServerGrant>,
}

impl GrantDeclaration {
    /// The secrets of the sealed store that it refers to, each with the endpoint that needs it.
    pub fn sealed_secrets(&self) -> impl Iterator<Item = (&str, &SecretName)> {
        let endpoints = self.endpoints.iter();
        let of_endpoints = endpoints.flat_map(|(name, grant)| {
            grant.authentication.sealed_secrets().into_iter().map(move |secret| (name.as_str(), secret))
        });
        let of_ldap = self.ldap.iter().filter_map(|ldap| match ldap.bind.secret()? {
            SecretReference::Sealed(secret) => Some(("ldap", secret)),
            SecretReference::Environment(_) | SecretReference::File(_) => None,
        });
        of_endpoints.chain(of_ldap)
    }
}

/// A connector with its configuration and what it may reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Which connector.
    pub connector: ConnectorReference,
    /// Its configuration, without secrets.
    pub config: serde_json::Value,
    /// What it may reach.
    pub grant: GrantDeclaration,
    /// How a newer build of the connector takes over.
    pub upgrade: UpgradePolicy,
    /// What each call may use.
    pub limits: InstanceLimits,
}

impl Instance {
    /// An instance with everything else at its default.
    pub fn new(connector: ConnectorReference, config: serde_json::Value, grant: GrantDeclaration) -> Self {
        Self { connector, config, grant, upgrade: UpgradePolicy::default(), limits: InstanceLimits::default() }
    }
}

/// A source of identities.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The connector.
    pub instance: Instance,
    /// The class that is read.
    pub class: String,
    /// How an identity's attributes follow from a record (`record`, `id`, `active`). Empty takes the record as it is.
    pub attributes: BTreeMap<String, String>,
    /// How the lifecycle state follows from it; none: suspended where the record is not active, else active.
    pub lifecycle: Option<String>,
    /// CEL: from when on the identity works here, a date or a time; before it is staged.
    pub valid_from: Option<String>,
    /// CEL: until when; a date is the last day. Afterwards the identity has departed.
    pub valid_until: Option<String>,
    /// Where the days of its dates begin and end.
    pub time_zone: TimeZone,
    /// Whether identities that a complete listing does not hold have departed.
    pub absence_means_departed: bool,
    /// When it is read; none: as the host is told when it starts.
    pub schedule: Option<Schedule>,
    /// How many may depart in one import.
    pub guard: GuardLimit,
}

impl Source {
    /// A source that takes every record as it is.
    pub fn new(instance: Instance, class: String) -> Self {
        Self {
            instance,
            class,
            attributes: BTreeMap::new(),
            lifecycle: None,
            valid_from: None,
            valid_until: None,
            time_zone: TimeZone::UTC,
            absence_means_departed: true,
            schedule: None,
            guard: GuardLimit::default(),
        }
    }
}

/// How strongly a mapping holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Only where the account has no value.
    Weak,
    /// When the mapped value changes; what somebody changed in the target stays until then.
    Normal,
    /// Always: a difference is repaired.
    Strong,
}

/// What a mapping that gives no value does with the value that it wrote before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum NullPolicy {
    /// It is taken away.
    Clear,
    /// It stays.
    Keep,
}

/// Which values of a list belong to its mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnedValues {
    /// Those that it gave: what people added by hand stays.
    Own,
    /// The whole list.
    All,
}

/// How one attribute of an account follows from the identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The account's attribute; a dot reaches into complex attributes.
    pub attribute: String,
    /// CEL over `identity` and `today`; null means no value. Where the value is unique also over `iteration`.
    pub expression: String,
    /// How strongly it holds.
    pub strength: Strength,
    /// Whether it is written when the account is created and never afterwards.
    pub create_only: bool,
    /// What happens to what it wrote when it gives no value any more.
    pub null: NullPolicy,
    /// Which values of a list are its own; none: as [`Mapping::owned_values`] says.
    pub values: Option<OwnedValues>,
    /// Whether no other account of the target may have its value.
    pub unique: bool,
    /// For a reference: by which id the account of the identity that the expression names is referred to.
    pub refers_by: Option<ReferenceId>,
}

/// By which id of an account another account refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceId {
    /// Its primary id.
    Primary,
    /// A secondary id, such as `dn`.
    Secondary(String),
}

impl Mapping {
    /// A mapping of normal strength.
    pub fn new(attribute: String, expression: String) -> Self {
        Self {
            attribute,
            expression,
            strength: Strength::Normal,
            create_only: false,
            null: NullPolicy::Clear,
            values: None,
            unique: false,
            refers_by: None,
        }
    }

    /// Which values of a list are its own: where it is not declared, all of them for a strong mapping and those that it
    /// gave for any other.
    pub fn owned_values(&self) -> OwnedValues {
        self.values.unwrap_or(match self.strength {
            Strength::Strong => OwnedValues::All,
            Strength::Weak | Strength::Normal => OwnedValues::Own,
        })
    }
}

/// How an existing account is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlation {
    /// The account's attribute or secondary id.
    pub attribute: String,
    /// CEL over `identity`: the value it must have.
    pub expression: String,
    /// How much it says, from 1 to 100; the weights of the rules that match an account add up.
    pub weight: u8,
}

impl Correlation {
    /// A rule that identifies an account by itself.
    pub fn new(attribute: String, expression: String) -> Self {
        Self { attribute, expression, weight: FULL_WEIGHT }
    }
}

/// The largest weight: nothing is surer.
pub const FULL_WEIGHT: u8 = 100;

/// From which weight on an account is taken for an identity's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchThresholds {
    /// It is the identity's, unless another is as well.
    pub definite: u8,
    /// It may be the identity's: a person must decide. Below, it is no match.
    pub possible: u8,
}

impl Default for MatchThresholds {
    fn default() -> Self {
        Self { definite: FULL_WEIGHT, possible: 1 }
    }
}

/// Accounts that no operation ever touches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protection {
    /// Primary or secondary ids; case does not count.
    pub ids: Vec<String>,
    /// CEL over `account`, `id` and `active`: who else is protected. One that cannot be decided protects.
    pub rule: Option<String>,
}

impl Protection {
    /// Whether nothing is protected.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.rule.is_none()
    }
}

/// What happens where a linked account is gone from the target although its identity should have it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MissingReaction {
    /// It is created again.
    #[default]
    Create,
    /// Nothing; it is shown.
    Show,
    /// It is forgotten, and the identity is treated as one that never had an account here.
    Forget,
}

/// What happens to an account that no identity matches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum UnmatchedReaction {
    /// Nothing; it is shown.
    #[default]
    Show,
    /// It is disabled after a complete listing.
    Disable,
    /// It is deleted after a complete listing.
    Delete,
}

/// What happens to an account that one identity matches, and that nobody linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum UnlinkedReaction {
    /// Nothing; it is shown.
    Show,
    /// It is linked to the identity and brought to the desired state.
    Adopt,
}

/// What happens to an account whose identity should not have it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Deprovisioning {
    /// It stays as it is; entitlements that roles gave are revoked.
    Keep,
    /// Entitlements are revoked, then it is disabled.
    Disable,
    /// It is deleted.
    Delete,
}

/// What happens to an account whose identity should not have it any more, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// What.
    pub action: Deprovisioning,
    /// Nothing is done for so long after it was found that nobody grants the account.
    pub grace: Duration,
    /// A disabled account is deleted so long after it was found that nobody grants it.
    pub delete_after: Option<Duration>,
}

impl From<Deprovisioning> for Leaving {
    /// At once.
    fn from(action: Deprovisioning) -> Self {
        Self { action, grace: Duration::ZERO, delete_after: None }
    }
}

/// An entitlement that roles can grant.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredEntitlement {
    /// Its class in the target.
    pub class: String,
    /// The attribute by which it is found.
    pub attribute: String,
    /// The value of that attribute.
    pub value: String,
    /// Whether it is created where it is not found.
    pub create: bool,
    /// Names of entitlements of the same target that an account must hold first; they are granted with it.
    pub needs: Vec<String>,
}

/// When a target is reconciled; none: as the host is told when it starts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReconcileSchedules {
    /// When everything in it is looked at.
    pub full: Option<Schedule>,
    /// When its change feed is read.
    pub delta: Option<Schedule>,
}

/// Who approves what is planned or held for a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Approval {
    /// Everybody who may approve, and a plan that nobody rejected is applied.
    #[default]
    Anybody,
    /// Somebody else than who asked for it; nothing of a plan is done that nobody approved.
    AnotherPerson,
}

/// How much a target may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many calls, each request of a batch counted ...
    pub calls: u32,
    /// ... in any stretch of time of this length.
    pub per: Duration,
    /// So many at the same time.
    pub concurrency: u32,
}

/// How reports find accounts that nobody uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetInsight {
    /// The account's attribute that shows the last sign-in.
    pub last_sign_in: String,
    /// An account is dormant when its last sign-in is so long ago.
    pub dormant_after: Duration,
}

/// One application.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The connector.
    pub instance: Instance,
    /// The class of its accounts.
    pub class: String,
    /// How existing accounts are recognised, in order of trust.
    pub correlation: Vec<Correlation>,
    /// From which weight on they are.
    pub matching: MatchThresholds,
    /// Accounts that are never touched.
    pub protected: Protection,
    /// What happens to a match that is not linked.
    pub unlinked: UnlinkedReaction,
    /// What happens where a linked account is gone.
    pub missing: MissingReaction,
    /// What happens to an account that belongs to nobody.
    pub unmatched: UnmatchedReaction,
    /// The mappings, by attribute.
    pub mappings: Vec<Mapping>,
    /// How the passwords of new accounts are made; none: they get none.
    pub password: Option<PasswordPolicy>,
    /// What happens on leaving.
    pub leaving: Leaving,
    /// Who approves what is planned or held here.
    pub approval: Approval,
    /// Entitlements by the name that roles use.
    pub entitlements: BTreeMap<String, DeclaredEntitlement>,
    /// When it is reconciled.
    pub reconcile: ReconcileSchedules,
    /// When it may be looked at as a whole, and perhaps written to.
    pub windows: Windows,
    /// How much it may be asked; none: as much as it answers, one call after the other.
    pub rate: Option<Rate>,
    /// How reports find dormant accounts.
    pub insight: Option<TargetInsight>,
    /// How much may be taken away before it is held for approval.
    pub guard: Guard,
    /// How operations are tried again.
    pub retry: RetryRules,
    /// When it rests, and for how long.
    pub quarantine: QuarantineRules,
}

impl Target {
    /// A target without mappings and entitlements, in which nothing is adopted and whoever leaves is disabled.
    pub fn new(instance: Instance, class: String) -> Self {
        Self {
            instance,
            class,
            correlation: Vec::new(),
            matching: MatchThresholds::default(),
            protected: Protection::default(),
            unlinked: UnlinkedReaction::Show,
            missing: MissingReaction::default(),
            unmatched: UnmatchedReaction::default(),
            mappings: Vec::new(),
            password: None,
            leaving: Deprovisioning::Disable.into(),
            approval: Approval::default(),
            entitlements: BTreeMap::new(),
            reconcile: ReconcileSchedules::default(),
            windows: Windows::default(),
            rate: None,
            insight: None,
            guard: Guard::default(),
            retry: RetryRules::default(),
            quarantine: QuarantineRules::default(),
        }
    }
}

/// An identity that a declaration names, and when it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// As `source/key`.
    pub identity: String,
    /// From when until when.
    pub validity: Validity,
}

impl From<&str> for Member {
    /// For ever.
    fn from(identity: &str) -> Self {
        Self { identity: identity.to_owned(), validity: Validity::ALWAYS }
    }
}

/// A group of identities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Members named one by one.
    pub members: Vec<Member>,
    /// CEL over `identity`: who else belongs to it.
    pub rule: Option<String>,
}

/// What a role grants in one target: an account, and entitlements there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleGrant {
    /// The target.
    pub target: TargetName,
    /// Names of entitlements that the target declares.
    pub entitlements: Vec<String>,
}

/// A role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Role {
    /// Identities assigned directly.
    pub members: Vec<Member>,
    /// Groups whose members have it.
    pub groups: Vec<GroupName>,
    /// CEL over `identity`: who else has it.
    pub rule: Option<String>,
    /// The roles that it contains: who has it has those too.
    pub roles: Vec<RoleName>,
    /// Decides where only one of two can be had; the higher wins, then the name that comes first.
    pub priority: i64,
    /// Roles that nobody has together with it.
    pub excludes: Vec<RoleName>,
    /// From when until when anybody has it.
    pub validity: Validity,
    /// What it grants.
    pub grants: Vec<RoleGrant>,
}
