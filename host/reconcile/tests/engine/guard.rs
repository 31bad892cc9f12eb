//! What the guard holds, and what becomes of what it holds.

use crate::application::Trouble;
use crate::company::{Company, DECLARATIONS};
use purser_reconcile::{ApplyOptions, NoProgress};
use purser_store::{Decision, HeldFilter, HeldState, PageRequest};
use std::collections::BTreeSet;

const TOO_MUCH: &str = "of 50 accounts in app would be disabled or deleted within 24 hours";

#[tokio::test]
async fn what_is_no_too_great_share_is_done_at_once() {
    let company = Company::of(50).await;
    company.leave(0..10);
    company.import().await.unwrap();
    let report = company.settle().await;
    assert_eq!((company.usable(), report.held), (40, 0));
}

#[tokio::test]
async fn too_much_is_held_whole_while_joiners_and_changes_go_on() {
    let company = Company::of(50).await;
    company.leave(0..30);
    company.change(30..40, "mail", "new@x");
    company.hr.add(&serde_json::json!({"userName": "new", "mail": "n@x", "department": "Sales"}));
    company.import_all().await;
    let report = company.settle().await;
    assert_eq!((company.usable(), report.held), (51, 30));
    company.assert_held(30, &format!("30 {TOO_MUCH}")).await;
    let people = company.app.content().people.clone();
    assert_eq!(people.values().filter(|person| person.attributes["mail"] == "new@x").count(), 10);
    assert!(people.values().any(|person| person.attributes["userName"] == "new"));
}

#[tokio::test]
async fn approved_items_are_done_and_do_not_count_against_what_comes_later() {
    let company = Company::of(50).await;
    company.leave(0..30);
    company.import_all().await;
    company.settle().await;
    let decided = company.decide_all(Decision::Approve).await;
    assert_eq!((decided.items, decided.stale.len()), (30, 0));
    // Woken once more before it was carried out, what was approved stays so.
    company.engine.store().wake_everyone().await.unwrap();
    company.settle().await;
    assert_eq!((company.usable(), company.engineers(), company.held().await.len()), (20, 20, 0));
    company.leave(30..34);
    company.import().await.unwrap();
    company.settle().await;
    assert_eq!((company.usable(), company.held().await.len()), (16, 0), "20 % of the 20 that were left");
}

#[tokio::test]
async fn rejected_items_are_not_done_and_nobody_is_asked_again_until_something_changes() {
    let company = Company::of(50).await;
    company.leave(0..30);
    company.import_all().await;
    company.settle().await;
    assert_eq!(company.decide_all(Decision::Reject).await.items, 30);
    for _ in 0..2 {
        company.engine.store().wake_everyone().await.unwrap();
        company.reconcile().await.unwrap();
        company.settle().await;
    }
    assert_eq!((company.usable(), company.held().await.len()), (50, 0));
    let planned = company.engine.plan_everyone(None, &NoProgress).await.unwrap();
    assert_eq!((planned.items.len(), planned.notices.len()), (0, 30));
    assert!(planned.notices[0].message.contains("rejected"), "{}", planned.notices[0].message);
    // One alone would be no too great share; yet a person said no, and is asked before it is done after all.
    company.change(0..1, "mail", "changed@x");
    company.import().await.unwrap();
    company.settle().await;
    company.assert_held(1, "it was rejected before, and changed since").await;
    assert_eq!(company.usable(), 50);
}

#[tokio::test]
async fn who_is_hired_again_is_not_held_any_more() {
    let company = Company::of(50).await;
    company.leave(0..30);
    company.import_all().await;
    company.settle().await;
    company.change(0..29, "status", "employed");
    company.import().await.unwrap();
    company.settle().await;
    company.assert_held(1, TOO_MUCH).await;
    assert_eq!((company.usable(), company.events("held-item-dropped").await), (50, 29));
}

#[tokio::test]
async fn what_changed_since_it_was_held_is_named_and_planned_again() {
    let company = Company::of(50).await;
    company.leave(0..30);
    company.import_all().await;
    company.settle().await;
    company.change(0..1, "status", "employed");
    company.import().await.unwrap();
    let decided = company.decide_all(Decision::Approve).await;
    assert_eq!((decided.items, decided.stale.len()), (29, 1));
    assert_eq!(decided.stale[0].reason, "the identity has changed since");
    company.settle().await;
    assert_eq!((company.usable(), company.held().await.len()), (21, 0));
}

#[tokio::test]
async fn nobody_is_held_twice_and_a_restart_forgets_nothing() {
    let mut company = Company::of(50).await;
    company.leave(0..30);
    company.import_all().await;
    company.settle().await;
    company.restart().await;
    company.engine.store().wake_everyone().await.unwrap();
    company.settle().await;
    company.assert_held(30, TOO_MUCH).await;
    assert_eq!(company.events("item-held").await, 30);
}

