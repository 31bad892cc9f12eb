//! Runs that a person stops.

use crate::application::Application;
use crate::company::{Company, DECLARATIONS};
use crate::feed::Feed;
use crate::stage::Stage;
use purser_model::access::Reach;
use purser_model::audit::Actor;
use purser_model::id::RunId;
use purser_model::run::{Run, RunKind, RunState};
use purser_reconcile::{EngineError, NoProgress, ReconcileMode, job_reports};
use purser_store::{AuditFilter, AuditOrder, AuditPage, PageRequest, Store, StoreError};
use std::future::Future;
use std::sync::{Arc, mpsc};
use std::time::Duration;

const LONG: Duration = Duration::from_mins(2);

/// The store in the name of a person.
fn olga(store: &Arc<dyn Store>) -> Arc<dyn Store> {
    store.on_behalf_of(Actor::command_line("olga"))
}

async fn newest(store: &dyn Store) -> Run {
    store.runs(&Reach::Everything, PageRequest::first(1)).await.unwrap().remove(0)
}

/// Starts this work and stops its run while this call of the application is answered, the first of which is number 1. How the work
/// ended, and what became of the run.
async fn stopped_in<T: Send + 'static>(
    company: &Company,
    application: &Application,
    (call, number): (&'static str, u32),
    work: impl Future<Output = Result<T, EngineError>> + Send + 'static,
) -> (Result<T, EngineError>, Run) {
    let ((begin, begun), (go, gone)) = (mpsc::channel(), mpsc::channel::<()>());
    let mut calls = 0;
    application.interfere(move |called, _| {
        calls += u32::from(called == call);
        if called == call && calls == number {
            let _ = begin.send(());
            let _ = gone.recv();
        }
        None
    });
    let working = tokio::spawn(work);
    tokio::task::spawn_blocking(move || begun.recv_timeout(LONG)).await.unwrap().unwrap();
    let store = company.engine.store();
    let run = newest(store.as_ref()).await;
    let told = company.engine.stop_run(olga(store).as_ref(), run.id, Duration::ZERO).await.unwrap();
    assert_eq!(told.state, RunState::Running, "no call is cut off");
    assert_eq!(told.stop.unwrap().by, "cli:olga");
    drop(go);
    let ended = working.await.unwrap();
    application.interfere(|_, _| None);
    (ended, store.run(run.id).await.unwrap())
}

fn assert_stopped<T>(ended: &Result<T, EngineError>, run: &Run) {
    let Err(error) = ended else { panic!("it came to its end: {run:?}") };
    assert!(error.to_string().contains("was stopped by cli:olga"), "{error}");
    assert_eq!((run.state, run.detail.as_deref()), (RunState::Stopped, Some("stopped by cli:olga")));
    assert!(run.ended_at.is_some());
}

async fn refusal(company: &Company, run: RunId) -> String {
    let store = company.engine.store();
    let answer = company.engine.stop_run(olga(store).as_ref(), run, Duration::ZERO).await;
    let Err(EngineError::Store(refused @ StoreError::Refused { .. })) = answer else { panic!("{answer:?}") };
    refused.to_string()
}

