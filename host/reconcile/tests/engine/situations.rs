//! Accounts that nobody linked: which situation they are in, what a person decides, what is protected, and what happens to
//! those that belong to nobody.

use crate::application::Trouble;
use crate::stage::Stage;
use purser_model::account::{Account, Situation};
use purser_model::case::{Case, CaseDecision, CaseState};
use purser_model::id::IdentityId;
use purser_model::identity::LifecycleState;
use purser_model::operation::OperationState;
use purser_reconcile::{NoProgress, ReconcileMode};
use purser_store::{
    AccountFilter, CaseFilter, EnqueueRequest, IdentityFilter, OperationFilter, PageRequest, StoreError,
};
use serde_json::{Value, json};

/// A second, weaker way to recognise an account.
const BY_MAIL: &str = "[[target.app.correlation]]\nattribute = \"mail\"\nvalue = \"identity.mail\"\nweight = 40\n";

fn anna() -> Value {
    json!({"userName": "anna", "mail": "anna@x", "department": "Engineering"})
}

async fn account(stage: &Stage, remote_id: &str) -> Account {
    let accounts = stage.engine.store().accounts(AccountFilter::default(), PageRequest::first(100)).await.unwrap();
    let found = accounts.into_iter().find(|account| account.remote_id.as_deref() == Some(remote_id));
    found.unwrap_or_else(|| panic!("no account {remote_id} is known"))
}

async fn situation(stage: &Stage, remote_id: &str) -> Situation {
    account(stage, remote_id).await.situation
}

async fn identity(stage: &Stage, key: &str) -> IdentityId {
    let filter = IdentityFilter { key: Some(key.to_owned()), ..IdentityFilter::default() };
    stage.engine.store().identities(filter, PageRequest::first(1)).await.unwrap()[0].id
}

async fn cases(stage: &Stage, state: CaseState) -> Vec<Case> {
    let filter = CaseFilter { state: Some(state), ..CaseFilter::default() };
    stage.engine.store().cases(filter, PageRequest::first(100)).await.unwrap()
}

async fn decide(stage: &Stage, case: &Case, decision: CaseDecision) -> Result<Case, StoreError> {
    stage.engine.store().decide_case(case.id, decision, stage.now()).await
}

/// Two accounts with the same mail, neither of them called anna.
async fn disputed(stage: &Stage) -> [String; 2] {
    let ids = ["a.berg", "anna.b"].map(|name| stage.application.add(&json!({"userName": name, "mail": "anna@x"})));
    stage.reconcile(ReconcileMode::Repair).await;
    stage.person("1", anna()).await;
    stage.settle().await;
    ids
}

#[tokio::test]
async fn after_a_reconciliation_every_account_has_its_situation() {
    let keys = "match = { definite = 100, possible = 40 }\nprotected = { ids = [\"p00004\"] }\n";
    let stage = Stage::with_keys("disable", "show", keys, BY_MAIL);
    stage.person("1", anna()).await;
    stage.person("2", json!({"userName": "ben", "mail": "ben@x"})).await;
    let names = ["anna", "b.ench", "nobody", "backup"];
    let [unlinked, disputed, unmatched, protected] =
        names.map(|name| stage.application.add(&json!({"userName": name, "mail": format!("{}@x", &name[..1])})));
    stage.application.content().people.get_mut(&disputed).unwrap().attributes.insert("mail".into(), json!("ben@x"));
    stage.reconcile(ReconcileMode::Repair).await;
    assert_eq!(situation(&stage, &unlinked).await, Situation::Unlinked);
    assert_eq!(situation(&stage, &disputed).await, Situation::Disputed);
    assert_eq!(situation(&stage, &unmatched).await, Situation::Unmatched);
    assert_eq!(situation(&stage, &protected).await, Situation::Protected);
    // Who is not there any more claims nothing.
    stage.person("1", json!({"userName": "anna.new", "mail": "anna@x"})).await;
    stage.settle().await;
    assert_eq!(situation(&stage, &unlinked).await, Situation::Unmatched);
    let (created, _) = stage.application.person("anna.new");
    assert_eq!(situation(&stage, &created).await, Situation::Linked);
}

