//! Planning alone: identities with roles in many targets, against accounts that are not there yet, and against accounts
//! that are as they should be. The baseline parses the same attributes and does nothing with them.

use super::{Figure, figure};
use jiff::Timestamp;
use purser_model::Attributes;
use purser_model::account::{Account, Situation};
use purser_model::assignment::Added;
use purser_model::configuration::{
    Configuration, ConnectorReference, GrantDeclaration, Instance, Mapping, Role, RoleGrant, Strength, Target,
};
use purser_model::id::{AccountId, IdentityId, RoleName, TargetName};
use purser_model::identity::{Identity, LifecycleState, Validity};
use purser_model::manifest::{
    Attribute, AttributeKind, AttributeTraits, ClassKind, DeleteSemantics, ObjectClass, Operations,
};
use purser_model::object::Digest;
use purser_model::operation::Intent;
use purser_plan::{IdentitySnapshot, Rules, TargetView};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::time::Instant;

const IDENTITIES: u32 = 100_000;
const ROLES: u32 = 10;
const TARGETS: u32 = 8;
const MAPPINGS: u32 = 15;

fn target_name(number: u32) -> anyhow::Result<TargetName> {
    Ok(format!("target{number}").parse()?)
}

/// Ten roles by rule, of which everybody has several, eight targets with fifteen mappings each.
fn configuration() -> anyhow::Result<Configuration> {
    let mut configuration = Configuration::default();
    for number in 0..TARGETS {
        configuration.targets.insert(target_name(number)?, target());
    }
    for number in 0..ROLES {
        let name: RoleName = format!("role{number}").parse()?;
        // The first eight hold for everybody, each in its target; the others for departments.
        let rule =
            if number < TARGETS { "identity.kind == 'employee'" } else { "identity.department == 'Department 7'" };
        let grant = RoleGrant { target: target_name(number % TARGETS)?, entitlements: Vec::new() };
        configuration.roles.insert(name, Role { rule: Some(rule.into()), grants: vec![grant], ..Role::default() });
    }
    Ok(configuration)
}

fn target() -> Target {
    let instance = Instance::new(ConnectorReference::any("bench"), json!({}), GrantDeclaration::default());
    let mut target = Target::new(instance, "User".into());
    let expressions = [
        ("userName", "identity.userName"),
        ("displayName", "identity.givenName + ' ' + identity.familyName"),
        ("name.givenName", "identity.givenName"),
        ("name.familyName", "identity.familyName"),
        ("email", "identity.email.lower()"),
        ("department", "identity.department"),
        ("title", "identity.title"),
        ("active", "identity.state == 'active'"),
    ];
    for (attribute, expression) in expressions {
        let mapping = Mapping::new(attribute.into(), expression.into());
        target.mappings.push(Mapping { strength: Strength::Strong, ..mapping });
    }
    let more = MAPPINGS - u32::try_from(target.mappings.len()).unwrap_or(MAPPINGS);
    for number in 0..more {
        let expression = format!("has(identity.extra{number}) ? identity.extra{number} : 'none'");
        target.mappings.push(Mapping::new(format!("extra{number}"), expression));
    }
    target
}

fn view() -> TargetView {
    let name = Attribute {
        name: "name".into(),
        description: String::new(),
        kind: AttributeKind::Complex,
        traits: AttributeTraits::default(),
        reference_class: None,
        shape: None,
        allowed_values: Vec::new(),
        max_length: None,
    };
    let class = ObjectClass {
        name: "User".into(),
        title: "User".into(),
        kind: ClassKind::Account,
        attributes: vec![name],
        open: true,
        operations: Operations {
            search: true,
            get: true,
            create: true,
            update: true,
            set_active: true,
            delete: true,
            ..Operations::default()
        },
        delete_semantics: DeleteSemantics::Hard,
        holding: None,
        consistency_lag_ms: 0,
    };
    TargetView { classes: vec![class], entitlements: Vec::new() }
}

