//! A host that serves, as those see it who use its API.

use crate::described::Described;
use crate::home::Home;
use crate::http::{Message, exchange};
use crate::program::Running;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// Far longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// With these options nothing happens but what is asked for.
pub const QUIET: [&str; 4] = ["--import-every", "0", "--reconcile-every", "0"];
/// Where the API describes itself.
const DESCRIPTION: &str = "/v1/openapi.json";

/// A host that serves.
pub struct Served<'a> {
    home: &'a Home,
    /// The program.
    pub process: Running,
    /// Where its API answers.
    pub address: SocketAddr,
    described: OnceLock<Described>,
}

impl<'a> Served<'a> {
    /// Starts a host on a free port and waits until it listens.
    pub fn start(home: &'a Home, options: &[&str]) -> Self {
        let mut process = home.start(&[&["serve", "--listen", "127.0.0.1:0"], options].concat());
        eventually("the host listens or ends", || process.has_ended() || address_in(&process.output()).is_some());
        Self::listening(home, process)
    }

    /// Starts a host whose address is known before, so that it can be declared.
    pub fn start_as_declared(home: &'a Home, options: &[&str], declare: impl Fn(SocketAddr)) -> Self {
        // A port found free can be taken before the host has it; then another one is tried.
        for _ in 0..5 {
            let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
            declare(free);
            let mut process = home.start(&[&["serve", "--listen", &free.to_string()], options].concat());
            eventually("the host listens or ends", || process.has_ended() || address_in(&process.output()).is_some());
            if !process.has_ended() || !process.log().contains("cannot listen") {
                return Self::listening(home, process);
            }
        }
        panic!("the host listens on no port");
    }

    fn listening(home: &'a Home, mut process: Running) -> Self {
        assert!(!process.has_ended(), "{}{}", process.output(), process.log());
        let said = process.output();
        let address = address_in(&said).unwrap_or_else(|| panic!("no address in: {said}"));
        Self { home, address, process, described: OnceLock::new() }
    }

    /// The token of the host itself.
    pub fn own_token(&self) -> String {
        self.home.read("data/api-token")
    }

    /// Asks the API to read; status and answer.
    pub fn get(&self, path: &str, token: Option<&str>) -> (u16, Value) {
        self.ask("GET", path, token, None)
    }

    /// Asks the API to do something, and what it answers where it did.
    #[track_caller]
    pub fn post(&self, path: &str, token: &str, body: &Value) -> Value {
        let (status, answer) = self.ask("POST", path, Some(token), Some(body));
        assert!((200..300).contains(&status), "POST {path}: {status} {answer}");
        answer
    }

    /// Asks the API; status and answer, null where it has no body. What is answered under `/v1` must be as it is described.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> (u16, Value) {
        let (status, answer) = self.exchange(method, path, token, body);
        if path.starts_with("/v1/") {
            let described =
                self.described.get_or_init(|| Described::new(self.exchange("GET", DESCRIPTION, None, None).1));
            let differences = described.differences(method, path, status, &answer);
            assert!(differences.is_empty(), "{}", differences.join("\n"));
        }
        (status, answer)
    }

    fn exchange(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> (u16, Value) {
        let mut headers = vec![("Host".to_owned(), self.address.to_string())];
        headers.extend(token.map(|token| ("Authorization".to_owned(), format!("Bearer {token}"))));
        headers.extend(body.map(|_| ("Content-Type".to_owned(), "application/json".to_owned())));
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = Message { first_line: format!("{method} {path} HTTP/1.1"), headers, body };
        let answer = exchange(self.address, &request).unwrap_or_else(|error| panic!("{path}: {error}"));
        let status = answer.status().unwrap_or_else(|| panic!("{path}: {}", answer.first_line));
        if answer.body.is_empty() {
            return (status, Value::Null);
        }
        (status, serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{path}: {error}")))
    }

    /// A list of the API, all pages of it.
    pub fn list(&self, path: &str) -> Vec<Value> {
        let token = self.own_token();
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let (status, page) = self.get(&format!("{path}limit=7{after}"), Some(&token));
            assert_eq!(status, 200, "{page}");
            items.extend(page["items"].as_array().expect("a list has items").iter().cloned());
            match &page["next"] {
                Value::Null => return items,
                Value::String(next) => after = format!("&after={next}"),
                next => after = format!("&after={next}"),
            }
        }
    }

    /// Follows the events after this one.
    pub fn follow(&self, token: &str, after: Option<u64>) -> Followed {
        let mut stream = TcpStream::connect(self.address).expect("the host listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time can be set");
        let last = after.map(|after| format!("Last-Event-ID: {after}\r\n")).unwrap_or_default();
        let host = self.address;
        let request =
            format!("GET /v1/events/stream HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n{last}\r\n");
        stream.write_all(request.as_bytes()).expect("the host reads");
        let mut followed = Followed(BufReader::new(stream));
        let status = followed.line().expect("an answer");
        assert_eq!(status, "HTTP/1.1 200 OK");
        while followed.line().is_some_and(|line| !line.is_empty()) {}
        followed
    }

    /// Tells the host to stop; it must end well.
    pub fn stop(self) {
        self.process.terminate();
        let answer = self.process.wait();
        assert_eq!(answer.code, Some(0), "{}", answer.log);
    }
}

/// Where a host listens, once it has said so.
pub fn address_in(said: &str) -> Option<SocketAddr> {
    let whole_lines = said.rsplit_once('\n')?.0;
    let said = whole_lines.lines().find_map(|line| line.strip_prefix("listening on "))?;
    said.split_once("://").and_then(|(_, address)| address.parse().ok())
}

/// A stream of events.
pub struct Followed(BufReader<TcpStream>);

impl Followed {
    /// The next event, with its `id` and `event` beside its data; none where the stream has ended.
    pub fn next_event(&mut self) -> Option<(u64, String, Value)> {
        let (mut id, mut kind) = (None, None);
        loop {
            let line = self.line()?;
            // Sizes of chunks and comments stand between.
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.parse().ok();
            } else if let Some(text) = line.strip_prefix("event: ") {
                kind = Some(text.to_owned());
            } else if let Some(text) = line.strip_prefix("data: ") {
                let data = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
                return Some((id.expect("an id before the data"), kind.expect("a kind before the data"), data));
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).expect("the stream goes on or ends");
        (read > 0).then(|| line.trim_end().to_owned())
    }
}

/// Waits until something is so.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..PATIENCE.as_millis() / BETWEEN_LOOKS.as_millis() {
        if is_so() {
            return;
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    panic!("within {PATIENCE:?} it was not so that {what}");
}
