//! Plans as people read them: one reviewed text per story.

mod support;

use purser_model::account::Situation;
use purser_model::configuration::{Deprovisioning, Strength, UnlinkedReaction};
use purser_model::identity::LifecycleState;
use purser_model::manifest::{AttributeKind, AttributeTraits, DeleteSemantics};
use serde_json::json;
use support::*;

#[test]
fn nothing_to_do() {
    assert_eq!(World::settled().text(), "nothing to do\n");
}

#[test]
fn joiner() {
    insta::assert_snapshot!(World::with(vec![]).text());
}

#[test]
fn joiner_who_is_staged_waits() {
    let mut world = World::with(vec![]);
    world.identity().state = LifecycleState::Staged;
    assert_eq!(world.text(), "nothing to do\n");
}

#[test]
fn joiner_who_is_suspended_gets_a_disabled_account() {
    let mut world = World::with(vec![]);
    world.identity().state = LifecycleState::Suspended;
    insta::assert_snapshot!(world.text());
}

#[test]
fn a_changed_e_mail_is_an_update() {
    let mut world = World::settled();
    world.set_identity("email", json!("anna.berg@x.de"));
    insta::assert_snapshot!(world.text());
}

#[test]
fn mover_changes_team_and_title() {
    let mut world = World::settled();
    world.set_identity("team", json!("sales"));
    world.set_identity("title", json!("Account manager"));
    insta::assert_snapshot!(world.text());
}

#[test]
fn leaver_is_disabled_and_loses_everything() {
    let mut world = World::settled();
    world.identity().state = LifecycleState::Departed;
    world.account().held = held(&["g-engineers", "g-staff", "g-chess"]);
    insta::assert_snapshot!(world.text());
}

#[test]
fn leaver_whose_account_is_disabled_already() {
    let mut world = World::settled();
    world.identity().state = LifecycleState::Departed;
    world.account().active = Some(false);
    world.account().held.clear();
    assert_eq!(world.text(), "nothing to do\n");
}

#[test]
fn leaver_is_deleted() {
    let mut world = World::settled();
    crm(&mut world.configuration).leaving = Deprovisioning::Delete.into();
    world.identity().state = LifecycleState::Departed;
    insta::assert_snapshot!(world.text());
}

#[test]
fn leaver_where_deleting_only_disables() {
    let mut world = World::settled();
    crm(&mut world.configuration).leaving = Deprovisioning::Delete.into();
    world.class().delete_semantics = DeleteSemantics::Deactivates;
    world.identity().state = LifecycleState::Departed;
    world.account().active = Some(false);
    assert_eq!(world.text(), "nothing to do\n");
}

#[test]
fn leaver_is_kept_without_what_roles_gave() {
    let mut world = World::settled();
    crm(&mut world.configuration).leaving = Deprovisioning::Keep.into();
    world.identity().state = LifecycleState::Departed;
    world.account().held = held(&["g-engineers", "g-chess"]);
    insta::assert_snapshot!(world.text());
}

#[test]
fn suspended_is_disabled_and_kept_up() {
    let mut world = World::settled();
    world.identity().state = LifecycleState::Suspended;
    world.set_identity("email", json!("anna.berg@x.de"));
    insta::assert_snapshot!(world.text());
}

#[test]
fn rehired_gets_the_same_account_back() {
    let mut world = World::settled();
    world.account().active = Some(false);
    world.account().held.clear();
    insta::assert_snapshot!(world.text());
}

#[test]
fn without_any_role_the_account_is_left() {
    let mut world = World::settled();
    world.set_identity("userType", json!("guest"));
    world.set_identity("team", json!("none"));
    insta::assert_snapshot!(world.text());
}

#[test]
fn staged_again_counts_as_leaving() {
    let mut world = World::settled();
    world.identity().state = LifecycleState::Staged;
    insta::assert_snapshot!(world.text());
}

