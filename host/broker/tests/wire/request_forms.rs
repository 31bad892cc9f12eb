//! Requests that try to be something else than they seem: none of them arrives, or what arrives is harmless.

use crate::peer::{Peer, User, get, request};
use purser_broker::Endpoint;
use purser_broker::http::{Denial, Error, Field, Method};

fn field(name: &str, value: &str) -> Field {
    Field { name: name.to_owned(), value: value.to_owned() }
}

#[tokio::test]
async fn a_path_leads_nowhere_else() {
    let peer = Peer::start().await;
    let mut user = User::of(Endpoint::new(peer.url("/base")));
    for path in [
        "x",
        "/a b",
        "/a\r\nx-injected: 1",
        "/a HTTP/1.1\r\nhost: evil\r\n\r\nGET /admin",
        "/a%0d%0ax-injected:%201",
        "/a%250d%250ax",
        "/a%00",
        "/../admin",
        "/..%2fadmin",
        "/%2e%2e/admin",
        "/%2e%2e%2fadmin",
        "/%252e%252e/admin",
        "/..;/admin",
        "/..\\admin",
        "/%5c..%5cadmin",
        "\\\\evil.example\\x",
        "//evil.example/x",
        "http://evil.example/x",
        "@evil.example/x",
        ":80/x",
        "/x?injected=1",
        "/x#fragment",
        "/\u{202e}x",
        "/\u{ff0e}\u{ff0e}/admin",
    ] {
        for method in [Method::Get, Method::Post] {
            let answer = user.send(request(method, path)).await;
            assert!(matches!(answer, Err(Error::Denied(Denial::Location(_)))), "{path}: {answer:?}");
        }
    }
    let long = user.send(get(&format!("/{}", "a".repeat(20_000)))).await;
    assert!(matches!(long, Err(Error::Denied(Denial::Location(_)))), "{long:?}");
    assert_eq!(peer.received(), [""; 0]);
}

#[tokio::test]
async fn a_url_to_follow_leads_nowhere_else() {
    let peer = Peer::start().await;
    let port = peer.port;
    let mut user = User::of(Endpoint::new(peer.url("/base")));
    for url in [
        format!("http://user:secret@127.0.0.1:{port}/base/x"),
        format!("http://user@127.0.0.1:{port}/base/x"),
        format!("http://127.0.0.1:{port}@evil.example/base/x"),
        format!("http://127.0.0.1:{port}\\@evil.example/base/x"),
        format!("http://127.0.0.1:{port}\\base\\x"),
        format!("http://evil.example#@127.0.0.1:{port}/base/x"),
        format!("http://127.0.0.1:{port}.evil.example/base/x"),
        format!("https://127.0.0.1:{port}/base/x"),
        format!("http://localhost:{port}/base/x"),
        format!("http://127.0.0.1:{port}/basement"),
        format!("http://127.0.0.1:{port}/base/../admin"),
        format!("http://127.0.0.1:{port}/base/%2e%2e/admin"),
        format!("http://127.0.0.1:{port}/base/..%2fadmin"),
        format!("http://127.0.0.1:{port}/base/%2e%2e%5cadmin"),
        format!("http://127.0.0.1:{port}/base/x\r\nx-injected: 1"),
        format!("http://127.0.0.1:{port}/base/x%0d%0ax-injected:%201"),
        format!("http://127.0.0.1:{port}/base/x?_method=DELETE"),
        format!("//127.0.0.1:{port}/base/x"),
        "/base/x".to_owned(),
        "http://127.0.0.1/base/x".to_owned(),
        "file:///etc/passwd".to_owned(),
        "gopher://127.0.0.1/x".to_owned(),
        String::new(),
    ] {
        let answer = user.follow(&url, get("")).await;
        assert!(matches!(&answer, Err(Error::Denied(Denial::Location(_)))), "{url}: {answer:?}");
        assert!(!format!("{answer:?}").contains("secret"), "{answer:?}");
    }
    assert_eq!(peer.received(), [""; 0]);
}

#[tokio::test]
async fn headers_smuggle_nothing() {
    let peer = Peer::start().await;
    let mut user = User::of(Endpoint::new(peer.url("/base")));
    for (name, value) in [
        ("x", "1\r\nauthorization: x"),
        ("x", "1\nx-injected: 1"),
        ("x", "1\rx-injected: 1"),
        ("x", "1\0"),
        ("x: 1\r\nx-injected", "1"),
        ("x\n", "1"),
        ("x ", "1"),
        (" x", "1"),
        ("x:", "1"),
        ("", "1"),
        ("h\u{f6}st", "1"),
        (":authority", "evil.example"),
        ("Host", "evil.example"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("transfer-encoding", "identity, chunked"),
        ("Connection", "upgrade"),
        ("Upgrade", "h2c"),
        ("TE", "trailers"),
        ("Trailer", "x"),
        ("Expect", "100-continue"),
        ("Authorization", "Bearer mine"),
        ("Proxy-Authorization", "Basic mine"),
        ("Cookie", "a=b"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Original-URL", "/admin"),
        ("X-Rewrite-URL", "/admin"),
        ("X-Forwarded-Host", "evil.example"),
        ("Forwarded", "host=evil.example"),
    ] {
        let answer = user.send(purser_broker::http::Request { headers: vec![field(name, value)], ..get("/x") }).await;
        assert!(matches!(answer, Err(Error::Denied(Denial::Header(_)))), "{name:?}: {answer:?}");
    }
    assert_eq!(peer.received(), [""; 0]);
}

#[tokio::test]
async fn what_looks_like_an_attack_and_is_data_arrives_as_data() {
    let peer = Peer::start().await;
    let mut user = User::of(Endpoint::new(peer.url("/base")));
    let query = vec![field("filter", "a\r\nx-injected: 1&admin=1#")];
    let odd = purser_broker::http::Request { query, ..get("/Users/a@b.example:1;v=2/...") };
    assert_eq!(user.send(odd).await.unwrap().status, 200);
    let smuggled = b"0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n".to_vec();
    let body = purser_broker::http::Request { body: Some(smuggled), ..request(Method::Post, "/x") };
    assert_eq!(user.send(body).await.unwrap().status, 200);
    let received = peer.received();
    let line = "GET /base/Users/a@b.example:1;v=2/...?filter=a%0D%0Ax-injected%3A%201%26admin%3D1%23 HTTP/1.1\r\n";
    assert!(received[0].starts_with(line), "{received:?}");
    assert!(received[1].contains("content-length: 28\r\n"), "{received:?}");
    assert_eq!(received.len(), 2);
}
