//! A connector is dropped in, taken and rolled back in a browser.

use crate::person::Person;
use purser_e2e::builds::{importing, with_version};
use purser_e2e::environment::connector;
use purser_e2e::people::staffed;
use purser_e2e::served::{QUIET, Served};
use std::fs;

#[test]
fn a_connector_is_dropped_in_looked_at_approved_and_rolled_back_in_a_browser() {
    let (home, _people) = staffed(1);
    let served = Served::start(&home, &QUIET);
    let admin = Person::signed_in(&served, &home.api_token("ada", "admin"));
    let browser = &admin.browser;
    let built = fs::read(connector("flatfile")).expect("it can be read");
    home.write("upload/bad.wasm", "garbage");
    home.write("upload/newer.wasm", importing(&with_version(&built, "0.2.0"), "purser:connector/clock@0.1.0"));
    let drop_in = |file: &str| {
        admin.go("/connectors");
        browser.type_into("input[name=component]", &home.path(file).display().to_string());
        browser.follow("form[enctype] button");
        browser.text(".said")
    };
    let refused = drop_in("upload/bad.wasm");
    assert!(refused.contains("bad.wasm"), "{refused}");
    assert!(!home.path("connectors/bad.wasm").exists());
    let taken = drop_in("upload/newer.wasm");
    assert!(taken.contains("0.2.0 lies in the folder"), "{taken}");

    // It asks for more, so it waits; what it asks for is shown before anybody approves.
    let of_crm = "form[action='/targets/crm/upgrade']";
    browser.follow(&format!("{of_crm} button[value=begin]"));
    let shown = browser.text("main");
    assert!(shown.contains("waiting") && shown.contains("asks for more"), "{shown}");
    admin.inspect("upgrade-waits", "/connectors");
    browser.follow("#builds ~ .scroll td a[href*='former=']");
    let compared = browser.text("main");
    assert!(compared.contains("It asks for more than the build in use") && compared.contains("clock"), "{compared}");
    let url = browser.url();
    let (_, path) = url.split_once("/connectors/").expect("the page of a build");
    admin.inspect("connector-compared", &format!("/connectors/{path}"));
    let runs = || served.get("/v1/targets/crm", Some(&served.own_token())).1["runs"]["version"].clone();
    admin.go("/connectors");
    browser.follow(&format!("{of_crm} button[value=advance]"));
    browser.follow(&format!("{of_crm} button[value=begin]"));
    assert_eq!(runs(), "0.2.0", "{}", browser.text("main"));
    browser.follow(&format!("{of_crm} button[value=roll-back]"));
    assert_eq!(runs(), "0.1.0", "{}", browser.text("main"));
    admin.inspect("upgrade-rolled-back", "/connectors");
    drop(admin);
    served.stop();
}
