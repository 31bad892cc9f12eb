//! Requests to a host, and its answers.

use super::RemoteError;
use super::form::{self, FormPart};
use super::progress::Watched;
use super::sign_in::token_of;
use crate::output::Output;
use bytes::Bytes;
use purser_broker::http::{AnswerBody, NoAnswer, OperatorsClient};
use purser_model::run::Run;
use purser_model::secret::Secret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;
use url::Url;

/// Long work is waited for so long; what goes on then is done all the same.
const PATIENCE: Duration = Duration::from_mins(10);
/// What the host is asked to wait; a little less, so that its answer is heard.
const ASKED_PATIENCE: Duration = Duration::from_secs(570);
/// A download that stands still for so long has ended.
const STANDSTILL: Duration = Duration::from_mins(1);
/// A problem is some hundred bytes.
const LARGEST_PROBLEM: usize = 1 << 20;
/// How often is looked how far work is.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
/// Runs that go on are among the newest.
const NEWEST_RUNS: &str = "10";
const PAGE: &str = "500";

/// A host that is asked over its API.
pub struct Remote {
    client: OperatorsClient,
    base: Url,
    token: Secret,
}

/// What became of work.
pub enum Done<T> {
    /// This.
    Report(T),
    /// It goes on; here can be seen how far it is.
    GoesOn(String),
}

/// What is read as it comes.
pub struct Download<'a> {
    remote: &'a Remote,
    answer: http::Response<AnswerBody>,
}

/// What is sent with a request.
struct Content<'a> {
    kind: &'a str,
    bytes: Bytes,
    /// The tag of what is changed.
    made_from: Option<&'a str>,
}

#[derive(Deserialize)]
struct Listed {
    items: Vec<Value>,
    #[serde(default)]
    next: Value,
}

impl Remote {
    /// The host at this URL; with the certificates of `ca` in place of the operating system's.
    ///
    /// # Errors
    /// The URL cannot be used, or nobody has signed in there.
    pub fn open(server: &str, ca: Option<&Path>) -> Result<Self, RemoteError> {
        let base = base(server)?;
        let token = token_of(&base)?.ok_or_else(|| RemoteError::NoToken(server.to_owned()))?;
        Self::with_token(base, token, ca)
    }