fn attributes(number: u32) -> Attributes {
    let text = json!({
        "userName": format!("person{number}"),
        "givenName": format!("Given{number}"),
        "familyName": format!("Family{number}"),
        "email": format!("Person{number}@Example.org"),
        "department": format!("Department {}", number % 40),
        "title": "Senior Example",
        "kind": "employee",
        "extra0": "a",
        "extra3": "b",
    });
    text.as_object().cloned().unwrap_or_default()
}

fn identity(number: u32) -> anyhow::Result<Identity> {
    Ok(Identity {
        id: IdentityId(uuid::Uuid::from_u128(u128::from(number))),
        source: "hr".parse()?,
        key: format!("E{number}"),
        state: LifecycleState::Active,
        validity: Validity::ALWAYS,
        attributes: attributes(number),
        version: 1,
        changed_at: Timestamp::UNIX_EPOCH,
        added: Added::default(),
    })
}

/// The accounts that a plan would create, as if they had been.
fn created(rules: &Rules, snapshot: &IdentitySnapshot, views: &BTreeMap<TargetName, TargetView>) -> Vec<Account> {
    let plan = rules.plan_identity(snapshot, views, Timestamp::UNIX_EPOCH);
    let account = |(place, item): (usize, purser_model::plan::PlanItem)| {
        let Some(Intent::Create { attributes, active }) = item.operations.first().map(|one| one.intent.clone()) else {
            return None;
        };
        Some(Account {
            id: AccountId(uuid::Uuid::from_u128(place as u128)),
            target: item.target,
            class: item.class,
            remote_id: Some(format!("remote{place}")),
            identity: Some(item.identity),
            situation: Situation::Linked,
            secondary_ids: Vec::new(),
            version: None,
            active,
            attributes: Value::Object(attributes).to_string(),
            digest: Some(Digest([1; 32])),
            pushed: item.pushed,
            held: BTreeSet::new(),
            leaving_since: None,
            deletion_cancelled: false,
            gone_since: None,
            protected_because: None,
        })
    };
    plan.items.into_iter().enumerate().filter_map(account).collect()
}

/// Identities planned per second, one after the other on one thread.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub fn plan() -> anyhow::Result<Vec<Figure>> {
    let rules = Rules::compile(configuration()?).map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
    let views: BTreeMap<_, _> = rules.configuration().targets.keys().map(|name| (name.clone(), view())).collect();
    let snapshot = |number| -> anyhow::Result<IdentitySnapshot> {
        Ok(IdentitySnapshot {
            identity: identity(number)?,
            accounts: Vec::new(),
            candidates: BTreeMap::new(),
            decisions: BTreeMap::new(),
            references: BTreeMap::new(),
            taken: BTreeMap::new(),
        })
    };
    let settled = created(&rules, &snapshot(7)?, &views);
    anyhow::ensure!(settled.len() == TARGETS as usize, "an account in every target");
    let per_second = |begun: Instant| f64::from(IDENTITIES) / begun.elapsed().as_secs_f64();

    let text = Value::Object(attributes(7)).to_string();
    let begun = Instant::now();
    for _ in 0..IDENTITIES {
        black_box(serde_json::from_str::<Attributes>(black_box(&text))?);
    }
    let parsed = per_second(begun);

    let mut operations = 0;
    let begun = Instant::now();
    for number in 0..IDENTITIES {
        let plan = rules.plan_identity(&snapshot(number)?, &views, Timestamp::UNIX_EPOCH);
        operations += plan.items.len();
    }
    let joiners = per_second(begun);
    anyhow::ensure!(operations == (IDENTITIES * TARGETS) as usize, "everybody is created everywhere: {operations}");

    let unchanged = IdentitySnapshot { accounts: settled, ..snapshot(7)? };
    let begun = Instant::now();
    for _ in 0..IDENTITIES {
        let plan = rules.plan_identity(black_box(&unchanged), &views, Timestamp::UNIX_EPOCH);
        anyhow::ensure!(plan.items.is_empty(), "nothing is to be done");
    }
    let settled = per_second(begun);
    Ok(vec![
        figure("plan", "100000 joiners, 8 targets x 15 mappings", joiners, "identities/s", parsed),
        figure("plan", "100000 settled, 8 targets x 15 mappings", settled, "identities/s", parsed),
    ])
}
