//! From an HR export to two applications that keep their accounts in files.

use purser_e2e::home::Home;
use purser_e2e::people::{People, Policy, company, crm, directory, edit_directory};
use serde_json::{Value, json};

/// A company whose people all have their accounts.
fn provisioned(count: usize, policy: Policy) -> (Home, People) {
    let home = company(policy);
    let people = People::employed(count);
    import_and_apply(&home, &people);
    people.assert_provisioned(&home);
    (home, people)
}

/// Writes the HR export, reads it and does what follows from it; the answer of `apply`.
#[track_caller]
fn import_and_apply(home: &Home, people: &People) -> Value {
    people.export(home);
    home.purser(&["import", "hr"]).done();
    home.purser(&["apply"]).done()
}

/// The kinds of operations of a plan, target by target, in order.
fn planned(plan: &Value) -> Vec<(String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = plan["items"].as_array().into_iter().flatten();
    let mut planned: Vec<_> = items
        .map(|item| {
            let operations = item["operations"].as_array().into_iter().flatten();
            (text(&item["target"]), operations.map(|operation| text(&operation["kind"])).collect())
        })
        .collect();
    planned.sort();
    planned
}

fn expected(planned: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let texts = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect();
    planned.iter().map(|(target, kinds)| ((*target).to_owned(), texts(kinds))).collect()
}

#[test]
fn accounts_and_memberships_appear_and_then_there_is_nothing_to_do() {
    let home = company(Policy::default());
    let people = People::employed(25);
    people.export(&home);
    let import = home.purser(&["import", "hr"]).done();
    assert_eq!((&import["new"], &import["departed"]), (&json!(25), &json!(0)));
    assert!(directory(&home).is_empty(), "an import provisions nothing");

    let plan = home.purser(&["plan"]).ended_with(3);
    assert_eq!(plan["plan"]["items"], 50);
    assert_eq!(plan["plan"]["operations"], json!({"create": 50, "grant": 60}));
    assert!(directory(&home).is_empty() && crm(&home).is_empty(), "a plan changes nothing");

    let applied = home.purser(&["apply"]).done();
    assert_eq!(applied["refused"], 0);
    people.assert_provisioned(&home);
    home.assert_in_step();
    for target in ["directory", "crm"] {
        let reconciled = home.purser(&["reconcile", target]).done();
        let numbers = (&reconciled["operations"]["applied"], &reconciled["changed"], &reconciled["gone"]);
        assert_eq!(numbers, (&json!(0), &json!(0), &json!(0)), "{target}");
    }
}

#[test]
fn a_changed_e_mail_reaches_both_applications_as_an_update() {
    let (home, mut people) = provisioned(12, Policy::default());
    people.at(4).email = "married@example.org".to_owned();
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    let plan = home.purser(&["plan"]).ended_with(3);
    assert_eq!(planned(&plan), expected(&[("crm", &["update"]), ("directory", &["update"])]));
    let applied = home.purser(&["apply"]).done();
    assert_eq!(applied["applied"], 2);
    people.assert_provisioned(&home);
    home.assert_in_step();
}

#[test]
fn another_department_means_other_groups_and_permissions() {
    let (home, mut people) = provisioned(12, Policy::default());
    people.at(1).department = "Engineering".to_owned();
    people.at(2).department = "Sales".to_owned();
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    let plan = home.purser(&["plan"]).ended_with(3);
    let moves: [(&str, &[&str]); 4] =
        [("crm", &["grant"]), ("crm", &["revoke"]), ("directory", &["update"]), ("directory", &["update", "grant"])];
    assert_eq!(planned(&plan), expected(&moves));
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
    home.assert_in_step();
}

