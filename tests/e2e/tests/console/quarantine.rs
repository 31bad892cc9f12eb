//! A target that rests is released in a browser.

use crate::person::Person;
use purser_e2e::people::{crm, staffed};
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::json;
use std::fs;

#[test]
fn a_target_that_is_out_of_service_is_released_in_a_browser() {
    let (home, mut people) = staffed(3);
    // A customer database that is not there is none that was just not made yet.
    let crm_declared = home.read("declarations/crm.toml");
    home.declare("crm", &crm_declared.replace("create_missing = true", "create_missing = false"));
    let served = Served::start(&home, &QUIET);
    let otto = home.api_token("otto", "operator");
    // Somebody moved it away.
    fs::rename(home.path("apps/crm/users.jsonl"), home.path("apps/users.jsonl")).expect("it can be moved");
    for place in 0..3 {
        people.at(place).email = format!("new-{place}@example.org");
    }
    people.export(&home);
    served.post("/v1/runs", &otto, &json!({"kind": "import", "source": "hr"}));
    let resting = || served.get("/v1/quarantine", Some(&otto)).1["targets"].as_array().cloned().unwrap_or_default();
    eventually("it rests", || !resting().is_empty());
    let operator = Person::signed_in(&served, &otto);
    operator.inspect("quarantined", "/quarantine");

    // What is wrong is found, and found no more once it is there again.
    let check = || {
        operator.go("/checks");
        operator.browser.follow("form[action='/checks'] button");
        operator.browser.text("main")
    };
    let found = check();
    assert!(found.contains("target crm") && found.contains("users.jsonl"), "{found}");
    assert!(operator.barriers().is_empty(), "{:?}", operator.barriers());
    operator.browser.picture(&purser_e2e::browser::pictures().join("checked.png"));
    fs::rename(home.path("apps/users.jsonl"), home.path("apps/crm/users.jsonl")).expect("it can be moved");
    let found = check();
    assert!(!found.contains("target crm"), "{found}");
    operator.go("/quarantine");
    operator.browser.follow("form[action='/targets/crm/release'] button");
    assert!(operator.browser.text(".said").contains("tried again"), "{}", operator.browser.text("main"));
    eventually("what waited is done", || crm(&home)["E00002"]["email"] == "new-2@example.org");
    drop(operator);
    served.stop();
}
