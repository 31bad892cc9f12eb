//! Stored plans: sealed, decided item by item, applied exactly, and again after a crash.

use crate::stage::Stage;
use purser_model::id::PlanId;
use purser_model::plan::{ItemState, PlanSummary};
use purser_model::seal::PlanKey;
use purser_reconcile::{ApplyOptions, ApplyReport, EngineError, NoProgress, PLAN_LIFE, PlanRefused};
use purser_store::Decision;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

fn key() -> PlanKey {
    PlanKey::new("secret")
}

/// Five people who have nothing yet, and the plan that gives them their accounts.
async fn planned() -> (Stage, PlanSummary) {
    let stage = Stage::new("disable", "show");
    for number in 1..=5 {
        stage.person(&number.to_string(), json!({"userName": format!("p{number}"), "mail": "x@y"})).await;
    }
    let report = stage.engine.plan_everyone(None, &NoProgress).await.unwrap();
    let plan = stage.engine.keep_plan(&report.items, &key(), PLAN_LIFE).await.unwrap();
    (stage, plan)
}

async fn apply(stage: &Stage, plan: PlanId, options: ApplyOptions) -> Result<ApplyReport, EngineError> {
    stage.engine.apply(plan, &key(), options, &NoProgress).await
}

fn refused(result: Result<ApplyReport, EngineError>) -> PlanRefused {
    match result {
        Err(EngineError::Plan(refused)) => refused,
        other => panic!("the plan must be refused: {other:?}"),
    }
}

async fn states(stage: &Stage, plan: PlanId) -> BTreeMap<ItemState, u64> {
    stage.engine.store().plan(plan).await.unwrap().states
}

fn people(stage: &Stage) -> usize {
    stage.application.content().people.len()
}

#[tokio::test]
async fn a_plan_does_what_was_not_rejected_and_nothing_else() {
    let (stage, plan) = planned().await;
    // Somebody else joins after the plan was made: woken, and in no item.
    stage.person("6", json!({"userName": "p6"})).await;
    let decided = stage.engine.store().decide_plan_items(
        plan.id,
        Some(BTreeSet::from([2])),
        Decision::Reject,
        BTreeSet::new(),
        stage.now(),
    );
    assert_eq!(decided.await.unwrap().changed, 1);
    apply(&stage, plan.id, ApplyOptions::default()).await.unwrap();
    assert_eq!(people(&stage), 4);
    let expected = BTreeMap::from([(ItemState::Applied, 4), (ItemState::Rejected, 1)]);
    assert_eq!(states(&stage, plan.id).await, expected);
    assert_eq!(refused(apply(&stage, plan.id, ApplyOptions::default()).await), PlanRefused::AlreadyApplied(plan.id));
    let late = stage.engine.store().decide_plan_items(
        plan.id,
        Some(BTreeSet::from([1, 2])),
        Decision::Approve,
        BTreeSet::new(),
        stage.now(),
    );
    assert_eq!(late.await.unwrap().too_late, BTreeSet::from([1]));
    stage.settle().await;
    assert_eq!(people(&stage), 6, "who was woken gets everything without a plan");
}

#[tokio::test]
async fn only_what_was_approved_and_later_the_rest() {
    let (stage, plan) = planned().await;
    let approved_only = ApplyOptions { approved_only: true, ..ApplyOptions::default() };
    assert!(matches!(refused(apply(&stage, plan.id, approved_only).await), PlanRefused::NothingToApply { .. }));
    let store = stage.engine.store();
    store
        .decide_plan_items(plan.id, Some(BTreeSet::from([1, 3])), Decision::Approve, BTreeSet::new(), stage.now())
        .await
        .unwrap();
    apply(&stage, plan.id, approved_only).await.unwrap();
    assert_eq!(people(&stage), 2);
    assert_eq!(states(&stage, plan.id).await, BTreeMap::from([(ItemState::Open, 3), (ItemState::Applied, 2)]));
    apply(&stage, plan.id, ApplyOptions::default()).await.unwrap();
    assert_eq!(people(&stage), 5);
    let missing = store
        .decide_plan_items(plan.id, Some(BTreeSet::from([1, 9])), Decision::Reject, BTreeSet::new(), stage.now())
        .await;
    assert!(missing.unwrap_err().to_string().contains("item `9 of plan"), "an item that is not there");
}

