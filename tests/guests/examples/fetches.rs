//! Sends by `wasi:http` what must and what must not pass, and says how the host answered. The configuration's `base` is the
//! URL of its endpoint; the class searched for says what to send.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::config;
use purser_guests::contract::purser::connector::types::{Error, Manifest, Outcome, Page, Request, SearchRequest};
use purser_guests::{Program, manifest, needs, observations, page, program};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};

struct Fetches;

impl Program for Fetches {
    fn describe() -> Manifest {
        // Nothing can be reached here; what the host answers must not be an instance that is lost.
        assert!(send(&Asked::get("http://127.0.0.1/base/x")).is_err());
        manifest(needs().0, Vec::new())
    }

    fn search(request: SearchRequest) -> Result<Page, Error> {
        let base = base();
        let observed = match request.class.as_str() {
            "honest" => honest(&base),
            "outside" => OUTSIDE.iter().map(|(name, url)| (*name, show(&send(&Asked::get(url))))).collect(),
            "paths" => {
                PATHS.iter().map(|(name, path)| (*name, show(&send(&Asked::get(&(base.clone() + path)))))).collect()
            }
            "headers" => headers(&base),
            "methods" => methods(&base),
            "bodies" => bodies(&base),
            "many" => many(&base),
            "hurried" => hurried(&base),
            "long" => long(&base),
            _ => vec![("answer", show(&send(&Asked::get(&(base + "/x")))))],
        };
        Ok(page(vec![observations(observed)]))
    }

    fn apply(requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        let base = base();
        requests.iter().map(|_| Ok(Outcome::Done(Some(observations(bodies(&base)))))).collect()
    }
}

/// URLs that no endpoint covers.
const OUTSIDE: [(&str, &str); 10] = [
    ("other host", "http://127.0.0.2/base/x"),
    ("other scheme", "https://127.0.0.1/base/x"),
    ("a name", "http://nobody.example/base/x"),
    ("metadata service", "http://169.254.169.254/latest/meta-data/"),
    ("loopback of version 6", "http://[::1]/base/x"),
    ("mapped address", "http://[::ffff:127.0.0.1]/base/x"),
    ("decimal address", "http://2130706433/base/x"),
    ("user in the URL", "http://user:secret@127.0.0.1/base/x"),
    ("host behind a user", "http://127.0.0.1@evil.example/base/x"),
    ("no host", "http:///base/x"),
];

/// What follows the URL of the endpoint and leads out of it, or into a second request.
const PATHS: [(&str, &str); 9] = [
    ("beside", "x/y"),
    ("above", "/../admin"),
    ("escaped above", "/%2e%2e/admin"),
    ("twice escaped above", "/%252e%252e/admin"),
    ("above with parameters", "/..;/admin"),
    ("escaped line break", "/a%0d%0ax-injected:%201"),
    ("line break", "/a\r\nx-injected: 1"),
    ("smuggled request", "/a HTTP/1.1\r\n\r\nGET /admin"),
    ("other method in the query", "/x?_method=DELETE"),
];

fn base() -> String {
    let config: serde_json::Value = serde_json::from_str(&config::get()).expect("a JSON object");
    config["base"].as_str().unwrap_or("http://127.0.0.1/base").to_owned()
}

#[derive(Clone)]
struct Asked {
    method: Method,
    url: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Option<Vec<u8>>,
    unfinished: bool,
    first_byte: Option<u64>,
}

impl Asked {
    fn get(url: &str) -> Self {
        Self { method: Method::Get, url: url.into(), headers: vec![], body: None, unfinished: false, first_byte: None }
    }

    fn post(url: &str, body: Vec<u8>) -> Self {
        Self { method: Method::Post, body: Some(body), ..Self::get(url) }
    }
}

#[derive(Debug)]
#[expect(dead_code, reason = "shown by its Debug only")]
enum Refused {
    Header(wasip2::http::types::HeaderError),
    Url,
    Code(ErrorCode),
}

/// Status, headers and body.
type Answer = (u16, String, String);

fn begin(asked: &Asked) -> Result<FutureIncomingResponse, Refused> {
    let fields = Fields::new();
    for (name, value) in &asked.headers {
        fields.append(name, value.as_bytes()).map_err(Refused::Header)?;
    }
    let request = OutgoingRequest::new(fields);
    let (scheme, rest) = asked.url.split_once("://").ok_or(Refused::Url)?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    request.set_method(&asked.method).map_err(|()| Refused::Url)?;
    request.set_scheme(Some(&scheme)).map_err(|()| Refused::Url)?;
    request.set_authority(Some(authority)).map_err(|()| Refused::Url)?;
    request.set_path_with_query(Some(path)).map_err(|()| Refused::Url)?;
    let body = asked.body.is_some().then(|| request.body().expect("asked for once"));
    let options = RequestOptions::new();
    options.set_first_byte_timeout(asked.first_byte).expect("it is supported");
    let answer = handle(request, Some(options)).map_err(Refused::Code)?;
    if let Some(body) = body {
        let stream = body.write().expect("asked for once");
        // Where the host has seen enough, it closes the stream.
        let all = asked.body.iter().flat_map(|body| body.chunks(4096));
        let written = all.into_iter().all(|chunk| stream.blocking_write_and_flush(chunk).is_ok());
        drop(stream);
        if written && !asked.unfinished {
            let _ = OutgoingBody::finish(body, None);
        }
    }
    Ok(answer)
}

