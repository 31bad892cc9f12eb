//! Whatever fails, in the end everybody has exactly one account, and nothing accepted is lost. Each seed is a story that
//! can be told again.

use crate::application::Trouble;
use crate::stage::Stage;
use purser_connector::Fault;
use purser_model::edit::{ConnectorError, ErrorClass, ThrottleScope};
use purser_model::identity::LifecycleState;
use purser_model::operation::OperationState;
use purser_reconcile::ReconcileMode;
use purser_store::{OperationFilter, PageRequest, StoreError};
use serde_json::json;
use std::time::Duration;

const PEOPLE: u64 = 12;

/// A small generator (splitmix64), so that a seed means the same everywhere.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

fn trouble(dice: &mut Dice) -> Trouble {
    match dice.roll(12) {
        0 => Trouble::Unavailable,
        1 => Trouble::Limited,
        2 => Trouble::AnswerLost,
        3 => Trouble::TimedOutHalfWay,
        4 => Trouble::TimedOutAtOnce,
        5 => Trouble::Defect,
        _ => Trouble::None,
    }
}

/// Every sixth object or so cannot be read, but never more than twice in a row: who listens to the target gets through.
fn reading_trouble(seed: u64) -> impl FnMut(&str, u32) -> Option<Fault> + Send {
    let (mut dice, mut in_a_row) = (Dice(seed), 0);
    move |call, _| {
        let class = match (call, in_a_row < 2, dice.roll(18)) {
            ("get", true, 0) => ErrorClass::RateLimited { after_ms: None, scope: ThrottleScope::Target },
            ("get", true, 1) => ErrorClass::RateLimited { after_ms: Some(700), scope: ThrottleScope::Object },
            ("get", true, 2) => ErrorClass::Unavailable { after_ms: None },
            _ => {
                in_a_row = 0;
                return None;
            }
        };
        in_a_row += 1;
        Some(Fault::Connector(ConnectorError { class, message: "told to fail".into(), native_code: None }))
    }
}

async fn story(seed: u64) {
    let mut stage = Stage::new("disable", "show");
    let mut dice = Dice(seed);
    let mut failing = Dice(seed ^ 0xdead_beef);
    stage.application.fail_like(move || trouble(&mut failing));
    // Half of the applications say that they show late what was written.
    *stage.application.lag.lock().unwrap() = Duration::from_secs(5 * (seed % 2));
    stage.application.interfere(reading_trouble(seed ^ 0x0bad_cafe));
    let mut stopping = Dice(seed ^ 0x5709_5709);
    let mut last = std::collections::BTreeMap::new();
    for round in 0..4 {
        for _ in 0..dice.roll(PEOPLE) {
            let key = dice.roll(PEOPLE);
            let state = if dice.roll(5) == 0 { LifecycleState::Departed } else { LifecycleState::Active };
            let department = if dice.roll(2) == 0 { "Engineering" } else { "Sales" };
            let mail = format!("{key}-{round}-{}@x", dice.roll(100));
            let attributes = json!({"userName": format!("p{key}"), "mail": mail, "department": department});
            stage.accept(&key.to_string(), state, attributes).await;
            last.insert(key, (state, mail, department));
            if stopping.roll(8) == 0 {
                cancel_one(&stage, stopping.roll(5)).await;
            }
            match dice.roll(6) {
                0 | 1 => drop(stage.work().await),
                2 => stage.work_and_die(dice.roll(40)).await,
                _ => {}
            }
        }
        if dice.roll(2) == 0 {
            stage.restart().await;
        }
        if dice.roll(3) == 0 {
            stage.reconcile(ReconcileMode::Repair).await;
        }
        for _ in 0..stopping.roll(3) {
            stage.reconcile_and_stop(stopping.roll(60)).await;
        }
    }
    stage.settle().await;
    stage.application.fail_like(|| Trouble::None);
    stage.reconcile(ReconcileMode::Repair).await;
    stage.settle().await;
    judge(seed, &stage, &last);
    every_edit_was_planned(seed, &stage).await;
    let events = stage.engine.store().events(0, 1_000_000).await.unwrap();
    assert!(!events.iter().any(|event| event.kind == "account-gone"), "seed {seed}: nobody went");
    let writes = stage.application.content().writes;
    stage.reconcile(ReconcileMode::Repair).await;
    assert_eq!(stage.application.content().writes, writes, "seed {seed}: a second look finds nothing to do");
}

/// A person cancels an operation, in whatever state it is.
async fn cancel_one(stage: &Stage, place: u64) {
    let store = stage.engine.store();
    let newest = store.operations(OperationFilter::default(), PageRequest::first(5)).await.unwrap();
    let Some(one) = newest.get(usize::try_from(place).unwrap()) else { return };
    match store.cancel_operation(one.id, stage.now()).await {
        Ok(_) => assert!(matches!(one.state, OperationState::Waiting | OperationState::Superseded), "{one:?}"),
        Err(StoreError::Refused { .. }) => assert_ne!(one.state, OperationState::Waiting, "{one:?}"),
        Err(error) => panic!("{error}"),
    }
}

fn judge(seed: u64, stage: &Stage, last: &std::collections::BTreeMap<u64, (LifecycleState, String, &'static str)>) {
    let engineers = stage.application.members("Engineers");
    let everyone = stage.application.members("Everyone");
    for (key, (state, mail, department)) in last {
        let name = format!("p{key}");
        let there =
            stage.application.content().people.values().filter(|one| one.attributes["userName"] == name).count();
        let works_here = *state == LifecycleState::Active;
        assert!(there <= 1, "seed {seed}: {name} has {there} accounts");
        assert!(there == 1 || !works_here, "seed {seed}: {name} has no account");
        if there == 1 {
            let (_, person) = stage.application.person(&name);
            assert_eq!(person.active, works_here, "seed {seed}: {name}");
            assert_eq!(everyone.contains(&name), works_here, "seed {seed}: {name} in Everyone");
            let engineer = works_here && *department == "Engineering";
            assert_eq!(engineers.contains(&name), engineer, "seed {seed}: {name} in Engineers");
            if works_here {
                assert_eq!(person.attributes["mail"], mail.as_str(), "seed {seed}: {name}");
            }
        }
    }
    let groups = stage.application.content().groups.len();
    assert!(groups <= 2, "seed {seed}: {groups} groups");
}

/// Nothing reaches the application that no plan holds: each edit came with the id of an operation that does just that.
async fn every_edit_was_planned(seed: u64, stage: &Stage) {
    let edits = stage.application.content().edits.clone();
    assert!(!edits.is_empty(), "seed {seed}: nothing was done at all");
    for (operation, name) in edits {
        let planned = stage.engine.store().operation(operation).await;
        let planned = planned.unwrap_or_else(|error| panic!("seed {seed}: {name} came without a plan: {error}"));
        assert_eq!(planned.intent.name(), name, "seed {seed}: operation {operation}");
    }
}

/// A thousand in `cargo xtask test`, more with `cargo xtask seeds 1000000`, one with `PURSER_SEED=7`.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_nobody_is_lost_and_nobody_is_doubled() {
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
