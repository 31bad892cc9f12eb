//! A host that serves, with nothing around its engine.

use anyhow::{Context, ensure};
use purser_api::{ApiState, ApiToken, Connections, CurrentApi, News, Nothing, Quotas, Reign, SignIns};
use purser_backup::Backups;
use purser_model::api::{ApiLimits, Quota};
use purser_model::audit::AuditKey;
use purser_model::seal::PlanKey;
use purser_reconcile::{Clock, Engine};
use purser_webhook::Webhooks;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, header};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

const TOKEN: &str = "a-token-of-this-bench";

/// Where it serves, and a client of it.
pub struct Served {
    pub client: Client,
    /// Without a path.
    pub base: String,
}

/// It is measured how much the host can do, and not how much it would let one client ask.
pub fn unlimited() -> ApiLimits {
    let unlimited = Quota { calls: 1_000_000, per: Duration::from_secs(1) };
    ApiLimits { requests: unlimited, scim_requests: unlimited, ..ApiLimits::default() }
}

/// Serves the API over this engine until the runtime ends.
pub async fn host(folder: &Path, engine: Arc<Engine>, limits: ApiLimits) -> anyhow::Result<Served> {
    let now = || super::reconciliation::Now.now();
    let store = engine.store().clone();
    let state = ApiState {
        quotas: Arc::new(Quotas::new(limits)),
        engine,
        plan_key: PlanKey::new("a key of this bench"),
        audit_key: AuditKey::from_secret("a key of this bench"),
        news: News::of(store.clone()),
        webhooks: Arc::new(Webhooks::none(store.clone(), now)),
        store,
        token: ApiToken::new(TOKEN),
        checks: Arc::new(Nothing),
        connectors: Arc::new(Nothing),
        secrets: Arc::new(Nothing),
        declarations: Arc::new(Nothing),
        issuers: Arc::default(),
        sign_ins: SignIns::default(),
        in_force: Reign::forever(),
        backups: Arc::new(Backups::new(folder.join("backups"), NonZeroU32::MIN, "0")),
        version: "0",
        now,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let (news, kept) = (state.news.clone(), state.store.clone());
    let connections = Connections { tls: None, most: limits.connections };
    tokio::spawn(purser_api::serve(listener, CurrentApi::new(state), connections, news, kept, std::future::pending()));
    // The client wants one, though nothing here is encrypted; another case may have chosen it.
    let _already_chosen = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().tls_certs_only([]).redirect(Policy::none()).build()?;
    Ok(Served { client, base })
}

impl Served {
    /// What `GET /v1` with this path answers.
    pub async fn get(&self, path: &str) -> anyhow::Result<Response> {
        let answer = self.client.get(format!("{}/v1{path}", self.base)).bearer_auth(TOKEN).send().await?;
        ensure!(answer.status().is_success(), "{path}: {}", answer.status());
        Ok(answer)
    }

    /// Somebody who signed in to the console.
    pub async fn visitor(&self) -> anyhow::Result<Visitor<'_>> {
        let place = format!("{}/sign-in", self.base);
        let cookie = set_cookie(&self.client.get(&place).send().await?)?;
        let (_, form_token) = cookie.split_once('=').context("a cookie has a value")?;
        let form = format!("form_token={form_token}&token={TOKEN}");
        let sent = self.client.post(&place).header(header::COOKIE, &cookie).body(form);
        let answer = sent.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").send().await?;
        ensure!(answer.status() == StatusCode::SEE_OTHER, "signing in: {}", answer.status());
        Ok(Visitor { served: self, cookie: set_cookie(&answer)? })
    }
}

fn set_cookie(answer: &Response) -> anyhow::Result<String> {
    let cookie = answer.headers().get(header::SET_COOKIE).context("a cookie is set")?.to_str()?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

/// A browser, as far as a host notices.
pub struct Visitor<'a> {
    served: &'a Served,
    cookie: String,
}

impl Visitor<'_> {
    /// A page of the console, whole.
    pub async fn page(&self, path: &str) -> anyhow::Result<String> {
        let asked = self.served.client.get(format!("{}{path}", self.served.base));
        let answer = asked.header(header::COOKIE, &self.cookie).send().await?;
        ensure!(answer.status() == StatusCode::OK, "{path}: {}", answer.status());
        Ok(answer.text().await?)
    }
}
