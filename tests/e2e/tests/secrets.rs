//! Secrets in the sealed store: from `purser secret set` to the wire, and nowhere else.

use purser_e2e::scim_company::{CAREFUL, ScimCompany};
use purser_e2e::scim_server::{ScimServer, TOKEN};
use purser_e2e::secrecy::{assert_nowhere, set};
use serde_json::json;
use std::fs;

/// A company whose application is reached with the sealed secret `app-token`, which is not set yet.
fn company(url: &str) -> ScimCompany {
    let company = ScimCompany::found(4, url, CAREFUL);
    fs::remove_file(company.home.path("token")).expect("the token's file is there");
    let declared = company.home.read("declarations/app.toml");
    let sealed = declared.replace("{ file = \"../token\" }", "{ secret = \"app-token\" }");
    assert_ne!(declared, sealed);
    company.home.declare("app", &sealed);
    company
}

#[test]
fn a_sealed_secret_reaches_the_wire_and_nothing_else() {
    let server = ScimServer::start();
    let app = server.tenant("sealed");
    let company = company(&app.url());
    let home = &company.home;

    let missing = home.purser(&["check"]);
    assert!(missing.ended_with(1).to_string().contains("purser secret set app-token"), "{missing:?}");

    let (code, said) = set(home, "app-token", &format!("{TOKEN}\n"));
    assert!(code == 0 && said.contains("secret-key"), "{said}");
    assert!(!said.contains(TOKEN), "{said}");
    let checked = home.purser(&["check"]);
    checked.done();
    company.import_and_apply();
    company.assert_mirrored_in(&app);

    let listed = home.purser(&["secret", "list"]);
    let all = listed.done();
    assert_eq!((&all[0]["name"], &all[0]["version"]), (&json!("app-token"), &json!(1)));
    assert_eq!(all[0]["used_by"], json!(["target app, endpoint scim"]), "{all}");
    let looked = home.purser(&["-v", "-v", "reconcile", "app"]);
    looked.done();
    let explained = home.purser(&["explain", "hr/E0001"]);
    let audited = home.purser(&["audit", "list"]);
    assert!(audited.output.contains("secret-set"), "{audited:?}");
    home.purser(&["audit", "verify"]).done();
    assert_nowhere(home, TOKEN, &[&missing, &checked, &listed, &looked, &explained, &audited]);
}

#[test]
fn the_key_is_changed_and_the_old_one_opens_nothing() {
    let server = ScimServer::start();
    let company = company(&server.tenant("rotated").url());
    let home = &company.home;
    home.write("value", TOKEN);
    home.purser(&["secret", "set", "app-token", "--from-file", "value"]).done();
    fs::remove_file(home.path("value")).expect("it was written");
    fs::copy(home.path("data/secret-key"), home.path("old-key")).expect("the key is there");

    let rotated = home.purser(&["secret", "rotate-key"]).done();
    assert_eq!(rotated["secrets"], 1, "{rotated}");
    home.purser(&["check"]).done();
    let refused = home.purser(&["--key-file", "old-key", "check"]).ended_with(1).to_string();
    assert!(refused.contains("`app-token` is sealed with the key"), "{refused}");

    // Killed after everything was sealed anew, before the new key took its place.
    fs::rename(home.path("data/secret-key"), home.path("data/secret-key.next")).expect("the key is there");
    fs::copy(home.path("old-key"), home.path("data/secret-key")).expect("the old key is there");
    home.purser(&["check"]).done();

    home.purser(&["secret", "rotate-key", "--new-key-file", "new-key"]).done();
    home.purser(&["--key-file", "new-key", "check"]).done();
    let mut with_variable = home.command(&["check"]);
    with_variable.env("PURSER_KEY", home.read("new-key"));
    assert!(with_variable.output().expect("the program starts").status.success());
    home.purser(&["check"]).ended_with(1);
    assert_nowhere(home, TOKEN, &[]);
}

#[test]
fn what_somebody_changed_in_the_store_is_not_used_and_named() {
    let server = ScimServer::start();
    let company = company(&server.tenant("tampered").url());
    let home = &company.home;
    assert_eq!(set(home, "app-token", TOKEN).0, 0);
    assert_eq!(set(home, "other", "another value").0, 0);
    let tamper = |sql: &str| {
        let store = rusqlite::Connection::open(home.path("data/purser.db")).expect("the store opens");
        assert_eq!(store.execute(sql, []).expect("the rows can be changed"), 1, "{sql}");
    };
    let said = || home.purser(&["check"]).ended_with(1).to_string();

    tamper(
        "UPDATE secret SET (wrapped_key, sealed) = (SELECT wrapped_key, sealed FROM secret WHERE name = 'other') \
            WHERE name = 'app-token'",
    );
    assert!(said().contains("`app-token` was changed in the store or belongs to another row"), "{}", said());
    tamper("UPDATE secret SET wrapped_key = x'00' WHERE name = 'app-token'");
    assert!(said().contains("`app-token` is cut short"), "{}", said());
    let changed = home.purser(&["secret", "rotate-key"]).complaint(1);
    assert!(changed.contains("`app-token` is cut short"), "{changed}");

    assert_eq!(set(home, "app-token", TOKEN).0, 0);
    home.purser(&["check"]).done();
}

#[test]
fn nothing_empty_is_sealed_and_nothing_in_use_is_removed() {
    let company = company("http://127.0.0.1:9/never-asked");
    let home = &company.home;
    for empty in ["", "\n"] {
        let (code, said) = set(home, "app-token", empty);
        assert!(code == 1 && said.contains("the secret is empty"), "{code}: {said}");
    }
    assert_eq!(set(home, "app-token", "something").0, 0);
    assert_eq!(set(home, "spare", "something else").0, 0);
    let used = home.purser(&["secret", "remove", "app-token"]).complaint(1);
    assert!(used.contains("target app, endpoint scim") && used.contains("--force"), "{used}");
    home.purser(&["secret", "remove", "spare"]).done();
    home.purser(&["secret", "remove", "app-token", "--force"]).done();
    assert_eq!(home.purser(&["secret", "list"]).done(), json!([]));
    let gone = home.purser(&["secret", "remove", "spare"]).complaint(1);
    assert!(gone.contains("no secret `spare`"), "{gone}");
}
