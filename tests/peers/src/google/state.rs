//! What the emulator holds.

use super::refusal::Refusal;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// For how long a deleted user can be brought back.
pub const RESTORABLE: Duration = Duration::from_secs(20 * 24 * 3600);

/// The switches of a workspace.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// The scopes that are delegated to the service account, without their common beginning.
    pub delegated: Vec<String>,
    /// APIs that the project has not switched on: `directory` or `licensing`.
    pub disabled_apis: Vec<String>,
    /// For how long what was made is not seen in lists.
    pub lag: Duration,
    /// For how long a user that was made is not found by its key either.
    pub key_lag: Duration,
    /// For how long a user that was created cannot be changed: 412.
    pub incomplete: Duration,
    /// How requests that are throttled are answered: status and reason.
    pub throttle: (u16, &'static str),
    /// Seats per `product/sku`; a licence that is not here cannot be had.
    pub seats: BTreeMap<String, usize>,
    /// Most users.
    pub user_limit: usize,
    /// Largest page of a list, whatever is asked for.
    pub page_cap: usize,
    /// For how long a token is good.
    pub token_life: Duration,
    /// For how many calls a token is good, where it ends before its time as a revoked one does.
    pub token_calls: Option<u64>,
    /// Methods for which the quota is used up, such as `directory.users.insert`; they are answered with `throttle`.
    pub exhausted: Vec<String>,
    /// Resources for which the administrator has no privilege, such as `directory.groups`.
    pub withheld: Vec<String>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            delegated: super::token::ALL_SCOPES.map(str::to_owned).into(),
            disabled_apis: Vec::new(),
            lag: Duration::ZERO,
            key_lag: Duration::ZERO,
            incomplete: Duration::ZERO,
            throttle: (403, "userRateLimitExceeded"),
            seats: BTreeMap::from([("Google-Apps/1010020020".into(), 1000), ("Google-Apps/1010020026".into(), 1000)]),
            user_limit: 1_000_000,
            page_cap: 500,
            token_life: Duration::from_secs(3599),
            token_calls: None,
            exhausted: Vec::new(),
            withheld: Vec::new(),
        }
    }
}

impl Behaviour {
    /// The answer to one request too many.
    pub fn too_many(&self) -> Refusal {
        let (status, reason) = self.throttle;
        Refusal::new(status, reason, "Quota exceeded for quota metric 'Queries'.")
    }
}

/// A user.
#[derive(Debug, Clone)]
pub struct User {
    /// As the vendor shows it.
    pub shown: Map<String, Value>,
    /// When it was created.
    pub created: Duration,
    /// When it was deleted.
    pub deleted: Option<Duration>,
    /// How often a password was set; the password itself is not kept.
    pub passwords: u32,
    /// How often its sessions were ended.
    pub sign_outs: u32,
}

/// A group.
#[derive(Debug, Clone)]
pub struct Group {
    /// As the vendor shows it.
    pub shown: Map<String, Value>,
    /// Members by id, with when they came.
    pub members: BTreeMap<String, (Value, Duration)>,
    /// When it was created.
    pub created: Duration,
}

/// A token.
#[derive(Debug, Clone)]
pub struct Token {
    /// What it is good for.
    pub scopes: Vec<String>,
    /// Until when it is good.
    pub until: Duration,
    /// In how many calls it was shown.
    pub calls: u64,
}

/// Everything.
#[derive(Debug, Default)]
pub struct State {
    /// Users by id.
    pub users: BTreeMap<String, User>,
    /// Groups by id.
    pub groups: BTreeMap<String, Group>,
    /// Org units by path; `/` is always there.
    pub org_units: BTreeMap<String, Value>,
    /// Custom schemas by name.
    pub schemas: BTreeMap<String, Value>,
    /// Admin roles by id.
    pub roles: BTreeMap<String, Value>,
    /// Role assignments by id.
    pub role_assignments: BTreeMap<String, Value>,
    /// Licences: user id and product, then the SKU.
    pub licences: BTreeMap<(String, String), String>,
    /// Tokens that were given out.
    pub tokens: BTreeMap<String, Token>,
    /// The switches.
    pub behaviour: Behaviour,
    /// What did not fit the descriptions.
    pub violations: Vec<String>,
    /// How many calls there were of each method.
    pub calls: BTreeMap<String, u64>,
    /// How many calls were refused, by status and reason, such as `412 conditionNotMet`.
    pub refused: BTreeMap<String, u64>,
    /// The time of the call in hand.
    pub now: Duration,
    counter: u64,
}

