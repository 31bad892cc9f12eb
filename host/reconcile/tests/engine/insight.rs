//! Explaining one person, provisioning one person at once, and why operations failed.

use crate::application::Trouble;
use crate::stage::Stage;
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::id::TargetName;
use purser_model::identity::LifecycleState;
use purser_model::operation::OperationState;
use purser_plan::{MappingDecision, Scope};
use purser_reconcile::{IdentityExplained, NoProgress, ProvisionReport};
use purser_store::{PageRequest, Period};
use serde_json::{Value, json};
use std::time::Duration;

const ALWAYS: Period = Period { since: Timestamp::MIN, until: Timestamp::MAX };

fn anna() -> Value {
    json!({"userName": "anna", "mail": "anna@x", "department": "Engineering"})
}

impl Stage {
    async fn provision(&self, reference: &str) -> ProvisionReport {
        let identity = self.engine.find_identity(reference).await.unwrap();
        self.engine.provision(identity, None, Duration::ZERO, &NoProgress).await.unwrap()
    }

    async fn explain_afresh(&self, reference: &str) -> IdentityExplained {
        let identity = self.engine.find_identity(reference).await.unwrap();
        self.engine.explain_afresh(identity, None).await.unwrap()
    }
}

fn states(report: &ProvisionReport) -> Vec<(&'static str, OperationState)> {
    report.operations.iter().map(|operation| (operation.intent.name(), operation.state)).collect()
}

#[tokio::test]
async fn one_person_is_provisioned_and_the_others_wait() {
    let stage = Stage::new("disable", "show");
    stage.person("1", anna()).await;
    stage.person("2", json!({"userName": "ben", "mail": "ben@x", "department": "Sales"})).await;
    let report = stage.provision("hr/1").await;
    let applied = OperationState::Applied;
    assert_eq!(states(&report), [("create", applied), ("grant", applied), ("grant", applied)]);
    assert!(report.is_done());
    assert_eq!(stage.application.members("Engineers"), ["anna"]);
    assert_eq!(stage.application.content().people.len(), 1, "ben waits");
    assert!(stage.provision("hr/1").await.operations.is_empty(), "there is nothing more to do");
    stage.settle().await;
    assert_eq!(stage.application.content().people.len(), 2);
}

#[tokio::test]
async fn what_was_changed_in_the_target_is_seen_at_once() {
    let stage = Stage::new("disable", "show");
    stage.person("1", anna()).await;
    stage.settle().await;
    let (id, _) = stage.application.person("anna");
    stage.application.content().people.get_mut(&id).unwrap().attributes.insert("mail".into(), json!("other@x"));

    let identity = stage.engine.find_identity("hr/1").await.unwrap();
    let known = stage.engine.explain(identity, None).await.unwrap();
    assert!(known.explanation.targets[0].items.is_empty(), "nobody has looked yet");
    let writes = stage.application.content().writes;
    let afresh = stage.explain_afresh("hr/1").await;
    let mail = afresh.explanation.targets[0].mappings.iter().find(|mapping| mapping.attribute == "mail").unwrap();
    assert_eq!((mail.decision, mail.actual.as_ref()), (MappingDecision::Written, Some(&json!("other@x"))));
    let still = stage.engine.explain(identity, None).await.unwrap();
    assert_eq!(still.explanation.targets, known.explanation.targets, "what was seen is not recorded");
    assert_eq!(stage.application.content().writes, writes);

    assert_eq!(states(&stage.provision("hr/1").await), [("update", OperationState::Applied)]);
    assert_eq!(stage.application.person("anna").1.attributes["mail"], "anna@x");
    let after = stage.engine.explain(identity, None).await.unwrap();
    assert_eq!(after.last_operations[0].intent.name(), "update");
    assert!(after.open_operations.is_empty());
}

#[tokio::test]
async fn an_account_that_nobody_has_listed_is_found_before_a_second_one_is_made() {
    let stage = Stage::new("disable", "show");
    stage.application.add(&json!({"userName": "anna"}));
    stage.person("1", anna()).await;
    let afresh = stage.explain_afresh("hr/1").await;
    let target = &afresh.explanation.targets[0];
    assert_eq!(target.correlation.as_ref().unwrap().candidates.len(), 1);
    assert!(target.conclusion.contains("unlinked"), "{}", target.conclusion);
    let report = stage.provision("hr/1").await;
    assert!(report.operations.is_empty(), "{:?}", states(&report));
    assert_eq!(stage.application.content().people.len(), 1);
}

#[tokio::test]
async fn a_leaver_is_explained_and_taken_care_of() {
    let stage = Stage::new("disable", "show");
    stage.person("1", anna()).await;
    stage.settle().await;
    stage.accept("1", LifecycleState::Departed, anna()).await;
    let app: TargetName = "app".parse().unwrap();
    let identity = stage.engine.find_identity("hr/1").await.unwrap();
    let explained = stage.engine.explain(identity, Some(&app)).await.unwrap();
    let target = &explained.explanation.targets[0];
    assert_eq!((target.scope, target.leaving.len()), (Scope::NotGranted, 1));
    let report = stage.engine.provision(identity, Some(&app), Duration::ZERO, &NoProgress).await.unwrap();
    assert!(report.is_done());
    assert!(!stage.application.person("anna").1.active);
    assert!(stage.engine.explain(identity, Some(&"no".parse().unwrap())).await.is_err());
    assert!(stage.engine.find_identity("hr/9").await.is_err());
}

#[tokio::test]
async fn a_failing_target_is_reported_and_its_cause_is_kept_by_its_class() {
    let stage = Stage::new("disable", "show");
    stage.person("1", anna()).await;
    stage.provision("hr/1").await;
    stage.person("1", json!({"userName": "anna", "mail": "new@x", "department": "Engineering"})).await;
    stage.application.fail_like(|| Trouble::Unavailable);
    let report = stage.provision("hr/1").await;
    assert!(!report.is_done());
    assert_eq!(states(&report), [("update", OperationState::Waiting)]);
    assert_eq!(report.operations[0].error_class.as_deref(), Some("unavailable"));
    stage.application.fail_like(|| Trouble::None);
    stage.settle().await;
    let causes = stage.engine.store().failures(None, ALWAYS).await.unwrap();
    let read: Vec<_> = causes.iter().map(|row| (row.error_class.as_str(), row.operations, row.superseded)).collect();
    assert_eq!(read, [("unavailable", 1, 1)]);
    let measured = stage.engine.store().latencies(None, ALWAYS).await.unwrap();
    assert_eq!(measured.len(), 2, "from the intent, and from the change: {measured:?}");
    let dormant = stage.engine.dormant(&Reach::Everything, PageRequest::first(10)).await.unwrap();
    assert!(dormant.items.is_empty() && dormant.next.is_none(), "no target says how a sign-in shows");
    let used = stage.engine.entitlement_use(&Reach::Everything, PageRequest::first(10)).await.unwrap();
    let read: Vec<_> = used.items.iter().map(|row| (row.name.as_deref().unwrap(), row.holders, row.granted)).collect();
    assert_eq!(read, [("engineers", 1, Some(true)), ("everyone", 1, Some(true))]);
}
