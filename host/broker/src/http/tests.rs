//! The broker against a real server on the loopback interface.

use super::*;
use crate::{Authentication, Endpoint};
use purser_model::phase::Phase;
use purser_model::secret::{Secret, Slots};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

/// Answers each connection's first request with these bytes and closes it; gives the request back.
async fn server(answer: &'static [u8]) -> (Url, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/scim", listener.local_addr().unwrap())).unwrap();
    let request = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 64 << 10];
        let length = stream.read(&mut request).await.unwrap();
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    (url, request)
}

fn broker(endpoint: Endpoint) -> Broker {
    Broker::new(&BTreeMap::from([("scim".to_owned(), endpoint)])).unwrap()
}

async fn send_with(phase: Phase, endpoint: Endpoint, request: Request, slots: &Slots) -> Result<Response, Error> {
    let call = Call { phase, slots, operations: &[], counts: &RequestCounts::default() };
    broker(endpoint).send(&call, request).await
}

async fn send_in(phase: Phase, endpoint: Endpoint, request: Request) -> Result<Response, Error> {
    send_with(phase, endpoint, request, &Slots::default()).await
}

fn request(method: Method, path: &str) -> Request {
    Request {
        endpoint: "scim".into(),
        method,
        path: path.into(),
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        secrets: Vec::new(),
        timeout: None,
    }
}

#[tokio::test]
async fn the_host_authenticates_and_a_401_is_a_response() {
    let (url, received) = server(
        b"HTTP/1.1 401 Unauthorized\r\nset-cookie: s=1\r\nwww-authenticate: Bearer\r\ncontent-length: 2\r\n\r\nno",
    )
    .await;
    let authentication = Authentication::Bearer(Secret::new("t0ken").unwrap());
    let endpoint = Endpoint { authentication, ..Endpoint::new(url) };
    let response = send_in(Phase::Read, endpoint, request(Method::Get, "/Users")).await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (401, b"no".as_slice()));
    assert!(response.headers.iter().all(|field| field.name != "set-cookie"));
    let received = received.await.unwrap();
    assert!(received.starts_with("GET /scim/Users HTTP/1.1\r\n"), "{received}");
    assert!(received.contains("authorization: Bearer t0ken\r\n"), "{received}");
}

