//! What the API answers, as far as pages show it.

use crate::imposing::Added;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// An answer of the API is not what a page expects.
#[derive(Debug)]
pub struct Unreadable(serde_json::Error);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the console cannot read an answer of the API: {}", self.0)
    }
}

impl std::error::Error for Unreadable {}

pub(crate) fn read<T: DeserializeOwned>(answer: &Value) -> Result<T, Unreadable> {
    T::deserialize(answer).map_err(Unreadable)
}

/// One page of a list.
#[derive(Deserialize)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    #[serde(default)]
    next: Value,
}

impl<T> Listed<T> {
    /// What the next page begins after.
    pub(crate) fn next(&self) -> Option<String> {
        match &self.next {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Identity {
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) key: String,
    pub(crate) state: String,
    pub(crate) attributes: Map<String, Value>,
    pub(crate) version: u64,
    pub(crate) changed_at: String,
    #[serde(default)]
    pub(crate) added: Added,
}

impl Identity {
    /// How people call it.
    pub(crate) fn label(&self) -> &str {
        ["displayName", "userName", "email"].into_iter().find_map(|name| self.text(name)).unwrap_or(&self.key)
    }

    /// An attribute that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_str)
    }
}

#[derive(Deserialize)]
pub(crate) struct IdentityWithAccounts {
    #[serde(flatten)]
    pub(crate) identity: Identity,
    pub(crate) accounts: Vec<Account>,
}

#[derive(Deserialize)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) target: String,
    pub(crate) class: String,
    pub(crate) remote_id: Option<String>,
    pub(crate) situation: String,
    pub(crate) active: Option<bool>,
    pub(crate) attributes: String,
    pub(crate) held: Vec<EntitlementKey>,
    pub(crate) leaving_since: Option<String>,
    pub(crate) protected_because: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct EntitlementKey {
    pub(crate) class: String,
    pub(crate) id: String,
}

#[derive(Deserialize)]
pub(crate) struct SituationCount {
    pub(crate) situation: String,
    pub(crate) active: Option<bool>,
    pub(crate) accounts: u64,
}

#[derive(Deserialize)]
pub(crate) struct Queue {
    pub(crate) due: u64,
    pub(crate) later: u64,
    pub(crate) next: Option<String>,
    pub(crate) unknown: u64,
}

#[derive(Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) accounts: Vec<SituationCount>,
    pub(crate) queue: Queue,
}

#[derive(Deserialize)]
pub(crate) struct Latency {
    pub(crate) target: String,
    pub(crate) measured_from: String,
    pub(crate) operations: u64,
    pub(crate) p50_us: u64,
    pub(crate) p95_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) max_us: u64,
}

#[derive(Deserialize)]
pub(crate) struct Failure {
    pub(crate) target: String,
    pub(crate) error_class: String,
    pub(crate) operations: u64,
    pub(crate) refused: u64,
    pub(crate) open: u64,
    pub(crate) recovered: u64,
    pub(crate) example_detail: Option<String>,
    pub(crate) example_at: String,
}

#[derive(Deserialize)]
pub(crate) struct Drift {
    pub(crate) target: String,
    pub(crate) state: String,
    pub(crate) started_at: String,
    pub(crate) listed: u64,
    pub(crate) changed: u64,
    pub(crate) gone: u64,
    pub(crate) repaired: u64,
}

/// What an operation does; which members it has depends on its kind.
#[derive(Deserialize)]
pub(crate) struct Intent {
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) attributes: Map<String, Value>,
    #[serde(default)]
    pub(crate) changes: Vec<Change>,
    pub(crate) entitlement: Option<Entitlement>,
    pub(crate) name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Entitlement {
    Declared(String),
    Remote(EntitlementKey),
}

impl Entitlement {
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Declared(name) => name.clone(),
            Self::Remote(key) => format!("{} {}", key.class, key.id),
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Change {
    pub(crate) attribute: String,
    pub(crate) action: String,
    #[serde(default)]
    pub(crate) value: Value,
}

#[derive(Deserialize)]
pub(crate) struct Planned {
    #[serde(flatten)]
    pub(crate) intent: Intent,
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) before: Map<String, Value>,
}

