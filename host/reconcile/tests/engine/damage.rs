//! Accidental damage: what people and systems do by mistake to a whole company at once. Whatever it is, no more is taken
//! away than the guard lets pass (a fifth of the hundred accounts), and the operator is told why the rest is not.

use crate::application::Trouble;
use crate::company::{Company, DECLARATIONS};
use purser_connector::Fault;
use purser_model::edit::{ConnectorError, ErrorClass};
use purser_model::identity::{LifecycleState, Validity};
use purser_reconcile::NoProgress;
use serde_json::json;

const EVERYBODY: usize = 100;
const DISABLED: &str = "100 of 100 accounts in app would be disabled or deleted within 24 hours";

/// Everybody still has what they had; what was stopped says why.
fn assert_untouched(company: &Company) {
    assert_eq!((company.usable(), company.engineers()), (EVERYBODY, EVERYBODY), "nobody has lost anything");
}

async fn assert_import_stops(company: &Company, why: &str) {
    let error = company.import().await.unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
    company.settle().await;
    assert_untouched(company);
}

async fn assert_reconciliation_stops(company: &Company, why: &str) {
    let error = company.reconcile().await.unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
    company.settle().await;
    assert_untouched(company);
}

/// The whole company is edited away, and all of it is held.
async fn assert_edit_is_held(from: &str, to: &str, why: &str) {
    let mut company = Company::of(EVERYBODY).await;
    company.edit(from, to).await;
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(EVERYBODY, why).await;
}

// Sources

#[tokio::test]
async fn an_empty_source() {
    let company = Company::of(EVERYBODY).await;
    company.hr.content().people.clear();
    assert_import_stops(&company, "lists nobody, although 100 identities are known").await;
}

#[tokio::test]
async fn half_a_source() {
    let company = Company::of(EVERYBODY).await;
    company.hr.content().people.retain(|id, _| id.as_str() > "p00050");
    assert_import_stops(&company, "50 of 100 identities are not listed any more").await;
}

#[tokio::test]
async fn half_a_source_that_somebody_let_pass_without_looking() {
    let company = Company::of(EVERYBODY).await;
    company.hr.content().people.retain(|id, _| id.as_str() > "p00050");
    assert_eq!(company.import_allowing(Some(50)).await.unwrap().departed, 50);
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(50, "50 of 100 accounts in app would be disabled").await;
}

#[tokio::test]
async fn a_source_key_that_was_renamed_so_that_everybody_departs_and_joins() {
    let company = Company::of(EVERYBODY).await;
    {
        let mut content = company.hr.content();
        content.people =
            std::mem::take(&mut content.people).into_iter().map(|(id, one)| (format!("E-{id}"), one)).collect();
    }
    assert_import_stops(&company, "100 of 100 identities are not listed any more").await;
    company.import_all().await;
    company.settle().await;
    let old = company.app.content().people.values().take(EVERYBODY).filter(|person| person.active).count();
    assert_eq!(old, EVERYBODY, "nobody has lost the account");
    company.assert_held(EVERYBODY, "would be disabled or deleted within 24 hours").await;
}

#[tokio::test]
async fn a_source_that_is_cut_short() {
    let company = Company::of(EVERYBODY).await;
    *company.hr.truncated.lock().unwrap() = true;
    assert_import_stops(&company, "ended its list early").await;
}

#[tokio::test]
async fn a_source_that_fails_on_its_third_page() {
    let company = Company::of(EVERYBODY).await;
    let mut page = 0;
    company.hr.reading_fails_like(move || {
        page += 1;
        (page == 3).then(|| Fault::Unusable("the line is dead".into()))
    });
    assert_import_stops(&company, "the line is dead").await;
}

#[tokio::test]
async fn a_lifecycle_expression_that_says_departed_for_all() {
    let mut company = Company::of(EVERYBODY).await;
    company.edit("record.status == 'left'", "record.status != 'active'").await;
    assert_import_stops(&company, "said to have departed").await;
    company.import_all().await;
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(EVERYBODY, DISABLED).await;
}

