//! Reconciling one account or one identity.

use crate::stage::Stage;
use purser_model::account::Situation;
use purser_reconcile::{EngineError, NoProgress, ReconcileMode, SingleReport};
use serde_json::{Value, json};

async fn identity(stage: &Stage, key: &str, mode: ReconcileMode) -> Result<SingleReport, EngineError> {
    let (app, hr) = ("app".parse().unwrap(), "hr".parse().unwrap());
    stage.engine.reconcile_identity(&app, &hr, key, mode, &NoProgress).await
}

async fn account(stage: &Stage, id: &str) -> Result<SingleReport, EngineError> {
    stage.engine.reconcile_account(&"app".parse().unwrap(), id, ReconcileMode::Repair, &NoProgress).await
}

fn spoil(stage: &Stage, name: &str) {
    let (id, _) = stage.application.person(name);
    stage.application.content().people.get_mut(&id).unwrap().attributes["mail"] = json!("spoiled@example.org");
}

fn mail(stage: &Stage, name: &str) -> Value {
    stage.application.person(name).1.attributes["mail"].clone()
}

#[tokio::test]
async fn one_identity_is_repaired_and_the_others_are_not_looked_at() {
    let stage = Stage::with("");
    stage.employ(3).await;
    spoil(&stage, "p1");
    spoil(&stage, "p2");
    let planned = identity(&stage, "E1", ReconcileMode::DryRun).await.unwrap();
    assert_eq!(planned.plan.unwrap().items.len(), 1);
    assert_eq!(mail(&stage, "p1"), json!("spoiled@example.org"), "a dry run does not write");
    stage.settle().await;
    assert_eq!(mail(&stage, "p1"), json!("spoiled@example.org"), "nor does whoever works afterwards");
    let report = identity(&stage, "E1", ReconcileMode::Repair).await.unwrap();
    assert_eq!((report.accounts.len(), report.operations.applied), (1, 1));
    assert_eq!((mail(&stage, "p1"), mail(&stage, "p2")), (json!("p1@example.org"), json!("spoiled@example.org")));
}

#[tokio::test]
async fn an_account_that_is_gone_comes_back_and_a_stranger_is_only_recorded() {
    let stage = Stage::with("");
    stage.employ(2).await;
    let (id, _) = stage.application.person("p2");
    stage.application.content().people.remove(&id);
    let report = account(&stage, &id).await.unwrap();
    assert_eq!((report.accounts[0].there, report.accounts[0].situation), (false, Some(Situation::Missing)));
    assert_eq!(mail(&stage, "p2"), json!("p2@example.org"));

    let stranger = stage.application.add(&json!({"userName": "stranger"}));
    let report = account(&stage, &stranger).await.unwrap();
    assert_eq!(report.accounts[0].situation, Some(Situation::Unmatched));
    assert_eq!((report.accounts[0].identity, report.operations.applied), (None, 0));
}

#[tokio::test]
async fn who_is_not_there_is_named() {
    let stage = Stage::with("");
    stage.employ(1).await;
    let error = account(&stage, "nobody").await.unwrap_err().to_string();
    assert!(error.starts_with("no account `nobody` in target app; "), "{error}");
    let error = identity(&stage, "E99", ReconcileMode::Repair).await.unwrap_err().to_string();
    assert!(error.starts_with("no identity `hr/E99`; "), "{error}");
}
