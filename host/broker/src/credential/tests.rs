//! Every way to authenticate, against servers on this machine that check what they are sent.

mod assertions;
mod bases;
mod connection;
mod issuer;
mod tokens;

use super::clock::Clock;
use super::keeper::{Keeping, NotKept, TokenKeeper};
use super::tokens::Tokens;
use super::*;
use crate::Endpoint;
use crate::http::{Broker, Call, Error, Method, Request, RequestCounts, Response};
use purser_model::configuration::SecretReference;
use purser_model::id::SecretName;
use purser_model::oauth2::{OAuth2, TokenClient, TokenGrant};
use purser_model::phase::Phase;
use purser_model::secret::Slots;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

pub(super) const SECRET: &str = "client secret & more";

/// A clock that stands still until it is moved.
#[derive(Debug, Default)]
struct Hand(Mutex<Duration>);

impl Hand {
    fn at(seconds: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Duration::from_secs(seconds))))
    }

    fn move_by(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Clock for Hand {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

/// Refresh tokens in memory; it can be told to fail.
#[derive(Debug, Default)]
struct Memory {
    tokens: Mutex<BTreeMap<SecretName, Secret>>,
    fails: Mutex<bool>,
}

impl Memory {
    fn with(name: &str, token: &str) -> Arc<Self> {
        let memory = Self::default();
        memory.tokens.lock().unwrap().insert(name.parse().unwrap(), secret(token));
        Arc::new(memory)
    }

    fn token(&self, name: &str) -> String {
        let name: SecretName = name.parse().unwrap();
        self.tokens.lock().unwrap()[&name].reveal().to_owned()
    }
}

impl TokenKeeper for Memory {
    fn current<'a>(&'a self, name: &'a SecretName) -> Keeping<'a, Secret> {
        Box::pin(async move { Ok(self.tokens.lock().unwrap()[name].clone()) })
    }

    fn keep<'a>(&'a self, name: &'a SecretName, token: &'a Secret) -> Keeping<'a, ()> {
        Box::pin(async move {
            if *self.fails.lock().unwrap() {
                return Err(NotKept("the disk is full".to_owned()));
            }
            self.tokens.lock().unwrap().insert(name.clone(), token.clone());
            Ok(())
        })
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn sealed(name: &str) -> SecretReference {
    SecretReference::Sealed(name.parse().unwrap())
}

/// The secrets that the declarations of these tests name.
fn known(more: &[(&str, &str)]) -> NamedSecrets {
    let all = [("client", SECRET)].into_iter().chain(more.iter().copied());
    all.map(|(name, text)| (name.parse().unwrap(), secret(text))).collect()
}

/// A client that shows its secret in the header.
fn by_secret(token_url: &str) -> OAuth2 {
    OAuth2 {
        token_url: token_url.parse().unwrap(),
        grant: TokenGrant::ClientCredentials,
        client: TokenClient::SecretBasic { id: "the client".into(), secret: sealed("client") },
        scope: Some("users:read users:write".into()),
        parameters: [("audience".to_owned(), "https://api.example".to_owned())].into(),
        base_from_token: None,
    }
}

fn tokens_of(declared: &OAuth2, more: &[(&str, &str)]) -> Tokens {
    Tokens::resolve("api", declared, &EgressRules::default(), &known(more)).unwrap()
}

fn authentication(tokens: Tokens) -> Authentication {
    Authentication::OAuth2(EndpointTokens(Arc::new(tokens)))
}

/// Sends `GET /Users` to an endpoint as a connector does.
async fn get(endpoint: &Endpoint) -> Result<Response, Error> {
    let broker = Broker::new(&[("api".to_owned(), endpoint.clone())].into()).unwrap();
    let request = Request {
        endpoint: "api".into(),
        method: Method::Get,
        path: "/Users".into(),
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        secrets: Vec::new(),
        timeout: None,
    };
    let (slots, counts) = (Slots::default(), RequestCounts::default());
    let call = Call { phase: Phase::Read, slots: &slots, operations: &[], counts: &counts };
    broker.send(&call, request).await
}