#[tokio::test]
async fn a_column_that_is_empty_for_all_and_that_a_rule_reads() {
    let company = Company::of(EVERYBODY).await;
    company.change(0..EVERYBODY, "department", "");
    company.import().await.unwrap();
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(EVERYBODY, "100 of 100 accounts in app would lose entitlements").await;
}

#[tokio::test]
async fn last_days_that_are_wrong_for_all() {
    let company = Company::of(EVERYBODY).await;
    let until = Some(jiff::Timestamp::UNIX_EPOCH);
    push_all(&company, LifecycleState::Active, Validity { from: None, until }).await;
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(EVERYBODY, DISABLED).await;
}

#[tokio::test]
async fn pushes_one_by_one_that_say_departed_for_all() {
    let company = Company::of(EVERYBODY).await;
    for key in keys(&company) {
        push(&company, &key, LifecycleState::Departed, Validity::ALWAYS).await;
        company.work().await;
    }
    assert_eq!(company.usable(), 80, "a fifth, and no more");
    company.assert_held(80, "of 100 accounts in app would be disabled").await;
}

// Declarations

#[tokio::test]
async fn a_rule_that_matches_nobody() {
    assert_edit_is_held("rule = \"true\"", "rule = \"identity.department == 'Nowhere'\"", "would lose").await;
}

#[tokio::test]
async fn a_role_that_is_deleted_with_all_its_members() {
    let role = "[role.engineer]\ngroups = [\"builders\"]\n[[role.engineer.grant]]\ntarget = \"app\"\nentitlements = [\"engineers\"]\n";
    assert_edit_is_held(role, "", "100 of 100 accounts in app would lose entitlements").await;
}

#[tokio::test]
async fn all_roles_that_are_deleted() {
    let mut company = Company::of(EVERYBODY).await;
    let roles = DECLARATIONS.split_once("[role.everyone]").unwrap().1;
    company.edit(&format!("[role.everyone]{roles}"), "").await;
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(EVERYBODY, DISABLED).await;
}

#[tokio::test]
async fn a_group_that_is_emptied() {
    assert_edit_is_held("rule = \"identity.department == 'Engineering'\"", "", "would lose entitlements").await;
}

#[tokio::test]
async fn a_grant_that_loses_its_entitlements() {
    assert_edit_is_held("entitlements = [\"engineers\"]", "", "would lose entitlements").await;
}

#[tokio::test]
async fn nine_hundred_of_a_thousand_lose_a_role() {
    let company = Company::of(1_000).await;
    company.change(0..900, "department", "Sales");
    company.import().await.unwrap();
    company.settle().await;
    assert_eq!((company.usable(), company.engineers()), (1_000, 1_000));
    company.assert_held(900, "900 of 1000 accounts in app would lose entitlements").await;
}

#[tokio::test]
async fn a_rule_that_cannot_be_decided_for_anybody() {
    let mut company = Company::of(EVERYBODY).await;
    company.edit("rule = \"true\"", "rule = \"int(identity.userName) > 1\"").await;
    company.settle().await;
    assert_untouched(&company);
    let planned = company.engine.plan_everyone(None, &NoProgress).await.unwrap();
    assert_eq!((planned.items.len(), planned.notices.len()), (0, EVERYBODY), "{:?}", planned.notices.first());
}

#[tokio::test]
async fn a_mapping_that_fails_for_all() {
    let mut company = Company::of(EVERYBODY).await;
    let writes = company.app.content().writes;
    company.edit("value = \"identity.mail\"", "value = \"int(identity.mail)\"").await;
    company.settle().await;
    assert_untouched(&company);
    assert_eq!(company.app.content().writes, writes);
    let planned = company.engine.plan_everyone(None, &NoProgress).await.unwrap();
    assert!(planned.notices[0].message.contains("nothing is done in this target"), "{:?}", planned.notices[0]);
}