#[tokio::test]
async fn a_secret_that_the_answer_repeats_does_not_reach_the_guest() {
    let (url, received) = server(
        b"HTTP/1.1 400 Bad\r\nx-echo: Basic cHVyc2VyOmh1bnRlcjItaHVudGVyMg==\r\n\r\n\
          {\"got\":\"N\\\"ew-pass\",\"is\":\"hunter2-hunter2\"}",
    )
    .await;
    let password = Secret::new("hunter2-hunter2").unwrap();
    let authentication = Authentication::Basic { user: "purser".into(), password };
    let mut slots = Slots::default();
    let slot = slots.attach(Secret::new("N\"ew-pass").unwrap());
    let secret = SecretUse { slot, placeholder: "<p>".into(), encoding: SecretEncoding::JsonString };
    let request = Request {
        body: Some(b"{\"password\":\"<p>\"}".to_vec()),
        secrets: vec![secret],
        ..request(Method::Put, "/password")
    };
    let endpoint = Endpoint { authentication, ..Endpoint::new(url) };
    let answer = send_with(Phase::Write, endpoint, request, &slots).await.unwrap();
    let body = String::from_utf8(answer.body).unwrap();
    assert_eq!(body, format!("{{\"got\":\"{0}\",\"is\":\"{0}\"}}", crate::scan::REMOVED));
    let echo = answer.headers.iter().find(|field| field.name == "x-echo").unwrap();
    assert!(!echo.value.contains("aHVudGVy") && !echo.value.contains("h1bnRlcj"), "{}", echo.value);
    assert!(received.await.unwrap().ends_with(r#"{"password":"N\"ew-pass"}"#));
}

#[tokio::test]
async fn a_secret_goes_into_a_header_and_into_the_path_and_does_not_come_back_from_there() {
    let (url, received) = server(b"HTTP/1.1 404 No\r\nx-echo: /keys/n%2Fw-secret\r\n\r\nno n/w-secret here").await;
    let mut slots = Slots::default();
    let slot = slots.attach(Secret::new("n/w-secret").unwrap());
    let request = Request {
        headers: vec![Field { name: "x-api-key".into(), value: "PLACE".into() }],
        secrets: vec![SecretUse { slot, placeholder: "PLACE".into(), encoding: SecretEncoding::Raw }],
        ..request(Method::Put, "/keys/PLACE")
    };
    let answer = send_with(Phase::Write, Endpoint::new(url), request, &slots).await.unwrap();
    let received = received.await.unwrap();
    assert!(received.starts_with("PUT /scim/keys/n%2Fw-secret HTTP/1.1\r\n"), "{received}");
    assert!(received.contains("x-api-key: n/w-secret\r\n"), "{received}");
    let seen = format!("{:?}{}", answer.headers, String::from_utf8(answer.body).unwrap());
    assert!(!seen.contains("w-secret"), "{seen}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (url, _received) =
        server(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
    let response = send_in(Phase::Read, Endpoint::new(url), request(Method::Get, "/x")).await.unwrap();
    assert_eq!(response.status, 302);
}

#[tokio::test]
async fn a_connection_closed_half_way_is_interrupted() {
    let (url, _received) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
    let outcome = send_in(Phase::Read, Endpoint::new(url), request(Method::Get, "/x")).await;
    assert!(matches!(outcome, Err(Error::Interrupted(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_interrupted() {
    let (url, _received) = server(b"").await;
    let outcome = send_in(Phase::Write, Endpoint::new(url), request(Method::Post, "/x")).await;
    assert!(matches!(outcome, Err(Error::Interrupted(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_refused_connection_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let outcome = send_in(Phase::Write, Endpoint::new(url), request(Method::Post, "/x")).await;
    assert!(matches!(outcome, Err(Error::Unreachable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_may_have_acted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let patient = Request { timeout: Some(Duration::from_millis(50)), ..request(Method::Post, "/x") };
    let outcome = send_in(Phase::Write, Endpoint::new(url), patient).await;
    assert!(matches!(outcome, Err(Error::Interrupted(_))), "{outcome:?}");
}

#[tokio::test]
async fn an_answer_larger_than_the_grant_allows_is_cut_off() {
    let (url, _received) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n12345678901").await;
    let endpoint = Endpoint { max_response_bytes: 10, ..Endpoint::new(url) };
    let outcome = send_in(Phase::Read, endpoint, request(Method::Get, "/x")).await;
    assert!(matches!(outcome, Err(Error::TooLarge(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_compressed_answer_was_not_asked_for() {
    let (url, received) = server(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nxx").await;
    let outcome = send_in(Phase::Read, Endpoint::new(url), request(Method::Get, "/x")).await;
    assert!(matches!(&outcome, Err(Error::Interrupted(reason)) if reason.contains("compressed")), "{outcome:?}");
    assert!(received.await.unwrap().contains("accept-encoding: identity\r\n"));
}

#[tokio::test]
async fn what_is_denied_is_not_sent() {
    // Nothing listens there: had it been sent, the outcome would be `unreachable`.
    let endpoint = || Endpoint::new(Url::parse("http://127.0.0.1:1/scim").unwrap());
    let secret = SecretUse { slot: 3, placeholder: "x".into(), encoding: SecretEncoding::Raw };
    let header = Field { name: "Authorization".into(), value: "Bearer mine".into() };
    let cases = [
        (Phase::Read, request(Method::Post, "/Users"), "only reads"),
        (Phase::Describe, request(Method::Get, "/Users"), "describes itself"),
        (Phase::Write, request(Method::Post, "/../admin"), "dot segment"),
        (Phase::Write, Request { endpoint: "other".into(), ..request(Method::Get, "/") }, "`other`"),
        (Phase::Write, Request { secrets: vec![secret], ..request(Method::Post, "/") }, "slot 3"),
        (Phase::Write, Request { headers: vec![header], ..request(Method::Get, "/") }, "`authorization`"),
    ];
    for (phase, request, expected) in cases {
        let outcome = send_in(phase, endpoint(), request).await;
        assert!(matches!(&outcome, Err(Error::Denied(denial)) if denial.to_string().contains(expected)), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_link_of_the_target_is_followed_inside_the_endpoint_only() {
    let (url, received) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let broker = broker(Endpoint::new(url.clone()));
    let (slots, counts) = (Slots::default(), &RequestCounts::default());
    let call = Call { phase: Phase::Read, slots: &slots, operations: &[], counts };
    let outside = broker.follow(&call, "http://127.0.0.1:1/scim/x", request(Method::Get, "")).await;
    assert!(matches!(outside, Err(Error::Denied(Denial::Location(_)))), "{outside:?}");
    let inside = broker.follow(&call, &format!("{url}/Users?cursor=2"), request(Method::Get, "")).await;
    assert_eq!(inside.unwrap().status, 200);
    assert!(received.await.unwrap().starts_with("GET /scim/Users?cursor=2 "));
}

#[test]
fn an_endpoint_with_a_credential_in_its_url_is_refused() {
    let endpoint = Endpoint::new(Url::parse("https://user:secret@example.org/").unwrap());
    let error = Broker::new(&BTreeMap::from([("x".to_owned(), endpoint)])).unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}
