//! What is taken out of service, and how it comes back.

use crate::application::Trouble;
use crate::company::{Company, DECLARATIONS};
use purser_connector::Fault;
use purser_model::edit::{ConnectorError, ErrorClass};
use purser_model::operation::OperationState;
use purser_model::quarantine::RestCause;
use purser_store::{OperationFilter, PageRequest};

fn calls(company: &Company) -> u64 {
    *company.app.calls.lock().unwrap()
}

/// Why the target rests, and for how many seconds from now.
async fn rest(company: &Company) -> (RestCause, i64) {
    let rest = company.resting().await[0].breaker.rest.clone().unwrap();
    (rest.cause, rest.next_try.as_second() - company.now().as_second())
}

/// Works, second by second.
async fn work_for(company: &Company, seconds: u32) {
    for _ in 0..seconds {
        company.work().await;
        company.wait("1s");
    }
}

#[tokio::test]
async fn calls_that_fail_in_a_row_let_the_target_rest_and_one_operation_tries_again() {
    let company = Company::of(30).await;
    company.change(0..25, "mail", "new@x");
    company.import().await.unwrap();
    company.app.fail_like(|| Trouble::TimedOutAtOnce);
    let before = calls(&company);
    work_for(&company, 10).await;
    assert_eq!(calls(&company), before + 5, "five, and no more");
    let (cause, seconds) = rest(&company).await;
    assert_eq!(cause, RestCause::Calls);
    company.wait(&format!("{}s", seconds + 1));
    work_for(&company, 10).await;
    assert_eq!(calls(&company), before + 6, "one single operation tries");
    let (_, longer) = rest(&company).await;
    assert!(longer > seconds + 10, "{longer} after {seconds}");
    company.app.fail_like(|| Trouble::None);
    company.settle().await;
    assert!(company.resting().await.is_empty());
    let people = company.app.content().people.clone();
    assert_eq!(people.values().filter(|person| person.attributes["mail"] == "new@x").count(), 25);
    assert!(company.events("target-quarantined").await >= 2 && company.events("target-released").await == 1);
}

#[tokio::test]
async fn a_restart_does_not_hammer_a_target_that_rests() {
    let mut company = Company::of(30).await;
    company.change(0..25, "mail", "new@x");
    company.import().await.unwrap();
    company.app.fail_like(|| Trouble::Unavailable);
    work_for(&company, 60).await;
    assert!(!company.resting().await.is_empty());
    let before = calls(&company);
    for _ in 0..3 {
        company.restart().await;
        company.work().await;
    }
    assert_eq!(calls(&company), before);
}

#[tokio::test]
async fn a_refused_credential_is_tried_once_and_then_seldom() {
    let company = Company::of(30).await;
    company.change(0..25, "mail", "new@x");
    company.import().await.unwrap();
    company.app.fail_like(|| Trouble::LockedOut);
    let before = calls(&company);
    work_for(&company, 200).await;
    assert_eq!(calls(&company), before + 1);
    assert_eq!(rest(&company).await.0, RestCause::Credential);
    let error = company.reconcile().await.unwrap_err().to_string();
    assert!(error.contains("authentication-failed") && error.contains("purser quarantine release"), "{error}");
    company.app.fail_like(|| Trouble::None);
    company.engine.release_target(&"app".parse().unwrap()).await.unwrap();
    company.settle().await;
    assert!(company.resting().await.is_empty());
    company.reconcile().await.unwrap();
    let people = company.app.content().people.clone();
    assert_eq!(people.values().filter(|person| person.attributes["mail"] == "new@x").count(), 25);
}

#[tokio::test]
async fn a_credential_that_is_refused_while_reading_lets_the_target_rest_too() {
    let company = Company::of(5).await;
    let refused =
        || ConnectorError { class: ErrorClass::AuthenticationFailed, message: "locked".into(), native_code: None };
    company.app.reading_fails_like(move || Some(Fault::Connector(refused())));
    assert!(company.reconcile().await.unwrap_err().to_string().contains("locked"));
    let again = company.reconcile().await.unwrap_err().to_string();
    assert!(again.contains("rests until"), "{again}");
}

