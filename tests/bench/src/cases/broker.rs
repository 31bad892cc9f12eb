//! What the broker costs for each request, beside the HTTP client that it uses, over kept connections to the same server.

use super::{Figure, figure};
use anyhow::Context;
use purser_broker::http::{Broker, Call, Method, Request, RequestCounts};
use purser_broker::{Authentication, Endpoint};
use purser_model::egress::EgressRules;
use purser_model::phase::Phase;
use purser_model::secret::{Secret, Slots};
use std::hint::black_box;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

const TOKEN: &str = "bench-token-0123456789";

/// A request with a small answer, one with a page of a megabyte, and one beside which a batch of passwords travels.
pub async fn requests() -> anyhow::Result<Vec<Figure>> {
    let small = compare("GET, 1 KiB answer", 1 << 10, 0, 5_000).await?;
    let page = compare("GET, 1 MiB answer", 1 << 20, 0, 300).await?;
    let batch = compare("GET, 1 KiB answer, 100 slots", 1 << 10, 100, 2_000).await?;
    Ok(vec![small, page, batch])
}

async fn compare(case: &str, answer_bytes: usize, slots: u32, requests: u32) -> anyhow::Result<Figure> {
    let url = serve(answer_bytes).await?;
    let with_broker = micros_per_request(brokered(&url, slots, requests), requests).await?;
    let plain = micros_per_request(unbrokered(&url, requests), requests).await?;
    Ok(figure("broker", case, with_broker, "us/request", plain))
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
async fn micros_per_request(sending: impl Future<Output = anyhow::Result<()>>, requests: u32) -> anyhow::Result<f64> {
    let begun = Instant::now();
    sending.await?;
    Ok(begun.elapsed().as_secs_f64() * 1e6 / f64::from(requests))
}

async fn brokered(url: &Url, slots: u32, requests: u32) -> anyhow::Result<()> {
    let authentication = Authentication::Bearer(Secret::new(TOKEN)?);
    let egress = EgressRules { max_calls: u32::MAX, ..EgressRules::default() };
    let endpoint = Endpoint { authentication, egress, ..Endpoint::new(url.clone()) };
    let broker = Broker::new(&[("api".to_owned(), endpoint)].into())?;
    let mut attached = Slots::default();
    for slot in 0..slots {
        attached.attach(Secret::new(format!("password-of-somebody-{slot}"))?);
    }
    let counts = &RequestCounts::default();
    let call = Call { phase: Phase::Read, slots: &attached, operations: &[], counts };
    for _ in 0..requests {
        black_box(broker.send(&call, get()).await?);
    }
    Ok(())
}

fn get() -> Request {
    Request {
        endpoint: "api".to_owned(),
        method: Method::Get,
        path: "/Users".to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        secrets: Vec::new(),
        timeout: None,
    }
}

async fn unbrokered(url: &Url, requests: u32) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
    for _ in 0..requests {
        let response = client.get(format!("{url}/Users")).bearer_auth(TOKEN).send().await?;
        black_box(response.bytes().await?);
    }
    Ok(())
}

/// A server that answers every request with so many bytes and keeps its connections.
async fn serve(answer_bytes: usize) -> anyhow::Result<Url> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = Url::parse(&format!("http://{}/scim", listener.local_addr()?)).context("the server's address")?;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {answer_bytes}\r\n\r\n");
    let text = br#"{"userName":"anna.berg","active":true},"#.iter().copied().cycle().take(answer_bytes);
    let answer: Vec<u8> = head.into_bytes().into_iter().chain(text).collect();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = answer.clone();
            // A client that goes away ends its connection.
            tokio::spawn(async move { keep_answering(stream, &answer).await.ok() });
        }
    });
    Ok(url)
}

async fn keep_answering(mut stream: TcpStream, answer: &[u8]) -> std::io::Result<()> {
    let mut request = vec![0; 16 << 10];
    while stream.read(&mut request).await? > 0 {
        stream.write_all(answer).await?;
    }
    Ok(())
}
