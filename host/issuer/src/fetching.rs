//! Asks an issuer, through the broker: its rules for addresses, TLS and sizes hold here too.

use purser_broker::egress::{Names, SystemNames};
use purser_broker::http::{Broker, Call, EndpointError, Error, Field, Method, Request, RequestCounts, Response};
use purser_broker::{Authentication, Endpoint};
use purser_model::egress::{EgressRules, FurtherOrigin, NotAnOrigin, OriginPattern};
use purser_model::id::IssuerName;
use purser_model::issuer::Issuer;
use purser_model::phase::Phase;
use purser_model::secret::Slots;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// So long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Larger answers are none.
const LARGEST_ANSWER: u64 = 1 << 20;

/// What an issuer was asked for did not come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFetched {
    /// It cannot be asked.
    #[error("{url} cannot be read: {reason}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why.
        reason: String,
    },
    /// It answered something else.
    #[error("{url} answered {status}")]
    Status {
        /// What was asked.
        url: String,
        /// What it answered.
        status: u16,
    },
    /// What it answered is not what it should be.
    #[error("{url} is not what it should be: {reason}")]
    Unreadable {
        /// What was asked.
        url: String,
        /// Why.
        reason: String,
    },
    /// It calls itself something else.
    #[error("{url} is of another issuer: `url` must be written exactly as the issuer writes it")]
    AnotherIssuer {
        /// What was asked.
        url: String,
    },
    /// Anybody on the way could change what is answered.
    #[error("{url} is no https:// URL, and what comes from there is not believed")]
    InClear {
        /// Where the issuer leads.
        url: String,
    },
    /// The last one who asked went away.
    #[error("it was asked just now, and its answer did not come")]
    BrokenOff,
}

/// An issuer cannot be reached as it is declared.
#[derive(Debug, thiserror::Error)]
pub enum NotReachable {
    /// The way there.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The place of its keys.
    #[error("issuer {name}: `jwks`: {reason}")]
    Keys {
        /// Which issuer.
        name: IssuerName,
        /// Why.
        reason: NotAnOrigin,
    },
}

/// The way to one issuer, with the connections that are kept.
#[derive(Debug)]
pub(crate) struct Way {
    name: String,
    broker: Broker,
}

impl Way {
    /// The way to an issuer. Connections are made when they are first used.
    pub(crate) fn new(name: &IssuerName, issuer: &Issuer) -> Result<Self, NotReachable> {
        Self::authenticated(name, issuer, Authentication::None)
    }

    /// The way for a client that shows who it is.
    pub(crate) fn authenticated(
        name: &IssuerName,
        issuer: &Issuer,
        authentication: Authentication,
    ) -> Result<Self, NotReachable> {
        Self::with_names(name, issuer, authentication, &(Arc::new(SystemNames) as Arc<dyn Names>))
    }

    fn with_names(
        name: &IssuerName,
        issuer: &Issuer,
        authentication: Authentication,
        names: &Arc<dyn Names>,
    ) -> Result<Self, NotReachable> {
        let mut origin = issuer.location.clone();
        origin.set_path("/");
        let mut also = issuer.also.clone();
        if let Some(keys) = &issuer.jwks {
            let origin = OriginPattern::of(keys).map_err(|reason| NotReachable::Keys { name: name.clone(), reason })?;
            also.push(FurtherOrigin { origin, credential: false });
        }
        let egress = EgressRules {
            methods: [Method::Get, Method::Post].into(),
            also,
            addresses: issuer.addresses.clone(),
            ca: issuer.ca.clone(),
            ..EgressRules::default()
        };
        let endpoint = Endpoint {
            egress,
            authentication,
            timeout: PATIENCE,
            max_response_bytes: LARGEST_ANSWER,
            ..Endpoint::new(origin)
        };
        let name = format!("issuer {name}");
        let broker = Broker::with_names(&BTreeMap::from([(name.clone(), endpoint)]), names)?;
        Ok(Self { name, broker })
    }

