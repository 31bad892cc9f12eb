//! Secrets in the sealed store: from `purser secret set` to the wire, and nowhere else.

use purser_e2e::http::{Message, exchange};
use purser_e2e::scim_company::{CAREFUL, ScimCompany};
use purser_e2e::scim_server::{ScimServer, TOKEN};
use purser_e2e::secrecy::{assert_nowhere, set};
use purser_e2e::served::{QUIET, Served};
use serde_json::json;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

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

/// Whether what is asked of the application is answered, with the secret that opens it.
fn reaches(served: &Served<'_>) -> bool {
    let run = json!({"kind": "reconciliation", "target": "app", "dry_run": true});
    let (status, _) = served.ask("POST", "/v1/runs", Some(&served.own_token()), Some(&run));
    (200..300).contains(&status)
}

#[test]
fn the_key_is_changed_while_a_host_works_with_what_it_seals() {
    let server = ScimServer::start();
    let company = company(&server.tenant("turned").url());
    let home = &company.home;
    assert_eq!(set(home, "app-token", TOKEN).0, 0);
    company.import_and_apply();
    fs::copy(home.path("data/secret-key"), home.path("old-key")).expect("the key is there");
    let served = Served::start(home, &QUIET);
    let own = served.own_token();
    let url = format!("http://{}", served.address);
    home.set_variable("PURSER_TOKEN", &own);
    // As a host leaves it that was killed before anything was changed.
    home.write("data/secret-key.again", home.read("old-key"));
    let rotated = home.purser(&["--server", &url, "secret", "rotate-key"]).done();
    assert_eq!((&rotated["secrets"], &rotated["key_file"]), (&json!(1), &json!(null)), "{rotated}");

    // Whoever uses secrets meanwhile, or sets others, does not notice.
    std::thread::scope(|all| {
        let working = all.spawn(|| (0..10).all(|_| reaches(&served)));
        let setting = all.spawn(|| {
            (0..20).all(|number| {
                let value = json!({"value": format!("value {number}")});
                served.ask("PUT", "/v1/secrets/spare", Some(&own), Some(&value)).0 == 200
            })
        });
        for _ in 0..20 {
            served.post("/v1/sealing-key/rotation", &own, &json!({}));
        }
        assert!(working.join().expect("it ends") && setting.join().expect("it ends"));
    });
    let listed = served.get("/v1/secrets", Some(&own)).1;
    let keys: Vec<_> = listed["items"].as_array().expect("a list").iter().map(|one| &one["key"]).collect();
    assert!(keys.len() == 2 && keys[0] == keys[1] && *keys[0] != rotated["key"], "{listed}");
    let rows = served.list("/v1/audit?actor=api:host&action=secrets-resealed&");
    assert_eq!(rows.len(), 21, "{rows:?}");

    // Where something lies in the way, nothing is changed, and what was sealed is still opened.
    home.write("data/secret-key.again/in-the-way", "");
    let (status, problem) = served.ask("POST", "/v1/sealing-key/rotation", Some(&own), None);
    assert_eq!((status, &problem["code"]), (409, &json!("refused")), "{problem}");
    assert!(problem["detail"].as_str().is_some_and(|told| told.contains("nothing was changed")), "{problem}");
    assert!(reaches(&served));
    fs::remove_dir_all(home.path("data/secret-key.again")).expect("it is there");
    let otto = home.api_token("otto", "operator");
    assert_eq!(served.ask("POST", "/v1/sealing-key/rotation", Some(&otto), None).0, 403);
    served.stop();

    home.purser(&["check"]).done();
    let refused = home.purser(&["--key-file", "old-key", "check"]).ended_with(1).to_string();
    assert!(refused.contains("is sealed with the key"), "{refused}");
    assert_nowhere(home, TOKEN, &[]);

    // A host whose key comes from its environment says what to do.
    home.set_variable("PURSER_KEY", home.read("data/secret-key").trim());
    fs::rename(home.path("data/secret-key"), home.path("elsewhere")).expect("the key is there");
    let served = Served::start(home, &QUIET);
    let (status, problem) = served.ask("POST", "/v1/sealing-key/rotation", Some(&own), None);
    let told = problem["detail"].as_str().unwrap_or_default();
    assert!(status == 409 && told.contains("PURSER_KEY") && told.contains("--new-key-file"), "{status} {problem}");
    assert!(reaches(&served));
    served.stop();
}

#[test]
fn whenever_a_host_is_killed_while_the_key_is_changed_its_secrets_can_be_opened() {
    let server = ScimServer::start();
    let company = company(&server.tenant("killed").url());
    let home = &company.home;
    assert_eq!(set(home, "app-token", TOKEN).0, 0);
    for round in 0..6 {
        let served = Served::start(home, &QUIET);
        let (address, own) = (served.address, served.own_token());
        let rotating = std::thread::spawn(move || while rotate(address, &own) {});
        assert!(served.process.kill_after(Duration::from_millis(40 + round * 37)), "it was still running");
        rotating.join().expect("it ends with the host");
        home.purser(&["check"]).done();
    }
    assert!(home.purser(&["audit", "list", "--action", "secrets-resealed"]).output.contains("api:host"));
}

/// Whether the host changed its key.
fn rotate(host: SocketAddr, token: &str) -> bool {
    let headers = [("Host", host.to_string()), ("Authorization", format!("Bearer {token}"))];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let first_line = "POST /v1/sealing-key/rotation HTTP/1.1".to_owned();
    exchange(host, &Message { first_line, headers, body: Vec::new() }).is_ok_and(|answer| answer.status() == Some(200))
}