#[derive(Deserialize)]
pub(crate) struct Item {
    pub(crate) identity: String,
    pub(crate) label: String,
    pub(crate) target: String,
    pub(crate) link: String,
    pub(crate) operations: Vec<Planned>,
}

#[derive(Deserialize)]
pub(crate) struct Line {
    pub(crate) position: u64,
    pub(crate) state: String,
    pub(crate) why: Option<String>,
    #[serde(flatten)]
    pub(crate) item: Item,
}

impl Line {
    /// Whether a person can still decide about it.
    pub(crate) fn is_undone(&self) -> bool {
        matches!(self.state.as_str(), "open" | "approved" | "rejected")
    }
}

#[derive(Deserialize)]
pub(crate) struct Plan {
    pub(crate) id: String,
    pub(crate) requested_by: Option<String>,
    pub(crate) created_at: String,
    pub(crate) items: u64,
    pub(crate) operations: BTreeMap<String, u64>,
    #[serde(default)]
    pub(crate) states: BTreeMap<String, u64>,
    pub(crate) seal: Option<Seal>,
    pub(crate) applied_at: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Seal {
    pub(crate) expires_at: String,
}

#[derive(Deserialize)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) identity: Option<String>,
    pub(crate) target: String,
    pub(crate) intent: Intent,
    pub(crate) state: String,
    pub(crate) attempts: u32,
    pub(crate) detail: Option<String>,
    pub(crate) quarantined_since: Option<String>,
    pub(crate) created_at: String,
    pub(crate) changed_at: String,
}

#[derive(Deserialize)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) number: i64,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) state: String,
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) detail: Option<String>,
    pub(crate) stop: Option<StopAsked>,
    pub(crate) started_at: String,
    pub(crate) ended_at: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct StopAsked {
    pub(crate) by: String,
}

#[derive(Deserialize)]
pub(crate) struct Held {
    pub(crate) account: String,
    pub(crate) item: Item,
    pub(crate) reason: String,
    pub(crate) state: String,
    pub(crate) held_at: String,
}

#[derive(Deserialize)]
pub(crate) struct Candidate {
    pub(crate) account: String,
    pub(crate) weight: u8,
    pub(crate) definite: bool,
    pub(crate) matched_by: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) identity: String,
    pub(crate) target: String,
    pub(crate) state: String,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) decision: Option<String>,
    pub(crate) opened_at: String,
    #[serde(default)]
    pub(crate) accounts: Vec<Account>,
}

#[derive(Deserialize)]
pub(crate) struct Quarantine {
    pub(crate) targets: Vec<RestingTarget>,
    pub(crate) operations: Vec<RestingOperation>,
}

#[derive(Deserialize)]
pub(crate) struct RestingTarget {
    pub(crate) target: String,
    pub(crate) breaker: Breaker,
}

#[derive(Deserialize)]
pub(crate) struct Breaker {
    pub(crate) rest: Option<Rest>,
}

#[derive(Deserialize)]
pub(crate) struct Rest {
    pub(crate) cause: String,
    pub(crate) reason: String,
    pub(crate) since: String,
    pub(crate) next_try: String,
}

#[derive(Deserialize)]
pub(crate) struct RestingOperation {
    pub(crate) operation: String,
    pub(crate) identity: Option<String>,
    pub(crate) target: String,
    pub(crate) kind: String,
    pub(crate) attempts: u32,
    pub(crate) since: String,
    pub(crate) next_try: String,
    pub(crate) reason: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct AuditRow {
    pub(crate) sequence: i64,
    pub(crate) at: Option<String>,
    pub(crate) actor: String,
    pub(crate) activity: Option<String>,
    pub(crate) action: String,
    pub(crate) subject_kind: String,
    pub(crate) subject: String,
    pub(crate) identity: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) details: Value,
}

#[derive(Deserialize)]
pub(crate) struct Token {
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) created_at: String,
    pub(crate) created_by: String,
    pub(crate) expires_at: Option<String>,
    pub(crate) last_used_at: Option<String>,
}
