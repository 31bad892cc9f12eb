//! What the audit log, the provisioning log and the events tell of a person's life.

use crate::stage::Stage;
use purser_model::audit::{AuditRow, ChainCheck};
use purser_model::identity::LifecycleState;
use purser_reconcile::ReconcileMode;
use purser_store::{AuditFilter, AuditOrder, AuditPage, LogFilter, LogPage};
use serde_json::json;

async fn kinds_after(stage: &Stage, after: &mut u64) -> Vec<String> {
    let events = stage.engine.store().events(*after, 1_000).await.unwrap();
    *after = events.last().map_or(*after, |event| event.sequence);
    events.into_iter().map(|event| event.kind).filter(|kind| kind != "setting-changed").collect()
}

async fn rows(stage: &Stage, action: &str) -> Vec<AuditRow> {
    let filter = AuditFilter { action: (!action.is_empty()).then(|| action.to_owned()), ..AuditFilter::default() };
    let page = AuditPage { after: None, limit: 10_000, order: AuditOrder::OldestFirst };
    stage.engine.store().audit(filter, page).await.unwrap()
}

#[tokio::test]
async fn every_change_of_state_is_an_event_in_its_order() {
    let stage = Stage::new("disable", "show");
    let mut after = 0;
    stage.person("1", json!({"userName": "anna", "mail": "anna@x"})).await;
    stage.settle().await;
    let joined = kinds_after(&stage, &mut after).await;
    assert_eq!(joined[0], "identity-changed");
    for kind in ["operation-planned", "operation-sent", "account-linked", "operation-applied", "entitlement-found"] {
        assert!(joined.iter().any(|known| known == kind), "{kind} is missing: {joined:?}");
    }

    stage.person("1", json!({"userName": "anna", "mail": "new@x"})).await;
    stage.settle().await;
    let moved = ["identity-changed", "operation-planned", "operation-sent", "operation-applied"];
    assert_eq!(kinds_after(&stage, &mut after).await, moved);

    let (id, _) = stage.application.person("anna");
    stage.application.content().people.get_mut(&id).unwrap().attributes.insert("mail".into(), json!("drift@x"));
    stage.reconcile(ReconcileMode::Repair).await;
    let repaired = kinds_after(&stage, &mut after).await;
    for kind in ["run-started", "account-changed", "run-completed", "operation-planned", "operation-applied"] {
        assert!(repaired.iter().any(|known| known == kind), "{kind} is missing: {repaired:?}");
    }

    stage.accept("1", LifecycleState::Departed, json!({"userName": "anna", "mail": "new@x"})).await;
    stage.settle().await;
    let left = kinds_after(&stage, &mut after).await;
    assert!(left.contains(&"account-leaving".to_owned()), "{left:?}");
    stage.person("1", json!({"userName": "anna", "mail": "new@x"})).await;
    stage.settle().await;
    let back = kinds_after(&stage, &mut after).await;
    assert!(back.contains(&"account-staying".to_owned()), "{back:?}");
    let mut chain = ChainCheck::default();
    rows(&stage, "").await.iter().for_each(|row| chain.next(row).unwrap());
}

#[tokio::test]
async fn old_and_new_values_the_activity_and_the_connector_are_told() {
    let stage = Stage::new("disable", "show");
    stage.person("1", json!({"userName": "anna", "mail": "anna@x"})).await;
    stage.settle().await;
    stage.person("1", json!({"userName": "anna", "mail": "new@x"})).await;
    stage.settle().await;
    let changed = rows(&stage, "identity-changed").await.pop().unwrap();
    assert_eq!(changed.details()["attributes"], json!({"mail": {"old": "anna@x", "new": "new@x"}}));
    assert_eq!(changed.activity.as_deref(), Some("push from hr"));
    let applied = rows(&stage, "operation-applied").await.pop().unwrap();
    assert_eq!(applied.details()["attributes"], json!({"mail": {"old": "anna@x", "new": "new@x"}}));
    assert!(applied.connector.as_deref().unwrap().starts_with("application@"), "{applied:?}");

    let (id, _) = stage.application.person("anna");
    stage.application.content().people.get_mut(&id).unwrap().attributes.insert("mail".into(), json!("drift@x"));
    stage.reconcile(ReconcileMode::Repair).await;
    let drift = rows(&stage, "account-changed").await.pop().unwrap();
    assert_eq!(drift.details()["attributes"], json!({"mail": {"old": "new@x", "new": "drift@x"}}));
    assert_eq!(drift.activity.as_deref(), Some("reconciliation of app"));

    let page = LogPage { after: None, limit: 100 };
    let log = stage.engine.store().provisioning_log(LogFilter::default(), page).await.unwrap();
    let updates: Vec<_> = log.iter().filter(|entry| entry.operation.intent.name() == "update").collect();
    assert_eq!(updates.len(), 2);
    let accepted = updates[0].requested_at;
    assert!(accepted < updates[0].operation.created_at && updates[0].effect_at.unwrap() > accepted);
    assert_eq!(updates[0].identity.as_deref(), Some("hr/1"));
    assert_eq!(updates[1].requested_at, updates[1].operation.created_at, "drift led to it, not a change of the person");
}

#[tokio::test]
async fn what_is_unchanged_is_not_told() {
    let stage = Stage::new("disable", "show");
    stage.person("1", json!({"userName": "anna", "mail": "anna@x"})).await;
    stage.settle().await;
    stage.reconcile(ReconcileMode::Repair).await;
    let before = rows(&stage, "").await.len();
    stage.reconcile(ReconcileMode::Repair).await;
    let told: Vec<String> = rows(&stage, "").await.split_off(before).into_iter().map(|row| row.action).collect();
    assert_eq!(told, ["run-started", "run-completed"]);
}