fn reconciling(
    company: &Company,
) -> impl Future<Output = Result<purser_reconcile::ReconcileReport, EngineError>> + use<> {
    let engine = company.engine.clone();
    async move { engine.reconcile(&"app".parse().unwrap(), ReconcileMode::Repair, &NoProgress).await }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_listing_stops_behind_its_page_and_makes_nobody_gone() {
    let company = Company::of(30).await;
    // Two are gone, and what the first and the last of the others show is not as it should be.
    let people: Vec<String> = company.app.content().people.keys().cloned().collect();
    people[..2].iter().for_each(|id| drop(company.app.content().people.remove(id)));
    for id in [&people[2], &people[29]] {
        company.app.content().people.get_mut(id).unwrap().attributes["mail"] = "spoiled@x".into();
    }
    let (ended, run) = stopped_in(&company, &company.app, ("search", 2), reconciling(&company)).await;
    assert_stopped(&ended, &run);
    assert_eq!(
        (run.counts["listed"], run.counts["gone"]),
        (14, 0),
        "the page that was asked for is kept, and no further"
    );
    company.settle().await;
    assert_eq!(company.events("account-gone").await, 0);
    assert_eq!(company.app.content().people.len(), 28, "nobody was made anew");
    let mails = || company.app.content().people.values().filter(|one| one.attributes["mail"] == "spoiled@x").count();
    assert_eq!(mails(), 1, "what was seen is repaired, and what was not is as it was");

    // Who asks once more is answered the same, and nothing more is told.
    let store = company.engine.store();
    let again = company.engine.stop_run(olga(store).as_ref(), run.id, LONG).await.unwrap();
    assert_eq!(again, run);
    for (kind, times) in [("run-stopping", 1), ("run-stopped", 1), ("run-failed", 0)] {
        assert_eq!(company.events(kind).await, times, "{kind}");
    }
    let filter = AuditFilter { action: Some("run-stopping".into()), ..AuditFilter::default() };
    let page = AuditPage { after: None, limit: 9, order: AuditOrder::OldestFirst };
    let rows = store.audit(filter, page).await.unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.actor.as_str(), row.target.as_deref())).collect();
    assert_eq!(told, [("cli:olga", Some("app"))]);

    let report = company.reconcile().await.unwrap();
    company.settle().await;
    assert_eq!(
        (report.resumed, report.listed, report.gone),
        (false, 30, 2),
        "28 people and two groups, from the beginning"
    );
    assert_eq!((mails(), company.app.content().people.len()), (0, 30));
    let why = refusal(&company, report.run).await;
    assert!(why.contains("has ended: completed"), "{why}");
    assert!(company.resting().await.is_empty(), "nobody takes it for a failure");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_was_not_listed_is_not_gone_where_the_run_is_stopped_while_that_is_confirmed() {
    let company = Company::of(30).await;
    let gone: Vec<String> = company.app.content().people.keys().take(12).cloned().collect();
    gone.iter().for_each(|id| drop(company.app.content().people.remove(id)));
    let (ended, run) = stopped_in(&company, &company.app, ("get", 5), reconciling(&company)).await;
    assert_stopped(&ended, &run);
    company.settle().await;
    assert_eq!((run.counts["gone"], company.events("account-gone").await), (0, 0));
    assert_eq!(company.app.content().people.len(), 18, "nobody was made anew");
    assert_eq!(company.reconcile().await.unwrap().gone, 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_an_import_that_is_stopped_nothing_is_accepted() {
    let company = Company::of(30).await;
    company.leave(0..3);
    company.change(3..20, "mail", "new@x");
    let engine = company.engine.clone();
    let importing = async move { engine.import(&"hr".parse().unwrap(), Default::default(), &NoProgress).await };
    // The last page: everything is read, and nothing is accepted.
    let (ended, run) = stopped_in(&company, &company.hr, ("search", 5), importing).await;
    assert_stopped(&ended, &run);
    let report = company.settle().await;
    assert_eq!((report.operations.applied, company.usable()), (0, 30));
    let report = company.import().await.unwrap();
    assert_eq!((report.resumed, report.weight.staged, report.weight.changed), (false, 30, 20));
    company.settle().await;
    assert_eq!(company.usable(), 27);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn following_a_feed_stops_and_goes_on_behind_the_last_page_that_was_recorded() {
    let company = Company::of(12).await;
    *company.app.feed.lock().unwrap() = Some(Feed::default());
    company.reconcile().await.unwrap();
    company.settle().await;
    for person in company.app.content().people.values_mut() {
        person.attributes["mail"] = "spoiled@x".into();
    }
    let follow = || {
        let engine = company.engine.clone();
        async move { engine.reconcile_changes(&"app".parse().unwrap(), ReconcileMode::Repair, &NoProgress).await }
    };
    // Three objects a page are named, and each is read.
    let (ended, run) = stopped_in(&company, &company.app, ("get", 5), follow()).await;
    assert_stopped(&ended, &run);
    assert_eq!(
        (run.kind, run.counts["listed"]),
        (RunKind::Changes, 3),
        "the page in which it stopped is looked at again"
    );
    let report = follow().await.unwrap();
    assert_eq!((report.resumed, report.instead_of_changes), (false, None));
    company.settle().await;
    let spoiled = company.app.content().people.values().filter(|one| one.attributes["mail"] == "spoiled@x").count();
    assert_eq!(spoiled, 0, "nothing that the feed named was passed over");
}

#[tokio::test]
async fn where_nobody_works_on_a_run_it_ends_at_once_and_its_job_waits_for_its_next_slot() {
    let stage = Stage::with("window = [\"daily 22:00-06:00\"]\nreconcile = { full = \"0 4 * * *\" }\n");
    stage.wait_until("2026-05-01T12:00:00Z");
    stage.employ(30).await;
    stage.engine.run_due_jobs(&NoProgress).await.unwrap();
    stage.wait_until("2026-05-02T04:00:00Z");
    let (clock, mut searches) = (stage.clock(), 0);
    stage.application.interfere(move |call, _| {
        searches += u32::from(call == "search");
        if call == "search" && searches == 3 {
            clock.set("2026-05-02T06:00:00Z");
        }
        None
    });
    let next = async || stage.engine.run_due_jobs(&NoProgress).await.unwrap().unwrap().to_string();
    assert_eq!(next().await, "2026-05-02T22:00:00Z", "it goes on in the window");
    let store = stage.engine.store();
    let run = newest(store.as_ref()).await;
    assert_eq!(run.state, RunState::Running);
    let stopped = stage.engine.stop_run(olga(store).as_ref(), run.id, LONG).await.unwrap();
    assert_eq!(stopped.state, RunState::Stopped);
    assert_eq!(next().await, "2026-05-03T04:00:00Z", "not as soon as the window opens");
    let jobs = job_reports(stage.engine.rules().configuration(), store.as_ref(), stage.now()).await.unwrap();
    assert_eq!(jobs[0].result.as_deref(), Some("stopped by cli:olga"));
}

#[tokio::test]
async fn a_request_counts_also_where_the_host_is_killed_before_the_run_has_stopped() {
    let mut stage = Stage::with("reconcile = { full = \"0 2 * * *\" }");
    stage.wait_until("2026-05-01T12:00:00Z");
    stage.employ(3).await;
    stage.engine.run_due_jobs(&NoProgress).await.unwrap();
    stage.wait_until("2026-05-02T02:00:00Z");
    let store = stage.engine.store().clone();
    let state = store.know_job("full app", stage.now()).await.unwrap();
    assert!(store.begin_job("full app", state.done_until, stage.now()).await.unwrap());
    let run = store.begin_run(RunKind::Reconciliation, "app", stage.now()).await.unwrap().run;
    olga(&store).ask_to_stop(run.id, stage.now()).await.unwrap();
    stage.restart().await;
    let store = stage.engine.store().clone();
    assert_eq!(store.run(run.id).await.unwrap().state, RunState::Stopped);
    assert_eq!(stage.engine.run_due_jobs(&NoProgress).await.unwrap().unwrap().to_string(), "2026-05-03T02:00:00Z");

    // The same where no host was started since: whoever begins the next run ends this one first.
    let run = store.begin_run(RunKind::Reconciliation, "app", stage.now()).await.unwrap().run;
    store.ask_to_stop(run.id, stage.now()).await.unwrap();
    let report = stage.reconcile(ReconcileMode::Repair).await;
    assert!(!report.resumed && report.run != run.id);
    assert_eq!(store.run(run.id).await.unwrap().state, RunState::Stopped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_scheduled_run_that_is_stopped_is_due_again_at_its_next_slot() {
    let declared =
        DECLARATIONS.replace("leaving = \"disable\"", "leaving = \"disable\"\nreconcile = { full = \"0 2 * * *\" }");
    assert_ne!(declared, DECLARATIONS);
    let company = Company::declared(30, &declared).await;
    let engine = company.engine.clone();
    let first = engine.run_due_jobs(&NoProgress).await.unwrap().unwrap();
    company.wait("24h");
    let due = async move { engine.run_due_jobs(&NoProgress).await };
    let (next, run) = stopped_in(&company, &company.app, ("search", 2), due).await;
    assert_eq!(run.state, RunState::Stopped);
    assert!(next.unwrap().unwrap() > company.now(), "it began at {first}");
    assert_eq!((company.events("job-started").await, company.events("job-ended").await), (1, 1));
    let configuration = company.engine.rules().configuration();
    let jobs = job_reports(configuration, company.engine.store().as_ref(), company.now()).await.unwrap();
    assert_eq!(jobs[0].result.as_deref(), Some("stopped by cli:olga"));
}
