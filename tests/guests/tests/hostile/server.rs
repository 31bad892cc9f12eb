//! A server on the loopback interface that counts what reaches it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// How it treats a connection.
#[derive(Debug, Clone, Copy)]
pub enum Behaviour {
    /// 200 without a body.
    Answers,
    /// Repeats the request in the body and its credential in a header.
    Echoes,
    /// Leads to another address of this machine.
    Redirects,
    /// Reads the request and says nothing.
    StaysSilent,
}

/// A running server; it ends with the test's asynchronous runtime.
pub struct Server {
    /// Its address, with the path `/base`.
    pub url: Url,
    requests: Arc<AtomicUsize>,
}

impl Server {
    pub async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/base", listener.local_addr().unwrap())).unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, behaviour, Arc::clone(&counted)));
            }
        });
        Self { url, requests }
    }

    /// How many requests have arrived.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, behaviour: Behaviour, requests: Arc<AtomicUsize>) {
    let mut request = vec![0; 64 << 10];
    while let Ok(length @ 1..) = stream.read(&mut request).await {
        requests.fetch_add(1, Ordering::SeqCst);
        match behaviour {
            Behaviour::Answers => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap(),
            Behaviour::Redirects => stream.write_all(REDIRECT).await.unwrap(),
            Behaviour::Echoes => stream.write_all(echo(&request[..length]).as_bytes()).await.unwrap(),
            Behaviour::StaysSilent => std::future::pending().await,
        }
    }
}

const REDIRECT: &[u8] = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.2:9/base/x\r\ncontent-length: 0\r\n\r\n";

fn echo(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request);
    let credential = text.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default();
    format!("HTTP/1.1 200 OK\r\nx-credential: {credential}\r\ncontent-length: {}\r\n\r\n{text}", text.len())
}
