//! Roles are granted for a time and withdrawn, and people are put into groups, in a browser.

use crate::person::Person;
use purser_e2e::home::Home;
use purser_e2e::people::{crm, directory, staffed};
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::json;

/// What an account of the customer database may do.
fn permissions(home: &Home, number: &str) -> serde_json::Value {
    crm(home)[number]["permissions"].clone()
}

#[test]
fn a_role_is_granted_for_a_time_and_withdrawn_and_a_group_is_joined_in_a_browser() {
    let (home, _people) = staffed(3);
    home.declare(
        "guides",
        "[group.guides]\nmembers = []\n\n[role.guide]\ngroups = [\"guides\"]\nroles = [\"engineer\"]\n",
    );
    let served = Served::start(&home, &QUIET);
    let operator = Person::signed_in(&served, &home.api_token("otto", "operator"));
    let browser = &operator.browser;
    let id = served.list("/v1/identities?key=E00002&")[0]["id"].as_str().expect("an id").to_owned();
    let page = format!("/identities/{id}");
    assert_eq!(permissions(&home, "E00002"), json!(["read-customers"]));

    operator.go(&page);
    browser.choose("form.grant select[name=role]", "seller");
    browser.fill("form.grant input[name=until]", "2199-12-31T23:59");
    browser.type_into("form.grant input[name=reason]", "stands in for E00001");
    browser.follow("form.grant button");
    assert!(browser.text(".said").contains("The role is granted"), "{}", browser.text("main"));
    let shown = browser.text("#roles ~ .scroll");
    assert!(shown.contains("api:otto") && shown.contains("stands in for E00001") && shown.contains("2199"), "{shown}");
    eventually("it is granted in the target", || {
        permissions(&home, "E00002") == json!(["read-customers", "write-customers"])
    });
    operator.inspect("person-granted", &page);
    operator.inspect("role", "/roles/seller");
    operator.go("/roles/seller");
    assert!(browser.text("#holders ~ .scroll").contains("hr/E00002"), "{}", browser.text("main"));
    operator.go("/assignments?origin=api");
    browser.follow("form[action$='/withdrawal'] button");
    assert!(browser.text(".said").contains("withdrawn"), "{}", browser.text("main"));
    eventually("it is taken away again", || permissions(&home, "E00002") == json!(["read-customers"]));

    operator.go(&page);
    browser.type_into("form.membership input[name=reason]", "shows visitors around");
    browser.follow("form.membership button[value=add]");
    assert!(browser.text(".said").contains("put into the group guides"), "{}", browser.text("main"));
    let groups = |number: &str| directory(&home)[number]["groups"].clone();
    eventually("what the group has is had", || groups("E00002") == "engineers;everyone");
    operator.inspect("group", "/groups/guides");
    operator.go("/groups/guides");
    assert!(browser.text("#members ~ .scroll").contains("added by api:otto"), "{}", browser.text("main"));
    operator.go(&page);
    browser.type_into("form.membership input[name=reason]", "no visitors any more");
    browser.follow("form.membership button[value=remove]");
    eventually("it is not any more", || groups("E00002") == "everyone");
    drop(operator);
    served.stop();
}
