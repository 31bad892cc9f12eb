//! Guests that misbehave in a call: it fails with a fault that says why, and the next call of anyone is untouched.

use crate::environment::{assert_others_go_on, observed, search, session, settings};
use purser_connector::{Fault, Limit, Session};
use purser_model::edit::{Edit, Request};
use purser_model::object::SearchRequest;
use purser_model::secret::Slots;
use purser_runtime::{CallLimits, InMemoryState, SessionSettings};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn limit_of(fault: &Fault) -> Option<Limit> {
    match fault {
        Fault::LimitExceeded { limit, .. } => Some(*limit),
        _ => None,
    }
}

#[tokio::test]
async fn a_well_behaved_guest_keeps_its_state_and_nothing_else() {
    let session = session("well_behaved", CallLimits::default()).await;
    for visit in ["0", "1", "2"] {
        let page = search(&session, "account").await.unwrap();
        assert_eq!((observed(&page, "visits"), observed(&page, "random")), (visit, "8"));
        assert!(observed(&page, "now-ms").parse::<u64>().unwrap() > 1_500_000_000_000);
    }
}

#[tokio::test]
async fn state_belongs_to_a_subject() {
    let connector = crate::environment::load("well_behaved").await.unwrap();
    let state = Arc::new(InMemoryState::default());
    for (subject, visits) in [("target a", "0"), ("target b", "0"), ("target a", "1")] {
        let settings = SessionSettings { subject: subject.into(), state: state.clone(), ..settings() };
        let page = search(&connector.session(settings).unwrap(), "account").await.unwrap();
        assert_eq!(observed(&page, "visits"), visits);
    }
}

#[tokio::test]
async fn a_panic_is_a_trap_with_the_guests_own_message() {
    let session = session("panics", CallLimits::default()).await;
    let fault = search(&session, "message").await.unwrap_err();
    assert!(fault.to_string().contains("the target speaks Klingon"), "{fault}");
    assert!(matches!(fault, Fault::Trapped(_)));
    for class in ["silent", "stack"] {
        let fault = search(&session, class).await.unwrap_err();
        assert!(matches!(&fault, Fault::Trapped(trap) if trap.guest_message.is_none()), "{class}: {fault:?}");
    }
    assert_eq!(session.get("account", "7").await.unwrap().id, "7");
    assert_others_go_on().await;
}

#[tokio::test]
async fn a_loop_ends_at_its_processor_time_and_the_host_stays_responsive() {
    let cpu_time = Duration::from_millis(300);
    let session = session("loops_in_search", CallLimits { cpu_time, ..CallLimits::default() }).await;
    let served = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&served);
    // The test's asynchronous runtime has one thread: this task runs only where the guest lets go of it.
    let other_work = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    assert_eq!(search(&session, "account").await, Err(Fault::TimedOut { limit: Limit::Cpu, after: cpu_time }));
    assert!(served.load(Ordering::SeqCst) >= 5, "{served:?}");
    other_work.abort();
    assert_others_go_on().await;
}

#[tokio::test]
async fn a_loop_ends_at_its_wall_time_too() {
    let wall_time = Duration::from_millis(200);
    let session = session("loops_in_search", CallLimits { wall_time, ..CallLimits::default() }).await;
    assert_eq!(search(&session, "account").await, Err(Fault::TimedOut { limit: Limit::Wall, after: wall_time }));
    assert_others_go_on().await;
}

#[tokio::test]
async fn memory_ends_at_its_limit_in_one_step_or_many() {
    let session = session("hoards_memory", CallLimits { memory_bytes: 64 << 20, ..CallLimits::default() }).await;
    for class in ["at-once", "bit-by-bit"] {
        let fault = search(&session, class).await.unwrap_err();
        assert_eq!(limit_of(&fault), Some(Limit::Memory), "{class}: {fault:?}");
    }
    assert_others_go_on().await;
}

#[tokio::test]
async fn a_flood_of_log_ends_at_its_limit() {
    let session = session("floods_log", CallLimits::default()).await;
    for class in ["many", "long"] {
        let fault = search(&session, class).await.unwrap_err();
        assert_eq!(limit_of(&fault), Some(Limit::Log), "{class}: {fault:?}");
    }
    assert_others_go_on().await;
}

#[tokio::test]
async fn calls_into_the_host_are_counted() {
    let session = session("calls_the_host_forever", CallLimits { host_calls: 1_000, ..CallLimits::default() }).await;
    let fault = search(&session, "account").await.unwrap_err();
    assert_eq!(limit_of(&fault), Some(Limit::HostCalls), "{fault:?}");
    assert!(fault.to_string().contains("1000"), "{fault}");
    assert_others_go_on().await;
}

#[tokio::test]
async fn an_answer_ends_at_its_limit() {
    let session = session("answers_too_much", CallLimits { output_bytes: 8 << 20, ..CallLimits::default() }).await;
    for class in ["answer", "random"] {
        let fault = search(&session, class).await.unwrap_err();
        assert_eq!(limit_of(&fault), Some(Limit::Output), "{class}: {fault:?}");
    }
    assert_others_go_on().await;
}

#[tokio::test]
async fn answers_that_do_not_fit_the_question_break_the_contract() {
    let session = session("miscounts", CallLimits::default()).await;
    let broken = |fault: Fault, words: &str| {
        assert!(matches!(&fault, Fault::BrokenContract(text) if text.contains(words)), "{words}: {fault:?}");
    };
    broken(search(&session, "account").await.unwrap_err(), "11 objects");
    let endless = SearchRequest {
        class: "endless".into(),
        conditions: Vec::new(),
        extra_attributes: Vec::new(),
        page_size: 10,
        cursor: Some("here".into()),
    };
    broken(session.search(endless).await.unwrap_err(), "cursor");
    broken(session.get("account", "7").await.unwrap_err(), "not-7");
    broken(session.apply(vec![deletion("1"), deletion("2")], Slots::default()).await.unwrap_err(), "1 results");
    assert_others_go_on().await;
}

fn deletion(id: &str) -> Request {
    let edit = serde_json::json!({
        "operation_id": "01890a5d-ac96-774b-bcce-b302099a8057",
        "class": "account",
        "edit": { "edit": "delete", "id": id, "version": null },
    });
    let request: Request = serde_json::from_value(edit).unwrap();
    assert!(matches!(request.edit, Edit::Delete { .. }));
    request
}

#[tokio::test]
async fn broken_json_is_named_where_it_is_read() {
    let session = session("breaks_json", CallLimits::default()).await;
    // Attributes stay text until somebody needs them; whoever parses them learns that they are broken.
    let page = search(&session, "account").await.unwrap();
    assert!(page.objects[0].parse_attributes().is_err());
    let version = serde_json::from_str("\"0.9.0\"").unwrap();
    let fault = session.connector().upgrade_config(&version, &serde_json::json!({})).await.unwrap_err();
    assert!(matches!(&fault, Fault::BrokenContract(text) if text.contains("upgrade-config")), "{fault:?}");
    assert_others_go_on().await;
}

#[tokio::test]
async fn many_calls_at_once_each_have_their_own_instance() {
    let session = Arc::new(session("well_behaved", CallLimits::default()).await);
    let calls: Vec<_> = (0..200)
        .map(|id| {
            let session = Arc::clone(&session);
            tokio::spawn(async move { session.get("account", &id.to_string()).await.map(|object| object.id) })
        })
        .collect();
    for (id, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap(), Ok(id.to_string()));
    }
}
