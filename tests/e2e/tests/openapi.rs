//! The API is what its description says: `schemathesis` makes requests of it, right and wrong ones, and judges the answers.

use purser_e2e::described::Described;
use purser_e2e::environment::clients_python;
use purser_e2e::home::Home;
use purser_e2e::people::{People, Policy, company, guard_as_usual};
use purser_e2e::served::{QUIET, Served};
use serde_json::{Value, json};
use std::process::Command;

/// Answered for as long as the host runs; tests/api.rs follows it.
const ENDLESS: &str = "/v1/events/stream";

/// A company in which there is something of everything: accounts, runs, operations, a plan, and what the guard holds.
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
    home.purser(&["plan"]).ended_with(3);
    // It also asks hundreds of times without a good token, and as often as it can.
    home.declare(
        "api",
        "[api.limits]\nwrong_tokens = { calls = 100_000, per = \"1s\" }\nrequests = { calls = 100_000, per = \"1s\" }\n",
    );
    home
}

/// A request may be right and its condition not hold, or its name belong to another one, or its events be gone. Conditions are looked at before bodies.
const SETTINGS: &str = r#"
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "410", "412", "422", "428", "429", "5xx"]
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "410", "412", "415", "422", "428", "429", "5xx"]
"#;

/// Whether all that was tried went as described; what it says otherwise is shown.
#[track_caller]
fn judge(home: &Home, served: &Served<'_>, token: &str, phases: &str, examples: &str) {
    home.write("schemathesis.toml", SETTINGS);
    let judged = Command::new(clients_python())
        .args(["-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run"])
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
    judge(&home, &served, &served.own_token(), "coverage,fuzzing,stateful", "8");
    served.stop();
}

#[test]
fn a_viewer_finds_the_api_as_it_is_described_and_changes_nothing() {
    let home = busy();
    let token = home.api_token("vera", "viewer");
    let served = Served::start(&home, &QUIET);
    judge(&home, &served, &token, "coverage,fuzzing", "4");
    let (status, rows) = served.get("/v1/audit?actor=api:vera", Some(&served.own_token()));
    assert_eq!((status, &rows["items"]), (200, &json!([])));
    served.stop();
}

fn described() -> Described {
    Described::new(json!({
        "paths": {"/v1/things/{id}": {"get": {"responses": {
            "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
            "204": {"description": "Gone"},
        }}}},
        "components": {"schemas": {"Thing": {
            "type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}, "required": ["id"],
        }}},
    }))
}

#[test]
fn what_is_not_as_described_is_found() {
    let good = json!({"id": "00000000-0000-7000-8000-000000000000"});
    for (method, path, status, body, words) in [
        ("GET", "/v1/things/1?x=1", 200, good.clone(), ""),
        ("GET", "/v1/things/1", 200, json!({}), "id"),
        ("GET", "/v1/things/1", 200, json!({"id": "1"}), "uuid"),
        ("GET", "/v1/things/1", 200, json!({"id": good["id"], "more": 1}), "more"),
        ("GET", "/v1/things/1", 201, good.clone(), "201 is not described"),
        ("GET", "/v1/things/1", 204, good, "has no body"),
        ("GET", "/v1/things/1", 204, Value::Null, ""),
        ("POST", "/v1/things/1", 200, Value::Null, "is not described"),
        ("POST", "/v1/things/1", 405, Value::Null, ""),
    ] {
        let found = described().differences(method, path, status, &body).join("\n");
        assert_eq!(found.is_empty(), words.is_empty(), "{method} {path} {status} {body}: {found}");
        assert!(found.contains(words), "{method} {path} {status} {body}: {found}");
    }
}

/// Every request that only reads, as the description has it.
fn readings(description: &Value) -> Vec<&str> {
    let paths = description["paths"].as_object().expect("paths");
    let reads = paths.iter().filter(|(path, item)| item["get"].is_object() && *path != ENDLESS);
    reads.map(|(path, _)| path.as_str()).collect()
}

#[test]
fn whatever_is_there_is_read_as_it_is_described() {
    let home = busy();
    let served = Served::start(&home, &QUIET);
    let token = served.own_token();
    served.post("/v1/tokens", &token, &json!({"name": "vera", "role": "viewer"}));
    let plans = served.list("/v1/plans?");
    let plan = plans[0]["id"].as_str().expect("an id");
    let description = served.get("/v1/openapi.json", None).1;
    // `ask` judges each answer.
    let mut singles = 0;
    for path in readings(&description) {
        let Some((list, rest)) = path.split_once("/{") else {
            assert_eq!(served.get(path, Some(&token)).0, 200, "{path}");
            continue;
        };
        let (key, rest) = rest.split_once('}').expect("the end of the name");
        for one in served.list(&format!("{list}?")).iter().take(5) {
            // Of assignments only those that were made over the API are things of their own.
            let Some(id) = one[key].as_str() else { continue };
            let rest = if rest == "/differences" { format!("{rest}?former={id}") } else { rest.to_owned() };
            assert_eq!(served.get(&format!("{list}/{id}{rest}"), Some(&token)).0, 200, "{path}");
            singles += 1;
        }
    }
    assert!(singles >= 15, "{singles}");
    let (_, items) = served.get(&format!("/v1/plans/{plan}/items"), Some(&token));
    assert!(!items["items"].as_array().expect("a list").is_empty(), "{items}");
    // By now the host may have done what the plan says: then it is refused, and that is described too.
    let (status, applied) =
        served.ask("POST", &format!("/v1/plans/{plan}/application"), Some(&token), Some(&json!({})));
    assert!([200, 409].contains(&status), "{status}: {applied}");
    served.stop();
}
