//! What goes into planning and what comes out of it.

use jiff::Timestamp;
use purser_model::account::{Account, Entitlement};
use purser_model::case::{DecidedCase, Matches};
use purser_model::id::{AccountId, AssignmentId, GroupName, IdentityId, RoleName, SourceName, TargetName};
use purser_model::identity::Identity;
use purser_model::manifest::ObjectClass;
use purser_model::plan::{Notice, PlanItem};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// All that a plan for one identity is made from, beside the targets' views.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentitySnapshot {
    /// The identity.
    pub identity: Identity,
    /// The accounts linked to it, in any target, those that went missing and those still to be created included.
    pub accounts: Vec<Account>,
    /// By target: accounts that nobody linked and that match a correlation value.
    pub candidates: BTreeMap<TargetName, Vec<Candidate>>,
    /// By target: the accounts that [`crate::Rules::references`] asks for, as far as they are there, by `source/key`.
    pub references: BTreeMap<TargetName, BTreeMap<String, Account>>,
    /// By target: which of the values asked for by [`crate::Rules::unique_values`] other accounts have, or are about to get.
    pub taken: BTreeMap<TargetName, TakenValues>,
    /// By target: what a person decided about candidates.
    pub decisions: BTreeMap<TargetName, DecidedCase>,
}

/// An account that may belong to an identity.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The account.
    pub account: Account,
    /// The correlation rules that found it, by their places in the declaration.
    pub rules: BTreeSet<usize>,
    /// Identities that definitely match it and should have an account there.
    pub claimed_by: BTreeSet<IdentityId>,
    /// The identity that a person took it from.
    pub taken_from: Option<IdentityId>,
}

impl Candidate {
    /// A candidate that these rules found, and that nobody else claims.
    pub fn new(account: Account, rules: impl IntoIterator<Item = usize>) -> Self {
        Self { account, rules: rules.into_iter().collect(), claimed_by: BTreeSet::new(), taken_from: None }
    }
}

/// What to look for in a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrelationValue {
    /// The place of the correlation rule in the declaration.
    pub rule: usize,
    /// The attribute or secondary id.
    pub attribute: String,
    /// The value it must have.
    pub value: String,
}

/// Values of unique attributes that are taken. Case does not count, neither in names nor in values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenValues(BTreeSet<(String, String)>);

impl TakenValues {
    /// Notes that a value of an attribute is taken.
    pub fn insert(&mut self, attribute: &str, value: &str) {
        self.0.insert((attribute.to_lowercase(), value.to_lowercase()));
    }

    /// Whether it is taken.
    pub fn contains(&self, attribute: &str, value: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&(attribute.to_lowercase(), value.to_lowercase()))
    }
}

/// Values of a unique attribute, of which an account will get one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueValues {
    /// The account's attribute.
    pub attribute: String,
    /// The possible values, each once.
    pub values: Vec<String>,
}

/// What planning must know about a target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TargetView {
    /// Its classes, as the connector describes or the target's schema says.
    pub classes: Vec<ObjectClass>,
    /// Its entitlements as far as they matter: at least those that have a declared name (`name: Some`).
    pub entitlements: Vec<Entitlement>,
}

impl TargetView {
    /// The class of this name.
    pub fn class(&self, name: &str) -> Option<&ObjectClass> {
        self.classes.iter().find(|class| class.name == name)
    }
}

/// What is to be done for one identity.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IdentityPlan {
    /// At most one item per account, ordered by target.
    pub items: Vec<PlanItem>,
    /// What was found and is left alone, with the reason.
    pub notices: Vec<Notice>,
    /// The accounts that nobody grants, whether or not anything is done about it yet.
    pub leaving: BTreeSet<AccountId>,
    /// By target: the accounts that nobody linked and that are or may be the identity's.
    pub matches: BTreeMap<TargetName, Matches>,
    /// The targets of which it cannot be said now which accounts are the identity's.
    pub unsettled: BTreeSet<TargetName>,
    /// Missing accounts that are to be forgotten.
    pub forgotten: BTreeSet<AccountId>,
    /// When time alone will change the plan: a validity begins or ends, a grace period is over,
    /// a day ends where a rule, mapping or correlation uses `today`.
    pub look_again_at: Option<Timestamp>,
}

impl IdentityPlan {
    /// Time alone will change the plan at this moment, if not before.
    pub(crate) fn look_again_at(&mut self, moment: Timestamp) {
        self.look_again_at = [self.look_again_at, Some(moment)].into_iter().flatten().min();
    }
}

/// Why an identity has a group or a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// It is named in the declaration.
    Direct,
    /// Somebody assigned the role to it.
    Assigned {
        /// The assignment.
        assignment: AssignmentId,
        /// Who.
        by: String,
        /// When it ends.
        until: Option<Timestamp>,
    },
    /// Somebody put it into the group.
    Added {
        /// Who.
        by: String,
    },
    /// It belongs to this group.
    Group(GroupName),
    /// The rule holds for it.
    Rule,
    /// It has this role, which contains it.
    Role(RoleName),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.pad("direct"),
            Self::Assigned { by, until: Some(until), .. } => write!(f, "assigned by {by} until {until:.0}"),
            Self::Assigned { by, until: None, .. } => write!(f, "assigned by {by}"),
            Self::Added { by } => write!(f, "added by {by}"),
            Self::Group(name) => write!(f, "group {name}"),
            Self::Rule => f.pad("rule"),
            Self::Role(name) => write!(f, "role {name}"),
        }
    }
}

/// The groups and roles of an identity. Only active and suspended identities have any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memberships {
    /// Groups, each with every reason.
    pub groups: BTreeMap<GroupName, BTreeSet<Origin>>,
    /// Roles, each with every reason.
    pub roles: BTreeMap<RoleName, BTreeSet<Origin>>,
    /// Roles that would be had but for another one that excludes them, with that one.
    pub excluded: BTreeMap<RoleName, RoleName>,
    /// Rules that could not be decided for this identity.
    pub faults: Vec<RuleFault>,
    /// When time alone will change something here.
    pub next_change: Option<Timestamp>,
}

/// A rule that could not be decided for an identity, so that nobody knows whether a role is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFault {
    /// Where the rule stands.
    pub place: crate::RulePlace,
    /// The rule.
    pub expression: String,
    /// Why it could not be decided.
    pub cause: String,
    /// The roles that hang on it and that the identity does not have for another reason, or would lose by it.
    pub roles: BTreeSet<RoleName>,
}

/// A record of a source does not make an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The source is not declared.
    #[error("source `{0}` is not declared")]
    UnknownSource(SourceName),
    /// The connector wrote attributes that are no JSON object.
    #[error(
        "source `{source_name}`, record `{record}`: the connector wrote attributes that are no JSON object: {cause}"
    )]
    NotAnObject {
        /// The source.
        source_name: SourceName,
        /// The record's primary id.
        record: String,
        /// What the parser says.
        cause: String,
    },
    /// An expression cannot be evaluated for this record.
    #[error("source `{source_name}`, record `{record}`: {key} = \"{expression}\": {cause}")]
    Expression {
        /// The source.
        source_name: SourceName,
        /// The record's primary id.
        record: String,
        /// `lifecycle` or `attributes.NAME`.
        key: String,
        /// The expression.
        expression: String,
        /// Why it failed.
        cause: String,
    },
}
