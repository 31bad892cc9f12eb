//! Who an account belongs to: weights, doubts, what a person decided, and what happens where an account is missing.

mod support;

use purser_model::account::Situation;
use purser_model::case::{CaseDecision, DecidedCase, Matches};
use purser_model::configuration::{Correlation, MatchThresholds, MissingReaction, UnlinkedReaction};
use purser_model::id::AccountId;
use purser_model::operation::Intent;
use purser_model::plan::Link;
use purser_plan::{Candidate, IdentityPlan};
use std::collections::BTreeMap;
use support::*;
use uuid::Uuid;

/// Two rules of weight 60 each; one of them is no more than possible. Candidates are named with the rules that found them.
fn weighed(found: &[(u128, &[usize])]) -> World {
    let mut world = World::with(Vec::new());
    let target = crm(&mut world.configuration);
    target.unlinked = UnlinkedReaction::Adopt;
    target.matching = MatchThresholds { definite: 100, possible: 40 };
    let rule = |attribute: &str, expression: &str| Correlation {
        weight: 60,
        ..Correlation::new(attribute.into(), expression.into())
    };
    target.correlation = vec![rule("userName", "identity.userName"), rule("email", "identity.email")];
    let found = found.iter().map(|(number, rules)| Candidate::new(stray(*number), rules.iter().copied()));
    world.snapshot.candidates = BTreeMap::from([(target_name("crm"), found.collect())]);
    world
}

fn matches(plan: &IdentityPlan) -> (Situation, Vec<(u128, u8)>) {
    let Matches { situation, candidates, .. } = &plan.matches[&target_name("crm")];
    (*situation, candidates.iter().map(|found| (found.account.0.as_u128(), found.weight)).collect())
}

fn adopts(plan: &IdentityPlan) -> Option<AccountId> {
    plan.items.iter().find(|item| item.link == Link::Adopt).and_then(|item| item.account)
}

fn creates(plan: &IdentityPlan) -> bool {
    let mut operations = plan.items.iter().flat_map(|item| &item.operations);
    operations.any(|operation| matches!(operation.intent, Intent::Create { .. }))
}

#[test]
fn weights_add_up_and_the_only_definite_one_is_adopted() {
    let plan = weighed(&[(200, &[0]), (201, &[0, 1])]).plan();
    assert_eq!(matches(&plan), (Situation::Unlinked, vec![(201, 100)]));
    assert_eq!(adopts(&plan), Some(AccountId(Uuid::from_u128(201))));
}

#[test]
fn several_definite_ones_and_merely_possible_ones_are_disputed() {
    for (found, expected) in [
        (&[(200, &[0, 1][..]), (201, &[0, 1][..])][..], vec![(200, 100), (201, 100)]),
        (&[(200, &[1][..])][..], vec![(200, 60)]),
    ] {
        let plan = weighed(found).plan();
        assert_eq!(matches(&plan), (Situation::Disputed, expected));
        assert!(plan.items.is_empty(), "{:?}", plan.items);
    }
}

#[test]
fn below_possible_it_is_no_match_and_an_account_is_created() {
    let mut world = weighed(&[(200, &[0])]);
    crm(&mut world.configuration).matching.possible = 61;
    let plan = world.plan();
    assert!(plan.matches.is_empty() && creates(&plan), "{:?}", plan.items);
}

#[test]
fn what_another_identity_claims_is_disputed() {
    let mut world = weighed(&[(200, &[0, 1])]);
    world.candidate().claimed_by.insert(purser_model::id::IdentityId(Uuid::from_u128(9)));
    assert_eq!(matches(&world.plan()), (Situation::Disputed, vec![(200, 100)]));
    assert!(world.plan().items.is_empty());
}

#[test]
fn a_decision_holds_until_the_candidates_change() {
    let mut world = weighed(&[(200, &[0])]);
    let candidates = world.plan().matches[&target_name("crm")].candidates.clone();
    let decided = DecidedCase { decision: CaseDecision::Create, candidates };
    world.snapshot.decisions.insert(target_name("crm"), decided);
    assert!(creates(&world.plan()), "none of these");
    let others = weighed(&[(200, &[0]), (201, &[1])]).snapshot.candidates;
    world.snapshot.candidates = others;
    assert!(world.plan().items.is_empty(), "another one has come: the decision was not about it");
}

#[test]
fn what_happens_to_a_missing_account_is_declared() {
    let mut gone = account();
    (gone.situation, gone.gone_since) = (Situation::Missing, Some("2026-11-20T00:00:00Z".parse().expect("a time")));
    let mut world = World::with(vec![gone.clone()]);
    assert!(creates(&world.plan()));
    crm(&mut world.configuration).missing = MissingReaction::Show;
    let plan = world.plan();
    assert!(plan.items.is_empty() && plan.forgotten.is_empty());
    assert!(plan.notices[0].message.contains("gone from the target since 2026-11-20"), "{:?}", plan.notices);
    crm(&mut world.configuration).missing = MissingReaction::Forget;
    let plan = world.plan();
    assert!(plan.items.is_empty() && plan.forgotten.contains(&gone.id));
}
