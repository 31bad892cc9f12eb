//! Explanations as people read them, one reviewed text per story, and that they never disagree with the plan.

mod support;

use purser_model::account::Situation;
use purser_model::configuration::{Deprovisioning, Leaving, Strength, UnlinkedReaction};
use purser_model::identity::LifecycleState;
use purser_model::object::Digest;
use serde_json::json;
use std::time::Duration;
use support::*;

fn explained(world: &World) -> String {
    world.rules().explain_identity(&world.snapshot, &world.views, world.now).text()
}

#[test]
fn a_joiner() {
    insta::assert_snapshot!(explained(&World::with(vec![])));
}

#[test]
fn somebody_who_is_settled() {
    insta::assert_snapshot!(explained(&World::settled()));
}

#[test]
fn a_mover_whose_account_drifted() {
    let mut world = World::settled();
    world.set_identity("team", json!("sales"));
    world.set_identity("title", json!("Account manager"));
    set(world.account(), "email", json!("somebody@else"));
    set(world.account(), "userName", json!("anni"));
    set(world.account(), "nickName", json!("Annie"));
    insta::assert_snapshot!(explained(&world));
}

#[test]
fn a_leaver_in_the_grace_period() {
    let mut world = World::settled();
    crm(&mut world.configuration).leaving = Leaving {
        action: Deprovisioning::Disable,
        grace: Duration::from_hours(24),
        delete_after: Some(Duration::from_hours(720)),
    };
    world.identity().validity.until = Some("2026-11-25T00:00:00Z".parse().expect("a time"));
    world.account().leaving_since = Some("2026-11-25T00:00:00Z".parse().expect("a time"));
    insta::assert_snapshot!(explained(&world));
}

#[test]
fn a_leaver_without_anything_left() {
    let mut world = World::with(vec![]);
    world.identity().state = LifecycleState::Departed;
    insta::assert_snapshot!(explained(&world));
}

#[test]
fn a_guest_whom_no_role_fits() {
    let mut world = World::with(vec![]);
    world.set_identity("userType", json!("guest"));
    world.set_identity("team", json!("none"));
    insta::assert_snapshot!(explained(&world));
}

#[test]
fn a_rule_that_cannot_be_decided() {
    let mut world = World::settled();
    let employee = "employee".parse().expect("a name");
    world.configuration.roles.get_mut(&employee).expect("declared").rule =
        Some("identity.site.startsWith('B')".to_owned());
    insta::assert_snapshot!(explained(&world));
}

#[test]
fn a_mapping_that_fails() {
    let mut world = World::settled();
    let broken = mapping("title", "identity.address['city']", Strength::Strong);
    crm(&mut world.configuration).mappings[3] = broken;
    insta::assert_snapshot!(explained(&world));
}

#[test]
fn an_account_that_matches_and_is_not_adopted() {
    let mut world = World::with(vec![]);
    crm(&mut world.configuration).unlinked = UnlinkedReaction::Show;
    world.snapshot.candidates = candidates([stray(200)]);
    insta::assert_snapshot!(explained(&world));
}

#[test]
fn an_account_that_is_adopted() {
    let mut world = World::with(vec![]);
    crm(&mut world.configuration).unlinked = UnlinkedReaction::Adopt;
    let mut candidate = stray(200);
    candidate.held = held(&["g-chess"]);
    candidate.active = Some(false);
    world.snapshot.candidates = candidates([candidate]);
    insta::assert_snapshot!(explained(&world));
}

#[test]
fn a_protected_account() {
    let mut world = World::settled();
    world.account().situation = Situation::Protected;
    world.set_identity("email", json!("other@x.de"));
    insta::assert_snapshot!(explained(&world));
}

#[test]
fn an_account_that_is_not_known_now() {
    let mut world = World::settled();
    world.account().digest = None;
    world.set_identity("email", json!("other@x.de"));
    insta::assert_snapshot!(explained(&world));
}

#[test]
fn the_names_of_the_json_are_a_promise() {
    let mut world = World::settled();
    world.set_identity("email", json!("anna.berg@x.de"));
    world.account().digest = Some(Digest([7; 32]));
    let explanation = world.rules().explain_identity(&world.snapshot, &world.views, world.now);
    let text = serde_json::to_string_pretty(&explanation).expect("serializes");
    insta::assert_snapshot!(text);
}
