//! A configuration whose expressions are compiled.

use crate::{IdentityPlan, IdentitySnapshot, Memberships, RecordError, TargetView};
use purser_model::configuration::Configuration;
use purser_model::id::{GroupName, RoleName, SourceName, TargetName};
use purser_model::identity::{Identity, IdentityRecord};
use purser_model::object::Object;
use purser_model::plan::PlannedOperation;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Where an expression stands in the declarations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RulePlace {
    /// `source.NAME.attributes.ATTRIBUTE`
    SourceAttribute {
        /// The source.
        source: SourceName,
        /// The identity's attribute.
        attribute: String,
    },
    /// `source.NAME.lifecycle`
    SourceLifecycle {
        /// The source.
        source: SourceName,
    },
    /// `target.NAME.correlation[INDEX].value`
    Correlation {
        /// The target.
        target: TargetName,
        /// Which correlation, counted from 0.
        index: usize,
    },
    /// `target.NAME.mapping.ATTRIBUTE`
    Mapping {
        /// The target.
        target: TargetName,
        /// The account's attribute.
        attribute: String,
    },
    /// `group.NAME.rule`
    GroupRule {
        /// The group.
        group: GroupName,
    },
    /// `role.NAME.rule`
    RoleRule {
        /// The role.
        role: RoleName,
    },
}

impl fmt::Display for RulePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SourceAttribute { source, attribute } => write!(f, "source.{source}.attributes.{attribute}"),
            Self::SourceLifecycle { source } => write!(f, "source.{source}.lifecycle"),
            Self::Correlation { target, index } => write!(f, "target.{target}.correlation[{index}].value"),
            Self::Mapping { target, attribute } => write!(f, "target.{target}.mapping.{attribute}"),
            Self::GroupRule { group } => write!(f, "group.{group}.rule"),
            Self::RoleRule { role } => write!(f, "role.{role}.rule"),
        }
    }
}

/// An expression that does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} = \"{expression}\": {message}")]
pub struct RuleError {
    /// Where it stands.
    pub place: RulePlace,
    /// The expression.
    pub expression: String,
    /// What is wrong with it and what to do.
    pub message: String,
}

/// A configuration with every expression compiled once.
#[derive(Debug)]
pub struct Rules {
    configuration: Configuration,
}

impl Rules {
    /// Compiles every expression of a configuration.
    ///
    /// # Errors
    /// Every expression that does not compile, not only the first.
    pub fn compile(configuration: Configuration) -> Result<Self, Vec<RuleError>> {
        Ok(Self { configuration })
    }

    /// The configuration these rules come from.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The identity record that an object of a source stands for.
    ///
    /// # Errors
    /// The object or the source's declaration does not give one; the error names key, expression and cause.
    pub fn identity_record(&self, source: &SourceName, object: &Object) -> Result<IdentityRecord, RecordError> {
        let _ = (source, object);
        todo!("filled in by a following change")
    }

    /// The groups and roles of an identity, with the reasons.
    pub fn memberships(&self, identity: &Identity) -> Memberships {
        let _ = identity;
        todo!("filled in by a following change")
    }

    /// What to look for in a target where the identity should have an account and none is linked: attribute and value, in
    /// order of trust.
    pub fn correlation_values(&self, identity: &Identity, target: &TargetName) -> Vec<(String, String)> {
        let _ = (identity, target);
        todo!("filled in by a following change")
    }

    /// The attributes by which accounts of a target are recognised.
    pub fn correlation_attributes(&self, target: &TargetName) -> Vec<String> {
        let _ = target;
        todo!("filled in by a following change")
    }

    /// The targets in which the identity should have an account.
    pub fn targets_granted(&self, identity: &Identity) -> BTreeSet<TargetName> {
        let _ = identity;
        todo!("filled in by a following change")
    }

    /// What is to be done for one identity.
    pub fn plan_identity(&self, snapshot: &IdentitySnapshot, views: &BTreeMap<TargetName, TargetView>) -> IdentityPlan {
        let _ = (snapshot, views);
        todo!("filled in by a following change")
    }

    /// The declared entitlements that are to be created in a target because they are not there, by their declared name.
    pub fn plan_entitlements(&self, target: &TargetName, view: &TargetView) -> Vec<(String, PlannedOperation)> {
        let _ = (target, view);
        todo!("filled in by a following change")
    }
}
