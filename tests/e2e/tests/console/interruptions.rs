//! A run is stopped in a browser, and an operation is kept from being sent.

use crate::person::Person;
use purser_e2e::door::BehindADoor;
use purser_e2e::scim_company::person;
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::json;

#[test]
fn a_slow_run_is_stopped_and_an_operation_cancelled_in_a_browser() {
    let mut behind = BehindADoor::employed(4);
    behind.company.people.push(person(5));
    behind.company.export();
    let company = &behind.company;
    let served = Served::start(&company.home, &QUIET);
    let otto = company.home.api_token("otto", "operator");
    let operator = Person::signed_in(&served, &otto);
    let browser = &operator.browser;

    let closed = behind.close();
    let (status, _) =
        served.ask("POST", "/v1/runs", Some(&otto), Some(&json!({"kind": "reconciliation", "target": "app"})));
    assert_eq!(status, 202);
    operator.inspect("running", "/runs");
    browser.click("main td summary");
    assert!(operator.barriers().is_empty(), "{:?}", operator.barriers());
    browser.follow("form[action$='/stop'] button");
    assert!(browser.text(".said").contains("stops behind its next call"), "{}", browser.text("main"));
    assert!(browser.text("main").contains("api:otto wants that"), "{}", browser.text("main"));
    drop(closed);
    // The page is live: nobody loads it anew.
    eventually("the page says so", || browser.text("main").contains("stopped by api:otto"));
    operator.inspect("stopped", "/runs");

    drop(operator);
    served.stop();

    behind.close_window();
    let served = Served::start(&company.home, &QUIET);
    let operator = Person::signed_in(&served, &otto);
    let browser = &operator.browser;
    served.post("/v1/runs", &otto, &json!({"kind": "import", "source": "hr"}));
    eventually("operations wait", || !served.list("/v1/operations?state=waiting&").is_empty());
    operator.inspect("waiting", "/operations?state=waiting");
    browser.click("main td summary");
    assert!(operator.barriers().is_empty(), "{:?}", operator.barriers());
    browser.follow("form[action$='/cancellation'] button");
    assert!(browser.text(".said").contains("is not sent"), "{}", browser.text("main"));
    operator.go("/operations?state=superseded");
    assert!(browser.text("main").contains("cancelled by api:otto"), "{}", browser.text("main"));
    drop(operator);
    served.stop();
}
