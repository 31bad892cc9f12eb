//! What people interrupt while a host serves: runs that stop.

use purser_e2e::door::BehindADoor;
use purser_e2e::http::{Message, exchange};
use purser_e2e::scim_company::ScimCompany;
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