fn world_with_candidates(unlinked: UnlinkedReaction, numbers: &[u128]) -> World {
    let mut world = World::with(vec![]);
    crm(&mut world.configuration).unlinked = unlinked;
    world.snapshot.candidates = candidates(numbers.iter().map(|number| stray(*number)));
    world
}

#[test]
fn an_existing_account_is_shown() {
    insta::assert_snapshot!(world_with_candidates(UnlinkedReaction::Show, &[200]).text());
}

#[test]
fn an_existing_account_is_adopted_and_brought_into_shape() {
    let mut world = world_with_candidates(UnlinkedReaction::Adopt, &[200]);
    let candidate = &mut world.candidate().account;
    set(candidate, "title", json!("Temp"));
    candidate.active = Some(false);
    candidate.held = held(&["g-chess"]);
    insta::assert_snapshot!(world.text());
}

#[test]
fn an_existing_account_as_it_should_be_is_only_linked() {
    let mut world = world_with_candidates(UnlinkedReaction::Adopt, &[200]);
    world.candidate().account.held = held(&["g-engineers", "g-staff"]);
    insta::assert_snapshot!(world.text());
}

#[test]
fn several_existing_accounts_are_disputed() {
    insta::assert_snapshot!(world_with_candidates(UnlinkedReaction::Adopt, &[201, 200]).text());
}

#[test]
fn an_account_of_somebody_else_is_disputed() {
    let mut world = world_with_candidates(UnlinkedReaction::Adopt, &[200]);
    let other = purser_model::id::IdentityId(uuid::Uuid::from_u128(77));
    world.candidate().account.identity = Some(other);
    insta::assert_snapshot!(world.text());
}

#[test]
fn a_protected_account_is_never_touched() {
    let mut world = World::settled();
    world.account().situation = Situation::Protected;
    world.set_identity("email", json!("other@x.de"));
    let linked = world.text();
    let mut world = world_with_candidates(UnlinkedReaction::Adopt, &[200]);
    world.candidate().account.situation = Situation::Protected;
    insta::assert_snapshot!(format!("{linked}{}", world.text()));
}

#[test]
fn a_missing_account_is_created_again_under_its_id() {
    let mut world = World::settled();
    world.account().situation = Situation::Missing;
    world.account().gone_since = Some(world.now);
    let item = &world.plan().items[0];
    assert_eq!(item.account, Some(account().id));
    insta::assert_snapshot!(world.text());
}

#[test]
fn a_missing_account_of_a_leaver_is_no_work() {
    let mut world = World::settled();
    world.account().situation = Situation::Missing;
    world.identity().state = LifecycleState::Departed;
    assert_eq!(world.text(), "nothing to do\n");
}

#[test]
fn an_account_that_was_never_created_is_created() {
    let mut world = World::settled();
    world.account().remote_id = None;
    let plan = world.plan();
    assert_eq!(plan.items[0].account, Some(account().id));
    assert_eq!(plan.items[0].operations[0].intent.name(), "create");
}

#[test]
fn drift_is_repaired_where_strong_and_left_where_normal() {
    let mut world = World::settled();
    set(world.account(), "email", json!("hand@x.de"));
    set(world.account(), "title", json!("Queen"));
    set(world.account(), "nickName", json!("Änni"));
    insta::assert_snapshot!(world.text());
}

#[test]
fn a_weak_mapping_fills_what_is_empty() {
    let mut world = World::settled();
    set(world.account(), "nickName", json!(""));
    insta::assert_snapshot!(world.text());
}

#[test]
fn a_value_that_goes_away_is_cleared_only_if_it_was_ours() {
    let mut world = World::settled();
    world.snapshot.identity.attributes.remove("title");
    world.snapshot.identity.attributes.remove("phones");
    world.account().pushed.remove("phones");
    insta::assert_snapshot!(world.text());
}

