//! Plans that people decide about: seen, approved, rejected, out of date, changed by somebody, and what would be if.

use purser_e2e::home::Home;
use purser_e2e::people::{People, Policy, company, crm, directory};
use serde_json::{Value, json};

/// A company whose people are known and have no accounts yet, and the plan that gives them some.
fn planned(count: usize, arguments: &[&str]) -> (Home, People, Value) {
    let home = company(Policy::default());
    let people = People::employed(count);
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    let plan = home.purser(&[&["plan"], arguments].concat()).ended_with(3);
    (home, people, plan)
}

fn id(plan: &Value) -> String {
    plan["plan"]["id"].as_str().expect("a plan has an id").to_owned()
}

/// The numbers of the items of this person in this target.
fn positions(plan: &Value, number: &str, target: &str) -> Vec<String> {
    let items = plan["items"].as_array().into_iter().flatten();
    let of = items.filter(|item| item["target"] == target && item["operations"].to_string().contains(number));
    of.map(|item| item["position"].to_string()).collect()
}

#[test]
fn what_was_rejected_is_not_done_and_the_rest_is() {
    let (home, people, plan) = planned(4, &[]);
    let id = id(&plan);
    let rejected = positions(&plan, "E00002", "directory");
    assert_eq!(rejected.len(), 1, "{plan}");
    let decided = home.purser(&["plan", "reject", &id, &rejected[0]]).done();
    assert_eq!((&decided["changed"], &decided["plan"]["states"]), (&json!(1), &json!({"open": 7, "rejected": 1})));

    home.purser(&["apply", &id]).done();
    let found = directory(&home);
    assert!(!found.contains_key("E00002") && found.len() == 3, "{found:?}");
    assert_eq!(crm(&home).len(), 4);
    let shown = home.purser(&["plan", "show", &id]).done();
    assert_eq!(shown["plan"]["states"], json!({"applied": 7, "rejected": 1}));
    let listed = home.purser(&["plan", "list"]).done();
    assert_eq!(listed[0]["id"], json!(id));
    let late = home.purser(&["plan", "approve", &id, "1"]).ended_with(1);
    assert_eq!(late["too_late"], json!([1]));

    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
}

#[test]
fn only_what_was_approved_is_done_and_later_the_rest() {
    let (home, people, plan) = planned(3, &[]);
    let id = id(&plan);
    let nothing = home.purser(&["apply", &id, "--approved"]).complaint(1);
    assert!(nothing.contains("no item to apply") && nothing.contains("purser plan approve"), "{nothing}");
    let approved = positions(&plan, "E00001", "crm");
    home.purser(&["plan", "approve", &id, &approved[0]]).done();
    home.purser(&["apply", &id, "--approved"]).done();
    assert_eq!(crm(&home).into_keys().collect::<Vec<_>>(), ["E00001"]);
    assert!(directory(&home).is_empty());
    home.purser(&["apply", &id]).done();
    people.assert_provisioned(&home);
}

#[test]
fn an_expired_plan_is_refused_and_says_what_to_do() {
    let (home, _, plan) = planned(2, &["--expires", "1ms"]);
    let refused = home.purser(&["apply", &id(&plan)]).complaint(1);
    assert!(refused.contains("expired at") && refused.contains("purser plan"), "{refused}");
    assert!(directory(&home).is_empty() && crm(&home).is_empty());
    assert_eq!(home.purser(&["plan", "--expires", "soon"]).code, Some(2));
}

#[test]
fn a_plan_that_somebody_changed_in_the_store_is_refused() {
    let tampering = [
        "UPDATE plan_item SET item = replace(item, 'e00001@example.org', 'intruder@example.org')",
        "DELETE FROM plan_item WHERE position = 2",
        "UPDATE plan_item SET item = (SELECT item FROM plan_item WHERE position = 1)",
        "UPDATE plan SET expires_at = expires_at + 1000000",
        "UPDATE plan SET configuration = zeroblob(32)",
        "UPDATE plan SET digest = zeroblob(32)",
    ];
    let (home, _, plan) = planned(2, &[]);
    let open = || rusqlite::Connection::open(home.path("data/purser.db")).expect("the store is SQLite");
    open().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("all of it can be written to one file");
    let pristine = std::fs::read(home.path("data/purser.db")).expect("the store is a file");
    for change in tampering {
        let store = open();
        assert!(store.execute(change, []).expect("it is SQL") > 0, "{change}");
        drop(store);
        let refused = home.purser(&["apply", &id(&plan)]).complaint(1);
        assert!(refused.contains("is not as this host made it"), "{change}: {refused}");
        assert!(directory(&home).is_empty() && crm(&home).is_empty(), "{change}: nothing is done");
        for rest in ["data/purser.db-wal", "data/purser.db-shm"] {
            let _ = std::fs::remove_file(home.path(rest));
        }
        std::fs::write(home.path("data/purser.db"), &pristine).expect("the store can be put back");
    }
    home.purser(&["apply", &id(&plan)]).done();
    assert_eq!(directory(&home).len(), 2);
}

