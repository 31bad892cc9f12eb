//! A SCIM server in memory that answers as PyPI's scim2-server does, and that can be told to misbehave as others do.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test ends where its server cannot go on")]

use purser_scim::Scim;
use purser_sdk::http::{Answer, Failure, Method, Request};
use purser_sdk::serde_json::{Map, Value, json};
use purser_sdk::testing::{self, Stub};
use purser_sdk::{AttributeAction, AttributeChange, CreateEdit, Edit, EntitlementEdit, Error, UpdateEdit};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How the server misbehaves. The default is none of it.
#[derive(Default)]
pub struct Manners {
    /// Status for every PATCH.
    pub refuses_patch: Option<u16>,
    /// Answers every list with everything.
    pub ignores_filter: bool,
    /// 404 where a filter finds nothing.
    pub not_found_on_empty: bool,
    /// Most objects per list, whatever is asked for.
    pub page_cap: Option<usize>,
    /// Every page is the first one.
    pub ignores_start_index: bool,
    /// Leaves `Resources` out of an empty list.
    pub leaves_resources_out: bool,
    /// Numbers as strings, booleans as strings.
    pub speaks_in_strings: bool,
    /// A create answers without body.
    pub creates_silently: bool,
    /// Pages by cursor.
    pub by_cursor: bool,
    /// `/ServiceProviderConfig`; none is 404.
    pub provider: Option<Value>,
    /// The user ids that a group refuses as members.
    pub refused_members: Vec<String>,
    /// Answered instead of anything else, last first.
    pub next_answers: Vec<Result<Answer, Failure>>,
}

/// What the server holds.
#[derive(Default)]
pub struct Held {
    pub users: BTreeMap<String, Value>,
    pub groups: BTreeMap<String, Value>,
    pub manners: Manners,
    revision: u64,
}

/// The server.
#[derive(Clone, Default)]
pub struct Server(pub Rc<RefCell<Held>>);

pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

impl Server {
    /// A server and the stub host that reaches it.
    pub fn start() -> (Self, Stub) {
        let (server, stub) = (Self::default(), Stub::new());
        server.0.borrow_mut().manners.provider = Some(json!({
            "patch": {"supported": true}, "filter": {"supported": true, "maxResults": 1000},
            "changePassword": {"supported": true}, "etag": {"supported": true},
        }));
        let serving = server.clone();
        stub.serve("scim", move |request| serving.answer(request));
        (server, stub)
    }

    pub fn manners(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.0.borrow_mut().manners);
    }

    /// Makes the server answer the next request so.
    pub fn answer_next(&self, answer: Result<Answer, Failure>) {
        self.0.borrow_mut().manners.next_answers.insert(0, answer);
    }

    pub fn add_user(&self, name: &str) -> String {
        self.0.borrow_mut().put("Users", None, json!({"schemas": [USER], "userName": name, "active": true}))
    }

    pub fn add_group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        self.0.borrow_mut().put("Groups", None, json!({"displayName": name, "members": members}))
    }

    pub fn user(&self, id: &str) -> Value {
        self.0.borrow().users[id].clone()
    }

    pub fn member_ids(&self, group: &str) -> Vec<String> {
        let held = self.0.borrow();
        let members = held.groups[group]["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
    }

    /// Answers as the server does by itself.
    pub fn answer(&self, request: &Request) -> Result<Answer, Failure> {
        let mut held = self.0.borrow_mut();
        if let Some(answer) = held.manners.next_answers.pop() {
            return answer;
        }
        Ok(held.answer(request))
    }
}

impl Held {
    fn answer(&mut self, request: &Request) -> Answer {
        let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        match (request.method, parts.as_slice()) {
            (Method::Get, ["ServiceProviderConfig"]) => match &self.manners.provider {
                Some(provider) => Answer::new(200).with_json(provider),
                None => error(404, None),
            },
            (Method::Get, [kind @ ("Users" | "Groups")]) => self.list(kind, request),
            (Method::Post, [kind @ ("Users" | "Groups")]) => self.create(kind, request.json_body()),
            (method, [kind @ ("Users" | "Groups"), id]) => self.one(method, kind, id, request),
            _ => error(404, None),
        }
    }

    fn all(&mut self, kind: &str) -> &mut BTreeMap<String, Value> {
        if kind == "Users" { &mut self.users } else { &mut self.groups }
    }

    fn put(&mut self, kind: &str, id: Option<&str>, mut resource: Value) -> String {
        self.revision += 1;
        let id = id.map_or_else(|| format!("{}{:04}", &kind[..1].to_lowercase(), self.revision), str::to_owned);
        resource["id"] = id.as_str().into();
        let modified = format!("2026-01-01T00:{:02}:{:02}Z", self.revision / 60, self.revision % 60);
        resource["meta"] = json!({"version": format!("W/\"{}\"", self.revision), "lastModified": modified});
        self.all(kind).insert(id.clone(), resource);
        id
    }