#[tokio::test]
async fn weights_add_up_to_a_definite_match_and_the_weaker_one_is_left_alone() {
    let keys = "match = { definite = 80, possible = 40 }\n";
    let name = "[[target.app.correlation]]\nattribute = \"title\"\nvalue = \"identity.title\"\nweight = 45\n";
    let stage = Stage::with_keys("disable", "adopt", keys, &format!("{BY_MAIL}{name}"));
    let sure = stage.application.add(&json!({"userName": "old1", "mail": "anna@x", "title": "Dr"}));
    let weak = stage.application.add(&json!({"userName": "old2", "mail": "anna@x", "title": "Prof"}));
    stage.reconcile(ReconcileMode::Repair).await;
    stage.person("1", json!({"userName": "anna", "mail": "anna@x", "title": "Dr"})).await;
    stage.settle().await;
    assert_eq!(stage.application.person("anna").0, sure);
    assert_eq!(stage.application.content().people[&weak].attributes["userName"], "old2");
    assert_eq!(cases(&stage, CaseState::Open).await, []);
}

#[tokio::test]
async fn a_dispute_opens_one_case_and_a_link_brings_the_account_into_shape() {
    let stage = Stage::with_keys("disable", "adopt", "", BY_MAIL);
    let [first, second] = disputed(&stage).await;
    stage.reconcile(ReconcileMode::Repair).await;
    let open = cases(&stage, CaseState::Open).await;
    let [case] = open.as_slice() else { panic!("one case: {open:?}") };
    let weights: Vec<_> = case.candidates.iter().map(|one| (one.weight, one.matched_by.join(","))).collect();
    assert_eq!(weights, [(40, "mail".to_owned()), (40, "mail".to_owned())]);
    assert_eq!(stage.application.content().writes, 2, "two groups were created and nothing else was done");

    let stranger = stage.application.add(&json!({"userName": "stranger"}));
    stage.reconcile(ReconcileMode::Repair).await;
    let refused = decide(&stage, case, CaseDecision::Link(account(&stage, &stranger).await.id)).await.unwrap_err();
    assert!(refused.to_string().contains("not among the candidates"), "{refused}");

    let closed = decide(&stage, case, CaseDecision::Link(account(&stage, &second).await.id)).await.unwrap();
    assert_eq!(closed.state, CaseState::Closed);
    stage.settle().await;
    assert_eq!(stage.application.person("anna").0, second);
    assert_eq!(situation(&stage, &second).await, Situation::Linked);
    assert_eq!(situation(&stage, &first).await, Situation::Unmatched);
    assert_eq!(stage.application.members("Engineers"), ["anna"]);
    assert!(decide(&stage, case, CaseDecision::Dismiss).await.unwrap_err().to_string().contains("closed"));
}

#[tokio::test]
async fn none_of_these_creates_a_new_account_and_closes_the_case() {
    let mut stage = Stage::with_keys("disable", "show", "", BY_MAIL);
    let candidates = disputed(&stage).await;
    let case = cases(&stage, CaseState::Open).await.remove(0);
    decide(&stage, &case, CaseDecision::Create).await.unwrap();
    // The account is refused at first, and the host starts anew: the decision stays.
    stage.application.fail_like(|| Trouble::Unavailable);
    stage.work().await;
    stage.restart().await;
    stage.application.fail_like(|| Trouble::None);
    stage.settle().await;
    let (created, _) = stage.application.person("anna");
    assert!(!candidates.contains(&created));
    assert_eq!(cases(&stage, CaseState::Closed).await.len(), 1);
    for candidate in candidates {
        assert_eq!(situation(&stage, &candidate).await, Situation::Unmatched);
    }
    assert_eq!(stage.application.content().people.len(), 3);
}

