//! The connector for Entra ID before the emulator, without a host between them.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part")]

use purser_entra::{Config, Entra};
use purser_peers::graph::Graph;
use purser_sdk::http::{Answer, Request as Sent};
use purser_sdk::testing::Stub;
use purser_sdk::{Attributes, Connector, CreateEdit, Edit, EntitlementEdit, Error, Outcome, Request};
use serde_json::{Value, json};
use std::sync::Arc;

/// A tenant with the connector before it.
pub struct Tenant {
    /// The emulator.
    pub graph: Arc<Graph>,
    /// The connector.
    pub connector: Entra,
}

impl Tenant {
    /// An empty tenant, seen at once.
    pub fn start() -> Self {
        Self::with(Config { consistency_lag_ms: 0, ..Config::default() })
    }

    /// An empty tenant with this configuration of the connector.
    pub fn with(config: Config) -> Self {
        let (graph, stub) = (Arc::new(Graph::start()), Stub::new());
        let answering = graph.clone();
        stub.serve("graph", move |sent| Ok(answer(&answering, sent)));
        Self { graph, connector: Entra::new(config, stub.host()).unwrap() }
    }

    /// Applies edits, each with its class.
    pub fn apply(&self, edits: Vec<(&str, Edit)>) -> Vec<Result<Outcome, Error>> {
        let request = |(class, edit): (&str, Edit)| Request { operation_id: "1".into(), class: class.into(), edit };
        self.connector.apply(edits.into_iter().map(request).collect())
    }

    /// Makes users and gives their ids.
    pub fn users(&self, count: usize) -> Vec<String> {
        let answers = self.apply((0..count).map(|number| ("user", user(number))).collect());
        answers.into_iter().map(|answer| id(&answer)).collect()
    }

    /// Makes a group and gives its id.
    pub fn group(&self, name: &str) -> String {
        let edit = CreateEdit { attributes: attributes(&json!({"displayName": name})), active: None };
        id(&self.apply(vec![("group", Edit::Create(edit))])[0])
    }

    /// Grants or revokes one entitlement.
    pub fn one(&self, edit: Edit) -> Result<Outcome, Error> {
        self.apply(vec![("user", edit)]).remove(0)
    }

    /// Nothing was sent or answered that the vendor does not describe.
    pub fn is_as_described(&self) {
        assert_eq!(self.graph.violations(), Vec::<String>::new());
    }
}

fn answer(graph: &Graph, sent: &Sent) -> Answer {
    let path = sent.path.strip_prefix(&graph.url()).unwrap_or(&sent.path);
    let escaped = purser_sdk::http::escape_segment;
    let query: Vec<String> =
        sent.query.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    let url = if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) };
    let mut body = sent.body.as_deref().map(|body| String::from_utf8_lossy(body).into_owned()).unwrap_or_default();
    for secret in &sent.secrets {
        body = body.replace(&secret.placeholder, "Secret-word-1");
    }
    let body = if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap() };
    let (status, headers, body) = graph.ask(&sent.method.to_string(), &url, body);
    let answer = headers.into_iter().fold(Answer::new(status), |answer, (name, value)| answer.with_header(name, value));
    if body.is_null() { answer } else { answer.with_json(&body) }
}

/// Attributes of an object of JSON.
pub fn attributes(value: &Value) -> Attributes {
    value.as_object().cloned().unwrap()
}

/// Creates the user of this number.
pub fn user(number: usize) -> Edit {
    let value = json!({
        "userPrincipalName": format!("p{number}@contoso.example"), "displayName": format!("Person {number}"),
        "mailNickname": format!("p{number}"), "surname": "O'Hara", "employeeId": number.to_string(),
        "password": {"$slot": number},
    });
    Edit::Create(CreateEdit { attributes: attributes(&value), active: Some(true) })
}

/// The id of what was made.
pub fn id(answer: &Result<Outcome, Error>) -> String {
    match answer {
        Ok(Outcome::Done(Some(object))) => object.id.clone(),
        other => panic!("nothing was made: {other:?}"),
    }
}

/// One user and one group.
pub fn grant(user: &str, group: &str) -> EntitlementEdit {
    entitled(user, "group", group)
}

/// One user and one entitlement.
pub fn entitled(user: &str, class: &str, id: &str) -> EntitlementEdit {
    EntitlementEdit {
        id: user.into(),
        entitlement_class: class.into(),
        entitlement: id.into(),
        parameters: Attributes::new(),
    }
}
