//! How much callers may ask: requests in a stretch of time and at the same time, by token; wrong tokens, by address.
//!
//! Whoever shows a good token is let in whatever others do: wrong tokens are counted after they were found to be wrong, and
//! what is refused then is only the next wrong one. What is kept is bounded, however many addresses and tokens there are.

mod bucket;
mod place;

pub(crate) use bucket::{Buckets, Standing};
pub(crate) use place::{Place, Places};

use crate::problem::Problem;
use crate::serving::Peer;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use place::Full;
use purser_model::api::{ApiLimits, Quota};
use purser_model::caller::CallerName;
use purser_model::id::SourceName;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names of draft-ietf-httpapi-ratelimit-headers.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");
/// So many addresses and tokens are told apart at a time.
const MOST_KEYS: usize = 20_000;
/// Who finds everything taken comes back after so many seconds.
const SOON: u64 = 1;

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// A caller of the API.
    Caller(CallerName),
    /// A SCIM client.
    Client(SourceName),
}

/// Why a request was refused, as the metrics have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Requests,
    WrongTokens,
    ConcurrentRequests,
    ConcurrentRequestsPerToken,
    Streams,
    StreamsPerToken,
}

impl Reason {
    const ALL: [Self; 6] = [
        Self::Requests,
        Self::WrongTokens,
        Self::ConcurrentRequests,
        Self::ConcurrentRequestsPerToken,
        Self::Streams,
        Self::StreamsPerToken,
    ];

    /// Its name, which is also that of the limit in declarations.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::WrongTokens => "wrong-tokens",
            Self::ConcurrentRequests => "concurrent-requests",
            Self::ConcurrentRequestsPerToken => "concurrent-requests-per-token",
            Self::Streams => "streams",
            Self::StreamsPerToken => "streams-per-token",
        }
    }

    /// Whether it is the caller who asks too much, and not all together.
    fn is_the_callers(self) -> bool {
        !matches!(self, Self::ConcurrentRequests | Self::Streams)
    }
}

/// A request that is refused because of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) reason: Reason,
    /// When to come back, in seconds.
    pub(crate) after: u64,
}

impl Refused {
    /// Whether it is the caller who asks too much, and not all together.
    pub(crate) fn is_the_callers(self) -> bool {
        self.reason.is_the_callers()
    }

    /// What it says to people.
    pub(crate) fn detail(self) -> String {
        let what = match self.reason {
            Reason::Requests => "you ask more often than this host allows",
            Reason::WrongTokens => "too many requests without a good token came from your address",
            Reason::ConcurrentRequests => "this host answers as many requests as it can",
            Reason::ConcurrentRequestsPerToken => "too many of your requests are answered at the same time",
            Reason::Streams => "as many follow the events of this host as it allows",
            Reason::StreamsPerToken => "you follow the events too many times at the same time",
        };
        format!("{what}; come back in {} s", self.after)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self::come_back(refused.is_the_callers(), refused.detail(), refused.after)
    }
}

/// Everything that is counted.
#[derive(Debug)]
pub struct Quotas {
    limits: ApiLimits,
    requests: Buckets<Holder>,
    scim_requests: Buckets<Holder>,
    wrong_tokens: Buckets<IpAddr>,
    answered: Arc<Places<Holder>>,
    streams: Arc<Places<Holder>>,
    refused: Arc<[AtomicU64; 6]>,
}

impl Quotas {
    /// Nothing is counted yet.
    pub fn new(limits: ApiLimits) -> Self {
        Self {
            limits,
            requests: Buckets::new(limits.requests, MOST_KEYS),
            scim_requests: Buckets::new(limits.scim_requests, MOST_KEYS),
            wrong_tokens: Buckets::new(limits.wrong_tokens, MOST_KEYS),
            answered: Arc::new(Places::new(limits.concurrent_requests, limits.concurrent_requests_per_token)),
            streams: Arc::new(Places::new(limits.streams, limits.streams_per_token)),
            refused: Arc::default(),
        }
    }

    /// A request of this holder that is to be answered: how much of its quota is left, and its place while it is answered.
    pub(crate) fn enter(&self, holder: &Holder, now: Timestamp) -> Result<(Standing, Place<Holder>), Refused> {
        let standing = self.request(holder, now)?;
        Ok((standing, self.answer(holder)?))
    }

