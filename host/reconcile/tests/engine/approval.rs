//! Who asked for a plan does not approve it where another person must, however it is tried.

use crate::company::{Company, DECLARATIONS};
use purser_model::audit::Actor;
use purser_model::id::PlanId;
use purser_model::seal::PlanKey;
use purser_reconcile::{ApplyOptions, ApplyReport, EngineError, NoProgress, PLAN_LIFE, PlanRefused};
use purser_store::{Decision, HeldState, Store, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A company of so many, in whose application another person than the requester approves.
async fn strict(people: usize) -> Company {
    let declared =
        DECLARATIONS.replace("leaving = \"disable\"", "leaving = \"disable\"\napproval = \"another-person\"");
    assert_ne!(declared, DECLARATIONS);
    Company::declared(people, &declared).await
}

fn store_of(company: &Company, name: &str) -> Arc<dyn Store> {
    company.engine.store().on_behalf_of(Actor::api(&name.parse().unwrap()))
}

fn key() -> PlanKey {
    PlanKey::new("secret")
}

async fn plan_of(company: &Company, requester: &dyn Store) -> PlanId {
    let planned = company.engine.plan_everyone(None, &NoProgress).await.unwrap();
    company.engine.keep_plan_of(requester, &planned.items, &key(), PLAN_LIFE).await.unwrap().id
}

async fn apply(company: &Company, plan: PlanId, options: ApplyOptions) -> Result<ApplyReport, EngineError> {
    company.engine.apply(plan, &key(), options, &NoProgress).await
}

fn is_refused<T: std::fmt::Debug>(result: Result<T, StoreError>) -> bool {
    match result {
        Err(refused @ StoreError::Refused { .. }) => refused.to_string().contains("another person approves"),
        other => panic!("it must be refused: {other:?}"),
    }
}

#[tokio::test]
async fn only_what_another_person_approved_is_done() {
    let company = strict(20).await;
    company.change(0..3, "mail", "moved@x");
    company.import_all().await;
    let (otto, vera) = (store_of(&company, "otto"), store_of(&company, "vera"));
    let plan = plan_of(&company, otto.as_ref()).await;
    assert_eq!(otto.plan(plan).await.unwrap().requested_by.as_deref(), Some("api:otto"));

    let some = || Some(BTreeSet::from([1, 2]));
    assert!(is_refused(company.engine.decide_plan(otto.as_ref(), plan, some(), Decision::Approve).await));
    assert!(is_refused(company.engine.decide_plan(otto.as_ref(), plan, None, Decision::Approve).await));
    let nothing = apply(&company, plan, ApplyOptions::default()).await;
    let Err(EngineError::Plan(PlanRefused::NothingToApply { why, .. })) = nothing else { panic!("{nothing:?}") };
    assert!(why.contains("somebody else"), "{why}");

    // Nobody needs another one to think better of it.
    let rejected = company.engine.decide_plan(otto.as_ref(), plan, Some(BTreeSet::from([3])), Decision::Reject).await;
    assert_eq!(rejected.unwrap().changed, 1);
    let approved = company.engine.decide_plan(vera.as_ref(), plan, Some(BTreeSet::from([1])), Decision::Approve).await;
    assert_eq!(approved.unwrap().changed, 1);
    let lines = vera.plan_items(plan, 0, 10).await.unwrap();
    let deciders: Vec<_> = lines.iter().map(|kept| kept.line.decided_by.as_deref()).collect();
    assert_eq!(deciders, [Some("api:vera"), None, Some("api:otto")]);
    assert_eq!(apply(&company, plan, ApplyOptions::default()).await.unwrap().operations.applied, 1);
    company.settle().await;
}

#[tokio::test]
async fn what_was_approved_before_the_rule_was_declared_is_not_done_either() {
    let mut company = Company::of(20).await;
    company.change(0..1, "mail", "moved@x");
    company.import_all().await;
    let otto = store_of(&company, "otto");
    let plan = plan_of(&company, otto.as_ref()).await;
    company.engine.decide_plan(otto.as_ref(), plan, None, Decision::Approve).await.unwrap();
    company.edit("leaving = \"disable\"", "leaving = \"disable\"\napproval = \"another-person\"").await;
    let stale_ok = ApplyOptions { other_declarations: true, ..ApplyOptions::default() };
    let result = apply(&company, plan, stale_ok).await;
    assert!(matches!(result, Err(EngineError::Plan(PlanRefused::NothingToApply { .. }))), "{result:?}");
}

#[tokio::test]
async fn what_the_guard_holds_of_a_plan_is_not_approved_by_who_asked_for_it() {
    let company = strict(50).await;
    company.leave(0..30);
    company.import_all().await;
    let (otto, vera) = (store_of(&company, "otto"), store_of(&company, "vera"));
    let plan = plan_of(&company, otto.as_ref()).await;
    company.engine.decide_plan(vera.as_ref(), plan, None, Decision::Approve).await.unwrap();
    // Not even by saying how many it may take away.
    apply(&company, plan, ApplyOptions { takings_allowed: Some(50), ..ApplyOptions::default() }).await.unwrap();
    let held = company.held().await;
    assert_eq!((held.len(), company.usable()), (30, 50));
    assert!(held.iter().all(|held| held.requested_by.as_deref() == Some("api:otto")));

    let accounts: Vec<_> = held.iter().map(|held| held.account).collect();
    assert!(is_refused(company.engine.decide_held(otto.as_ref(), accounts.clone(), Decision::Approve).await));
    assert!(company.held().await.iter().all(|held| held.state == HeldState::Pending), "nothing is decided");
    let approved = company.engine.decide_held(vera.as_ref(), accounts, Decision::Approve).await.unwrap();
    assert_eq!(approved.items, 30);
    company.settle().await;
    assert_eq!(company.usable(), 20);
}

#[tokio::test]
async fn what_is_applied_at_once_needs_nobody() {
    let company = strict(20).await;
    company.change(0..2, "mail", "moved@x");
    company.import_all().await;
    let report = company.plan_and_apply(ApplyOptions { at_once: true, ..ApplyOptions::default() }).await;
    assert_eq!(report.operations.applied, 2);
}
