//! What happens to one person, told from the application's side.

use crate::application::Trouble;
use crate::stage::Stage;
use jiff::Timestamp;
use purser_model::Attributes;
use purser_model::identity::{IdentityRecord, LifecycleState, Validity};
use purser_model::run::{Checkpoint, RunKind, RunState};
use purser_reconcile::ReconcileMode;
use serde_json::json;

fn anna() -> serde_json::Value {
    json!({"userName": "anna", "mail": "anna@x", "department": "Engineering"})
}

#[tokio::test]
async fn a_joiner_gets_an_account_and_groups_and_a_second_look_finds_nothing() {
    let stage = Stage::new("disable", "show");
    stage.person("1", anna()).await;
    stage.settle().await;
    let (_, person) = stage.application.person("anna");
    assert!(person.active);
    assert_eq!(person.attributes["mail"], "anna@x");
    assert_eq!(stage.application.members("Engineers"), ["anna"]);
    assert_eq!(stage.application.members("Everyone"), ["anna"]);
    let writes = stage.application.content().writes;
    let report = stage.reconcile(ReconcileMode::Repair).await;
    assert_eq!((report.changed, stage.application.content().writes), (2, writes), "only the groups gained members");
    assert_eq!(stage.reconcile(ReconcileMode::Repair).await.changed, 0);
}

/// The host is killed after the listing is complete and before it is accepted; meanwhile the source changes.
#[tokio::test]
async fn a_listing_from_before_an_interruption_is_not_accepted() {
    let mut stage = Stage::new("disable", "show");
    let ids = ["anna", "ben"].map(|name| stage.application.add(&json!({"userName": name})));
    let store = stage.engine.store().clone();
    let run = store.begin_run(RunKind::Import, "hr", Timestamp::UNIX_EPOCH).await.unwrap().run;
    let old = IdentityRecord {
        key: ids[0].clone(),
        state: LifecycleState::Active,
        attributes: Attributes::new(),
        validity: Validity::ALWAYS,
    };
    let finished = Checkpoint { finished_classes: vec!["person".into()], ..Checkpoint::default() };
    store.stage_records(run.id, vec![old], finished).await.unwrap();
    stage.restart().await;
    let report = stage.import().await;
    assert_eq!((report.weight.staged, report.weight.new), (2, 2), "what the source lists now: {report:?}");
    let interrupted = store.run(run.id).await.unwrap();
    assert_eq!(interrupted.state, RunState::Failed);
    assert!(interrupted.detail.unwrap().contains("read anew"));
    assert_eq!(stage.import().await.weight.unchanged, 2);
}

#[tokio::test]
async fn a_mover_keeps_the_account_and_changes_groups() {
    let stage = Stage::new("disable", "show");
    stage.person("1", anna()).await;
    stage.settle().await;
    let (id, _) = stage.application.person("anna");
    stage.person("1", json!({"userName": "anna.new", "mail": "new@x", "department": "Sales"})).await;
    stage.settle().await;
    let (same, person) = stage.application.person("anna.new");
    assert_eq!((same, person.attributes["mail"].as_str()), (id, Some("new@x")));
    assert!(stage.application.members("Engineers").is_empty());
    assert_eq!(stage.application.members("Everyone"), ["anna.new"]);
}

#[tokio::test]
async fn a_leaver_is_disabled_without_groups_and_a_rehire_gets_the_same_account() {
    let stage = Stage::new("disable", "show");
    stage.person("1", anna()).await;
    stage.settle().await;
    let (id, _) = stage.application.person("anna");
    stage.accept("1", LifecycleState::Departed, anna()).await;
    stage.settle().await;
    assert!(!stage.application.person("anna").1.active);
    assert!(stage.application.members("Everyone").is_empty());
    stage.person("1", anna()).await;
    stage.settle().await;
    let (same, person) = stage.application.person("anna");
    assert_eq!((same, person.active), (id, true));
    assert_eq!(stage.application.members("Engineers"), ["anna"]);
}

#[tokio::test]
async fn leaving_deletes_where_it_is_declared() {
    let stage = Stage::new("delete", "show");
    stage.person("1", anna()).await;
    stage.settle().await;
    stage.accept("1", LifecycleState::Departed, anna()).await;
    stage.settle().await;
    assert!(stage.application.content().people.is_empty());
    stage.person("1", anna()).await;
    stage.settle().await;
    assert!(stage.application.person("anna").1.active);
}

