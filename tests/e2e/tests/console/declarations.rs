//! A target is created in a browser: a file of declarations is added, tried and put in force.

use crate::person::Person;
use purser_e2e::people::staffed;
use purser_e2e::served::{QUIET, Served, eventually};

/// One more application, for everybody.
const INTRANET: &str = r#"[target.intranet]
connector = "flatfile"
class = "member"

[target.intranet.config]
create_missing = true

[target.intranet.config.classes.member]
kind = "account"
file = "members.csv"
key = "login"
active = "active"
columns = ["login", "name", "active"]

[target.intranet.directory.data]
path = "../apps/intranet"
access = "read-write"

[target.intranet.mapping]
login = "identity.employeeNumber"
name = "identity.displayName"

[role.member]
rule = "true"
[[role.member.grant]]
target = "intranet"
"#;

#[test]
fn a_target_is_created_tried_corrected_and_provisioned_in_a_browser() {
    let (home, people) = staffed(3);
    std::fs::create_dir_all(home.path("apps/intranet")).expect("a folder can be made");
    let served = Served::start(&home, &QUIET);
    let admin = Person::signed_in(&served, &home.api_token("ada", "admin"));
    let browser = &admin.browser;
    let before = served.get("/v1/declarations", Some(&served.own_token())).1;

    // A mistake is told with its place, and what was written is kept.
    admin.go("/declarations");
    browser.type_into("input[name=file]", "intranet.toml");
    browser.fill(
        "textarea[name=text]",
        &INTRANET.replace("class = \"member\"", "class = \"member\"\nleaving = \"explode\""),
    );
    browser.follow("button[value=try]");
    let told = browser.text("#tried");
    assert!(told.contains("intranet.toml:4") && told.contains("explode"), "{told}");
    assert!(browser.value("textarea[name=text]").contains("explode"));
    browser.picture(&purser_e2e::browser::pictures().join("declarations-mistake.png"));

    // What it would lead to is told before it is in force.
    browser.fill("textarea[name=text]", INTRANET);
    browser.follow("button[value=try]");
    let told = browser.text("#tried");
    assert!(told.contains("No mistake") && told.contains("3 items would be done"), "{told}");
    assert!(admin.barriers().is_empty(), "{:?}", admin.barriers());
    browser.picture(&purser_e2e::browser::pictures().join("declarations-tried.png"));
    assert_eq!(served.get("/v1/declarations", Some(&served.own_token())).1, before, "nothing was changed");
    browser.follow("button[value=apply]");
    assert!(browser.text(".said").contains("in force"), "{}", browser.text("main"));
    assert_eq!(home.read("declarations/intranet.toml"), INTRANET);
    eventually("everybody has an account there", || home.read("apps/intranet/members.csv").lines().count() == 4);
    admin.inspect("target-created", "/targets/intranet");
    admin.inspect("declarations", "/declarations?file=intranet.toml");

    // Whoever wrote from former declarations overwrites nothing, and loses nothing.
    admin.go("/declarations?file=roles.toml");
    browser.run("document.querySelector('input[name=made_from]').value = '0'.repeat(64)");
    browser.follow("button[value=apply]");
    assert!(browser.text("#tried").contains("other declarations are in force"), "{}", browser.text("main"));
    assert!(browser.value("textarea[name=text]").contains("[role.employee]"));

    admin.go("/declarations?file=intranet.toml");
    browser.follow("button[value=remove]");
    assert!(browser.text(".said").contains("in force"), "{}", browser.text("main"));
    assert!(!home.path("declarations/intranet.toml").exists());
    assert_eq!(served.get("/v1/targets/intranet", Some(&served.own_token())).0, 404);
    people.assert_provisioned(&home);
    drop(admin);
    served.stop();
}
