//! Explains a plan: every step with its values.
//!
//! Nothing is decided here. What is done is the plan's own items and notices, and each step is derived by the functions that
//! the planner uses; a decision about a mapping or an entitlement is read from the items.

mod attributes;
pub(crate) mod data;
mod entitlements;
mod members;
mod text;

use crate::desired::Others;
use crate::expression::Expression;
use crate::memberships::memberships;
use crate::outcome::{IdentityPlan, IdentitySnapshot, Memberships, TakenValues, TargetView};
use crate::references::Referred;
use crate::rules::{CorrelationRule, Rules, TargetRules};
use crate::subject::Subject;
use data::*;
use jiff::Timestamp;
use purser_model::account::{Account, Situation};
use purser_model::configuration::Target;
use purser_model::id::{RoleName, TargetName};
use purser_model::identity::LifecycleState;
use purser_model::later;
use purser_model::operation::Intent;
use purser_model::plan::{Link, PlanItem};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What rules, mappings and correlations read.
const VARIABLES: &[&str] = &["identity"];

impl Rules {
    /// Why [`Rules::plan_identity`] plans what it plans from the same input: every step with its values. Its items and its
    /// reasons for leaving something alone are the plan's.
    pub fn explain_identity(
        &self,
        snapshot: &IdentitySnapshot,
        views: &BTreeMap<TargetName, TargetView>,
        now: Timestamp,
    ) -> Explanation {
        explain_identity(self, snapshot, views, now)
    }
}

impl Explanation {
    /// The explanation as an indented tree for people.
    pub fn text(&self) -> String {
        text::text(self)
    }
}

fn explain_identity(
    rules: &Rules,
    snapshot: &IdentitySnapshot,
    views: &BTreeMap<TargetName, TargetView>,
    now: Timestamp,
) -> Explanation {
    let plan = rules.plan_identity(snapshot, views, now);
    let subject = Subject::new(&rules.dialect, &snapshot.identity, now);
    let memberships = memberships(rules, &subject);
    let linked = snapshot.accounts.iter().map(|account| &account.target);
    let names: BTreeSet<&TargetName> = rules.targets.keys().chain(linked).collect();
    let scene = Scene { rules, snapshot, views, subject: &subject, memberships: &memberships, plan: &plan };
    Explanation {
        at: now,
        identity: identity(snapshot, &subject),
        groups: members::groups(rules, &subject, &memberships),
        roles: members::roles(rules, &subject, &memberships),
        targets: names.into_iter().map(|name| scene.target(name)).collect(),
        look_again_at: plan.look_again_at,
    }
}

fn identity(snapshot: &IdentitySnapshot, subject: &Subject<'_>) -> ExplainedIdentity {
    let identity = &snapshot.identity;
    ExplainedIdentity {
        id: identity.id,
        reference: identity.reference(),
        label: identity.label().to_owned(),
        declared_state: identity.state,
        state: subject.state,
        validity: identity.validity,
        imposed: identity.added.imposed.clone(),
        version: identity.version,
        changed_at: identity.changed_at,
        attributes: identity.attributes.clone(),
    }
}

/// An expression with its result for this identity.
fn expression(expression: &Expression, subject: &Subject<'_>) -> ExplainedExpression {
    let (value, fault) = match expression.evaluate(&subject.scope) {
        Ok(value) => (value, None),
        Err(error) => (None, Some(error.to_string())),
    };
    explained(expression, value, fault)
}

fn explained(expression: &Expression, value: Option<Value>, fault: Option<String>) -> ExplainedExpression {
    ExplainedExpression {
        expression: expression.text().to_owned(),
        reads: expression.reads(VARIABLES).into_iter().collect(),
        value,
        fault,
    }
}

/// All that is explained from.
struct Scene<'a> {
    rules: &'a Rules,
    snapshot: &'a IdentitySnapshot,
    views: &'a BTreeMap<TargetName, TargetView>,
    subject: &'a Subject<'a>,
    memberships: &'a Memberships,
    plan: &'a IdentityPlan,
}

/// The account that a target's steps are about.
enum About<'a> {
    /// It is to be created.
    Created,
    /// It is there.
    There(&'a Account),
    /// None, or none that can be told.
    Nothing,
}

/// One declared target, with what its steps need.
struct Look<'a> {
    name: &'a TargetName,
    target: &'a Target,
    rules: &'a TargetRules,
    view: Option<&'a TargetView>,
    /// What is known of the accounts of others here.
    others: Others<'a>,
    about: About<'a>,
    /// The plan's item for that account.
    item: Option<&'a PlanItem>,
    left_alone: &'a [String],
}

