//! The token of an endpoint: fetched by one caller for all, renewed before it expires, dropped when it is refused.

use super::answer::{self, OAuthError, TokenAnswer};
use super::clock::{Clock, MachineClock};
use super::keeper::KeptTokens;
use super::oauth2::TokenRequest;
use super::{CredentialError, SecretError};
use crate::http::client_for;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use purser_model::egress::EgressRules;
use purser_model::oauth2::OAuth2;
use purser_model::secret::{NamedSecrets, Secret};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};
use url::Url;

/// The longest wait for a token.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The largest answer of a token endpoint. Tokens with many claims have some kilobytes.
const LARGEST_ANSWER: usize = 64 << 10;
/// A token is renewed so long before it expires, or after three quarters of its time.
const MARGIN: Duration = Duration::from_mins(1);
/// A token whose time the server does not say is used for so long; until it is refused before that.
const UNSAID: Duration = Duration::from_mins(10);

/// The token of one endpoint.
#[derive(Debug)]
pub(super) struct Tokens {
    endpoint: String,
    url: Url,
    rules: EgressRules,
    request: TokenRequest,
    /// The field of an answer that says where the application is.
    base_field: Option<String>,
    client: OnceLock<reqwest::Client>,
    keeper: OnceLock<KeptTokens>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    state: Arc<Mutex<State>>,
    /// How often a token was asked for.
    attempts: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    token: Option<Token>,
    /// How the last attempt failed, and which it was.
    failure: Option<(u64, CredentialError)>,
    /// The refresh token that could not be kept, in place of the one that the server took back.
    not_kept: Option<Secret>,
}

#[derive(Debug)]
struct Token {
    secret: Secret,
    /// Where the application is, as the server said with the token.
    base: Option<String>,
    /// Since 1970.
    renew_at: Duration,
}

impl Tokens {
    /// What was declared for this endpoint, whose rules also say how far its token endpoint may be reached.
    ///
    /// # Errors
    /// A secret, key or certificate cannot be read or used.
    pub(super) fn resolve(
        endpoint: &str,
        declared: &OAuth2,
        rules: &EgressRules,
        sealed: &NamedSecrets,
    ) -> Result<Self, SecretError> {
        Ok(Self {
            endpoint: endpoint.to_owned(),
            url: declared.token_url.clone(),
            rules: rules.clone(),
            request: TokenRequest::resolve(endpoint, declared, sealed)?,
            base_field: declared.base_from_token.clone(),
            client: OnceLock::new(),
            keeper: OnceLock::new(),
            clock: Arc::new(MachineClock),
            timeout: TIMEOUT,
            state: Arc::default(),
            attempts: AtomicU64::new(0),
        })
    }

