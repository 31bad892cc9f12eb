//! A target that shows late what is written to it: that something is not there proves nothing for a while.

use crate::application::Trouble;
use crate::stage::Stage;
use purser_model::account::Situation;
use purser_model::identity::LifecycleState;
use purser_reconcile::ReconcileMode;
use purser_store::{AccountFilter, PageRequest};
use serde_json::{Value, json};
use std::time::Duration;

fn named(name: &str) -> Value {
    json!({"userName": name, "mail": format!("{name}@x")})
}

fn slow() -> Stage {
    let stage = Stage::new("disable", "show");
    *stage.application.lag.lock().unwrap() = Duration::from_mins(1);
    stage
}

/// Hides everybody who is there now.
fn hide(stage: &Stage) {
    let ids = stage.application.content().people.keys().cloned().collect();
    *stage.application.hidden.lock().unwrap() = ids;
}

async fn situations(stage: &Stage) -> Vec<Situation> {
    let accounts = stage.engine.store().accounts(AccountFilter::default(), PageRequest::first(10)).await.unwrap();
    accounts.iter().map(|account| account.situation).collect()
}

#[tokio::test]
async fn an_account_that_is_not_shown_yet_is_not_made_again_and_holds_up_nobody() {
    let stage = slow();
    stage.person("1", named("anna")).await;
    stage.settle().await;
    let mut first = true;
    stage.application.fail_like(move || if std::mem::take(&mut first) { Trouble::AnswerLost } else { Trouble::None });
    // It will have the next id; the application does not refuse a second account with the same name.
    let (annas, _) = stage.application.person("anna");
    let number: u32 = annas[1..].parse().unwrap();
    stage.application.hidden.lock().unwrap().insert(format!("p{:05}", number + 1));
    stage.person("2", named("berta")).await;
    let report = stage.work().await;
    let sent = stage.now();
    assert_eq!((report.operations.unknown, report.later), (1, 0));
    let next = report.next.expect("it is said when it is observed again");
    assert!((59..=60).contains(&next.duration_since(sent).as_secs()), "{next}");
    stage.person("3", named("carla")).await;
    stage.work().await;
    assert_eq!(stage.application.content().people.len(), 3, "the next one does not wait, and nobody is made twice");
    stage.application.hidden.lock().unwrap().clear();
    stage.wait("1m");
    stage.work().await;
    stage.settle().await;
    assert_eq!(stage.application.members("Everyone"), ["anna", "berta", "carla"]);
    assert_eq!(stage.application.content().people.len(), 3);
}

#[tokio::test]
async fn what_was_not_done_is_done_once_the_target_must_have_shown_it() {
    let stage = slow();
    stage.person("1", named("anna")).await;
    stage.settle().await;
    let mut first = true;
    stage.application.fail_like(
        move || {
            if std::mem::take(&mut first) { Trouble::TimedOutAtOnce } else { Trouble::None }
        },
    );
    stage.person("2", named("berta")).await;
    stage.work().await;
    stage.wait("59s");
    stage.work().await;
    assert_eq!(stage.application.content().people.len(), 1, "it may be hidden still");
    stage.settle().await;
    assert_eq!(stage.application.members("Everyone"), ["anna", "berta"]);
    assert_eq!(stage.application.content().people.len(), 2);
}

#[tokio::test]
async fn a_new_account_that_is_not_listed_yet_is_not_gone_until_the_target_must_have_shown_it() {
    let stage = slow();
    stage.person("1", named("anna")).await;
    stage.settle().await;
    hide(&stage);
    let report = stage.reconcile(ReconcileMode::Repair).await;
    assert_eq!((report.gone, situations(&stage).await), (0, vec![Situation::Linked]));
    assert_eq!(stage.application.content().people.len(), 1, "nobody is made again");
    stage.wait("61s");
    let report = stage.reconcile(ReconcileMode::DryRun).await;
    assert_eq!((report.gone, situations(&stage).await), (1, vec![Situation::Missing]));
}

#[tokio::test]
async fn a_change_waits_for_an_account_that_is_not_shown_yet() {
    let stage = slow();
    stage.person("1", named("anna")).await;
    stage.settle().await;
    stage.accept("1", LifecycleState::Departed, named("anna")).await;
    stage.work().await;
    hide(&stage);
    // Whoever was switched off is read before anything else is done; but the target does not show the account.
    stage.person("1", named("anna")).await;
    let report = stage.work().await;
    assert_eq!((report.unread, situations(&stage).await), (1, vec![Situation::Linked]));
    assert!(!stage.application.person("anna").1.active);
    stage.application.hidden.lock().unwrap().clear();
    stage.settle().await;
    assert!(stage.application.person("anna").1.active);
    assert_eq!(stage.application.content().people.len(), 1);
}
