//! Several people with one name: everybody gets an account of their own, under a name that nobody else has.

use crate::application::{SaysWhich, Trouble};
use crate::faults::Dice;
use crate::stage::Stage;
use purser_model::identity::LifecycleState;
use purser_reconcile::ReconcileMode;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const DECLARATIONS: &str = r#"
[source.hr]
connector = "application"
class = "person"

[target.app]
connector = "application"
class = "person"
leaving = "delete"
unlinked = "show"
[[target.app.correlation]]
attribute = "number"
value = "identity.number"
[target.app.mapping]
number = "identity.number"
phones = "identity.phones"
[target.app.mapping.userName]
value = "slug(identity.given) + '.' + slug(identity.family) + iteration"
unique = true
[target.app.mapping.mail]
value = "slug(identity.given) + '.' + slug(identity.family) + iteration + '@x.de'"
unique = true

[role.everyone]
rule = "true"
[[role.everyone.grant]]
target = "app"
"#;

fn stage() -> Stage {
    let stage = Stage::declared(DECLARATIONS.to_owned());
    stage.application.content().names_are_unique = Some(SaysWhich::Yes);
    stage
}

fn person(number: u64, family: &str) -> Value {
    json!({"number": number.to_string(), "given": "Anna", "family": family})
}

/// User name by number, as the application has them.
fn names(stage: &Stage) -> Vec<(String, String)> {
    let content = stage.application.content();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("-").to_owned();
    let mut names: Vec<_> = content
        .people
        .values()
        .map(|one| (text(one.attributes.get("number")), text(one.attributes.get("userName"))))
        .collect();
    names.sort();
    names
}

#[track_caller]
fn assert_names(stage: &Stage, expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(number, name)| ((*number).to_owned(), (*name).to_owned())).collect();
    assert_eq!(names(stage), expected);
}

async fn three(stage: &Stage) {
    for number in 1..=3 {
        stage.person(&number.to_string(), person(number, "Berg")).await;
    }
}

#[tokio::test]
async fn three_of_one_name_that_come_together_get_three_names() {
    let stage = stage();
    three(&stage).await;
    let report = stage.settle().await;
    assert_eq!((report.operations.applied, report.operations.refused), (3, 0), "{report:?}");
    assert_names(&stage, &[("1", "anna.berg"), ("2", "anna.berg2"), ("3", "anna.berg3")]);
    let mails: BTreeSet<_> =
        stage.application.content().people.values().map(|one| one.attributes["mail"].to_string()).collect();
    assert!(mails.contains("\"anna.berg2@x.de\"") && mails.len() == 3, "name and address go together: {mails:?}");
    let writes = stage.application.content().writes;
    stage.reconcile(ReconcileMode::Repair).await;
    assert_eq!(stage.application.content().writes, writes, "everybody keeps the name");
}

#[tokio::test]
async fn one_after_the_other_is_the_same_as_together() {
    let stage = stage();
    for number in 1..=3 {
        stage.person(&number.to_string(), person(number, "Berg")).await;
        stage.settle().await;
    }
    assert_names(&stage, &[("1", "anna.berg"), ("2", "anna.berg2"), ("3", "anna.berg3")]);
}

#[tokio::test]
async fn a_known_account_of_somebody_else_keeps_its_name() {
    let stage = stage();
    stage.application.add(&json!({"userName": "Anna.Berg", "number": "99"}));
    stage.reconcile(ReconcileMode::Repair).await;
    stage.person("1", person(1, "Berg")).await;
    stage.settle().await;
    assert_names(&stage, &[("1", "anna.berg2"), ("99", "Anna.Berg")]);
}

#[tokio::test]
async fn a_name_that_is_found_taken_on_create_leads_to_the_next() {
    for says_which in [SaysWhich::Yes, SaysWhich::No] {
        let stage = stage();
        stage.application.content().names_are_unique = Some(says_which);
        stage.application.add(&json!({"userName": "anna.berg", "number": "98"}));
        stage.application.add(&json!({"userName": "anna.berg2", "number": "99"}));
        stage.person("1", person(1, "Berg")).await;
        let report = stage.settle().await;
        assert_eq!((report.operations.applied, report.operations.refused), (1, 2), "{report:?}");
        assert_names(&stage, &[("1", "anna.berg3"), ("98", "anna.berg"), ("99", "anna.berg2")]);
    }
}

