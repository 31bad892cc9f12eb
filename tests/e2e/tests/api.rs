//! The HTTP API in the hands of people with different roles: they look, decide and set work going, and the audit log names them.

use purser_e2e::home::Home;
use purser_e2e::people::{crm, edit_directory, guard_as_usual, staffed};
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::{Value, json};

/// Actor and activity of the rows with this action.
fn audited(home: &Home, action: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let listed = home.purser(&["audit", "list", "--action", action]);
    let rows = listed.output.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row is JSON"));
    rows.map(|row| (text(&row["actor"]), text(&row["activity"]))).collect()
}

#[test]
fn a_mass_departure_is_seen_and_decided_by_those_who_may() {
    let (home, mut people) = staffed(30);
    guard_as_usual(&home);
    for place in 0..12 {
        people.at(place).employed = false;
    }
    people.export(&home);
    home.purser(&["import", "hr", "--allow-departures", "12"]).done();
    let served = Served::start(&home, &QUIET);
    let (viewer, operator, approver) =
        (home.api_token("vera", "viewer"), home.api_token("otto", "operator"), home.api_token("ada", "approver"));

    eventually("everything is held", || served.list("/v1/held?").len() == 24);
    let held: Vec<Value> = served.list("/v1/held?target=crm&").iter().map(|held| held["account"].clone()).collect();
    let approval = json!({"accounts": held[..11], "decision": "approve"});
    for who in [&viewer, &operator] {
        assert_eq!(served.get("/v1/held", Some(who)).0, 200);
        let (status, problem) = served.ask("POST", "/v1/held/decision", Some(who), Some(&approval));
        assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "{problem}");
    }
    let decided = served.post("/v1/held/decision", &approver, &approval);
    assert_eq!((&decided["decided"], &decided["stale"]), (&json!(11), &json!([])));
    served.post("/v1/held/decision", &approver, &json!({"accounts": [held[11]], "decision": "reject"}));
    eventually("eleven are disabled, one was rejected", || {
        crm(&home).values().filter(|account| account["enabled"] == true).count() == 19
    });
    assert_eq!(served.list("/v1/held?state=rejected&").len(), 1);
    served.stop();
    let decided = audited(&home, "held-item-approved");
    assert_eq!(decided, vec![("api:ada".to_owned(), "POST /v1/held/decision".to_owned()); 11]);
}

#[test]
fn a_plan_is_made_reviewed_and_applied_by_three_people() {
    let (home, mut people) = staffed(3);
    // Somebody else changes two accounts, and the host has looked, but does not repair by itself what nobody woke.
    let served = Served::start(&home, &QUIET);
    let (operator, approver) = (home.api_token("otto", "operator"), home.api_token("ada", "approver"));
    for number in ["E00000", "E00001"] {
        edit_directory(&home, number, "mail", "intruder@example.com");
    }
    let looked =
        served.post("/v1/runs", &operator, &json!({"kind": "reconciliation", "target": "directory", "dry_run": true}));
    assert_eq!((&looked["listed"], &looked["changed"]), (&json!(5), &json!(2)), "{looked}");
    let made = served.post("/v1/plans", &operator, &json!({"targets": ["directory"]}));
    let plan = made["plan"]["id"].as_str().unwrap_or_else(|| panic!("a plan: {made}")).to_owned();
    let (_, items) = served.get(&format!("/v1/plans/{plan}/items"), Some(&approver));
    assert_eq!(items["items"].as_array().map(Vec::len), Some(2), "{items}");

    let path = format!("/v1/plans/{plan}/decision");
    assert_eq!(served.ask("POST", &path, Some(&operator), Some(&json!({"decision": "approve"}))).0, 403);
    let application = format!("/v1/plans/{plan}/application");
    let nothing = served.ask("POST", &application, Some(&operator), Some(&json!({"approved_only": true})));
    assert_eq!((nothing.0, &nothing.1["code"]), (409, &json!("plan-refused")), "{}", nothing.1);
    served.post(&path, &approver, &json!({"decision": "reject", "positions": [1]}));
    served.post(&path, &approver, &json!({"decision": "approve", "positions": [2]}));
    assert_eq!(served.ask("POST", &application, Some(&approver), Some(&json!({}))).0, 403);
    let applied = served.post(&application, &operator, &json!({"approved_only": true}));
    assert_eq!(applied["applied"], 1, "{applied}");
    let intruders = home.read("apps/directory/accounts.csv").matches("intruder@example.com").count();
    assert_eq!(intruders, 1, "the rejected item is left as it is");

    people.at(2).email = "new@example.org".to_owned();
    people.export(&home);
    let imported = served.post("/v1/runs", &operator, &json!({"kind": "import", "source": "hr"}));
    assert_eq!(imported["changed"], 1, "{imported}");
    eventually("the change is there", || home.read("apps/directory/accounts.csv").contains("new@example.org"));
    let (status, problem) =
        served.ask("POST", "/v1/runs", Some(&operator), Some(&json!({"kind": "import", "source": "payroll"})));
    assert_eq!((status, &problem["code"]), (404, &json!("not-found")));
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("declared are: hr")), "{problem}");
    served.stop();
    assert!(audited(&home, "requested").iter().any(|(actor, _)| actor == "api:otto"));
}

