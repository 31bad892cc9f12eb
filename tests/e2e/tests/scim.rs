//! From an HR export to a real SCIM server: what an account goes through, from its creation to its end.

use purser_e2e::scim_company::{CAREFUL, Policy, ScimCompany};
use purser_e2e::scim_server::ScimServer;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[test]
fn accounts_and_groups_follow_the_people() {
    let server = ScimServer::start();
    let app = server.tenant("life");
    let mut company = ScimCompany::found(20, &app.url(), CAREFUL);
    company.home.purser(&["import", "hr"]).done();

    let plan = company.home.purser(&["plan"]).ended_with(3);
    assert_eq!(operations(&plan["items"]), BTreeMap::from([("create", 20), ("grant", 30)]));
    assert!(app.users().is_empty(), "a plan changes nothing");

    let applied = company.home.purser(&["apply"]).done();
    assert_eq!(applied["refused"], 0, "{applied}");
    company.assert_mirrored_in(&app);
    company.home.assert_in_step();

    let before = app.user("person0003");
    company.change(2, |person| person.email = "new.address@example.org".to_owned());
    assert_eq!(company.import_and_apply()["applied"], 1, "one update");
    assert_eq!(app.user("person0003")["id"], before["id"], "it is the same account");
    company.assert_mirrored_in(&app);

    company.change(4, |person| {
        person.login = "person0005b".to_owned();
        person.family = "Newname".to_owned();
        person.title = "Head".to_owned();
    });
    assert_eq!(company.import_and_apply()["applied"], 1, "one update, although the name is new");
    company.assert_mirrored_in(&app);

    company.change(6, |person| person.department = "Engineering".to_owned());
    company.change(7, |person| person.department = "Sales".to_owned());
    assert_eq!(company.import_and_apply()["applied"], 2, "one grant and one revoke");
    company.assert_mirrored_in(&app);

    company.change(9, |person| person.status = "left".to_owned());
    company.import_and_apply();
    company.assert_mirrored_in(&app);

    let kept = app.user("person0010")["id"].clone();
    company.change(9, |person| person.status = "employed".to_owned());
    company.import_and_apply();
    assert_eq!(app.user("person0010")["id"], kept, "who comes back gets the same account");
    company.assert_mirrored_in(&app);
    company.home.assert_in_step();
}

#[test]
fn a_leaver_s_account_is_deleted_where_that_is_declared() {
    let server = ScimServer::start();
    let app = server.tenant("delete");
    let mut company = ScimCompany::found(10, &app.url(), Policy { leaving: "delete", ..CAREFUL });
    company.import_and_apply();
    let leaver = company.people.remove(1);
    company.export();

    company.home.purser(&["import", "hr"]).done();
    company.home.purser(&["apply"]).done();

    assert!(app.users().iter().all(|user| user["userName"] != leaver.login), "the account is deleted");
    company.assert_mirrored_in(&app);
    company.home.assert_in_step();
}

#[test]
fn drift_is_repaired_where_the_mapping_is_strong_and_only_there() {
    let server = ScimServer::start();
    let app = server.tenant("drift");
    let mut company = ScimCompany::found(10, &app.url(), CAREFUL);
    company.import_and_apply();
    let (renamed, retitled, enabled) = (app.user("person0001"), app.user("person0002"), app.user("person0003"));
    app.replace(id(&renamed), "name.familyName", "Drifted");
    app.replace(id(&renamed), "emails", json!([{"value": "drifted@example.org", "type": "work"}]));
    app.replace(id(&retitled), "title", "Chosen by the application's own people");
    app.replace(id(&enabled), "active", false);
    company.home.assert_in_step();

    let looked = company.home.purser(&["reconcile", "app", "--dry-run"]).ended_with(3);
    let repairs = operations(&looked["plan"]["items"]);
    assert_eq!(repairs, BTreeMap::from([("enable", 1), ("update", 1)]), "{looked}");
    assert_eq!(app.user("person0001")["name"]["familyName"], "Drifted", "a dry run changes nothing");
    company.home.purser(&["reconcile", "app"]).done();

    company.people[1].title = "Chosen by the application's own people".to_owned();
    company.assert_mirrored_in(&app);
    company.home.assert_in_step();

    company.change(1, |person| person.title = "Promoted".to_owned());
    company.import_and_apply();
    company.assert_mirrored_in(&app);
}

#[test]
fn what_was_deleted_by_hand_is_found_missing_and_made_again() {
    let server = ScimServer::start();
    let app = server.tenant("missing");
    let company = ScimCompany::found(10, &app.url(), CAREFUL);
    company.import_and_apply();
    let lost = app.user("person0004");
    app.delete_user(id(&lost));

    let report = company.home.purser(&["reconcile", "app"]).done();

    assert_eq!((&report["gone"], &report["operations"]["refused"]), (&json!(1), &json!(0)), "{report}");
    assert_ne!(app.user("person0004")["id"], lost["id"]);
    company.assert_mirrored_in(&app);
    company.home.assert_in_step();
}

#[test]
fn an_account_that_is_there_already_is_taken_over_only_where_that_is_declared() {
    let server = ScimServer::start();
    let app = server.tenant("adoption");
    let company = ScimCompany::found(10, &app.url(), CAREFUL);
    let own = app.create_user(&json!({"userName": "person0002", "externalId": "by hand", "active": true}));
    company.home.purser(&["import", "hr"]).done();
    company.home.purser(&["reconcile", "app"]).done();

    let shown = app.user("person0002");
    assert_eq!((&shown["id"], &shown["externalId"]), (&json!(own), &json!("by hand")), "it is left alone");
    assert_eq!(app.users().len(), 10, "everybody else has an account");
    let plan = company.home.purser(&["plan"]).done();
    assert_eq!(plan["notices"].as_array().map(Vec::len), Some(1), "and it is shown: {plan}");

    company.declare_target(&app.url(), Policy { unlinked: "adopt", ..CAREFUL });
    company.home.purser(&["apply"]).done();
    assert_eq!(app.user("person0002")["id"], own, "it is the account that was there");
    company.assert_mirrored_in(&app);
    company.home.assert_in_step();
}

#[test]
fn an_account_changed_since_it_was_read_is_read_again_before_it_is_changed() {
    let server = ScimServer::start();
    let app = server.tenant("conflict");
    let mut company = ScimCompany::found(10, &app.url(), CAREFUL);
    company.import_and_apply();
    app.replace(id(&app.user("person0001")), "name.familyName", "Changed meanwhile");
    app.replace(id(&app.user("person0001")), "nickName", "Kept");

    company.change(0, |person| person.email = "new.address@example.org".to_owned());
    let applied = company.import_and_apply();

    assert_eq!(applied["superseded"], 1, "the server refused the former version: {applied}");
    company.assert_mirrored_in(&app);
    assert_eq!(app.user("person0001")["nickName"], "Kept", "what no mapping owns stays");
    company.home.assert_in_step();
}

fn id(user: &Value) -> &str {
    user["id"].as_str().expect("a user has an id")
}

/// How many operations of each kind the items of a plan hold.
fn operations(items: &Value) -> BTreeMap<&str, u32> {
    let mut counted = BTreeMap::new();
    for item in items.as_array().into_iter().flatten() {
        for operation in item["operations"].as_array().into_iter().flatten() {
            *counted.entry(operation["kind"].as_str().unwrap_or_default()).or_default() += 1;
        }
    }
    counted
}
