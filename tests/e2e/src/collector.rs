//! A collector of traces on this machine: it keeps what it is sent over OTLP, read with the types of the protocol's own crate.

use crate::http::Message;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// The collector. It ends when it is dropped.
pub struct Collector {
    address: SocketAddr,
    came: Arc<Mutex<Vec<Vec<u8>>>>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Collector {
    /// Starts a collector.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port of this machine can be had");
        let address = listener.local_addr().expect("a listener has an address");
        let (came, ends) = (Arc::<Mutex<Vec<Vec<u8>>>>::default(), Arc::<AtomicBool>::default());
        let thread = std::thread::spawn({
            let (came, ends) = (came.clone(), ends.clone());
            move || serve(&listener, &came, &ends)
        });
        Self { address, came, ends, thread: Some(thread) }
    }

    /// What the host is told of it.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came so far, byte for byte.
    pub fn bodies(&self) -> Vec<Vec<u8>> {
        self.came.lock().expect("nobody panics here").clone()
    }

    /// The spans that came so far.
    pub fn spans(&self) -> Vec<Span> {
        let requests = self
            .bodies()
            .into_iter()
            .map(|body| ExportTraceServiceRequest::decode(body.as_slice()).expect("it is a request of the protocol"));
        let scopes = requests.flat_map(|request| request.resource_spans).flat_map(|spans| spans.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

/// The text of a span's attribute; empty where it has none of this name.
pub fn attribute(span: &Span, name: &str) -> String {
    let value = span.attributes.iter().find(|attribute| attribute.key == name);
    match value.and_then(|attribute| attribute.value.as_ref()).and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        _ => String::new(),
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // Whoever waits for a connection gets a last one.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, came: &Mutex<Vec<Vec<u8>>>, ends: &AtomicBool) {
    for mut stream in listener.incoming().flatten() {
        if ends.load(Ordering::SeqCst) {
            return;
        }
        let Ok(Some(message)) = Message::read_request(&stream) else { continue };
        if message.method_and_target() == ("POST", "/v1/traces") {
            came.lock().expect("nobody panics here").push(message.body);
        }
        let headers = vec![("Content-Type".to_owned(), "application/x-protobuf".to_owned())];
        let answer = Message { first_line: "HTTP/1.1 200 OK".to_owned(), headers, body: Vec::new() };
        let _ = stream.write_all(&answer.to_bytes());
    }
}
