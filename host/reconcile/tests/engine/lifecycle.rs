//! What time alone does: first days, last days, grace, and deletions that wait.

use crate::stage::Stage;
use purser_connector::Fault;
use purser_model::edit::{ConnectorError, ErrorClass, ThrottleScope};
use purser_model::identity::{LifecycleState, Validity};
use purser_reconcile::{NoProgress, ReconcileMode};
use purser_store::{AccountFilter, PageRequest, StoreError};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn anna() -> serde_json::Value {
    json!({"userName": "anna", "mail": "anna@x", "department": "Engineering"})
}

const DAY: &str = "24h";

#[tokio::test]
async fn a_hire_of_tomorrow_gets_an_account_tomorrow_and_loses_it_after_the_last_day() {
    let stage = Stage::new("disable", "show");
    let first_day = stage.now() + jiff::SignedDuration::from_hours(24);
    let validity = Validity { from: Some(first_day), until: Some(first_day + jiff::SignedDuration::from_hours(48)) };
    stage.accept_for("1", LifecycleState::Active, validity, anna()).await;
    stage.settle().await;
    assert!(stage.application.content().people.is_empty(), "staged until the first day");
    assert_eq!(stage.engine.store().next_due().await.unwrap(), Some(first_day));
    stage.wait(DAY);
    stage.settle().await;
    let (id, person) = stage.application.person("anna");
    assert!(person.active);
    assert_eq!(stage.application.members("Engineers"), ["anna"]);
    stage.wait("48h");
    stage.settle().await;
    assert!(!stage.application.person("anna").1.active, "departed after the last day");
    assert!(stage.application.members("Everyone").is_empty());
    assert_eq!(stage.engine.store().next_due().await.unwrap(), None);
    // Hired again: the same identity, and the same account.
    stage.accept_for("1", LifecycleState::Active, Validity { until: None, ..validity }, anna()).await;
    stage.settle().await;
    let (same, person) = stage.application.person("anna");
    assert_eq!((same, person.active), (id, true));
}

/// Nothing of the application can be read until this is false.
fn unreadable(stage: &Stage, scope: ThrottleScope) -> Arc<AtomicBool> {
    let blocked = Arc::new(AtomicBool::new(true));
    let is_blocked = blocked.clone();
    stage.application.reading_fails_like(move || {
        let class = ErrorClass::RateLimited { after_ms: None, scope };
        let error = ConnectorError { class, message: "not now".into(), native_code: None };
        is_blocked.load(Ordering::SeqCst).then_some(Fault::Connector(error))
    });
    blocked
}

/// An account that a write changed is read before it is planned again. Where the target does not let itself be read, what
/// was accepted meanwhile is done as soon as it does, and no reconciliation is needed for it.
#[tokio::test]
async fn a_change_is_not_lost_where_the_account_cannot_be_read_yet() {
    use LifecycleState::{Active, Departed};
    for scope in [ThrottleScope::Object, ThrottleScope::Target] {
        for (first, then, last) in [(Active, Departed, Active), (Departed, Active, Departed)] {
            let stage = Stage::new("disable", "show");
            stage.person("1", anna()).await;
            stage.settle().await;
            stage.accept("1", first, anna()).await;
            stage.settle().await;
            stage.reconcile(ReconcileMode::Repair).await;
            let blocked = unreadable(&stage, scope);
            // What switches an account on or off does not say how the account is after it.
            stage.accept("1", then, anna()).await;
            stage.work().await;
            assert_eq!(stage.application.person("anna").1.active, then == Active);
            stage.accept("1", last, anna()).await;
            let report = stage.work().await;
            assert_eq!(stage.application.person("anna").1.active, then == Active, "it is not known well enough");
            assert_eq!(report.unread, 1);
            assert!(report.next.is_some_and(|next| next > stage.now()), "it is said when that is looked at again");
            blocked.store(false, Ordering::SeqCst);
            assert_eq!(stage.settle().await.unread, 0);
            assert_eq!(stage.application.person("anna").1.active, last == Active, "{scope:?}");
            assert_eq!(stage.application.members("Everyone").len(), usize::from(last == Active), "{scope:?}");
        }
    }
}

#[tokio::test]
async fn whoever_changes_often_while_the_target_wants_to_be_left_alone_does_not_wait_longer_for_it() {
    let stage = Stage::new("disable", "show");
    stage.person("1", anna()).await;
    stage.settle().await;
    let blocked = unreadable(&stage, ThrottleScope::Target);
    for change in 0..12 {
        let state = if change % 2 == 0 { LifecycleState::Departed } else { LifecycleState::Active };
        stage.accept("1", state, anna()).await;
        stage.work().await;
    }
    let report = stage.work().await;
    assert_eq!(report.unread, 1);
    let wait = report.next.unwrap().duration_since(stage.now());
    assert!(
        wait <= jiff::SignedDuration::from_secs(2),
        "the target said once that it wants to be left alone: {wait:?}"
    );
    blocked.store(false, Ordering::SeqCst);
    assert_eq!(stage.settle().await.unread, 0);
    assert!(stage.application.person("anna").1.active);
}