#[tokio::test]
async fn a_mover_gets_what_is_new_while_what_is_taken_waits_and_can_be_approved() {
    let mut company = Company::of(50).await;
    let sales = "[role.sales]\nrule = \"identity.department == 'Sales'\"\n[[role.sales.grant]]\ntarget = \"app\"\n\
                 entitlements = [\"sellers\"]\n[role.engineer]";
    let sellers = "[target.app.entitlement]\n\
                   sellers = { class = \"group\", attribute = \"name\", value = \"Sellers\", create = true }";
    company.edit("[target.app.entitlement]", sellers).await;
    company.edit("[role.engineer]", sales).await;
    company.change(0..30, "department", "Sales");
    company.change(0..30, "mail", "moved@x");
    company.import().await.unwrap();
    company.settle().await;
    assert_eq!((company.app.members("Sellers").len(), company.engineers()), (30, 50));
    company.assert_held(30, "30 of 50 accounts in app would lose entitlements").await;
    // The update made accounts newer than what was held first; what is held now is as new as they are.
    assert_eq!(company.decide_all(Decision::Approve).await.stale, []);
    company.settle().await;
    assert_eq!(company.engineers(), 20);
}

#[tokio::test]
async fn a_stored_plan_is_counted_as_well_and_is_carried_out_by_its_number() {
    for (allowed, usable, held) in [(None, 50, 30), (Some(29), 50, 30), (Some(30), 20, 0)] {
        let company = Company::of(50).await;
        company.leave(0..30);
        company.import_all().await;
        let report = company.plan_and_apply(ApplyOptions { takings_allowed: allowed, ..ApplyOptions::default() }).await;
        company.settle().await;
        assert_eq!((company.usable(), company.held().await.len()), (usable, held), "{allowed:?}");
        assert_eq!(report.guard.iter().any(|reason| reason.contains(TOO_MUCH)), held > 0, "{:?}", report.guard);
    }
}

#[tokio::test]
async fn what_is_held_is_said_by_the_next_plan_and_is_not_planned_twice() {
    let company = Company::of(50).await;
    company.leave(0..30);
    company.import_all().await;
    company.settle().await;
    let planned = company.engine.plan_everyone(None, &NoProgress).await.unwrap();
    assert_eq!((planned.items.len(), planned.notices.len()), (0, 30));
    assert!(planned.notices[0].message.contains("purser held approve"), "{}", planned.notices[0].message);
}

#[tokio::test]
async fn the_numbers_are_the_operators() {
    let numbers = "leaving = \"disable\"\nguard = { share = 60, count = 12, revoke = { share = 100 } }";
    let company = Company::declared(50, &DECLARATIONS.replace("leaving = \"disable\"", numbers)).await;
    company.leave(0..12);
    company.import_all().await;
    company.settle().await;
    assert_eq!((company.usable(), company.held().await.len()), (38, 0));
    company.leave(12..13);
    company.change(13..50, "department", "Sales");
    company.import_all().await;
    company.settle().await;
    company.assert_held(1, "no more than 12").await;
    assert_eq!((company.usable(), company.engineers()), (38, 1), "revocations have their own numbers");
}

/// What waits in the queue of a target that is down counts too.
#[tokio::test]
async fn what_is_queued_counts_before_it_is_done() {
    let company = Company::of(50).await;
    company.app.fail_like(|| Trouble::Unavailable);
    for portion in 0..6 {
        company.leave(portion * 5..portion * 5 + 5);
        company.import().await.unwrap();
        company.work().await;
    }
    assert_eq!(company.held().await.len(), 20, "two portions are no too great share");
    company.app.fail_like(|| Trouble::None);
    company.settle().await;
    assert_eq!(company.usable(), 40);
}

#[tokio::test]
async fn deciding_on_what_is_not_held_decides_nothing() {
    let company = Company::of(50).await;
    company.leave(0..30);
    company.import_all().await;
    company.settle().await;
    let mut accounts: Vec<_> = company.held().await.into_iter().map(|held| held.account).collect();
    accounts.push(purser_model::id::AccountId(uuid::Uuid::nil()));
    let store = company.engine.store();
    let decided = store.decide_held(accounts, Decision::Reject, BTreeSet::new(), jiff::Timestamp::UNIX_EPOCH).await;
    assert!(decided.unwrap_err().to_string().starts_with("no held item"));
    let rejected = HeldFilter { state: Some(HeldState::Rejected), ..HeldFilter::default() };
    assert_eq!(store.held(rejected, PageRequest::first(100)).await.unwrap(), []);
}
