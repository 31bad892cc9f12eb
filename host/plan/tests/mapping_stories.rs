//! What mappings with options do, as people read it: one reviewed text per story.

mod support;

use jiff::Timestamp;
use purser_model::configuration::{Mapping, NullPolicy, OwnedValues, Strength, UnlinkedReaction};
use purser_model::identity::{LifecycleState, Validity};
use purser_model::manifest::{AttributeKind, AttributeTraits};
use purser_plan::{Candidate, TakenValues};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::*;

const NAME: &str = "slug(identity.firstName) + '.' + slug(identity.lastName) + iteration";

/// Changes the mapping of an attribute.
fn change(world: &mut World, attribute: &str, change: impl FnOnce(&mut Mapping)) {
    let mappings = &mut crm(&mut world.configuration).mappings;
    change(mappings.iter_mut().find(|mapping| mapping.attribute == attribute).expect("mapped"));
}

/// A company in which the user name is made of the names of the person, and accounts are recognised by number.
fn named(mut world: World, taken: &[&str]) -> World {
    change(&mut world, "userName", |mapping| {
        mapping.expression = NAME.into();
        mapping.unique = true;
    });
    crm(&mut world.configuration).correlation[0].attribute = "number".into();
    world.set_identity("firstName", json!("Anna"));
    let mut values = TakenValues::default();
    taken.iter().for_each(|name| values.insert("username", name));
    world.snapshot.taken = BTreeMap::from([(target_name("crm"), values)]);
    world
}

/// Anna's account under this name.
fn called(name: &str) -> World {
    let mut world = World::settled();
    set(world.account(), "userName", json!(name));
    world.account().pushed.insert("userName".into(), json!(name));
    world
}

fn twenty() -> Vec<String> {
    (1..=20).map(|number| if number == 1 { "anna.berg".into() } else { format!("anna.berg{number}") }).collect()
}

#[test]
fn a_joiner_gets_the_first_name_that_nobody_has() {
    let world = named(World::with(vec![]), &["Anna.Berg", "anna.berg2"]);
    insta::assert_snapshot!(world.text());
    assert_eq!(world.plan().items[0].claims, BTreeMap::from([("userName".to_owned(), "anna.berg3".to_owned())]));
}

#[test]
fn names_and_addresses_come_from_one_iteration() {
    let mut world = named(World::with(vec![]), &["anna.berg"]);
    change(&mut world, "email", |mapping| {
        mapping.expression = format!("{NAME} + '@x.de'");
        mapping.unique = true;
    });
    world.snapshot.taken.get_mut(&target_name("crm")).expect("asked").insert("email", "anna.berg2@X.de");
    let claims = world.plan().items[0].claims.clone();
    let expected =
        [("email", "anna.berg3@x.de"), ("userName", "anna.berg3")].map(|(name, value)| (name.into(), value.into()));
    assert_eq!(claims, BTreeMap::from(expected));
}

#[test]
fn a_name_is_kept_though_a_better_one_is_free() {
    assert_eq!(named(called("anna.berg7"), &[]).text(), "nothing to do\n");
    assert_eq!(
        named(called("Anna.Berg7"), &[]).plan().items[0].claims["userName"],
        "anna.berg7",
        "a spelling is no name"
    );
    assert_eq!(named(called("anna.berg"), &["anna.berg"]).text(), "nothing to do\n", "its own value is not taken");
}

#[test]
fn an_adopted_account_keeps_a_name_that_fits() {
    let mut world = named(World::with(vec![]), &["anna.berg2"]);
    crm(&mut world.configuration).unlinked = UnlinkedReaction::Adopt;
    let mut found = stray(200);
    set(&mut found, "userName", json!("anna.berg2"));
    world.snapshot.candidates = BTreeMap::from([(target_name("crm"), vec![Candidate::new(found, [0])])]);
    let plan = world.plan();
    assert!(plan.items[0].claims.is_empty(), "{:?}", plan.items);
}

#[test]
fn a_rename_takes_the_first_free_name() {
    let mut world = named(called("anna.berg2"), &["anna.tal"]);
    world.set_identity("lastName", json!("Tal"));
    insta::assert_snapshot!(world.text());
}

