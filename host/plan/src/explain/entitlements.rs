//! What becomes of each entitlement.

use super::data::{EntitlementDecision, ExplainedEntitlement};
use super::{About, Look};
use crate::entitlements::Wanted;
use crate::memberships;
use crate::outcome::Memberships;
use crate::rules::Rules;
use purser_model::account::EntitlementKey;
use purser_model::id::RoleName;
use purser_model::operation::{EntitlementReference, Intent};
use std::collections::BTreeSet;

/// The entitlements that the target declares, then those that only the target knows and the account holds.
pub(super) fn entitlements(rules: &Rules, memberships: &Memberships, look: &Look<'_>) -> Vec<ExplainedEntitlement> {
    let held = match look.about {
        About::There(account) => account.held.iter().collect(),
        About::Created | About::Nothing => BTreeSet::new(),
    };
    let mut granted = memberships::granted(rules, memberships);
    let wanted = granted.remove(look.name).zip(look.view);
    let wanted = wanted.map(|(granted, view)| Wanted::of(&granted, look.target, view));
    let mut declared_keys = BTreeSet::new();
    let mut explained = Vec::new();
    for name in look.target.entitlements.keys() {
        let keys: Vec<&EntitlementKey> = held.iter().copied().filter(|key| is_called(look, key, name)).collect();
        declared_keys.extend(keys.iter().copied());
        let granted_by = granting(rules, memberships, look, name);
        let why = wanted.as_ref().and_then(|wanted| wanted.entitlements.get(name.as_str())).map(ToString::to_string);
        explained.push(one(look, &EntitlementReference::Declared(name.clone()), granted_by, why, &keys));
    }
    for key in held.difference(&declared_keys) {
        explained.push(one(look, &EntitlementReference::Remote((*key).clone()), Vec::new(), None, &[key]));
    }
    explained
}

fn is_called(look: &Look<'_>, key: &EntitlementKey, name: &str) -> bool {
    look.view.is_some_and(|view| {
        view.entitlements.iter().any(|known| {
            known.name.as_deref() == Some(name) && known.class == key.class && known.remote_id.as_ref() == Some(&key.id)
        })
    })
}

/// The roles of the identity that grant it.
fn granting(rules: &Rules, memberships: &Memberships, look: &Look<'_>, name: &str) -> Vec<RoleName> {
    let grants = |role: &&RoleName| {
        let role = rules.configuration().roles.get(*role);
        role.is_some_and(|role| {
            role.grants
                .iter()
                .any(|grant| grant.target == *look.name && grant.entitlements.iter().any(|other| other == name))
        })
    };
    memberships.roles.keys().filter(grants).cloned().collect()
}

fn one(
    look: &Look<'_>,
    reference: &EntitlementReference,
    granted_by: Vec<RoleName>,
    wanted: Option<String>,
    keys: &[&EntitlementKey],
) -> ExplainedEntitlement {
    let planned = look.item.map_or(&[][..], |item| &item.operations).iter().find(|operation| match &operation.intent {
        Intent::Grant { entitlement } | Intent::Revoke { entitlement } => is_meant(entitlement, reference, keys),
        _ => false,
    });
    let held = !keys.is_empty();
    let (decision, because) = match planned {
        Some(operation) if matches!(operation.intent, Intent::Grant { .. }) => {
            (EntitlementDecision::Grant, operation.reason.clone())
        }
        Some(operation) => (EntitlementDecision::Revoke, operation.reason.clone()),
        None if !held && granted_by.is_empty() && wanted.is_none() => {
            (EntitlementDecision::NotHeld, "no role grants it".to_owned())
        }
        None => as_it_is(look, reference, wanted, held),
    };
    ExplainedEntitlement { entitlement: reference.to_string(), granted_by, held, decision, because }
}

/// Whether an operation's entitlement is this one. One that has several declared names is planned under one of them.
fn is_meant(planned: &EntitlementReference, reference: &EntitlementReference, keys: &[&EntitlementKey]) -> bool {
    match planned {
        EntitlementReference::Remote(key) => keys.contains(&key),
        EntitlementReference::Declared(_) => planned == reference,
    }
}

fn as_it_is(
    look: &Look<'_>,
    reference: &EntitlementReference,
    wanted: Option<String>,
    held: bool,
) -> (EntitlementDecision, String) {
    let decision = if held { EntitlementDecision::Held } else { EntitlementDecision::NotHeld };
    let because = match (held, wanted.is_none(), reference) {
        (true, false, _) => return (decision, wanted.unwrap_or_default()),
        (true, true, EntitlementReference::Remote(_)) => "no declaration names it: what was given in the target stays",
        _ if !look.left_alone.is_empty() => "nothing is done: see what is left alone",
        (true, true, EntitlementReference::Declared(_)) => {
            "no role grants it, and it cannot be taken away: it has another name, or the account must hold one"
        }
        (false, ..) => "nothing is planned for it",
    };
    (decision, because.to_owned())
}
