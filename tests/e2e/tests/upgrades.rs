//! Newer builds that do not do what the one in use does: they are left again, and no operation is lost.

use purser_e2e::guests::components;
use purser_e2e::home::Home;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

const PEOPLE: usize = 40;

const HR: &str = r#"
[source.hr]
connector = "flatfile"
class = "person"
config = { classes = { person = { file = "people.csv", key = "login", kind = "account" } } }

[source.hr.directory.data]
path = "../hr"
"#;

const TARGET: &str = r#"
[target.app]
connector = "keeper"
class = "account"
config = CONFIG
UPGRADE
guard = { share = 100, count = 100_000, revoke = { share = 100, count = 100_000 } }

[target.app.directory.data]
path = "../app"
access = "read-write"

[[target.app.correlation]]
attribute = "login"
value = "identity.login"

[target.app.mapping]
login = "identity.login"
title = { value = "identity.title", strength = "strong" }

[role.employee]
rule = "true"
[[role.employee.grant]]
target = "app"
"#;

const STAGED: &str = r#"upgrade = { mode = "staged", compare = 10, share = 50, operations = 10, errors = 10 }"#;

struct Company {
    home: Home,
    builds: BTreeMap<String, Vec<u8>>,
}

impl Company {
    /// Everybody has their account through the build 1.0.0.
    fn found(upgrade: &str, config: &str) -> Self {
        let builds =
            components(env!("CARGO_TARGET_TMPDIR"), &["keeps", "keeps_badly", "keeps_differently", "keeps_upgraded"]);
        let company = Self { home: Home::new(), builds };
        company.home.drop_in("flatfile");
        company.drop_in("keeps");
        company.home.declare("hr", HR);
        company.home.declare("app", &TARGET.replace("UPGRADE", upgrade).replace("CONFIG", config));
        fs::create_dir(company.home.path("app")).expect("a folder can be made");
        company.title("Clerk");
        company.home.purser(&["import", "hr", "--apply"]).done();
        company.assert_all_are("Clerk");
        assert_eq!(company.used()["current"]["version"], "1.0.0");
        company
    }

    fn drop_in(&self, build: &str) {
        self.home.write(&format!("connectors/{build}.wasm"), &self.builds[build]);
    }

    /// HR gives everybody another title.
    fn title(&self, title: &str) {
        let rows = (0..PEOPLE).map(|number| format!("person{number},{title}\n"));
        self.home.write("hr/people.csv", format!("login,title\n{}", rows.collect::<String>()));
    }

    /// What the accounts are, by the files that hold them.
    #[track_caller]
    fn assert_all_are(&self, title: &str) {
        for number in 0..PEOPLE {
            let account: Value =
                serde_json::from_str(&self.home.read(&format!("app/person{number}.json"))).unwrap_or_default();
            assert_eq!(account, json!({"login": format!("person{number}"), "title": title, "active": true}));
        }
        assert_eq!(fs::read_dir(self.home.path("app")).expect("it can be listed").count(), PEOPLE);
    }

    fn used(&self) -> Value {
        let uses = self.home.purser(&["connector", "upgrade", "list"]).done();
        let mut uses = uses.as_array().expect("a list").iter();
        uses.find(|used| used["subject"] == "target app").cloned().unwrap_or_default()
    }

    /// The details of the events of this kind about the target.
    fn told(&self, kind: &str) -> Vec<String> {
        let said = self.home.purser(&["events"]).output;
        let events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let of_kind = events.filter(|event| event["kind"] == kind && event["subject"] == "target app");
        of_kind.map(|event| event["detail"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

#[test]
fn a_build_that_reads_otherwise_is_left_in_its_shadow_and_has_written_nothing() {
    let company = Company::found(STAGED, "{}");
    company.drop_in("keeps_differently");
    company.home.purser(&["reconcile", "app"]).done();
    let used = company.used();
    assert_eq!((&used["current"]["version"], &used["candidate"]), (&json!("1.0.0"), &Value::Null), "{used}");
    assert_eq!(used["refused"].as_array().map(Vec::len), Some(1), "{used}");
    let why = company.told("connector-rolled-back").join("\n");
    assert!(why.contains("keeper 1.1.0") && why.contains(": title") && !why.contains("Clerk"), "{why}");
    company.assert_all_are("Clerk");

    company.title("Officer");
    company.home.purser(&["import", "hr", "--apply"]).done();
    company.assert_all_are("Officer");
    company.home.purser(&["reconcile", "app"]).done();
    assert_eq!(company.used()["candidate"], Value::Null, "what was rolled back is not tried again");
    company.home.assert_in_step();
}

#[test]
fn a_build_that_crashes_while_it_writes_is_left_and_no_operation_is_lost() {
    let company = Company::found(STAGED, "{}");
    company.drop_in("keeps_badly");
    company.home.purser(&["reconcile", "app"]).done();
    let used = company.used();
    assert_eq!(
        (&used["candidate"]["stage"], &used["candidate"]["build"]["version"]),
        (&json!("canary"), &json!("1.2.0"))
    );

    company.title("Officer");
    company.home.purser(&["import", "hr", "--apply"]);
    let used = company.used();
    assert_eq!((&used["current"]["version"], &used["candidate"]), (&json!("1.0.0"), &Value::Null), "{used}");
    let why = company.told("connector-rolled-back").join("\n");
    assert!(why.contains("keeper 1.2.0") && why.contains("failed"), "{why}");
    // What ended unknown was looked at, and what was not done is done by the one in use.
    company.home.purser(&["apply"]).done();
    company.assert_all_are("Officer");
    company.home.assert_in_step();
}

#[test]
fn a_configuration_is_carried_forward_or_the_build_waits() {
    let company = Company::found("", "{ old = 1 }");
    let diff = || {
        company.home.purser(&["connector", "diff", "connectors/keeps.wasm", "connectors/keeps_upgraded.wasm"]).done()
    };
    company.drop_in("keeps_upgraded");
    let carried = json!([{"subject": "target app", "takes": {"config": {"carried": "from 1.0.0"}, "carried": true}}]);
    assert_eq!(diff()["configurations"], carried);
    company.title("Officer");
    company.home.purser(&["import", "hr", "--apply"]).done();
    company.assert_all_are("Officer");
    assert_eq!(company.used()["current"]["version"], "1.3.0");

    let company = Company::found("", "{ unreadable = 1 }");
    company.drop_in("keeps_upgraded");
    let diff =
        company.home.purser(&["connector", "diff", "connectors/keeps.wasm", "connectors/keeps_upgraded.wasm"]).done();
    let misfit = diff["configurations"][0]["misfit"].as_str().expect("it does not fit");
    assert!(misfit.contains("carried forward from 1.0.0") && misfit.contains("config.carried"), "{misfit}");
    company.title("Officer");
    company.home.purser(&["import", "hr", "--apply"]).done();
    company.assert_all_are("Officer");
    let used = company.used();
    assert_eq!(
        (&used["current"]["version"], &used["candidate"]["stage"]),
        (&json!("1.0.0"), &json!("waiting")),
        "{used}"
    );
    assert!(used["candidate"]["asks"][0].as_str().is_some_and(|asks| asks.contains("another configuration")), "{used}");
}
