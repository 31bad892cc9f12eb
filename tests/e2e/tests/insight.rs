//! Explaining, provisioning one person, and reports, with the real program.

use purser_e2e::home::Home;
use purser_e2e::people::{People, Policy, company, crm, directory, edit_directory};
use serde_json::{Value, json};

/// A company whose people are known and have no account yet.
fn known(count: usize) -> (Home, People) {
    let home = company(Policy::default());
    let people = People::employed(count);
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    (home, people)
}

/// What an explanation says about a target.
fn target<'a>(explained: &'a Value, name: &str) -> &'a Value {
    let targets = explained["targets"].as_array().expect("targets");
    targets.iter().find(|target| target["target"] == name).expect("the target")
}

/// The rows of a report in CSV.
fn csv(home: &Home, report: &str) -> Vec<Vec<String>> {
    let answer = home.purser(&["insight", report, "--csv", "-"]);
    assert_eq!(answer.code, Some(0), "{}", answer.log);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(answer.output.as_bytes());
    reader.records().map(|row| row.expect("CSV").iter().map(str::to_owned).collect()).collect()
}

#[test]
fn a_joiner_and_a_leaver_are_explained() {
    let (home, mut people) = known(6);
    let joiner = home.purser(&["explain", "hr/E00001", "--target", "crm"]).done();
    assert_eq!(joiner["identity"]["reference"], "hr/E00001");
    assert_eq!(joiner["targets"].as_array().map(Vec::len), Some(1));
    let crm = target(&joiner, "crm");
    assert_eq!((&crm["scope"], &crm["granted_by"]), (&json!("granted"), &json!(["employee", "seller"])));
    assert_eq!(crm["conclusion"], "to be done: create, grant, grant");
    let email = crm["mappings"].as_array().expect("mappings").iter().find(|mapping| mapping["attribute"] == "email");
    let email = email.expect("the mapping");
    assert_eq!((&email["decision"], &email["value"]), (&json!("created"), &json!("e00001@example.org")));
    assert_eq!(email["reads"], json!(["identity.email"]));
    assert!(directory(&home).is_empty(), "explaining does nothing");

    home.purser(&["apply"]).done();
    people.at(1).employed = false;
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    let leaver = home.purser(&["explain", "hr/E00001"]).done();
    let crm = target(&leaver, "crm");
    assert_eq!((&crm["scope"], &crm["leaving"][0]["action"]), (&json!("not-granted"), &json!("disable")));
    assert_eq!(leaver["last_operations"].as_array().map(Vec::len), Some(5), "{}", leaver["last_operations"]);
    let items: usize = leaver["targets"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|target| target["items"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(items, 2, "as the plan says: {}", home.purser(&["plan"]).ended_with(3)["items"]);
    let complaint = home.purser(&["explain", "hr/nobody"]).complaint(1);
    assert!(complaint.contains("no identity `hr/nobody`"), "{complaint}");
}

#[test]
fn one_person_is_provisioned_at_once() {
    let (home, people) = known(4);
    let before = home.purser(&["provision", "hr/E00002", "--dry-run"]).done();
    assert_eq!(target(&before, "directory")["conclusion"], "to be done: create, grant");
    assert!(directory(&home).is_empty(), "a dry run writes nothing");

    let report = home.purser(&["provision", "hr/E00002"]).done();
    let states: Vec<&Value> = report["operations"].as_array().into_iter().flatten().map(|one| &one["state"]).collect();
    assert_eq!(states, [&json!("applied"); 4], "{report}");
    let person = &people.0["E00002"];
    assert_eq!(directory(&home).get("E00002"), Some(&person.directory_account()));
    assert_eq!((directory(&home).len(), crm(&home).len()), (1, 1), "the others wait");

    edit_directory(&home, "E00002", "mail", "somebody@else");
    let afresh = home.purser(&["provision", "hr/E00002", "--target", "directory", "--dry-run"]).done();
    assert_eq!(target(&afresh, "directory")["conclusion"], "to be done: update");
    assert_eq!(directory(&home)["E00002"]["mail"], "somebody@else");
    home.purser(&["provision", "hr/E00002", "--target", "directory"]).done();
    assert_eq!(directory(&home).get("E00002"), Some(&person.directory_account()));
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
}

#[test]
fn while_the_host_serves_the_way_out_is_said() {
    let (home, _) = known(1);
    let serving = home.start(&["serve", "--listen", "127.0.0.1:0", "--import-every", "0"]);
    while !serving.output().contains("listening on") {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let complaint = home.purser(&["provision", "hr/E00000"]).complaint(1);
    assert!(complaint.contains("`purser serve` provisions what changes by itself"), "{complaint}");
}

#[test]
fn reports_are_tables_json_and_csv() {
    let (home, mut people) = known(5);
    home.purser(&["apply"]).done();
    let accounts = csv(&home, "accounts");
    assert_eq!(accounts[0], ["target", "situation", "state", "accounts"]);
    assert_eq!(accounts[1..], [["crm", "linked", "enabled", "5"], ["directory", "linked", "enabled", "5"]]);

    // Somebody adds an account by hand, with a formula for a name, and a leaver can still be used.
    let text = home.read("apps/directory/accounts.csv");
    home.write("apps/directory/accounts.csv", format!("{text}=1+1,x,x@y,none,true,\r\n"));
    home.purser(&["reconcile", "directory"]).done();
    people.at(3).employed = false;
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    let orphans = csv(&home, "orphans");
    let read: Vec<[&str; 4]> =
        orphans.iter().map(|row| [&row[0], &row[2], &row[4], &row[7]].map(String::as_str)).collect();
    assert_eq!(read[0], ["target", "id", "owner", "why"]);
    let mut rows = read[1..].to_vec();
    rows.sort_unstable();
    let expected = [
        ["crm", "E00003", "hr/E00003", "owner-departed"],
        ["directory", "'=1+1", "", "nobody-owns"],
        ["directory", "E00003", "hr/E00003", "owner-departed"],
    ];
    assert_eq!(rows, expected);

    let latency = home.purser(&["insight", "latency", "--target", "crm"]).done();
    let measured: Vec<&Value> =
        latency["rows"].as_array().into_iter().flatten().map(|row| &row["measured_from"]).collect();
    assert_eq!(measured, ["change", "intent"]);
    let entitlements = home.purser(&["insight", "entitlements", "--target", "crm"]).done();
    let held: Vec<_> =
        entitlements["rows"].as_array().into_iter().flatten().map(|row| (&row["name"], &row["holders"])).collect();
    assert_eq!(held, [(&json!("write"), &json!(1)), (&json!("read"), &json!(5))]);
    let drift = home.purser(&["insight", "drift"]).done();
    assert_eq!((&drift["rows"][0]["target"], &drift["rows"][0]["state"]), (&json!("directory"), &json!("completed")));
    assert_eq!(home.purser(&["insight", "failures"]).done()["rows"], json!([]));
    assert_eq!(home.purser(&["insight", "dormant"]).done()["rows"], json!([]));
    assert_eq!(home.purser(&["insight", "nothing"]).code, Some(2));
}
