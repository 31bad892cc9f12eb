//! Managers and other references: completed in a second pass.

use crate::stage::Stage;
use purser_model::identity::LifecycleState;
use serde_json::json;

fn person(name: &str, manager: &str) -> serde_json::Value {
    json!({"userName": name, "mail": "m@x", "department": "Sales", "manager": manager})
}

fn manager(stage: &Stage, name: &str) -> Option<String> {
    let (_, person) = stage.application.person(name);
    person.attributes.get("manager").map(|id| id.as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_manager_who_comes_later_is_entered_once_the_account_is_there() {
    let stage = Stage::new("disable", "show");
    stage.person("1", person("anna", "2")).await;
    stage.settle().await;
    assert_eq!(manager(&stage, "anna"), None, "the account is created without waiting for the manager's");
    stage.person("2", person("ben", "hr/2")).await;
    stage.settle().await;
    let (ben, _) = stage.application.person("ben");
    assert_eq!(manager(&stage, "anna"), Some(ben.clone()));
    assert_eq!(manager(&stage, "ben"), Some(ben), "one's own manager");
}

#[tokio::test]
async fn managers_in_a_circle_are_all_entered() {
    let stage = Stage::new("disable", "show");
    for (key, name, manager) in [("1", "anna", "2"), ("2", "ben", "3"), ("3", "cleo", "1")] {
        stage.person(key, person(name, manager)).await;
    }
    stage.settle().await;
    let id = |name| Some(stage.application.person(name).0);
    assert_eq!(["anna", "ben", "cleo"].map(|name| manager(&stage, name)), [id("ben"), id("cleo"), id("anna")]);
    let writes = stage.application.content().writes;
    stage.reconcile(purser_reconcile::ReconcileMode::Repair).await;
    assert_eq!(stage.application.content().writes, writes);
}

#[tokio::test]
async fn a_manager_whose_account_comes_back_under_another_id_is_entered_anew() {
    let stage = Stage::new("disable", "show");
    stage.person("1", person("anna", "2")).await;
    stage.person("2", person("ben", "")).await;
    stage.settle().await;
    let (before, _) = stage.application.person("ben");
    stage.application.content().people.remove(&before);
    stage.reconcile(purser_reconcile::ReconcileMode::Repair).await;
    stage.settle().await;
    let (after, _) = stage.application.person("ben");
    assert_ne!(before, after);
    assert_eq!(manager(&stage, "anna"), Some(after));
}

#[tokio::test]
async fn a_manager_who_is_changed_or_taken_away_is_so_in_the_application() {
    let stage = Stage::new("delete", "show");
    stage.person("1", person("anna", "2")).await;
    stage.person("2", person("ben", "")).await;
    stage.person("3", person("cleo", "")).await;
    stage.settle().await;
    stage.person("1", person("anna", "3")).await;
    stage.settle().await;
    assert_eq!(manager(&stage, "anna"), Some(stage.application.person("cleo").0));
    // Who left is still named until somebody else is: nobody knows better.
    stage.accept("3", LifecycleState::Departed, person("cleo", "")).await;
    stage.settle().await;
    assert!(manager(&stage, "anna").is_some());
    stage.person("1", person("anna", "")).await;
    stage.settle().await;
    assert_eq!(manager(&stage, "anna"), None, "what was written is taken away");
}
