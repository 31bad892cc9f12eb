//! Users that clients push over SCIM: requests per second over kept connections, each on disk before it is answered, while the engine
//! plans what follows; beside what one durable write at a time would allow.

use super::latency::{median_durable_write, percentile};
use super::listing::{DECLARATIONS, settled};
use super::{Figure, figure, served};
use anyhow::{Context, ensure};
use purser_api::issue_scim_token;
use purser_reconcile::{Clock, NoProgress, ReconcileMode};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// As many as an identity provider opens, and more.
const CONNECTIONS: usize = 32;
const USERS: usize = 10_000;
/// A source that pushes; its people get nothing, so that no application is measured.
const PUSHED: &str = "[source.idp]\nkind = \"scim\"\n";

/// Creates users and changes each once; with so many accounts, while these are reconciled over and over.
pub async fn pushes(reconciled: Option<u64>) -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let declarations = DECLARATIONS.replace("rule = \"true\"", "rule = \"identity.source == 'hr'\"") + PUSHED;
    let engine = Arc::new(settled(folder.path(), &declarations, reconciled.unwrap_or(0)).await?);
    let now = || super::reconciliation::Now.now();
    let store = engine.store().clone();
    let (_, token) = issue_scim_token(store.as_ref(), "bench".parse()?, "idp".parse()?, None, now()).await?;
    let served = served::host(folder.path(), engine.clone(), served::unlimited()).await?;
    let working = engine.clone();
    tokio::spawn(async move { working.work(&NoProgress).await });
    if reconciled.is_some() {
        tokio::spawn(async move {
            while engine.reconcile(&"app".parse()?, ReconcileMode::Repair, &NoProgress).await.is_ok() {}
            anyhow::Ok(())
        });
    }
    let pusher = Arc::new(Pusher { client: served.client, base: format!("{}/scim/v2", served.base), token });
    let case = |what: &str| match reconciled {
        None => what.to_owned(),
        Some(accounts) => format!("{what}, {accounts} reconciled"),
    };
    let (ids, created) = pusher.clone().run(USERS, Pusher::create).await?;
    ensure!(ids.len() == USERS, "everybody was created");
    let ids = Arc::new(ids);
    let change = move |pusher: Arc<Pusher>, place: usize| {
        let id = ids[place].clone();
        async move { pusher.change(&id, place).await }
    };
    let (_, changed) = pusher.run(USERS, change).await?;
    let durable = 1e3 / median_durable_write()?;
    let mut figures = Vec::new();
    for (what, measured) in [("POST", created), ("PATCH", changed)] {
        figures.push(figure("scim", &case(what), measured.per_second, "requests/s", durable));
        figures.push(figure("scim", &case(&format!("{what}, p99")), measured.p99_millis, "ms", 1e3 / durable));
    }
    Ok(figures)
}

struct Measured {
    per_second: f64,
    p99_millis: f64,
}

struct Pusher {
    client: Client,
    base: String,
    token: String,
}

impl Pusher {
    async fn create(self: Arc<Self>, place: usize) -> anyhow::Result<String> {
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": format!("person{place}@example.org"),
            "externalId": format!("00u{place}"), "displayName": format!("Given{place} Family{place}"), "active": true,
            "name": {"givenName": format!("Given{place}"), "familyName": format!("Family{place}")},
            "emails": [{"value": format!("person{place}@example.org"), "type": "work", "primary": true}],
        });
        self.send(Method::POST, "/Users", &user).await
    }

    async fn change(&self, id: &str, place: usize) -> anyhow::Result<String> {
        let email = format!("changed{place}@example.org");
        let operation = json!({"op": "Replace", "path": "emails[type eq \"work\"].value", "value": email});
        self.send(Method::PATCH, &format!("/Users/{id}"), &json!({"Operations": [operation]})).await
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<String> {
        let request = self.client.request(method, format!("{}{path}", self.base));
        let request = request.bearer_auth(&self.token).header("Content-Type", "application/scim+json");
        let answer = request.body(body.to_string()).send().await?;
        ensure!(answer.status().is_success(), "{}", answer.status());
        let user: Value = serde_json::from_slice(&answer.bytes().await?)?;
        Ok(user["id"].as_str().context("a user has an id")?.to_owned())
    }

    /// Sends so many requests over all connections at once; what they answered, and how fast.
    #[expect(clippy::disallowed_methods, reason = "a bench measures time")]
    async fn run<F, R>(self: Arc<Self>, count: usize, request: F) -> anyhow::Result<(Vec<String>, Measured)>
    where
        F: Fn(Arc<Self>, usize) -> R + Clone + Send + 'static,
        R: Future<Output = anyhow::Result<String>> + Send,
    {
        let next = Arc::new(AtomicUsize::new(0));
        let begun = Instant::now();
        let connections = (0..CONNECTIONS).map(|_| {
            let (pusher, next, request) = (self.clone(), next.clone(), request.clone());
            tokio::spawn(async move {
                let mut answers = Vec::new();
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= count {
                        return anyhow::Ok(answers);
                    }
                    let begun = Instant::now();
                    let answer = request(pusher.clone(), place).await?;
                    answers.push((answer, begun.elapsed().as_secs_f64() * 1e3));
                }
            })
        });
        let mut answers = Vec::with_capacity(count);
        for connection in connections.collect::<Vec<_>>() {
            answers.extend(connection.await??);
        }
        #[expect(clippy::cast_precision_loss, reason = "they are few")]
        let per_second = count as f64 / begun.elapsed().as_secs_f64();
        let (answers, mut millis): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
        millis.sort_by(f64::total_cmp);
        Ok((answers, Measured { per_second, p99_millis: percentile(&millis, 99) }))
    }
}
