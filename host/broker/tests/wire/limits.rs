//! How much may pass, and what travels in clear.

use crate::peer::{EMPTY, Peer, Script, User, get, request, secret};
use purser_broker::http::{Broker, Denial, EndpointError, Error, Method, Request, SecretEncoding, SecretUse};
use purser_broker::{Authentication, Endpoint};
use purser_model::egress::EgressRules;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

#[tokio::test]
async fn a_body_that_is_too_large_with_its_secrets_is_not_sent() {
    let peer = Peer::start().await;
    let egress = EgressRules { max_request_bytes: 10, ..EgressRules::default() };
    let mut user = User::of(Endpoint { egress, ..Endpoint::new(peer.url("/")) });
    let slot = user.slots.attach(secret("0123456789a"));
    let post = |body: &str| Request { body: Some(body.into()), ..request(Method::Post, "/x") };
    assert_eq!(user.send(post("0123456789")).await.unwrap().status, 200);
    assert_eq!(user.send(post("0123456789a")).await, Err(Denial::RequestSize(10).into()));
    let secrets = vec![SecretUse { slot, placeholder: "<p>".into(), encoding: SecretEncoding::Raw }];
    assert_eq!(user.send(Request { secrets, ..post("<p>") }).await, Err(Denial::RequestSize(10).into()));
    assert_eq!(peer.received().len(), 1);
}

#[tokio::test]
async fn a_call_sends_so_many_requests_and_no_more() {
    let peer = Peer::start().await;
    let egress = EgressRules { max_calls: 2, ..EgressRules::default() };
    let mut user = User::of(Endpoint { egress, ..Endpoint::new(peer.url("/")) });
    for _ in 0..2 {
        assert_eq!(user.send(get("/x")).await.unwrap().status, 200);
    }
    for _ in 0..2 {
        assert_eq!(user.send(get("/x")).await, Err(Denial::Requests(2).into()));
    }
    assert_eq!(peer.received().len(), 2);
}

#[tokio::test]
async fn an_answer_ends_at_its_size_also_without_a_length() {
    for announced in ["transfer-encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n678901\r\n0\r\n\r\n", "\r\n012345678901"] {
        let peer = Peer::answering(move |_| format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{announced}")).await;
        let mut user = User::of(Endpoint { max_response_bytes: 11, ..Endpoint::new(peer.url("/")) });
        assert!(matches!(user.send(get("/x")).await, Err(Error::TooLarge(_))), "{announced}");
        let mut user = User::of(Endpoint { max_response_bytes: 12, ..Endpoint::new(peer.url("/")) });
        assert_eq!(user.send(get("/x")).await.unwrap().body, b"012345678901", "{announced}");
    }
}

#[tokio::test]
async fn a_compressed_answer_is_refused_whatever_it_would_unfold_to() {
    for encoding in ["gzip", "br", "deflate", "gzip, gzip", "x-unknown"] {
        let peer = Peer::answering(move |_| {
            EMPTY.replace("content-length", &format!("content-encoding: {encoding}\r\ncontent-length"))
        })
        .await;
        let answer = User::of(Endpoint::new(peer.url("/"))).send(get("/x")).await;
        assert!(matches!(&answer, Err(Error::Interrupted(reason)) if reason.contains("compressed")), "{answer:?}");
    }
}

#[tokio::test]
async fn an_answer_of_headers_ends_too() {
    for headers in ["x: y\r\n".repeat(10_000), format!("x: {}\r\n", "y".repeat(2 << 20))] {
        let peer = Peer::answering(move |_| EMPTY.replace("connection", &format!("{headers}connection"))).await;
        let answer = User::of(Endpoint::new(peer.url("/"))).send(get("/x")).await;
        assert!(matches!(answer, Err(Error::Interrupted(_))), "{answer:?}");
    }
}

#[tokio::test]
async fn a_trickle_ends_at_its_time() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        // Each byte comes in time; there is no end to them.
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let mut user = User::of(Endpoint { timeout: Duration::from_millis(300), ..Endpoint::new(url) });
    let answer = user.send(get("/x")).await;
    assert!(matches!(&answer, Err(Error::Interrupted(reason)) if reason.contains("300ms")), "{answer:?}");
}

#[tokio::test]
async fn the_time_holds_for_all_redirects_together() {
    let peer = Peer::answering(|request| {
        if request.starts_with("GET /slow") {
            std::thread::sleep(Duration::from_millis(400));
        }
        crate::peer::redirect(302, "/slow")
    })
    .await;
    let egress = EgressRules { redirects: purser_model::egress::Redirects::SameGrant, ..EgressRules::default() };
    let endpoint = Endpoint { egress, timeout: Duration::from_millis(600), ..Endpoint::new(peer.url("/")) };
    let answer = User::of(endpoint).send(get("/x")).await;
    assert!(matches!(answer, Err(Error::Interrupted(_))), "{answer:?}");
}

fn with_credential(url: &str, egress: EgressRules) -> Endpoint {
    let authentication = Authentication::Bearer(secret("t0ken-t0ken"));
    Endpoint { authentication, egress, ..Endpoint::new(Url::parse(url).unwrap()) }
}

#[test]
fn a_credential_does_not_travel_in_clear_to_another_machine() {
    let made = |url: &str, egress| Broker::new(&BTreeMap::from([("api".to_owned(), with_credential(url, egress))]));
    for url in ["http://app.example/", "http://10.0.0.1/", "http://[fd00::1]/", "http://a.localhost/"] {
        assert!(matches!(made(url, EgressRules::default()), Err(EndpointError::Cleartext { .. })), "{url}");
        assert!(made(url, EgressRules { insecure_http: true, ..EgressRules::default() }).is_ok(), "{url}");
    }
    for url in ["http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost:1/"] {
        assert!(made(url, EgressRules::default()).is_ok(), "{url}");
    }
}

#[tokio::test]
async fn a_secret_slot_does_not_travel_in_clear_either() {
    let peer = Peer::start().await;
    let addresses = vec![format!("127.0.0.1:{}", peer.port).parse().unwrap()];
    let url = Url::parse(&format!("http://app.example:{}/", peer.port)).unwrap();
    for insecure_http in [false, true] {
        let egress = EgressRules { addresses: addresses.clone(), insecure_http, ..EgressRules::default() };
        let endpoint = Endpoint { egress, ..Endpoint::new(url.clone()) };
        let mut user = User::with_names(endpoint, Script::to_loopback(&["app.example"]));
        let slot = user.slots.attach(secret("n3w-passw0rd"));
        let secrets = vec![SecretUse { slot, placeholder: "<p>".into(), encoding: SecretEncoding::Raw }];
        let answer = user.send(Request { secrets, body: Some(b"<p>".to_vec()), ..request(Method::Put, "/x") }).await;
        match insecure_http {
            true => assert_eq!(answer.unwrap().status, 200),
            false => assert_eq!(answer, Err(Denial::Cleartext.into())),
        }
    }
    assert_eq!(peer.received().len(), 1);
}
