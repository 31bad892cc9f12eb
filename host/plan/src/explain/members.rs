//! Which groups and roles an identity has, and why.

use super::data::{ExplainedExpression, ExplainedMembership, Membership};
use super::explained;
use crate::expression::Expression;
use crate::outcome::{Memberships, Origin};
use crate::rules::{MemberRule, RulePlace, Rules};
use crate::subject::Subject;
use purser_model::id::{GroupName, RoleName};
use purser_model::identity::{LifecycleState, Moment};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn groups(rules: &Rules, subject: &Subject<'_>, found: &Memberships) -> Vec<ExplainedMembership> {
    let explain = |(name, rule): (&GroupName, &MemberRule)| {
        let place = RulePlace::GroupRule { group: name.clone() };
        let undecided = found.faults.iter().find(|fault| fault.place == place).map(|fault| fault.cause.clone());
        membership(name.as_str(), rule.rule.as_ref(), found.groups.get(name), undecided, None, subject)
    };
    rules.groups.iter().map(explain).collect()
}

pub(super) fn roles(rules: &Rules, subject: &Subject<'_>, found: &Memberships) -> Vec<ExplainedMembership> {
    let explain = |(name, rule): (&RoleName, &MemberRule)| {
        let fault = found.faults.iter().find(|fault| fault.roles.contains(name));
        let undecided = fault.map(|fault| format!("{}: {}", fault.place, fault.cause));
        let kept_away = kept_away(rules, name, subject, found);
        membership(name.as_str(), rule.rule.as_ref(), found.roles.get(name), undecided, kept_away, subject)
    };
    rules.roles.iter().map(explain).collect()
}

fn membership(
    name: &str,
    rule: Option<&Expression>,
    origins: Option<&BTreeSet<Origin>>,
    undecided: Option<String>,
    kept_away: Option<String>,
    subject: &Subject<'_>,
) -> ExplainedMembership {
    let (membership, because) = match (origins, undecided) {
        (Some(_), _) => (Membership::Has, None),
        (None, Some(cause)) => (Membership::Undecided, Some(format!("cannot be decided: {cause}"))),
        (None, None) => (Membership::HasNot, Some(kept_away.unwrap_or_else(|| why_not(rule, subject.state)))),
    };
    ExplainedMembership {
        name: name.to_owned(),
        membership,
        origins: origins.into_iter().flatten().map(ToString::to_string).collect(),
        rule: rule.map(|rule| evaluated(rule, subject)),
        because,
    }
}

/// Why a role is not had whoever is named and whatever its rule says.
fn kept_away(rules: &Rules, name: &RoleName, subject: &Subject<'_>, found: &Memberships) -> Option<String> {
    if let Some(winner) = found.excluded.get(name) {
        return Some(format!("it and role {winner} exclude each other, and {winner} ranks higher"));
    }
    match rules.configuration().roles.get(name)?.validity.at(subject.now) {
        Moment::Before => Some("the role does not hold yet".to_owned()),
        Moment::After => Some("the role does not hold any more".to_owned()),
        Moment::Within => None,
    }
}

fn why_not(rule: Option<&Expression>, state: LifecycleState) -> String {
    match (state, rule) {
        (LifecycleState::Staged | LifecycleState::Departed, _) => format!("the identity is {state}"),
        (_, Some(_)) => "it is not named at this time, and the rule does not hold".to_owned(),
        (_, None) => "it is not named at this time, directly, by a group or by a role".to_owned(),
    }
}

fn evaluated(rule: &Expression, subject: &Subject<'_>) -> ExplainedExpression {
    match rule.holds(&subject.scope) {
        Ok(holds) => explained(rule, Some(Value::Bool(holds)), None),
        Err(error) => explained(rule, None, Some(error.to_string())),
    }
}
