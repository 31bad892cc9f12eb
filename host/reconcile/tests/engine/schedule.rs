//! Schedules and windows.

use crate::stage::Stage;
use purser_model::run::{RunKind, RunState};
use purser_reconcile::{EngineError, JobReport, NoProgress, ReconcileMode, job_reports};
use purser_store::PageRequest;
use serde_json::json;

async fn run_due(stage: &Stage) -> String {
    stage.engine.run_due_jobs(&NoProgress).await.unwrap().unwrap().to_string()
}

async fn full_runs(stage: &Stage) -> Vec<RunState> {
    let runs =
        stage.engine.store().runs(&purser_model::access::Reach::Everything, PageRequest::first(100)).await.unwrap();
    runs.into_iter().filter(|run| run.kind == RunKind::Reconciliation).map(|run| run.state).collect()
}

async fn job(stage: &Stage) -> JobReport {
    let configuration = stage.engine.rules().configuration();
    let mut jobs = job_reports(configuration, stage.engine.store().as_ref(), stage.now()).await.unwrap();
    assert_eq!(jobs.len(), 1);
    jobs.remove(0)
}

#[tokio::test]
async fn a_job_runs_at_its_slot_and_missed_slots_are_one_run() {
    let mut stage = Stage::with("reconcile = { full = \"0 2 * * *\", time_zone = \"Europe/Berlin\" }");
    stage.wait_until("2026-05-01T12:00:00Z");
    stage.employ(3).await;
    assert_eq!(run_due(&stage).await, "2026-05-02T00:00:00Z");
    assert!(full_runs(&stage).await.is_empty(), "a job that was never known before has missed nothing");

    stage.wait_until("2026-05-02T00:00:00Z");
    assert_eq!(run_due(&stage).await, "2026-05-03T00:00:00Z");
    assert_eq!(full_runs(&stage).await, [RunState::Completed]);

    stage.wait_until("2026-05-09T07:30:00Z");
    stage.restart().await;
    let before = job(&stage).await;
    assert_eq!(before.next.unwrap().to_string(), "2026-05-03T00:00:00Z", "it is overdue");
    assert_eq!(run_due(&stage).await, "2026-05-10T00:00:00Z");
    assert_eq!(full_runs(&stage).await.len(), 2, "a week of missed slots is one run");
    let after = job(&stage).await;
    assert_eq!((after.job.as_str(), after.schedule.as_str()), ("full app", "0 2 * * *"));
    assert_eq!(after.result.as_deref(), Some("5 looked at, 0 changed, 0 gone, 0 applied"));
    assert!(after.last_end > after.last_start);
}

#[tokio::test]
async fn a_job_that_a_crash_interrupted_runs_again_at_the_start() {
    let mut stage = Stage::with("reconcile = { full = \"0 2 * * *\" }");
    stage.wait_until("2026-05-01T12:00:00Z");
    stage.employ(3).await;
    run_due(&stage).await;
    stage.wait_until("2026-05-02T02:00:00Z");
    let known = job(&stage).await;
    assert_eq!(known.last_start, None);
    let state = stage.engine.store().know_job("full app", stage.now()).await.unwrap();
    assert!(stage.engine.store().begin_job("full app", state.done_until, stage.now()).await.unwrap());
    assert!(
        !stage.engine.store().begin_job("full app", state.done_until, stage.now()).await.unwrap(),
        "one host runs a slot"
    );
    stage.restart().await;
    run_due(&stage).await;
    assert_eq!(full_runs(&stage).await, [RunState::Completed]);
}

#[tokio::test]
async fn a_failing_job_says_why_and_waits_for_its_next_slot() {
    let stage = Stage::with("reconcile = { delta = \"*/15 * * * *\" }");
    stage.wait_until("2026-05-01T12:00:00Z");
    stage.employ(1).await;
    run_due(&stage).await;
    stage.wait_until("2026-05-01T12:15:00Z");
    assert_eq!(run_due(&stage).await, "2026-05-01T12:30:00Z");
    assert!(job(&stage).await.result.unwrap().starts_with("failed: target app: its connector has no change feed"));
}

#[tokio::test]
async fn a_listing_stops_when_its_window_closes_and_goes_on_when_it_opens() {
    let stage = Stage::with("window = [\"daily 22:00-06:00\"]\nreconcile = { full = \"0 4 * * *\" }\n");
    stage.wait_until("2026-05-01T12:00:00Z");
    stage.employ(30).await;
    run_due(&stage).await;
    stage.wait_until("2026-05-02T04:00:00Z");
    let (clock, mut searches) = (stage.clock(), 0);
    stage.application.interfere(move |call, _| {
        searches += u32::from(call == "search");
        if call == "search" && searches == 3 {
            clock.set("2026-05-02T06:00:00Z");
        }
        None
    });
    assert_eq!(run_due(&stage).await, "2026-05-02T22:00:00Z");
    assert_eq!(full_runs(&stage).await, [RunState::Running], "it waits, and that is no failure");
    let closed = stage.engine.reconcile(&"app".parse().unwrap(), ReconcileMode::Repair, &NoProgress).await;
    assert!(
        matches!(closed, Err(EngineError::WindowClosed { opens, .. }) if opens.to_string() == "2026-05-02T22:00:00Z")
    );

    stage.wait_until("2026-05-02T22:00:00Z");
    let report = stage.reconcile(ReconcileMode::Repair).await;
    assert!(report.resumed);
    assert_eq!(report.listed, 32, "thirty people and two groups, those of the first window included");
    assert_eq!(full_runs(&stage).await, [RunState::Completed]);
}

#[tokio::test]
async fn the_window_can_be_set_aside() {
    let stage = Stage::with("window = [\"daily 22:00-06:00\"]\n");
    stage.wait_until("2026-05-01T12:00:00Z");
    stage.employ(3).await;
    let app = "app".parse().unwrap();
    let report = stage.engine.reconcile_outside_window(&app, ReconcileMode::Repair, &NoProgress).await.unwrap();
    assert_eq!((report.listed, report.goes_on_at), (5, None));
}

#[tokio::test]
async fn writing_waits_for_the_window_where_that_is_declared() {
    let stage = Stage::with("window = [\"Sa,Su 00:00-24:00\"]\nwrites = \"window\"\n");
    // A Friday.
    stage.wait_until("2026-05-01T12:00:00Z");
    stage.person("E1", json!({"userName": "anna", "mail": "anna@example.org"})).await;
    let report = stage.work().await;
    assert_eq!(report.next.unwrap().to_string(), "2026-05-02T00:00:00Z");
    assert!(report.later > 0);
    assert_eq!(stage.application.content().writes, 0);
    stage.wait_until("2026-05-02T00:00:00Z");
    stage.settle().await;
    assert_eq!(stage.application.person("anna").1.attributes["mail"], json!("anna@example.org"));
}
