//! People are suspended, let go and let depart in a browser, whatever their source says.

use crate::person::Person;
use purser_e2e::people::{crm, directory, staffed};
use purser_e2e::served::{QUIET, Served, eventually};

#[test]
fn somebody_is_suspended_let_go_and_let_depart_in_a_browser() {
    let (home, _people) = staffed(3);
    let served = Served::start(&home, &QUIET);
    let operator = Person::signed_in(&served, &home.api_token("otto", "operator"));
    let browser = &operator.browser;
    let id = served.list("/v1/identities?key=E00002&")[0]["id"].as_str().expect("an id").to_owned();
    let page = format!("/identities/{id}");
    let is_enabled = |enabled: bool| crm(&home)["E00002"]["enabled"] == enabled;
    assert!(is_enabled(true));

    operator.go(&page);
    assert!(browser.text("#imposed ~ .empty").contains("Nothing is imposed"), "{}", browser.text("main"));
    browser.fill("form.impose input[name=until]", "2199-12-31T23:59");
    browser.type_into("form.impose input[name=reason]", "on parental leave");
    browser.follow("form.impose button[value=suspension]");
    assert!(browser.text(".said").contains("is suspended"), "{}", browser.text("main"));
    let shown = browser.text("#imposed ~ .scroll");
    for part in ["suspended", "api:otto", "on parental leave", "2199"] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    eventually("the account is disabled", || is_enabled(false));
    assert!(browser.text(".summary").contains("suspended"), "{}", browser.text(".summary"));
    operator.inspect("person-suspended", &page);

    // With the keyboard alone: from the reason one comes to the button, which lifts it.
    operator.go(&page);
    browser.type_into("form.lift input[name=reason]", "is back");
    browser.follow_by_keys("form.lift input[name=reason]", "\u{e004} ");
    assert!(browser.text(".said").contains("The suspension is lifted"), "{}", browser.text("main"));
    eventually("the account is enabled", || is_enabled(true));

    // Who sends the form with Enter does the lesser of both.
    browser.type_into("form.impose input[name=reason]", "for a moment");
    browser.follow_by_keys("form.impose input[name=reason]", "\u{e007}");
    assert!(browser.text("#imposed ~ .scroll").contains("suspended"), "{}", browser.text("main"));
    browser.type_into("form.lift input[name=reason]", "enough");
    browser.follow("form.lift button");

    browser.type_into("form.impose input[name=reason]", "left on the spot");
    browser.follow("form.impose button[value=departure]");
    assert!(browser.text(".said").contains("let depart"), "{}", browser.text("main"));
    eventually("both accounts are disabled", || is_enabled(false) && directory(&home)["E00002"]["active"] == "false");
    operator.inspect("person-departed", &page);
    let rows = served.list("/v1/audit?action=state-imposed&actor=api:otto&");
    assert!(rows.len() == 3 && rows[0].to_string().contains("left on the spot"), "{rows:?}");

    // A viewer sees it, and has no form for it.
    let viewer = Person::signed_in(&served, &home.api_token("vera", "viewer"));
    viewer.go(&page);
    assert!(viewer.browser.text("#imposed ~ .scroll").contains("left on the spot"));
    assert_eq!(viewer.browser.run("return document.querySelectorAll('form.impose, form.lift').length"), 0);
    drop((operator, viewer));
    served.stop();
}
