//! Redirects: not followed unless declared, and then inside the grant and without taking the credential elsewhere.

use crate::peer::{EMPTY, Peer, Script, User, get, redirect, request, secret};
use purser_broker::http::{Method, Request};
use purser_broker::{Authentication, Endpoint};
use purser_model::egress::{EgressRules, FurtherOrigin, Redirects};

fn following(peer: &Peer, rules: EgressRules) -> Endpoint {
    let egress = EgressRules { redirects: Redirects::SameGrant, ..rules };
    let authentication = Authentication::Bearer(secret("t0ken-t0ken"));
    Endpoint { egress, authentication, ..Endpoint::new(peer.url("/base")) }
}

/// A server that redirects `/base/x` there, and answers everything else.
async fn redirecting(status: u16, to: &str) -> Peer {
    let to = to.to_owned();
    Peer::answering(move |request| if request.contains(" /base/x ") { redirect(status, &to) } else { EMPTY.to_owned() })
        .await
}

#[tokio::test]
async fn a_redirect_inside_is_followed_with_the_credential() {
    for status in [301, 302, 303, 307, 308] {
        for to in ["/base/y?page=2", "y?page=2"] {
            let peer = redirecting(status, to).await;
            let mut user = User::of(following(&peer, EgressRules::default()));
            assert_eq!(user.send(get("/x")).await.unwrap().status, 200);
            let received = peer.received();
            assert!(received[1].starts_with("GET /base/y?page=2 "), "{received:?}");
            assert!(received.iter().all(|request| request.contains("authorization: Bearer t0ken-t0ken\r\n")));
            assert!(!received[1].contains("referer"), "{received:?}");
        }
    }
}

#[tokio::test]
async fn a_redirect_outside_is_an_answer() {
    let elsewhere = Peer::start().await;
    for to in [
        elsewhere.url("/base/y").to_string(),
        elsewhere.url("/base/y").as_str().trim_start_matches("http:").to_owned(),
        "https://evil.example/base/y".to_owned(),
        "/admin".to_owned(),
        "../admin".to_owned(),
        "/base/%2e%2e/admin".to_owned(),
        "/base/%2e%2e%2fadmin".to_owned(),
        "\\\\evil.example\\base".to_owned(),
        "http://127.0.0.1@evil.example/base/y".to_owned(),
        "http://[::1".to_owned(),
        "file:///etc/passwd".to_owned(),
        "/base/z?_method=DELETE".to_owned(),
    ] {
        let peer = redirecting(302, &to).await;
        let answer = User::of(following(&peer, EgressRules::default())).send(get("/x")).await.unwrap();
        assert_eq!((answer.status, peer.received().len()), (302, 1), "{to}");
    }
    assert_eq!(elsewhere.received().len(), 0);
}

#[tokio::test]
async fn nothing_is_followed_unless_declared_nor_for_what_writes() {
    let peer = redirecting(307, "/base/y").await;
    let undeclared = Endpoint::new(peer.url("/base"));
    assert_eq!(User::of(undeclared).send(get("/x")).await.unwrap().status, 307);
    for method in [Method::Post, Method::Put, Method::Patch, Method::Delete] {
        let mut user = User::of(following(&peer, EgressRules::default()));
        assert_eq!(user.send(request(method, "/x")).await.unwrap().status, 307, "{method}");
    }
    let with_body = Request { body: Some(b"{}".to_vec()), ..get("/x") };
    assert_eq!(User::of(following(&peer, EgressRules::default())).send(with_body).await.unwrap().status, 307);
    assert_eq!(peer.received().len(), 6);
    assert_eq!(
        User::of(following(&peer, EgressRules::default())).send(request(Method::Head, "/x")).await.unwrap().status,
        200
    );
}

#[tokio::test]
async fn another_origin_of_the_grant_gets_no_credential_and_neither_does_the_way_back() {
    let back = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let place = std::sync::Arc::clone(&back);
    let other = Peer::answering(move |_| redirect(302, &place.lock().unwrap())).await;
    let own = redirecting(302, other.url("/y").as_str()).await;
    *back.lock().unwrap() = own.url("/base/z").to_string();
    // Even where a URL that is followed would take the credential there.
    let also = vec![FurtherOrigin { origin: other.url("/").as_str().parse().unwrap(), credential: true }];
    let also_own = FurtherOrigin { origin: own.url("/base").as_str().parse().unwrap(), credential: false };
    let also = also.into_iter().chain([also_own]).collect();
    let mut user = User::of(following(&own, EgressRules { also, ..EgressRules::default() }));
    assert_eq!(user.send(get("/x")).await.unwrap().status, 200);
    assert!(own.received()[0].contains("authorization"));
    assert!(!other.received()[0].contains("authorization"), "{:?}", other.received());
    assert!(!own.received()[1].contains("authorization"), "{:?}", own.received());
}

#[tokio::test]
async fn the_sixth_redirect_is_an_answer_and_each_counts_as_a_request() {
    let peer = Peer::answering(|_| redirect(302, "/base/again")).await;
    let answer = User::of(following(&peer, EgressRules::default())).send(get("/x")).await.unwrap();
    assert_eq!((answer.status, peer.received().len()), (302, 6));
    let few = EgressRules { max_calls: 3, ..EgressRules::default() };
    assert!(User::of(following(&peer, few)).send(get("/x")).await.is_err());
    assert_eq!(peer.received().len(), 6 + 3);
}

#[tokio::test]
async fn a_redirect_to_a_name_that_leads_inside_is_not_dialled() {
    let inside = Peer::start().await;
    let to = format!("http://a.pods.example:{}/y", inside.port);
    let peer = redirecting(302, &to).await;
    let also = vec![FurtherOrigin {
        origin: format!("http://*.pods.example:{}/", inside.port).parse().unwrap(),
        credential: false,
    }];
    let endpoint = following(&peer, EgressRules { also, ..EgressRules::default() });
    let mut user = User::with_names(endpoint, Script::to_loopback(&["a.pods.example"]));
    assert!(user.send(get("/x")).await.is_err());
    assert_eq!(inside.received().len(), 0);
}
