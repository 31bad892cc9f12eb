//! An engine that takes the place of another one.

use crate::stage::{Only, Stage};
use purser_reconcile::NoProgress;
use serde_json::json;
use std::sync::{Arc, mpsc};
use std::time::Duration;

const LONG: Duration = Duration::from_mins(2);
const PEOPLE: usize = 120;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_being_written_is_finished_before_other_rules_hold() {
    let stage = Stage::new("disable", "show");
    for number in 0..PEOPLE {
        stage.person(&format!("E{number}"), json!({"userName": format!("p{number}")})).await;
    }
    // The first call that writes lasts until it is let go.
    let ((begin, begun), (go, gone)) = (mpsc::channel(), mpsc::channel::<()>());
    stage.application.interfere(move |call, _| {
        if call == "apply" {
            let _ = begin.send(());
            let _ = gone.recv();
        }
        None
    });
    let (engine, application) = (Arc::new(stage.engine), stage.application);
    let former = engine.clone();
    let mut working = tokio::spawn(async move { former.work_off(&NoProgress).await.map(|_| ()) });
    tokio::task::spawn_blocking(move || begun.recv_timeout(LONG)).await.unwrap().unwrap();

    let former = engine.clone();
    let mut quiet = tokio::spawn(async move { former.quiet(LONG).await });
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut quiet).await.is_err(), "something is being written");
    drop(go);
    let quiet = quiet.await.unwrap().unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut working).await.is_err(), "the rest has to wait");
    assert!(application.content().people.len() < PEOPLE);
    working.abort();
    assert!(working.await.is_err());

    let next = engine.succeeded_by(engine.rules().clone(), Arc::new(Only(application.clone())));
    assert_eq!(next.recover().await.unwrap(), 0, "what was begun was recorded too");
    drop(quiet);
    next.work_off_with_retries(LONG, &NoProgress).await.unwrap();
    assert_eq!(application.content().people.len(), PEOPLE, "nobody is lost, and nobody is there twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_too_long_for_quiet_changes_nothing() {
    let stage = Stage::new("disable", "show");
    stage.person("E1", json!({"userName": "p1"})).await;
    let ((begin, begun), (go, gone)) = (mpsc::channel(), mpsc::channel::<()>());
    stage.application.interfere(move |call, _| {
        if call == "apply" {
            let _ = begin.send(());
            let _ = gone.recv();
        }
        None
    });
    let (engine, application) = (Arc::new(stage.engine), stage.application);
    let working = {
        let engine = engine.clone();
        tokio::spawn(async move { engine.work_off_with_retries(LONG, &NoProgress).await.map(|_| ()) })
    };
    tokio::task::spawn_blocking(move || begun.recv_timeout(LONG)).await.unwrap().unwrap();
    assert!(engine.quiet(Duration::from_millis(50)).await.is_none());
    drop(go);
    working.await.unwrap().unwrap();
    assert_eq!(application.content().people.len(), 1);
}