#[tokio::test]
async fn a_dismissed_case_stays_quiet_until_the_candidates_change() {
    let stage = Stage::with_keys("disable", "show", "", BY_MAIL);
    let [first, _] = disputed(&stage).await;
    let case = cases(&stage, CaseState::Open).await.remove(0);
    decide(&stage, &case, CaseDecision::Dismiss).await.unwrap();
    stage.settle().await;
    stage.reconcile(ReconcileMode::Repair).await;
    assert_eq!(cases(&stage, CaseState::Open).await, []);
    assert_eq!(stage.application.content().people.len(), 2);
    // One candidate is renamed to what the identity is called: that is another question.
    stage.application.content().people.get_mut(&first).unwrap().attributes.insert("userName".into(), json!("anna"));
    stage.reconcile(ReconcileMode::Repair).await;
    assert_eq!(cases(&stage, CaseState::Closed).await.len(), 1, "the renamed account is definitely the identity's");
    assert_eq!(situation(&stage, &first).await, Situation::Unlinked);
}

#[tokio::test]
async fn a_case_closes_by_itself_when_its_candidates_vanish() {
    let stage = Stage::with_keys("disable", "show", "", BY_MAIL);
    let ids = disputed(&stage).await;
    for id in ids {
        stage.application.content().people.remove(&id);
    }
    // Two accounts that were known are below the floor at which an empty list counts as no answer.
    stage.reconcile(ReconcileMode::Repair).await;
    assert_eq!(cases(&stage, CaseState::Closed).await.len(), 1);
    assert_eq!(stage.application.content().people.len(), 1, "the new account");
}

#[tokio::test]
async fn two_identities_that_match_one_account_are_a_dispute_of_both() {
    let stage = Stage::new("disable", "adopt");
    let id = stage.application.add(&json!({"userName": "anna", "mail": "old@x"}));
    stage.reconcile(ReconcileMode::Repair).await;
    stage.person("1", anna()).await;
    stage.person("2", anna()).await;
    stage.settle().await;
    assert_eq!(situation(&stage, &id).await, Situation::Disputed);
    let open = cases(&stage, CaseState::Open).await;
    assert_eq!(open.len(), 2);
    assert_eq!(stage.application.content().people[&id].attributes["mail"], "old@x", "nothing is taken over");
    stage.person("2", json!({"userName": "other", "mail": "other@x"})).await;
    stage.settle().await;
    assert_eq!(stage.application.person("anna").0, id, "the only one left adopts it");
    assert_eq!(cases(&stage, CaseState::Open).await, []);
}

#[tokio::test]
async fn links_by_hand_are_refused_with_the_reason_and_an_unlinked_account_is_not_given_back_unasked() {
    let stage = Stage::new("disable", "adopt");
    stage.person("1", anna()).await;
    stage.person("2", json!({"userName": "ben"})).await;
    stage.settle().await;
    let store = stage.engine.store();
    let (annas, bens) = (stage.application.person("anna").0, stage.application.person("ben").0);
    let (annas, bens) = (account(&stage, &annas).await, account(&stage, &bens).await);
    let ben = identity(&stage, "2").await;
    let refused = store.link_account(annas.id, ben, stage.now()).await.unwrap_err().to_string();
    assert!(refused.contains("belongs to identity"), "{refused}");
    let refused = store.link_account(bens.id, ben, stage.now()).await.unwrap_err().to_string();
    assert!(refused.contains("linked to this identity already"), "{refused}");

    store.unlink_account(annas.id, stage.now()).await.unwrap();
    stage.settle().await;
    let known = store.account(annas.id).await.unwrap();
    assert_eq!((known.identity, known.situation), (None, Situation::Disputed));
    assert_eq!(stage.application.content().people.len(), 2, "no second account for anna");
    let case = cases(&stage, CaseState::Open).await.remove(0);
    decide(&stage, &case, CaseDecision::Link(annas.id)).await.unwrap();
    stage.settle().await;
    assert_eq!(store.account(annas.id).await.unwrap().situation, Situation::Linked);
    let events = store.events(0, 10_000).await.unwrap();
    for kind in ["account-unlinked", "account-linked", "case-opened", "case-decided", "account-situation"] {
        assert!(events.iter().any(|event| event.kind == kind), "{kind} in {events:?}");
    }
    let values = ["anna", "ben", "@x"];
    assert!(!events.iter().any(|event| values.iter().any(|value| event.detail.contains(value))), "{events:?}");
}

