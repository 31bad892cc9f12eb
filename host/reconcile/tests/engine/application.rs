//! An application in memory. It does not refuse a second account with the same name, so that a double create shows.

use crate::feed::Feed;
use async_trait::async_trait;
use purser_connector::{Fault, Limit, Session};
use purser_model::Attributes;
use purser_model::edit::{AttributeAction, ConnectorError, Edit, EditOutcome, ErrorClass, Request, ThrottleScope};
use purser_model::id::OperationId;
use purser_model::manifest::{
    Attribute, AttributeKind, AttributeTraits, Cardinality, CheckLevel, ClassKind, DeleteSemantics, Finding, Holding,
    HoldingSide, Limits, Manifest, ObjectClass, Operations,
};
use purser_model::object::{ChangePage, Object, Page, SearchRequest, Tail};
use purser_model::secret::{Secret, Slots};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// What an account looks like in the application.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    pub active: bool,
    pub attributes: Attributes,
}

/// What the application holds.
#[derive(Debug, Default)]
pub struct Content {
    pub people: BTreeMap<String, Person>,
    pub groups: BTreeMap<String, (String, BTreeSet<String>)>,
    /// Passwords by account, in the order in which they were set; nobody can read them from outside.
    pub passwords: Vec<(String, Secret)>,
    /// The secrets of the call that is answered now.
    slots: Slots,
    next: u64,
    pub writes: u64,
    /// Every edit that was carried out, by the operation it came with.
    pub edits: Vec<(OperationId, &'static str)>,
    /// Whether a second account with the same name is refused, and whether the answer says which one is there.
    pub names_are_unique: Option<SaysWhich>,
}

/// Whether a refusal names the account that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaysWhich {
    Yes,
    No,
}

/// How the next call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// Every request is answered with `unavailable`, and nothing is done.
    Unavailable,
    /// Every request is answered with `rate-limited`, and nothing is done.
    Limited,
    /// Every request is done and answered with `outcome-unknown`.
    AnswerLost,
    /// Half of the requests are done, then the call ends with a time-out.
    TimedOutHalfWay,
    /// The call ends with a time-out before anything is done.
    TimedOutAtOnce,
    /// Every request is answered with `defect`, and nothing is done.
    Defect,
    /// Every request is answered with `authentication-failed`, and nothing is done.
    LockedOut,
    /// Every request is answered with `invalid-value`, and nothing is done.
    Invalid,
    /// Creates are answered with `rate-limited` for their kind; everything else is done.
    CreatesLimited,
}

type Interference = Box<dyn FnMut(&str, u32) -> Option<Fault> + Send>;

pub struct Application {
    manifest: Manifest,
    /// What it says about changes; none where it has no change feed.
    pub feed: Mutex<Option<Feed>>,
    interference: Mutex<Interference>,
    under_way: AtomicU32,
    /// The most calls of `apply` that were under way at once.
    pub most_at_once: AtomicU32,
    content: Mutex<Content>,
    trouble: Mutex<Box<dyn FnMut() -> Trouble + Send>>,
    pub truncated: Mutex<bool>,
    /// Left out of every listing, although it is there.
    pub unlisted: Mutex<BTreeSet<String>>,
    /// Neither listed nor shown, although it is there.
    pub hidden: Mutex<BTreeSet<String>>,
    /// What it says about how late it shows what is written to it.
    pub lag: Mutex<Duration>,
    /// A class that it does not have any more.
    pub without_class: Mutex<Option<&'static str>>,
    /// How reading calls fail.
    reading: Mutex<Box<dyn FnMut() -> Option<Fault> + Send>>,
    /// Calls of `apply`.
    pub calls: Mutex<u64>,
}

