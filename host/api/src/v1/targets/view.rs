//! How a target is declared, as the API shows it.

use purser_model::configuration::{
    Deprovisioning, MissingReaction, Strength, Target, UnlinkedReaction, UnmatchedReaction,
};
use purser_model::guard::Guard;
use serde::Serialize;
use utoipa::ToSchema;

/// How a target is declared.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeclaredTarget {
    /// Which connector it takes.
    connector: String,
    /// The class of its accounts.
    class: String,
    /// How accounts that are there already are recognised, in order of trust.
    correlation: Vec<DeclaredCorrelation>,
    /// How attributes follow from the identity.
    mappings: Vec<DeclaredMapping>,
    /// What roles can grant in it.
    entitlements: Vec<String>,
    /// What happens to a match that is not linked.
    unlinked: UnlinkedReaction,
    /// What happens where a linked account is gone.
    missing: MissingReaction,
    /// What happens to an account that belongs to nobody.
    unmatched: UnmatchedReaction,
    /// What happens on leaving.
    leaving: DeclaredLeaving,
    /// How much may be taken away before it is held.
    guard: Guard,
    /// When everything in it is looked at, in five fields of cron; null where the host was told when it started.
    full: Option<String>,
    /// When its change feed is followed, in five fields of cron.
    delta: Option<String>,
    /// Whether what is written, or looked at as a whole, waits for declared hours.
    has_windows: bool,
}

/// What happens on leaving.
#[derive(Serialize, ToSchema)]
struct DeclaredLeaving {
    action: Deprovisioning,
    /// Nothing is done for so many seconds.
    grace_seconds: u64,
    /// A disabled account is deleted after so many seconds; null where it is not.
    delete_after_seconds: Option<u64>,
}

/// How an account that is there already is recognised.
#[derive(Serialize, ToSchema)]
struct DeclaredCorrelation {
    attribute: String,
    expression: String,
    /// How much it says, from 1 to 100.
    weight: u8,
}

/// How one attribute follows from the identity.
#[derive(Serialize, ToSchema)]
struct DeclaredMapping {
    attribute: String,
    expression: String,
    strength: Strength,
    /// Whether it is written when the account is made and never afterwards.
    create_only: bool,
    /// Whether no other account may have its value.
    unique: bool,
}

/// How it is declared.
pub(super) fn declared(target: &Target) -> DeclaredTarget {
    let correlation = target.correlation.iter().map(|rule| DeclaredCorrelation {
        attribute: rule.attribute.clone(),
        expression: rule.expression.clone(),
        weight: rule.weight,
    });
    let mappings = target.mappings.iter().map(|mapping| DeclaredMapping {
        attribute: mapping.attribute.clone(),
        expression: mapping.expression.clone(),
        strength: mapping.strength,
        create_only: mapping.create_only,
        unique: mapping.unique,
    });
    let leaving = &target.leaving;
    DeclaredTarget {
        connector: target.instance.connector.to_string(),
        class: target.class.clone(),
        correlation: correlation.collect(),
        mappings: mappings.collect(),
        entitlements: target.entitlements.keys().cloned().collect(),
        unlinked: target.unlinked,
        missing: target.missing,
        unmatched: target.unmatched,
        leaving: DeclaredLeaving {
            action: leaving.action,
            grace_seconds: leaving.grace.as_secs(),
            delete_after_seconds: leaving.delete_after.map(|after| after.as_secs()),
        },
        guard: target.guard,
        full: target.reconcile.full.as_ref().map(|schedule| schedule.expression().to_owned()),
        delta: target.reconcile.delta.as_ref().map(|schedule| schedule.expression().to_owned()),
        has_windows: !target.windows.windows.is_empty(),
    }
}
