//! What operators add over the API counts as what is declared does, and holds nobody forth.

mod support;

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use purser_model::assignment::{AddedToGroup, Assigned, Imposed, ImposedState, Reason};
use purser_model::configuration::{Group, Member, Role, RoleGrant};
use purser_model::id::{AssignmentId, RoleName};
use purser_model::identity::{LifecycleState, Validity};
use purser_plan::{ListedOrigin, Standing};
use support::*;
use uuid::Uuid;

const ROLES: [&str; 4] = ["cashier", "auditor", "lead", "reader"];

fn role_name(name: &str) -> RoleName {
    name.parse().expect("a name")
}

fn reason() -> Reason {
    Reason::try_from("stands in for somebody".to_owned()).expect("a reason")
}

fn hour(hour: i64) -> Timestamp {
    let start: Timestamp = "2026-11-25T12:00:00Z".parse().expect("a time");
    start.checked_add(SignedDuration::from_hours(hour)).expect("a time")
}

fn assigned(number: u128, role: &str, validity: Validity) -> Assigned {
    let (by, at) = ("api:anna".to_owned(), hour(0));
    Assigned { id: AssignmentId(Uuid::from_u128(number)), role: role_name(role), validity, reason: reason(), by, at }
}

/// Roles of which some contain others and two exclude each other; nobody is named.
fn world() -> World {
    let mut world = World::settled();
    for name in ROLES {
        let grants = vec![RoleGrant { target: target_name("crm"), entitlements: vec!["engineers".to_owned()] }];
        let role = Role { grants, ..Role::default() };
        world.configuration.roles.insert(role_name(name), role);
    }
    let roles = &mut world.configuration.roles;
    roles.entry(role_name("cashier")).or_default().excludes = vec![role_name("auditor")];
    roles.entry(role_name("lead")).or_default().roles = vec![role_name("reader"), role_name("auditor")];
    world.configuration.groups.insert("guests".parse().expect("a name"), Group::default());
    roles.entry(role_name("reader")).or_default().groups = vec!["guests".parse().expect("a name")];
    world
}

fn any_window() -> impl Strategy<Value = Validity> {
    (option::of(-5_i64..20), option::of(1_i64..20)).prop_map(|(from, length)| Validity {
        from: from.map(hour),
        until: length.map(|length| hour(from.unwrap_or(-5) + length)),
    })
}

fn any_assignments() -> impl Strategy<Value = Vec<Assigned>> {
    vec((select(ROLES.to_vec()), any_window()), 0..6).prop_map(|all| {
        all.into_iter().zip(1..).map(|((role, validity), number)| assigned(number, role, validity)).collect()
    })
}

fn any_imposed() -> impl Strategy<Value = Vec<Imposed>> {
    let one = |state| {
        option::of(any_window()).prop_map(move |validity| {
            let by = "api:anna".to_owned();
            validity.map(|validity| Imposed { state, validity, reason: reason(), by, at: hour(0) })
        })
    };
    (one(ImposedState::Suspended), one(ImposedState::Departed))
        .prop_map(|(suspended, departed)| suspended.into_iter().chain(departed).collect())
}

