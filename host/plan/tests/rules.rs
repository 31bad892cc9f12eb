//! Records, memberships, correlations and entitlements, and what does not compile.

mod support;

use purser_model::configuration::{
    Configuration, ConnectorReference, Correlation, GrantDeclaration, Instance, Source, Strength,
};
use purser_model::id::SourceName;
use purser_model::identity::LifecycleState;
use purser_model::object::Object;
use purser_model::operation::Intent;
use purser_plan::{CorrelationValue, Origin, RecordError, RulePlace, Rules};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use support::*;

fn hr() -> SourceName {
    "hr".parse().expect("a name")
}

fn source(attributes: &[(&str, &str)], lifecycle: Option<&str>) -> Source {
    let instance = Instance::new(ConnectorReference::any("flatfile"), json!({}), GrantDeclaration::default());
    Source {
        attributes: attributes.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        lifecycle: lifecycle.map(str::to_owned),
        ..Source::new(instance, "person".into())
    }
}

fn rules_of(source: Source) -> Rules {
    let sources = BTreeMap::from([(hr(), source)]);
    Rules::compile(Configuration { sources, ..Configuration::default() }).expect("compiles")
}

fn record(attributes: &str, active: Option<bool>) -> Object {
    Object { id: "E7".into(), secondary_ids: Vec::new(), version: None, active, attributes: attributes.into() }
}