/// What a name of the customer's one name space leads to.
pub enum Named {
    /// A user, by id.
    User(String),
    /// A group, by id.
    Group(String),
}

impl State {
    /// A number that was not given out before.
    pub fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// A new version.
    pub fn etag(&mut self) -> Value {
        let number = self.next();
        format!("\"emulated/{number}\"").into()
    }

    /// The user with this id, address or alias, unless deleted.
    pub fn user_id(&self, key: &str) -> Option<String> {
        if self.users.get(key).is_some_and(|user| user.deleted.is_none()) {
            return Some(key.to_owned());
        }
        match self.named(key) {
            Some(Named::User(id)) => Some(id),
            _ => None,
        }
    }

    /// The group with this id, address or alias.
    pub fn group_id(&self, key: &str) -> Option<String> {
        if self.groups.contains_key(key) {
            return Some(key.to_owned());
        }
        match self.named(key) {
            Some(Named::Group(id)) => Some(id),
            _ => None,
        }
    }

    /// Who has this address: users, groups and their aliases share one name space.
    pub fn named(&self, address: &str) -> Option<Named> {
        let has = |shown: &Map<String, Value>, field: &str| {
            let is = |value: &Value| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(address));
            shown.get(field).is_some_and(is)
                || shown.get("aliases").and_then(Value::as_array).is_some_and(|aliases| aliases.iter().any(is))
        };
        let mut there = self.users.iter().filter(|(_, user)| user.deleted.is_none());
        if let Some((id, _)) = there.find(|(_, user)| has(&user.shown, "primaryEmail")) {
            return Some(Named::User(id.clone()));
        }
        self.groups.iter().find(|(_, group)| has(&group.shown, "email")).map(|(id, _)| Named::Group(id.clone()))
    }

    /// The scopes of a token that is good for one more call.
    pub fn scopes_of(&mut self, token: &str) -> Option<Vec<String>> {
        let (now, most) = (self.now, self.behaviour.token_calls);
        let token = self.tokens.get_mut(token)?;
        token.calls += 1;
        (now < token.until && most.is_none_or(|most| token.calls <= most)).then(|| token.scopes.clone())
    }

    /// Whether something made at this moment is seen in lists by now.
    pub fn is_visible(&self, since: Duration) -> bool {
        self.now >= since + self.behaviour.lag
    }

    /// One page of a list in the order of its keys, with the token of the next. The token is bound to the rest of the query
    /// and says behind which key it goes on, so that what comes and goes meanwhile moves nothing else.
    ///
    /// # Errors
    /// 400 for a token of another list.
    pub fn page(
        &self,
        items: Vec<(String, Value)>,
        query: &BTreeMap<String, String>,
        default: usize,
    ) -> Result<(Vec<Value>, Option<String>), Refusal> {
        let bound: String = query
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "pageToken" | "maxResults" | "alt" | "fields"))
            .map(|(name, value)| format!("{name}={value};"))
            .collect();
        let after = match query.get("pageToken") {
            None => None,
            Some(token) => Some(token.strip_prefix(&format!("{bound}~")).ok_or_else(|| Refusal::invalid("pageToken"))?),
        };
        let asked = query.get("maxResults").and_then(|most| most.parse().ok()).unwrap_or(default);
        let size = usize::max(1, asked).min(self.behaviour.page_cap);
        let mut rest = items.into_iter().filter(|(key, _)| after.is_none_or(|after| key.as_str() > after)).peekable();
        let mut page = Vec::new();
        let mut last = String::new();
        while page.len() < size
            && let Some((key, item)) = rest.next()
        {
            last = key;
            page.push(item);
        }
        let next = rest.peek().is_some().then(|| format!("{bound}~{last}"));
        Ok((page, next))
    }
}

/// A list in the vendor's form: without the key where there is nothing.
pub fn list(kind: &str, key: &str, (items, next): (Vec<Value>, Option<String>)) -> Value {
    let mut answer = json!({"kind": kind, "etag": "\"list\""});
    if !items.is_empty() {
        answer[key] = items.into();
    }
    if let Some(next) = next {
        answer["nextPageToken"] = next.into();
    }
    answer
}
