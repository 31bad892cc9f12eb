//! How much callers may ask: each limit is reached, and nobody but who reaches it is kept out.

use purser_e2e::home::Home;
use purser_e2e::http::{Message, exchange};
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Longer than the host waits for anybody.
const PATIENCE: Duration = Duration::from_mins(2);

fn home(limits: &str) -> Home {
    let home = Home::new();
    home.declare("api", &format!("[api.limits]\n{limits}\n"));
    home
}

/// Asks with a token; the whole answer.
fn ask(served: &Served<'_>, path: &str, token: &str) -> Message {
    let headers = [("Host", "localhost"), ("Authorization", &format!("Bearer {token}"))];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let request = Message { first_line: format!("GET {path} HTTP/1.1"), headers, body: Vec::new() };
    exchange(served.address, &request).expect("the host answers")
}

fn status(served: &Served<'_>, path: &str, token: &str) -> u16 {
    ask(served, path, token).status().expect("a status")
}

fn code(answer: &Message) -> Value {
    serde_json::from_slice::<Value>(&answer.body).expect("JSON")["code"].clone()
}

fn number(answer: &Message, header: &str) -> u64 {
    answer.header(header).and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{header} in {answer:?}"))
}

/// Begins a request whose body never comes.
fn begin(served: &Served<'_>, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(served.address).expect("the host listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time can be set");
    let request = format!(
        "POST /v1/plans HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: 9\r\n\r\n{{"
    );
    stream.write_all(request.as_bytes()).expect("the host reads");
    stream
}

fn refused(served: &Served<'_>, reason: &str) -> u64 {
    let metrics = ask(served, "/metrics", &served.own_token());
    let text = String::from_utf8(metrics.body).expect("text");
    let line = format!("purser_requests_refused_total{{reason=\"{reason}\"}} ");
    let found = text.lines().find_map(|found| found.strip_prefix(&line)).unwrap_or_else(|| panic!("{line} in\n{text}"));
    found.parse().expect("a number")
}

#[test]
fn who_asks_too_often_is_told_when_to_come_back_and_others_are_answered() {
    let home = home("requests = { calls = 4, per = \"1h\" }");
    let served = Served::start(&home, &QUIET);
    let (vera, otto) = (home.api_token("vera", "viewer"), home.api_token("otto", "operator"));
    for left in (0..4).rev() {
        let answer = ask(&served, "/v1/targets", &vera);
        assert_eq!(answer.status(), Some(200));
        assert_eq!(answer.header("ratelimit-policy"), Some("\"requests\";q=4;w=3600"));
        assert!(
            answer.header("ratelimit").is_some_and(|told| told.starts_with(&format!("\"requests\";r={left};t="))),
            "{answer:?}"
        );
    }
    let answer = ask(&served, "/v1/targets", &vera);
    assert_eq!((answer.status(), code(&answer)), (Some(429), json!("too-many-requests")));
    let after = number(&answer, "retry-after");
    assert!((1..=900).contains(&after), "{after}");
    assert_eq!(answer.header("ratelimit"), Some(format!("\"requests\";r=0;t={after}").as_str()));
    assert_eq!(served.get("/v1/targets", Some(&vera)).0, 429, "it is described");
    assert_eq!(status(&served, "/v1/targets", &otto), 200);
    assert_eq!(refused(&served, "requests"), 2);
    served.stop();
}

#[test]
fn who_guesses_is_slowed_and_keeps_nobody_out() {
    let home = home("wrong_tokens = { calls = 3, per = \"1h\" }\n[source.idp]\nkind = \"scim\"");
    let served = Served::start(&home, &QUIET);
    let vera = home.api_token("vera", "viewer");
    let made = home.purser(&["scim-token", "create", "idp", "--source", "idp"]).done();
    let client = made["token"].as_str().expect("a token").to_owned();
    for guess in 0..3 {
        assert_eq!(status(&served, "/v1/identities", &format!("purser_{guess}")), 401);
    }
    for path in ["/v1/identities", "/metrics"] {
        let answer = ask(&served, path, "purser_guess");
        assert_eq!((answer.status(), code(&answer)), (Some(429), json!("too-many-requests")), "{path}");
        assert!(number(&answer, "retry-after") > 1);
        assert_eq!(answer.header("connection"), Some("close"));
    }
    let answer = ask(&served, "/scim/v2/Users", "purser_guess");
    assert_eq!(answer.status(), Some(429));
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(
        (&body["status"], &body["schemas"][0]),
        (&json!("429"), &json!("urn:ietf:params:scim:api:messages:2.0:Error"))
    );
    // From the same address.
    assert_eq!(status(&served, "/v1/identities", &vera), 200);
    assert_eq!(status(&served, "/scim/v2/Users", &client), 200);
    assert_eq!(refused(&served, "wrong-tokens"), 3);
    served.stop();
}