#[tokio::test]
async fn an_account_of_the_same_person_is_never_doubled_under_another_name() {
    let stage = stage();
    stage.application.add(&json!({"userName": "anna.berg", "number": "1"}));
    stage.person("1", person(1, "Berg")).await;
    let report = stage.settle().await;
    assert_eq!(report.operations.refused, 1, "{report:?}");
    assert_names(&stage, &[("1", "anna.berg")]);
    stage.reconcile(ReconcileMode::Repair).await;
    assert_names(&stage, &[("1", "anna.berg")]);
}

#[tokio::test]
async fn when_every_name_is_taken_it_ends_and_nobody_is_created() {
    let stage = stage();
    for number in 1..=30 {
        let suffix = if number == 1 { String::new() } else { number.to_string() };
        stage.application.add(&json!({"userName": format!("anna.berg{suffix}"), "number": (100 + number).to_string()}));
    }
    stage.person("1", person(1, "Berg")).await;
    let report = stage.settle().await;
    assert_eq!(report.operations.refused, 20, "as many as there are names to try: {report:?}");
    assert_eq!(stage.application.content().people.len(), 30);
    let plan = stage.engine.plan_everyone(None, &purser_reconcile::NoProgress).await.unwrap();
    assert!(plan.items.is_empty());
    assert!(plan.notices[0].message.contains("each of its 20 possible values belongs to another account"), "{plan:?}");
}

#[tokio::test]
async fn a_rename_takes_a_free_name_and_frees_the_old_one() {
    let stage = stage();
    three(&stage).await;
    stage.settle().await;
    stage.person("1", person(1, "Tal")).await;
    stage.settle().await;
    assert_names(&stage, &[("1", "anna.tal"), ("2", "anna.berg2"), ("3", "anna.berg3")]);
    // Nobody is renamed because a better name is free; who comes gets it.
    stage.person("4", person(4, "Berg")).await;
    stage.person("5", person(5, "Tal")).await;
    stage.settle().await;
    assert_names(
        &stage,
        &[("1", "anna.tal"), ("2", "anna.berg2"), ("3", "anna.berg3"), ("4", "anna.berg"), ("5", "anna.tal2")],
    );
}

#[tokio::test]
async fn a_rename_to_a_name_that_is_found_taken_leads_to_the_next() {
    let stage = stage();
    stage.person("1", person(1, "Berg")).await;
    stage.settle().await;
    stage.application.add(&json!({"userName": "anna.tal", "number": "99"}));
    stage.person("1", person(1, "Tal")).await;
    stage.settle().await;
    assert_names(&stage, &[("1", "anna.tal2"), ("99", "anna.tal")]);
}

#[tokio::test]
async fn a_name_is_free_again_when_its_account_is_deleted() {
    let stage = stage();
    three(&stage).await;
    stage.settle().await;
    stage.accept("2", LifecycleState::Departed, person(2, "Berg")).await;
    stage.settle().await;
    stage.person("4", person(4, "Berg")).await;
    stage.settle().await;
    assert_names(&stage, &[("1", "anna.berg"), ("3", "anna.berg3"), ("4", "anna.berg2")]);
}

#[tokio::test]
async fn a_name_that_was_only_planned_is_free_when_nobody_gets_it() {
    let stage = stage();
    stage.application.fail_like(|| Trouble::Unavailable);
    stage.person("1", person(1, "Berg")).await;
    stage.work().await;
    stage.accept("1", LifecycleState::Departed, person(1, "Berg")).await;
    stage.work().await;
    stage.application.fail_like(|| Trouble::None);
    stage.person("2", person(2, "Berg")).await;
    stage.settle().await;
    assert_names(&stage, &[("2", "anna.berg")]);
}

