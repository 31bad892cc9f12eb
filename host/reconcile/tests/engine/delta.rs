//! Following the change feed.

use crate::feed::Feed;
use crate::stage::Stage;
use purser_connector::Fault;
use purser_model::edit::{ConnectorError, ErrorClass};
use purser_model::run::RunKind;
use purser_reconcile::{EngineError, NoProgress, ReconcileMode, ReconcileReport};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A company of twelve, with a change feed whose cursor is known.
async fn followed() -> Stage {
    let stage = Stage::with("");
    *stage.application.feed.lock().unwrap() = Some(Feed::default());
    stage.employ(12).await;
    stage.reconcile(ReconcileMode::Repair).await;
    stage
}

async fn follow(stage: &Stage) -> ReconcileReport {
    try_follow(stage).await.unwrap()
}

async fn try_follow(stage: &Stage) -> Result<ReconcileReport, EngineError> {
    follow_in(stage, ReconcileMode::Repair).await
}

async fn follow_in(stage: &Stage, mode: ReconcileMode) -> Result<ReconcileReport, EngineError> {
    stage.engine.reconcile_changes(&"app".parse().unwrap(), mode, &NoProgress).await
}

fn spoil_mail(stage: &Stage, name: &str) -> String {
    let (id, _) = stage.application.person(name);
    stage.application.content().people.get_mut(&id).unwrap().attributes["mail"] = json!("spoiled@example.org");
    id
}

fn mail(stage: &Stage, name: &str) -> serde_json::Value {
    stage.application.person(name).1.attributes["mail"].clone()
}

#[tokio::test]
async fn what_the_feed_names_is_repaired_and_nothing_is_listed() {
    let stage = followed().await;
    follow(&stage).await;
    for name in ["p1", "p2", "p3", "p4"] {
        spoil_mail(&stage, name);
    }
    let (gone, _) = stage.application.person("p5");
    stage.application.content().people.remove(&gone);
    stage.application.add(&json!({"userName": "stranger"}));
    let searches = Arc::new(AtomicU32::new(0));
    let counter = searches.clone();
    stage.application.interfere(move |call, _| {
        counter.fetch_add(u32::from(call == "search"), Ordering::SeqCst);
        None
    });

    let report = follow(&stage).await;
    stage.settle().await;

    assert_eq!((report.kind, report.instead_of_changes), (RunKind::Changes, None));
    assert_eq!(searches.load(Ordering::SeqCst), 0, "nothing is listed");
    assert_eq!(report.gone, 1);
    for number in 1..=5 {
        let name = format!("p{number}");
        assert_eq!(mail(&stage, &name), json!(format!("{name}@example.org")), "{name}");
    }
    let own = follow(&stage).await;
    assert_eq!(
        (own.gone, own.operations.applied),
        (0, 0),
        "what was written is in the feed, and there is nothing to do"
    );
    let quiet = follow(&stage).await;
    assert_eq!((quiet.listed, quiet.changed), (0, 0));
}

#[tokio::test]
async fn what_a_dry_run_followed_is_repaired_by_the_next_run_and_not_before() {
    let mut stage = followed().await;
    follow(&stage).await;
    spoil_mail(&stage, "p1");
    let (gone, _) = stage.application.person("p2");
    stage.application.content().people.remove(&gone);
    let dry = follow_in(&stage, ReconcileMode::DryRun).await.unwrap();
    assert_eq!((dry.gone, dry.plan.map(|plan| plan.items.len())), (1, Some(2)));
    stage.settle().await;
    stage.restart().await;
    stage.settle().await;
    assert_eq!(mail(&stage, "p1"), json!("spoiled@example.org"));
    assert_eq!(stage.application.content().people.len(), 11);

    let repaired = follow(&stage).await;
    assert_eq!(repaired.changed, 0, "the cursor is behind what the dry run saw");
    stage.settle().await;
    assert_eq!((mail(&stage, "p1"), mail(&stage, "p2")), (json!("p1@example.org"), json!("p2@example.org")));
}

#[tokio::test]
async fn without_a_cursor_everything_is_listed_once() {
    let stage = Stage::with("");
    *stage.application.feed.lock().unwrap() = Some(Feed::default());
    stage.employ(3).await;
    let first = follow(&stage).await;
    assert_eq!(first.kind, RunKind::Reconciliation);
    assert!(first.instead_of_changes.unwrap().contains("no cursor of the change feed"));
    assert_eq!(follow(&stage).await.kind, RunKind::Changes);
}

#[tokio::test]
async fn an_expired_cursor_leads_to_a_full_run_during_which_nothing_is_missed() {
    let stage = followed().await;
    spoil_mail(&stage, "p11");
    stage.application.feed.lock().unwrap().as_mut().unwrap().expire();
    // Somebody spoils an account that the listing has passed already.
    let (id, _) = stage.application.person("p1");
    let (application, mut searches) = (stage.application.clone(), 0);
    stage.application.interfere(move |call, _| {
        searches += u32::from(call == "search");
        if call == "search" && searches == 2 {
            application.content().people.get_mut(&id).unwrap().attributes["mail"] = json!("spoiled@example.org");
        }
        None
    });

    let report = follow(&stage).await;
    assert_eq!(report.kind, RunKind::Reconciliation);
    assert!(report.instead_of_changes.unwrap().contains("does not know the cursor"));
    assert_eq!(mail(&stage, "p11"), json!("p11@example.org"));
    assert_eq!(mail(&stage, "p1"), json!("spoiled@example.org"), "the listing had passed it");

    let next = follow(&stage).await;
    assert_eq!(next.kind, RunKind::Changes);
    assert_eq!(mail(&stage, "p1"), json!("p1@example.org"));
}

#[tokio::test]
async fn gone_counts_only_when_the_target_says_so_by_id() {
    let stage = followed().await;
    let (id, _) = stage.application.person("p7");
    stage.application.feed.lock().unwrap().as_mut().unwrap().says_gone.push(id);
    let report = follow(&stage).await;
    assert_eq!((report.gone, report.operations.applied), (0, 0));
    assert_eq!(stage.application.content().people.len(), 12);
}

#[tokio::test]
async fn a_page_and_the_cursor_behind_it_are_kept_together() {
    let mut stage = followed().await;
    follow(&stage).await;
    for number in 1..=9 {
        spoil_mail(&stage, &format!("p{number}"));
    }
    let mut calls = 0;
    stage.application.interfere(move |call, _| {
        calls += u32::from(call == "changes");
        let broken = call == "changes" && calls == 3;
        let (class, message) = (ErrorClass::Defect, "told to fail".to_owned());
        broken.then_some(Fault::Connector(ConnectorError { class, message, native_code: None }))
    });
    assert!(matches!(try_follow(&stage).await, Err(EngineError::Connector { .. })));
    stage.restart().await;
    stage.application.interfere(|_, _| None);

    let rest = follow(&stage).await;

    assert_eq!(rest.kind, RunKind::Changes);
    assert_eq!(rest.changed, 3, "two pages of three were kept before");
    stage.settle().await;
    for number in 1..=9 {
        let name = format!("p{number}");
        assert_eq!(mail(&stage, &name), json!(format!("{name}@example.org")), "{name}");
    }
}

#[tokio::test]
async fn a_target_without_a_feed_says_what_to_do() {
    let stage = Stage::with("");
    stage.employ(1).await;
    let error = try_follow(&stage).await.unwrap_err();
    assert!(matches!(error, EngineError::NoChangeFeed { .. }));
    assert!(error.to_string().ends_with("run a full reconciliation instead"), "{error}");
}
