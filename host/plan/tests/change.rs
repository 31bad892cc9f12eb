//! Whom a change of the configuration touches: whoever has another plan under it, and nobody else.

mod support;

use proptest::prelude::*;
use proptest::sample::select;
use purser_model::Attributes;
use purser_model::configuration::{Configuration, Deprovisioning, Strength, UnlinkedReaction};
use purser_model::identity::LifecycleState;
use purser_model::object::Digest;
use purser_plan::{Change, IdentityPlan, Rules};
use serde_json::json;
use support::*;

/// One change that an operator makes.
#[derive(Debug, Clone)]
enum Edit {
    Mapping(usize, &'static str, Strength),
    LessMapping(usize),
    EmployeeRule(&'static str),
    GroupRule(&'static str),
    GroupMember(&'static str),
    Grants(Vec<&'static str>),
    NoRole(&'static str),
    Unlinked(UnlinkedReaction),
    Leaving(Deprovisioning, u64),
    Correlation(&'static str),
    NoTarget,
    Connector,
    NewTarget,
}

fn edit() -> impl Strategy<Value = Edit> {
    let expressions = || {
        select(vec!["identity.userName", "identity.email", "identity.title", "'x'", "null", "identity.nobody.size()"])
    };
    let rules = || {
        select(vec!["true", "false", "identity.team == 'dev'", "identity.state == 'active'", "identity.x.size() > 1"])
    };
    let strengths = || select(vec![Strength::Weak, Strength::Normal, Strength::Strong]);
    let leaving = || select(vec![Deprovisioning::Keep, Deprovisioning::Disable, Deprovisioning::Delete]);
    prop_oneof![
        4 => (0..5_usize, expressions(), strengths()).prop_map(|(index, text, strength)| Edit::Mapping(index, text, strength)),
        1 => (0..5_usize).prop_map(Edit::LessMapping),
        2 => rules().prop_map(Edit::EmployeeRule),
        2 => rules().prop_map(Edit::GroupRule),
        1 => select(vec!["hr/E1", "hr/E2"]).prop_map(Edit::GroupMember),
        1 => select(vec![vec![], vec!["staff"], vec!["staff", "engineers"]]).prop_map(Edit::Grants),
        1 => select(vec!["employee", "developer"]).prop_map(Edit::NoRole),
        1 => select(vec![UnlinkedReaction::Show, UnlinkedReaction::Adopt]).prop_map(Edit::Unlinked),
        2 => (leaving(), 0..40_u64).prop_map(|(action, days)| Edit::Leaving(action, days)),
        1 => expressions().prop_map(Edit::Correlation),
        1 => Just(Edit::NoTarget),
        1 => Just(Edit::Connector),
        1 => Just(Edit::NewTarget),
    ]
}

fn edited(mut configuration: Configuration, edit: &Edit) -> Configuration {
    let role = |name: &str| name.parse().expect("a name");
    match edit.clone() {
        Edit::Mapping(index, text, strength) => {
            let mapping = &mut crm(&mut configuration).mappings[index];
            (mapping.expression, mapping.strength) = (text.to_owned(), strength);
        }
        Edit::LessMapping(index) => {
            crm(&mut configuration).mappings.remove(index);
        }
        Edit::EmployeeRule(text) => {
            configuration.roles.get_mut(&role("employee")).expect("declared").rule = Some(text.to_owned());
        }
        Edit::GroupRule(text) => {
            configuration.groups.values_mut().for_each(|group| group.rule = Some(text.to_owned()));
        }
        Edit::GroupMember(member) => {
            configuration.groups.values_mut().for_each(|group| group.members.push(member.into()));
        }
        Edit::Grants(names) => {
            let grants = &mut configuration.roles.get_mut(&role("employee")).expect("declared").grants;
            grants[0].entitlements = names.into_iter().map(str::to_owned).collect();
        }
        Edit::NoRole(name) => {
            configuration.roles.remove(&role(name));
        }
        Edit::Unlinked(unlinked) => crm(&mut configuration).unlinked = unlinked,
        Edit::Leaving(action, days) => {
            let leaving = &mut crm(&mut configuration).leaving;
            *leaving = action.into();
            leaving.grace = std::time::Duration::from_hours(24 * days);
        }
        Edit::Correlation(text) => crm(&mut configuration).correlation[0].expression = text.to_owned(),
        Edit::NoTarget => {
            configuration.targets.clear();
        }
        Edit::Connector => crm(&mut configuration).instance.connector.name = "other".into(),
        Edit::NewTarget => {
            configuration.targets.insert(target_name("wiki"), target(Deprovisioning::Delete));
        }
    }
    configuration
}

fn world() -> impl Strategy<Value = World> {
    let text = || select(vec!["anna", "berta", "x", ""]);
    let states =
        vec![LifecycleState::Active, LifecycleState::Active, LifecycleState::Suspended, LifecycleState::Departed];
    let identity = (select(states), text(), text(), select(vec!["employee", "guest"]), select(vec!["dev", "sales"]));
    let accounts = select(vec!["none", "linked", "unread", "stray"]);
    (identity, accounts, text(), text()).prop_map(|((state, user_name, title, kind, team), which, shown, pushed)| {
        let mut account = account();
        set(&mut account, "title", json!(shown));
        account.pushed.insert("title".into(), json!(pushed));
        let mut world = match which {
            "linked" => World::with(vec![account]),
            "unread" => {
                account.digest = None;
                World::with(vec![account])
            }
            "stray" => {
                let mut world = World::with(vec![]);
                world
                    .snapshot
                    .candidates
                    .insert(target_name("crm"), vec![purser_plan::Candidate::new(stray(200), [0])]);
                world
            }
            _ => World::with(vec![]),
        };
        world.identity().state = state;
        for (name, value) in [("userName", user_name), ("title", title), ("userType", kind), ("team", team)] {
            world.set_identity(name, json!(value));
        }
        world
    })
}

fn rules(configuration: Configuration) -> Rules {
    Rules::compile(configuration).expect("compiles")
}

fn effect(plan: IdentityPlan) -> impl PartialEq + std::fmt::Debug {
    (plan.items, plan.leaving, plan.look_again_at)
}

/// Accounts that were not read are read now, and show this.
fn read(world: &mut World, shown: &Attributes) {
    for account in world.snapshot.accounts.iter_mut().filter(|account| account.digest.is_none()) {
        account.digest = Some(Digest([9; 32]));
        for (name, value) in shown {
            set(account, name, value.clone());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_is_not_touched_has_the_same_plan_also_once_everything_is_read(
        mut world in world(), edit in edit(), shown in select(vec!["anna", "berta", "x"]),
    ) {
        let former = rules(world.configuration.clone());
        let new = rules(edited(world.configuration.clone(), &edit));
        let touched = Change::new(&former, &new).touches(&world.snapshot, &world.snapshot, &world.views, world.now);
        let shown = object(json!({"title": shown, "userName": shown, "nickName": shown}));
        read(&mut world, &shown);
        let plan = |rules: &Rules| effect(rules.plan_identity(&world.snapshot, &world.views, world.now));
        prop_assert!(touched || plan(&former) == plan(&new), "{:#?} and {:#?}", plan(&former), plan(&new));
    }

    #[test]
    fn who_is_touched_has_another_plan_where_everything_is_known(mut world in world(), edit in edit()) {
        read(&mut world, &Attributes::new());
        world.views.insert(target_name("wiki"), view());
        let former = rules(world.configuration.clone());
        let new = rules(edited(world.configuration.clone(), &edit));
        let touched = Change::new(&former, &new).touches(&world.snapshot, &world.snapshot, &world.views, world.now);
        let plan = |rules: &Rules| effect(rules.plan_identity(&world.snapshot, &world.views, world.now));
        prop_assert_eq!(touched, plan(&former) != plan(&new));
    }
}