impl Application {
    pub fn new() -> Self {
        Self {
            manifest: manifest(),
            feed: Mutex::new(None),
            interference: Mutex::new(Box::new(|_, _| None)),
            under_way: AtomicU32::new(0),
            most_at_once: AtomicU32::new(0),
            content: Mutex::default(),
            trouble: Mutex::new(Box::new(|| Trouble::None)),
            truncated: Mutex::new(false),
            unlisted: Mutex::default(),
            hidden: Mutex::default(),
            lag: Mutex::default(),
            without_class: Mutex::new(None),
            reading: Mutex::new(Box::new(|| None)),
            calls: Mutex::new(0),
        }
    }

    /// Reading calls fail like this.
    pub fn reading_fails_like(&self, fault: impl FnMut() -> Option<Fault> + Send + 'static) {
        *self.reading.lock().unwrap() = Box::new(fault);
    }

    fn reads(&self) -> Result<(), Fault> {
        (self.reading.lock().unwrap())().map_or(Ok(()), Err)
    }

    pub fn fail_like(&self, trouble: impl FnMut() -> Trouble + Send + 'static) {
        *self.trouble.lock().unwrap() = Box::new(trouble);
    }

    /// Is told of each call with its number of requests before it is answered, and may have it fail.
    pub fn interfere(&self, interference: impl FnMut(&str, u32) -> Option<Fault> + Send + 'static) {
        *self.interference.lock().unwrap() = Box::new(interference);
    }

    fn called(&self, call: &str, cost: u32) -> Result<(), Fault> {
        (self.interference.lock().unwrap())(call, cost).map_or(Ok(()), Err)
    }

    pub fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap()
    }

    /// Adds a person behind Purser's back.
    pub fn add(&self, attributes: &Value) -> String {
        self.content().create(attributes.as_object().unwrap().clone(), true)
    }

    /// The one account with this name.
    pub fn person(&self, name: &str) -> (String, Person) {
        let content = self.content();
        let mut found = content.people.iter().filter(|(_, person)| person.attributes["userName"] == name);
        let (id, person) = found.next().unwrap_or_else(|| panic!("nobody is called {name}"));
        assert!(found.next().is_none(), "{name} has two accounts");
        (id.clone(), person.clone())
    }

    /// The names of the members of a group.
    pub fn members(&self, group: &str) -> Vec<String> {
        let content = self.content();
        let Some((_, members)) = content.groups.values().find(|(name, _)| name == group) else { return Vec::new() };
        members.iter().map(|id| content.people[id].attributes["userName"].as_str().unwrap().to_owned()).collect()
    }
}

impl Content {
    fn create(&mut self, attributes: Attributes, active: bool) -> String {
        self.next += 1;
        let id = format!("p{:05}", self.next);
        self.people.insert(id.clone(), Person { active, attributes });
        id
    }

    /// The secret that `{"$slot": n}` refers to.
    fn secret(&self, value: &Value) -> Secret {
        let slot = value["$slot"].as_u64().unwrap_or_else(|| panic!("{value} is no slot"));
        self.slots.get(u32::try_from(slot).unwrap()).expect("the slot is attached").clone()
    }

    fn refuse_taken(&self, own: Option<&String>, name: Option<&Value>) -> Result<(), ConnectorError> {
        let Some(says_which) = self.names_are_unique else { return Ok(()) };
        let has_it = |(id, person): &(&String, &Person)| Some(*id) != own && person.attributes.get("userName") == name;
        let Some((id, _)) = self.people.iter().find(has_it) else { return Ok(()) };
        let class = ErrorClass::AlreadyExists((says_which == SaysWhich::Yes).then(|| id.clone()));
        Err(ConnectorError { class, message: "the name is taken".into(), native_code: None })
    }

    pub fn object(&self, class: &str, id: &str) -> Option<Object> {
        let (active, attributes) = match class {
            "person" => self.people.get(id).map(|person| (Some(person.active), person.attributes.clone()))?,
            _ => {
                let (name, members) = self.groups.get(id)?;
                (None, json!({"name": name, "members": members}).as_object().unwrap().clone())
            }
        };
        let attributes = Value::Object(attributes).to_string();
        Some(Object { id: id.to_owned(), secondary_ids: Vec::new(), version: None, active, attributes })
    }

