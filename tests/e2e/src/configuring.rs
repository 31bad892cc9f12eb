//! Whoever configures a host that serves, over its API.

use crate::http::{Message, exchange_within};
use crate::served::Served;
use serde_json::{Value, json};
use std::time::Duration;

/// Longer than compiling a connector takes on a slow machine.
const PATIENCE: Duration = Duration::from_mins(3);
const BOUNDARY: &str = "----a-boundary-of-this-test";

/// A request with these headers; status and answer.
pub fn send(
    served: &Served<'_>,
    (method, path): (&str, &str),
    token: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> (u16, Value) {
    let mut all =
        vec![("Host".to_owned(), served.address.to_string()), ("Authorization".to_owned(), format!("Bearer {token}"))];
    all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let request = Message { first_line: format!("{method} {path} HTTP/1.1"), headers: all, body };
    let answer = exchange_within(served.address, &request, PATIENCE).unwrap_or_else(|error| panic!("{path}: {error}"));
    let status = answer.status().unwrap_or_else(|| panic!("{path}: {}", answer.first_line));
    (status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

/// Uploads a connector, perhaps with a signature.
pub fn upload(served: &Served<'_>, token: &str, file: &str, component: &[u8], signature: Option<&str>) -> (u16, Value) {
    let part = |name: &str, more: &str, content: &[u8]| {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
        [head.as_bytes(), content, b"\r\n"].concat()
    };
    let mut body = part("component", &format!("; filename=\"{file}\""), component);
    body.extend(signature.map(|text| part("signature", "", text.as_bytes())).unwrap_or_default());
    body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    send(served, ("POST", "/v1/connectors"), token, &[("Content-Type", &kind)], body)
}

/// The declarations that are in force: their digest and files.
pub fn declared(served: &Served<'_>, token: &str) -> (String, Vec<Value>) {
    let (status, answer) = served.get("/v1/declarations", Some(token));
    assert_eq!(status, 200, "{answer}");
    let files = answer["files"].as_array().cloned().unwrap_or_default();
    (answer["digest"].as_str().unwrap_or_default().to_owned(), files)
}

/// These files, where this text of one is another.
pub fn changed(mut files: Vec<Value>, name: &str, from: &str, to: &str) -> Vec<Value> {
    let file = files.iter_mut().find(|file| file["name"] == name).unwrap_or_else(|| panic!("no file {name}"));
    let text = file["text"].as_str().unwrap_or_default();
    assert!(text.contains(from), "{from} is not in {text}");
    file["text"] = Value::from(text.replace(from, to));
    files
}

/// Applies declarations that were made from those with this digest.
pub fn declare(served: &Served<'_>, token: &str, made_from: &str, files: &[Value]) -> (u16, Value) {
    let tag = format!("\"{made_from}\"");
    let headers = [("Content-Type", "application/json"), ("If-Match", tag.as_str())];
    let body = json!({"files": files}).to_string().into_bytes();
    send(served, ("POST", "/v1/declarations"), token, &headers, body)
}