#[tokio::test]
async fn a_correlation_that_recognises_nobody() {
    let mut company = Company::of(EVERYBODY).await;
    company.edit("value = \"identity.userName\"", "value = \"identity.nothing\"").await;
    company.reconcile().await.unwrap();
    company.settle().await;
    assert_untouched(&company);
    assert_eq!(company.app.content().people.len(), EVERYBODY, "linked accounts stay linked, nobody gets a second one");
}

#[tokio::test]
async fn a_target_that_is_not_declared_any_more() {
    let mut company = Company::of(EVERYBODY).await;
    let (sources, rest) = DECLARATIONS.split_once("[target.app]").unwrap();
    assert!(sources.contains("[source.hr]"));
    company.edit(&format!("[target.app]{rest}"), "").await;
    company.settle().await;
    assert_untouched(&company);
    let planned = company.engine.plan_everyone(None, &NoProgress).await.unwrap();
    assert!(planned.notices[0].message.contains("not declared any more"), "{:?}", planned.notices[0]);
}

#[tokio::test]
async fn leaving_that_is_switched_to_delete_while_everybody_leaves() {
    let mut company = Company::of(EVERYBODY).await;
    company.edit("leaving = \"disable\"", "leaving = \"delete\"").await;
    company.leave(0..EVERYBODY);
    company.import_all().await;
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(EVERYBODY, DISABLED).await;
}

#[tokio::test]
async fn a_grace_that_ends_for_all_on_the_same_day() {
    let graceful = DECLARATIONS.replace("\"disable\"", "{ action = \"disable\", grace = \"7d\" }");
    let company = Company::declared(EVERYBODY, &graceful).await;
    company.leave(0..EVERYBODY);
    company.import_all().await;
    company.work().await;
    assert_eq!(company.held().await.len(), 0, "nothing is taken away yet");
    company.wait("169h");
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(EVERYBODY, DISABLED).await;
}

// Targets

#[tokio::test]
async fn a_class_that_is_missing() {
    let company = Company::of(EVERYBODY).await;
    *company.app.without_class.lock().unwrap() = Some("person");
    assert_reconciliation_stops(&company, "it has no class `person`").await;
}

#[tokio::test]
async fn a_target_list_that_is_cut_short() {
    let company = Company::of(EVERYBODY).await;
    *company.app.truncated.lock().unwrap() = true;
    assert_reconciliation_stops(&company, "was cut short").await;
}

#[tokio::test]
async fn a_target_list_that_leaves_out_half_and_says_that_it_is_complete() {
    let company = Company::of(EVERYBODY).await;
    let half: Vec<String> = company.app.content().people.keys().take(50).cloned().collect();
    company.app.unlisted.lock().unwrap().extend(half);
    let report = company.reconcile().await.unwrap();
    assert_eq!(report.gone, 0, "each was read by its id");
    assert_untouched(&company);
    assert_eq!(company.app.content().people.len(), EVERYBODY);
}

#[tokio::test]
async fn a_target_list_that_leaves_out_half_while_single_reads_fail() {
    let company = Company::of(EVERYBODY).await;
    let half: Vec<String> = company.app.content().people.keys().take(50).cloned().collect();
    company.app.unlisted.lock().unwrap().extend(half);
    let mut reads = 0;
    company.app.reading_fails_like(move || {
        reads += 1;
        (reads > 20).then(|| Fault::Unusable("the line is dead".into()))
    });
    assert_reconciliation_stops(&company, "the line is dead").await;
    assert_eq!(company.app.content().people.len(), EVERYBODY);
}