    fn edit_limited(&mut self, request: &Request) -> Result<EditOutcome, ConnectorError> {
        match request.edit {
            Edit::Create { .. } => Err(ConnectorError {
                class: ErrorClass::RateLimited { after_ms: Some(60_000), scope: ThrottleScope::Operation },
                message: "told to fail".into(),
                native_code: None,
            }),
            _ => self.edit(request),
        }
    }

    fn edit(&mut self, request: &Request) -> Result<EditOutcome, ConnectorError> {
        self.writes += 1;
        self.edits.push((request.operation_id, edit_name(request)));
        let not_found =
            || ConnectorError { class: ErrorClass::NotFound, message: "not there".into(), native_code: None };
        match &request.edit {
            Edit::Create { attributes, .. } if request.class == "group" => {
                self.next += 1;
                let id = format!("g{:05}", self.next);
                let name = attributes["name"].as_str().unwrap().to_owned();
                self.groups.insert(id.clone(), (name, BTreeSet::new()));
                Ok(EditOutcome::Done(self.object("group", &id)))
            }
            Edit::Create { attributes, active } => {
                self.refuse_taken(None, attributes.get("userName"))?;
                let mut attributes = attributes.clone();
                let password = attributes.remove("password").map(|slot| self.secret(&slot));
                let id = self.create(attributes, active.unwrap_or(true));
                self.passwords.extend(password.map(|password| (id.clone(), password)));
                Ok(EditOutcome::Done(self.object("person", &id)))
            }
            Edit::Update { id, changes, .. } => {
                for change in changes.iter().filter(|change| change.attribute == "userName") {
                    if let AttributeAction::Replace(name) = &change.action {
                        self.refuse_taken(Some(id), Some(name))?;
                    }
                }
                let person = self.people.get_mut(id).ok_or_else(not_found)?;
                for change in changes {
                    let list = person.attributes.get(&change.attribute).and_then(Value::as_array);
                    let mut list = list.cloned().unwrap_or_default();
                    match &change.action {
                        AttributeAction::Add(values) => {
                            list.extend(values.iter().cloned());
                            person.attributes.insert(change.attribute.clone(), Value::Array(list));
                        }
                        AttributeAction::Remove(values) => {
                            list.retain(|value| !values.contains(value));
                            person.attributes.insert(change.attribute.clone(), Value::Array(list));
                        }
                        AttributeAction::Replace(value) => {
                            person.attributes.insert(change.attribute.clone(), value.clone());
                        }
                        AttributeAction::Clear => {
                            person.attributes.remove(&change.attribute);
                        }
                    }
                }
                Ok(EditOutcome::Done(self.object("person", id)))
            }
            Edit::SetActive { id, active, .. } => {
                self.people.get_mut(id).ok_or_else(not_found)?.active = *active;
                // Says nothing about the state after it: the engine must read it.
                Ok(EditOutcome::Done(None))
            }
            Edit::Delete { id, .. } => {
                self.people.remove(id).ok_or_else(not_found)?;
                self.groups.values_mut().for_each(|(_, members)| {
                    members.remove(id);
                });
                Ok(EditOutcome::Done(None))
            }
            Edit::Grant(edit) => {
                self.people.get(&edit.id).ok_or_else(not_found)?;
                let group = self.groups.get_mut(&edit.entitlement).ok_or_else(not_found)?;
                let came = group.1.insert(edit.id.clone());
                Ok(if came { EditOutcome::Done(None) } else { EditOutcome::Unchanged(None) })
            }
            Edit::Revoke(edit) => {
                let group = self.groups.get_mut(&edit.entitlement).ok_or_else(not_found)?;
                let went = group.1.remove(&edit.id);
                Ok(if went { EditOutcome::Done(None) } else { EditOutcome::Unchanged(None) })
            }
            Edit::SetPassword { .. } => panic!("nobody sets passwords"),
        }
    }
}

