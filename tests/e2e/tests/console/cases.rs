//! A doubtful match is decided in a browser.

use crate::person::Person;
use purser_e2e::home::Home;
use purser_e2e::served::{QUIET, Served, eventually};

const DECLARATIONS: &str = r#"
[source.hr]
connector = "flatfile"
class = "person"
config = { classes = { person = { kind = "other", file = "people.csv", key = "number" } } }
[source.hr.directory.data]
path = "../hr"

[target.directory]
connector = "flatfile"
class = "account"
[target.directory.config.classes.account]
kind = "account"
file = "accounts.csv"
key = "login"
active = "active"
[target.directory.directory.data]
path = "../directory"
access = "read-write"
[[target.directory.correlation]]
attribute = "mail"
value = "identity.mail"
[target.directory.mapping]
login = { value = "identity.login", create_only = true }
mail = "identity.mail"
title = { value = "identity.title", strength = "strong" }

[role.everybody]
rule = "true"
[[role.everybody.grant]]
target = "directory"
"#;

#[test]
fn a_case_is_decided_in_a_browser_and_the_account_is_brought_into_shape() {
    let home = Home::new();
    home.drop_in("flatfile");
    home.declare("all", DECLARATIONS);
    let accounts = "login,mail,title,active\na.berg,anna@example.org,,true\nberg.a,anna@example.org,,true\n";
    home.write("directory/accounts.csv", accounts);
    home.write("hr/people.csv", "number,login,mail,title\n1,anna,anna@example.org,Dr\n");
    home.purser(&["reconcile", "directory"]).done();
    home.purser(&["import", "hr", "--apply"]).done();
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