    /// The same, held to the limits of declarations that are taken over: where these are as before, everything that was
    /// counted still is; where they are others, only how many requests were refused.
    #[must_use]
    pub fn held_to(self: &Arc<Self>, limits: ApiLimits) -> Arc<Self> {
        if limits == self.limits {
            return self.clone();
        }
        Arc::new(Self { refused: self.refused.clone(), ..Self::new(limits) })
    }

    /// A request of this holder: how much of its quota is left.
    fn request(&self, holder: &Holder, now: Timestamp) -> Result<Standing, Refused> {
        let buckets = match holder {
            Holder::Caller(_) => &self.requests,
            Holder::Client(_) => &self.scim_requests,
        };
        buckets.take(holder, now).map_err(|after| self.refuse(Reason::Requests, after))
    }

    /// A request without a good token. Requests that come from within are not counted.
    pub(crate) fn wrong_token(&self, peer: Option<Peer>, now: Timestamp) -> Result<(), Refused> {
        let Some(Peer(address)) = peer else { return Ok(()) };
        let taken = self.wrong_tokens.take(&network(address), now);
        taken.map(|_| ()).map_err(|after| self.refuse(Reason::WrongTokens, after))
    }

    /// A place among the requests that are answered; it is given back when it is dropped.
    fn answer(&self, holder: &Holder) -> Result<Place<Holder>, Refused> {
        self.answered.enter(holder).map_err(|full| match full {
            Full::All => self.refuse(Reason::ConcurrentRequests, SOON),
            Full::Own => self.refuse(Reason::ConcurrentRequestsPerToken, SOON),
        })
    }

    /// A place among those who follow events or fetch what is large.
    pub(crate) fn stream(&self, holder: &Holder) -> Result<Place<Holder>, Refused> {
        self.streams.enter(holder).map_err(|full| match full {
            Full::All => self.refuse(Reason::Streams, SOON),
            Full::Own => self.refuse(Reason::StreamsPerToken, SOON),
        })
    }

    /// How many follow events.
    pub(crate) fn following(&self) -> u64 {
        self.streams.taken()
    }

    /// How many requests were refused, by reason.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Reason::ALL.iter().map(|reason| (reason.as_str(), self.refused[*reason as usize].load(Ordering::Relaxed)))
    }

    /// Tells a holder how much of its quota is left.
    pub(crate) fn tell(&self, headers: &mut HeaderMap, holder: &Holder, standing: Standing) {
        let quota = match holder {
            Holder::Caller(_) => self.limits.requests,
            Holder::Client(_) => self.limits.scim_requests,
        };
        tell(headers, Reason::Requests, quota, standing);
    }

    /// Answers with this problem whoever is refused because of a quota, and tells what the quota is.
    pub(crate) fn come_back(&self, problem: impl IntoResponse, holder: Option<&Holder>, refused: Refused) -> Response {
        let mut response = problem.into_response();
        self.tell_refused(response.headers_mut(), holder, refused);
        response
    }

    /// Tells who is refused because of a quota what the quota is.
    fn tell_refused(&self, headers: &mut HeaderMap, holder: Option<&Holder>, refused: Refused) {
        let quota = match (refused.reason, holder) {
            (Reason::WrongTokens, _) => self.limits.wrong_tokens,
            (Reason::Requests, Some(Holder::Client(_))) => self.limits.scim_requests,
            (Reason::Requests, _) => self.limits.requests,
            _ => return,
        };
        tell(headers, refused.reason, quota, Standing { left: 0, full_in: refused.after });
        if refused.reason == Reason::WrongTokens {
            // Whoever guesses shakes hands again for each guess.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }

    fn refuse(&self, reason: Reason, after: u64) -> Refused {
        self.refused[reason as usize].fetch_add(1, Ordering::Relaxed);
        Refused { reason, after }
    }
}

fn tell(headers: &mut HeaderMap, policy: Reason, quota: Quota, standing: Standing) {
    let (name, calls, seconds) = (policy.as_str(), quota.calls, quota.per.as_secs().max(1));
    let Standing { left, full_in } = standing;
    let texts =
        [(POLICY, format!("\"{name}\";q={calls};w={seconds}")), (STANDING, format!("\"{name}\";r={left};t={full_in}"))];
    for (header, text) in texts {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(header, value);
        }
    }
}

/// Whoever has one address of IPv6 has all of its network.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests;