/// The name of the operation that the edit stands for.
fn edit_name(request: &Request) -> &'static str {
    match &request.edit {
        Edit::Create { .. } if request.class == "group" => "create-entitlement",
        Edit::Create { .. } => "create",
        Edit::Update { .. } => "update",
        Edit::SetActive { active: true, .. } => "enable",
        Edit::SetActive { active: false, .. } => "disable",
        Edit::Delete { .. } => "delete",
        Edit::SetPassword { .. } => "set-password",
        Edit::Grant(_) => "grant",
        Edit::Revoke(_) => "revoke",
    }
}

fn all_fail(requests: &[Request], class: &ErrorClass) -> Vec<Result<EditOutcome, ConnectorError>> {
    let error = ConnectorError { class: class.clone(), message: "told to fail".into(), native_code: None };
    requests.iter().map(|_| Err(error.clone())).collect()
}

#[async_trait]
impl Session for Application {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn check(&self, _level: CheckLevel) -> Result<Vec<Finding>, Fault> {
        Ok(Vec::new())
    }

    async fn schema(&self) -> Result<Vec<ObjectClass>, Fault> {
        self.called("schema", 1)?;
        let mut classes = self.manifest.classes.clone();
        let has_feed = self.feed.lock().unwrap().is_some();
        let lag = u32::try_from(self.lag.lock().unwrap().as_millis()).unwrap();
        for class in &mut classes {
            class.operations.changes = has_feed;
            class.consistency_lag_ms = lag;
        }
        let without = *self.without_class.lock().unwrap();
        classes.retain(|class| Some(class.name.as_str()) != without);
        Ok(classes)
    }

    async fn search(&self, request: SearchRequest) -> Result<Page, Fault> {
        self.called("search", 1)?;
        self.reads()?;
        let (unlisted, hidden) = (self.unlisted.lock().unwrap(), self.hidden.lock().unwrap());
        let content = self.content();
        let ids: Vec<String> = match request.class.as_str() {
            "person" => content.people.keys().cloned().collect(),
            _ => content.groups.keys().cloned().collect(),
        };
        let start = request.cursor.as_deref().unwrap_or("");
        let matching = ids
            .into_iter()
            .filter(|id| id.as_str() > start && !unlisted.contains(id) && !hidden.contains(id))
            .filter(|id| {
                let object = content.object(&request.class, id).unwrap();
                let attributes = object.parse_attributes().unwrap();
                request
                    .conditions
                    .iter()
                    .all(|condition| attributes.get(&condition.attribute) == Some(&condition.value))
            });
        let page: Vec<String> = matching.take(request.page_size as usize + 1).collect();
        let more = page.len() > request.page_size as usize;
        let objects: Vec<Object> = page
            .iter()
            .take(request.page_size as usize)
            .map(|id| content.object(&request.class, id).unwrap())
            .collect();
        let tail = match objects.last() {
            _ if *self.truncated.lock().unwrap() => Tail::Truncated("told to".into()),
            Some(last) if more => Tail::More(last.id.clone()),
            _ => Tail::Complete,
        };
        Ok(Page { objects, tail })
    }

    async fn get(&self, class: &str, id: &str) -> Result<Object, Fault> {
        self.called("get", 1)?;
        self.reads()?;
        let hidden = self.hidden.lock().unwrap().contains(id);
        self.content().object(class, id).filter(|_| !hidden).ok_or_else(|| {
            Fault::Connector(ConnectorError { class: ErrorClass::NotFound, message: "gone".into(), native_code: None })
        })
    }

    async fn changes(&self, class: &str, cursor: Option<&str>) -> Result<ChangePage, Fault> {
        self.called("changes", 1)?;
        let mut feed = self.feed.lock().unwrap();
        let feed = feed.as_mut().ok_or_else(|| Fault::Unusable("no change feed".into()))?;
        feed.changes(&self.content(), class, cursor)
    }