    /// The same, by another clock.
    #[cfg(test)]
    pub(super) fn by_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The same, waiting no longer than this.
    #[cfg(test)]
    pub(super) fn waiting(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Keeps refresh tokens there. Only the first keeper counts.
    pub(super) fn keep_with(&self, keeper: &KeptTokens) {
        let _is_first = self.keeper.set(keeper.clone());
    }

    /// The client's secret, where it shows one.
    pub(super) fn client_secret(&self) -> Option<&Secret> {
        self.request.client_secret()
    }

    /// The present token. One caller asks for a new one while the others wait, and all of them get what it got.
    ///
    /// # Errors
    /// There is none.
    pub(super) async fn get(self: &Arc<Self>) -> Result<Secret, CredentialError> {
        let seen = self.attempts.load(Ordering::Acquire);
        let state = self.state.clone().lock_owned().await;
        if let Some(token) = state.token.as_ref().filter(|token| self.clock.now() < token.renew_at) {
            return Ok(token.secret.clone());
        }
        if let Some((attempt, error)) = &state.failure
            && *attempt > seen
        {
            return Err(error.clone());
        }
        // In a task of its own: a caller that gives up must not lose a refresh token that the server has just replaced.
        let fetched = tokio::spawn(self.clone().renew(state)).await;
        fetched.unwrap_or_else(|_| Err(self.unavailable("was not asked to the end".to_owned())))
    }

    /// Whether the answer with a token says where the application is.
    pub(super) fn say_the_base(&self) -> bool {
        self.base_field.is_some()
    }

    /// Where the application is, as the server says with the present token; none where that was not declared.
    ///
    /// # Errors
    /// There is no token, or its answer did not say it.
    pub(super) async fn base(self: &Arc<Self>) -> Result<Option<String>, CredentialError> {
        let Some(field) = &self.base_field else { return Ok(None) };
        self.get().await?;
        let state = self.state.lock().await;
        let base = state.token.as_ref().and_then(|token| token.base.clone());
        let missing = || self.unavailable(format!("answers a token without `{field}`; check `base_from_token`"));
        base.map(Some).ok_or_else(missing)
    }

    /// Forgets a token that the target refused, if it is the present one. A newer one stays.
    pub(super) async fn refused(&self, refused: &Secret) {
        let mut state = self.state.lock().await;
        if state.token.as_ref().is_some_and(|token| token.secret.reveal() == refused.reveal()) {
            state.token = None;
        }
    }

    async fn renew(self: Arc<Self>, mut state: OwnedMutexGuard<State>) -> Result<Secret, CredentialError> {
        let attempt = self.attempts.fetch_add(1, Ordering::AcqRel) + 1;
        state.token = None;
        match self.fetch(&mut state).await {
            Ok(answer) => {
                let valid_for = answer.valid_for.unwrap_or(UNSAID);
                let margin = MARGIN.min(valid_for / 4);
                let renew_at = self.clock.now().saturating_add(valid_for.saturating_sub(margin));
                state.token = Some(Token { secret: answer.token.clone(), base: answer.base, renew_at });
                state.failure = None;
                Ok(answer.token)
            }
            Err(error) => {
                tracing::warn!(endpoint = self.endpoint, "no token: {error}");
                state.failure = Some((attempt, error.clone()));
                Err(error)
            }
        }
    }

    async fn fetch(&self, state: &mut State) -> Result<TokenAnswer, CredentialError> {
        let Some(name) = self.request.refresh_token() else { return self.ask(None).await };
        let not_kept = |reason: String| CredentialError::NotKept { endpoint: self.endpoint.clone(), reason };
        let kept = self.keeper.get().ok_or_else(|| not_kept("this host has no sealed store".to_owned()))?;
        let _turn = kept.turn().await;
        if let Some(token) = &state.not_kept {
            kept.keeper().keep(name, token).await.map_err(|error| not_kept(error.to_string()))?;
            state.not_kept = None;
        }
        let present = kept.keeper().current(name).await.map_err(|error| not_kept(error.to_string()))?;
        let answer = self.ask(Some(&present)).await?;
        if let Some(new) = answer.refresh_token.as_ref().filter(|new| new.reveal() != present.reveal())
            && let Err(error) = kept.keeper().keep(name, new).await
        {
            state.not_kept = Some(new.clone());
            return Err(not_kept(error.to_string()));
        }
        Ok(answer)
    }

    async fn ask(&self, refresh_token: Option<&Secret>) -> Result<TokenAnswer, CredentialError> {
        let form = self.request.form(self.clock.now(), &unique(), refresh_token)?;
        let mut request = self
            .client()?
            .post(self.url.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .timeout(self.timeout)
            .body(form.body.as_bytes().to_vec());
        if let Some((user, password)) = &form.basic {
            request = request.basic_auth(user, Some(password.reveal()));
        }
        let response = request.send().await.map_err(|error| self.unavailable(reason(&error)))?;
        let status = response.status().as_u16();
        let body = self.receive(response).await?;
        match status {
            200..=299 => {
                answer::read(&body, self.base_field.as_deref()).map_err(|error| self.unavailable(error.to_string()))
            }
            400..=499 if status != 408 && status != 429 && !OAuthError::read(&body).is_temporary() => {
                Err(CredentialError::Refused {
                    endpoint: self.endpoint.clone(),
                    token_endpoint: self.place(),
                    status,
                    error: OAuthError::read(&body),
                })
            }
            300..=399 => Err(self.unavailable(format!("answers {status}, a redirect, which is not followed"))),
            _ => Err(self.unavailable(format!("answers {status}"))),
        }
    }

    async fn receive(&self, mut response: reqwest::Response) -> Result<Vec<u8>, CredentialError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unavailable(reason(&error)))? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(self.unavailable(format!("answers more than {LARGEST_ANSWER} bytes, which no token has")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn client(&self) -> Result<&reqwest::Client, CredentialError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let made = client_for(&self.endpoint, &self.url, &self.rules);
        let made = made.map_err(|error| self.unavailable(format!("cannot be reached: {error}")))?;
        Ok(self.client.get_or_init(|| made))
    }

    fn unavailable(&self, reason: String) -> CredentialError {
        CredentialError::Unavailable { endpoint: self.endpoint.clone(), token_endpoint: self.place(), reason }
    }

    /// The token endpoint without its query.
    fn place(&self) -> String {
        format!("{}{}", self.url.origin().ascii_serialization(), self.url.path())
    }
}

/// A text that no other request has.
fn unique() -> String {
    let mut bytes = [0; 16];
    // A machine without randomness has no TLS either; then the server refuses the second request.
    let _ = SystemRandom::new().fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What failed, in words of our own: the text of the error may hold the URL with its query.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "did not answer in time".to_owned()
    } else if error.is_connect() {
        "cannot be reached; check `token_url`, and `addresses` where it is not public".to_owned()
    } else {
        "broke off its answer".to_owned()
    }
}