impl Scene<'_> {
    fn target(&self, name: &TargetName) -> ExplainedTarget {
        let items: Vec<PlanItem> = self.plan.items.iter().filter(|item| item.target == *name).cloned().collect();
        let notices = self.plan.notices.iter().filter(|notice| notice.target.as_ref() == Some(name));
        let left_alone: Vec<String> = notices.map(|notice| notice.message.clone()).collect();
        let (scope, granted_by, scope_because) = self.scope(name);
        let mut target = ExplainedTarget {
            target: name.clone(),
            scope,
            granted_by,
            scope_because,
            accounts: self.linked(name).map(|account| self.account(account)).collect(),
            correlation: None,
            compared_with: None,
            mappings: Vec::new(),
            entitlements: Vec::new(),
            activation: None,
            leaving: self.leaving(name),
            conclusion: String::new(),
            items,
            left_alone,
        };
        let declared = (self.rules.configuration().targets.get(name), self.rules.targets.get(name));
        if let (Scope::Granted, (Some(declared), Some(rules))) = (scope, declared) {
            self.fill_in(&mut target, declared, rules);
        }
        target.conclusion = conclusion(&target, self.subject.state);
        target
    }

    /// What only a target in scope has.
    fn fill_in(&self, explained: &mut ExplainedTarget, target: &Target, rules: &TargetRules) {
        let name = &explained.target;
        if !self.linked(name).any(|account| account.remote_id.is_some()) {
            explained.correlation = Some(self.correlation(name, target, rules));
        }
        let about = self.about(name);
        let item = match &about {
            About::Created => explained.items.first(),
            About::There(account) => explained.items.iter().find(|item| item.account == Some(account.id)),
            About::Nothing => None,
        };
        let (view, nobody, nothing) = (self.views.get(name), Referred::new(), TakenValues::default());
        let others = Others {
            referred: self.snapshot.references.get(name).unwrap_or(&nobody),
            taken: self.snapshot.taken.get(name).unwrap_or(&nothing),
        };
        let look = Look { name, target, rules, view, others, about, item, left_alone: &explained.left_alone };
        let mappings = attributes::mappings(self.subject, &look);
        let entitlements = entitlements::entitlements(self.rules, self.memberships, &look);
        explained.activation = activation(&look, self.subject.state);
        explained.compared_with = match look.about {
            About::There(account) => Some(account.id),
            About::Created | About::Nothing => None,
        };
        (explained.mappings, explained.entitlements) = (mappings, entitlements);
    }

    fn scope(&self, name: &TargetName) -> (Scope, Vec<RoleName>, Vec<String>) {
        let granting = |role: &RoleName| {
            let role = self.rules.configuration().roles.get(role);
            role.is_some_and(|role| role.grants.iter().any(|grant| grant.target == *name))
        };
        let granted_by: Vec<RoleName> = self.memberships.roles.keys().filter(|role| granting(role)).cloned().collect();
        if !self.rules.targets.contains_key(name) {
            return (Scope::NotDeclared, granted_by, Vec::new());
        }
        let faults = self.memberships.faults.iter().filter(|fault| fault.roles.iter().any(&granting));
        let undecided: Vec<String> =
            faults.map(|fault| format!("{} cannot be decided: {}", fault.place, fault.cause)).collect();
        if !undecided.is_empty() {
            return (Scope::Undecided, granted_by, undecided);
        }
        if granted_by.is_empty() {
            let would: Vec<&str> =
                self.rules.configuration().roles.keys().filter(|role| granting(role)).map(RoleName::as_str).collect();
            let because = match would.as_slice() {
                [] => "no declared role grants an account here".to_owned(),
                roles => format!("it has none of the roles that grant an account here: {}", roles.join(", ")),
            };
            return (Scope::NotGranted, granted_by, vec![because]);
        }
        (Scope::Granted, granted_by, Vec::new())
    }

    fn linked<'s>(&'s self, name: &'s TargetName) -> impl Iterator<Item = &'s Account> {
        self.snapshot.accounts.iter().filter(move |account| account.target == *name)
    }

    fn candidates<'s>(&'s self, name: &TargetName) -> impl Iterator<Item = &'s Account> + use<'s> {
        self.snapshot.candidates.get(name).into_iter().flatten().map(|candidate| &candidate.account)
    }

    fn account(&self, account: &Account) -> ExplainedAccount {
        ExplainedAccount::of(account, self.snapshot.identity.id)
    }

    /// The account that the plan is about: the adopted one, the linked one, or the one that is created.
    fn about<'s>(&'s self, name: &'s TargetName) -> About<'s> {
        let items = || self.plan.items.iter().filter(|item| item.target == *name);
        if let Some(adopted) = items().find(|item| item.link == Link::Adopt).and_then(|item| item.account) {
            let candidate = self.candidates(name).find(|account| account.id == adopted);
            return candidate.map_or(About::Nothing, About::There);
        }
        if items().any(creates) {
            return About::Created;
        }
        let mut there =
            self.linked(name).filter(|account| account.situation != Situation::Missing && account.remote_id.is_some());
        match (there.next(), there.next()) {
            (Some(account), None) => About::There(account),
            _ => About::Nothing,
        }
    }

    fn correlation(&self, name: &TargetName, target: &Target, rules: &TargetRules) -> ExplainedCorrelation {
        let question = |rule: &CorrelationRule| ExplainedQuestion {
            attribute: rule.attribute.clone(),
            expression: expression(&rule.value, self.subject),
        };
        ExplainedCorrelation {
            questions: rules.correlation.iter().map(question).collect(),
            candidates: self.candidates(name).map(|account| self.account(account)).collect(),
            unlinked: target.unlinked,
        }
    }

    fn leaving(&self, name: &TargetName) -> Vec<ExplainedLeaving> {
        let Some(target) = self.rules.configuration().targets.get(name) else { return Vec::new() };
        let policy = &target.leaving;
        let leaves = self.linked(name).filter(|account| self.plan.leaving.contains(&account.id));
        leaves
            .map(|account| {
                let since = account.leaving_since.unwrap_or(self.subject.now);
                ExplainedLeaving {
                    account: account.id,
                    action: policy.action,
                    since: account.leaving_since,
                    acts_at: later(since, policy.grace),
                    deletes_at: policy
                        .delete_after
                        .filter(|_| !account.deletion_cancelled)
                        .map(|wait| later(since, wait)),
                    deletion_cancelled: account.deletion_cancelled,
                }
            })
            .collect()
    }
}

