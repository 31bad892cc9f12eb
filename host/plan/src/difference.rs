//! Which attributes of an account are to be changed.

mod lists;

pub(crate) use lists::has_own_values;

use crate::attributes::{lookup, member};
use crate::compare::{Case, same};
use crate::desired::{Desired, DesiredAttribute};
use crate::expression::is_none;
use purser_model::Attributes;
use purser_model::configuration::Strength;
use purser_model::edit::{AttributeAction, AttributeChange};
use purser_model::operation::Intent;
use purser_model::plan::PlannedOperation;
use serde_json::Value;

/// What is known about an account's attributes.
pub(crate) struct Known<'a> {
    /// As last seen.
    pub(crate) actual: &'a Attributes,
    /// As mappings last wrote them.
    pub(crate) pushed: &'a Attributes,
}

/// Why an attribute is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// The mapping gives another value than before.
    Derived,
    /// The mapping gives what it gave before; the target has something else.
    Drifted,
    /// The account had no value.
    Unset,
}

/// The update that brings an account to its desired attributes; none where nothing differs.
pub(crate) fn update(desired: &Desired<'_>, known: &Known<'_>) -> Option<PlannedOperation> {
    let mut changes = Vec::new();
    let mut before = Attributes::new();
    let mut reasons = Vec::new();
    for attribute in &desired.attributes {
        let name = attribute.name();
        let actual = lookup(known.actual, name).filter(|value| !is_none(value));
        let actions = changes_of(attribute, actual, member(known.pushed, name));
        let Some((_, reason)) = actions.first() else { continue };
        before.insert(name.to_owned(), actual.cloned().unwrap_or(Value::Null));
        reasons.push((name, *reason));
        changes.extend(actions.into_iter().map(|(action, _)| AttributeChange { attribute: name.to_owned(), action }));
    }
    (!changes.is_empty()).then(|| PlannedOperation {
        intent: Intent::Update { changes },
        reason: sentence(&reasons),
        before,
    })
}

fn changes_of(
    attribute: &DesiredAttribute<'_>,
    actual: Option<&Value>,
    pushed: Option<&Value>,
) -> Vec<(AttributeAction, Reason)> {
    let traits = &attribute.described.traits;
    let change = match &attribute.value {
        _ if traits.immutable => None,
        _ if lists::is_shared(attribute, pushed) => return lists::changes(attribute, actual, pushed),
        Some(value) if traits.write_only => change_unseen(attribute, value, pushed),
        Some(value) => replace(attribute, value, actual, pushed),
        None => clear(attribute, actual, pushed),
    };
    change.into_iter().collect()
}

/// A value that the target never shows is written when it is new.
fn change_unseen(
    attribute: &DesiredAttribute<'_>,
    value: &Value,
    pushed: Option<&Value>,
) -> Option<(AttributeAction, Reason)> {
    let known = pushed.is_some_and(|pushed| same(value, pushed, &attribute.described, Case::Exact));
    // What a weak mapping wrote on create is not kept, so that nothing can be told about it later.
    (!known && attribute.strength() != Strength::Weak)
        .then(|| (AttributeAction::Replace(value.clone()), Reason::Derived))
}

fn replace(
    attribute: &DesiredAttribute<'_>,
    value: &Value,
    actual: Option<&Value>,
    pushed: Option<&Value>,
) -> Option<(AttributeAction, Reason)> {
    let as_pushed = pushed.is_some_and(|pushed| same(value, pushed, &attribute.described, Case::Exact));
    // A target that folds case shows another spelling of what was written; that is no drift. A new spelling is a change.
    let case = if as_pushed && !attribute.described.traits.case_exact { Case::Folded } else { Case::Exact };
    let is_so = actual.is_some_and(|actual| same(value, actual, &attribute.described, case));
    let reason = match attribute.strength() {
        _ if is_so => return None,
        Strength::Strong if as_pushed => Reason::Drifted,
        Strength::Normal if as_pushed => return None,
        Strength::Strong | Strength::Normal => Reason::Derived,
        Strength::Weak if actual.is_none() => Reason::Unset,
        Strength::Weak => return None,
    };
    Some((AttributeAction::Replace(value.clone()), reason))
}

/// A value is cleared only where a mapping wrote one before: what Purser never wrote is not Purser's.
fn clear(
    attribute: &DesiredAttribute<'_>,
    actual: Option<&Value>,
    pushed: Option<&Value>,
) -> Option<(AttributeAction, Reason)> {
    let there = actual.is_some() || attribute.described.traits.write_only;
    let ours = pushed.is_some() && attribute.strength() != Strength::Weak;
    (there && ours).then_some((AttributeAction::Clear, Reason::Derived))
}

fn sentence(reasons: &[(&str, Reason)]) -> String {
    let of = |wanted: Reason| reasons.iter().filter(move |(_, reason)| *reason == wanted).map(|(name, _)| *name);
    let part = |wanted: Reason, text: &str| {
        let names: Vec<&str> = of(wanted).collect();
        (!names.is_empty()).then(|| format!("{text} {}", names.join(", ")))
    };
    let parts = [
        part(Reason::Derived, "the identity gives another value for"),
        part(Reason::Drifted, "the target no longer has what was written to"),
        part(Reason::Unset, "the account has no value for"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