#[tokio::test]
async fn a_busy_account_is_neither_given_nor_taken() {
    let stage = Stage::new("disable", "show");
    stage.person("1", anna()).await;
    stage.settle().await;
    let (id, _) = stage.application.person("anna");
    let account = account(&stage, &id).await.id;
    stage.person("1", json!({"userName": "anna", "mail": "new@x", "department": "Engineering"})).await;
    let items = stage.engine.plan_everyone(None, &NoProgress).await.unwrap().items;
    let store = stage.engine.store();
    let identity = identity(&stage, "1").await;
    let request =
        EnqueueRequest { identity, wake: None, plan: None, items, held: Vec::new(), approved: false, outlook: None };
    store.enqueue(vec![request], stage.now()).await.unwrap();
    assert_eq!(store.lease(&"app".parse().unwrap(), 10, stage.now()).await.unwrap().len(), 1);
    let refused = store.unlink_account(account, stage.now()).await.unwrap_err().to_string();
    assert!(refused.contains("under way"), "{refused}");
    store.recover(stage.now()).await.unwrap();
    stage.settle().await;
    store.unlink_account(account, stage.now()).await.unwrap();
}

#[tokio::test]
async fn what_waits_for_an_account_of_nobody_is_not_sent_once_somebody_matches_it() {
    let stage = Stage::with_keys("disable", "show", "unmatched = \"disable\"\n", "");
    let [_, robot, _] = with_strangers(&stage).await;
    stage.application.fail_like(|| Trouble::Unavailable);
    stage.reconcile(ReconcileMode::Repair).await;
    stage.application.fail_like(|| Trouble::None);
    stage.person("robot", json!({"userName": "robot"})).await;
    stage.settle().await;
    assert!(stage.application.content().people[&robot].active);
    assert_eq!(situation(&stage, &robot).await, Situation::Unlinked);
    let filter = OperationFilter { state: Some(OperationState::Superseded), ..OperationFilter::default() };
    let superseded = stage.engine.store().operations(filter, PageRequest::first(5)).await.unwrap();
    assert_eq!(superseded[0].detail.as_deref(), Some("the account may belong to somebody now"));
}

#[tokio::test]
async fn a_protected_account_is_not_touched_at_any_step() {
    let protected = "protected = { rule = \"account.userName.startsWith('svc-')\" }\n";
    let mut stage = Stage::with_keys("delete", "adopt", "", "");
    stage.person("1", json!({"userName": "svc-backup", "mail": "a@x"})).await;
    stage.person("2", json!({"userName": "anna", "mail": "a@x"})).await;
    stage.settle().await;
    let (id, _) = stage.application.person("svc-backup");
    let before = stage.application.content().people[&id].clone();
    let writes = stage.application.content().writes;

    // Planned, and kept from being sent; then the declarations change.
    stage.application.fail_like(|| Trouble::Limited);
    stage.person("1", json!({"userName": "svc-backup", "mail": "b@x"})).await;
    stage.work().await;
    stage.restart_with(protected).await;
    stage.application.fail_like(|| Trouble::None);
    let filter = OperationFilter { state: Some(OperationState::Superseded), ..OperationFilter::default() };
    let superseded = stage.engine.store().operations(filter, PageRequest::first(5)).await.unwrap();
    assert_eq!(superseded[0].detail.as_deref(), Some("the account is protected"));
    stage.settle().await;
    assert_eq!(account(&stage, &id).await.situation, Situation::Protected);

    // A leaver whose account would be deleted; a plan that was made before; a repair.
    stage.accept("1", LifecycleState::Departed, json!({"userName": "svc-backup"})).await;
    stage.settle().await;
    stage.reconcile(ReconcileMode::Repair).await;
    assert_eq!(stage.application.content().people[&id], before);
    assert_eq!(stage.application.content().writes, writes);
    let refused = stage.engine.store().unlink_account(account(&stage, &id).await.id, stage.now()).await.unwrap_err();
    assert!(refused.to_string().contains("protected"), "{refused}");

    // The protection ends with its declaration.
    stage.restart_with("").await;
    stage.settle().await;
    assert!(!stage.application.content().people.contains_key(&id), "the leaver's account is deleted now");
}

