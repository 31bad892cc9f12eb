//! Whom a change of the configuration touches.

use crate::memberships;
use crate::outcome::{IdentityPlan, IdentitySnapshot, TargetView};
use crate::rules::Rules;
use crate::subject::Subject;
use jiff::Timestamp;
use purser_model::account::{Account, Situation};
use purser_model::configuration::Target;
use purser_model::id::TargetName;
use purser_model::identity::Identity;
use std::collections::{BTreeMap, BTreeSet};

/// A configuration that takes the place of another.
#[derive(Debug)]
pub struct Change<'a> {
    former: &'a Rules,
    rules: &'a Rules,
    /// The targets of which more changed than how they are reached.
    altered: BTreeSet<&'a TargetName>,
}

impl<'a> Change<'a> {
    /// From the former rules to these.
    pub fn new(former: &'a Rules, rules: &'a Rules) -> Self {
        let (before, after) = (&former.configuration().targets, &rules.configuration().targets);
        let names: BTreeSet<&TargetName> = before.keys().chain(after.keys()).collect();
        let altered = names.into_iter().filter(|name| !alike(before.get(*name), after.get(*name))).collect();
        Self { former, rules, altered }
    }

    /// Whether the identity is to be planned again: the two configurations do not give the same plan for it.
    ///
    /// `before` and `after` are the same snapshot, each with the candidates and references that its rules ask for. Where nothing can be
    /// planned now, because an account was not read since it was changed or a target never showed its classes, the
    /// identity counts as touched if anything that its plan there is made from is another: what is granted, or the
    /// declaration of the target. So an identity that is not touched has the same plan under both, also once that is known.
    pub fn touches(
        &self,
        before: &IdentitySnapshot,
        after: &IdentitySnapshot,
        views: &BTreeMap<TargetName, TargetView>,
        now: Timestamp,
    ) -> bool {
        let was = self.former.plan_identity(before, views, now);
        let is = self.rules.plan_identity(after, views, now);
        // Whom an account refers to is kept, so that the identity is woken when that one's account is there.
        let refers_to = |rules: &Rules| rules.references(&after.identity, now);
        effect(&was) != effect(&is)
            || refers_to(self.former) != refers_to(self.rules)
            || self.touches_unseen(after, views, now)
    }

    fn touches_unseen(
        &self,
        snapshot: &IdentitySnapshot,
        views: &BTreeMap<TargetName, TargetView>,
        now: Timestamp,
    ) -> bool {
        let unread = |account: &&Account| {
            account.situation != Situation::Missing && account.remote_id.is_some() && account.digest.is_none()
        };
        let unread: BTreeSet<&TargetName> =
            snapshot.accounts.iter().filter(unread).map(|account| &account.target).collect();
        let all = || self.former.configuration().targets.keys().chain(self.rules.configuration().targets.keys());
        if unread.is_empty() && all().all(|name| views.contains_key(name)) {
            return false;
        }
        let with_account = |name: &TargetName| snapshot.accounts.iter().any(|account| account.target == *name);
        let unseen = |name: &&TargetName| unread.contains(*name) || !views.contains_key(*name);
        all().filter(unseen).any(|name| self.concerns(&snapshot.identity, name, with_account(name), now))
    }

    /// Whether anything is another that a plan for the identity in this target is made from.
    fn concerns(&self, identity: &Identity, name: &TargetName, with_account: bool, now: Timestamp) -> bool {
        let before = Grants::of(self.former, identity, name, now);
        let after = Grants::of(self.rules, identity, name, now);
        let is_there = with_account || before.any() || after.any();
        before != after || (is_there && self.altered.contains(name))
    }
}

/// What of a plan has an effect: notices have none.
fn effect(plan: &IdentityPlan) -> impl PartialEq + use<'_> {
    (&plan.items, &plan.leaving, &plan.look_again_at)
}

/// Whether two declarations of a target lead to the same plans: how its connector reaches it does not matter.
fn alike(before: Option<&Target>, after: Option<&Target>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => Target { instance: after.instance.clone(), ..before.clone() } == *after,
        (before, after) => before.is_none() && after.is_none(),
    }
}

/// What an identity is granted in one target, in a form that can be compared with that of other rules.
#[derive(PartialEq)]
struct Grants {
    granted: Option<String>,
    undecided: bool,
}

impl Grants {
    fn of(rules: &Rules, identity: &Identity, target: &TargetName, now: Timestamp) -> Self {
        let subject = Subject::new(&rules.dialect, identity, now);
        let memberships = memberships::memberships(rules, &subject);
        let granted = memberships::granted(rules, &memberships).remove(target);
        let undecided = memberships::undecided(rules, &memberships).contains_key(target);
        Self { granted: granted.map(|granted| format!("{granted:?}")), undecided }
    }

    fn any(&self) -> bool {
        self.granted.is_some() || self.undecided
    }
}