#[test]
fn one_identity_is_explained_and_provisioned_at_once() {
    let (home, people) = staffed(2);
    let served = Served::start(&home, &QUIET);
    let operator = home.api_token("otto", "operator");
    edit_directory(&home, "E00001", "mail", "intruder@example.com");
    let id = served.list("/v1/identities?key=E00001&source=hr&")[0]["id"].as_str().expect("an id").to_owned();
    let provisioned = served.post(&format!("/v1/identities/{id}/provisioning"), &operator, &json!({}));
    assert_eq!(provisioned["operations"].as_array().map(Vec::len), Some(1), "{provisioned}");
    people.assert_provisioned(&home);
    let (status, explained) = served.get(&format!("/v1/identities/{id}/explanation?target=directory"), Some(&operator));
    assert_eq!((status, explained["targets"].as_array().map(Vec::len)), (200, Some(1)), "{explained}");
    assert_eq!(explained["last_operations"][0]["intent"]["kind"], "update", "{explained}");
    let (status, problem) = served.get(&format!("/v1/identities/{id}/explanation?target=payroll"), Some(&operator));
    assert_eq!((status, &problem["code"]), (404, &json!("not-found")));
    served.stop();
}

#[test]
fn events_are_followed_as_they_happen_and_taken_up_again() {
    let (home, mut people) = staffed(2);
    let served = Served::start(&home, &QUIET);
    let (viewer, operator) = (home.api_token("vera", "viewer"), home.api_token("otto", "operator"));
    let mut followed = served.follow(&viewer, None);
    people.at(0).email = "new@example.org".to_owned();
    people.export(&home);
    served.post("/v1/runs", &operator, &json!({"kind": "import", "source": "hr"}));
    let mut seen = Vec::new();
    while seen.last().is_none_or(|(_, kind)| kind != "operation-applied") {
        let (sequence, kind, event) = followed.next_event().expect("the stream goes on");
        assert_eq!((&event["sequence"], &event["kind"]), (&json!(sequence), &json!(kind)));
        seen.push((sequence, kind));
    }
    assert!(seen.windows(2).all(|two| two[0].0 < two[1].0), "{seen:?}");
    assert!(seen.iter().any(|(_, kind)| kind == "identity-changed"), "{seen:?}");

    // Whoever saw all but the last few goes on exactly there.
    let missed = &seen[seen.len() - 3..];
    let mut again = served.follow(&viewer, Some(missed[0].0 - 1));
    for (sequence, kind) in missed {
        let (found, name, _) = again.next_event().expect("it is kept");
        assert_eq!((found, &name), (*sequence, kind));
    }
    assert_eq!(served.get("/v1/events/stream", None).0, 401);
    // Consumers that would stay for ever do not keep the host from stopping.
    served.stop();
    while again.next_event().is_some() {}
}

#[test]
fn tokens_are_made_used_listed_and_revoked_while_the_host_serves() {
    let (home, _people) = staffed(1);
    let served = Served::start(&home, &QUIET);
    let admin = served.own_token();
    let made = served.post("/v1/tokens", &admin, &json!({"name": "vera", "role": "viewer"}));
    let vera = made["token"].as_str().expect("a token").to_owned();
    assert!(vera.starts_with("purser_") && vera.len() > 64, "it can be told from other secrets, and not guessed");
    assert_eq!(served.get("/v1/identities", Some(&vera)).0, 200);
    assert_eq!(served.get("/v1/tokens", Some(&vera)).0, 403);
    let again = served.ask("POST", "/v1/tokens", Some(&admin), Some(&json!({"name": "vera", "role": "admin"})));
    assert_eq!((again.0, &again.1["code"]), (409, &json!("refused")), "{}", again.1);
    let own = served.ask("POST", "/v1/tokens", Some(&admin), Some(&json!({"name": "host", "role": "admin"})));
    assert_eq!(own.0, 409, "nobody else is called as the host is: {}", own.1);
    let over = json!({"name": "old", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(served.ask("POST", "/v1/tokens", Some(&admin), Some(&over)).0, 409);

    let short = home.purser(&["token", "create", "short", "--role", "viewer", "--expires-in", "1500ms"]).done();
    let short = short["token"].as_str().expect("a token").to_owned();
    eventually("it expires", || served.get("/v1/runs", Some(&short)).1["code"] == "token-expired");

    let listed = home.purser(&["token", "list"]).done();
    let names: Vec<_> = listed.as_array().expect("a list").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["short", "vera"]);
    assert!(listed[1]["last_used_at"].is_string(), "{listed}");
    assert!(!listed.to_string().contains(&vera));
    assert_eq!(served.ask("DELETE", "/v1/tokens/vera", Some(&admin), None).0, 204);
    assert_eq!(served.get("/v1/identities", Some(&vera)).0, 401);
    home.purser(&["token", "revoke", "short"]).done();
    assert_eq!(home.purser(&["token", "revoke", "short"]).complaint(1).matches("short").count(), 1);
    served.stop();
    assert_eq!(audited(&home, "api-token-made").len(), 2);
    assert!(audited(&home, "api-token-revoked").iter().any(|(actor, _)| actor == "api:host"));
    let kept = std::fs::read(home.path("data/purser.db")).expect("the store's file");
    for text in [&vera, &short] {
        assert!(!kept.windows(text.len()).any(|part| part == text.as_bytes()), "a token is in the store in clear");
    }
}
