//! A server on the loopback interface that keeps what arrives, names that lead where a test wants, and a broker's user.

use async_trait::async_trait;
use purser_broker::Endpoint;
use purser_broker::egress::Names;
use purser_broker::http::{Broker, Call, Error, Method, Request, RequestCounts, Response};
use purser_model::phase::Phase;
use purser_model::secret::{Secret, Slots};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

/// What a server answers to a request, of which it is given the whole text.
pub type Answer = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// A server that closes each connection after one request; it ends with the test's asynchronous runtime.
pub struct Peer {
    pub port: u16,
    received: Arc<Mutex<Vec<String>>>,
}

pub const EMPTY: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// A redirect to this URL.
pub fn redirect(status: u16, url: &str) -> String {
    format!("HTTP/1.1 {status} x\r\nlocation: {url}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
}

impl Peer {
    /// Answers everything with 200.
    pub async fn start() -> Self {
        Self::answering(|_| EMPTY.to_owned()).await
    }

    pub async fn answering(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::serving(None, Arc::new(answer)).await
    }

    pub async fn serving(tls: Option<TlsAcceptor>, answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, answer, kept) = (tls.clone(), Arc::clone(&answer), Arc::clone(&kept));
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &answer, &kept).await,
                        // A client that does not trust the server goes away during the handshake.
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, &answer, &kept).await,
                            Err(_) => Ok(()),
                        },
                    }
                });
            }
        });
        Self { port, received }
    }

    /// A URL on this server.
    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}{path}", self.port)).unwrap()
    }

    /// The requests that arrived, whole.
    pub fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &Answer,
    received: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let mut request = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    while !is_whole(&request) {
        let length = stream.read(&mut chunk).await?;
        if length == 0 {
            return Ok(());
        }
        request.extend_from_slice(&chunk[..length]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let answer = answer(&request);
    received.lock().unwrap().push(request);
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    body.len() >= length.unwrap_or(0)
}

/// Names whose answers are given one after the other; the last one stays.
#[derive(Debug)]
pub struct Script(Mutex<BTreeMap<String, VecDeque<Vec<IpAddr>>>>);

impl Script {
    pub fn new(names: &[(&str, &[&[&str]])]) -> Self {
        let parsed = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect::<Vec<IpAddr>>();
        let names = names.iter().map(|(name, answers)| ((*name).to_owned(), answers.iter().map(parsed).collect()));
        Self(Mutex::new(names.collect()))
    }

    /// Every one of these names leads to this machine.
    pub fn to_loopback(names: &[&str]) -> Self {
        Self::new(&names.iter().map(|name| (*name, &[&["127.0.0.1"] as &[&str]] as &[&[&str]])).collect::<Vec<_>>())
    }
}

#[async_trait]
impl Names for Script {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap();
        let answers = names.get_mut(name).ok_or_else(|| io::Error::other(format!("{name} was asked for")))?;
        Ok(if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() })
    }
}

/// One call of a connector that may send through the broker.
pub struct User {
    broker: Broker,
    phase: Phase,
    pub slots: Slots,
    counts: RequestCounts,
}

impl User {
    /// Of an endpoint `api`, in the write phase. Nobody is asked for a name.
    pub fn of(endpoint: Endpoint) -> Self {
        Self::with_names(endpoint, Script::new(&[]))
    }

    pub fn with_names(endpoint: Endpoint, names: Script) -> Self {
        let names: Arc<dyn Names> = Arc::new(names);
        let broker = Broker::with_names(&BTreeMap::from([("api".to_owned(), endpoint)]), &names).unwrap();
        Self { broker, phase: Phase::Write, slots: Slots::default(), counts: RequestCounts::default() }
    }

    pub fn reading(self) -> Self {
        Self { phase: Phase::Read, ..self }
    }

    pub async fn send(&mut self, request: Request) -> Result<Response, Error> {
        let (slots, counts) = (&self.slots, &self.counts);
        self.broker.send(&Call { phase: self.phase, slots, operations: &[], counts }, request).await
    }

    pub async fn follow(&mut self, url: &str, request: Request) -> Result<Response, Error> {
        let (slots, counts) = (&self.slots, &self.counts);
        self.broker.follow(&Call { phase: self.phase, slots, operations: &[], counts }, url, request).await
    }
}

/// A request to the endpoint `api`.
pub fn request(method: Method, path: &str) -> Request {
    Request {
        endpoint: "api".into(),
        method,
        path: path.into(),
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        secrets: Vec::new(),
        timeout: None,
    }
}

pub fn get(path: &str) -> Request {
    request(Method::Get, path)
}

pub fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}