fn end(answer: &FutureIncomingResponse) -> Result<Answer, Refused> {
    answer.subscribe().block();
    let response = answer.get().expect("it is ready").expect("asked for once").map_err(Refused::Code)?;
    let entries = response.headers().entries();
    let headers = entries.iter().map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value))).collect();
    let body = response.consume().expect("asked for once");
    let stream = body.stream().expect("asked for once");
    let mut bytes = Vec::new();
    while let Ok(more) = stream.blocking_read(64 << 10) {
        bytes.extend(more);
    }
    Ok((response.status(), headers, String::from_utf8_lossy(&bytes).into_owned()))
}

fn send(asked: &Asked) -> Result<Answer, Refused> {
    end(&begin(asked)?)
}

fn show(answer: &Result<Answer, Refused>) -> String {
    match answer {
        Ok((status, ..)) => format!("Ok({status})"),
        Err(refused) => format!("Err({refused:?})"),
    }
}

fn honest(base: &str) -> Vec<(&'static str, String)> {
    let headers = vec![("x-honest", "yes"), ("accept-encoding", "gzip")];
    match send(&Asked { headers, ..Asked::get(&format!("{base}/x?q=a%20b")) }) {
        Ok((status, headers, body)) => vec![("status", status.to_string()), ("headers", headers), ("body", body)],
        Err(refused) => vec![("status", format!("{refused:?}"))],
    }
}

fn headers(base: &str) -> Vec<(&'static str, String)> {
    let with = |name, value| show(&send(&Asked { headers: vec![(name, value)], ..Asked::get(&format!("{base}/x")) }));
    vec![
        ("authorization", with("Authorization", "Bearer mine")),
        ("cookie", with("cookie", "session=1")),
        ("host", with("host", "evil.example")),
        ("framing", with("transfer-encoding", "chunked")),
        ("forwarded", with("x-forwarded-for", "10.0.0.1")),
        ("other method", with("x-http-method-override", "DELETE")),
        ("line break in a value", with("x-a", "1\r\nauthorization: mine")),
        ("line break in a name", with("x\r\nauthorization", "1")),
        ("beyond ASCII", with("x-a", "\u{fc}")),
        ("a length of what is not there", with("content-length", "5")),
    ]
}

fn methods(base: &str) -> Vec<(&'static str, String)> {
    let with = |method| show(&send(&Asked { method, ..Asked::get(&format!("{base}/x")) }));
    vec![
        ("post", with(Method::Post)),
        ("put", with(Method::Put)),
        ("patch", with(Method::Patch)),
        ("delete", with(Method::Delete)),
        ("connect", with(Method::Connect)),
        ("options", with(Method::Options)),
        ("other", with(Method::Other("PURGE".to_owned()))),
    ]
}

fn bodies(base: &str) -> Vec<(&'static str, String)> {
    let url = format!("{base}/x");
    let unfinished = Asked { unfinished: true, ..Asked::post(&url, b"half".to_vec()) };
    vec![
        ("small", show(&send(&Asked::post(&url, b"whole".to_vec())))),
        ("unfinished", show(&send(&unfinished))),
        ("large", show(&send(&Asked::post(&url, vec![b'x'; 200_000])))),
    ]
}

/// A hundred requests before the first answer is looked at.
fn many(base: &str) -> Vec<(&'static str, String)> {
    let asked = Asked::get(&format!("{base}/x"));
    let begun: Vec<_> = (0..100).map(|_| begin(&asked)).collect();
    let ended: Vec<_> = begun.iter().flatten().map(|answer| show(&end(answer))).collect();
    let answered = ended.iter().filter(|answer| *answer == "Ok(200)").count();
    let refused = ended.iter().filter(|answer| answer.contains("ConnectionLimitReached")).count();
    vec![("answered", answered.to_string()), ("refused", refused.to_string())]
}

fn hurried(base: &str) -> Vec<(&'static str, String)> {
    vec![("answer", show(&send(&Asked { first_byte: Some(50_000_000), ..Asked::get(&format!("{base}/x")) })))]
}

/// Long in parts of which none is too long.
fn long(base: &str) -> Vec<(&'static str, String)> {
    let part: &'static str = Box::leak("a".repeat(1_500).into_boxed_str());
    let asked = Asked { headers: vec![("x-long", part)], ..Asked::get(&format!("{base}/x?q={part}")) };
    vec![("answer", show(&send(&asked)))]
}

program!(Fetches);