fn had(world: &World) -> Vec<String> {
    world.rules().memberships(&world.snapshot.identity, world.now).roles.keys().map(ToString::to_string).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_assignment_over_the_api_plans_as_a_declared_one_does(all in any_assignments(), now in -6_i64..42) {
        let mut added = world();
        added.now = hour(now);
        added.identity().added.assignments = all.clone();
        let mut declared = world();
        declared.now = hour(now);
        for one in all {
            let member = Member { identity: "hr/E1".to_owned(), validity: one.validity };
            declared.configuration.roles.entry(one.role).or_default().members.push(member);
        }
        prop_assert_eq!(had(&added), had(&declared));
        let (added, declared) = (added.plan(), declared.plan());
        prop_assert_eq!(&added.look_again_at, &declared.look_again_at);
        prop_assert_eq!(added, declared);
    }

    /// Whoever looks at the moments that a plan names misses nothing.
    #[test]
    fn between_two_moments_that_are_looked_at_nothing_changes(
        all in any_assignments(), imposed in any_imposed(), now in -6_i64..42, minutes in 0_i64..6_000
    ) {
        let mut world = world();
        world.identity().added.assignments = all;
        world.identity().added.imposed = imposed;
        world.now = hour(now);
        let first = world.plan();
        let then = world.now.checked_add(SignedDuration::from_mins(minutes)).expect("a time");
        if first.look_again_at.is_none_or(|again| then < again) {
            world.now = then;
            prop_assert_eq!(first.items, world.plan().items);
        }
    }

    /// What is not refused brings no exclusion at any moment that is still to come, and what is refused does.
    #[test]
    fn an_assignment_is_refused_exactly_where_it_would_bring_two_roles_together(
        all in any_assignments(), role in select(ROLES.to_vec()), validity in any_window(), now in -6_i64..25
    ) {
        let mut world = world();
        world.identity().added.assignments = all;
        let wanted = assigned(99, role, validity);
        let rules = world.rules();
        let without = world.snapshot.identity.clone();
        let mut with = without.clone();
        with.added.assignments.push(wanted.clone());
        let excluded = |hour| {
            let (before, after) = (rules.memberships(&without, hour), rules.memberships(&with, hour));
            after.excluded.iter().any(|(loser, winner)| before.excluded.get(loser) != Some(winner))
        };
        let brings = (now..45).map(hour).any(excluded);
        let refused = rules.exclusion(&without, &wanted, hour(now));
        prop_assert_eq!(refused.is_some(), brings, "{:?}", refused);
        if let Some(exclusion) = refused {
            prop_assert!(exclusion.to_string().contains("role.cashier.excludes"), "{}", exclusion);
            prop_assert!(excluded(exclusion.at));
        }
    }

    #[test]
    fn an_imposed_state_never_gives_anything(imposed in any_imposed(), now in -6_i64..42, state in 0_usize..4) {
        let mut world = world();
        use LifecycleState::{Active, Departed, Staged, Suspended};
        world.identity().state = [Staged, Active, Suspended, Departed][state];
        world.now = hour(now);
        let said = world.snapshot.identity.state_at(world.now);
        let before = had(&world);
        world.identity().added.imposed = imposed;
        let holds = world.snapshot.identity.state_at(world.now);
        let rank = |state| [Active, Suspended, Staged, Departed].iter().position(|one| *one == state);
        prop_assert!(rank(said) <= rank(holds), "{said} became {holds}");
        prop_assert!(had(&world).iter().all(|role| before.contains(role)));
    }
}

#[test]
fn what_is_listed_says_where_it_comes_from_and_whether_it_holds() {
    let mut world = world();
    let window = |from, until| Validity { from: Some(hour(from)), until: Some(hour(until)) };
    world.identity().added.assignments = vec![
        assigned(1, "auditor", window(-3, -1)),
        assigned(2, "lead", window(2, 3)),
        assigned(3, "gone", Validity::ALWAYS),
        assigned(4, "cashier", Validity::ALWAYS),
    ];
    let by = "api:anna".to_owned();
    world.identity().added.groups =
        vec![AddedToGroup { group: "guests".parse().expect("a name"), reason: reason(), by, at: hour(0) }];
    let listed = world.rules().assignments(&world.snapshot.identity, world.now);
    let told: Vec<_> = listed.iter().map(|one| (one.role.as_str(), one.standing)).collect();
    let wanted = [
        ("auditor", Standing::Ended),
        ("cashier", Standing::Holds),
        ("developer", Standing::Holds),
        ("employee", Standing::Holds),
        ("gone", Standing::WithoutEffect),
        ("lead", Standing::NotYet),
        ("reader", Standing::Holds),
    ];
    assert_eq!(told, wanted);
    assert_eq!(listed[4].because.as_deref(), Some("the role gone is not declared"));
    assert_eq!(listed[6].origin, ListedOrigin::Group { name: "guests".parse().expect("a name") });
    let explained = world.rules().explain_identity(&world.snapshot, &world.views, world.now).text();
    assert!(explained.contains("+ cashier: assigned by api:anna\n"), "{explained}");
    assert!(explained.contains("+ guests: added by api:anna\n"), "{explained}");

    world.now = hour(2);
    let explained = world.rules().explain_identity(&world.snapshot, &world.views, world.now).text();
    // The auditor, whom the lead contains, keeps the cashier out.
    assert!(explained.contains("- cashier: it and role auditor exclude each other"), "{explained}");
    assert!(explained.contains("+ lead: assigned by api:anna until 2026-11-25T15:00:00Z"), "{explained}");
}

#[test]
fn an_imposed_suspension_disables_and_is_explained_until_it_ends() {
    let mut world = world();
    let validity = Validity { from: None, until: Some(hour(5)) };
    let by = "api:anna".to_owned();
    world.identity().added.imposed =
        vec![Imposed { state: ImposedState::Suspended, validity, reason: reason(), by, at: hour(0) }];
    let plan = world.plan();
    assert_eq!(plan.look_again_at, Some(hour(5)));
    assert!(world.text().contains("disable"), "{}", world.text());
    let explained = world.rules().explain_identity(&world.snapshot, &world.views, world.now).text();
    for words in [
        "state: suspended; the source says active",
        "suspended is imposed by api:anna, valid until 2026-11-25T17:00:00Z: stands in for somebody",
    ] {
        assert!(explained.contains(words), "{explained}");
    }
    world.now = hour(5);
    assert!(world.plan().items.is_empty(), "{}", world.text());
}
