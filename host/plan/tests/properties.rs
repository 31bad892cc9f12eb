//! What holds for every plan, whatever the company looks like.

mod support;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use purser_model::Attributes;
use purser_model::account::{Account, EntitlementKey, Situation};
use purser_model::configuration::{Deprovisioning, Strength, UnlinkedReaction};
use purser_model::edit::AttributeAction;
use purser_model::id::AccountId;
use purser_model::identity::LifecycleState;
use purser_model::object::Digest;
use purser_model::operation::{EntitlementReference, Intent};
use purser_model::plan::{Link, PlanItem};
use purser_plan::{EntitlementDecision, ExplainedTarget, MappingDecision, Scope};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::*;
use uuid::Uuid;

const NAMES: [&str; 6] = ["userName", "email", "name.familyName", "title", "nickName", "phones"];

fn text() -> impl Strategy<Value = Value> {
    select(vec!["a", "A", "b", "Bé", "BÉ", ""]).prop_map(Value::from)
}

fn phones() -> impl Strategy<Value = Value> {
    vec(select(vec!["1", "2", "3"]), 0..3).prop_map(Value::from)
}

/// The value of an attribute as an account shows it.
fn shown() -> impl Strategy<Value = Attributes> {
    (
        btree_map(select(vec!["userName", "email", "title", "nickName", "locale"]), text(), 0..5),
        option::of(text()),
        phones(),
    )
        .prop_map(|(plain, family_name, phones)| {
            let mut attributes: Attributes = plain.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            attributes.insert("phones".into(), phones);
            attributes
                .extend(family_name.map(|name| ("name".to_owned(), json!({"familyName": name, "formatted": "x"}))));
            attributes
        })
}

fn written() -> impl Strategy<Value = Attributes> {
    (btree_map(select(NAMES[..5].to_vec()), text(), 0..5), option::of(phones())).prop_map(|(plain, phones)| {
        let mut attributes: Attributes = plain.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        attributes.extend(phones.map(|phones| ("phones".to_owned(), phones)));
        attributes
    })
}

fn entitlements() -> impl Strategy<Value = BTreeSet<EntitlementKey>> {
    btree_set(select(vec!["g-engineers", "g-staff", "g-chess"]), 0..4)
        .prop_map(|ids| held(&ids.into_iter().collect::<Vec<_>>()))
}

fn any_account(number: u128, linked: bool) -> impl Strategy<Value = Account> {
    let situations = vec![Situation::Linked, Situation::Missing, Situation::Protected];
    let remote_id = option::weighted(0.9, Just(format!("u-{number}")));
    let protected = option::weighted(0.1, Just("a rule holds for it".to_owned()));
    (shown(), written(), entitlements(), option::of(any::<bool>()), select(situations), remote_id, protected).prop_map(
        move |(attributes, pushed, held, active, situation, remote_id, protected_because)| Account {
            protected_because,
            id: AccountId(Uuid::from_u128(number)),
            remote_id,
            identity: linked.then(|| anna().id),
            situation: if linked || situation == Situation::Protected { situation } else { Situation::Unlinked },
            active,
            attributes: Value::Object(attributes).to_string(),
            pushed: if linked { pushed } else { Attributes::new() },
            held,
            ..account()
        },
    )
}

fn any_world() -> impl Strategy<Value = World> {
    let states =
        vec![LifecycleState::Staged, LifecycleState::Active, LifecycleState::Suspended, LifecycleState::Departed];
    let identity = (
        select(states),
        btree_map(select(vec!["userName", "email", "lastName", "title"]), text(), 0..5),
        phones(),
        select(vec!["employee", "guest"]),
        select(vec!["dev", "sales"]),
    );
    let declared = (
        vec(select(vec![Strength::Weak, Strength::Normal, Strength::Strong]), NAMES.len()),
        select(vec![UnlinkedReaction::Show, UnlinkedReaction::Adopt]),
        select(vec![Deprovisioning::Keep, Deprovisioning::Disable, Deprovisioning::Delete]),
    );
    let linked = prop_oneof![
        1 => Just(Vec::new()),
        4 => any_account(100, true).prop_map(|account| vec![account]),
        1 => (any_account(100, true), any_account(101, true)).prop_map(|(first, second)| vec![first, second]),
    ];
    let candidates = (any_account(200, false), any_account(201, false))
        .prop_flat_map(|(first, second)| subsequence(vec![first, second], 0..=2));
    (identity, declared, linked, candidates).prop_map(
        |((state, attributes, phones, kind, team), (strengths, unlinked, deprovisioning), accounts, candidates)| {
            let mut world = World::with(accounts);
            world.identity().state = state;
            world.identity().attributes =
                attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            world.set_identity("phones", phones);
            world.set_identity("userType", json!(kind));
            world.set_identity("team", json!(team));
            let target = crm(&mut world.configuration);
            (target.unlinked, target.leaving) = (unlinked, deprovisioning.into());
            for (mapping, strength) in target.mappings.iter_mut().zip(strengths) {
                mapping.strength = strength;
            }
            world.snapshot.candidates = support::candidates(candidates);
            world
        },
    )
}

