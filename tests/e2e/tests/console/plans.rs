//! What is to be done is planned, decided about and followed.

use crate::person::Person;
use purser_e2e::home::Home;
use purser_e2e::people::{crm, directory, guard_as_usual, staffed};
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::json;

/// Twelve of thirty have left, which is more than the guard lets pass: nothing happens until somebody decides.
fn after_a_mass_departure() -> Home {
    let (home, mut people) = staffed(30);
    guard_as_usual(&home);
    for place in 0..12 {
        people.at(place).employed = false;
    }
    people.export(&home);
    home.purser(&["import", "hr", "--allow-departures", "12"]).done();
    home.purser(&["plan", "--target", "crm"]).ended_with(3);
    home
}

#[test]
fn a_plan_is_made_decided_item_by_item_and_applied_in_a_browser() {
    let home = after_a_mass_departure();
    let served = Served::start(&home, &QUIET);
    eventually("everything is held", || served.list("/v1/held?").len() == 24);
    let admin = Person::signed_in(&served, &home.api_token("ada", "admin"));
    let browser = &admin.browser;

    // What is held already is not planned again.
    admin.go("/plans");
    browser.type_into("input[name=targets]", "crm");
    browser.follow("main form button[type=submit]");
    assert!(browser.text(".said").contains("Nothing is to be done"), "{}", browser.text("main"));

    // Of a plan from before one item is rejected, the rest approved, and what is approved is applied.
    browser.follow("tbody a");
    let plan = browser.url().rsplit('/').next().expect("an id").to_owned();
    browser.click("#item-2 input[type=checkbox]");
    browser.follow("button[value=reject]");
    assert!(browser.text("#item-2").contains("rejected"), "{}", browser.text("main"));
    browser.follow("button[value=approve-undone]");
    assert!(browser.text("#item-1").contains("approved") && browser.text("#item-12").contains("approved"));
    assert!(browser.text("#item-2").contains("rejected"), "{}", browser.text("main"));
    admin.inspect("plan", &format!("/plans/{plan}"));
    browser.follow("form.apply button");
    assert!(browser.text(".said").contains("The plan is applied"), "{}", browser.text("main"));
    let shown = browser.text("main");
    assert!(browser.text("#item-1").contains("held") && browser.text("#item-2").contains("rejected"), "{shown}");

    // The guard has the last word about so many: all but one are approved there too.
    admin.go("/held?target=crm");
    browser.click("[data-check-all]");
    browser.click("li.item input[type=checkbox]");
    browser.follow("button[value=approve]");
    let enabled = || crm(&home).values().filter(|account| account["enabled"] == true).count();
    eventually("eleven of twelve are disabled", || enabled() == 19);
    let rows = served.list("/v1/audit?actor=api:ada&");
    let asked_for = |end: &str| rows.iter().any(|row| row["activity"].as_str().is_some_and(|text| text.ends_with(end)));
    assert!(asked_for("/decision") && asked_for("/application"), "{rows:?}");

    // What the guard holds in the other target is decided as a whole.
    admin.inspect("held-many", "/held");
    admin.go("/held?target=directory");
    browser.click("[data-check-all]");
    browser.follow("button[value=approve]");
    eventually("twelve are disabled", || {
        directory(&home).values().filter(|one| one["active"] == "false").count() == 12
    });
    assert_eq!(enabled(), 19, "what was rejected is left as it is");

    // One person: accounts, why, what was done.
    admin.go("/identities");
    browser.type_into("input[name=search]", "e00020@");
    browser.follow("form[role=search] button");
    browser.follow("tbody a");
    let person = browser.run("return document.querySelector('main').textContent").to_string();
    for part in ["hr/E00020", "crm", "directory", "Granted by", "read-customers", "operation-applied"] {
        assert!(person.contains(part), "{part} is not in {person}");
    }
    drop(admin);
    served.stop();
}

#[test]
fn a_page_of_runs_shows_a_run_that_somebody_else_begins() {
    let (home, _people) = staffed(1);
    let served = Served::start(&home, &QUIET);
    let viewer = Person::signed_in(&served, &home.api_token("vera", "viewer"));
    viewer.go("/runs");
    assert!(!viewer.browser.text("main").contains("reconciliation of crm"));
    served.post("/v1/runs", &served.own_token(), &json!({"kind": "reconciliation", "target": "crm"}));
    eventually("the page shows the run", || viewer.browser.text("main").contains("reconciliation of crm"));
    drop(viewer);
    served.stop();
}
