//! Backups are made, taken and removed, and clients that push get tokens, in a browser.

use crate::person::Person;
use purser_e2e::browser::pictures;
use purser_e2e::home::Home;
use purser_e2e::people::staffed;
use purser_e2e::served::{QUIET, Served};
use serde_json::json;

/// Takes what a link leads to, as a browser does that is asked to: its size, its SHA-256, and the name to keep it under.
const TAKE: &str = "
    const done = arguments[arguments.length - 1];
    const take = async () => {
        const answer = await fetch(document.querySelector('a[download]').href);
        const bytes = await answer.arrayBuffer();
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
        const digits = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
        done([bytes.byteLength, digits, answer.headers.get('etag'), answer.headers.get('content-disposition')]);
    };
    take().catch((error) => done(String(error)));
";

#[test]
fn a_backup_is_made_taken_and_removed_in_a_browser() {
    let (home, _people) = staffed(2);
    let served = Served::start(&home, &QUIET);
    let admin = Person::signed_in(&served, &home.api_token("ada", "admin"));
    let browser = &admin.browser;
    admin.go("/");
    browser.follow("nav a[href='/backups']");
    assert!(browser.text("main").contains("personal data"), "{}", browser.text("main"));
    admin.inspect("backups-none", "/backups");
    browser.follow("form[action='/backups'] button");
    assert!(browser.text(".said").contains("is made"), "{}", browser.text("main"));
    let kept = served.get("/v1/backups", Some(&served.own_token())).1;
    let name = kept["items"][0]["name"].as_str().expect("a name").to_owned();
    assert!(browser.text("main").contains(&name), "{}", browser.text("main"));
    admin.inspect("backups", "/backups");

    let taken = browser.run_and_wait(TAKE);
    let size = std::fs::metadata(home.path(&format!("data/backups/{name}"))).expect("it is there").len();
    assert_eq!(taken[0], json!(size), "{taken}");
    assert_eq!(taken[2], json!(format!("\"{}\"", taken[1].as_str().expect("a digest"))), "{taken}");
    assert_eq!(taken[3], json!(format!("attachment; filename=\"{name}\"")));
    let rows = served.list("/v1/audit?action=requested&actor=api:ada&");
    let content = format!("GET /v1/backups/{name}/content");
    assert!(rows.iter().any(|row| row["subject"] == content.as_str()), "{rows:?}");
    admin.go("/backups/purser-1.tar/content");
    assert!(browser.text("main").contains("no backup"), "{}", browser.text("main"));

    admin.go("/backups");
    browser.follow("form[action$='/removal'] button");
    assert!(browser.text(".said").contains("is removed"), "{}", browser.text("main"));
    assert_eq!(served.get("/v1/backups", Some(&served.own_token())).1["items"], json!([]));
    drop(admin);
    served.stop();
}

#[test]
fn a_client_that_pushes_gets_a_token_that_is_shown_once_and_ended_in_a_browser() {
    let home = Home::new();
    home.declare("idp", "[source.idp]\nkind = \"scim\"\n");
    let served = Served::start(&home, &QUIET);
    let admin = Person::signed_in(&served, &home.api_token("ada", "admin"));
    let browser = &admin.browser;
    admin.go("/tokens");
    let of_scim = "form[action='/scim-tokens']";
    browser.type_into(&format!("{of_scim} input[name=name]"), "okta");
    browser.choose(&format!("{of_scim} select[name=source]"), "idp");
    browser.fill(&format!("{of_scim} input[name=expires_at]"), "2199-12-31T23:59");
    browser.follow(&format!("{of_scim} button"));
    let token = browser.text("code.secret");
    assert!(admin.barriers().is_empty(), "{:?}", admin.barriers());
    browser.picture(&pictures().join("scim-token-made.png"));
    let pushes = || served.ask("GET", "/scim/v2/Users", Some(&token), None).0;
    assert_eq!((pushes(), served.get("/v1/targets", Some(&token)).0), (200, 401));

    admin.inspect("tokens-scim", "/tokens");
    admin.go("/tokens");
    let shown = browser.text("main");
    assert!(!shown.contains(&token) && shown.contains("okta") && shown.contains("2199"), "{shown}");
    let again = format!("{of_scim} input[name=name]");
    browser.type_into(&again, "okta");
    browser.follow(&format!("{of_scim} button"));
    assert!(browser.text(".said").contains("okta"), "a name is taken once: {}", browser.text("main"));
    browser.follow("form[action='/scim-tokens/okta/revocation'] button");
    assert!(browser.text(".said").contains("opens nothing any more"), "{}", browser.text("main"));
    assert_eq!(pushes(), 401);
    drop(admin);
    served.stop();
}