#[tokio::test]
async fn a_plan_from_before_the_protection_is_stale() {
    let mut stage = Stage::with_keys("delete", "adopt", "", "");
    stage.person("1", json!({"userName": "svc-backup", "mail": "a@x"})).await;
    stage.settle().await;
    let (id, _) = stage.application.person("svc-backup");
    stage.accept("1", LifecycleState::Departed, json!({"userName": "svc-backup"})).await;
    let planned = stage.engine.plan_everyone(None, &NoProgress).await.unwrap();
    // As a reviewed plan would be, by its items: a plan under a seal is refused for new declarations as a whole.
    let items = planned.items;
    let identity = identity(&stage, "1").await;
    stage.restart_with("protected = { ids = [\"P00003\"] }\n").await;
    assert_eq!(account(&stage, &id).await.protected_because.as_deref(), Some("its id is declared as protected"));
    let request =
        EnqueueRequest { identity, wake: None, plan: None, items, held: Vec::new(), approved: false, outlook: None };
    let enqueued = stage.engine.store().enqueue(vec![request], stage.now()).await.unwrap();
    assert_eq!(enqueued.stale[0].reason, "the account is protected");
    stage.settle().await;
    assert!(stage.application.content().people.contains_key(&id));
}

#[tokio::test]
async fn a_rule_that_cannot_be_decided_protects() {
    let stage = Stage::with_keys("delete", "adopt", "protected = { rule = \"account.kind.startsWith('svc-')\" }\n", "");
    let id = stage.application.add(&json!({"userName": "anna", "mail": "old@x"}));
    stage.reconcile(ReconcileMode::Repair).await;
    stage.person("1", anna()).await;
    stage.settle().await;
    let known = account(&stage, &id).await;
    assert!(known.protected_because.unwrap().contains("cannot be decided"));
    assert_eq!(stage.application.content().people[&id].attributes["mail"], "old@x");
    assert_eq!(stage.application.content().people.len(), 1, "and no second one is made");
}

#[tokio::test]
async fn what_happens_to_a_missing_account_is_declared() {
    for (declared, people, linked) in [("create", 1, true), ("show", 0, true), ("forget", 1, true)] {
        let stage = Stage::with_keys("disable", "show", &format!("missing = \"{declared}\"\n"), "");
        stage.person("1", anna()).await;
        stage.settle().await;
        let (id, _) = stage.application.person("anna");
        let before = account(&stage, &id).await.id;
        stage.application.content().people.clear();
        stage.reconcile(ReconcileMode::Repair).await;
        assert_eq!(stage.application.content().people.len(), people, "{declared}");
        let known = stage.engine.store().account(before).await;
        assert_eq!(known.is_ok(), linked && declared != "forget", "{declared}");
        if declared == "show" {
            let known = known.unwrap();
            assert!(known.situation == Situation::Missing && known.gone_since.is_some());
            // A person lets go of it: the identity is one without an account again.
            stage.engine.store().unlink_account(before, stage.now()).await.unwrap();
            stage.settle().await;
            assert_eq!(stage.application.content().people.len(), 1);
        }
    }
}

