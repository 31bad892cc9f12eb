//! The API is what its description says: `schemathesis` makes requests of it, right and wrong ones, and judges the answers.

use purser_e2e::environment::clients_python;
use purser_e2e::home::Home;
use purser_e2e::people::{People, Policy, company, guard_as_usual};
use purser_e2e::served::Served;
use serde_json::json;
use std::process::Command;

/// Nothing happens but what is asked for.
const QUIET: [&str; 4] = ["--import-every", "0", "--reconcile-every", "0"];
/// Answered for as long as the host runs; tests/api.rs follows it.
const ENDLESS: &str = "/v1/events/stream";

/// A company in which there is something of everything: accounts, runs, a plan that was not applied, and what the guard holds.
fn busy() -> Home {
    let home = company(Policy::default());
    let mut people = People::employed(30);
    people.export(&home);
    home.purser(&["import", "hr", "--apply"]).done();
    guard_as_usual(&home);
    for place in 0..12 {
        people.at(place).employed = false;
    }
    people.at(20).department = "Sales".to_owned();
    people.export(&home);
    home.purser(&["import", "hr", "--allow-departures", "12"]).done();
    home
}

/// Whether all that was tried went as described; what it says otherwise is shown.
#[track_caller]
fn judge(home: &Home, served: &Served<'_>, token: &str, phases: &str, examples: &str) {
    let judged = Command::new(clients_python())
        .args(["-m", "schemathesis.cli", "run"])
        .arg(format!("http://{}/v1/openapi.json", served.address))
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", "all", "--phases", phases, "--max-examples", examples, "--seed", "1"])
        .args(["--exclude-path", ENDLESS, "--request-timeout", "60", "--suppress-health-check", "all"])
        .args(["--continue-on-failure", "--no-shrink", "--warnings", "off"])
        .env("NO_COLOR", "1")
        .current_dir(home.path("."))
        .output()
        .expect("Python can be started");
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{said}\n{}", String::from_utf8_lossy(&judged.stderr));
    let tested = said.lines().find_map(|line| line.trim().strip_prefix("Tested: "));
    assert!(tested.and_then(|count| count.parse::<u32>().ok()).is_some_and(|count| count >= 35), "{said}");
}

#[test]
fn an_admin_finds_the_api_as_it_is_described() {
    let home = busy();
    let served = Served::start(&home, &QUIET);
    served.post("/v1/plans", &served.own_token(), &json!({}));
    judge(&home, &served, &served.own_token(), "coverage,fuzzing,stateful", "8");
    served.stop();
}

#[test]
fn a_viewer_finds_the_api_as_it_is_described_and_changes_nothing() {
    let home = busy();
    let made = home.purser(&["token", "create", "vera", "--role", "viewer"]).done();
    let served = Served::start(&home, &QUIET);
    judge(&home, &served, made["token"].as_str().expect("a token"), "coverage,fuzzing", "4");
    let (status, rows) = served.get("/v1/audit?actor=api:vera", Some(&served.own_token()));
    assert_eq!((status, &rows["items"]), (200, &json!([])));
    served.stop();
}
