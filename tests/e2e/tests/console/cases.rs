//! A doubtful match is decided in a browser.

use crate::person::Person;
use purser_e2e::doubt::home;
use purser_e2e::served::{QUIET, Served, eventually};

#[test]
fn a_case_is_decided_in_a_browser_and_the_account_is_brought_into_shape() {
    let home = home("a.berg,anna@example.org,,true\nberg.a,anna@example.org,,true\n");
    let served = Served::start(&home, &QUIET);
    let operator = Person::signed_in(&served, &home.api_token("otto", "operator"));
    let browser = &operator.browser;
    operator.go("/cases?state=open");
    browser.follow("tbody a");
    let (case, shown) = (browser.url(), browser.text("main"));
    assert!(shown.contains("a.berg") && shown.contains("berg.a"), "{shown}");
    let path = case.split_once("/cases/").expect("a case").1.to_owned();
    operator.inspect("case", &format!("/cases/{path}"));
    let second = browser.text("ul.accounts > li:nth-child(2) h3 code");
    browser.follow("ul.accounts > li:nth-child(2) button[value=link]");
    assert!(browser.text(".said").contains("The case is decided"), "{}", browser.text("main"));
    eventually("the chosen one is brought into shape", || {
        home.read("directory/accounts.csv").contains(&format!("{second},anna@example.org,Dr,true"))
    });
    assert_eq!(home.read("directory/accounts.csv").lines().count(), 3, "no account was created");
    drop(operator);
    served.stop();
}