#[test]
fn a_leaver_is_disabled_and_a_rehired_person_gets_the_same_account_back() {
    let (home, mut people) = provisioned(12, Policy::default());
    people.at(5).employed = false;
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    let leaving = home.purser(&["plan"]).ended_with(3);
    let takes: [(&str, &[&str]); 2] =
        [("crm", &["revoke", "disable"]), ("directory", &["revoke", "revoke", "disable"])];
    assert_eq!(planned(&leaving), expected(&takes));
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
    home.assert_in_step();

    people.at(5).employed = true;
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    let back = home.purser(&["plan"]).ended_with(3);
    let gives: [(&str, &[&str]); 2] = [("crm", &["enable", "grant"]), ("directory", &["enable", "grant", "grant"])];
    assert_eq!(planned(&back), expected(&gives));
    assert_eq!(accounts(&leaving), accounts(&back), "the same accounts");
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
    home.assert_in_step();
}

/// The accounts that a plan is about.
fn accounts(plan: &Value) -> Vec<String> {
    let items = plan["items"].as_array().into_iter().flatten();
    let mut accounts: Vec<_> = items.map(|item| item["account"].to_string()).collect();
    accounts.sort();
    accounts
}

#[test]
fn who_is_not_listed_any_more_leaves_and_the_accounts_are_deleted_where_that_is_declared() {
    let (home, mut people) = provisioned(12, Policy { leaving: "delete", ..Policy::default() });
    let gone = people.at(5).clone();
    people.0.remove(&gone.number);
    people.export(&home);
    let import = home.purser(&["import", "hr"]).done();
    assert_eq!(import["departed"], 1);
    let plan = home.purser(&["plan"]).ended_with(3);
    assert_eq!(planned(&plan), expected(&[("crm", &["delete"]), ("directory", &["delete"])]));
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
    home.assert_in_step();

    people.0.insert(gone.number.clone(), gone);
    import_and_apply(&home, &people);
    people.assert_provisioned(&home);
    home.assert_in_step();
}

#[test]
fn drift_is_shown_by_a_dry_run_and_repaired_by_a_reconciliation() {
    let (home, mut people) = provisioned(12, Policy::default());
    let number = people.at(3).number.clone();
    edit_directory(&home, &number, "mail", "intruder@example.com");
    edit_directory(&home, &number, "groups", "engineers");
    edit_directory(&home, &number, "active", "false");
    let drifted = directory(&home);

    let dry = home.purser(&["reconcile", "directory", "--dry-run"]).ended_with(3);
    assert_eq!(planned(&dry["plan"]), expected(&[("directory", &["update", "enable", "grant", "revoke"])]));
    assert_eq!(directory(&home), drifted, "a dry run writes nothing");

    let repaired = home.purser(&["reconcile", "directory"]).done();
    assert_eq!(repaired["operations"]["applied"], 4);
    people.assert_provisioned(&home);
    home.assert_in_step();
}

#[test]
fn what_somebody_changed_under_a_normal_mapping_stays_until_its_source_changes() {
    let (home, mut people) = provisioned(12, Policy { strength: "normal", ..Policy::default() });
    let number = people.at(3).number.clone();
    edit_directory(&home, &number, "mail", "preferred@example.org");
    home.purser(&["reconcile", "directory"]).done();
    assert_eq!(directory(&home)[&number]["mail"], "preferred@example.org");
    home.assert_in_step();

    people.at(3).email = "official@example.org".to_owned();
    import_and_apply(&home, &people);
    people.assert_provisioned(&home);
}

#[test]
fn an_account_deleted_by_hand_is_found_missing_and_created_again() {
    let (home, people) = provisioned(12, Policy::default());
    let file = "apps/directory/accounts.csv";
    let kept: Vec<String> =
        home.read(file).lines().filter(|line| !line.starts_with("E00007,")).map(str::to_owned).collect();
    home.write(file, kept.join("\n") + "\n");
    assert_eq!(directory(&home).len(), 11);
    let reconciled = home.purser(&["reconcile", "directory"]).done();
    assert_eq!(reconciled["gone"], 1);
    people.assert_provisioned(&home);
    home.assert_in_step();
}

