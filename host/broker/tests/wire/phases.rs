//! What the phase and the operator's methods let through arrives, and nothing else.

use crate::peer::{Peer, User, request};
use purser_broker::Endpoint;
use purser_broker::http::{Denial, Error, Method};
use purser_model::egress::EgressRules;

fn endpoint(peer: &Peer, granted: &[&str], declared: &[&str]) -> Endpoint {
    let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
    Endpoint {
        reading_posts: paths(granted),
        declared_reading_posts: paths(declared),
        ..Endpoint::new(peer.url("/base"))
    }
}

#[tokio::test]
async fn reading_sends_what_only_reads() {
    let peer = Peer::start().await;
    let mut user = User::of(endpoint(&peer, &["/.search", "/granted"], &["/.search", "/declared"])).reading();
    for (method, path) in [(Method::Get, "/Users"), (Method::Head, "/Users"), (Method::Post, "/.search")] {
        assert_eq!(user.send(request(method, path)).await.unwrap().status, 200, "{method} {path}");
    }
    for (method, path) in [
        (Method::Post, "/granted"),
        (Method::Post, "/declared"),
        (Method::Post, "/.search/"),
        (Method::Post, "/.search/x"),
        (Method::Post, "/.%73earch"),
        (Method::Put, "/.search"),
        (Method::Patch, "/.search"),
        (Method::Delete, "/.search"),
    ] {
        let answer = user.send(request(method, path)).await;
        assert!(matches!(answer, Err(Error::Denied(Denial::Phase(_)))), "{method} {path}: {answer:?}");
    }
    let url = peer.url("/base/Users/1").to_string();
    let answer = user.follow(&url, request(Method::Delete, "")).await;
    assert!(matches!(answer, Err(Error::Denied(Denial::Phase(_)))), "{answer:?}");
    assert_eq!(peer.received().len(), 3);
}

#[tokio::test]
async fn writing_sends_the_methods_that_are_granted() {
    let peer = Peer::start().await;
    let egress = EgressRules { methods: [Method::Get, Method::Patch].into(), ..EgressRules::default() };
    let mut user = User::of(Endpoint { egress, ..Endpoint::new(peer.url("/base")) });
    for method in Method::ALL {
        let answer = user.send(request(method, "/x")).await;
        match method {
            Method::Get | Method::Patch => assert_eq!(answer.unwrap().status, 200),
            _ => assert_eq!(answer, Err(Denial::Method(method).into())),
        }
    }
    assert_eq!(peer.received().len(), 2);
}