#[test]
fn a_target_that_folds_case_does_not_drift() {
    let mut world = World::settled();
    world.set_identity("email", json!("Anna@X.de"));
    world.account().pushed.insert("email".into(), json!("Anna@X.de"));
    assert_eq!(world.text(), "nothing to do\n");
    world.class().attributes[1].traits.case_exact = true;
    insta::assert_snapshot!(world.text());
}

#[test]
fn hand_made_entitlements_stay_and_undeclared_roles_go() {
    let mut world = World::settled();
    world.set_identity("team", json!("sales"));
    world.account().held = held(&["g-engineers", "g-staff", "g-chess"]);
    insta::assert_snapshot!(world.text());
}

#[test]
fn an_entitlement_without_an_id_is_granted_by_name() {
    let mut world = World::settled();
    world.views.get_mut(&target_name("crm")).expect("a view").entitlements.remove(0);
    world.account().held = held(&["g-staff"]);
    insta::assert_snapshot!(world.text());
}

#[test]
fn a_failing_mapping_leaves_the_whole_target_alone() {
    let mut world = World::with(vec![]);
    crm(&mut world.configuration).mappings.push(mapping("title", "identity.phone.substring(1)", Strength::Normal));
    insta::assert_snapshot!(world.text());
}

#[test]
fn a_failing_correlation_creates_no_second_account() {
    let mut world = World::with(vec![]);
    crm(&mut world.configuration).correlation[0].expression = "identity.phone.lower()".into();
    insta::assert_snapshot!(world.text());
}

#[test]
fn a_rule_that_cannot_be_decided_takes_nothing_away() {
    let mut world = World::settled();
    let rule = Some("identity.site.startsWith('B')".to_owned());
    let employee = "employee".parse().expect("a name");
    world.configuration.roles.get_mut(&employee).expect("declared").rule = rule;
    insta::assert_snapshot!(world.text());
}

#[test]
fn what_the_class_cannot_take_is_said() {
    let mut world = World::settled();
    let traits = |read_only, multi_valued| AttributeTraits { read_only, multi_valued, ..AttributeTraits::default() };
    world.class().attributes.push(attribute("groups", AttributeKind::Text, traits(true, false)));
    world.class().attributes.push(attribute("emails", AttributeKind::Complex, traits(false, true)));
    world.class().attributes.push(attribute("password", AttributeKind::SecretSlot, traits(false, false)));
    for name in ["groups", "emails.value", "password", "shoeSize"] {
        crm(&mut world.configuration).mappings.push(mapping(name, "'x'", Strength::Normal));
    }
    insta::assert_snapshot!(world.text());
}

#[test]
fn what_the_connector_cannot_do_is_said_instead() {
    let mut world = World::settled();
    world.set_identity("email", json!("anna.berg@x.de"));
    world.set_identity("team", json!("sales"));
    world.account().held = held(&["g-engineers"]);
    world.identity().state = LifecycleState::Suspended;
    let operations = &mut world.class().operations;
    (operations.update, operations.grant, operations.revoke, operations.set_active) = (false, false, false, false);
    insta::assert_snapshot!(world.text());
    assert!(world.plan().items.is_empty());
}

#[test]
fn a_target_without_view_or_declaration_is_said() {
    let mut world = World::settled();
    world.views.clear();
    let without_view = world.text();
    world.configuration.targets.clear();
    insta::assert_snapshot!(format!("{without_view}{}", world.text()));
}

#[test]
fn two_linked_accounts_are_disputed() {
    let mut second = account();
    second.id = stray(300).id;
    second.remote_id = Some("u-300".into());
    insta::assert_snapshot!(World::with(vec![second, account()]).text());
}

#[test]
fn an_account_whose_state_is_not_known_waits() {
    let mut world = World::settled();
    world.account().digest = None;
    world.set_identity("email", json!("anna.berg@x.de"));
    insta::assert_snapshot!(world.text());
}