/// Two accounts that are there before Purser comes: one of a person, with another name and mail, and one of nobody.
const EXISTING: &str = "employeeNumber,name,mail,department,active,groups\n\
                        E00002,Old Name,old@example.org,Attic,true,\nE99999,Backup Robot,,IT,true,\n";

#[test]
fn an_existing_account_is_left_alone_and_shown_unless_adoption_is_declared() {
    let home = company(Policy::default());
    home.write("apps/directory/accounts.csv", EXISTING);
    home.purser(&["reconcile", "directory"]).done();
    let people = People::employed(5);
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    let plan = home.purser(&["plan"]).ended_with(3);
    let notices = plan["notices"].to_string();
    assert!(notices.contains("unlinked") && notices.contains("E00002"), "{notices}");
    home.purser(&["apply"]).done();
    let found = directory(&home);
    assert_eq!(found["E00002"]["name"], "Old Name");
    assert_eq!(found["E00002"]["groups"], "");
    assert_eq!(found.len(), 6, "four new accounts beside the two");
    home.assert_in_step();
}

#[test]
fn an_existing_account_is_adopted_where_that_is_declared_and_nobody_elses_is_touched() {
    let home = company(Policy { unlinked: "adopt", ..Policy::default() });
    home.write("apps/directory/accounts.csv", EXISTING);
    home.purser(&["reconcile", "directory"]).done();
    let people = People::employed(5);
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    let plan = home.purser(&["plan"]).ended_with(3);
    let items = plan["items"].as_array().into_iter().flatten();
    let adopted: Vec<_> = items.filter(|item| item["link"] == "adopt").map(planned_kinds).collect();
    assert_eq!(adopted, [["update", "grant"]]);
    home.purser(&["apply"]).done();
    let mut found = directory(&home);
    let robot = found.remove("E99999").expect("the account of nobody is still there");
    assert_eq!((robot["name"].as_str(), robot["active"].as_str()), ("Backup Robot", "true"));
    for person in people.0.values() {
        assert_eq!(found.remove(&person.number), Some(person.directory_account()));
    }
    assert!(found.is_empty(), "{found:?}");
    home.assert_in_step();
}

fn planned_kinds(item: &Value) -> Vec<&str> {
    item["operations"].as_array().into_iter().flatten().filter_map(|operation| operation["kind"].as_str()).collect()
}

#[test]
fn a_plan_is_applied_item_by_item_and_what_changed_since_is_named_and_left_out() {
    let (home, mut people) = provisioned(12, Policy::default());
    people.at(1).email = "one@example.org".to_owned();
    people.at(2).email = "two@example.org".to_owned();
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    let plan = home.purser(&["plan"]).ended_with(3);
    let items = plan["items"].as_array().into_iter().flatten();
    let mut of_the_second = items.filter(|item| item.to_string().contains("two@example.org"));
    let second = of_the_second.next().expect("the second person is planned")["identity"].clone();
    let plan = plan["plan"]["id"].as_str().expect("a plan has an id");

    // The second person changes once more after the plan was made; its items must not be carried out as they are.
    people.at(2).email = "third@example.org".to_owned();
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    let applied = home.purser(&["apply", plan]).ended_with(1);
    let stale = applied["stale"].as_array().expect("stale items are listed");
    assert_eq!(stale.len(), 2, "both items of the second person: {stale:?}");
    assert!(stale.iter().all(|one| one["identity"] == second), "{stale:?}");
    assert!(stale.iter().all(|one| one["reason"].as_str().is_some_and(|reason| !reason.is_empty())), "{stale:?}");

    let first = people.at(1).clone();
    assert_eq!(directory(&home)[&first.number], first.directory_account(), "the other items are carried out");
    assert_ne!(directory(&home)[&people.at(2).number]["mail"], "two@example.org");
    let again = home.purser(&["apply", plan]).complaint(1);
    assert!(again.contains("was applied before"), "{again}");
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
    home.assert_in_step();
}
