//! A receiver of webhooks on this machine: it keeps what it is sent, answers as a test says, and lets the library of the
//! specification verify signatures.

use crate::environment;
use crate::http::Message;
use serde_json::{Value, json};
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a receiver answers to a delivery.
#[derive(Debug, Clone)]
pub enum Reply {
    /// This status, with these headers.
    Status(u16, Vec<(String, String)>),
    /// Nothing for so long, and then the end of the connection.
    Silence(Duration),
}

impl Reply {
    /// It takes it.
    pub fn ok() -> Self {
        Self::of(204)
    }

    /// This status.
    pub fn of(status: u16) -> Self {
        Self::Status(status, Vec::new())
    }

    /// This status and one header.
    pub fn with(status: u16, name: &str, value: &str) -> Self {
        Self::Status(status, vec![(name.to_owned(), value.to_owned())])
    }
}

/// A delivery that came.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Where it went, with the query.
    pub target: String,
    /// `webhook-id`.
    pub id: String,
    /// All headers.
    pub headers: Vec<(String, String)>,
    /// The body, as it came.
    pub body: String,
    /// How long the receiver was there when it came.
    pub after: Duration,
}

impl Delivery {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// What the event is about.
    pub fn subject(&self) -> String {
        self.json()["data"]["subject"].as_str().unwrap_or_default().to_owned()
    }
}

type Answers = Arc<Mutex<Box<dyn FnMut(&Delivery) -> Reply + Send>>>;

/// The receiver. It ends when it is dropped.
pub struct Receiver {
    address: SocketAddr,
    came: Arc<Mutex<Vec<Delivery>>>,
    answers: Answers,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Starts a receiver that answers so.
    pub fn start(answer: impl FnMut(&Delivery) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port of this machine can be had");
        let address = listener.local_addr().expect("a listener has an address");
        let came = Arc::<Mutex<Vec<Delivery>>>::default();
        let answers: Answers = Arc::new(Mutex::new(Box::new(answer)));
        let ends = Arc::<AtomicBool>::default();
        let thread = std::thread::spawn({
            let (came, answers, ends) = (came.clone(), answers.clone(), ends.clone());
            move || serve(&listener, &came, &answers, &ends)
        });
        Self { address, came, answers, ends, thread: Some(thread) }
    }

    /// Where events go.
    pub fn url(&self) -> String {
        format!("http://{}/hooks/in?tenant=7%2F1", self.address)
    }

    /// From now on it answers so.
    pub fn answers(&self, answer: impl FnMut(&Delivery) -> Reply + Send + 'static) {
        *self.answers.lock().expect("no test panics while it answers") = Box::new(answer);
    }

    /// What came so far.
    pub fn came(&self) -> Vec<Delivery> {
        self.came.lock().expect("nobody panics here").clone()
    }

    /// What the events were about that came so far, in their order.
    pub fn subjects(&self) -> Vec<String> {
        self.came().iter().map(Delivery::subject).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // Whoever waits for a connection gets a last one.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test looks at how much later something comes")]
fn serve(listener: &TcpListener, came: &Mutex<Vec<Delivery>>, answers: &Answers, ends: &AtomicBool) {
    let begun = std::time::Instant::now();
    for stream in listener.incoming().flatten() {
        if ends.load(Ordering::SeqCst) {
            return;
        }
        // Who was killed within a request has sent none.
        let Ok(Some(message)) = Message::read_request(&stream) else { continue };
        let delivery = Delivery {
            target: message.method_and_target().1.to_owned(),
            id: message.header("webhook-id").unwrap_or_default().to_owned(),
            body: String::from_utf8_lossy(&message.body).into_owned(),
            headers: message.headers,
            after: begun.elapsed(),
        };
        let reply = answers.lock().expect("no test panics while it answers")(&delivery);
        came.lock().expect("nobody panics here").push(delivery);
        answer(stream, reply);
    }
}

fn answer(mut stream: TcpStream, reply: Reply) {
    match reply {
        Reply::Status(status, headers) => {
            let answer = Message { first_line: format!("HTTP/1.1 {status} Said"), headers, body: Vec::new() };
            // Who was killed meanwhile does not hear it.
            let _ = stream.write_all(&answer.to_bytes());
        }
        Reply::Silence(wait) => {
            std::thread::spawn(move || {
                std::thread::sleep(wait);
                drop(stream);
            });
        }
    }
}

/// What the library of the specification makes of deliveries that are shown with this secret: the bodies, null where one does
/// not verify.
pub fn verified(secret: &str, deliveries: &[Delivery]) -> Vec<Value> {
    let asked: Vec<_> = deliveries
        .iter()
        .map(|delivery| {
            let headers: serde_json::Map<_, _> =
                delivery.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            json!({"secret": secret, "headers": headers, "body": delivery.body})
        })
        .collect();
    let mut child = Command::new(environment::clients_python())
        .arg(environment::clients().join("webhook_verify.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the Python with the clients starts");
    let asked = serde_json::to_vec(&asked).expect("it is JSON");
    child.stdin.take().expect("it has an input").write_all(&asked).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "the library failed");
    serde_json::from_slice(&output.stdout).expect("it answers in JSON")
}
