//! The OWASP API Security Top 10 (2023), an attack on the real host for each. What other tests try more closely is named there.

use purser_e2e::home::Home;
use purser_e2e::http::{Message, exchange};
use purser_e2e::people::{crm, edit_directory, guard_as_usual, staffed};
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const PUSHED: &str = "[source.idp]\nkind = \"scim\"\n[source.hub]\nkind = \"scim\"\n";

fn home() -> Home {
    let home = Home::new();
    home.declare("all", PUSHED);
    home
}

/// Sends this; the whole answer.
fn send(served: &Served<'_>, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Message {
    let mut all = vec![("Host".to_owned(), served.address.to_string())];
    all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let request = Message { first_line: format!("{line} HTTP/1.1"), headers: all, body: body.to_vec() };
    exchange(served.address, &request).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn status(served: &Served<'_>, line: &str, token: &str) -> u16 {
    send(served, line, &[("Authorization", &bearer(token))], b"").status().expect("a status")
}

/// The status line of an answer that may have no body.
fn first_line(served: &Served<'_>, line: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(served.address).expect("the host listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time can be set");
    let request = format!("{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the host reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    answer.lines().next().unwrap_or_default().to_owned()
}

fn with_json(served: &Served<'_>, line: &str, token: &str, body: &str) -> (u16, Value) {
    let headers = [("Authorization", bearer(token)), ("Content-Type", "application/json".to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = send(served, line, &headers, body.as_bytes());
    (answer.status().expect("a status"), serde_json::from_slice(&answer.body).unwrap_or_default())
}

fn scim_token(home: &Home, source: &str) -> String {
    let made = home.purser(&["scim-token", "create", source, "--source", source]).done();
    made["token"].as_str().expect("a token").to_owned()
}

/// Method and path of every route of `/v1`, with ids of nothing.
fn routes(served: &Served<'_>) -> Vec<(String, String, Value)> {
    let (_, description) = served.get("/v1/openapi.json", None);
    let paths = description["paths"].as_object().expect("paths").clone();
    let mut routes = Vec::new();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("operations") {
            let nobody = "00000000-0000-7000-8000-000000000000";
            let filled = path.replace("{id}", nobody).replace("{account}", nobody).replace("{name}", "nobody");
            routes.push((method.to_uppercase(), filled, operation.clone()));
        }
    }
    routes
}

/// Whoever connects to it is counted.
struct Canary {
    address: String,
    calls: Arc<AtomicUsize>,
}

impl Canary {
    /// It answers every request with this.
    fn answering(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port of this machine can be had");
        let address = listener.local_addr().expect("a listener has an address").to_string();
        let calls = Arc::<AtomicUsize>::default();
        let counted = calls.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, calls }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// tests/owners.rs tries every route with a thing in it.
#[test]
fn api1_nobody_reaches_the_things_of_others_by_their_ids() {
    let home = home();
    let served = Served::start(&home, &QUIET);
    let (idp, hub) = (scim_token(&home, "idp"), scim_token(&home, "hub"));
    let user = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "anna"}).to_string();
    let (made, answer) = with_json(&served, "POST /scim/v2/Users", &idp, &user);
    assert_eq!(made, 201, "{answer}");
    let path = format!("/scim/v2/Users/{}", answer["id"].as_str().expect("an id"));
    assert_eq!(status(&served, &format!("GET {path}"), &idp), 200);
    for method in ["GET", "DELETE"] {
        assert_eq!(status(&served, &format!("{method} {path}"), &hub), 404, "{method}");
    }
    assert_eq!(with_json(&served, &format!("PUT {path}"), &hub, &user).0, 404);
    assert_eq!(status(&served, &format!("GET {path}"), &idp), 200, "it is still there");
    served.stop();
}

#[test]
fn api2_only_a_good_token_in_its_place_opens_anything() {
    let home = home();
    let served = Served::start(&home, &QUIET);
    let vera = home.api_token("vera", "viewer");
    let idp = scim_token(&home, "idp");
    let own = served.own_token();
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJob3N0Iiwicm9sZSI6ImFkbWluIn0.";
    for shown in [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        bearer(&vera[..vera.len() - 1]),
        bearer(&format!("{vera}x")),
        bearer(&vera.to_uppercase()),
        format!("Basic {vera}"),
        vera.clone(),
        bearer(&idp),
        bearer(unsigned),
        bearer("host"),
        bearer(&format!("{own},{own}")),
    ] {
        assert_eq!(
            send(&served, "GET /v1/identities", &[("Authorization", &shown)], b"").status(),
            Some(401),
            "{shown}"
        );
    }
    let query = format!("GET /v1/identities?access_token={vera}&token={vera}");
    assert_eq!(send(&served, &query, &[], b"").status(), Some(401), "no token is taken from a URL, which is logged");
    assert_eq!(
        send(&served, "GET /v1/identities", &[("Cookie", &format!("token={vera}; purser_session={vera}"))], b"")
            .status(),
        Some(401)
    );
    assert_eq!(status(&served, "GET /scim/v2/Users", &vera), 401, "a token of the API pushes nothing");
    assert_eq!(status(&served, "GET /v1/identities", &vera), 200);
    let (taken, _) = with_json(&served, "POST /v1/tokens", &own, r#"{"name": "host", "role": "viewer"}"#);
    assert_eq!(taken, 409, "nobody takes the host's own name");
    home.purser(&["token", "revoke", "vera"]).done();
    assert_eq!(status(&served, "GET /v1/identities", &vera), 401);
    served.stop();
}

#[test]
fn api3_no_property_is_set_or_shown_that_is_not_the_callers() {
    let home = home();
    let served = Served::start(&home, &QUIET);
    let own = served.own_token();
    for more in [
        r#""digest": "00""#,
        r#""created_by": "nobody""#,
        r#""last_used_at": null"#,
        r#""token": "mine""#,
        r#""Role": "admin""#,
    ] {
        let body = format!(r#"{{"name": "eve", "role": "viewer", {more}}}"#);
        let (refused, problem) = with_json(&served, "POST /v1/tokens", &own, &body);
        assert_eq!((refused, &problem["code"]), (400, &json!("bad-body")), "{more}: {problem}");
    }
    let twice = with_json(&served, "POST /v1/tokens", &own, r#"{"name": "eve", "role": "viewer", "role": "admin"}"#);
    assert_eq!(twice.0, 400, "which of the two it would be, nobody knows");
    let made = with_json(&served, "POST /v1/tokens", &own, r#"{"name": "eve", "role": "viewer"}"#).1;
    let listed = send(&served, "GET /v1/tokens", &[("Authorization", &bearer(&own))], b"");
    let text = String::from_utf8(listed.body).expect("text");
    assert!(text.contains("eve") && !text.contains("digest"), "{text}");
    assert!(!text.contains(made["token"].as_str().expect("a token")), "a token is shown once");

    let idp = scim_token(&home, "idp");
    let user = r#"{"userName": "anna", "id": "mine", "meta": {"created": "1999-01-01T00:00:00Z"}, "groups": [{"value": "admins"}], "password": "hunter2!"}"#;
    let (made, answer) = with_json(&served, "POST /scim/v2/Users", &idp, user);
    assert_eq!(made, 201, "{answer}");
    assert_ne!(answer["id"], "mine");
    assert!(!answer.to_string().contains("1999") && !answer.to_string().contains("admins"), "{answer}");
    assert!(!answer.to_string().contains("hunter2"), "{answer}");
    let (_, people) = with_json(&served, "GET /v1/identities", &own, "");
    assert!(people.to_string().contains("anna") && !people.to_string().contains("hunter2"), "{people}");
    served.stop();
}

/// tests/quota.rs reaches the limits on how much is asked.
#[test]
fn api4_no_request_costs_more_than_its_share() {
    let home = home();
    let served = Served::start(&home, &QUIET);
    let own = served.own_token();
    let deep = format!(r#"{{"targets": {}1{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(with_json(&served, "POST /v1/plans", &own, &deep).0, 400);
    let large = format!(r#"{{"targets": ["{}"]}}"#, "x".repeat(2 << 20));
    assert_eq!(with_json(&served, "POST /v1/plans", &own, &large).0, 413);
    let many = json!({"accounts": vec!["00000000-0000-7000-8000-000000000000"; 501], "decision": "approve"});
    assert_eq!(with_json(&served, "POST /v1/held/decision", &own, &many.to_string()).0, 400);
    for path in ["identities?limit=501", "identities?limit=-1", "events?limit=4294967296", "accounts?limit=1e9"] {
        assert_eq!(status(&served, &format!("GET /v1/{path}"), &own), 400, "{path}");
    }
    assert_eq!(status(&served, &format!("GET /v1/identities?search={}", "x".repeat(101)), &own), 400);
    let idp = scim_token(&home, "idp");
    let filter = format!("GET /scim/v2/Users?filter={}userName%20eq%20%22a%22{}", "(".repeat(5_000), ")".repeat(5_000));
    assert_eq!(status(&served, &filter, &idp), 400);
    // So many headers, or so long ones, are not even read.
    let mut stream = TcpStream::connect(served.address).expect("the host listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time can be set");
    let _ = stream.write_all(format!("GET /healthz HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1 << 20)).as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(status(&served, "GET /v1/identities", &own), 200);
    served.stop();
}

#[test]
fn api5_no_function_is_reached_by_another_name_or_method() {
    let home = home();
    let served = Served::start(&home, &QUIET);
    let (vera, otto) = (home.api_token("vera", "viewer"), home.api_token("otto", "operator"));
    let mut closed = 0;
    for (method, path, operation) in routes(&served) {
        let Some(permission) = operation["x-permission"]["permission"].as_str().filter(|word| *word != "read") else {
            continue;
        };
        assert_eq!(with_json(&served, &format!("{method} {path}"), &vera, "{}").0, 403, "{method} {path}");
        if permission != "operate" {
            assert_eq!(with_json(&served, &format!("{method} {path}"), &otto, "{}").0, 403, "{method} {path}");
        }
        closed += 1;
    }
    assert!(closed >= 18, "{closed}");
    for line in [
        "GET /v1//tokens",
        "GET /v1/tokens/",
        "GET /V1/tokens",
        "GET /v1/%74okens",
        "GET /v1/identities/../tokens",
        "GET /v1/identities/%2e%2e/tokens",
        "GET /v1/./tokens",
        "GET /v1/tokens;x=1",
        "OPTIONS /v1/tokens",
        "PATCH /v1/tokens",
        "PROPFIND /v1/tokens",
    ] {
        let found = status(&served, line, &vera);
        assert!([400, 403, 404, 405].contains(&found), "{line}: {found}");
    }
    assert_eq!(first_line(&served, "HEAD /v1/tokens", &vera), "HTTP/1.1 403 Forbidden");
    let disguises = [
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Original-URL", "/v1/tokens"),
        ("X-Rewrite-URL", "/v1/tokens"),
        ("X-Forwarded-For", "127.0.0.1"),
    ];
    for disguise in disguises {
        let answer = send(&served, "GET /v1/caller", &[("Authorization", &bearer(&vera)), disguise], b"");
        let shown: Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!((answer.status(), &shown["role"]), (Some(200), &json!("viewer")), "{disguise:?}");
    }
    served.stop();
}

/// A token that operates is in the wrong hands: what it does is each by itself allowed.
#[test]
fn api6_whoever_may_set_work_going_cannot_have_everybody_disabled() {
    let (home, mut people) = staffed(30);
    guard_as_usual(&home);
    for place in 0..20 {
        people.at(place).employed = false;
    }
    people.export(&home);
    let served = Served::start(&home, &QUIET);
    let otto = home.api_token("otto", "operator");
    let import = r#"{"kind": "import", "source": "hr"}"#;
    let (stopped, problem) = with_json(&served, "POST /v1/runs", &otto, import);
    assert_eq!((stopped, &problem["code"]), (409, &json!("stopped")), "so many at once do not depart: {problem}");
    // With a person's consent at the machine they do; what follows for their accounts is held.
    served.stop();
    home.purser(&["import", "hr", "--allow-departures", "20"]).done();
    let served = Served::start(&home, &QUIET);
    eventually("everything is held", || served.list("/v1/held?").len() == 40);
    for _ in 0..3 {
        let (_, made) = with_json(&served, "POST /v1/plans", &otto, "{}");
        if let Some(plan) = made["plan"]["id"].as_str() {
            with_json(&served, &format!("POST /v1/plans/{plan}/application"), &otto, "{}");
        }
    }
    let held: Vec<Value> = served.list("/v1/held?").iter().take(40).map(|held| held["account"].clone()).collect();
    let approve = json!({"accounts": held, "decision": "approve"}).to_string();
    assert_eq!(with_json(&served, "POST /v1/held/decision", &otto, &approve).0, 403);
    assert_eq!(crm(&home).values().filter(|account| account["enabled"] == true).count(), 30, "nobody is disabled");
    served.stop();
}

#[test]
fn api7_the_host_goes_nowhere_because_a_caller_says_so() {
    let home = home();
    let served = Served::start(&home, &QUIET);
    let canary = Canary::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned());
    let (own, idp) = (bearer(&served.own_token()), scim_token(&home, "idp"));
    let url = format!("http://{}/", canary.address);
    let absolute = send(&served, &format!("GET {url}v1/identities"), &[("Authorization", &own)], b"");
    assert!(absolute.status() != Some(502), "{absolute:?}");
    let tunnel = send(&served, &format!("CONNECT {}", canary.address), &[("Authorization", &own)], b"");
    assert!(tunnel.status().is_some_and(|status| status >= 400), "{tunnel:?}");
    for name in ["X-Forwarded-Host", "X-Forwarded-Server", "Forwarded", "X-Host", "Referer", "Origin", "X-Callback-Url"]
    {
        let value = if name == "Forwarded" { format!("host={}", canary.address) } else { url.clone() };
        send(&served, "GET /v1/identities", &[("Authorization", &own), (name, &value)], b"");
    }
    let photo = json!({"userName": "anna", "photos": [{"value": url, "type": "photo"}], "profileUrl": url}).to_string();
    assert_eq!(with_json(&served, "POST /scim/v2/Users", &idp, &photo).0, 201);
    for path in ["docs?url=", "v1/openapi.json?url=", "sign-in?next="] {
        let answer = send(&served, &format!("GET /{path}{url}"), &[], b"");
        assert!(!answer.header("location").is_some_and(|to| to.contains(&canary.address)), "{path}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(&canary.address), "{path}");
    }
    assert_eq!(canary.calls(), 0, "somebody was led there");
    served.stop();
}

#[test]
fn api8_an_answer_gives_nothing_away_and_lets_no_other_page_in() {
    let home = home();
    let served = Served::start(&home, &QUIET);
    let own = bearer(&served.own_token());
    let evil = ("Origin", "https://evil.example");
    for line in [
        "GET /",
        "GET /healthz",
        "GET /docs",
        "GET /v1/openapi.json",
        "GET /v1/identities",
        "GET /v1/nothing",
        "GET /metrics",
        "GET /scim/v2/Users",
        "OPTIONS /v1/tokens",
        "GET /sign-in",
        "GET /assets/nothing",
    ] {
        let answer = send(&served, line, &[("Authorization", &own), evil], b"");
        let header = |name: &str| answer.header(name).unwrap_or_default();
        assert_eq!(header("x-content-type-options"), "nosniff", "{line}");
        assert_eq!(header("x-frame-options"), "DENY", "{line}");
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{line}: {answer:?}");
        assert!(answer.header("access-control-allow-origin").is_none(), "{line}");
        assert!(answer.header("server").is_none() && answer.header("x-powered-by").is_none(), "{line}");
    }
    assert_eq!(send(&served, "TRACE /v1/identities", &[("Authorization", &own)], b"").status(), Some(405));
    // What goes wrong says what, and nothing of the machine.
    for (line, body) in [
        ("POST /v1/plans", "{"),
        ("POST /v1/plans", "{\"targets\": 1}"),
        ("GET /v1/identities/%00", ""),
        ("GET /v1/identities?limit=%ff", ""),
    ] {
        let answer =
            send(&served, line, &[("Authorization", &own), ("Content-Type", "application/json")], body.as_bytes());
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status().is_some_and(|status| (400..500).contains(&status)), "{line}: {text}");
        for word in ["panicked", ".rs:", "/root", "sqlite", "SELECT", home.path("").to_str().expect("a path")] {
            assert!(!text.contains(word), "{line}: {word} in {text}");
        }
    }
    served.stop();
}

#[test]
fn api9_what_is_there_is_described_and_what_is_not_described_is_not_there() {
    let home = home();
    let served = Served::start(&home, &QUIET);
    let own = served.own_token();
    for path in [
        "v0",
        "v2",
        "v1beta",
        "api",
        "api/v1/identities",
        "debug",
        "debug/pprof",
        "swagger",
        "swagger-ui",
        "graphql",
        "admin",
        "actuator",
        "env",
        ".git/config",
        "v1/internal",
        "v1/debug",
        "scim/v1/Users",
        "scim",
    ] {
        assert_eq!(status(&served, &format!("GET /{path}"), &own), 404, "{path}");
    }
    let routes = routes(&served);
    assert!(routes.len() >= 45, "{}", routes.len());
    for (method, path, operation) in routes {
        let found = with_json(&served, &format!("{method} {path}"), "nobody", "{}").0;
        let is_open = operation["security"] == json!([]);
        assert_eq!(found == 200, is_open, "{method} {path}: {found}");
        assert!(is_open || [401, 429].contains(&found), "{method} {path}: {found}");
    }
    served.stop();
}

/// What a target answers is no more believed than what a caller sends; tests/misbehaving.rs and the broker's tests go further.
#[test]
fn api10_an_application_that_answers_badly_leads_the_host_nowhere() {
    let (home, _) = staffed(2);
    edit_directory(&home, "E00001", "mail", "seen@example.com");
    let canary = Canary::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_owned());
    let to = format!("http://{}/scim/v2/Users", canary.address);
    let redirecting = Canary::answering(format!(
        "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    ));
    let endless = Canary::answering(
        "HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nContent-Length: 99999999999\r\n\r\n{".to_owned(),
    );
    home.drop_in("scim");
    home.write("token", "the-token-of-the-application");
    for (name, peer) in [("leads", &redirecting), ("floods", &endless)] {
        home.declare(
            name,
            &format!(
                "[target.{name}]\nconnector = \"scim\"\nclass = \"User\"\n[target.{name}.endpoint.scim]\nurl = \"http://{}/scim/v2\"\n\
                 bearer = {{ file = \"../token\" }}\ntimeout = \"5s\"\n[target.{name}.mapping]\nuserName = \"identity.employeeNumber\"\n",
                peer.address
            ),
        );
    }
    let served = Served::start(&home, &QUIET);
    let own = served.own_token();
    for name in ["leads", "floods"] {
        let body = json!({"kind": "reconciliation", "target": name, "dry_run": true}).to_string();
        let (failed, problem) = with_json(&served, "POST /v1/runs", &own, &body);
        assert!([409, 502, 202].contains(&failed), "{name}: {failed} {problem}");
        assert!(!problem.to_string().contains("the-token-of-the-application"), "{problem}");
    }
    assert!(redirecting.calls() > 0 && endless.calls() > 0, "both were asked");
    assert_eq!(canary.calls(), 0, "a redirect led to another host");
    // The others go on.
    let look = json!({"kind": "reconciliation", "target": "directory", "dry_run": true}).to_string();
    assert_eq!(with_json(&served, "POST /v1/runs", &own, &look).0, 200);
    assert!(!served.process.log().contains("the-token-of-the-application"));
    served.stop();
}