#[tokio::test]
async fn an_existing_account_is_adopted_only_by_policy() {
    for (policy, mail, accounts) in [("adopt", "anna@x", 1), ("show", "old@x", 1)] {
        let stage = Stage::new("disable", policy);
        let id = stage.application.add(&json!({"userName": "Anna", "mail": "old@x"}));
        stage.reconcile(ReconcileMode::Repair).await;
        stage.person("1", anna()).await;
        stage.settle().await;
        let content = stage.application.content();
        assert_eq!(content.people.len(), accounts, "{policy}");
        assert_eq!(content.people[&id].attributes["mail"], mail, "{policy}");
    }
}

#[tokio::test]
async fn a_lost_answer_never_takes_over_an_account_that_was_there_before() {
    let stage = Stage::new("disable", "show");
    let id = stage.application.add(&json!({"userName": "anna", "mail": "old@x"}));
    let mut first = true;
    stage.application.fail_like(
        move || {
            if std::mem::take(&mut first) { Trouble::TimedOutAtOnce } else { Trouble::None }
        },
    );
    stage.person("1", anna()).await;
    let report = stage.settle().await;
    assert!(report.operations.reasons.keys().any(|reason| reason.contains("was there before")), "{report:?}");
    assert_eq!(stage.application.content().people[&id].attributes["mail"], "old@x");
    assert_eq!(stage.application.content().people.len(), 1);
}

#[tokio::test]
async fn drift_is_found_repaired_and_a_vanished_account_comes_back() {
    let stage = Stage::new("disable", "show");
    for number in 0..30 {
        let name = format!("p{number}");
        stage.person(&name, json!({"userName": name, "mail": format!("{name}@x"), "title": "T"})).await;
    }
    stage.settle().await;
    let (drifted, _) = stage.application.person("p3");
    let (vanished, _) = stage.application.person("p4");
    {
        let mut content = stage.application.content();
        let person = content.people.get_mut(&drifted).unwrap();
        person.attributes.insert("mail".into(), json!("by-hand@x"));
        person.attributes.insert("title".into(), json!("by hand"));
        content.people.remove(&vanished);
    }
    let dry = stage.reconcile(ReconcileMode::DryRun).await;
    assert_eq!(dry.plan.unwrap().items.len(), 2);
    assert_eq!(stage.application.person("p3").1.attributes["mail"], "by-hand@x", "a dry run writes nothing");
    stage.settle().await;
    assert_eq!(stage.application.person("p3").1.attributes["mail"], "by-hand@x", "and wakes nobody who would");
    assert_eq!(stage.application.content().people.len(), 29);
    let report = stage.reconcile(ReconcileMode::Repair).await;
    assert_eq!(report.operations.refused, 0);
    let (_, person) = stage.application.person("p3");
    assert_eq!(person.attributes["mail"], "p3@x", "strong: repaired");
    assert_eq!(person.attributes["title"], "by hand", "normal: left until its own value changes");
    assert_ne!(stage.application.person("p4").0, vanished);
    assert_eq!(stage.application.content().people.len(), 30);
}

#[tokio::test]
async fn a_list_that_is_cut_short_or_empty_proves_nothing() {
    let stage = Stage::new("disable", "show");
    for number in 0..25 {
        stage.person(&number.to_string(), json!({"userName": format!("p{number}"), "mail": "m"})).await;
    }
    stage.settle().await;
    let writes = stage.application.content().writes;
    let target = "app".parse().unwrap();
    *stage.application.truncated.lock().unwrap() = true;
    let cut = stage.engine.reconcile(&target, ReconcileMode::Repair, &purser_reconcile::NoProgress).await;
    assert!(cut.unwrap_err().to_string().contains("cut short"));
    *stage.application.truncated.lock().unwrap() = false;
    let everybody = std::mem::take(&mut stage.application.content().people);
    let empty = stage.engine.reconcile(&target, ReconcileMode::Repair, &purser_reconcile::NoProgress).await;
    assert!(empty.unwrap_err().to_string().contains("at all"));
    stage.application.content().people = everybody;
    stage.settle().await;
    assert_eq!(stage.application.content().writes, writes, "nothing was done");
}
