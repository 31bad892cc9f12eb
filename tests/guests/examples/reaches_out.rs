//! Tries to reach what was not granted, and says how the host answered. The class `wait` sends an honest request.
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
        Ok(page(vec![observations(attempts())]))
    }
}

fn attempts() -> Vec<(&'static str, String)> {
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
        ("other host", format!("{:?}", http::follow("http://127.0.0.2/base/x", &get("")))),
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
