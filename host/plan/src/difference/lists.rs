//! Lists whose values belong to different people: the mapping changes its own values and leaves those of others alone.

use super::Reason;
use crate::compare::{Case, same_value};
use crate::desired::DesiredAttribute;
use purser_model::configuration::{OwnedValues, Strength};
use purser_model::edit::AttributeAction;
use serde_json::Value;
use std::slice;

/// Whether the mapping owns single values of a list here. A weak mapping writes only where there is none, and of what a
/// target never shows the values of others are not known: these two write lists as a whole.
pub(super) fn is_shared(attribute: &DesiredAttribute<'_>, pushed: Option<&Value>) -> bool {
    let is_list = attribute.described.traits.multi_valued
        || attribute.value.as_ref().map_or_else(|| pushed.is_some_and(Value::is_array), Value::is_array);
    is_list
        && attribute.mapping.owned_values() == OwnedValues::Own
        && attribute.strength() != Strength::Weak
        && !attribute.described.traits.write_only
}

/// Whether the mapping owns single values of the list, and all of them are there.
pub(crate) fn has_own_values(attribute: &DesiredAttribute<'_>, actual: Option<&Value>, pushed: Option<&Value>) -> bool {
    let case = if attribute.described.traits.case_exact { Case::Exact } else { Case::Folded };
    let is_there = |one: &Value| items(actual).iter().any(|other| same_value(one, other, &attribute.described, case));
    is_shared(attribute, pushed) && items(attribute.value.as_ref()).iter().all(is_there)
}

/// What brings the mapping's own values up to date. A value that it gave and gives no longer is removed. One that it gives
/// and that is not there is added; where it gave it before somebody took it away, and only a strong mapping puts it back.
pub(super) fn changes(
    attribute: &DesiredAttribute<'_>,
    actual: Option<&Value>,
    pushed: Option<&Value>,
) -> Vec<(AttributeAction, Reason)> {
    let (wanted, before, there) = (items(attribute.value.as_ref()), items(pushed), items(actual));
    let case = if attribute.described.traits.case_exact { Case::Exact } else { Case::Folded };
    let has = |list: &[Value], value: &Value| list.iter().any(|one| same_value(one, value, &attribute.described, case));
    let is_within =
        |value: &Value, list: &[Value]| list.iter().any(|one| same_value(value, one, &attribute.described, case));
    let gone: Vec<Value> = there.iter().filter(|one| has(before, one) && !has(wanted, one)).cloned().collect();
    let missing = wanted.iter().filter(|one| !is_within(one, there));
    let (repaired, new): (Vec<&Value>, Vec<&Value>) = missing.partition(|one| is_within(one, before));
    let repaired = if attribute.strength() == Strength::Strong { repaired } else { Vec::new() };
    let reason = if gone.is_empty() && new.is_empty() { Reason::Drifted } else { Reason::Derived };
    let added = each_once(new.into_iter().chain(repaired), |one, list| is_within(one, list));
    if gone.is_empty() && added.is_empty() {
        return Vec::new();
    }
    if attribute.described.traits.multi_valued {
        // What goes makes room for what comes, should both have the same key.
        let removal = (!gone.is_empty()).then_some((AttributeAction::Remove(gone), reason));
        let addition = (!added.is_empty()).then_some((AttributeAction::Add(added), reason));
        return removal.into_iter().chain(addition).collect();
    }
    let stays = there.iter().filter(|one| !gone.contains(one)).cloned();
    let list: Vec<Value> = stays.chain(added).collect();
    let action = if list.is_empty() { AttributeAction::Clear } else { AttributeAction::Replace(Value::Array(list)) };
    vec![(action, reason)]
}

fn items(value: Option<&Value>) -> &[Value] {
    match value {
        None => &[],
        Some(Value::Array(items)) => items,
        Some(single) => slice::from_ref(single),
    }
}

fn each_once<'a>(values: impl Iterator<Item = &'a Value>, is_within: impl Fn(&Value, &[Value]) -> bool) -> Vec<Value> {
    let mut once: Vec<Value> = Vec::new();
    for value in values {
        if !is_within(value, &once) {
            once.push(value.clone());
        }
    }
    once
}
