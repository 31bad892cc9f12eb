//! Which groups and roles an identity has, and why.

use super::data::{ExplainedExpression, ExplainedMembership, Membership};
use super::explained;
use crate::expression::Expression;
use crate::outcome::{Memberships, Origin};
use crate::rules::{RulePlace, Rules};
use crate::subject::Subject;
use purser_model::identity::LifecycleState;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn groups(rules: &Rules, subject: &Subject<'_>, found: &Memberships) -> Vec<ExplainedMembership> {
    let explain = |(name, rule): (&purser_model::id::GroupName, &crate::rules::MemberRule)| {
        let place = RulePlace::GroupRule { group: name.clone() };
        let undecided = found.faults.iter().find(|fault| fault.place == place).map(|fault| fault.cause.clone());
        membership(name.as_str(), rule.rule.as_ref(), found.groups.get(name), undecided, subject)
    };
    rules.groups.iter().map(explain).collect()
}

pub(super) fn roles(rules: &Rules, subject: &Subject<'_>, found: &Memberships) -> Vec<ExplainedMembership> {
    let explain = |(name, rule): (&purser_model::id::RoleName, &crate::rules::MemberRule)| {
        let fault = found.faults.iter().find(|fault| fault.roles.contains(name));
        let undecided = fault.map(|fault| format!("{}: {}", fault.place, fault.cause));
        membership(name.as_str(), rule.rule.as_ref(), found.roles.get(name), undecided, subject)
    };
    rules.roles.iter().map(explain).collect()
}

fn membership(
    name: &str,
    rule: Option<&Expression>,
    origins: Option<&BTreeSet<Origin>>,
    undecided: Option<String>,
    subject: &Subject<'_>,
) -> ExplainedMembership {
    let (membership, because) = match (origins, undecided) {
        (Some(_), _) => (Membership::Has, None),
        (None, Some(cause)) => (Membership::Undecided, Some(format!("cannot be decided: {cause}"))),
        (None, None) => (Membership::HasNot, Some(why_not(rule, subject.state))),
    };
    ExplainedMembership {
        name: name.to_owned(),
        membership,
        origins: origins.into_iter().flatten().map(ToString::to_string).collect(),
        rule: rule.map(|rule| evaluated(rule, subject)),
        because,
    }
}

fn why_not(rule: Option<&Expression>, state: LifecycleState) -> String {
    match (state, rule) {
        (LifecycleState::Staged | LifecycleState::Departed, _) => format!("the identity is {state}"),
        (_, Some(_)) => "it is not named, and the rule does not hold".to_owned(),
        (_, None) => "it is not named, directly or by a group".to_owned(),
    }
}

fn evaluated(rule: &Expression, subject: &Subject<'_>) -> ExplainedExpression {
    match rule.holds(&subject.scope) {
        Ok(holds) => explained(rule, Some(Value::Bool(holds)), None),
        Err(error) => explained(rule, None, Some(error.to_string())),
    }
}
