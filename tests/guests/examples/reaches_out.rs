//! Tries to reach what was not granted, and says how the host answered. The class `wait` sends an honest request, and the
//! class `echo` shows what came back.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::http::{self, Field, Method, SecretEncoding, SecretUse};
use purser_guests::contract::purser::connector::types::{Error, Manifest, Page, SearchRequest};
use purser_guests::contract::purser::connector::{files, http::Request};
use purser_guests::{Program, manifest, needs, observations, page, program};

struct ReachesOut;

impl Program for ReachesOut {
    fn describe() -> Manifest {
        let (egress, directories) = needs();
        // Nothing can be reached here; what the host answers must not be an instance that is lost.
        assert!(http::send(&get("/")).is_err());
        assert!(files::list("data", "").is_err());
        manifest(egress, directories)
    }

    fn search(request: SearchRequest) -> Result<Page, Error> {
        if request.class == "wait" {
            return Ok(page(vec![observations(vec![("answer", format!("{:?}", http::send(&get("/"))))])]));
        }
        if request.class == "echo" {
            return Ok(page(vec![observations(echo())]));
        }
        Ok(page(vec![observations(attempts())]))
    }
}

/// What a guest could get hold of where the target repeats what it was sent.
fn echo() -> Vec<(&'static str, String)> {
    let Ok(response) = http::send(&get("/echo")) else { return Vec::new() };
    let headers = response.headers.iter().map(|field| format!("{}: {}\n", field.name, field.value)).collect();
    vec![("body", String::from_utf8_lossy(&response.body).into_owned()), ("headers", headers)]
}

/// Paths below the endpoint that are something else for some server or proxy.
const PATHS: [(&str, &str); 8] = [
    ("line break in the path", "/a\r\nx-injected: 1"),
    ("escaped line break", "/a%0d%0ax-injected:%201"),
    ("smuggled request", "/a HTTP/1.1\r\n\r\nGET /admin"),
    ("twice escaped path above", "/%252e%252e/admin"),
    ("path above with parameters", "/..;/admin"),
    ("backslash", "/..\\admin"),
    ("path that is a host", "//127.0.0.2/x"),
    ("path that is a user", "@127.0.0.2/x"),
];

/// URLs that lead elsewhere, or seem to lead inside.
const URLS: [(&str, &str); 10] = [
    ("other host", "http://127.0.0.2/base/x"),
    ("decimal address", "http://2130706433/base/x"),
    ("octal address", "http://0177.0.0.1/base/x"),
    ("hexadecimal address", "http://0x7f.1/base/x"),
    ("mapped address", "http://[::ffff:127.0.0.1]/base/x"),
    ("loopback of version 6", "http://[::1]/base/x"),
    ("metadata service", "http://169.254.169.254/latest/meta-data/"),
    ("user in the URL", "http://user:secret@127.0.0.1/base/x"),
    ("host behind a user", "http://127.0.0.1@evil.example/base/x"),
    ("file", "file:///etc/passwd"),
];

fn attempts() -> Vec<(&'static str, String)> {
    let paths = PATHS.map(|(name, path)| (name, format!("{:?}", http::send(&get(path)))));
    let urls = URLS.map(|(name, url)| (name, format!("{:?}", http::follow(url, &get("")))));
    paths.into_iter().chain(urls).chain(further_attempts()).collect()
}

fn further_attempts() -> Vec<(&'static str, String)> {
    let secret = SecretUse { slot: 7, placeholder: "x".to_owned(), encoding: SecretEncoding::Raw };
    let header =
        |name: &str| Request { headers: vec![Field { name: name.to_owned(), value: "x".to_owned() }], ..get("/") };
    vec![
        ("file above", format!("{:?}", files::read("data", "../secret", 0, 100))),
        ("file behind a link", format!("{:?}", files::read("data", "link/secret", 0, 100))),
        ("absolute file", format!("{:?}", files::read("data", "/etc/passwd", 0, 100))),
        ("folder above", format!("{:?}", files::list("data", ".."))),
        ("other directory", format!("{:?}", files::list("etc", ""))),
        ("path above", format!("{:?}", http::send(&get("/../admin")))),
        ("escaped path above", format!("{:?}", http::send(&get("/%2e%2e/admin")))),
        ("other endpoint", format!("{:?}", http::send(&Request { endpoint: "intranet".to_owned(), ..get("/") }))),
        ("own credential", format!("{:?}", http::send(&header("Authorization")))),
        ("smuggled header", format!("{:?}", http::send(&header("x\r\nauthorization")))),
        ("secret slot", format!("{:?}", http::send(&Request { secrets: vec![secret], ..get("/") }))),
    ]
}

fn get(path: &str) -> Request {
    Request {
        endpoint: "api".to_owned(),
        method: Method::Get,
        path: path.to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        secrets: Vec::new(),
        timeout_ms: None,
    }
}

program!(ReachesOut);
