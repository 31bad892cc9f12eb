//! What holds for every mapping with options, whatever it gives and whatever the account shows.

mod support;

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use purser_model::Attributes;
use purser_model::account::Account;
use purser_model::configuration::{Mapping, NullPolicy, OwnedValues, Strength};
use purser_model::edit::AttributeAction;
use purser_model::manifest::{AttributeKind, AttributeTraits};
use purser_model::operation::Intent;
use purser_model::plan::PlanItem;
use purser_plan::TakenValues;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::*;

const NAME: &str = "identity.lastName == null || identity.lastName == '' ? null : slug(identity.lastName) + iteration";

fn numbers() -> impl Strategy<Value = Vec<&'static str>> {
    btree_set(select(vec!["1", "2", "3", "4", "a", "A"]), 0..5).prop_map(|set| set.into_iter().collect())
}

fn strength() -> impl Strategy<Value = Strength> {
    select(vec![Strength::Weak, Strength::Normal, Strength::Strong])
}

/// Anna's account with one mapped list: what the mapping gives, gave, and what is there.
fn any_list() -> impl Strategy<Value = World> {
    let declared = (
        strength(),
        option::of(select(vec![OwnedValues::Own, OwnedValues::All])),
        select(vec![NullPolicy::Clear, NullPolicy::Keep]),
        any::<bool>(),
    );
    let traits = (any::<bool>(), any::<bool>(), any::<bool>());
    (declared, traits, numbers(), option::of(numbers()), numbers()).prop_map(
        |((strength, values, null, create_only), (known, multi_valued, case_exact), gives, gave, there)| {
            let mut world = World::settled();
            crm(&mut world.configuration).mappings = vec![Mapping {
                strength,
                values,
                null,
                create_only: create_only && strength != Strength::Strong,
                ..Mapping::new("phones".into(), "identity.phones".into())
            }];
            let class = world.class();
            class.open = true;
            class.attributes.retain(|attribute| attribute.name != "phones");
            if known && multi_valued {
                let traits = AttributeTraits { multi_valued, case_exact, ..AttributeTraits::default() };
                class.attributes.push(attribute("phones", AttributeKind::Text, traits));
            }
            world.set_identity("phones", json!(gives));
            world.account().pushed = gave.into_iter().map(|gave| ("phones".to_owned(), json!(gave))).collect();
            set(world.account(), "phones", json!(there));
            world
        },
    )
}

fn mapping(world: &World) -> &Mapping {
    &world.configuration.targets[&target_name("crm")].mappings[0]
}

fn shown(account: &Account, name: &str) -> Vec<String> {
    let attributes: Attributes = serde_json::from_str(&account.attributes).expect("an object");
    let items = attributes.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    items.iter().map(|item| item.as_str().expect("a text").to_owned()).collect()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|item| item.as_str().expect("a text").to_owned())
        .collect()
}

fn holds(list: &[String], value: &str) -> bool {
    list.iter().any(|one| one.to_lowercase() == value.to_lowercase())
}

/// Carries the updates out the way a well-behaved target would.
fn carry_out(account: &mut Account, items: &[PlanItem]) {
    for item in items {
        for operation in &item.operations {
            let Intent::Update { changes } = &operation.intent else { continue };
            for change in changes {
                let mut list: Vec<Value> = shown(account, &change.attribute).into_iter().map(Value::from).collect();
                let value = match &change.action {
                    AttributeAction::Add(values) => {
                        assert!(values.iter().all(|value| !list.contains(value)), "added twice");
                        list.extend(values.iter().cloned());
                        Value::Array(list)
                    }
                    AttributeAction::Remove(values) => {
                        assert!(values.iter().all(|value| list.contains(value)), "removed without being there");
                        list.retain(|item| !values.contains(item));
                        Value::Array(list)
                    }
                    AttributeAction::Replace(value) => value.clone(),
                    AttributeAction::Clear => Value::Null,
                };
                set(account, &change.attribute, value);
            }
        }
        account.pushed = item.pushed.clone();
    }
}