fn creates(item: &PlanItem) -> bool {
    item.operations.iter().any(|operation| matches!(operation.intent, Intent::Create { .. }))
}

fn activation(look: &Look<'_>, state: LifecycleState) -> Option<ExplainedActivation> {
    let desired = state == LifecycleState::Active;
    let planned = |wanted: &Intent| {
        look.item.is_some_and(|item| item.operations.iter().any(|operation| operation.intent == *wanted))
    };
    let (active, done) = match look.about {
        About::Nothing => return None,
        About::Created => (None, if desired { "it is created enabled" } else { "it is created disabled" }),
        About::There(account) => {
            let done = match account.active {
                None => "the target does not say whether it can be used; nothing is done",
                _ if planned(&Intent::Enable) => "it is enabled",
                _ if planned(&Intent::Disable) => "it is disabled",
                Some(active) if active == desired => "it is so",
                Some(_) => "nothing is done: see what is left alone",
            };
            (account.active, done)
        }
    };
    Some(ExplainedActivation { active, desired, because: format!("the identity is {state}; {done}") })
}

/// One line for a target: what is done, or the condition that says that nothing is.
fn conclusion(target: &ExplainedTarget, state: LifecycleState) -> String {
    let operations = target.items.iter().flat_map(|item| &item.operations);
    let mut done: Vec<&str> = operations.map(|operation| operation.intent.name()).collect();
    if target.items.iter().any(|item| item.link == Link::Adopt) {
        done.insert(0, "adopt");
    }
    if !done.is_empty() {
        return format!("to be done: {}", done.join(", "));
    }
    if let Some(first) = target.left_alone.first() {
        return format!("nothing is done: {first}");
    }
    let because = target.scope_because.join("; ");
    let has_none = !target.accounts.iter().any(|account| account.remote_id.is_some());
    match target.scope {
        Scope::NotDeclared => "nothing is done: the target is not declared any more".to_owned(),
        Scope::Undecided => format!("nothing is done: {because}"),
        Scope::Granted => "nothing is done: everything is as it should be".to_owned(),
        Scope::NotGranted if has_none => match state {
            LifecycleState::Active | LifecycleState::Suspended => format!("nothing is done: {because}"),
            LifecycleState::Staged | LifecycleState::Departed => {
                format!("nothing is done: the identity is {state}, and it has no account here")
            }
        },
        Scope::NotGranted => "nothing is done: the account has been taken as far as `leaving` says".to_owned(),
    }
}