/// Carries a plan out the way a well-behaved target would.
fn apply(world: &mut World, items: &[PlanItem]) {
    for item in items {
        let account = take_account(world, item);
        world.snapshot.accounts.extend(carry_out(account, item));
    }
}

fn take_account(world: &mut World, item: &PlanItem) -> Account {
    let candidates = world.snapshot.candidates.entry(item.target.clone()).or_default();
    let adopted = candidates.iter().position(|one| item.link == Link::Adopt && Some(one.account.id) == item.account);
    if let Some(index) = adopted {
        let account = candidates.remove(index).account;
        // What was still to be created makes room for the account that exists.
        world.snapshot.accounts.retain(|other| other.target != account.target);
        return Account { identity: Some(item.identity), situation: Situation::Linked, ..account };
    }
    let linked = world.snapshot.accounts.iter().position(|account| Some(account.id) == item.account);
    linked.map_or_else(|| stray(500), |index| world.snapshot.accounts.remove(index))
}

fn carry_out(mut account: Account, item: &PlanItem) -> Option<Account> {
    for operation in &item.operations {
        match &operation.intent {
            Intent::Create { attributes, active } => {
                account.remote_id = Some("u-created".into());
                (account.identity, account.situation) = (Some(item.identity), Situation::Linked);
                account.attributes = Value::Object(attributes.clone()).to_string();
                account.active = *active;
                account.held.clear();
            }
            Intent::Update { changes } => {
                for change in changes {
                    change_attribute(&mut account, &change.attribute, &change.action);
                }
            }
            Intent::Enable => account.active = Some(true),
            Intent::Disable => account.active = Some(false),
            Intent::Delete => return None,
            Intent::Grant { entitlement } => {
                assert!(account.held.insert(key(entitlement)), "granted twice");
            }
            Intent::Revoke { entitlement } => {
                assert!(account.held.remove(&key(entitlement)), "revoked without being held");
            }
            Intent::CreateEntitlement { .. } => panic!("no plan of an identity creates an entitlement"),
        }
    }
    account.digest = Some(Digest([8; 32]));
    account.pushed = item.pushed.clone();
    Some(account)
}

fn key(entitlement: &EntitlementReference) -> EntitlementKey {
    match entitlement {
        EntitlementReference::Declared(name) => EntitlementKey { class: "Group".into(), id: format!("g-{name}") },
        EntitlementReference::Remote(key) => key.clone(),
    }
}

fn change_attribute(account: &mut Account, name: &str, action: &AttributeAction) {
    let mut attributes: Attributes = serde_json::from_str(&account.attributes).expect("an object");
    let (parent, member) = match name.split_once('.') {
        Some((parent, member)) => {
            let parent = attributes.entry(parent).or_insert_with(|| json!({}));
            (parent.as_object_mut().expect("complex"), member)
        }
        None => (&mut attributes, name),
    };
    match action {
        AttributeAction::Replace(value) => parent.insert(member.to_owned(), value.clone()),
        AttributeAction::Clear => parent.remove(member),
        AttributeAction::Add(values) => {
            let mut list = listed(parent.get(member));
            list.extend(values.iter().cloned());
            parent.insert(member.to_owned(), Value::Array(list))
        }
        AttributeAction::Remove(values) => {
            let mut list = listed(parent.get(member));
            list.retain(|item| !values.contains(item));
            parent.insert(member.to_owned(), Value::Array(list))
        }
    };
    account.attributes = Value::Object(attributes).to_string();
}