/// People with accounts, one account that a departed identity would recognise, and two that belong to nobody.
async fn with_strangers(stage: &Stage) -> [String; 3] {
    for number in 0..30 {
        let name = format!("p{number}");
        stage.person(&name, json!({"userName": name, "mail": format!("{name}@x")})).await;
    }
    stage.accept("gone", LifecycleState::Departed, json!({"userName": "gone", "mail": "gone@x"})).await;
    stage.settle().await;
    ["gone", "robot", "svc-backup"].map(|name| stage.application.add(&json!({"userName": name})))
}

#[tokio::test]
async fn accounts_of_nobody_are_disabled_or_deleted_only_where_declared_and_never_protected_ones() {
    for declared in ["show", "disable", "delete"] {
        let keys =
            format!("unmatched = \"{declared}\"\nprotected = {{ rule = \"account.userName.startsWith('svc-')\" }}\n");
        let stage = Stage::with_keys("disable", "show", &keys, "");
        let [recognised, robot, protected] = with_strangers(&stage).await;
        stage.reconcile(ReconcileMode::DryRun).await;
        assert!(stage.application.content().people[&robot].active, "a dry run does nothing");
        let report = stage.reconcile(ReconcileMode::Repair).await;
        {
            let content = stage.application.content();
            assert!(content.people[&recognised].active && content.people[&protected].active, "{declared}: {report:?}");
            match declared {
                "show" => assert!(content.people[&robot].active && report.unmatched.is_none()),
                "disable" => assert!(!content.people[&robot].active),
                _ => assert!(!content.people.contains_key(&robot)),
            }
            assert_eq!(
                content.people.values().filter(|person| person.active).count(),
                32 + usize::from(declared == "show")
            );
        }
        let again = stage.reconcile(ReconcileMode::Repair).await;
        assert_eq!(again.operations.applied, 0, "{declared}");
    }
}

#[tokio::test]
async fn nothing_is_concluded_about_accounts_of_nobody_without_certainty() {
    // Nobody was imported yet.
    let keys = "unmatched = \"delete\"\n";
    let stage = Stage::with_keys("disable", "show", keys, "");
    let id = stage.application.add(&json!({"userName": "anna"}));
    let report = stage.reconcile(ReconcileMode::Repair).await.unmatched.unwrap();
    assert!(report.left_alone[0].contains("no identity of source hr"), "{report:?}");

    // The listing is cut short.
    let stage = Stage::with_keys("disable", "show", keys, "");
    let [_, robot, _] = with_strangers(&stage).await;
    *stage.application.truncated.lock().unwrap() = true;
    stage.engine.reconcile(&"app".parse().unwrap(), ReconcileMode::Repair, &NoProgress).await.unwrap_err();
    assert!(stage.application.content().people.contains_key(&robot));
    *stage.application.truncated.lock().unwrap() = false;

    // Of somebody it cannot be said which account is theirs.
    let broken = "[[target.app.correlation]]\nattribute = \"mail\"\nvalue = \"identity.mail.lower()\"\n";
    let stage = Stage::with_keys("disable", "show", keys, broken);
    let [_, robot, _] = with_strangers(&stage).await;
    stage.person("x", json!({"userName": "x"})).await;
    let report = stage.reconcile(ReconcileMode::Repair).await.unmatched.unwrap();
    assert!(report.left_alone[0].contains("cannot be said"), "{report:?}");
    assert!(stage.application.content().people.contains_key(&robot));

    // Too many.
    let stage = Stage::with_keys("disable", "show", keys, "");
    with_strangers(&stage).await;
    (0..20).for_each(|number| drop(stage.application.add(&json!({"userName": format!("s{number}")}))));
    let report = stage.reconcile(ReconcileMode::Repair).await.unmatched.unwrap();
    assert!(report.left_alone[0].contains("22 of 53 would be disabled or deleted"), "{report:?}");
    assert_eq!(stage.application.content().people.len(), 30 + 3 + 20);
    assert_eq!(id, "p00001");
}
