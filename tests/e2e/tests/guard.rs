//! What the guard holds, what a person decides on it, and what is quarantined, on the command line.

use purser_e2e::home::Home;
use purser_e2e::people::{People, Policy, company, crm, directory, guard_as_usual};
use serde_json::{Value, json};

/// Thirty people with accounts in both applications, which are guarded as a target is where nothing is declared.
fn guarded() -> (Home, People) {
    let home = company(Policy::default());
    guard_as_usual(&home);
    let people = People::employed(30);
    people.export(&home);
    home.purser(&["import", "hr", "--apply"]).done();
    people.assert_provisioned(&home);
    (home, people)
}

/// Twelve of the thirty leave, and somebody lets the import pass.
fn twelve_leave(home: &Home, people: &mut People) {
    for place in 0..12 {
        people.at(place).employed = false;
    }
    people.export(home);
    home.purser(&["import", "hr", "--allow-departures", "12"]).done();
}

fn held(home: &Home, arguments: &[&str]) -> Vec<Value> {
    home.purser(&[&["held", "list"], arguments].concat()).done().as_array().expect("a list").clone()
}

#[test]
fn a_mass_departure_is_held_and_a_person_decides_target_by_target() {
    let (home, mut people) = guarded();
    let before = people.clone();
    twelve_leave(&home, &mut people);
    let applied = home.purser(&["apply"]).ended_with(3);
    assert_eq!((&applied["applied"], &applied["held"]), (&json!(0), &json!(24)), "{applied}");
    before.assert_provisioned(&home);

    let all = held(&home, &[]);
    let reason = all[0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("12 of 30 accounts") && reason.contains("be disabled or deleted"), "{reason}");
    assert_eq!((all.len(), held(&home, &["--target", "crm"]).len()), (24, 12));
    let planned = home.purser(&["plan"]).done();
    assert_eq!((&planned["items"], planned["notices"].as_array().map(Vec::len)), (&json!([]), Some(24)), "{planned}");

    let explained = home.purser(&["explain", "hr/E00000", "--target", "crm"]).done();
    assert_eq!(explained["held"].as_array().map(Vec::len), Some(1), "{explained}");
    assert_eq!(
        (&explained["held"][0]["state"], &explained["held"][0]["reason"]),
        (&json!("pending"), &all[0]["reason"])
    );

    let one = held(&home, &["--target", "crm"])[0]["account"].as_str().expect("an id").to_owned();
    assert_eq!(home.purser(&["held", "reject", &one]).done()["decided"], 1);
    let approved = home.purser(&["held", "approve", "--all", "--target", "crm"]).done();
    assert_eq!((&approved["decided"], &approved["stale"]), (&json!(11), &json!([])));
    home.purser(&["apply"]).ended_with(3);
    let enabled = crm(&home).values().filter(|account| account["enabled"] == true).count();
    assert_eq!(enabled, 19, "eleven are disabled, one was rejected");
    assert_eq!(directory(&home).values().filter(|account| account["active"] == "true").count(), 30);

    home.purser(&["held", "approve", "--all"]).done();
    home.purser(&["held", "approve", &one]).done();
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
    home.assert_in_step();
    assert_eq!(held(&home, &[]), Vec::<Value>::new());
}

#[test]
fn a_stored_plan_over_the_limit_is_carried_out_by_its_number_alone() {
    let (home, mut people) = guarded();
    twelve_leave(&home, &mut people);
    let plan = home.purser(&["plan"]).ended_with(3);
    let id = plan["plan"]["id"].as_str().expect("an id");
    let applied = home.purser(&["apply", id, "--allow", "24"]).done();
    assert_eq!(applied["held"], 0, "{applied}");
    people.assert_provisioned(&home);
}

#[test]
fn a_decision_on_what_is_not_held_and_a_release_of_what_is_not_quarantined_fail_with_the_reason() {
    let (home, _) = guarded();
    let nobody = "00000000-0000-7000-8000-000000000000";
    let complaint = home.purser(&["held", "approve", nobody]).complaint(1);
    assert!(complaint.contains(nobody) && complaint.contains("held"), "{complaint}");
    let complaint = home.purser(&["quarantine", "release", nobody]).complaint(1);
    assert!(complaint.contains(nobody) && complaint.contains("quarantined"), "{complaint}");
    let complaint = home.purser(&["quarantine", "release", "--target", "wiki"]).complaint(1);
    assert!(complaint.contains("wiki") && complaint.contains("crm"), "{complaint}");
    let quarantined = home.purser(&["quarantine", "list"]).done();
    assert_eq!(quarantined, json!({"targets": [], "operations": []}));
    assert_eq!(home.purser(&["quarantine", "release", "--all"]).done(), json!({"targets": 0, "operations": 0}));
}