#[test]
fn a_name_changed_by_hand_stays_unless_the_mapping_is_strong() {
    let mut world = named(called("anna.berg2"), &["anna.berg"]);
    set(world.account(), "userName", json!("boss"));
    assert_eq!(world.text(), "nothing to do\n");
    change(&mut world, "userName", |mapping| mapping.strength = Strength::Strong);
    insta::assert_snapshot!(world.text());
    world.snapshot.taken.get_mut(&target_name("crm")).expect("asked").insert("userName", "anna.berg2");
    assert_eq!(world.plan().items[0].claims["userName"], "anna.berg3", "somebody else has it meanwhile");
}

#[test]
fn without_a_free_name_nobody_is_created_and_who_is_there_is_kept_up() {
    let names = twenty();
    let taken: Vec<&str> = names.iter().map(String::as_str).collect();
    insta::assert_snapshot!("no_name_for_a_joiner", named(World::with(vec![]), &taken).text());
    let mut renamed = named(called("anna.tal"), &taken);
    renamed.set_identity("title", json!("Head"));
    insta::assert_snapshot!("no_name_for_a_rename", renamed.text());
    let plan = renamed.plan();
    assert_eq!(plan.items[0].pushed["userName"], "anna.tal", "what was written stays on record");
}

#[test]
fn a_unique_value_without_iteration_is_taken_or_not() {
    let mut world = named(World::with(vec![]), &["anna.berg"]);
    change(&mut world, "userName", |mapping| mapping.expression = "'anna.berg'".into());
    insta::assert_snapshot!(world.text());
}

#[test]
fn a_unique_value_is_one_text() {
    let mut world = named(World::with(vec![]), &[]);
    change(&mut world, "userName", |mapping| mapping.expression = "identity.phones".into());
    insta::assert_snapshot!(world.text());
}

#[test]
fn what_is_written_on_create_only_is_left_alone_afterwards() {
    let create_only = |world: &mut World| {
        change(world, "email", |mapping| {
            mapping.create_only = true;
            mapping.strength = Strength::Normal;
        });
    };
    let mut joiner = World::with(vec![]);
    create_only(&mut joiner);
    let created = joiner.plan().items[0].clone();
    assert_eq!(created.pushed["email"], "anna@x.de");
    let mut world = World::settled();
    create_only(&mut world);
    world.set_identity("email", json!("anna.berg@x.de"));
    set(world.account(), "email", json!("by-hand@x.de"));
    assert_eq!(world.text(), "nothing to do\n");
    world.set_identity("title", json!("Head"));
    assert_eq!(world.plan().items[0].pushed["email"], "anna@x.de", "what was written stays on record");
    // It is not even evaluated.
    change(&mut world, "email", |mapping| mapping.expression = "identity.email.split('@')[7]".into());
    insta::assert_snapshot!(world.text());
}

#[test]
fn without_a_value_the_former_one_goes_or_stays() {
    let mut world = World::settled();
    world.set_identity("title", Value::Null);
    insta::assert_snapshot!("null_clears", world.text());
    change(&mut world, "title", |mapping| mapping.null = NullPolicy::Keep);
    assert_eq!(world.text(), "nothing to do\n");
    world.set_identity("email", json!("new@x.de"));
    assert_eq!(world.plan().items[0].pushed["title"], "Engineer", "so that it is known whose value it is");
}

/// Anna's account whose list has the two phones of the mapping and one that somebody added.
fn phones(strength: Strength, values: Option<OwnedValues>) -> World {
    let mut world = World::settled();
    change(&mut world, "phones", |mapping| (mapping.strength, mapping.values) = (strength, values));
    set(world.account(), "phones", json!(["1", "2", "by hand"]));
    world
}

#[test]
fn values_added_by_hand_stay_while_the_mapping_changes_its_own() {
    let mut world = phones(Strength::Normal, None);
    assert_eq!(world.text(), "nothing to do\n");
    world.set_identity("phones", json!(["2", "3", "3"]));
    insta::assert_snapshot!("own_values_change", world.text());
    world.set_identity("phones", json!([]));
    insta::assert_snapshot!("own_values_go", world.text());
    change(&mut world, "phones", |mapping| mapping.null = NullPolicy::Keep);
    assert_eq!(world.text(), "nothing to do\n");
}

#[test]
fn a_mapping_that_owns_the_list_replaces_it() {
    insta::assert_snapshot!("the_list_of_a_strong_mapping", phones(Strength::Strong, None).text());
    let mut world = phones(Strength::Normal, Some(OwnedValues::All));
    assert_eq!(world.text(), "nothing to do\n", "a normal one only when its own value changes");
    world.set_identity("phones", json!(["3"]));
    insta::assert_snapshot!("the_list_of_a_normal_mapping", world.text());
}

