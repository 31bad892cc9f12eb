//! Who has which roles, and what follows where only one of several can be had.

mod support;

use purser_model::configuration::{Member, Role, RoleGrant};
use purser_model::id::RoleName;
use purser_model::identity::Validity;
use purser_model::manifest::Cardinality;
use purser_plan::Origin;
use serde_json::json;
use std::collections::BTreeSet;
use support::*;

fn role_name(name: &str) -> RoleName {
    name.parse().expect("a name")
}

fn role<'w>(world: &'w mut World, name: &str) -> &'w mut Role {
    world.configuration.roles.entry(role_name(name)).or_default()
}

fn grant(entitlements: &[&str]) -> RoleGrant {
    let entitlements = entitlements.iter().map(|name| (*name).to_owned()).collect();
    RoleGrant { target: target_name("crm"), entitlements }
}

fn had(world: &World) -> Vec<String> {
    let found = world.rules().memberships(&world.snapshot.identity, world.now);
    found.roles.keys().map(ToString::to_string).collect()
}

fn window(from: &str, until: &str) -> Validity {
    Validity { from: Some(from.parse().expect("a time")), until: Some(until.parse().expect("a time")) }
}

#[test]
fn a_role_brings_the_roles_that_it_contains_over_any_number_of_steps() {
    let mut world = World::settled();
    role(&mut world, "lead").members = vec!["hr/E1".into()];
    role(&mut world, "lead").roles = vec![role_name("reviewer")];
    role(&mut world, "reviewer").roles = vec![role_name("reader"), role_name("lead")];
    role(&mut world, "reader");
    let found = world.rules().memberships(&world.snapshot.identity, world.now);
    assert_eq!(had(&world), ["developer", "employee", "lead", "reader", "reviewer"], "a circle ends");
    let origins = BTreeSet::from([Origin::Role(role_name("reviewer"))]);
    assert_eq!(found.roles[&role_name("reader")], origins);
}

#[test]
fn an_assignment_holds_from_its_first_moment_until_its_last() {
    let mut world = World::settled();
    let validity = window("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
    role(&mut world, "cover").members = vec![Member { identity: "hr/E1".into(), validity }];
    let at = |world: &mut World, time: &str| {
        world.now = time.parse().expect("a time");
        (had(world).contains(&"cover".to_owned()), world.plan().look_again_at)
    };
    assert_eq!(at(&mut world, "2026-11-30T23:59:59Z"), (false, validity.from));
    assert_eq!(at(&mut world, "2026-12-01T00:00:00Z"), (true, validity.until));
    assert_eq!(at(&mut world, "2027-01-01T00:00:00Z"), (false, None));
}

#[test]
fn a_role_that_is_over_is_had_by_nobody_and_brings_nothing() {
    let mut world = World::settled();
    role(&mut world, "summer").members = vec!["hr/E1".into()];
    role(&mut world, "summer").roles = vec![role_name("events")];
    role(&mut world, "events");
    role(&mut world, "summer").validity = window("2026-06-01T00:00:00Z", "2026-09-01T00:00:00Z");
    assert_eq!(had(&world), ["developer", "employee"]);
}

#[test]
fn of_roles_that_exclude_each_other_the_higher_stays() {
    let mut world = World::settled();
    role(&mut world, "auditor").members = vec!["hr/E1".into()];
    role(&mut world, "auditor").excludes = vec![role_name("developer")];
    role(&mut world, "auditor").priority = 10;
    insta::assert_snapshot!(world.text());
    role(&mut world, "auditor").priority = -1;
    assert_eq!(had(&world), ["developer", "employee"], "the priority decides, not who excludes whom");
}

#[test]
fn an_excluded_role_takes_along_what_only_it_contains() {
    let mut world = World::settled();
    role(&mut world, "a").members = vec!["hr/E1".into()];
    role(&mut world, "b").members = vec!["hr/E1".into()];
    role(&mut world, "a").excludes = vec![role_name("b")];
    role(&mut world, "b").roles = vec![role_name("c")];
    role(&mut world, "c").excludes = vec![role_name("employee")];
    role(&mut world, "c").priority = 5;
    // c beats employee, and goes itself, since a beats b, which alone brings it: what is not had keeps nothing out.
    assert_eq!(had(&world), ["a", "developer", "employee"]);
}

#[test]
fn a_role_that_might_exclude_another_leaves_the_target_alone() {
    let mut world = World::settled();
    role(&mut world, "auditor").rule = Some("identity.level > 3".into());
    role(&mut world, "auditor").priority = 10;
    role(&mut world, "auditor").excludes = vec![role_name("developer")];
    world.set_identity("level", json!("high"));
    world.set_identity("email", json!("new@x.de"));
    insta::assert_snapshot!(world.text());
}

#[test]
fn what_an_entitlement_needs_is_granted_before_it_and_revoked_after_it() {
    let mut world = World::settled();
    crm(&mut world.configuration).entitlements.get_mut("engineers").expect("declared").needs = vec!["staff".into()];
    role(&mut world, "employee").grants = vec![grant(&[])];
    world.account().held.clear();
    insta::assert_snapshot!("needs_granted", world.text());
    world.account().held = held(&["g-engineers", "g-staff"]);
    world.set_identity("team", json!("sales"));
    insta::assert_snapshot!("needs_revoked", world.text());
}

#[test]
fn of_entitlements_of_which_one_can_be_held_the_higher_role_decides() {
    let mut world = World::settled();
    let view = world.views.get_mut(&target_name("crm")).expect("a view");
    view.classes[1].holding.as_mut().expect("holding").cardinality = Cardinality::AtMostOne;
    world.account().held = held(&["g-engineers"]);
    insta::assert_snapshot!("one_only_by_name", world.text());
    role(&mut world, "employee").priority = 1;
    insta::assert_snapshot!("one_only_by_priority", world.text());
}
