//! Passwords of new accounts: made when they are sent, and kept nowhere.

use crate::application::Trouble;
use crate::stage::Stage;
use purser_model::identity::LifecycleState;
use serde_json::json;

const LONG: &str = "password = { length = 24 }";

fn anna() -> serde_json::Value {
    json!({"userName": "anna.berg", "mail": "anna.berg@x"})
}

/// Every file of the store.
fn stored(stage: &Stage) -> String {
    let files = std::fs::read_dir(stage.folder()).unwrap().map(|entry| entry.unwrap().path());
    let bytes = files.filter(|path| path.is_file()).map(|file| std::fs::read(file).unwrap());
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

#[tokio::test]
async fn every_new_account_gets_a_password_of_its_own_which_is_in_no_file() {
    let stage = Stage::with_keys("disable", "show", LONG, "");
    stage.person("1", anna()).await;
    stage.person("2", json!({"userName": "ben", "mail": "ben@x"})).await;
    stage.settle().await;
    let passwords = stage.application.content().passwords.clone();
    let [(_, first), (_, second)] = passwords.as_slice() else { panic!("two passwords: {passwords:?}") };
    assert_eq!((first.reveal().len(), second.reveal().len()), (24, 24));
    assert_ne!(first.reveal(), second.reveal());
    let stored = stored(&stage);
    assert!(stored.contains("anna.berg@x"), "what is stored is found like this");
    assert!(!stored.contains(first.reveal()) && !stored.contains(second.reveal()));
}

#[tokio::test]
async fn an_account_that_is_there_keeps_its_password() {
    let stage = Stage::with_keys("disable", "show", LONG, "");
    stage.person("1", anna()).await;
    stage.settle().await;
    stage.person("1", json!({"userName": "anna.berg", "mail": "new@x"})).await;
    stage.settle().await;
    stage.accept("1", LifecycleState::Departed, anna()).await;
    stage.settle().await;
    stage.person("1", anna()).await;
    stage.settle().await;
    assert!(stage.application.person("anna.berg").1.active);
    assert_eq!(stage.application.content().passwords.len(), 1);
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_recognised_without_the_password() {
    let stage = Stage::with_keys("disable", "show", LONG, "");
    let mut first = true;
    stage.application.fail_like(move || match std::mem::take(&mut first) {
        true => Trouble::AnswerLost,
        false => Trouble::None,
    });
    stage.person("1", anna()).await;
    stage.settle().await;
    assert_eq!(stage.application.content().people.len(), 1);
    assert_eq!(stage.application.content().passwords.len(), 1);
    let report = stage.settle().await;
    assert_eq!(report.operations.refused, 0, "{report:?}");
}

#[tokio::test]
async fn a_create_that_is_tried_again_gets_another_password() {
    let stage = Stage::with_keys("disable", "show", LONG, "");
    let mut tries = 0;
    stage.application.fail_like(move || {
        tries += 1;
        if tries <= 2 { Trouble::Unavailable } else { Trouble::None }
    });
    stage.person("1", anna()).await;
    stage.settle().await;
    assert_eq!(stage.application.content().passwords.len(), 1);
}

#[tokio::test]
async fn what_was_planned_with_a_password_is_not_sent_without_one() {
    let mut stage = Stage::with_keys("disable", "show", LONG, "");
    stage.application.fail_like(|| Trouble::Unavailable);
    stage.person("1", anna()).await;
    stage.work().await;
    stage.application.fail_like(|| Trouble::None);
    stage.restart_with("").await;
    stage.wait("1h");
    let report = stage.work().await;
    let reasons: Vec<_> = report.operations.reasons.keys().collect();
    assert!(reasons.iter().any(|reason| reason.contains("declares no `password` any more")), "{reasons:?}");
    assert!(stage.application.content().passwords.is_empty(), "the new plan has none");
}

#[tokio::test]
async fn a_class_without_a_place_for_a_password_is_named_and_nothing_is_created() {
    let stage = Stage::with_keys("disable", "show", r#"password = { attribute = "mail" }"#, "");
    stage.person("1", anna()).await;
    let planned = stage.engine.plan_everyone(None, &purser_reconcile::NoProgress).await.unwrap();
    assert_eq!(planned.items, []);
    let notices: Vec<_> = planned.notices.iter().map(|notice| notice.message.as_str()).collect();
    assert!(
        notices
            .iter()
            .any(|notice| notice.contains("`mail`, which takes no secret in class `person`; there are: password")),
        "{notices:?}"
    );
}
