//! Rates, and what a throttle means for what is not sent yet.

use crate::application::Trouble;
use crate::stage::Stage;
use jiff::{SignedDuration, Timestamp};
use purser_model::operation::OperationState;
use purser_reconcile::{Clock, ReconcileMode};
use purser_store::{OperationFilter, PageRequest};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

type Calls = Arc<Mutex<Vec<(Timestamp, u32)>>>;

/// Notes the time and cost of every call whose name is `only`, or of all.
fn note_calls(stage: &Stage, only: Option<&'static str>) -> Calls {
    let (calls, clock) = (Calls::default(), stage.clock());
    let noted = calls.clone();
    stage.application.interfere(move |call, cost| {
        if only.is_none_or(|only| only == call) {
            noted.lock().unwrap().push((clock.now(), cost));
        }
        None
    });
    calls
}

#[tokio::test]
async fn no_minute_has_more_calls_than_declared_and_no_moment_either() {
    let stage = Stage::with("rate = { calls = 100, per = \"1m\", concurrency = 3 }");
    let calls = note_calls(&stage, None);
    stage.employ(150).await;
    stage.reconcile(ReconcileMode::Repair).await;

    let calls = calls.lock().unwrap();
    assert_eq!(stage.application.content().people.len(), 150);
    let mut busiest = 0;
    for (from, _) in calls.iter() {
        let until = *from + SignedDuration::from_mins(1);
        let cost: u32 = calls.iter().filter(|(at, _)| from <= at && *at <= until).map(|(_, cost)| cost).sum();
        busiest = busiest.max(cost);
    }
    assert!((95..=100).contains(&busiest), "{busiest}");
    assert!(calls.iter().all(|(_, cost)| *cost <= 2), "batches are small, so that little is unused");
    assert_eq!(stage.application.most_at_once.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_pause_that_the_target_asks_for_goes_before_the_rate() {
    let stage = Stage::with("rate = { calls = 1000, per = \"1s\", concurrency = 2 }");
    let calls = note_calls(&stage, Some("apply"));
    let mut first = true;
    stage.application.fail_like(move || if std::mem::take(&mut first) { Trouble::Limited } else { Trouble::None });
    stage.employ(90).await;

    let calls = calls.lock().unwrap().clone();
    let pause_ends = calls[0].0 + SignedDuration::from_secs(1);
    let before: Vec<_> = calls.iter().filter(|(at, _)| *at < pause_ends).collect();
    assert!(before.len() <= 3, "the entitlement, and what was under way already: {before:?}");
    assert_eq!(stage.application.content().people.len(), 90, "nobody is lost by being held back");
    let done = OperationFilter { state: Some(OperationState::Applied), ..OperationFilter::default() };
    let operations = stage.engine.store().operations(done, PageRequest::first(500)).await.unwrap();
    let tried: BTreeSet<u32> = operations.iter().map(|operation| operation.attempts).collect();
    assert_eq!(tried, BTreeSet::from([1, 2]), "what was held back was not sent, and does not count as tried");
}

#[tokio::test]
async fn a_throttled_batch_is_tried_again_as_one_and_a_failed_one_one_by_one() {
    for (trouble, calls_alone) in [(Trouble::Limited, 0), (Trouble::Defect, 10)] {
        let stage = Stage::with("");
        let calls = note_calls(&stage, Some("apply"));
        let mut first = true;
        stage.application.fail_like(move || if std::mem::take(&mut first) { trouble } else { Trouble::None });
        stage.employ(10).await;

        let sent: Vec<u32> = calls.lock().unwrap().iter().map(|(_, requests)| *requests).collect();
        assert_eq!(stage.application.content().people.len(), 10);
        assert_eq!(sent[0], 10, "{trouble:?}: {sent:?}");
        let alone = sent.iter().filter(|requests| **requests == 1).count();
        assert!(alone >= calls_alone && (sent[1] == 10) == (calls_alone == 0), "{trouble:?}: {sent:?}");
    }
}

#[tokio::test]
async fn without_a_rate_one_batch_follows_the_other() {
    let stage = Stage::with("");
    stage.employ(40).await;
    assert_eq!(stage.application.most_at_once.load(Ordering::SeqCst), 1);
}