#[tokio::test]
async fn what_waits_to_be_created_has_its_name_already() {
    let stage = stage();
    stage.application.fail_like(|| Trouble::Unavailable);
    stage.person("1", person(1, "Berg")).await;
    stage.work().await;
    stage.person("2", person(2, "Berg")).await;
    stage.work().await;
    stage.application.fail_like(|| Trouble::None);
    stage.settle().await;
    assert_names(&stage, &[("1", "anna.berg"), ("2", "anna.berg2")]);
}

#[tokio::test]
async fn a_stored_plan_whose_name_is_taken_meanwhile_is_stale() {
    let stage = stage();
    stage.person("1", person(1, "Berg")).await;
    let planned = stage.engine.plan_everyone(None, &purser_reconcile::NoProgress).await.unwrap();
    stage.person("2", person(2, "Berg")).await;
    // The second is planned while the first has only a stored plan.
    let store = stage.engine.store().clone();
    let first = store.wakes(10).await.unwrap()[0];
    let waiting = stage.engine.plan_everyone(None, &purser_reconcile::NoProgress).await.unwrap();
    assert_eq!(
        waiting.items.iter().map(|item| item.claims["userName"].as_str()).collect::<Vec<_>>(),
        ["anna.berg", "anna.berg2"]
    );
    let mut second = waiting.items[1].clone();
    second.claims = planned.items[0].claims.clone();
    let request = |item: &purser_model::plan::PlanItem| purser_store::EnqueueRequest {
        identity: item.identity,
        wake: None,
        plan: None,
        items: vec![item.clone()],
        held: Vec::new(),
        approved: false,
        outlook: None,
    };
    let now = jiff::Timestamp::UNIX_EPOCH;
    let enqueued = store.enqueue(vec![request(&planned.items[0]), request(&second)], now).await.unwrap();
    assert_eq!((enqueued.operations, enqueued.stale.len()), (1, 1));
    assert_eq!(enqueued.stale[0].reason, "somebody else has the value of mail now");
    assert_eq!(store.wakes(10).await.unwrap()[0], first, "the wake-up stays");
    stage.settle().await;
    assert_names(&stage, &[("1", "anna.berg"), ("2", "anna.berg2")]);
}

#[tokio::test]
async fn a_mapping_that_becomes_unique_knows_the_accounts_after_a_reconciliation() {
    let plain = DECLARATIONS.replace(" + iteration", "").replace("unique = true", "");
    let mut stage = Stage::declared(plain);
    stage.application.add(&json!({"userName": "anna.berg", "number": "99"}));
    stage.reconcile(ReconcileMode::Repair).await;
    stage.declare(DECLARATIONS.to_owned()).await;
    stage.reconcile(ReconcileMode::Repair).await;
    stage.person("1", person(1, "Berg")).await;
    let report = stage.settle().await;
    assert_eq!(report.operations.refused, 0, "{report:?}");
    assert_names(&stage, &[("1", "anna.berg2"), ("99", "anna.berg")]);
    assert_eq!(stage.reconcile(ReconcileMode::Repair).await.changed, 0, "read anew once only");
}

#[tokio::test]
async fn values_that_people_added_stay_and_those_of_the_mapping_go() {
    let stage = stage();
    let with = |phones: Value| {
        let mut anna = person(1, "Berg");
        anna["phones"] = phones;
        anna
    };
    stage.person("1", with(json!(["1", "2"]))).await;
    stage.settle().await;
    let (id, _) = stage.application.person("anna.berg");
    stage.application.content().people.get_mut(&id).unwrap().attributes["phones"] = json!(["1", "2", "by hand"]);
    stage.reconcile(ReconcileMode::Repair).await;
    stage.person("1", with(json!(["2", "3"]))).await;
    stage.settle().await;
    assert_eq!(stage.application.person("anna.berg").1.attributes["phones"], json!(["2", "by hand", "3"]));
    stage.person("1", with(json!(null))).await;
    stage.settle().await;
    assert_eq!(stage.application.person("anna.berg").1.attributes["phones"], json!(["by hand"]));
}

