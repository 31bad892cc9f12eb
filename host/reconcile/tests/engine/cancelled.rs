//! Operations that a person cancels.

use crate::application::Trouble;
use crate::company::Company;
use crate::stage::Stage;
use purser_model::audit::Actor;
use purser_model::id::{IdentityId, OperationId};
use purser_model::operation::{Intent, Operation, OperationState};
use purser_reconcile::{LoggedOperation, NoProgress, ReconcileMode};
use purser_store::{IdentityFilter, LogFilter, LogPage, OperationFilter, PageRequest, Store, StoreError};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

fn olga(stage: &Stage) -> Arc<dyn Store> {
    stage.engine.store().on_behalf_of(Actor::command_line("olga"))
}

fn anna() -> serde_json::Value {
    json!({"userName": "anna", "mail": "anna@x", "department": "Engineering"})
}

async fn in_state(store: &dyn Store, state: OperationState) -> Vec<Operation> {
    let filter = OperationFilter { state: Some(state), ..OperationFilter::default() };
    let mut found = store.operations(filter, PageRequest::first(500)).await.unwrap();
    found.reverse();
    found
}

async fn waiting(stage: &Stage) -> Vec<Operation> {
    in_state(stage.engine.store().as_ref(), OperationState::Waiting).await
}

async fn the(stage: &Stage, kind: &str) -> OperationId {
    let all = waiting(stage).await;
    all.iter().find(|one| one.intent.name() == kind).unwrap_or_else(|| panic!("no {kind} waits: {all:?}")).id
}

/// A stage on which Anna's account and everything that belongs to it waits, since the application takes nothing now.
async fn about_to_begin() -> Stage {
    let stage = Stage::new("disable", "show");
    stage.application.fail_like(|| Trouble::Limited);
    stage.person("1", anna()).await;
    stage.work().await;
    stage.application.fail_like(|| Trouble::None);
    stage
}

async fn identity(stage: &Stage) -> IdentityId {
    stage.engine.store().identities(IdentityFilter::default(), PageRequest::first(1)).await.unwrap()[0].id
}

/// Somebody wakes her for a reason of their own.
async fn wake(stage: &Stage) {
    stage.engine.store().wake_these(vec![identity(stage).await]).await.unwrap();
    stage.settle().await;
}

fn people(stage: &Stage) -> usize {
    stage.application.content().people.len()
}