    fn create(&mut self, kind: &str, resource: Value) -> Answer {
        let taken = self.users.values().any(|user| same_text(&user["userName"], &resource["userName"]));
        if kind == "Users" && taken {
            return error(409, Some("uniqueness"));
        }
        let id = self.put(kind, None, resource);
        let location = format!("https://scim.example/v2/{kind}/{id}");
        let answer = Answer::new(201).with_header("location", location);
        if self.manners.creates_silently { answer } else { answer.with_json(&self.all(kind)[&id].clone()) }
    }

    fn one(&mut self, method: Method, kind: &str, id: &str, request: &Request) -> Answer {
        let Some(resource) = self.all(kind).get(id).cloned() else { return error(404, None) };
        let version = resource["meta"]["version"].as_str().unwrap().to_owned();
        if request.header("if-match").is_some_and(|wanted| wanted != version) {
            return error(412, None);
        }
        match method {
            Method::Get => Answer::new(200).with_json(&self.spoken(resource)).with_header("etag", version),
            Method::Delete => {
                self.all(kind).remove(id);
                Answer::new(204)
            }
            Method::Put => {
                self.put(kind, Some(id), request.json_body());
                Answer::new(200).with_json(&self.all(kind)[id].clone())
            }
            Method::Patch => self.patch(kind, id, &resource, &request.json_body()),
            _ => error(405, None),
        }
    }

    fn patch(&mut self, kind: &str, id: &str, before: &Value, body: &Value) -> Answer {
        if let Some(status) = self.manners.refuses_patch {
            return error(status, None);
        }
        let mut after = before.clone();
        for operation in body["Operations"].as_array().unwrap() {
            let added = operation["value"].as_array().into_iter().flatten();
            let mut values = added.filter_map(|value| value["value"].as_str());
            if values.any(|value| self.manners.refused_members.iter().any(|refused| refused == value)) {
                return error(400, Some("invalidValue"));
            }
            carry_out(&mut after, operation);
        }
        if after != *before {
            self.put(kind, Some(id), after);
        }
        Answer::new(204)
    }

    fn list(&mut self, kind: &str, request: &Request) -> Answer {
        let filter = request.query_field("filter").filter(|_| !self.manners.ignores_filter);
        let all: Vec<Value> = self.all(kind).values().cloned().collect();
        let found: Vec<Value> =
            all.into_iter().filter(|resource| filter.is_none_or(|filter| satisfies(resource, filter))).collect();
        if found.is_empty() && filter.is_some() && self.manners.not_found_on_empty {
            return error(404, None);
        }
        let number = |name| request.query_field(name).and_then(|text| text.parse::<usize>().ok());
        let count = number("count").unwrap_or(100).min(self.manners.page_cap.unwrap_or(1000));
        let total = found.len();
        if self.manners.by_cursor {
            let start: usize = request.query_field("cursor").unwrap().parse().unwrap_or(0);
            let page: Vec<Value> = found.into_iter().skip(start).take(count).collect();
            let mut answer = json!({"totalResults": total, "Resources": page});
            if start + count < total {
                answer["nextCursor"] = (start + count).to_string().into();
            }
            return Answer::new(200).with_json(&answer);
        }
        let start = if self.manners.ignores_start_index { 1 } else { number("startIndex").unwrap_or(1).max(1) };
        let page: Vec<Value> =
            found.into_iter().skip(start - 1).take(count).map(|resource| self.spoken(resource)).collect();
        let mut answer = json!({"totalResults": total, "itemsPerPage": page.len(), "startIndex": start});
        if self.manners.ignores_start_index {
            answer.as_object_mut().unwrap().remove("startIndex");
        }
        if !(page.is_empty() && self.manners.leaves_resources_out) {
            answer["Resources"] = page.into();
        }
        Answer::new(200).with_json(&self.spoken(answer))
    }

    fn spoken(&self, mut value: Value) -> Value {
        if self.manners.speaks_in_strings {
            as_strings(&mut value);
        }
        value
    }
}

fn as_strings(value: &mut Value) {
    match value {
        Value::Bool(flag) => *value = if *flag { "True".into() } else { "False".into() },
        Value::Number(number) => *value = number.to_string().into(),
        Value::Array(items) => items.iter_mut().for_each(as_strings),
        Value::Object(members) => members.values_mut().for_each(as_strings),
        _ => {}
    }
}