#[tokio::test]
async fn a_value_whose_writing_was_not_answered_is_still_the_mappings_own() {
    let stage = stage();
    let with = |phones: Value| {
        let mut anna = person(1, "Berg");
        anna["phones"] = phones;
        anna
    };
    stage.person("1", with(json!(["1"]))).await;
    stage.settle().await;
    let mut first = true;
    stage.application.fail_like(move || if std::mem::take(&mut first) { Trouble::AnswerLost } else { Trouble::None });
    stage.person("1", with(json!(["1", "2"]))).await;
    stage.settle().await;
    assert_eq!(stage.application.person("anna.berg").1.attributes["phones"], json!(["1", "2"]));
    stage.person("1", with(json!(["1"]))).await;
    stage.settle().await;
    assert_eq!(stage.application.person("anna.berg").1.attributes["phones"], json!(["1"]));
}

/// Whatever fails, everybody has one account, and no two the same name.
async fn story(seed: u64) {
    let mut dice = Dice(seed);
    let mut stage = stage();
    if dice.roll(2) == 0 {
        stage.application.content().names_are_unique = Some(SaysWhich::No);
    }
    let strangers = dice.roll(3);
    for stranger in 0..strangers {
        let suffix = if stranger == 0 { String::new() } else { (stranger + 1).to_string() };
        stage.application.add(&json!({"userName": format!("anna.berg{suffix}"), "number": format!("s{stranger}")}));
    }
    let mut failing = Dice(seed ^ 0xdead_beef);
    stage.application.fail_like(move || match failing.roll(12) {
        0 => Trouble::Unavailable,
        1 => Trouble::AnswerLost,
        2 => Trouble::TimedOutHalfWay,
        3 => Trouble::TimedOutAtOnce,
        4 => Trouble::Limited,
        _ => Trouble::None,
    });
    let mut last = std::collections::BTreeMap::new();
    for _ in 0..3 {
        for _ in 0..dice.roll(6) {
            let number = dice.roll(6);
            let family = if dice.roll(2) == 0 { "Berg" } else { "Tal" };
            let state = if dice.roll(6) == 0 { LifecycleState::Departed } else { LifecycleState::Active };
            stage.accept(&number.to_string(), state, person(number, family)).await;
            last.insert(number.to_string(), (state, family.to_lowercase()));
            if dice.roll(2) == 0 {
                stage.work().await;
            }
        }
        match dice.roll(4) {
            0 => stage.restart().await,
            1 => drop(stage.reconcile(ReconcileMode::Repair).await),
            _ => {}
        }
    }
    stage.settle().await;
    stage.application.fail_like(|| Trouble::None);
    stage.reconcile(ReconcileMode::Repair).await;
    stage.settle().await;
    let found = names(&stage);
    let distinct: BTreeSet<_> = found.iter().map(|(_, name)| name).collect();
    assert_eq!(distinct.len(), found.len(), "seed {seed}: {found:?}");
    let numbers: BTreeSet<_> = found.iter().map(|(number, _)| number).collect();
    assert_eq!(numbers.len(), found.len(), "seed {seed}: somebody has two accounts: {found:?}");
    for (number, (state, family)) in last {
        let name = found.iter().find(|(known, _)| *known == number).map(|(_, name)| name.clone());
        let here = state == LifecycleState::Active;
        assert_eq!(name.is_some(), here, "seed {seed}: {number} in {found:?}");
        assert!(
            name.is_none_or(|name| name.starts_with(&format!("anna.{family}"))),
            "seed {seed}: {number} in {found:?}"
        );
    }
    let writes = stage.application.content().writes;
    stage.reconcile(ReconcileMode::Repair).await;
    assert_eq!(stage.application.content().writes, writes, "seed {seed}: a second look finds nothing to do");
}

/// A thousand in `cargo xtask test`, one with `PURSER_SEED=7`.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_no_two_get_the_same_name() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let (from, count) = match number("PURSER_SEED") {
        Some(seed) => (seed, 1),
        None => (0, number("PURSER_SEEDS").unwrap_or(60)),
    };
    let stories: Vec<_> = (from..from + count).collect();
    for batch in stories.chunks(4) {
        let running: Vec<_> = batch.iter().map(|seed| tokio::spawn(story(*seed))).collect();
        for one in running {
            one.await.unwrap();
        }
    }
}