#[tokio::test]
async fn what_moved_is_stale_with_its_reason_and_stays_so() {
    let (stage, plan) = planned().await;
    stage.person("3", json!({"userName": "p3", "mail": "new@y"})).await;
    let report = apply(&stage, plan.id, ApplyOptions::default()).await.unwrap();
    let stale: Vec<_> = report.stale.iter().map(|stale| (stale.label.as_str(), stale.reason.as_str())).collect();
    assert_eq!(stale, [("p3", "the identity has changed since")]);
    assert_eq!(people(&stage), 4);
    let lines = stage.engine.store().plan_items(plan.id, 0, 10).await.unwrap();
    let line = lines.into_iter().map(|kept| kept.line).find(|line| line.item.label == "p3").unwrap();
    assert_eq!((line.state, line.why.as_deref()), (ItemState::Stale, Some("the identity has changed since")));
}

#[tokio::test]
async fn killed_in_the_middle_and_applied_again_nothing_twice_and_nothing_lost() {
    for done_before in 0..=5 {
        let (mut stage, plan) = planned().await;
        let first = stage.engine.store().plan_items(plan.id, 0, done_before).await.unwrap();
        let items = first.into_iter().map(|kept| (kept.line.position, kept.line.item.into())).collect();
        stage.engine.store().apply_plan_items(plan.id, items, stage.now()).await.unwrap();
        // The host dies here: the intents of the first items are in the queue, and those of the others are not.
        stage.restart().await;
        match apply(&stage, plan.id, ApplyOptions::default()).await {
            Ok(report) => assert!(report.stale.is_empty(), "{:?}", report.stale),
            Err(error) if done_before == 5 => assert!(error.to_string().contains("was applied before"), "{error}"),
            Err(error) => panic!("{error}"),
        }
        stage.engine.work_off_queue(&NoProgress).await.unwrap();
        assert_eq!(people(&stage), 5, "after {done_before} items");
        assert_eq!(states(&stage, plan.id).await, BTreeMap::from([(ItemState::Applied, 5)]));
    }
}

#[tokio::test]
async fn an_expired_plan_another_hosts_plan_and_a_plan_in_the_making_are_refused() {
    let (stage, plan) = planned().await;
    let other = stage.engine.apply(plan.id, &PlanKey::new("other"), ApplyOptions::default(), &NoProgress).await;
    assert_eq!(refused(other), PlanRefused::Changed(plan.id));
    let made = stage.engine.store().begin_plan(stage.now()).await.unwrap();
    assert_eq!(refused(apply(&stage, made, ApplyOptions::default()).await), PlanRefused::NotSealed(made));
    stage.wait("24h");
    let refusal = refused(apply(&stage, plan.id, ApplyOptions::default()).await);
    assert!(matches!(refusal, PlanRefused::Expired { .. }), "{refusal}");
    assert!(refusal.to_string().contains("purser plan"), "{refusal}");
    assert_eq!(people(&stage), 0, "nothing was done");
}

#[tokio::test]
async fn a_plan_of_many_items_is_kept_and_applied_in_batches() {
    let stage = Stage::new("disable", "show");
    for number in 0..450 {
        stage.person(&number.to_string(), json!({"userName": format!("p{number}"), "mail": "x@y"})).await;
    }
    let report = stage.engine.plan_everyone(None, &NoProgress).await.unwrap();
    let plan = stage.engine.keep_plan(&report.items, &key(), PLAN_LIFE).await.unwrap();
    assert_eq!((plan.items, plan.operations["create"]), (450, 450));
    apply(&stage, plan.id, ApplyOptions::default()).await.unwrap();
    assert_eq!(people(&stage), 450);
}
