//! The console in a browser, over a host that serves: people sign in, look, decide and set work going.

use purser_e2e::browser::Browser;
use purser_e2e::environment;
use purser_e2e::home::Home;
use purser_e2e::http::{Message, exchange};
use purser_e2e::people::{crm, directory, guard_as_usual, staffed};
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Where pictures are kept, for people to look at.
fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/console-pictures")
}

/// Somebody with a browser at the console.
struct Person {
    browser: Browser,
    console: String,
}

impl Person {
    fn signed_in(served: &Served<'_>, token: &str) -> Self {
        let person = Self { browser: Browser::start(), console: format!("http://{}", served.address) };
        person.browser.look_as(1280, 900, "light");
        person.go("/");
        assert!(person.browser.url().ends_with("/sign-in"), "{}", person.browser.url());
        person.browser.type_into("input[name=token]", token);
        person.browser.follow("main button[type=submit]");
        assert_eq!(person.browser.text("h1"), "Overview");
        person
    }

    fn go(&self, path: &str) {
        self.browser.go(&format!("{}{path}", self.console));
    }

    /// What axe finds that keeps people out.
    fn barriers(&self) -> Vec<Value> {
        let axe = environment::clients().join("node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&axe).unwrap_or_else(|error| panic!("{}: {error}", axe.display()));
        self.browser.run(&axe);
        let found = self.browser.run_and_wait(
            "const done = arguments[arguments.length - 1]; \
             axe.run().then((found) => done(found.violations), (error) => done([{impact: 'serious', id: String(error)}]));",
        );
        let serious = |one: &&Value| one["impact"] == "serious" || one["impact"] == "critical";
        let all = found.as_array().unwrap_or_else(|| panic!("axe says {found}"));
        all.iter().filter(serious).map(|one| json!({"id": one["id"], "nodes": one["nodes"]})).collect()
    }

    /// Looks at a page in every way: none may keep anybody out, or be wider than its screen.
    fn inspect(&self, name: &str, path: &str) {
        for (look, width, height, scheme) in
            [("light", 1280, 900, "light"), ("dark", 1280, 900, "dark"), ("phone", 390, 844, "light")]
        {
            self.browser.look_as(width, height, scheme);
            self.go(path);
            self.browser.picture(&pictures().join(format!("{name}-{look}.png")));
            let barriers = self.barriers();
            assert!(barriers.is_empty(), "{path} ({look}): {barriers:#?}");
            let wide =
                self.browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(wide, 0, "{path} ({look}) is wider than its screen");
        }
        self.browser.look_as(1280, 900, "light");
    }
}

/// An answer to a request without a browser.
fn plain(served: &Served<'_>, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Message {
    let mut all = vec![("Host".to_owned(), served.address.to_string())];
    all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let first_line = format!("{method} {path} HTTP/1.1");
    exchange(served.address, &Message { first_line, headers: all, body: body.as_bytes().to_vec() }).expect("an answer")
}

#[test]
fn without_a_session_there_is_nothing_but_the_form_to_sign_in() {
    let (home, _people) = staffed(1);
    let served = Served::start(&home, &QUIET);
    let answer = plain(&served, "GET", "/", &[], "");
    assert_eq!((answer.status(), answer.header("location")), (Some(303), Some("/sign-in")));
    let form = plain(&served, "GET", "/sign-in", &[], "");
    assert_eq!(form.status(), Some(200));
    let policy = form.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let cookie = form.header("set-cookie").unwrap_or_default();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    // The token of the API itself is no way in: pages know sessions alone.
    let bearer = format!("Bearer {}", served.own_token());
    assert_eq!(plain(&served, "GET", "/", &[("Authorization", &bearer)], "").status(), Some(303));
    assert_eq!(plain(&served, "POST", "/plans", &[("Authorization", &bearer)], "targets=").status(), Some(303));
    assert_eq!(served.list("/v1/plans?").len(), 0);
    served.stop();
}

/// Twelve of thirty have left, which is more than the guard lets pass: nothing happens until somebody decides.
fn after_a_mass_departure() -> Home {
    let (home, mut people) = staffed(30);
    guard_as_usual(&home);
    for place in 0..12 {
        people.at(place).employed = false;
    }
    people.export(&home);
    home.purser(&["import", "hr", "--allow-departures", "12"]).done();
    home.purser(&["plan", "--target", "crm"]).ended_with(3);
    home
}

#[test]
fn a_plan_is_made_decided_item_by_item_and_applied_in_a_browser() {
    let home = after_a_mass_departure();
    let served = Served::start(&home, &QUIET);
    eventually("everything is held", || served.list("/v1/held?").len() == 24);
    let admin = Person::signed_in(&served, &home.api_token("ada", "admin"));
    let browser = &admin.browser;

    // What is held already is not planned again.
    admin.go("/plans");
    browser.type_into("input[name=targets]", "crm");
    browser.follow("main form button[type=submit]");
    assert!(browser.text(".said").contains("Nothing is to be done"), "{}", browser.text("main"));

    // Of a plan from before one item is rejected, the rest approved, and what is approved is applied.
    browser.follow("tbody a");
    let plan = browser.url().rsplit('/').next().expect("an id").to_owned();
    browser.click("#item-2 input[type=checkbox]");
    browser.follow("button[value=reject]");
    assert!(browser.text("#item-2").contains("rejected"), "{}", browser.text("main"));
    browser.follow("button[value=approve-undone]");
    assert!(browser.text("#item-1").contains("approved") && browser.text("#item-12").contains("approved"));
    assert!(browser.text("#item-2").contains("rejected"), "{}", browser.text("main"));
    admin.inspect("plan", &format!("/plans/{plan}"));
    browser.follow("form.apply button");
    assert!(browser.text(".said").contains("The plan is applied"), "{}", browser.text("main"));
    let shown = browser.text("main");
    assert!(browser.text("#item-1").contains("held") && browser.text("#item-2").contains("rejected"), "{shown}");

    // The guard has the last word about so many: all but one are approved there too.
    admin.go("/held?target=crm");
    browser.click("[data-check-all]");
    browser.click("li.item input[type=checkbox]");
    browser.follow("button[value=approve]");
    let enabled = || crm(&home).values().filter(|account| account["enabled"] == true).count();
    eventually("eleven of twelve are disabled", || enabled() == 19);
    let rows = served.list("/v1/audit?actor=api:ada&");
    let asked_for = |end: &str| rows.iter().any(|row| row["activity"].as_str().is_some_and(|text| text.ends_with(end)));
    assert!(asked_for("/decision") && asked_for("/application"), "{rows:?}");

    // What the guard holds in the other target is decided as a whole.
    admin.inspect("held-many", "/held");
    admin.go("/held?target=directory");
    browser.click("[data-check-all]");
    browser.follow("button[value=approve]");
    eventually("twelve are disabled", || {
        directory(&home).values().filter(|one| one["active"] == "false").count() == 12
    });
    assert_eq!(enabled(), 19, "what was rejected is left as it is");

    // One person: accounts, why, what was done.
    admin.go("/identities");
    browser.type_into("input[name=search]", "e00020@");
    browser.follow("form[role=search] button");
    browser.follow("tbody a");
    let person = browser.run("return document.querySelector('main').textContent").to_string();
    for part in ["hr/E00020", "crm", "directory", "Granted by", "read-customers", "operation-applied"] {
        assert!(person.contains(part), "{part} is not in {person}");
    }
    drop(admin);
    served.stop();
}

#[test]
fn a_page_of_runs_shows_a_run_that_somebody_else_begins() {
    let (home, _people) = staffed(1);
    let served = Served::start(&home, &QUIET);
    let viewer = Person::signed_in(&served, &home.api_token("vera", "viewer"));
    viewer.go("/runs");
    assert!(!viewer.browser.text("main").contains("reconciliation of crm"));
    served.post("/v1/runs", &served.own_token(), &json!({"kind": "reconciliation", "target": "crm"}));
    eventually("the page shows the run", || viewer.browser.text("main").contains("reconciliation of crm"));
    drop(viewer);
    served.stop();
}

#[test]
fn no_page_keeps_anybody_out_in_light_in_dark_or_on_a_phone() {
    let (home, mut people) = staffed(12);
    people.at(3).employed = false;
    people.at(4).email = "new@example.org".to_owned();
    people.export(&home);
    home.purser(&["import", "hr", "--apply", "--allow-departures", "1"]).done();
    let served = Served::start(&home, &QUIET);
    served.post("/v1/runs", &served.own_token(), &json!({"kind": "reconciliation", "target": "crm", "dry_run": true}));
    assert_eq!(crm(&home).len(), 12);
    let admin = Person::signed_in(&served, &home.api_token("ada", "admin"));
    let someone = served.list("/v1/identities?key=E00004&")[0]["id"].as_str().expect("an id").to_owned();
    for (name, path) in [
        ("overview", "/"),
        ("identities", "/identities"),
        ("person", &format!("/identities/{someone}")),
        ("targets", "/targets"),
        ("plans", "/plans"),
        ("held", "/held"),
        ("cases", "/cases"),
        ("quarantine", "/quarantine"),
        ("runs", "/runs"),
        ("operations", "/operations"),
        ("audit", "/audit"),
        ("tokens", "/tokens"),
        ("failed", "/identities/00000000-0000-7000-8000-000000000000"),
    ] {
        admin.inspect(name, path);
    }
    admin
        .browser
        .run("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/assets/mark.svg\">')");
    assert_eq!(admin.barriers()[0]["id"], "image-alt", "axe sees what is wrong");
    admin.go("/");
    admin.browser.follow(".who button");
    assert!(admin.browser.url().ends_with("/sign-in"));
    admin.inspect("sign-in", "/sign-in");
    drop(admin);
    served.stop();
}
