//! What became of each mapping.

use super::data::{ExplainedMapping, MappingDecision};
use super::{About, Look, explained, expression};
use crate::attributes::{lookup, member};
use crate::compare::{Case, same};
use crate::desired::{self, Desired, DesiredAttribute, MappingFault};
use crate::difference::has_own_values;
use crate::expression::is_none;
use crate::rules::MappingRule;
use crate::subject::Subject;
use crate::unique::Holder;
use purser_model::Attributes;
use purser_model::configuration::Strength;
use purser_model::edit::AttributeAction;
use purser_model::operation::Intent;
use serde_json::Value;

/// What a mapping gave, as the planner derives it.
type Derived<'a> = Result<Desired<'a>, Vec<MappingFault>>;

pub(super) fn mappings(subject: &Subject<'_>, look: &Look<'_>) -> Vec<ExplainedMapping> {
    let class = match look.about {
        About::There(account) => &account.class,
        About::Created | About::Nothing => &look.target.class,
    };
    let class = look.view.and_then(|view| view.class(class));
    let actual = match look.about {
        About::There(account) => serde_json::from_str::<Attributes>(&account.attributes).ok(),
        About::Created | About::Nothing => None,
    };
    let account = match (&look.about, &actual) {
        (About::There(account), Some(actual)) => {
            desired::Account::There(Holder { actual, secondary_ids: &account.secondary_ids, pushed: &account.pushed })
        }
        _ => desired::Account::New,
    };
    let derived = class.map(|class| Desired::derive(subject, look.rules, class, account, &look.others));
    look.rules.mappings.iter().map(|rule| mapping(subject, look, rule, derived.as_ref(), actual.as_ref())).collect()
}

fn mapping(
    subject: &Subject<'_>,
    look: &Look<'_>,
    rule: &MappingRule,
    derived: Option<&Derived<'_>>,
    actual: Option<&Attributes>,
) -> ExplainedMapping {
    let name = &rule.declared.attribute;
    let actual = actual.and_then(|actual| lookup(actual, name)).filter(|value| !is_none(value));
    let pushed = match look.about {
        About::There(account) => member(&account.pushed, name),
        About::Created | About::Nothing => None,
    };
    let mut expression = match rule.declared.unique {
        // Its value is the one that was chosen.
        true => explained(&rule.expression, None, None),
        false => expression(&rule.expression, subject),
    };
    let (decision, because) = match derived {
        None => (MappingDecision::NotCompared, "the class is not known".to_owned()),
        Some(Err(faults)) => failed(faults, name),
        Some(Ok(desired)) => match desired.attributes.iter().find(|attribute| attribute.name() == name) {
            Some(attribute) => {
                expression.value = attribute.value.clone();
                decided(look, attribute, actual, pushed)
            }
            None => not_desired(desired, rule),
        },
    };
    ExplainedMapping {
        attribute: name.clone(),
        strength: rule.declared.strength,
        expression,
        actual: actual.cloned(),
        pushed: pushed.cloned(),
        decision,
        because,
    }
}

fn failed(faults: &[MappingFault], name: &str) -> (MappingDecision, String) {
    match faults.iter().find(|fault| fault.attribute == name) {
        Some(fault) => (MappingDecision::Failed, fault.cause.clone()),
        None => (MappingDecision::NotCompared, "another mapping fails, so nothing is done in this target".to_owned()),
    }
}

fn not_desired(desired: &Desired<'_>, rule: &MappingRule) -> (MappingDecision, String) {
    let name = &rule.declared.attribute;
    if let Some(late) = desired.late.iter().find(|late| late.attribute == name.as_str()) {
        let because = format!("it waits until {} has an account here", late.identities.join(", "));
        return (MappingDecision::Waits, because);
    }
    let found = desired.left_out.iter().find(|left_out| left_out.attribute == *name);
    if let Some(left_out) = found {
        return (MappingDecision::LeftOut, left_out.cause.clone());
    }
    let because = if rule.declared.create_only {
        "it is written when the account is created, and never again"
    } else {
        "it gives no value, and what it wrote before stays"
    };
    (MappingDecision::Left, because.to_owned())
}