    /// The same, with this token.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub(super) fn with_token(base: Url, token: Secret, ca: Option<&Path>) -> Result<Self, RemoteError> {
        Ok(Self { client: OperatorsClient::new("the host", &base, ca)?, base, token })
    }

    /// Reads.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, RemoteError> {
        let (_, answer) = self.ask("GET", path, query, None).await?;
        read(path, answer)
    }

    /// Reads a list, all pages of it.
    pub async fn list<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<Vec<T>, RemoteError> {
        let mut items = Vec::new();
        let mut query = query.to_vec();
        query.push(("limit", PAGE.to_owned()));
        loop {
            let page: Listed = self.get(path, &query).await?;
            for item in page.items {
                items.push(read(path, item)?);
            }
            query.retain(|(name, _)| *name != next_parameter(path));
            match page.next {
                Value::Null => return Ok(items),
                Value::String(next) => query.push((next_parameter(path), next)),
                next => query.push((next_parameter(path), next.to_string())),
            }
        }
    }

    /// Reads a list that has one page.
    pub async fn whole<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Vec<T>, RemoteError> {
        let page: Listed = self.get(path, query).await?;
        page.items.into_iter().map(|item| read(path, item)).collect()
    }

    /// Has something done that is done at once.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, RemoteError> {
        let (_, answer) = self.ask("POST", path, &[], Some(body)).await?;
        read(path, answer)
    }

    /// Has something changed that was made from what has this tag.
    pub async fn post_for<T: DeserializeOwned>(&self, path: &str, tag: &str, body: &Value) -> Result<T, RemoteError> {
        let content = Content { kind: "application/json", bytes: body.to_string().into(), made_from: Some(tag) };
        let (_, answer) = self.send("POST", path, &[], content).await?;
        read(path, answer)
    }

    /// Has work done that may take long, and shows meanwhile how far the host's runs are.
    pub async fn work<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        output: &Output,
    ) -> Result<Done<T>, RemoteError> {
        match self.watched(self.ask("POST", path, &[], Some(body)), output).await? {
            (202, answer) => Ok(Done::GoesOn(answer["follow"].as_str().unwrap_or_default().to_owned())),
            (_, answer) => Ok(Done::Report(read(path, answer)?)),
        }
    }

    /// Waits for work; where somebody looks, what runs have counted is shown.
    async fn watched<T>(&self, work: impl Future<Output = T>, output: &Output) -> T {
        let (mut work, mut watched, bars) = (pin!(work), Watched::default(), output.progress());
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(BETWEEN_LOOKS), if output.is_watched() => {
                    // Who cannot see runs does without: what counts is the work.
                    let runs: Result<Vec<Run>, _> = self.whole("/v1/runs", &[("limit", NEWEST_RUNS.to_owned())]).await;
                    watched.look(&runs.unwrap_or_default(), &bars);
                }
            }
        }
    }

    /// Sets something.
    pub async fn put<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, RemoteError> {
        let (_, answer) = self.ask("PUT", path, &[], Some(body)).await?;
        read(path, answer)
    }

    /// Sends a form with files.
    pub async fn send_form<T: DeserializeOwned>(&self, path: &str, parts: Vec<FormPart>) -> Result<T, RemoteError> {
        let (kind, body) = form::written(parts);
        let content = Content { kind: &kind, bytes: body.into(), made_from: None };
        let (_, answer) = self.send("POST", path, &[], content).await?;
        read(path, answer)
    }

    /// Takes something away.
    pub async fn delete(&self, path: &str) -> Result<(), RemoteError> {
        self.delete_with(path, &[]).await
    }

    /// Takes something away, with these parameters.
    pub async fn delete_with(&self, path: &str, query: &[(&str, String)]) -> Result<(), RemoteError> {
        self.ask("DELETE", path, query, None).await.map(|_| ())
    }

    /// Begins to read what is no JSON, and may be large.
    pub async fn download(&self, path: &str) -> Result<Download<'_>, RemoteError> {
        let nothing = Content { kind: "application/json", bytes: Bytes::new(), made_from: None };
        let request = self.request("GET", path, &[], nothing)?;
        let mut answer = self.client.follow(request).await.map_err(|source| self.no_answer(source))?;
        if answer.status().is_success() {
            return Ok(Download { remote: self, answer });
        }
        let (status, mut body) = (answer.status().as_u16(), Vec::new());
        while let Some(piece) = self.within(answer.body_mut().next()).await?
            && body.len() < LARGEST_PROBLEM
        {
            body.extend_from_slice(&piece);
        }
        Err(RemoteError::told(status, &body))
    }

    async fn within<T>(&self, next: impl Future<Output = Result<T, NoAnswer>>) -> Result<T, RemoteError> {
        let next = tokio::time::timeout(STANDSTILL, next).await;
        next.unwrap_or_else(|_| Err(NoAnswer::BrokenOff(format!("nothing came for {} s", STANDSTILL.as_secs()))))
            .map_err(|source| self.no_answer(source))
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<(u16, Value), RemoteError> {
        let bytes = body.map(Value::to_string).unwrap_or_default().into();
        self.send(method, path, query, Content { kind: "application/json", bytes, made_from: None }).await
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, String)],
        content: Content<'_>,
    ) -> Result<(u16, Value), RemoteError> {
        let request = self.request(method, path, query, content)?;
        let answer = self.client.send(request, PATIENCE).await.map_err(|source| self.no_answer(source))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(RemoteError::told(status.as_u16(), answer.body()));
        }
        if answer.body().is_empty() {
            return Ok((status.as_u16(), json!(null)));
        }
        let value = serde_json::from_slice(answer.body());
        value
            .map(|value| (status.as_u16(), value))
            .map_err(|error| RemoteError::Unreadable { what: path.to_owned(), reason: error.to_string() })
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, String)],
        content: Content<'_>,
    ) -> Result<http::Request<Bytes>, RemoteError> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut bearer = http::HeaderValue::try_from(format!("Bearer {}", self.token.reveal()))
            .map_err(|_| RemoteError::NoToken(self.base.to_string()))?;
        bearer.set_sensitive(true);
        let mut request = http::Request::builder();
        if let Some(tag) = content.made_from {
            request = request.header(http::header::IF_MATCH, format!("\"{tag}\""));
        }
        request
            .method(method)
            .uri(url.as_str())
            .header(http::header::AUTHORIZATION, bearer)
            .header("prefer", format!("wait={}", ASKED_PATIENCE.as_secs()))
            .header(http::header::CONTENT_TYPE, content.kind)
            .body(content.bytes)
            .map_err(|_| RemoteError::Url { url: url.to_string(), reason: "it names nothing that can be asked" })
    }

    fn no_answer(&self, source: NoAnswer) -> RemoteError {
        RemoteError::NoAnswer { host: self.base.to_string(), source }
    }
}

impl Download<'_> {
    /// A header of the answer; none where it is not there, or no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.answer.headers().get(name)?.to_str().ok()
    }

    /// The next bytes; none at the end. However long all of it takes, each is waited for no longer than a minute.
    pub async fn next(&mut self) -> Result<Option<Bytes>, RemoteError> {
        self.remote.within(self.answer.body_mut().next()).await
    }
}

/// The parameter that the next page is asked for with.
fn next_parameter(path: &str) -> &'static str {
    if path.starts_with("/v1/plans/") { "offset" } else { "after" }
}

fn read<T: DeserializeOwned>(path: &str, value: Value) -> Result<T, RemoteError> {
    serde_json::from_value(value)
        .map_err(|error| RemoteError::Unreadable { what: path.to_owned(), reason: error.to_string() })
}

/// The URL of a host, to which a token may go: over TLS, or to this machine.
pub(super) fn base(server: &str) -> Result<Url, RemoteError> {
    let wrong = |reason| RemoteError::Url { url: server.to_owned(), reason };
    let url = Url::parse(server).map_err(|_| wrong("write it as https://host"))?;
    match url.scheme() {
        "https" => {}
        "http" if purser_model::egress::is_loopback(&url) => {}
        "http" => return Err(wrong("the token would travel in clear: write https://")),
        _ => return Err(wrong("write it as https://host")),
    }
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if plain { Ok(url) } else { Err(wrong("leave out user, password and query")) }
}