/// The decisions of an explanation that mean an operation, and the operations of the plan, both as words in order.
fn decided_and_planned(target: &ExplainedTarget) -> (Vec<String>, Vec<String>) {
    let mappings = target.mappings.iter().filter_map(|mapping| match mapping.decision {
        MappingDecision::Written | MappingDecision::Cleared => {
            Some(format!("{} {}", mapping.decision.as_str(), mapping.attribute))
        }
        _ => None,
    });
    let entitlements = target.entitlements.iter().filter_map(|entitlement| match entitlement.decision {
        EntitlementDecision::Grant | EntitlementDecision::Revoke => {
            Some(format!("{} {}", entitlement.decision.as_str(), entitlement.entitlement))
        }
        _ => None,
    });
    let mut decided: Vec<String> = mappings.chain(entitlements).collect();
    let operations = target.items.iter().flat_map(|item| &item.operations);
    let mut planned: Vec<String> = operations
        .flat_map(|operation| match &operation.intent {
            Intent::Update { changes } => changes
                .iter()
                .map(|change| {
                    let word = if change.action == AttributeAction::Clear { "cleared" } else { "written" };
                    format!("{word} {}", change.attribute)
                })
                .collect(),
            Intent::Grant { entitlement } => vec![format!("grant {entitlement}")],
            Intent::Revoke { entitlement } => vec![format!("revoke {entitlement}")],
            _ => Vec::new(),
        })
        .collect();
    decided.sort();
    planned.sort();
    // A list may be changed by adding and by removing.
    planned.dedup();
    (decided, planned)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_explanation_says_what_the_plan_does(world in any_world()) {
        let plan = world.plan();
        let explanation = world.rules().explain_identity(&world.snapshot, &world.views, world.now);
        let explained: Vec<&PlanItem> = explanation.targets.iter().flat_map(|target| &target.items).collect();
        prop_assert_eq!(explained, plan.items.iter().collect::<Vec<_>>());
        let left_alone: Vec<&String> = explanation.targets.iter().flat_map(|target| &target.left_alone).collect();
        let of_targets = plan.notices.iter().filter(|notice| notice.target.is_some());
        prop_assert_eq!(left_alone, of_targets.map(|notice| &notice.message).collect::<Vec<_>>());
        prop_assert_eq!(explanation.look_again_at, plan.look_again_at);
        for target in &explanation.targets {
            let nothing = target.conclusion.starts_with("nothing is done: ") && target.conclusion.len() > 20;
            prop_assert!(nothing == target.items.is_empty(), "{}", target.conclusion);
            if target.scope == Scope::Granted {
                let (decided, planned) = decided_and_planned(target);
                prop_assert_eq!(decided, planned);
            }
        }
    }
}

fn listed(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}

fn updates(items: &[PlanItem]) -> impl Iterator<Item = (&PlanItem, &purser_model::edit::AttributeChange)> {
    items.iter().flat_map(|item| {
        item.operations.iter().flat_map(move |operation| match &operation.intent {
            Intent::Update { changes } => changes.iter().map(|change| (item, change)).collect(),
            _ => Vec::new(),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_carried_out_leaves_nothing_to_do(mut world in any_world()) {
        let first = world.plan();
        apply(&mut world, &first.items);
        let second = world.plan();
        prop_assert_eq!(&second.items, &[], "after {:#?}", first.items);
    }

    #[test]
    fn the_order_of_what_is_known_does_not_matter(mut world in any_world()) {
        let first = world.plan();
        world.snapshot.accounts.reverse();
        world.snapshot.candidates.values_mut().for_each(|candidates| candidates.reverse());
        for view in world.views.values_mut() {
            view.classes.reverse();
            view.entitlements.reverse();
        }
        prop_assert_eq!(first, world.plan());
    }

    #[test]
    fn a_protected_account_has_no_operation(world in any_world()) {
        let all = world
            .snapshot
            .accounts
            .iter()
            .chain(world.snapshot.candidates.values().flatten().map(|candidate| &candidate.account));
        let guarded: BTreeSet<AccountId> =
            all.filter(|account| account.situation == Situation::Protected || account.protected_because.is_some())
                .map(|account| account.id)
                .collect();
        for item in world.plan().items {
            prop_assert!(item.account.is_none_or(|id| !guarded.contains(&id)));
        }
    }

    #[test]
    fn only_what_was_written_is_cleared(world in any_world()) {
        let plan = world.plan();
        for (item, change) in updates(&plan.items) {
            let account = world.snapshot.accounts.iter().find(|account| Some(account.id) == item.account);
            let written = account.is_some_and(|account| account.pushed.contains_key(&change.attribute));
            prop_assert!(change.action != AttributeAction::Clear || written);
        }
    }

    #[test]
    fn operations_of_an_item_stand_in_their_order(world in any_world()) {
        let order = ["create", "update", "enable", "grant", "revoke", "disable", "delete"];
        for item in world.plan().items {
            let places: Vec<_> = item
                .operations
                .iter()
                .map(|operation| order.iter().position(|name| *name == operation.intent.name()))
                .collect();
            prop_assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{:?}", places);
            prop_assert!(item.link == Link::Adopt || !item.operations.is_empty());
        }
    }
}
