//! Who asks for a plan does not approve it: over the API and on the command line.

use purser_e2e::people::{People, Policy, company, edit_directory};
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::json;

#[test]
fn who_asks_for_a_plan_does_not_approve_it() {
    let (home, people) = (company(Policy::default()), People::employed(5));
    let declared = home.read("declarations/directory.toml");
    let strict = declared.replace("[target.directory]", "[target.directory]\napproval = \"another-person\"");
    assert_ne!(strict, declared);
    home.declare("directory", &strict);
    people.export(&home);
    home.purser(&["import", "hr", "--apply"]).done();
    let served = Served::start(&home, &QUIET);
    let (ada, bob) = (home.api_token("ada", "admin"), home.api_token("bob", "admin"));
    // The host repairs by itself what it has seen; sooner or later the plan is there before that.
    let mut made = json!(null);
    eventually("there is a plan", || {
        edit_directory(&home, "E00001", "mail", "intruder@example.com");
        served.post("/v1/runs", &ada, &json!({"kind": "reconciliation", "target": "directory", "dry_run": true}));
        made = served.post("/v1/plans", &ada, &json!({"targets": ["directory"]}));
        made["plan"].is_object()
    });
    assert_eq!(made["plan"]["requested_by"], "api:ada", "{made}");
    let plan = made["plan"]["id"].as_str().expect("a plan").to_owned();
    let (decision, application) = (format!("/v1/plans/{plan}/decision"), format!("/v1/plans/{plan}/application"));
    let approve = json!({"decision": "approve"});
    let (status, problem) = served.ask("POST", &decision, Some(&ada), Some(&approve));
    assert_eq!((status, &problem["code"]), (409, &json!("refused")), "{problem}");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("api:ada asked for it")), "{problem}");
    let (status, problem) = served.ask("POST", &application, Some(&ada), Some(&json!({})));
    assert_eq!((status, &problem["code"]), (409, &json!("plan-refused")), "{problem}");

    assert_eq!(served.post(&decision, &bob, &approve)["changed"], 1);
    let (_, items) = served.get(&format!("/v1/plans/{plan}/items"), Some(&ada));
    assert_eq!(items["items"][0]["decided_by"], "api:bob", "{items}");
    served.post(&application, &ada, &json!({}));
    eventually("it is done, by the plan or by the host", || people.are_provisioned(&home));
    let (_, rows) = served.get("/v1/audit?action=plan-items-approved", Some(&ada));
    assert_eq!(rows["items"].as_array().map(Vec::len), Some(1), "{rows}");
    assert_eq!(rows["items"][0]["actor"], "api:bob", "{rows}");
    served.stop();

    edit_directory(&home, "E00002", "mail", "intruder@example.com");
    home.purser(&["reconcile", "directory", "--dry-run"]);
    let made = home.purser(&["plan"]).ended_with(3);
    let plan = made["plan"]["id"].as_str().expect("a plan").to_owned();
    let refused = home.purser(&["plan", "approve", &plan, "--all"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.output.contains("another person approves"), "{refused:?}");
    assert_eq!(home.purser(&["apply", &plan]).code, Some(1));
    assert!(home.read("apps/directory/accounts.csv").contains("intruder@example.com"));
}
