//! `purser serve`: provisions by itself, answers its API, holds its home, and stops when told to.

use purser_e2e::home::Home;
use purser_e2e::people::{People, Policy, company, crm, directory, edit_directory};
use purser_e2e::served::{Served, eventually};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// A company of so many people, with its HR export and no account yet.
fn staffed(count: usize) -> (Home, People) {
    let home = company(Policy::default());
    let people = People::employed(count);
    people.export(&home);
    (home, people)
}

#[test]
fn what_the_sources_say_is_provisioned_and_what_changes_there_follows() {
    let (home, mut people) = staffed(20);
    let served = Served::start(&home, &["--import-every", "1", "--reconcile-every", "0"]);
    eventually("everybody has accounts", || people.are_provisioned(&home));
    people.at(3).email = "married@example.org".to_owned();
    people.at(4).employed = false;
    people.export(&home);
    eventually("the changes are in both applications", || people.are_provisioned(&home));

    // A bad export changes nobody, and the host lives on.
    home.write("hr/people.csv", "employeeNumber\nE00001\n");
    eventually("the host complains", || served.process.log().contains("givenName"));
    people.assert_provisioned(&home);
    people.at(5).email = "again@example.org".to_owned();
    people.export(&home);
    eventually("the next good export is read", || people.are_provisioned(&home));
    served.stop();
}

#[test]
fn drift_is_repaired_without_being_asked() {
    let (home, people) = staffed(5);
    let served = Served::start(&home, &["--reconcile-every", "1"]);
    eventually("everybody has accounts", || people.are_provisioned(&home));
    edit_directory(&home, "E00002", "mail", "intruder@example.com");
    let is_update = |operation: &Value| operation["intent"]["kind"] == "update" && operation["state"] == "applied";
    eventually("the drift is repaired", || {
        let updates = served.list("/v1/operations?target=directory&").iter().filter(|one| is_update(one)).count();
        updates == 1 && people.are_provisioned(&home)
    });
    served.stop();
}

#[test]
fn the_api_answers_to_those_who_show_its_token() {
    let (home, people) = staffed(20);
    let served = Served::start(&home, &[]);
    eventually("everybody has accounts", || people.are_provisioned(&home));
    assert_eq!(served.get("/healthz", None).1["status"], "ok");
    assert_eq!(served.get("/readyz", None), (200, json!({"status": "ready"})));
    for token in [None, Some("guessed"), Some("")] {
        let (status, problem) = served.get("/v1/identities", token);
        assert_eq!((status, &problem["code"]), (401, &json!("unauthorized")), "{token:?}");
    }
    let token_file = fs::metadata(home.path("data/api-token")).expect("the token lies in the home");
    assert_eq!(token_file.permissions().mode() & 0o777, 0o600, "only its owner reads the token");

    let identities = served.list("/v1/identities?");
    let numbers: Vec<_> = identities.iter().filter_map(|one| one["key"].as_str()).collect();
    assert_eq!(numbers.len(), 20, "every page once");
    assert!(people.0.keys().all(|number| numbers.contains(&number.as_str())), "{numbers:?}");
    eventually("all accounts are linked", || served.list("/v1/accounts?target=crm&situation=linked&").len() == 20);
    assert_eq!(served.list("/v1/operations?state=waiting&"), [json!(null); 0]);
    let runs = served.list("/v1/runs?");
    assert!(runs.iter().any(|run| run["kind"] == "import" && run["state"] == "completed"), "{runs:?}");

    let token = home.read("data/api-token");
    let id = identities[0]["id"].as_str().expect("an identity has an id");
    let (status, identity) = served.get(&format!("/v1/identities/{id}"), Some(&token));
    assert_eq!((status, identity["accounts"].as_array().map(Vec::len)), (200, Some(2)), "{identity}");
    let (status, problem) = served.get("/v1/identities?colour=red", Some(&token));
    assert_eq!((status, &problem["code"]), (400, &json!("bad-parameter")));
    assert_eq!(served.get("/v1/nothing", Some(&token)).0, 404);
    served.stop();

    // The token stays the same, so that clients need no new one after a restart.
    let served = Served::start(&home, &[]);
    assert_eq!(home.read("data/api-token"), token);
    served.stop();
}

#[test]
fn nobody_else_works_in_the_home_meanwhile_and_the_lock_ends_with_the_process() {
    let (home, people) = staffed(5);
    let served = Served::start(&home, &[]);
    eventually("everybody has accounts", || people.are_provisioned(&home));
    for command in [["import", "hr"].as_slice(), &["plan"], &["apply"], &["reconcile", "crm"], &["status"], &["serve"]]
    {
        let refused = home.purser(command).complaint(1);
        let owner = format!("process {}", served.process.id());
        assert!(refused.contains("another purser") && refused.contains(&owner), "{command:?}: {refused}");
    }
    served.stop();
    home.purser(&["import", "hr"]).done();

    let served = Served::start(&home, &[]);
    assert!(served.process.kill_after(Duration::ZERO), "it was serving when it was killed");
    home.purser(&["import", "hr"]).done();
    home.assert_in_step();
    people.assert_provisioned(&home);
}

#[test]
fn a_connector_is_dropped_in_and_a_bad_file_does_not_take_its_place() {
    let (home, mut people) = staffed(5);
    let file = home.path("connectors/flatfile.wasm");
    fs::rename(&file, home.path("flatfile.wasm")).expect("a file can be moved");
    let served = Served::start(&home, &["--import-every", "1"]);
    eventually("the host complains", || served.process.log().contains("no connector `flatfile`"));
    assert_eq!(served.get("/healthz", None).0, 200);
    assert!(directory(&home).is_empty() && crm(&home).is_empty());

    fs::rename(home.path("flatfile.wasm"), &file).expect("a file can be moved");
    eventually("everybody has accounts", || people.are_provisioned(&home));

    home.write("flatfile.new", b"this is no WebAssembly");
    fs::rename(home.path("flatfile.new"), &file).expect("a file can be moved");
    eventually("the host names the bad file", || served.process.log().contains("flatfile.wasm"));
    people.at(1).email = "changed@example.org".to_owned();
    people.export(&home);
    eventually("the connector that was there works on", || people.are_provisioned(&home));
    served.stop();
}

#[test]
fn plain_http_is_not_offered_to_the_network() {
    let (home, _) = staffed(1);
    let refused = home.purser(&["serve", "--listen", "0.0.0.0:0"]).complaint(1);
    assert!(refused.contains("this machine only") && refused.contains("--without-tls"), "{refused}");
}
