//! Webhooks: receivers that are told of events, after the Standard Webhooks specification.

use crate::configuration::Rate;
use crate::egress::AddressGrant;
use crate::id::SecretName;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use url::Url;

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// The waits that the specification proposes, over three days: after the first try, after the second ...
const USUAL_RETRIES: [u64; 9] =
    [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/// A receiver of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where events are posted to: `https`, or `http` on this machine.
    pub url: Url,
    /// Which events; none means all.
    pub events: Vec<EventPattern>,
    /// The secret that signs.
    pub secret: SecretName,
    /// The secret that signed before; while it is declared, both sign.
    pub previous_secret: Option<SecretName>,
    /// How long to wait after each try that failed; after the last of them the delivery is a dead letter.
    pub retry: Vec<Duration>,
    /// How much may be sent; none: one after the other, as fast as they are taken.
    pub rate: Option<Rate>,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// Whether a webhook that is new begins with the oldest event that is kept, and not with the next.
    pub from_start: bool,
    /// Addresses that are not public and may be reached nevertheless.
    pub addresses: Vec<AddressGrant>,
    /// The certificates (PEM) that the receiver's must lead to, in place of the operating system's.
    pub ca: Option<PathBuf>,
}

impl Webhook {
    /// A webhook with everything else at its default.
    pub fn new(url: Url, secret: SecretName) -> Self {
        Self {
            url,
            events: Vec::new(),
            secret,
            previous_secret: None,
            retry: USUAL_RETRIES.map(Duration::from_secs).into(),
            rate: None,
            timeout: Duration::from_secs(15),
            from_start: false,
            addresses: Vec::new(),
            ca: None,
        }
    }

    /// Whether it is told of events of this kind. What happens to webhooks themselves is told to none: two that fail would
    /// tell each other of it for ever.
    pub fn wants(&self, kind: &str) -> bool {
        let of_webhooks = kind.starts_with("webhook-");
        !of_webhooks && (self.events.is_empty() || self.events.iter().any(|pattern| pattern.matches(kind)))
    }

    /// The receiver without path and query, in which receivers hide secrets.
    pub fn receiver(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

/// A kind of event, or the beginning of kinds: `operation-applied`, `identity-*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPattern(String);

/// A text is no pattern of events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no events: write a kind such as `operation-applied`, or its beginning and a star such as `identity-*`"
)]
pub struct NotAnEventPattern(String);

impl EventPattern {
    /// Whether a kind fits.
    pub fn matches(&self, kind: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => kind == self.0,
        }
    }
}

impl FromStr for EventPattern {
    type Err = NotAnEventPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kind = text.strip_suffix('*').unwrap_or(text);
        let plain = kind.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        if text.is_empty() || !plain { Err(NotAnEventPattern(text.to_owned())) } else { Ok(Self(text.to_owned())) }
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanting(patterns: &[&str]) -> Webhook {
        let url = Url::parse("https://hooks.example/in?key=hidden").unwrap();
        let events = patterns.iter().map(|text| text.parse().unwrap()).collect();
        Webhook { events, ..Webhook::new(url, "signing".parse().unwrap()) }
    }

    #[test]
    fn kinds_and_beginnings_choose_events() {
        let some = wanting(&["operation-applied", "identity-*"]);
        let kinds = ["operation-applied", "operation-applied-twice", "identity-changed", "identity", "run-started"];
        assert_eq!(kinds.map(|kind| some.wants(kind)), [true, false, true, false, false]);
        assert!(wanting(&[]).wants("run-started") && wanting(&["*"]).wants("run-started"));
    }

    #[test]
    fn no_webhook_is_told_of_webhooks() {
        for patterns in [&[][..], &["*"], &["webhook-*"], &["webhook-dead-letter"]] {
            assert!(!wanting(patterns).wants("webhook-dead-letter"), "{patterns:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for bad in ["", "Operation", "op*ration", "**", "a b", "identity.*"] {
            assert_eq!(bad.parse::<EventPattern>(), Err(NotAnEventPattern(bad.to_owned())));
        }
    }

    #[test]
    fn a_receiver_is_shown_without_path_and_query() {
        assert_eq!(wanting(&[]).receiver(), "https://hooks.example");
    }

    #[test]
    fn the_usual_tries_go_on_for_three_days() {
        let all: Duration = wanting(&[]).retry.iter().sum();
        assert!(all > Duration::from_hours(72) && all < Duration::from_hours(80), "{all:?}");
    }
}