async fn refusal(store: &dyn Store, operation: OperationId) -> String {
    match store.cancel_operation(operation, jiff::Timestamp::UNIX_EPOCH).await {
        Err(refused @ StoreError::Refused { .. }) => refused.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_is_not_created_gets_nothing_and_is_not_planned_the_same_again() {
    let stage = about_to_begin().await;
    let create = the(&stage, "create").await;
    let grants = waiting(&stage).await.iter().filter(|one| matches!(one.intent, Intent::Grant { .. })).count();
    assert_eq!(olga(&stage).cancel_operation(create, stage.now()).await.unwrap(), 1 + grants as u64);
    stage.settle().await;
    wake(&stage).await;
    assert_eq!((people(&stage), waiting(&stage).await.len()), (0, 0), "nothing hangs");
    let store = stage.engine.store();
    let cancelled = store.operation(create).await.unwrap();
    assert_eq!(cancelled.state, OperationState::Superseded);
    assert!(cancelled.detail.unwrap().starts_with("cancelled by cli:olga until the identity"));
    assert_eq!(olga(&stage).cancel_operation(create, stage.now()).await.unwrap(), 0, "once is enough");

    let filter = LogFilter { operation: Some(create), ..LogFilter::default() };
    let logged = store.provisioning_log(filter, LogPage { after: None, limit: 9 }).await.unwrap().remove(0);
    let logged = LoggedOperation::from(logged);
    let last = logged.steps.last().unwrap();
    assert_eq!((last.what.as_str(), last.by.as_str()), ("operation-cancelled", "cli:olga"));
    let explained = stage.engine.explain(identity(&stage).await, None).await.unwrap();
    let told = explained.last_operations.iter().find(|one| one.id == create).unwrap();
    assert!(told.detail.as_ref().unwrap().contains("cancelled by"), "explaining says so");

    stage.reconcile(ReconcileMode::Repair).await;
    stage.settle().await;
    assert_eq!(
        stage.application.person("anna").1.attributes["mail"],
        "anna@x",
        "the next reconciliation makes it good"
    );
    assert_eq!(stage.application.members("Everyone"), ["anna"]);
}

#[tokio::test]
async fn a_change_of_the_identity_and_a_person_who_provisions_it_are_asked_for_anew() {
    for by_change in [true, false] {
        let stage = about_to_begin().await;
        olga(&stage).cancel_operation(the(&stage, "create").await, stage.now()).await.unwrap();
        wake(&stage).await;
        assert_eq!(people(&stage), 0);
        if by_change {
            stage.person("1", json!({"userName": "anna", "mail": "new@x", "department": "Engineering"})).await;
            stage.settle().await;
        } else {
            let report =
                stage.engine.provision(identity(&stage).await, None, Duration::ZERO, &NoProgress).await.unwrap();
            assert!(report.is_done(), "{report:?}");
        }
        wake(&stage).await;
        assert_eq!((people(&stage), stage.application.members("Engineers").len()), (1, 1), "by change: {by_change}");
    }
}

#[tokio::test]
async fn one_of_several_is_cancelled_and_the_others_are_done() {
    let stage = Stage::new("disable", "show");
    stage.person("1", json!({"userName": "anna", "mail": "anna@x", "department": "Sales"})).await;
    stage.settle().await;
    stage.application.fail_like(|| Trouble::Limited);
    stage.person("1", json!({"userName": "anna", "mail": "new@x", "department": "Engineering"})).await;
    stage.work().await;
    stage.application.fail_like(|| Trouble::None);
    let update = the(&stage, "update").await;
    assert_eq!(olga(&stage).cancel_operation(update, stage.now()).await.unwrap(), 1);
    stage.settle().await;
    wake(&stage).await;
    assert_eq!(stage.application.person("anna").1.attributes["mail"], "anna@x");
    assert_eq!(stage.application.members("Engineers"), ["anna"]);
    stage.reconcile(ReconcileMode::Repair).await;
    stage.settle().await;
    assert_eq!(stage.application.person("anna").1.attributes["mail"], "new@x");
}

#[tokio::test]
async fn grants_go_with_the_entitlement_that_is_not_created() {
    let stage = about_to_begin().await;
    let of = |one: &Operation| matches!(&one.intent, Intent::CreateEntitlement { name, .. } if name == "everyone");
    let create = waiting(&stage).await.into_iter().find(of).unwrap().id;
    assert_eq!(olga(&stage).cancel_operation(create, stage.now()).await.unwrap(), 2);
    stage.settle().await;
    wake(&stage).await;
    assert_eq!((people(&stage), stage.application.members("Engineers").len()), (1, 1));
    let groups = |stage: &Stage| -> BTreeSet<String> {
        stage.application.content().groups.values().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(groups(&stage), BTreeSet::from(["Engineers".to_owned()]), "it is not planned again at once");
    assert!(waiting(&stage).await.is_empty(), "nothing hangs");
    stage.reconcile(ReconcileMode::Repair).await;
    stage.settle().await;
    assert_eq!((groups(&stage).len(), stage.application.members("Everyone").len()), (2, 1));
}

#[tokio::test]
async fn what_was_sent_is_not_called_back() {
    let mut stage = about_to_begin().await;
    stage.wait("1h");
    let store = stage.engine.store().clone();
    let sent = store.lease(&"app".parse().unwrap(), 1, stage.now()).await.unwrap()[0].operation.id;
    let why = refusal(store.as_ref(), sent).await;
    assert!(why.contains("is being sent"), "{why}");
    stage.restart().await;
    let store = stage.engine.store().clone();
    let why = refusal(store.as_ref(), sent).await;
    assert!(why.contains("its end is not known"), "{why}");
    stage.settle().await;
    let why = refusal(store.as_ref(), sent).await;
    assert!(why.contains("has ended"), "{why}");
    let nobody = OperationId(identity(&stage).await.0);
    assert!(matches!(store.cancel_operation(nobody, stage.now()).await, Err(StoreError::NotFound { .. })));
    assert_eq!((people(&stage), stage.application.members("Everyone").len()), (1, 1), "nothing was lost by asking");
}

#[tokio::test]
async fn a_stored_plan_and_new_declarations_go_before_what_was_cancelled() {
    let mut stage = about_to_begin().await;
    olga(&stage).cancel_operation(the(&stage, "create").await, stage.now()).await.unwrap();
    stage.settle().await;
    let key = purser_model::seal::PlanKey::new("secret");
    let planned = stage.engine.plan_everyone(None, &NoProgress).await.unwrap();
    assert_eq!(planned.items.len(), 1, "a plan says what differs");
    let plan = stage.engine.keep_plan(&planned.items, &key, purser_reconcile::PLAN_LIFE).await.unwrap();
    stage.engine.apply(plan.id, &key, Default::default(), &NoProgress).await.unwrap();
    wake(&stage).await;
    assert_eq!(people(&stage), 1);

    stage.application.fail_like(|| Trouble::Limited);
    stage.person("1", json!({"userName": "anna", "mail": "new@x", "department": "Engineering"})).await;
    stage.work().await;
    stage.application.fail_like(|| Trouble::None);
    olga(&stage).cancel_operation(the(&stage, "update").await, stage.now()).await.unwrap();
    let declared = crate::stage::DECLARATIONS.replace("LEAVING", "\"disable\"").replace("UNLINKED", "adopt");
    stage.declare(declared).await;
    stage.engine.take_up(None, "[]".to_owned(), &NoProgress).await.unwrap();
    wake(&stage).await;
    assert_eq!(stage.application.person("anna").1.attributes["mail"], "new@x");
}

#[tokio::test]
async fn who_leaves_and_is_not_disabled_can_go_on_until_the_next_reconciliation() {
    let company = Company::of(50).await;
    company.app.fail_like(|| Trouble::Limited);
    company.leave(0..3);
    company.import().await.unwrap();
    company.work().await;
    company.app.fail_like(|| Trouble::None);
    let store = company.engine.store().clone();
    let waiting = in_state(store.as_ref(), OperationState::Waiting).await;
    let disable = waiting.iter().find(|one| one.intent == Intent::Disable).unwrap().id;
    store.cancel_operation(disable, company.now()).await.unwrap();
    company.settle().await;
    store.wake_everyone().await.unwrap();
    company.settle().await;
    assert_eq!((company.usable(), company.engineers(), company.held().await.len()), (48, 47, 0));
    company.reconcile().await.unwrap();
    company.settle().await;
    assert_eq!((company.usable(), company.engineers()), (47, 47));
}