fn same_text(left: &Value, right: &Value) -> bool {
    match (left.as_str(), right.as_str()) {
        (Some(left), Some(right)) => left.eq_ignore_ascii_case(right),
        _ => left == right && !left.is_null(),
    }
}

/// `attribute eq "value"`, `ge` as text; joined by `and`.
fn satisfies(resource: &Value, filter: &str) -> bool {
    filter.split(" and ").all(|condition| {
        let parts: Vec<&str> = condition.splitn(3, ' ').collect();
        let wanted: Value = parts[2].parse().unwrap();
        let pointer = format!("/{}", parts[0].replace('.', "/"));
        let found = resource.pointer(&pointer).unwrap_or(&Value::Null);
        match parts[1] {
            "ge" => found.as_str() >= wanted.as_str(),
            _ => same_text(found, &wanted),
        }
    })
}

/// One operation of a PATCH, as far as the tests go.
fn carry_out(resource: &mut Value, operation: &Value) {
    let kind = operation["op"].as_str().unwrap().to_lowercase();
    let Some(path) = operation["path"].as_str() else {
        return merge(resource, &operation["value"]);
    };
    if let Some((attribute, rest)) = path.split_once("[value eq \"") {
        let id = rest.trim_end_matches("\"]");
        return resource[attribute].as_array_mut().unwrap().retain(|item| item["value"] != id);
    }
    let place = match path.strip_prefix(&format!("{ENTERPRISE}:")) {
        Some(attribute) => &mut resource[ENTERPRISE][attribute],
        None => path.split('.').fold(resource, |place, key| &mut place[key]),
    };
    match (kind.as_str(), operation["value"].as_array()) {
        ("add", Some(values)) => {
            let mut list = place.as_array().cloned().unwrap_or_default();
            list.extend(
                values.iter().filter(|value| !place.as_array().is_some_and(|there| there.contains(value))).cloned(),
            );
            *place = list.into();
        }
        ("remove", Some(values)) => place.as_array_mut().unwrap().retain(|item| !values.contains(item)),
        ("remove", None) => *place = Value::Null,
        _ => *place = operation["value"].clone(),
    }
}

fn merge(place: &mut Value, value: &Value) {
    match (place.as_object_mut(), value.as_object()) {
        (Some(there), Some(more)) => {
            for (name, value) in more {
                merge(there.entry(name).or_insert(Value::Object(Map::new())), value);
            }
        }
        _ => *place = value.clone(),
    }
}

/// A SCIM error answer, as scim2-server writes it.
pub fn error(status: u16, scim_type: Option<&str>) -> Answer {
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.to_string(), "detail": "no",
    });
    if let Some(scim_type) = scim_type {
        body["scimType"] = scim_type.into();
    }
    Answer::new(status).with_json(&body)
}

/// The connector with this configuration.
pub fn connect(stub: &Stub, config: Value) -> Scim {
    testing::connect(stub, config).unwrap()
}

pub fn connect_error(stub: &Stub, config: Value) -> Error {
    testing::connect::<Scim>(stub, config).err().unwrap()
}

pub fn replace(attribute: &str, value: Value) -> AttributeChange {
    AttributeChange { attribute: attribute.into(), action: AttributeAction::Replace(value) }
}

pub fn create(class: &str, attributes: Value) -> purser_sdk::Request {
    let attributes = testing::attributes(attributes);
    testing::request(class, Edit::Create(CreateEdit { attributes, active: (class == "User").then_some(true) }))
}

pub fn update(class: &str, id: &str, version: Option<&str>, changes: Vec<AttributeChange>) -> purser_sdk::Request {
    let version = version.map(str::to_owned);
    testing::request(class, Edit::Update(UpdateEdit { id: id.into(), version, changes }))
}

pub fn grant(user: &str, group: &str) -> purser_sdk::Request {
    testing::request("User", Edit::Grant(membership(user, group)))
}

pub fn revoke(user: &str, group: &str) -> purser_sdk::Request {
    testing::request("User", Edit::Revoke(membership(user, group)))
}

fn membership(user: &str, group: &str) -> EntitlementEdit {
    EntitlementEdit {
        id: user.into(),
        entitlement_class: "Group".into(),
        entitlement: group.into(),
        parameters: Map::new(),
    }
}

/// Method and path of the requests so far, discovery left out; they are forgotten.
pub fn sent(stub: &Stub) -> Vec<String> {
    let requests = stub.requests();
    stub.forget_requests();
    let shown = requests.iter().filter(|request| request.path != "/ServiceProviderConfig");
    shown.map(|request| format!("{} {}", request.method, request.path)).collect()
}

/// The body of the last writing request.
pub fn last_body(stub: &Stub) -> Value {
    let requests = stub.requests();
    requests.iter().rev().find(|request| request.body.is_some()).unwrap().json_body()
}
