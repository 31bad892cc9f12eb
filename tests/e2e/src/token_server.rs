//! A token server on this machine: it gives out one token to who shows the right thing, and replaces refresh tokens.

use crate::http::Message;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What the server takes, as it stands in the body of a request, and what it gives.
#[derive(Debug, Clone, Default)]
struct State {
    requests: u32,
    /// The number of the refresh token that is taken next.
    refresh: u32,
}

/// The server. It ends when it is dropped.
pub struct TokenServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TokenServer {
    /// Starts a server that gives `token` to who shows this client secret in the body, or the refresh token `refresh-1`, then
    /// the one that it answered last.
    pub fn start(client_secret: &'static str, token: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port of this machine can be had");
        let address = listener.local_addr().expect("a listener has an address");
        let state = Arc::new(Mutex::new(State { requests: 0, refresh: 1 }));
        let ends = Arc::<AtomicBool>::default();
        let thread = std::thread::spawn({
            let (state, ends) = (state.clone(), ends.clone());
            move || {
                for stream in listener.incoming().flatten() {
                    if ends.load(Ordering::SeqCst) {
                        return;
                    }
                    answer(&stream, &state, client_secret, token);
                }
            }
        });
        Self { address, state, ends, thread: Some(thread) }
    }

    /// Where tokens come from.
    pub fn url(&self) -> String {
        format!("http://{}/token", self.address)
    }

    /// How many requests came.
    pub fn requests(&self) -> u32 {
        self.state.lock().expect("nobody panics here").requests
    }

    /// The refresh token that is taken next.
    pub fn refresh_token(&self) -> String {
        format!("refresh-{}", self.state.lock().expect("nobody panics here").refresh)
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // One more connection, so that it sees that it ends.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn answer(mut stream: &TcpStream, state: &Mutex<State>, client_secret: &str, token: &str) {
    let Ok(Some(request)) = Message::read_request(stream) else { return };
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let mut state = state.lock().expect("nobody panics here");
    state.requests += 1;
    let shows = |name: &str, value: &str| body.split('&').any(|field| field == format!("{name}={value}"));
    let (status, text) = if shows("refresh_token", &format!("refresh-{}", state.refresh)) {
        state.refresh += 1;
        let next = state.refresh;
        ("200 OK", format!("{{\"access_token\":\"{token}\",\"refresh_token\":\"refresh-{next}\",\"expires_in\":3600}}"))
    } else if shows("client_secret", client_secret) && shows("grant_type", "client_credentials") {
        ("200 OK", format!("{{\"access_token\":\"{token}\",\"token_type\":\"Bearer\",\"expires_in\":3600}}"))
    } else {
        let said = format!("{{\"error\":\"invalid_client\",\"error_description\":\"I was sent {body}\"}}");
        ("401 Unauthorized", said)
    };
    let message = Message {
        first_line: format!("HTTP/1.1 {status}"),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: text.into_bytes(),
    };
    let _ = stream.write_all(&message.to_bytes());
}