/// Somebody who may get one of few names, in a target where some of them are taken.
fn any_name() -> impl Strategy<Value = World> {
    let names = vec!["berg", "berg2", "berg3", "tal", "tal2", "boss"];
    (
        strength(),
        any::<bool>(),
        option::of((select(names.clone()), option::of(select(names.clone())))),
        vec(select(names), 0..6),
        select(vec!["Berg", "Tal", ""]),
    )
        .prop_map(|(strength, create_only, account_names, taken, family)| {
            let mut world = match account_names {
                None => World::with(vec![]),
                Some((shows, pushed)) => {
                    let mut account = account();
                    account.attributes = json!({"userName": shows}).to_string();
                    account.pushed = pushed.into_iter().map(|pushed| ("userName".to_owned(), json!(pushed))).collect();
                    World::with(vec![account])
                }
            };
            crm(&mut world.configuration).mappings = vec![Mapping {
                strength,
                create_only: create_only && strength != Strength::Strong,
                unique: true,
                ..Mapping::new("userName".into(), NAME.into())
            }];
            world.set_identity("lastName", json!(family));
            let mut values = TakenValues::default();
            taken.iter().for_each(|name| values.insert("userName", name));
            world.snapshot.taken = BTreeMap::from([(target_name("crm"), values)]);
            world
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What somebody added and the mapping never gave stays, unless the mapping owns the list.
    #[test]
    fn hand_added_values_survive_unless_the_mapping_owns_the_list(mut world in any_list()) {
        let before = world.account().clone();
        let items = world.plan().items;
        let gave = texts(before.pushed.get("phones"));
        let owns_all = mapping(&world).owned_values() == OwnedValues::All;
        carry_out(world.account(), &items);
        let after = shown(world.account(), "phones");
        for value in shown(&before, "phones") {
            let is_ours = holds(&gave, &value);
            prop_assert!(owns_all || is_ours || after.contains(&value), "{} is gone of {:?}", value, after);
        }
    }

    /// What the mapping gives is there afterwards, as far as it is not weak and nobody took it away; what it gave and gives
    /// no longer is not.
    #[test]
    fn own_values_follow_the_mapping(mut world in any_list()) {
        let before = world.account().clone();
        let items = world.plan().items;
        carry_out(world.account(), &items);
        let mapping = mapping(&world).clone();
        if mapping.create_only {
            prop_assert!(items.is_empty());
            return Ok(());
        }
        if mapping.owned_values() == OwnedValues::All || mapping.strength == Strength::Weak {
            return Ok(());
        }
        let gives = texts(world.snapshot.identity.attributes.get("phones"));
        let gave = texts(before.pushed.get("phones"));
        let after = shown(world.account(), "phones");
        for value in &gives {
            let taken_away = holds(&gave, value) && mapping.strength == Strength::Normal;
            prop_assert!(taken_away || holds(&after, value), "{} is not in {:?}", value, after);
        }
        let keeps = gives.is_empty() && mapping.null == NullPolicy::Keep;
        for value in gave.iter().filter(|value| !keeps && !holds(&gives, value)) {
            prop_assert!(!after.contains(value), "{} is still in {:?}", value, after);
        }
    }

    #[test]
    fn a_plan_of_lists_carried_out_leaves_nothing_to_do(mut world in any_list()) {
        let first = world.plan().items;
        carry_out(world.account(), &first);
        prop_assert_eq!(&world.plan().items, &[], "after {:#?}", first);
    }

    /// No plan gives a name that somebody has; who has a possible name keeps it; a plan that is carried out is the last.
    #[test]
    fn a_name_is_nobody_elses_and_is_kept(mut world in any_name()) {
        let plan = world.plan();
        let taken = world.snapshot.taken[&target_name("crm")].clone();
        let claims: BTreeSet<&String> = plan.items.iter().flat_map(|item| item.claims.values()).collect();
        for name in &claims {
            prop_assert!(!taken.contains("userName", name), "{} is taken", name);
        }
        let Some(before) = world.snapshot.accounts.first().cloned() else {
            let with_name = world.snapshot.identity.attributes["lastName"] != "";
            prop_assert_eq!(claims.len(), usize::from(with_name && !plan.items.is_empty()));
            return Ok(());
        };
        let attributes: Attributes = serde_json::from_str(&before.attributes).expect("an object");
        let has = attributes["userName"].as_str().expect("a text").to_owned();
        let family = world.snapshot.identity.attributes["lastName"].as_str().expect("a text").to_lowercase();
        if !family.is_empty() && has.starts_with(&family) {
            prop_assert!(claims.is_empty(), "{} is given up for {:?}", has, claims);
        }
        let mut account = before;
        for item in &plan.items {
            for operation in &item.operations {
                let Intent::Update { changes } = &operation.intent else { continue };
                for change in changes {
                    match &change.action {
                        AttributeAction::Replace(value) => set(&mut account, &change.attribute, value.clone()),
                        _ => set(&mut account, &change.attribute, Value::Null),
                    }
                }
            }
            account.pushed = item.pushed.clone();
        }
        account.held = held(&["g-engineers", "g-staff"]);
        world.snapshot.accounts = vec![account];
        let second = world.plan().items;
        prop_assert!(second.is_empty(), "{:#?} after {:#?}", second, plan.items);
    }
}
