//! A host is configured over its API while it serves: connectors, secrets, declarations, guards.

use purser_e2e::builds::{importing, with_version};
use purser_e2e::configuring::{changed, declare, declared, send, upload};
use purser_e2e::environment::connector;
use purser_e2e::people::{People, crm, directory, guard_as_usual, staffed};
use purser_e2e::scim_company::{CAREFUL, ScimCompany};
use purser_e2e::scim_server::{ScimServer, TOKEN};
use purser_e2e::secrecy::assert_nowhere;
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::{Value, json};
use std::fs;

fn flatfile() -> Vec<u8> {
    fs::read(connector("flatfile")).expect("it can be read")
}

/// What is listed about a file.
fn listed(served: &Served<'_>, file: &str) -> Value {
    let (_, answer) = served.get("/v1/connectors", Some(&served.own_token()));
    let mut files = answer["items"].as_array().expect("a list").iter();
    files.find(|one| one["file"] == file).cloned().unwrap_or_default()
}

fn version_of_crm(served: &Served<'_>) -> String {
    let (_, answer) = served.get("/v1/targets/crm", Some(&served.own_token()));
    answer["runs"]["version"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_connector_is_uploaded_looked_at_taken_and_rolled_back() {
    let (home, mut people) = staffed(3);
    let (ada, otto) = (home.api_token("ada", "admin"), home.api_token("otto", "operator"));
    let served = Served::start(&home, &QUIET);
    let decide = |decision: &str| {
        served.ask("POST", "/v1/targets/crm/upgrade", Some(&otto), Some(&json!({"decision": decision})))
    };

    // Bad files, and whoever may not, leave nothing in the folder.
    let (status, problem) = upload(&served, &ada, "bad.wasm", b"garbage", None);
    assert_eq!((status, &problem["code"]), (409, &json!("refused")), "{problem}");
    let (status, problem) = upload(&served, &ada, "signed.wasm", &flatfile(), Some("garbage"));
    assert!(status == 409 && problem["detail"].as_str().is_some_and(|text| text.contains("minisign")), "{problem}");
    assert_eq!(upload(&served, &otto, "good.wasm", &flatfile(), None).0, 403);
    assert_eq!(upload(&served, &ada, "../good.wasm", &flatfile(), None).0, 400);
    let there = || fs::read_dir(home.path("connectors")).expect("it is there").count();
    assert_eq!(there(), 1);

    // A newer build that asks for more waits, and its differences are shown.
    let former = listed(&served, "flatfile.wasm")["digest"].as_str().expect("it has one").to_owned();
    let more = importing(&with_version(&flatfile(), "0.2.0"), "purser:connector/clock@0.1.0");
    let (status, dropped) = upload(&served, &ada, "newer.wasm", &more, None);
    assert_eq!((status, &dropped["connector"]["manifest"]["version"]), (201, &json!("0.2.0")), "{dropped}");
    assert_eq!(there(), 2);
    let digest = dropped["connector"]["digest"].as_str().expect("it has one");
    let (status, shown) = served.get(&format!("/v1/connectors/{digest}"), Some(&otto));
    let interfaces = shown["reach"]["interfaces"].to_string();
    assert!(status == 200 && interfaces.contains("purser:connector/clock"), "{shown}");
    let (_, compared) = served.get(&format!("/v1/connectors/{digest}/differences?former={former}"), Some(&otto));
    assert_eq!(
        (&compared["asks_for_more"], &compared["items"][0]["name"]),
        (&json!(true), &json!("purser:connector/clock"))
    );
    let (status, begun) = decide("begin");
    assert_eq!((status, &begun["now"]["candidate"]["stage"]), (200, &json!("waiting")), "{begun}");
    assert_eq!(listed(&served, "newer.wasm")["tried_by"], json!(["target crm"]));

    // A person approves it, and rolls it back.
    assert_eq!(decide("advance").0, 200);
    assert_eq!(decide("begin").1["now"]["current"]["version"], "0.2.0");
    people.at(0).email = "new@example.org".to_owned();
    people.export(&home);
    served.post("/v1/runs", &otto, &json!({"kind": "import", "source": "hr"}));
    eventually("the newer build writes", || crm(&home)["E00000"]["email"] == "new@example.org");
    assert_eq!(version_of_crm(&served), "0.2.0");
    let (status, left) = decide("roll-back");
    assert!(status == 200 && left["what"].as_str().is_some_and(|text| text.contains("is left")), "{left}");
    assert_eq!(version_of_crm(&served), "0.1.0");
    assert_eq!(listed(&served, "newer.wasm")["used_by"], json!([]));
    assert_eq!(decide("advance").0, 409, "there is nothing to approve");
    let kinds: Vec<_> = served.list("/v1/audit?actor=api:otto&").iter().map(|row| row["action"].clone()).collect();
    assert!(
        kinds.contains(&json!("connector-approved")) && kinds.contains(&json!("connector-rolled-back")),
        "{kinds:?}"
    );
    assert_eq!(served.list("/v1/audit?actor=api:ada&").len(), 1, "one file came into the folder");
    served.stop();
}

#[test]
fn signatures_count_for_uploads_as_for_files() {
    let (home, _people) = staffed(1);
    let keys = minisign::KeyPair::generate_unencrypted_keypair().expect("keys can be made");
    let sign = |file: &[u8]| minisign::sign(None, &keys.sk, file, None, None).expect("it can be signed").into_string();
    home.write("connectors/flatfile.wasm.minisig", sign(&flatfile()));
    let key = keys.pk.to_base64();
    home.declare("trust", &format!("[connectors]\nsignatures = \"require\"\npublishers = {{ acme = \"{key}\" }}\n"));
    let served = Served::start(&home, &QUIET);
    let (token, newer) = (served.own_token(), with_version(&flatfile(), "0.1.1"));
    let (status, problem) = upload(&served, &token, "newer.wasm", &newer, None);
    assert!(status == 409 && problem["detail"].as_str().is_some_and(|text| text.contains("not signed")), "{problem}");
    let (status, problem) = upload(&served, &token, "newer.wasm", &newer, Some(&sign(&flatfile())));
    assert!(status == 409 && problem["detail"].as_str().is_some_and(|text| text.contains("acme")), "{problem}");
    let (status, dropped) = upload(&served, &token, "newer.wasm", &newer, Some(&sign(&newer)));
    assert_eq!((status, &dropped["connector"]["signature"]["good"]), (201, &json!("acme")), "{dropped}");
    assert_eq!(listed(&served, "newer.wasm")["signature"]["good"], "acme");
    served.stop();
}

#[test]
fn a_secret_is_set_while_the_host_serves_used_at_once_and_shown_nowhere() {
    let server = ScimServer::start();
    let app = server.tenant("over-the-api");
    let mut company = ScimCompany::found(3, &app.url(), CAREFUL);
    fs::remove_file(company.home.path("token")).expect("the token's file is there");
    let sealed =
        company.home.read("declarations/app.toml").replace("{ file = \"../token\" }", "{ secret = \"app-token\" }");
    company.home.declare("app", &sealed);
    let ada = company.home.api_token("ada", "admin");
    let home = &company.home;
    let served = Served::start(home, &QUIET);
    let set = |value: &str| served.ask("PUT", "/v1/secrets/app-token", Some(&ada), Some(&json!({"value": value})));
    let (status, answer) = set("not-the-right-one");
    assert_eq!((status, &answer["version"]), (200, &json!(1)), "{answer}");
    served.post("/v1/runs", &ada, &json!({"kind": "import", "source": "hr"}));
    eventually("the application refused it", || {
        !served.get("/v1/quarantine", Some(&ada)).1["targets"].as_array().expect("a list").is_empty()
    });
    assert_eq!(app.users().len(), 0);
    let (status, answer) = set(TOKEN);
    assert_eq!((status, &answer), (200, &json!({"name": "app-token", "version": 2})));
    assert_eq!(served.ask("POST", "/v1/targets/app/release", Some(&ada), None).0, 204);
    served.post("/v1/runs", &ada, &json!({"kind": "reconciliation", "target": "app"}));
    eventually("everybody has an account", || app.users().len() == 3);

    let (_, secrets) = served.get("/v1/secrets", Some(&ada));
    assert_eq!(secrets["items"][0]["used_by"], json!(["target app, endpoint scim"]), "{secrets}");
    assert_eq!(secrets["items"][0]["set_by"], "api:ada", "{secrets}");
    let (status, problem) = served.ask("DELETE", "/v1/secrets/app-token", Some(&ada), None);
    assert!(status == 409 && problem["detail"].as_str().is_some_and(|text| text.contains("force=true")), "{problem}");
    let bad = send(
        &served,
        ("PUT", "/v1/secrets/other"),
        &ada,
        &[("Content-Type", "application/json")],
        format!("[\"{TOKEN}\"]").into_bytes(),
    );
    assert!(bad.0 == 400 && !bad.1.to_string().contains(TOKEN), "{bad:?}");
    let said = [
        served.process.output(),
        served.process.log(),
        secrets.to_string(),
        served.list("/v1/audit?").iter().map(ToString::to_string).collect(),
    ];
    assert!(said.iter().all(|text| !text.contains(TOKEN)), "{said:?}");

    // Without it nothing more is reached.
    assert_eq!(served.ask("DELETE", "/v1/secrets/app-token?force=true", Some(&ada), None).0, 204);
    served.stop();
    company.change(0, |person| person.title = "Captain".to_owned());
    assert!(company.home.purser(&["check"]).ended_with(1).to_string().contains("purser secret set app-token"));
    assert_nowhere(&company.home, TOKEN, &[]);
}

/// What is wrong in declarations, with its place.
fn places(answer: &Value) -> Vec<(String, u64)> {
    let mistakes = answer["mistakes"].as_array().expect("a list").iter();
    let place =
        |one: &Value| (one["file"].as_str().unwrap_or_default().to_owned(), one["line"].as_u64().unwrap_or_default());
    mistakes.map(place).collect()
}

fn upper(people: &People) -> Vec<String> {
    people.0.values().map(|person| person.email.to_uppercase()).collect()
}

#[test]
fn declarations_are_tried_and_taken_over_by_the_running_host() {
    let (home, people) = staffed(6);
    let ada = home.api_token("ada", "admin");
    let served = Served::start(&home, &["--import-every", "1", "--reconcile-every", "0"]);
    let (digest, files) = declared(&served, &ada);
    assert_eq!(files.len(), 4);
    let try_out = |files: &[Value]| served.post("/v1/declarations", &ada, &json!({"files": files, "dry_run": true}));

    // Mistakes are told with their places, and nothing is changed.
    let wrong = changed(files.clone(), "crm.toml", "leaving = \"disable\"", "leaving = \"explode\"");
    let tried = try_out(&wrong);
    let line = 1 + home
        .read("declarations/crm.toml")
        .lines()
        .position(|line| line.starts_with("leaving"))
        .expect("it is there") as u64;
    assert_eq!((places(&tried), &tried["foreseen"]), (vec![("crm.toml".to_owned(), line)], &Value::Null), "{tried}");
    let (status, problem) = declare(&served, &ada, &digest, &wrong);
    assert_eq!((status, &problem["code"], places(&problem)), (409, &json!("declarations-refused"), places(&tried)));

    // What another mapping would lead to is told before it is in force.
    let shouting =
        changed(files.clone(), "crm.toml", "value = \"identity.email\"", "value = \"identity.email.upperAscii()\"");
    let tried = try_out(&shouting);
    assert_eq!((&tried["foreseen"]["new"], &tried["mistakes"]), (&json!(6), &json!([])), "{tried}");
    assert_eq!(declared(&served, &ada).0, digest);
    people.assert_provisioned(&home);
    let (status, answer) = declare(&served, &ada, &digest, &shouting);
    assert_eq!((status, &answer["applied"]["woken"]), (200, &json!(6)), "{answer}");
    let emails =
        || crm(&home).values().map(|user| user["email"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>();
    eventually("everybody is provisioned by the new mapping", || emails() == upper(&people));
    let (now, _) = declared(&served, &ada);
    assert_eq!(
        (&answer["applied"]["digest"], home.read("declarations/crm.toml").contains("upperAscii")),
        (&json!(now), true)
    );

    // Who made a change from the former ones, or changed files by hand, overwrites nothing.
    let (status, problem) = declare(&served, &ada, &digest, &files);
    assert_eq!((status, &problem["code"]), (412, &json!("precondition-failed")), "{problem}");
    home.declare("extra", "[group.extra]\nmembers = []\n");
    let (status, problem) = declare(&served, &ada, &now, &files);
    assert!(status == 409 && problem["detail"].as_str().is_some_and(|text| text.contains("extra.toml")), "{problem}");
    fs::remove_file(home.path("declarations/extra.toml")).expect("it is there");

    // A host that starts again has the new ones; so has the one that serves, also for what it does by itself.
    let mut more = declared(&served, &ada).1;
    more.push(json!({"name": "extra.toml", "text": "[role.extra]\nrule = \"false\"\n"}));
    let (status, answer) = declare(&served, &ada, &now, &more);
    assert_eq!((status, &answer["applied"]["woken"]), (200, &json!(0)), "{answer}");
    home.write("hr/people.csv", People::employed(7).csv());
    eventually("a new person is imported and provisioned", || {
        crm(&home).len() == 7 && emails()[6] == "E00006@EXAMPLE.ORG"
    });
    eventually("nothing waits", || {
        let (_, targets) = served.get("/v1/targets", Some(&ada));
        let queues = targets["items"].as_array().expect("a list").iter().map(|one| &one["queue"]);
        let is_empty = |queue: &Value| ["due", "later", "unknown"].iter().all(|what| queue[what] == 0);
        queues.clone().count() == 2 && queues.clone().all(is_empty) && directory(&home).len() == 7
    });
    let rows = served.list("/v1/audit?action=declarations-changed&actor=api:ada&");
    assert_eq!(rows.len(), 2, "{rows:?}");
    let (digest, _) = declared(&served, &ada);
    served.stop();
    home.assert_in_step();
    let served = Served::start(&home, &QUIET);
    assert_eq!(declared(&served, &ada).0, digest);
    served.stop();
}

#[test]
fn a_guard_that_is_set_holds_at_once_and_is_declared_so() {
    let (home, mut people) = staffed(30);
    guard_as_usual(&home);
    let ada = home.api_token("ada", "admin");
    let served = Served::start(&home, &QUIET);
    let limit = |count: u64| json!({"share": 100, "floor": 0, "count": count});
    let set = |count: u64| {
        let guard = json!({"accounts": limit(count), "revokes": limit(count)});
        served.ask("PUT", "/v1/targets/crm/guard", Some(&ada), Some(&guard))
    };
    assert_eq!(set(2).0, 200);
    let declared = home.read("declarations/crm.toml");
    assert!(declared.contains("count = 2") && declared.starts_with("# The customer database"), "{declared}");
    let (_, guards) = served.get("/v1/guard", Some(&ada));
    assert_eq!(guards["targets"][0]["guard"]["accounts"], limit(2), "{guards}");

    // Three leave, which is one more than may at once.
    for place in 0..3 {
        people.at(place).employed = false;
    }
    people.export(&home);
    served.post("/v1/runs", &ada, &json!({"kind": "import", "source": "hr"}));
    eventually("they are held", || served.list("/v1/held?target=crm&").len() == 3);
    assert_eq!(crm(&home).values().filter(|user| user["enabled"] == true).count(), 30);
    assert_eq!(set(3).0, 200);
    let rows = served.list("/v1/audit?action=declarations-changed&actor=api:ada&");
    assert_eq!(rows.len(), 2, "{rows:?}");
    served.stop();
}

#[test]
fn a_host_that_is_killed_while_declarations_are_put_in_place_has_the_one_or_the_other() {
    let (home, _people) = staffed(1);
    let files = |text: &str| json!([{"name": "crm.toml", "text": text}, {"name": "hr.toml", "text": home.read("declarations/hr.toml")}]);
    let (crm, all) = (home.read("declarations/crm.toml"), home.read("declarations/directory.toml"));
    let wanted = files(&format!("# changed\n{crm}"));
    home.write("data/next-declarations.json", wanted.to_string());
    // It stopped after the first of three files.
    home.declare("crm", &format!("# changed\n{crm}"));
    assert!(!all.is_empty());
    home.purser(&["check"]).done();
    assert!(home.read("declarations/crm.toml").starts_with("# changed"));
    assert_eq!(
        (home.read("declarations/directory.toml"), home.read("data/next-declarations.json")),
        (String::new(), String::new())
    );
}