#[test]
fn a_record_is_taken_as_it_is_without_expressions() {
    let read = |active| rules_of(source(&[], None)).identity_record(&hr(), &record(r#"{"login":"anna"}"#, active));
    let taken = read(Some(true)).expect("a record");
    assert_eq!((taken.key.as_str(), taken.state), ("E7", LifecycleState::Active));
    assert_eq!(taken.attributes, object(json!({"login": "anna"})));
    assert_eq!(read(None).expect("a record").state, LifecycleState::Active);
    assert_eq!(read(Some(false)).expect("a record").state, LifecycleState::Suspended);
}

#[test]
fn expressions_make_the_identity() {
    let attributes = [
        ("userName", "record.login.lower()"),
        ("name.familyName", "record.last"),
        ("number", "id"),
        ("phone", "record.phone"),
    ];
    let lifecycle = "record.status == 'left' ? 'departed' : active == false ? 'suspended' : 'active'";
    let rules = rules_of(source(&attributes, Some(lifecycle)));
    let read = |status: &str, active| {
        let text = json!({"login": "ANNA", "last": "Berg", "status": status}).to_string();
        rules.identity_record(&hr(), &record(&text, active)).expect("a record")
    };
    let anna = read("here", None);
    assert_eq!(anna.attributes, object(json!({"userName": "anna", "name": {"familyName": "Berg"}, "number": "E7"})));
    assert_eq!(anna.state, LifecycleState::Active);
    assert_eq!(read("left", None).state, LifecycleState::Departed);
    assert_eq!(read("here", Some(false)).state, LifecycleState::Suspended);
}

#[test]
fn a_record_that_makes_no_identity_says_why() {
    let message = |source, text: &str| {
        rules_of(source).identity_record(&hr(), &record(text, None)).expect_err("no identity").to_string()
    };
    let broken = message(source(&[], None), "[1]");
    assert!(
        broken.starts_with("source `hr`, record `E7`: the connector wrote attributes that are no JSON object:"),
        "{broken}"
    );
    let failing = message(source(&[("userName", "record.login.lower()")], None), "{}");
    let expected =
        "source `hr`, record `E7`: attributes.userName = \"record.login.lower()\": found no matching overload";
    assert!(failing.starts_with(expected), "{failing}");
    assert!(
        failing.ends_with("a value is missing; ask for it first, such as `has(identity.x) ? ... : null`"),
        "{failing}"
    );
    let state = message(source(&[], Some("record.status")), r#"{"status":"gone"}"#);
    assert!(state.ends_with("`gone` is no lifecycle state: use staged, active, suspended or departed"), "{state}");
    let none = message(source(&[], Some("record.status")), "{}");
    assert!(none.ends_with("it gives null: give a lifecycle state as text"), "{none}");
    let elsewhere: SourceName = "other".parse().expect("a name");
    let unknown = rules_of(source(&[], None)).identity_record(&elsewhere, &record("{}", None));
    assert_eq!(unknown, Err(RecordError::UnknownSource(elsewhere)));
}

#[test]
fn memberships_name_every_origin() {
    let mut world = World::settled();
    world.identity().key = "E9".into();
    let found = world.rules().memberships(&world.snapshot.identity, world.now);
    let developers = "developers".parse().expect("a name");
    assert_eq!(found.groups, BTreeMap::from([(developers, BTreeSet::from([Origin::Direct, Origin::Rule]))]));
    let origins: Vec<String> =
        found.roles.iter().map(|(role, origins)| format!("{role}: {}", origins.first().expect("an origin"))).collect();
    assert_eq!(origins, ["developer: group developers", "employee: rule"]);
}

#[test]
fn who_is_staged_or_departed_has_no_roles() {
    for state in [LifecycleState::Staged, LifecycleState::Departed] {
        let mut world = World::settled();
        world.identity().state = state;
        assert_eq!(world.rules().memberships(&world.snapshot.identity, world.now), purser_plan::Memberships::default());
        assert!(world.rules().targets_granted(&world.snapshot.identity, world.now).is_empty());
    }
}

#[test]
fn an_undecided_group_touches_only_roles_that_hang_on_it() {
    let mut world = World::settled();
    let group = world.configuration.groups.values_mut().next().expect("declared");
    group.rule = Some("identity.site.startsWith('B')".into());
    let found = world.rules().memberships(&world.snapshot.identity, world.now);
    assert_eq!(found.faults.len(), 1);
    assert_eq!(found.faults[0].place, RulePlace::GroupRule { group: "developers".parse().expect("a name") });
    assert_eq!(found.faults[0].roles, BTreeSet::from(["developer".parse().expect("a name")]));
    assert!(world.rules().targets_granted(&world.snapshot.identity, world.now).is_empty());
    // Named in the declaration, the identity belongs to the group whatever the rule says.
    world.identity().key = "E9".into();
    assert_eq!(world.rules().memberships(&world.snapshot.identity, world.now).faults, []);
    assert_eq!(
        world.rules().targets_granted(&world.snapshot.identity, world.now),
        BTreeSet::from([target_name("crm")])
    );
}

#[test]
fn correlation_gives_values_in_order_of_trust() {
    let mut world = World::settled();
    let by = |attribute: &str, expression: &str| Correlation::new(attribute.into(), expression.into());
    crm(&mut world.configuration).correlation = vec![
        by("employeeNumber", "identity.number"),
        by("externalId", "identity.missing"),
        by("userName", "identity.userName"),
        by("userName", "identity.email"),
        by("email", "identity.missing.lower()"),
    ];
    world.set_identity("number", json!(7));
    let rules = world.rules();
    let expected = [(0, "employeeNumber", "7"), (2, "userName", "anna"), (3, "userName", "anna@x.de")];
    assert_eq!(
        rules.correlation_values(&world.snapshot.identity, &target_name("crm"), world.now),
        expected.map(|(rule, name, value)| CorrelationValue {
            rule,
            attribute: name.to_owned(),
            value: value.to_owned()
        })
    );
    let attributes = rules.correlation_attributes(&target_name("crm"));
    assert_eq!(attributes, ["employeeNumber", "externalId", "userName", "email"]);
    assert!(rules.correlation_attributes(&target_name("wiki")).is_empty());
}

#[test]
fn declared_entitlements_that_are_not_there_are_created() {
    let mut world = World::settled();
    crm(&mut world.configuration).entitlements.get_mut("staff").expect("declared").create = false;
    let name = target_name("crm");
    let view = world.views.get_mut(&name).expect("a view");
    assert!(Rules::compile(world.configuration.clone()).expect("compiles").plan_entitlements(&name, view).is_empty());
    view.entitlements.iter_mut().for_each(|entitlement| entitlement.remote_id = None);
    let planned = world.rules().plan_entitlements(&name, &world.views[&name]);
    assert_eq!(planned.len(), 1);
    assert_eq!(planned[0].0, "engineers");
    let attributes = object(json!({"displayName": "Engineers"}));
    assert_eq!(planned[0].1.intent, Intent::CreateEntitlement { name: "engineers".into(), attributes });
    assert_eq!(planned[0].1.reason, "no Group has displayName \"Engineers\"");
}

#[test]
fn every_expression_that_does_not_compile_is_named() {
    let mut configuration = configuration();
    configuration.sources.insert(hr(), source(&[("userName", "identity.login")], Some("record.")));
    configuration.groups.values_mut().for_each(|group| group.rule = Some(String::new()));
    configuration.roles.values_mut().for_each(|role| role.rule = Some("record.x".into()));
    crm(&mut configuration).correlation[0].expression = "shout(identity.userName)".into();
    crm(&mut configuration).mappings.push(mapping("x.y", "'", Strength::Weak));
    let errors = Rules::compile(configuration).expect_err("nothing compiles");
    let places: Vec<String> = errors.iter().map(|error| error.place.to_string()).collect();
    assert_eq!(
        places,
        [
            "source.hr.attributes.userName",
            "source.hr.lifecycle",
            "target.crm.correlation[0].value",
            "target.crm.mapping.x.y",
            "group.developers.rule",
            "role.developer.rule",
            "role.employee.rule",
        ]
    );
    let variable = "source.hr.attributes.userName = \"identity.login\": unknown variable `identity`: here an expression can use \
                    `record`, `id`, `active`";
    assert_eq!(errors[0].to_string(), variable);
}

#[test]
fn rules_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Rules>();
}