#[tokio::test]
async fn who_is_provisioned_by_hand_while_the_account_cannot_be_read_comes_back_all_the_same() {
    let stage = Stage::new("disable", "show");
    stage.person("1", anna()).await;
    stage.settle().await;
    let blocked = unreadable(&stage, ThrottleScope::Object);
    stage.accept("1", LifecycleState::Departed, anna()).await;
    stage.work().await;
    stage.person("1", anna()).await;
    assert_eq!(stage.work().await.unread, 1);
    let identity = stage.engine.find_identity("hr/1").await.unwrap();
    stage.engine.provision(identity, None, Duration::ZERO, &NoProgress).await.unwrap();
    assert!(!stage.application.person("anna").1.active, "it cannot be read yet");
    blocked.store(false, Ordering::SeqCst);
    assert_eq!(stage.settle().await.unread, 0);
    assert!(stage.application.person("anna").1.active);
}

#[tokio::test]
async fn what_was_due_while_the_host_was_down_is_done_at_the_next_start() {
    let mut stage = Stage::new("disable", "show");
    let validity = Validity { from: None, until: Some(stage.now() + jiff::SignedDuration::from_hours(1)) };
    stage.accept_for("1", LifecycleState::Active, validity, anna()).await;
    stage.settle().await;
    stage.wait("240h");
    stage.restart().await;
    stage.settle().await;
    assert!(!stage.application.person("anna").1.active);
}

#[tokio::test]
async fn nothing_happens_in_the_grace_period_and_the_deletion_waits_for_its_day() {
    let stage = Stage::new(r#"{ action = "disable", grace = "48h", delete_after = "30d" }"#, "show");
    stage.person("1", anna()).await;
    stage.settle().await;
    stage.accept("1", LifecycleState::Departed, anna()).await;
    stage.settle().await;
    assert!(stage.application.person("anna").1.active, "within the grace period");
    stage.wait("47h");
    stage.settle().await;
    assert!(stage.application.person("anna").1.active);
    stage.wait("1h");
    stage.settle().await;
    assert!(!stage.application.person("anna").1.active, "disabled after it");
    stage.wait("671h");
    stage.settle().await;
    assert!(!stage.application.person("anna").1.active, "29 days and 23 hours after the departure");
    stage.wait("1h");
    stage.settle().await;
    assert!(stage.application.content().people.is_empty(), "deleted on the thirtieth day");
}

#[tokio::test]
async fn who_comes_back_within_the_window_gets_the_same_account_and_a_new_window() {
    let stage = Stage::new(r#"{ action = "disable", delete_after = "30d" }"#, "show");
    stage.person("1", anna()).await;
    stage.settle().await;
    let (id, _) = stage.application.person("anna");
    stage.accept("1", LifecycleState::Departed, anna()).await;
    stage.settle().await;
    stage.wait("600h");
    stage.person("1", anna()).await;
    stage.settle().await;
    let (same, person) = stage.application.person("anna");
    assert_eq!((same, person.active), (id, true));
    stage.wait("240h");
    stage.accept("1", LifecycleState::Departed, anna()).await;
    stage.settle().await;
    stage.wait("600h");
    stage.settle().await;
    assert!(!stage.application.person("anna").1.active, "the thirty days began anew");
    stage.wait("120h");
    stage.settle().await;
    assert!(stage.application.content().people.is_empty());
}

#[tokio::test]
async fn a_cancelled_deletion_never_comes_until_the_account_was_granted_again() {
    let stage = Stage::new(r#"{ action = "disable", delete_after = "30d" }"#, "show");
    stage.person("1", anna()).await;
    stage.settle().await;
    let store = stage.engine.store().clone();
    let account = store.accounts(AccountFilter::default(), PageRequest::first(1)).await.unwrap().remove(0).id;
    let refused = store.cancel_deletion(account, stage.now()).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "nothing leaves: {refused:?}");
    stage.accept("1", LifecycleState::Departed, anna()).await;
    stage.settle().await;
    assert_eq!(store.leaving(&purser_model::access::Reach::Everything, PageRequest::first(10)).await.unwrap().len(), 1);
    store.cancel_deletion(account, stage.now()).await.unwrap();
    stage.wait("8760h");
    stage.settle().await;
    assert!(!stage.application.person("anna").1.active, "still there after a year, and disabled");
    stage.person("1", anna()).await;
    stage.settle().await;
    stage.accept("1", LifecycleState::Departed, anna()).await;
    stage.settle().await;
    stage.wait("720h");
    stage.settle().await;
    assert!(stage.application.content().people.is_empty(), "the next departure counts again");
}
