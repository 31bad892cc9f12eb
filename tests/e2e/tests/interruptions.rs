//! What people interrupt while a host serves: runs that stop, and operations that are not sent.

use purser_e2e::door::BehindADoor;
use purser_e2e::http::{Message, exchange};
use purser_e2e::program::Answer;
use purser_e2e::scim_company::{ScimCompany, person};
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// A token of this role for whoever is called so.
fn token(company: &ScimCompany, name: &str, role: &[&str]) -> String {
    let made = company.home.purser(&[&["token", "create", name, "--role"], role].concat()).done();
    made["token"].as_str().expect("a token").to_owned()
}

fn metrics(served: &Served<'_>) -> String {
    let headers = vec![
        ("Host".to_owned(), served.address.to_string()),
        ("Authorization".to_owned(), format!("Bearer {}", served.own_token())),
    ];
    let request = Message { first_line: "GET /metrics HTTP/1.1".to_owned(), headers, body: Vec::new() };
    let answer = exchange(served.address, &request).expect("the host answers");
    String::from_utf8_lossy(&answer.body).into_owned()
}

#[test]
fn a_run_is_stopped_by_those_who_may_and_nobody_is_gone() {
    let behind = BehindADoor::employed(12);
    let (company, app) = (&behind.company, &behind.app);
    let served = Served::start(&company.home, &QUIET);
    let (olga, vera) = (token(company, "olga", &["operator"]), token(company, "vera", &["viewer"]));
    let (otto, other) =
        (token(company, "otto", &["owner", "--target", "app"]), json!({"kind": "reconciliation", "target": "app"}));
    let closed = behind.close();
    let (status, begun) = served.ask("POST", "/v1/runs", Some(&olga), Some(&other));
    assert_eq!(status, 202, "{begun}");
    let run = served.list("/v1/runs?").into_iter().find(|run| run["state"] == "running").expect("it goes on");
    let place = format!("/v1/runs/{}", run["id"].as_str().expect("an id"));
    let stop = |token: &str| served.ask("POST", &format!("{place}/stop"), Some(token), None);
    assert_eq!(stop(&vera).0, 403);
    let nobody = "/v1/runs/0198a000-0000-7000-8000-000000000000/stop";
    assert_eq!(served.ask("POST", nobody, Some(&olga), None).0, 404);
    let (status, told) = stop(&olga);
    assert_eq!((status, &told["state"], &told["stop"]["by"]), (200, &json!("running"), &json!("api:olga")), "{told}");
    drop(closed);
    let now = || served.get(&place, Some(&olga)).1;
    eventually("the run has stopped", || now()["state"] == "stopped");
    assert_eq!(now()["detail"], "stopped by api:olga");

    let (status, again) = stop(&otto);
    assert_eq!((status, &again), (200, &now()), "who asks again, an owner of the target, is told the same");
    let audited = |action: &str| served.list(&format!("/v1/audit?action={action}&"));
    let actors: Vec<Value> = audited("run-stopping").iter().map(|row| row["actor"].clone()).collect();
    assert_eq!(actors, ["api:olga"]);
    assert_eq!(audited("run-stopped").len(), 1);
    let metrics = metrics(&served);
    let counted = "purser_runs_total{kind=\"reconciliation\",outcome=\"stopped\"} 1";
    assert!(metrics.contains(counted), "{metrics}");

    let report = served.post("/v1/runs", &olga, &other);
    assert_eq!((&report["resumed"], &report["gone"]), (&json!(false), &json!(0)), "{report}");
    let (status, problem) =
        served.ask("POST", &format!("/v1/runs/{}/stop", report["run"].as_str().expect("an id")), Some(&olga), None);
    assert_eq!((status, &problem["code"]), (409, &json!("refused")), "{problem}");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("has ended: completed")), "{problem}");
    served.stop();
    company.assert_mirrored_in(app);
}

#[test]
fn a_host_that_is_killed_before_a_run_has_stopped_does_not_go_on_with_it() {
    let behind = BehindADoor::employed(6);
    let (company, app) = (&behind.company, &behind.app);
    let served = Served::start(&company.home, &QUIET);
    let token = served.own_token();
    let closed = behind.close();
    let (status, begun) =
        served.ask("POST", "/v1/runs", Some(&token), Some(&json!({"kind": "reconciliation", "target": "app"})));
    assert_eq!(status, 202, "{begun}");
    let run = served.list("/v1/runs?").into_iter().find(|run| run["state"] == "running").expect("it goes on");
    let place = format!("/v1/runs/{}", run["id"].as_str().expect("an id"));
    let (status, told) = served.ask("POST", &format!("{place}/stop"), Some(&token), None);
    assert_eq!((status, &told["state"]), (200, &json!("running")), "{told}");
    served.process.kill_after(Duration::ZERO);
    drop(closed);
    let served = Served::start(&company.home, &QUIET);
    let (_, run) = served.get(&place, Some(&token));
    assert_eq!(
        (&run["state"], run["detail"].as_str()),
        (&json!("stopped"), told["stop"]["by"].as_str().map(|by| format!("stopped by {by}")).as_deref()),
        "{run}"
    );
    served.stop();
    company.assert_mirrored_in(app);
}

/// Asks at a host what is asked in its home.
fn at(served: &Served<'_>, company: &ScimCompany, token: &str, arguments: &[&str]) -> Answer {
    company.home.set_variable("PURSER_TOKEN", token);
    company.home.purser(&[&["--server", &format!("http://{}", served.address)], arguments].concat())
}