#[test]
fn a_client_that_pushes_has_a_quota_of_its_own() {
    let home = home("scim_requests = { calls = 2, per = \"1h\" }\n[source.idp]\nkind = \"scim\"");
    let served = Served::start(&home, &QUIET);
    let made = home.purser(&["scim-token", "create", "idp", "--source", "idp"]).done();
    let client = made["token"].as_str().expect("a token").to_owned();
    assert!((0..2).all(|_| status(&served, "/scim/v2/Users", &client) == 200));
    let answer = ask(&served, "/scim/v2/Users", &client);
    assert_eq!(answer.status(), Some(429));
    assert_eq!(answer.header("ratelimit-policy"), Some("\"requests\";q=2;w=3600"));
    assert!(number(&answer, "retry-after") > 1);
    served.stop();
}

#[test]
fn so_many_requests_are_answered_at_the_same_time() {
    let home = home("concurrent_requests = 2\nconcurrent_requests_per_token = 1");
    let served = Served::start(&home, &QUIET);
    let tokens: Vec<_> = ["otto", "olga", "omar"].iter().map(|name| home.api_token(name, "operator")).collect();
    // One that asks meanwhile may take the place before the other: they begin again until one has it.
    let mut held = Vec::new();
    eventually("the first has its one", || {
        held.push(begin(&served, &tokens[0]));
        let answer = ask(&served, "/v1/targets", &tokens[0]);
        answer.status() == Some(429)
            && code(&answer) == json!("too-many-requests")
            && number(&answer, "retry-after") == 1
    });
    assert_eq!(status(&served, "/v1/targets", &tokens[1]), 200);
    eventually("all are taken", || {
        held.extend([begin(&served, &tokens[0]), begin(&served, &tokens[1])]);
        let answer = ask(&served, "/v1/targets", &tokens[2]);
        answer.status() == Some(503) && code(&answer) == json!("overloaded") && number(&answer, "retry-after") == 1
    });
    drop(held);
    eventually("they are given back", || tokens.iter().all(|token| status(&served, "/v1/targets", token) == 200));
    assert!(refused(&served, "concurrent-requests") > 0 && refused(&served, "concurrent-requests-per-token") > 0);
    served.stop();
}

#[test]
fn so_many_follow_the_events() {
    let home = home("streams = 2\nstreams_per_token = 1");
    let served = Served::start(&home, &QUIET);
    let tokens: Vec<_> = ["vera", "veit", "viki"].iter().map(|name| home.api_token(name, "viewer")).collect();
    let path = "/v1/events/stream";
    let first = served.follow(&tokens[0], None);
    assert_eq!(code(&ask(&served, path, &tokens[0])), json!("too-many-requests"));
    let _second = served.follow(&tokens[1], None);
    let answer = ask(&served, path, &tokens[2]);
    assert_eq!((answer.status(), code(&answer)), (Some(503), json!("overloaded")));
    assert_eq!(status(&served, "/v1/targets", &tokens[0]), 200, "who follows asks for other things as well");
    drop(first);
    // The host finds out when it next sends something there.
    eventually("a place is there again", || refused(&served, "streams") > 0 && following(&served) < 2);
    drop(served.follow(&tokens[2], None));
    served.stop();
}

fn following(served: &Served<'_>) -> u64 {
    let text = String::from_utf8(ask(served, "/metrics", &served.own_token()).body).expect("text");
    let found = text.lines().find_map(|line| line.strip_prefix("purser_event_streams "));
    found.and_then(|number| number.parse().ok()).expect("a number")
}

#[test]
fn who_sends_slowly_or_nothing_is_not_waited_for_for_ever() {
    let home = home("connections = 3");
    let served = Served::start(&home, &QUIET);
    let token = home.api_token("otto", "operator");
    let mut body = begin(&served, &token);
    let mut head = TcpStream::connect(served.address).expect("the host listens");
    head.write_all(b"GET /healthz HTTP/1.1\r\nHost: local").expect("the host reads");
    let mut silent = TcpStream::connect(served.address).expect("the host listens");
    // All connections are taken: this one waits until another ends.
    let mut late = TcpStream::connect(served.address).expect("the host listens");
    late.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("it is kept");
    for stream in [&head, &silent, &late] {
        stream.set_read_timeout(Some(PATIENCE)).expect("a time can be set");
    }
    let answer = Message::read_answer(&body).expect("an answer");
    assert_eq!((answer.status(), code(&answer)), (Some(408), json!("too-slow")));
    let mut rest = Vec::new();
    for stream in [&mut body, &mut head, &mut silent] {
        let _ = stream.read_to_end(&mut rest).expect("the host closes the connection");
    }
    assert_eq!(Message::read_answer(&late).expect("an answer").status(), Some(200));
    served.stop();
}
