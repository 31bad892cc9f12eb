//! Explaining, provisioning one person, and reports, with the real program.

use purser_e2e::home::Home;
use purser_e2e::people::{People, Policy, company, crm, directory, edit_directory};
use purser_e2e::served::{QUIET, Served};
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

/// A target that shows when somebody signed in last, and one that keeps permissions.
const SHOWING: &str = r#"
[source.hr]
connector = "flatfile"
class = "person"
[source.hr.config.classes.person]
kind = "other"
file = "people.csv"
key = "login"
[source.hr.directory.data]
path = "../hr"

[target.shop]
connector = "flatfile"
class = "user"
unlinked = "adopt"
insight = { last_sign_in = "seen", dormant_after = "30d" }
[target.shop.config.classes.user]
kind = "account"
file = "users.jsonl"
key = "login"
active = "enabled"
multi = ["permissions"]
[target.shop.config.classes.permission]
kind = "entitlement"
file = "permissions.csv"
key = "name"
holding = { account_class = "user", attribute = "permissions" }
[target.shop.directory.data]
path = "../shop"
access = "read-write"
[target.shop.mapping]
login = "identity.login"
[[target.shop.correlation]]
attribute = "login"
value = "identity.login"
[target.shop.entitlement]
sell = { class = "permission", attribute = "name", value = "sell" }
return = { class = "permission", attribute = "name", value = "return" }
refund = { class = "permission", attribute = "name", value = "refund" }

[role.seller]
rule = "true"
[[role.seller.grant]]
target = "shop"
entitlements = ["sell"]
"#;

#[test]
fn the_api_reports_page_by_page_who_should_not_be_there_who_does_not_come_and_what_nobody_holds() {
    let home = Home::new();
    home.drop_in("flatfile");
    home.declare("all", SHOWING);
    home.write("shop/permissions.csv", "name\nsell\nbuy\n");
    let (mut people, mut users) = ("login\n".to_owned(), String::new());
    for place in 0..20 {
        let seen = ["2001-01-01T00:00:00Z", "", "2999-01-01T00:00:00Z"][place % 3];
        let user = json!({"login": format!("user{place:02}"), "enabled": true, "seen": seen, "permissions": ["sell"]});
        users.push_str(&format!("{user}\n"));
        if place < 12 {
            people.push_str(&format!("user{place:02}\n"));
        }
    }
    home.write("shop/users.jsonl", users);
    home.write("hr/people.csv", people);
    home.purser(&["import", "hr"]).done();
    home.purser(&["reconcile", "shop"]).done();
    let served = Served::start(&home, &QUIET);
    let ids = |path: &str| {
        let mut ids: Vec<_> =
            served.list(path).iter().map(|row| row["remote_id"].as_str().map(str::to_owned)).collect();
        ids.sort();
        ids.into_iter().flatten().collect::<Vec<_>>()
    };
    let named = |wanted: &dyn Fn(usize) -> bool| -> Vec<_> {
        (0..20).filter(|place| wanted(*place)).map(|place| format!("user{place:02}")).collect()
    };
    assert_eq!(ids("/v1/insight/orphans?"), named(&|place| place >= 12));
    assert_eq!(ids("/v1/insight/dormant?target=shop&"), named(&|place| place % 3 != 2));
    let why: Vec<Value> = served.list("/v1/insight/dormant?").into_iter().map(|row| row["why"].clone()).collect();
    let count = |reason: &str| why.iter().filter(|why| *why == reason).count();
    assert_eq!((count("not-used-lately"), count("never-used"), why.len()), (7, 7, 14), "{why:?}");

    // One on a page: what is declared and not there comes first.
    let token = served.own_token();
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let (status, page) = served.get(&format!("/v1/insight/entitlements?limit=1{after}"), Some(&token));
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().expect("a list").clone();
        rows.extend(items.iter().map(|row| {
            (row["remote_id"].clone(), row["name"].clone(), row["holders"].clone(), row["granted"].clone())
        }));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let row = |id: Value, name: Value, holders: u64, granted: Value| (id, name, json!(holders), granted);
    let (there, absent): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.0.is_string());
    let absent_ones = ["refund", "return"].map(|name| row(Value::Null, json!(name), 0, json!(false)));
    assert_eq!(absent, absent_ones);
    assert_eq!(there.len(), 2, "{there:?}");
    assert!(there.contains(&row(json!("sell"), json!("sell"), 20, json!(true))), "{there:?}");
    assert!(there.contains(&row(json!("buy"), Value::Null, 0, Value::Null)), "{there:?}");
    assert_eq!(served.get("/v1/insight/entitlements?after=nowhere", Some(&token)).0, 404);
    served.stop();
}