#[tokio::test]
async fn a_cursor_that_expires_in_the_middle() {
    let company = Company::of(EVERYBODY).await;
    let mut page = 0;
    company.app.reading_fails_like(move || {
        page += 1;
        let error = ConnectorError { class: ErrorClass::CursorExpired, message: "too old".into(), native_code: None };
        (page == 4).then_some(Fault::Connector(error))
    });
    let report = company.reconcile().await.unwrap();
    assert_eq!((report.gone, report.operations.applied), (0, 0));
    assert_untouched(&company);
}

#[tokio::test]
async fn a_target_that_was_replaced_by_an_empty_one() {
    let company = Company::of(EVERYBODY).await;
    let content = std::mem::take(&mut *company.app.content());
    let error = company.reconcile().await.unwrap_err().to_string();
    assert!(error.contains("it lists no person at all, although at least 100 are known"), "{error}");
    company.settle().await;
    assert!(company.app.content().people.is_empty(), "nothing is concluded from it, and nobody is created again");
    *company.app.content() = content;
    assert_untouched(&company);
}

#[tokio::test]
async fn all_accounts_that_were_disabled_by_hand_are_enabled_again() {
    let company = Company::of(EVERYBODY).await;
    company.app.content().people.values_mut().for_each(|person| person.active = false);
    company.reconcile().await.unwrap();
    company.settle().await;
    assert_untouched(&company);
    assert_eq!(company.held().await.len(), 0, "what gives is never held");
}

#[tokio::test]
async fn a_group_that_was_filled_by_hand_with_the_whole_company() {
    let company = Company::of(EVERYBODY).await;
    company.change(0..90, "department", "Sales");
    company.import().await.unwrap();
    company.settle().await;
    company.decide_all(purser_store::Decision::Approve).await;
    company.settle().await;
    assert_eq!(company.engineers(), 10);
    {
        let mut content = company.app.content();
        let all: Vec<String> = content.people.keys().cloned().collect();
        content.groups.values_mut().for_each(|(_, members)| members.extend(all.iter().cloned()));
    }
    company.reconcile().await.unwrap();
    company.settle().await;
    assert_eq!(company.engineers(), EVERYBODY);
    company.assert_held(90, "90 of 100 accounts in app would lose entitlements").await;
}

#[tokio::test]
async fn a_connector_that_crashes_on_every_call_while_people_leave() {
    let company = Company::of(EVERYBODY).await;
    company.leave(0..10);
    company.import().await.unwrap();
    company.app.fail_like(|| Trouble::TimedOutAtOnce);
    for _ in 0..20 {
        company.work().await;
        company.wait("2s");
    }
    assert_untouched(&company);
    assert!(company.resting().await[0].breaker.rest.clone().unwrap().reason.contains("did not answer"));
    company.app.fail_like(|| Trouble::None);
    company.settle().await;
    assert_eq!(company.usable(), 90, "and nothing is forgotten");
}

// Time, and hosts

#[tokio::test]
async fn a_clock_that_jumps_a_year_forward() {
    let company = Company::of(EVERYBODY).await;
    let until = Some(company.now() + jiff::SignedDuration::from_hours(24 * 180));
    push_all(&company, LifecycleState::Active, Validity { from: None, until }).await;
    company.settle().await;
    assert_untouched(&company);
    company.wait("8760h");
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(EVERYBODY, DISABLED).await;
    // The clock is set right: they are employed again, and nothing is held.
    company.wait("-8760h");
    company.engine.store().wake_everyone().await.unwrap();
    company.settle().await;
    assert_untouched(&company);
    assert_eq!(company.held().await.len(), 0);
}

#[tokio::test]
async fn a_clock_that_jumps_a_year_back() {
    let company = Company::of(EVERYBODY).await;
    company.leave(0..15);
    company.import().await.unwrap();
    company.settle().await;
    assert_eq!(company.usable(), 85);
    company.wait("-8760h");
    company.leave(15..30);
    company.import().await.unwrap();
    company.settle().await;
    assert_eq!(company.usable(), 85, "what was taken away is not forgotten");
    company.assert_held(15, "30 of 100 accounts in app would be disabled").await;
}