    async fn apply(
        &self,
        requests: Vec<Request>,
        slots: Slots,
    ) -> Result<Vec<Result<EditOutcome, ConnectorError>>, Fault> {
        self.called("apply", u32::try_from(requests.len()).unwrap())?;
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        *self.calls.lock().unwrap() += 1;
        let trouble = (self.trouble.lock().unwrap())();
        let mut content = self.content();
        content.slots = slots;
        match trouble {
            Trouble::None => Ok(requests.iter().map(|request| content.edit(request)).collect()),
            Trouble::Unavailable => Ok(all_fail(&requests, &ErrorClass::Unavailable { after_ms: None })),
            Trouble::Limited => {
                let class = ErrorClass::RateLimited { after_ms: Some(1_000), scope: ThrottleScope::Target };
                Ok(all_fail(&requests, &class))
            }
            Trouble::Defect => Ok(all_fail(&requests, &ErrorClass::Defect)),
            Trouble::LockedOut => Ok(all_fail(&requests, &ErrorClass::AuthenticationFailed)),
            Trouble::Invalid => Ok(all_fail(&requests, &ErrorClass::InvalidValue(None))),
            Trouble::CreatesLimited => Ok(requests.iter().map(|request| content.edit_limited(request)).collect()),
            Trouble::AnswerLost => {
                requests.iter().for_each(|request| drop(content.edit(request)));
                Ok(all_fail(&requests, &ErrorClass::OutcomeUnknown))
            }
            Trouble::TimedOutHalfWay => {
                requests.iter().take(requests.len().div_ceil(2)).for_each(|request| drop(content.edit(request)));
                Err(Fault::TimedOut { limit: Limit::Wall, after: Duration::from_secs(1) })
            }
            Trouble::TimedOutAtOnce => Err(Fault::TimedOut { limit: Limit::Wall, after: Duration::from_secs(1) }),
        }
    }
}

fn text(name: &str, traits: AttributeTraits) -> Attribute {
    Attribute {
        name: name.into(),
        description: String::new(),
        kind: AttributeKind::Text,
        traits,
        reference_class: None,
        shape: None,
        allowed_values: Vec::new(),
        max_length: None,
    }
}

fn manifest() -> Manifest {
    let unique = AttributeTraits { unique: true, required: true, ..AttributeTraits::default() };
    let person = ObjectClass {
        name: "person".into(),
        title: "Person".into(),
        kind: ClassKind::Account,
        attributes: vec![
            text("userName", unique),
            text("mail", AttributeTraits::default()),
            text("phones", AttributeTraits { multi_valued: true, ..AttributeTraits::default() }),
            Attribute {
                kind: AttributeKind::SecretSlot,
                ..text("password", AttributeTraits { write_only: true, ..AttributeTraits::default() })
            },
        ],
        open: true,
        operations: Operations {
            search: true,
            get: true,
            create: true,
            update: true,
            set_active: true,
            delete: true,
            grant: true,
            revoke: true,
            ..Operations::default()
        },
        delete_semantics: DeleteSemantics::Hard,
        holding: None,
        consistency_lag_ms: 0,
    };
    let group = ObjectClass {
        name: "group".into(),
        title: "Group".into(),
        kind: ClassKind::Entitlement,
        attributes: vec![text("name", unique)],
        holding: Some(Holding {
            account_class: "person".into(),
            side: HoldingSide::Entitlement,
            attribute: "members".into(),
            cardinality: Cardinality::Many,
        }),
        ..person.clone()
    };
    Manifest {
        name: "application".into(),
        version: "1.0.0".parse().unwrap(),
        vendor: "tests".into(),
        description: "In memory".into(),
        config_schema: json!({}),
        classes: vec![person, group],
        limits: Limits { page_size: 7, batch_size: 10 },
        egress: Vec::new(),
        directories: Vec::new(),
        permissions: Vec::new(),
    }
}
