//! No page keeps anybody out.

use crate::person::Person;
use purser_e2e::home::Home;
use purser_e2e::people::{crm, staffed};
use purser_e2e::served::{QUIET, Served};
use serde_json::json;

/// People with and without accounts, changes, and a run.
fn company() -> Home {
    let (home, mut people) = staffed(12);
    people.at(3).employed = false;
    people.at(4).email = "new@example.org".to_owned();
    people.export(&home);
    home.purser(&["import", "hr", "--apply", "--allow-departures", "1"]).done();
    assert_eq!(crm(&home).len(), 12);
    home
}

#[test]
fn no_page_about_people_keeps_anybody_out_in_light_in_dark_or_on_a_phone() {
    let home = company();
    let served = Served::start(&home, &QUIET);
    served.post("/v1/runs", &served.own_token(), &json!({"kind": "reconciliation", "target": "crm", "dry_run": true}));
    let admin = Person::signed_in(&served, &home.api_token("ada", "admin"));
    let someone = served.list("/v1/identities?key=E00004&")[0]["id"].as_str().expect("an id").to_owned();
    for (name, path) in [
        ("overview", "/"),
        ("identities", "/identities"),
        ("person", &format!("/identities/{someone}")),
        ("plans", "/plans"),
        ("held", "/held"),
        ("cases", "/cases"),
        ("quarantine", "/quarantine"),
        ("runs", "/runs"),
        ("operations", "/operations"),
        ("insight-orphans", "/insight"),
        ("insight-dormant", "/insight?report=dormant"),
        ("insight-entitlements", "/insight?report=entitlements"),
        ("roles", "/roles"),
        ("groups", "/groups"),
        ("assignments", "/assignments"),
        ("failed", "/identities/00000000-0000-7000-8000-000000000000"),
    ] {
        admin.inspect(name, path);
    }
    admin
        .browser
        .run("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/assets/mark.svg\">')");
    assert_eq!(admin.barriers()[0]["id"], "image-alt", "axe sees what is wrong");
    drop(admin);
    served.stop();
}

#[test]
fn no_page_about_the_host_keeps_anybody_out_in_light_in_dark_or_on_a_phone() {
    let home = company();
    let served = Served::start(&home, &QUIET);
    let admin = Person::signed_in(&served, &home.api_token("ada", "admin"));
    for (name, path) in [
        ("targets", "/targets"),
        ("target", "/targets/crm"),
        ("connectors", "/connectors"),
        ("settings", "/settings"),
        ("webhooks-none", "/webhooks"),
        ("checks", "/checks"),
        ("declaration-new", "/declarations"),
        ("audit", "/audit"),
        ("tokens", "/tokens"),
        ("backups-none", "/backups"),
    ] {
        admin.inspect(name, path);
    }
    admin.go("/");
    admin.browser.follow(".who button");
    assert!(admin.browser.url().ends_with("/sign-in"));
    admin.inspect("sign-in", "/sign-in");
    drop(admin);
    served.stop();
}