#[tokio::test]
async fn a_go_in_which_too_much_fails_is_stopped() {
    let company = Company::of(120).await;
    company.change(0..120, "mail", "new@x");
    company.import().await.unwrap();
    company.app.fail_like(|| Trouble::Invalid);
    let report = company.work().await;
    assert_eq!(report.operations.refused, 60, "it is stopped after three batches of twenty");
    let (cause, _) = rest(&company).await;
    assert_eq!(cause, RestCause::Operations);
    let reason = company.resting().await[0].breaker.rest.clone().unwrap().reason;
    assert_eq!(reason, "60 of 60 operations failed");
    assert_eq!(report.later, 60);
    company.app.fail_like(|| Trouble::None);
    company.settle().await;
    let people = company.app.content().people.clone();
    assert_eq!(people.values().filter(|person| person.attributes["mail"] == "new@x").count(), 60);
}

#[tokio::test]
async fn an_operation_that_keeps_failing_is_quarantined_and_a_new_plan_releases_it() {
    let declared = DECLARATIONS.replace("leaving =", "retry = { attempts = 3 }\nleaving =");
    let company = Company::declared(5, &declared).await;
    company.change(0..1, "mail", "new@x");
    company.import().await.unwrap();
    company.app.fail_like(|| Trouble::Defect);
    work_for(&company, 60).await;
    let quarantined = company.engine.store().quarantined(10).await.unwrap();
    let [one] = quarantined.as_slice() else { panic!("{quarantined:?}") };
    assert_eq!((one.kind.as_str(), one.attempts), ("update", 3));
    assert!(one.reason.as_ref().unwrap().contains("defect"));
    let wait = one.next_try.as_second() - one.since.as_second();
    assert!((3_600..4_000).contains(&wait), "{wait}");
    assert_eq!(company.events("operation-quarantined").await, 1);
    company.app.fail_like(|| Trouble::None);
    // The person changes: what is planned now is not held up by what failed before.
    company.change(0..1, "mail", "newer@x");
    company.import().await.unwrap();
    company.work().await;
    assert!(company.app.content().people.values().any(|person| person.attributes["mail"] == "newer@x"));
    assert_eq!(company.engine.store().quarantined(10).await.unwrap(), []);
}

#[tokio::test]
async fn a_quarantined_operation_is_tried_again_and_can_be_released() {
    let declared = DECLARATIONS.replace("leaving =", "retry = { attempts = 1 }\nleaving =");
    let company = Company::declared(5, &declared).await;
    company.change(0..2, "mail", "new@x");
    company.import().await.unwrap();
    company.app.fail_like(|| Trouble::Defect);
    work_for(&company, 5).await;
    company.app.fail_like(|| Trouble::None);
    let store = company.engine.store();
    let first = store.quarantined(10).await.unwrap()[0].operation;
    store.release(first, company.now()).await.unwrap();
    assert!(store.release(first, company.now()).await.unwrap_err().to_string().contains("no quarantined operation"));
    company.work().await;
    assert_eq!(store.operation(first).await.unwrap().state, OperationState::Applied);
    assert_eq!(store.quarantined(10).await.unwrap().len(), 1);
    company.wait("2h");
    company.work().await;
    assert_eq!(store.quarantined(10).await.unwrap(), [], "the other one was tried by itself");
}

#[tokio::test]
async fn a_throttle_of_one_kind_lets_the_others_go_on() {
    let company = Company::of(5).await;
    company.app.fail_like(|| Trouble::CreatesLimited);
    company.change(0..3, "mail", "new@x");
    company.hr.add(&serde_json::json!({"userName": "one", "mail": "one@x", "department": "Sales"}));
    company.import().await.unwrap();
    company.work().await;
    company.hr.add(&serde_json::json!({"userName": "two", "mail": "two@x", "department": "Sales"}));
    company.change(3..5, "mail", "new@x");
    company.import().await.unwrap();
    let before = calls(&company);
    company.work().await;
    assert_eq!(calls(&company), before + 1, "the updates go together, and no create is sent while creates rest");
    let people = company.app.content().people.clone();
    assert_eq!(people.values().filter(|person| person.attributes["mail"] == "new@x").count(), 5);
    let waiting = OperationFilter { state: Some(OperationState::Waiting), ..OperationFilter::default() };
    assert!(company.engine.store().operations(waiting, PageRequest::first(10)).await.unwrap().len() >= 2);
    company.app.fail_like(|| Trouble::None);
    company.settle().await;
    assert_eq!(company.usable(), 7);
}