#[test]
fn a_run_is_listed_shown_and_stopped_on_the_command_line() {
    let behind = BehindADoor::employed(6);
    let company = &behind.company;
    let mut served = Served::start(&company.home, &QUIET);
    let token = served.own_token();
    let begin = |served: &Served<'_>| {
        let (status, begun) =
            served.ask("POST", "/v1/runs", Some(&token), Some(&json!({"kind": "reconciliation", "target": "app"})));
        assert_eq!(status, 202, "{begun}");
        let run = served.list("/v1/runs?").into_iter().find(|run| run["state"] == "running").expect("it goes on");
        run["id"].as_str().expect("an id").to_owned()
    };
    let closed = behind.close();
    let run = begin(&served);
    let listed = company.home.purser(&["run", "list"]).done();
    assert_eq!(listed["runs"][0]["id"], json!(run), "a home can be looked into while a host works there: {listed}");
    let why = company.home.purser(&["run", "stop", &run]).complaint(1);
    assert!(why.contains("purser --server URL"), "{why}");
    company.home.set_variable("PURSER_TOKEN", &token);
    let stopping = company.home.start(&["--server", &format!("http://{}", served.address), "run", "stop", &run]);
    eventually("somebody wants it to stop", || {
        !at(&served, company, &token, &["run", "show", &run]).done()["stop"].is_null()
    });
    drop(closed);
    let stopped = stopping.wait().done();
    assert_eq!((&stopped["id"], &stopped["state"]), (&json!(run), &json!("stopped")), "it waited for that");

    // The host is killed with a run that nobody goes on with; in the home it ends at once.
    let closed = behind.close();
    let run = begin(&served);
    served.process.kill_after(Duration::ZERO);
    drop(closed);
    let stopped = company.home.purser(&["run", "stop", &run]).done();
    assert_eq!(stopped["state"], "stopped", "{stopped}");
    assert_eq!(company.home.purser(&["run", "stop", &run]).done(), stopped);
    served = Served::start(&company.home, &QUIET);
    let known = at(&served, company, &token, &["run", "show", &run]).done();
    assert_eq!(known["detail"], stopped["detail"]);
    served.stop();
    company.assert_mirrored_in(&behind.app);
}

#[test]
fn what_was_not_sent_is_cancelled_by_those_who_may_and_comes_with_the_next_reconciliation() {
    let mut behind = BehindADoor::employed(4);
    behind.company.people.extend([person(5), person(6)]);
    behind.company.export();
    // It is written to in three days.
    let open = behind.close_window();
    let (company, app) = (&behind.company, &behind.app);
    let served = Served::start(&company.home, &QUIET);
    let (olga, vera) = (token(company, "olga", &["operator"]), token(company, "vera", &["viewer"]));
    served.post("/v1/runs", &olga, &json!({"kind": "import", "source": "hr"}));
    let (_, fifth) = served.get("/v1/identities?source=hr&key=E0005", Some(&olga));
    let fifth = fifth["items"][0]["id"].as_str().expect("an id").to_owned();
    let create = || {
        let all = served.list(&format!("/v1/operations?identity={fifth}&"));
        all.into_iter().find(|one| one["intent"]["kind"] == "create")
    };
    eventually("the account is to be made", || create().is_some());
    let create = create().expect("it is there")["id"].as_str().expect("an id").to_owned();
    let cancel = format!("/v1/operations/{create}/cancellation");
    assert_eq!(served.ask("POST", &cancel, Some(&vera), None).0, 403);
    assert_eq!(served.ask("POST", &cancel, Some(&olga), None).0, 204);
    let of_fifth = served.list(&format!("/v1/operations?identity={fifth}&"));
    let is_cancelled = |one: &Value| one["state"] == "superseded";
    assert!(of_fifth.len() >= 2 && of_fifth.iter().all(is_cancelled), "the groups go with it: {of_fifth:?}");
    served.stop();
    company.home.declare("app", &open);
    let served = Served::start(&company.home, &QUIET);
    eventually("the other one is there", || app.users_by_number().contains_key("E0006"));
    eventually("nothing waits", || served.list("/v1/operations?state=waiting&").is_empty());
    assert!(!app.users_by_number().contains_key("E0005"));
    let steps = served.list(&format!("/v1/log?operation={create}&"))[0]["steps"].clone();
    let last = steps.as_array().and_then(|steps| steps.last()).expect("a step");
    assert_eq!((&last["what"], &last["by"]), (&json!("operation-cancelled"), &json!("api:olga")), "{steps}");

    let listed = at(&served, company, &olga, &["operation", "list", "--identity", "hr/E0005"]).done();
    assert_eq!(listed["operations"].as_array().map(Vec::len), Some(of_fifth.len()), "{listed}");
    let shown = company.home.purser(&["operation", "show", &create]).done();
    assert!(shown["detail"].as_str().is_some_and(|why| why.starts_with("cancelled by api:olga")), "{shown}");
    let why = company.home.purser(&["operation", "cancel", &create]).complaint(1);
    assert!(why.contains("purser --server URL"), "{why}");
    at(&served, company, &olga, &["operation", "cancel", &create]).done();
    let done = served.list("/v1/operations?state=applied&")[0]["id"].as_str().expect("an id").to_owned();
    let why = at(&served, company, &olga, &["operation", "cancel", &done]).complaint(1);
    assert!(why.contains("has ended"), "{why}");
    let why = at(&served, company, &olga, &["operation", "retry", &done]).complaint(1);
    assert!(why.contains("no quarantined operation"), "{why}");

    served.post("/v1/runs", &olga, &json!({"kind": "reconciliation", "target": "app"}));
    eventually("the reconciliation made it good", || app.users_by_number().contains_key("E0005"));
    eventually("nothing waits", || served.list("/v1/operations?state=waiting&").is_empty());
    served.stop();
    company.assert_mirrored_in(app);
}
