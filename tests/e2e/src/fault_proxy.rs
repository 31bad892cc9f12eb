//! A proxy that makes a seeded share of the requests fail, before or after they reach the server.

use crate::http::{Message, exchange};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What a disturbed request gets for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// 500 with an HTML page.
    Broken,
    /// 429 with `Retry-After` in seconds; never after the server was reached.
    Throttled(u8),
    /// 503.
    Unavailable,
    /// 200 with something that is no JSON.
    Garbage,
    /// The first half of an answer, then the connection ends.
    HalfAnswer,
    /// The connection ends without an answer.
    Silence,
}

/// What passed through.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// Requests that the server answered with success, by method and path without the query; whether or not the answer
    /// reached the client.
    pub carried_out: BTreeMap<(String, String), u64>,
    /// Faults given, and whether the server had carried the request out by then.
    pub faults: BTreeMap<(Fault, bool), u64>,
    /// How many of the requests that the server carried out, and whose answer was lost, were writes.
    pub lost_writes: u64,
}

impl Traffic {
    /// How many writes the server carried out.
    pub fn writes(&self) -> u64 {
        self.carried_out.iter().filter(|((method, _), _)| method != "GET").map(|(_, count)| count).sum()
    }
}

/// A running proxy; it ends with this value.
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    server: SocketAddr,
    shares: Mutex<Shares>,
    delay: Duration,
    random: Mutex<StdRng>,
    traffic: Mutex<Traffic>,
    over: AtomicBool,
    witness: Option<Box<Witness>>,
}

/// Which shares (0.0 to 1.0) of the requests are disturbed.
#[derive(Debug, Clone, Copy, Default)]
struct Shares {
    /// By any fault, before or after the server.
    any: f64,
    throttled: f64,
    lost: f64,
}

/// Sees a request that the server has answered, while the client still waits for the answer.
pub type Witness = dyn Fn(&Message) + Send + Sync;

impl FaultProxy {
    /// Starts a proxy before `server` that disturbs this share of the requests (0.0 to 1.0), chosen by the seed, and lets
    /// each take at least `delay`.
    pub fn start(server: SocketAddr, share: f64, delay: Duration, seed: u64) -> Self {
        Self::serve(Shared {
            server,
            shares: Mutex::new(Shares { any: share, ..Shares::default() }),
            delay,
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            traffic: Mutex::default(),
            over: AtomicBool::new(false),
            witness: None,
        })
    }

    /// Starts a proxy before `server` that disturbs nothing, and shows every request to somebody.
    pub fn watched(server: SocketAddr, witness: impl Fn(&Message) + Send + Sync + 'static) -> Self {
        Self::serve(Shared {
            server,
            shares: Mutex::default(),
            delay: Duration::ZERO,
            random: Mutex::new(StdRng::seed_from_u64(0)),
            traffic: Mutex::default(),
            over: AtomicBool::new(false),
            witness: Some(Box::new(witness)),
        })
    }

    fn serve(shared: Shared) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port of this machine can be had");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(shared);
        let serving = shared.clone();
        let accepting = thread::spawn(move || accept(&listener, &serving));
        Self { address, shared, accepting: Some(accepting) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on these shares (0.0 to 1.0) of the requests are throttled, and of the answers lost, and nothing else.
    pub fn disturb(&self, throttled: f64, lost: f64) {
        *self.shared.shares.lock().expect("no thread panics while it holds the shares") =
            Shares { any: 0.0, throttled, lost };
    }

    /// What has passed through so far.
    pub fn traffic(&self) -> Traffic {
        self.shared.traffic().clone()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // One more connection, so that the thread that waits for connections looks up.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.over.load(Ordering::SeqCst) {
            return;
        }
        let (Ok(stream), shared) = (stream, shared.clone()) else { continue };
        // A client that goes away in the middle, as a killed one does, is no failure of the proxy.
        thread::spawn(move || shared.serve(&stream).unwrap_or_default());
    }
}

impl Shared {
    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().expect("no thread panics while it counts")
    }

    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        let Some(request) = Message::read_request(stream)? else { return Ok(()) };
        thread::sleep(self.delay);
        let Some((fault, after)) = self.choose() else {
            let (answer, _) = self.forward(&request)?;
            if let Some(witness) = &self.witness {
                witness(&request);
            }
            return send(stream, &answer.to_bytes());
        };
        *self.traffic().faults.entry((fault, after)).or_default() += 1;
        if !after {
            return disturb(stream, fault, None);
        }
        let (answer, carried_out) = self.forward(&request)?;
        self.traffic().lost_writes += u64::from(carried_out && request.method_and_target().0 != "GET");
        disturb(stream, fault, Some(&answer))
    }

    /// The server's answer, and whether it carried the request out.
    fn forward(&self, request: &Message) -> io::Result<(Message, bool)> {
        let answer = exchange(self.server, request)?;
        let carried_out = answer.status().is_some_and(|status| (200..300).contains(&status));
        if carried_out {
            let (method, target) = request.method_and_target();
            let path = target.split('?').next().unwrap_or_default();
            *self.traffic().carried_out.entry((method.to_owned(), path.to_owned())).or_default() += 1;
        }
        Ok((answer, carried_out))
    }

    fn choose(&self) -> Option<(Fault, bool)> {
        let shares = *self.shares.lock().expect("no thread panics while it holds the shares");
        let mut random = self.random.lock().expect("no thread panics while it throws dice");
        if shares.throttled > 0.0 && random.random_bool(shares.throttled) {
            return Some((Fault::Throttled(0), false));
        }
        if shares.lost > 0.0 && random.random_bool(shares.lost) {
            let fault = if random.random_bool(0.5) { Fault::HalfAnswer } else { Fault::Silence };
            return Some((fault, true));
        }
        if !random.random_bool(shares.any) {
            return None;
        }
        let faults = [
            Fault::Broken,
            Fault::Throttled(0),
            Fault::Throttled(1),
            Fault::Unavailable,
            Fault::Garbage,
            Fault::HalfAnswer,
            Fault::Silence,
        ];
        let fault = faults[random.random_range(0..faults.len())];
        // A server that throttles turns the request away (RFC 6585 section 4); a gateway says the others at any time.
        let after = random.random_bool(0.5) && !matches!(fault, Fault::Throttled(_));
        Some((fault, after))
    }
}

fn disturb(stream: &TcpStream, fault: Fault, answer: Option<&Message>) -> io::Result<()> {
    let page = "<html><body>Something went wrong.</body></html>";
    let bytes = match fault {
        Fault::Broken => plain("500 Internal Server Error", &[("Content-Type", "text/html")], page),
        Fault::Throttled(seconds) => plain("429 Too Many Requests", &[("Retry-After", &seconds.to_string())], ""),
        Fault::Unavailable => plain("503 Service Unavailable", &[], ""),
        Fault::Garbage => plain("200 OK", &[("Content-Type", "application/scim+json")], "{\"schemas\": [\"urn:ie\u{1}"),
        Fault::HalfAnswer => {
            let whole = answer.map_or_else(|| plain("200 OK", &[], &"{".repeat(400)), Message::to_bytes);
            whole[..whole.len() / 2].to_vec()
        }
        Fault::Silence => Vec::new(),
    };
    send(stream, &bytes)
}

fn plain(status: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Message { first_line: format!("HTTP/1.1 {status}"), headers, body: body.as_bytes().to_vec() }.to_bytes()
}

fn send(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)?;
    stream.shutdown(Shutdown::Write)
}