#[test]
fn the_key_of_plans_is_private_and_without_it_old_plans_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (home, _, plan) = planned(1, &[]);
    let key = home.path("data/plan-key");
    assert_eq!(std::fs::metadata(&key).expect("a key is kept").permissions().mode() & 0o777, 0o600);
    std::fs::remove_file(key).expect("it can be removed");
    let refused = home.purser(&["apply", &id(&plan)]).complaint(1);
    assert!(refused.contains("the host's key is another"), "{refused}");
}

#[test]
fn what_if_shows_what_a_mapping_would_change_and_touches_nothing() {
    let (home, people, _) = planned(4, &[]);
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
    copy_declarations(&home);
    let changed = home.read("declarations/directory.toml").replace(
        "department = { value = \"identity.department\"",
        "department = { value = \"identity.department == 'Sales' ? 'Revenue' : identity.department\"",
    );
    home.write("tried/directory.toml", changed);
    let before = (directory(&home), crm(&home));

    let tried = home.purser(&["plan", "--declarations", "tried", "--only-new", "--keep", "--html", "tried.html"]);
    let tried = tried.ended_with(3);
    assert_eq!((&tried["new"], &tried["same"], &tried["withdrawn"]), (&json!(1), &json!(0), &json!([])));
    let item = &tried["items"][0];
    assert_eq!(item["operations"][0]["changes"][0]["value"], "Revenue", "{item}");
    assert!(home.read("tried.html").contains("+ department: Revenue"));
    assert_eq!((directory(&home), crm(&home)), before);
    home.assert_in_step();
    let refused = home.purser(&["apply", &id(&tried), "--stale-ok"]).complaint(1);
    assert!(refused.contains("only tried"), "{refused}");

    home.declare("directory", &home.read("tried/directory.toml"));
    home.purser(&["apply", &id(&tried)]).done();
    let seller = people.0.values().find(|person| person.department == "Sales").expect("somebody sells");
    assert_eq!(directory(&home)[&seller.number]["department"], "Revenue");
    home.assert_in_step();
    let broken = home.purser(&["plan", "--declarations", "nowhere"]);
    assert_eq!(broken.code, Some(2), "{}", broken.output);
}

/// Declarations that are tried begin as those that are in place.
fn copy_declarations(home: &Home) {
    for name in ["hr", "roles", "directory", "crm"] {
        home.write(&format!("tried/{name}.toml"), home.read(&format!("declarations/{name}.toml")));
    }
}

#[test]
fn a_target_that_is_only_tried_is_planned_where_its_connector_answers_and_named_where_not() {
    let (home, people, _) = planned(3, &[]);
    home.purser(&["apply"]).done();
    copy_declarations(&home);
    let archive = home.read("declarations/directory.toml").replace("[target.directory", "[target.archive");
    home.write("tried/archive.toml", archive.replace("../apps/directory", "../apps/archive"));
    home.write("apps/archive/readme.txt", "empty");
    home.write("tried/nowhere.toml", "[target.nowhere]\nconnector = \"missing\"\nclass = \"user\"\n");
    let grants = "[[role.engineer.grant]]\ntarget = \"archive\"\n[[role.engineer.grant]]\ntarget = \"nowhere\"\n";
    home.write(
        "tried/roles.toml",
        home.read("tried/roles.toml").replace("[role.seller]", &format!("{grants}\n[role.seller]")),
    );

    let tried = home.purser(&["plan", "--declarations", "tried", "--only-new"]).ended_with(3);
    let items: Vec<_> = tried["items"].as_array().into_iter().flatten().map(|item| &item["target"]).collect();
    assert_eq!(items, ["archive"], "one engineer: {tried}");
    let why = tried["left_out"]["nowhere"].as_str().expect("the other target is named");
    assert!(why.contains("missing"), "{why}");
    assert_eq!(tried["notices"], json!([]), "and not once for everybody");
    assert_eq!(home.read("apps/archive/accounts.csv"), "", "nothing is written");
    people.assert_provisioned(&home);
    home.assert_in_step();
}

#[test]
fn a_plan_of_former_declarations_is_refused_unless_that_is_wanted() {
    let (home, people, plan) = planned(2, &[]);
    let roles = home.read("declarations/roles.toml").replace("== 'Sales'", "== 'Finance'");
    home.declare("roles", &roles);
    let refused = home.purser(&["apply", &id(&plan)]).complaint(1);
    assert!(refused.contains("the declarations have changed") && refused.contains("--stale-ok"), "{refused}");
    assert!(directory(&home).is_empty());
    home.purser(&["apply", &id(&plan), "--stale-ok"]).done();
    assert_eq!(directory(&home).len(), people.0.len());
}

#[test]
fn a_page_shows_the_plan_and_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let (home, _, plan) = planned(2, &["--html", "plan.html"]);
    let page = home.read("plan.html");
    for part in ["<!doctype html>", &id(&plan), "E00001", "<h2>crm</h2>", "<h2>directory</h2>", "expires"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(page.contains("&quot;C"), "names with quotes are escaped: {page}");
    assert_eq!(std::fs::metadata(home.path("plan.html")).expect("it is there").permissions().mode() & 0o777, 0o600);
    home.purser(&["plan", "show", &id(&plan), "--html", "again.html"]).done();
    assert!(home.read("again.html").contains("E00001"));
    let nowhere = home.purser(&["plan", "show", &id(&plan), "--html", "no/such/folder.html"]).complaint(1);
    assert!(nowhere.contains("cannot write the page"), "{nowhere}");
}