#[test]
fn a_value_taken_away_by_hand_comes_back_where_the_mapping_is_strong() {
    for (strength, text) in [(Strength::Normal, false), (Strength::Strong, true)] {
        let mut world = phones(strength, Some(OwnedValues::Own));
        set(world.account(), "phones", json!(["2", "by hand"]));
        if text {
            insta::assert_snapshot!("own_values_come_back", world.text());
        } else {
            assert_eq!(world.text(), "nothing to do\n");
        }
    }
}

#[test]
fn a_list_that_the_class_does_not_know_is_replaced_with_the_union() {
    let mut world = phones(Strength::Normal, None);
    let class = world.class();
    class.open = true;
    class.attributes.retain(|attribute| attribute.name != "phones");
    world.set_identity("phones", json!(["3"]));
    insta::assert_snapshot!("union_of_values", world.text());
    set(world.account(), "phones", json!(["1"]));
    world.set_identity("phones", Value::Null);
    insta::assert_snapshot!("the_last_value_goes", world.text());
}

#[test]
fn complex_values_are_recognised_by_what_the_mapping_gives() {
    let mut world = World::settled();
    let traits = AttributeTraits { multi_valued: true, ..AttributeTraits::default() };
    world.class().attributes.push(attribute("emails", AttributeKind::Complex, traits));
    let mapping = Mapping::new("emails".into(), "[{'type': 'work', 'value': identity.email}]".into());
    crm(&mut world.configuration).mappings.push(mapping);
    world.account().pushed.insert("emails".into(), json!([{"type": "work", "value": "anna@x.de"}]));
    let shown = json!([
        {"type": "work", "value": "ANNA@x.de", "primary": true}, {"type": "home", "value": "anna@home.de"}
    ]);
    set(world.account(), "emails", shown);
    assert_eq!(world.text(), "nothing to do\n");
    change(&mut world, "email", |mapping| mapping.create_only = true);
    world.set_identity("email", json!("berg@x.de"));
    insta::assert_snapshot!(world.text());
}

#[test]
fn dates_are_calculated_and_one_that_is_none_is_named() {
    let mut world = World::settled();
    change(&mut world, "title", |mapping| {
        mapping.expression = "'until ' + formatDate(addMonths(identity.lastDay, 1), '%d.%m.%Y')".into();
    });
    world.set_identity("lastDay", json!("2026-12-31"));
    insta::assert_snapshot!("a_calculated_date", world.text());
    world.set_identity("lastDay", json!("soon"));
    insta::assert_snapshot!("no_date", world.text());
}

#[test]
fn who_hangs_on_today_is_looked_at_again_at_midnight() {
    let midnight: Timestamp = "2026-11-26T00:00:00Z".parse().expect("a time");
    let mut world = World::settled();
    assert_eq!(world.plan().look_again_at, None);
    world.set_identity("lastDay", json!("2026-11-25"));
    let before = world.configuration.clone();

    change(&mut world, "title", |mapping| {
        mapping.expression = "daysBetween(today, identity.lastDay) < 0 ? 'former' : identity.title".into();
    });
    assert_eq!((world.text().as_str(), world.plan().look_again_at), ("nothing to do\n", Some(midnight)));
    world.now = midnight;
    insta::assert_snapshot!("the_day_after", world.text());

    let mut world =
        World { configuration: before.clone(), now: midnight - jiff::SignedDuration::from_secs(1), ..world };
    let role = world.configuration.roles.get_mut(&"employee".parse().expect("a name")).expect("declared");
    role.rule = Some("identity.lastDay >= today".into());
    assert_eq!((world.plan().items.len(), world.plan().look_again_at), (0, Some(midnight)));
    world.identity().validity.until = Some("2026-11-25T23:59:59.5Z".parse().expect("a time"));
    assert_eq!(world.plan().look_again_at, world.snapshot.identity.validity.until, "whichever comes first");
    (world.identity().state, world.identity().validity) = (LifecycleState::Departed, Validity::ALWAYS);
    assert_eq!(world.plan().look_again_at, None, "no rule is asked for who has departed");

    let mut world = World { configuration: before, ..World::with(vec![]) };
    crm(&mut world.configuration).correlation[0].expression = "identity.userName + today".into();
    assert_eq!(world.plan().look_again_at, Some(midnight));
    world.set_identity("userType", json!("guest"));
    world.set_identity("team", json!("none"));
    assert_eq!(world.plan().look_again_at, None, "who gets nothing there is not asked");
}
