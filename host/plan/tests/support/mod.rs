//! A small company to plan for: one source, three applications, two roles.
#![allow(dead_code, reason = "each test file uses its part")]

use purser_model::Attributes;
use purser_model::account::{Account, Entitlement, EntitlementKey, Situation};
use purser_model::assignment::Added;
use purser_model::configuration::{
    Configuration, ConnectorReference, Correlation, DeclaredEntitlement, Deprovisioning, GrantDeclaration, Group,
    Instance, Mapping, Role, RoleGrant, Strength, Target,
};
use purser_model::id::{AccountId, IdentityId, TargetName};
use purser_model::identity::{Identity, LifecycleState, Validity};
use purser_model::manifest::{
    Attribute, AttributeKind, AttributeTraits, Cardinality, ClassKind, DeleteSemantics, Holding, HoldingSide,
    ObjectClass, Operations,
};
use purser_model::object::Digest;
use purser_plan::{Candidate, IdentityPlan, IdentitySnapshot, Rules, TargetView};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub fn object(value: Value) -> Attributes {
    let Value::Object(attributes) = value else { panic!("{value} is no object") };
    attributes
}

pub fn target_name(name: &str) -> TargetName {
    name.parse().expect("a name")
}

pub fn mapping(attribute: &str, expression: &str, strength: Strength) -> Mapping {
    Mapping { strength, ..Mapping::new(attribute.to_owned(), expression.to_owned()) }
}

fn entitlement(value: &str) -> DeclaredEntitlement {
    DeclaredEntitlement {
        class: "Group".into(),
        attribute: "displayName".into(),
        value: value.into(),
        create: true,
        needs: Vec::new(),
    }
}

/// An application with the mappings that every story uses.
pub fn target(deprovisioning: Deprovisioning) -> Target {
    let instance = Instance::new(ConnectorReference::any("scim"), json!({}), GrantDeclaration::default());
    Target {
        correlation: vec![Correlation::new("userName".into(), "identity.userName".into())],
        mappings: vec![
            mapping("userName", "identity.userName", Strength::Normal),
            mapping("email", "identity.email", Strength::Strong),
            mapping("name.familyName", "identity.lastName", Strength::Strong),
            mapping("title", "identity.title", Strength::Normal),
            mapping("nickName", "identity.userName", Strength::Weak),
            mapping("phones", "identity.phones", Strength::Strong),
        ],
        leaving: deprovisioning.into(),
        entitlements: BTreeMap::from([
            ("engineers".into(), entitlement("Engineers")),
            ("staff".into(), entitlement("Staff")),
        ]),
        ..Target::new(instance, "User".into())
    }
}

/// Everybody is an employee and gets `crm`; the team `dev` also gets the entitlement `engineers` there.
pub fn configuration() -> Configuration {
    let grant = |entitlements: &[&str]| RoleGrant {
        target: target_name("crm"),
        entitlements: entitlements.iter().map(|name| (*name).to_owned()).collect(),
    };
    let employee = Role {
        rule: Some("identity.userType == 'employee'".into()),
        grants: vec![grant(&["staff"])],
        ..Role::default()
    };
    let developer = Role {
        groups: vec!["developers".parse().expect("a name")],
        grants: vec![grant(&["engineers"])],
        ..Role::default()
    };
    let developers = Group { members: vec!["hr/E9".into()], rule: Some("identity.team == 'dev'".into()) };
    Configuration {
        targets: BTreeMap::from([(target_name("crm"), target(Deprovisioning::Disable))]),
        groups: BTreeMap::from([("developers".parse().expect("a name"), developers)]),
        roles: BTreeMap::from([
            ("developer".parse().expect("a name"), developer),
            ("employee".parse().expect("a name"), employee),
        ]),
        ..Configuration::default()
    }
}

pub fn crm(configuration: &mut Configuration) -> &mut Target {
    configuration.targets.get_mut(&target_name("crm")).expect("declared")
}

pub fn attribute(name: &str, kind: AttributeKind, traits: AttributeTraits) -> Attribute {
    Attribute {
        name: name.into(),
        description: String::new(),
        kind,
        traits,
        reference_class: None,
        shape: None,
        allowed_values: Vec::new(),
        max_length: None,
    }
}

fn class(name: &str, kind: ClassKind, attributes: Vec<Attribute>) -> ObjectClass {
    ObjectClass {
        name: name.into(),
        title: name.into(),
        kind,
        attributes,
        open: false,
        operations: Operations {
            search: true,
            get: true,
            create: true,
            update: true,
            set_active: true,
            delete: true,
            grant: true,
            revoke: true,
            ..Operations::default()
        },
        delete_semantics: DeleteSemantics::Hard,
        holding: None,
        consistency_lag_ms: 0,
    }
}

pub fn user_class() -> ObjectClass {
    let plain = AttributeTraits::default();
    let mut attributes: Vec<Attribute> = ["userName", "email", "title", "nickName"]
        .into_iter()
        .map(|name| attribute(name, AttributeKind::Text, plain))
        .collect();
    attributes.push(attribute("name", AttributeKind::Complex, plain));
    attributes.push(attribute("phones", AttributeKind::Text, AttributeTraits { multi_valued: true, ..plain }));
    class("User", ClassKind::Account, attributes)
}

pub fn group_class() -> ObjectClass {
    let mut group = class("Group", ClassKind::Entitlement, Vec::new());
    group.holding = Some(Holding {
        account_class: "User".into(),
        side: HoldingSide::Entitlement,
        attribute: "members".into(),
        cardinality: Cardinality::Many,
    });
    group
}