    /// The document at a URL.
    pub(crate) async fn read<T: DeserializeOwned>(&self, url: &str) -> Result<T, NotFetched> {
        let request = self.request(Method::Get, Vec::new(), None);
        let answer = self.exchange(Phase::Read, url, request, &Slots::default()).await?;
        match answer.status {
            200 => parsed(url, &answer),
            status => Err(NotFetched::Status { url: url.to_owned(), status }),
        }
    }

    /// What is answered to a form; of a refusal nothing but the status.
    pub(crate) async fn post(&self, url: &str, form: String) -> Result<Response, NotFetched> {
        let headers = [("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded")];
        let headers = headers.map(|(name, value)| Field { name: name.to_owned(), value: value.to_owned() });
        let request = self.request(Method::Post, headers.into(), Some(form.into_bytes()));
        self.exchange(Phase::Write, url, request, &Slots::default()).await
    }

    fn request(&self, method: Method, headers: Vec<Field>, body: Option<Vec<u8>>) -> Request {
        Request {
            endpoint: self.name.clone(),
            method,
            path: String::new(),
            query: Vec::new(),
            headers,
            body,
            secrets: Vec::new(),
            timeout: Some(PATIENCE),
        }
    }

    async fn exchange(&self, phase: Phase, url: &str, request: Request, slots: &Slots) -> Result<Response, NotFetched> {
        let counts = RequestCounts::default();
        let call = Call { phase, slots, operations: &[], counts: &counts };
        let unreachable = |error: Error| NotFetched::Unreachable { url: url.to_owned(), reason: error.to_string() };
        Box::pin(self.broker.follow(&call, url, request)).await.map_err(unreachable)
    }
}

/// The answer, as what it should be.
pub(crate) fn parsed<T: DeserializeOwned>(url: &str, answer: &Response) -> Result<T, NotFetched> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| NotFetched::Unreadable { url: url.to_owned(), reason: kind(&error) })
}

/// What is wrong, without what stands there.
fn kind(error: &serde_json::Error) -> String {
    format!("it is no such JSON (line {}, column {})", error.line(), error.column())
}

/// A place that an issuer names: `https`, or this machine.
pub(crate) fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && purser_model::egress::is_loopback(url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use serde_json::Value;
    use std::io;
    use std::net::IpAddr;

    /// Every name leads to this address.
    #[derive(Debug)]
    struct LeadTo(IpAddr);

    #[async_trait]
    impl Names for LeadTo {
        async fn lookup(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
            Ok(vec![self.0])
        }
    }

    fn issuer(url: &str) -> Issuer {
        Issuer {
            url: url.to_owned(),
            location: url.parse().unwrap(),
            jwks: None,
            audience: "purser".to_owned(),
            clock_skew: Duration::ZERO,
            rules: Vec::new(),
            sign_in: None,
            also: Vec::new(),
            addresses: Vec::new(),
            ca: None,
        }
    }

    fn way(issuer: &Issuer, address: &str) -> Way {
        let names = Arc::new(LeadTo(address.parse().unwrap())) as Arc<dyn Names>;
        Way::with_names(&"corp".parse().unwrap(), issuer, Authentication::None, &names).unwrap()
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_or_inside_is_not_asked() {
        // Without TLS, so that the machine needs no certificates.
        let issuer = issuer("http://login.example");
        for (address, kind) in [("127.0.0.1", "loopback"), ("10.1.2.3", "private"), ("169.254.169.254", "metadata")] {
            let error = way(&issuer, address).read::<Value>("http://login.example/jwks").await.unwrap_err().to_string();
            assert!(error.contains(kind) && error.contains("`addresses`"), "{error}");
        }
    }

    #[tokio::test]
    async fn an_issuer_leads_nowhere_else() {
        let mut issuer = issuer("http://login.example");
        let away = "http://keys.example/jwks";
        let error = way(&issuer, "127.0.0.1").read::<Value>(away).await.unwrap_err().to_string();
        assert!(!error.contains("loopback"), "nobody is asked where it is: {error}");
        issuer.jwks = Some(away.parse().unwrap());
        let error = way(&issuer, "127.0.0.1").read::<Value>(away).await.unwrap_err().to_string();
        assert!(error.contains("loopback"), "it may be asked, if it is not on this machine: {error}");
    }
}