/// What the plan's item does with the attribute, else why it does nothing.
fn decided(
    look: &Look<'_>,
    attribute: &DesiredAttribute<'_>,
    actual: Option<&Value>,
    pushed: Option<&Value>,
) -> (MappingDecision, String) {
    let operations = look.item.map_or(&[][..], |item| &item.operations);
    for operation in operations {
        if let Intent::Update { changes } = &operation.intent
            && let Some(change) = changes.iter().find(|change| change.attribute == attribute.name())
        {
            let decision = match change.action {
                AttributeAction::Clear => MappingDecision::Cleared,
                _ => MappingDecision::Written,
            };
            return (decision, why_written(attribute, actual, pushed).to_owned());
        }
    }
    match look.about {
        About::Created if attribute.value.is_some() => {
            (MappingDecision::Created, "the account is created with it".to_owned())
        }
        About::Created => (MappingDecision::Same, "it gives no value, and none is sent".to_owned()),
        About::Nothing => (MappingDecision::NotCompared, "there is no account to compare with".to_owned()),
        About::There(_) => why_left(look, attribute, actual, pushed),
    }
}

fn why_written(attribute: &DesiredAttribute<'_>, actual: Option<&Value>, pushed: Option<&Value>) -> &'static str {
    match (&attribute.value, pushed) {
        (None, _) => "it gives no value any more, and the account's came from it",
        (Some(_), _) if attribute.strength() == Strength::Weak => "weak, and the account has no value",
        (Some(value), Some(pushed)) if is_same(attribute, value, pushed) && actual.is_none() => {
            "strong, and the account lost what was written"
        }
        (Some(value), Some(pushed)) if is_same(attribute, value, pushed) => {
            "strong, and the account drifted from what was written"
        }
        (Some(_), Some(_)) => "it gives another value than before",
        (Some(_), None) => "it was not written before",
    }
}

fn why_left(
    look: &Look<'_>,
    attribute: &DesiredAttribute<'_>,
    actual: Option<&Value>,
    pushed: Option<&Value>,
) -> (MappingDecision, String) {
    let traits = &attribute.described.traits;
    let as_pushed = |value| pushed.is_some_and(|pushed| is_same(attribute, value, pushed));
    let as_it_is = |value| actual.is_some_and(|actual| same(value, actual, &attribute.described, Case::Folded));
    let (decision, because) = match (&attribute.value, actual) {
        (Some(value), _) if as_it_is(value) => (MappingDecision::Same, "the account has it"),
        (Some(_), Some(_)) if has_own_values(attribute, actual, pushed) => {
            (MappingDecision::Same, "the account has its values; those of others stay")
        }
        (Some(value), None) if traits.write_only && as_pushed(value) => {
            (MappingDecision::Same, "it was written, and the target does not show it")
        }
        (None, None) => (MappingDecision::Same, "it gives no value, and the account has none"),
        _ if traits.immutable => (MappingDecision::Left, "the target does not change it after creation"),
        (None, Some(_)) => (MappingDecision::Left, "it gives no value, and the account's was never written by it"),
        (Some(value), Some(_)) if attribute.strength() == Strength::Normal && as_pushed(value) => (
            MappingDecision::Left,
            "normal: somebody changed it in the target, and the identity gives what it gave before",
        ),
        (Some(value), None) if attribute.strength() == Strength::Normal && as_pushed(value) => (
            MappingDecision::Left,
            "normal: somebody removed it in the target, and the identity gives what it gave before",
        ),
        (Some(_), Some(_)) if attribute.strength() == Strength::Weak => {
            (MappingDecision::Left, "weak, and the account has a value")
        }
        (Some(_), None) if attribute.strength() == Strength::Weak => {
            (MappingDecision::Left, "weak, and the target does not show the value")
        }
        _ if look.left_alone.is_empty() => (MappingDecision::Left, "nothing is planned for it"),
        _ => (MappingDecision::Left, "it differs, and nothing is done: see what is left alone"),
    };
    (decision, because.to_owned())
}

fn is_same(attribute: &DesiredAttribute<'_>, value: &Value, other: &Value) -> bool {
    same(value, other, &attribute.described, Case::Exact)
}