fn known_entitlement(number: u128, name: &str) -> Entitlement {
    Entitlement {
        id: AccountId(Uuid::from_u128(number)),
        target: target_name("crm"),
        class: "Group".into(),
        remote_id: Some(format!("g-{name}")),
        name: Some(name.into()),
        version: None,
        attributes: "{}".into(),
        digest: None,
    }
}

pub fn view() -> TargetView {
    TargetView {
        classes: vec![user_class(), group_class()],
        entitlements: vec![known_entitlement(900, "engineers"), known_entitlement(901, "staff")],
    }
}

pub fn held(ids: &[&str]) -> BTreeSet<EntitlementKey> {
    ids.iter().map(|id| EntitlementKey { class: "Group".into(), id: (*id).to_owned() }).collect()
}

pub fn anna() -> Identity {
    Identity {
        id: IdentityId(Uuid::from_u128(1)),
        source: "hr".parse().expect("a name"),
        key: "E1".into(),
        state: LifecycleState::Active,
        attributes: object(json!({
            "userName": "anna", "email": "anna@x.de", "lastName": "Berg", "title": "Engineer", "userType": "employee",
            "team": "dev", "phones": ["1", "2"]
        })),
        version: 3,
        changed_at: jiff::Timestamp::UNIX_EPOCH,
        validity: Validity::ALWAYS,
        added: Added::default(),
    }
}

/// What the mappings give for [`anna`].
pub fn pushed() -> Attributes {
    object(json!({
        "userName": "anna", "email": "anna@x.de", "name.familyName": "Berg", "title": "Engineer", "phones": ["1", "2"]
    }))
}

/// Anna's account in the crm, exactly as it should be.
pub fn account() -> Account {
    Account {
        id: AccountId(Uuid::from_u128(100)),
        target: target_name("crm"),
        class: "User".into(),
        remote_id: Some("u-1".into()),
        identity: Some(anna().id),
        situation: Situation::Linked,
        secondary_ids: Vec::new(),
        version: Some("W/1".into()),
        active: Some(true),
        attributes: json!({
            "userName": "anna", "email": "anna@x.de", "name": {"familyName": "Berg"}, "title": "Engineer",
            "nickName": "anna", "phones": ["2", "1"], "locale": "de"
        })
        .to_string(),
        digest: Some(Digest([7; 32])),
        pushed: pushed(),
        held: held(&["g-engineers", "g-staff"]),
        leaving_since: None,
        gone_since: None,
        protected_because: None,
        deletion_cancelled: false,
    }
}

/// The account as nobody linked it yet.
pub fn stray(number: u128) -> Account {
    Account {
        id: AccountId(Uuid::from_u128(number)),
        remote_id: Some(format!("u-{number}")),
        identity: None,
        situation: Situation::Unlinked,
        pushed: Attributes::new(),
        held: BTreeSet::new(),
        ..account()
    }
}

pub fn set(account: &mut Account, name: &str, value: Value) {
    let mut attributes: Attributes = serde_json::from_str(&account.attributes).expect("an object");
    attributes.insert(name.into(), value);
    account.attributes = Value::Object(attributes).to_string();
}

/// Candidates that the first correlation rule found.
pub fn candidates(accounts: impl IntoIterator<Item = Account>) -> BTreeMap<TargetName, Vec<Candidate>> {
    let found = accounts.into_iter().map(|account| Candidate::new(account, [0])).collect();
    BTreeMap::from([(target_name("crm"), found)])
}

/// A company in which one identity is planned.
#[derive(Debug)]
pub struct World {
    pub configuration: Configuration,
    pub snapshot: IdentitySnapshot,
    pub views: BTreeMap<TargetName, TargetView>,
    pub now: jiff::Timestamp,
}

impl World {
    /// Anna with her account as it should be.
    pub fn settled() -> Self {
        Self::with(vec![account()])
    }

    pub fn with(accounts: Vec<Account>) -> Self {
        Self {
            configuration: configuration(),
            snapshot: IdentitySnapshot {
                identity: anna(),
                accounts,
                candidates: BTreeMap::new(),
                references: BTreeMap::new(),
                taken: BTreeMap::new(),
                decisions: BTreeMap::new(),
            },
            views: BTreeMap::from([(target_name("crm"), view())]),
            now: "2026-11-25T12:00:00Z".parse().expect("a time"),
        }
    }

    pub fn identity(&mut self) -> &mut Identity {
        &mut self.snapshot.identity
    }

    pub fn set_identity(&mut self, name: &str, value: Value) {
        self.snapshot.identity.attributes.insert(name.into(), value);
    }

    pub fn account(&mut self) -> &mut Account {
        &mut self.snapshot.accounts[0]
    }

    pub fn candidate(&mut self) -> &mut Candidate {
        &mut self.snapshot.candidates.get_mut(&target_name("crm")).expect("candidates")[0]
    }

    pub fn class(&mut self) -> &mut ObjectClass {
        &mut self.views.get_mut(&target_name("crm")).expect("a view").classes[0]
    }

    pub fn rules(&self) -> Rules {
        Rules::compile(self.configuration.clone()).expect("compiles")
    }

    pub fn plan(&self) -> IdentityPlan {
        self.rules().plan_identity(&self.snapshot, &self.views, self.now)
    }

    pub fn text(&self) -> String {
        let plan = self.plan();
        purser_plan::render::text(&plan.items, &plan.notices, &|_, key| {
            (key.id == "g-chess").then(|| "Chess club".to_owned())
        })
    }
}