#[tokio::test]
async fn departures_in_small_portions_over_a_day() {
    let company = Company::of(EVERYBODY).await;
    for hour in 0..20 {
        company.leave(hour * 5..hour * 5 + 5);
        company.import_all().await;
        company.settle().await;
        company.wait("1h");
    }
    assert_eq!((company.usable(), company.engineers()), (80, 80), "a fifth, and no more");
    company.assert_held(80, "of 100 accounts in app would be disabled").await;
}

#[tokio::test]
async fn portions_that_go_on_for_days_are_held_while_nobody_decides() {
    let company = Company::of(EVERYBODY).await;
    for day in 0..5 {
        company.leave(day * 20..day * 20 + 20);
        company.import_all().await;
        company.settle().await;
        company.leave(day * 20 + 20..day * 20 + 21);
        company.import_all().await;
        company.settle().await;
        company.wait("12h");
    }
    assert_eq!(company.usable(), 80, "a fifth in the first day, and nothing after that");
    company.assert_held(80, "accounts in app would be disabled").await;
}

#[tokio::test]
async fn two_runs_at_once() {
    let company = Company::of(EVERYBODY).await;
    company.leave(0..EVERYBODY);
    company.import_all().await;
    let runs = [company.engine.clone(), company.engine.clone()]
        .map(|engine| tokio::spawn(async move { engine.work_off(&NoProgress).await.map(|report| report.held) }));
    let reconciled = company.reconcile().await;
    for run in runs {
        run.await.unwrap().unwrap();
    }
    assert!(reconciled.is_ok(), "{reconciled:?}");
    assert_untouched(&company);
    company.assert_held(EVERYBODY, DISABLED).await;
}

#[tokio::test]
async fn two_imports_of_one_source_at_once() {
    let company = Company::of(EVERYBODY).await;
    company.change(0..10, "mail", "new@example.org");
    let (one, other) = tokio::join!(company.import(), company.import());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_ne!(one.run, other.run, "none takes up the run of the other");
    assert_eq!((one.resumed, other.resumed), (false, false));
    assert_eq!((one.weight.changed, other.weight.changed), (10, 0), "the second reads it anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_killed_again_and_again_in_the_middle() {
    let mut company = Company::of(EVERYBODY).await;
    company.leave(0..EVERYBODY);
    company.import_all().await;
    for millis in 1..15 {
        let engine = company.engine.clone();
        let working = tokio::spawn(async move { engine.work_off(&NoProgress).await.map(|report| report.held) });
        tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
        working.abort();
        let _ = working.await;
        company.restart().await;
    }
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(EVERYBODY, "of 100 accounts in app would be disabled").await;
}

#[tokio::test]
async fn a_plan_that_nobody_read() {
    let company = Company::of(EVERYBODY).await;
    company.leave(0..EVERYBODY);
    company.import_all().await;
    let report = company.plan_and_apply(purser_reconcile::ApplyOptions::default()).await;
    assert_eq!(report.guard, [format!("{DISABLED}; the guard lets 20 % of at least 20 pass, and no more than 500")]);
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(EVERYBODY, DISABLED).await;
}

fn keys(company: &Company) -> Vec<String> {
    company.hr.content().people.keys().cloned().collect()
}

async fn push_all(company: &Company, state: LifecycleState, validity: Validity) {
    for key in keys(company) {
        push(company, &key, state, validity).await;
    }
}

async fn push(company: &Company, key: &str, state: LifecycleState, validity: Validity) {
    let attributes = company.hr.content().people[key].attributes.clone();
    let attributes =
        json!({"userName": attributes["userName"], "mail": attributes["mail"], "department": "Engineering"});
    let attributes = attributes.as_object().unwrap().clone();
    let record = purser_model::identity::IdentityRecord { key: key.to_owned(), state, attributes, validity };
    company.engine.accept(&"hr".parse().unwrap(), record).await.unwrap();
}
