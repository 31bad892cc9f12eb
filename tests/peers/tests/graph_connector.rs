//! The connector for Entra ID works with the emulator; the emulator's tenant is asked whether all is as it must be.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use purser_entra::{Config, Entra};
use purser_peers::graph::Graph;
use purser_sdk::http::{Answer, Request as Sent};
use purser_sdk::testing::Stub;
use purser_sdk::{
    AttributeAction, AttributeChange, Attributes, Change, ChangeTail, CheckLevel, Connector, CreateEdit, DeleteEdit,
    Edit, EntitlementEdit, Error, ErrorClass, Operator, Outcome, Request, SearchRequest, SetActiveEdit, Tail,
    UpdateEdit,
};
use serde_json::{Value, json};
use std::sync::Arc;

struct Tenant {
    graph: Arc<Graph>,
    connector: Entra,
}

impl Tenant {
    fn start() -> Self {
        let (graph, stub) = (Arc::new(Graph::start()), Stub::new());
        let answering = graph.clone();
        stub.serve("graph", move |sent| Ok(answer(&answering, sent)));
        let config = Config { consistency_lag_ms: 0, revoke_sessions: true };
        Self { graph, connector: Entra::new(config, stub.host()).unwrap() }
    }

    fn apply(&self, edits: Vec<(&str, Edit)>) -> Vec<Result<Outcome, Error>> {
        let request = |(class, edit): (&str, Edit)| Request { operation_id: "1".into(), class: class.into(), edit };
        self.connector.apply(edits.into_iter().map(request).collect())
    }

    /// Makes users and gives their ids.
    fn users(&self, count: usize) -> Vec<String> {
        let answers = self.apply((0..count).map(|number| ("user", user(number))).collect());
        answers.into_iter().map(|answer| id(&answer)).collect()
    }

    fn group(&self, name: &str) -> String {
        let edit = CreateEdit { attributes: attributes(&json!({"displayName": name})), active: None };
        id(&self.apply(vec![("group", Edit::Create(edit))])[0])
    }

    fn is_as_described(&self) {
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

fn attributes(value: &Value) -> Attributes {
    value.as_object().cloned().unwrap()
}

fn user(number: usize) -> Edit {
    let value = json!({
        "userPrincipalName": format!("p{number}@contoso.example"), "displayName": format!("Person {number}"),
        "mailNickname": format!("p{number}"), "surname": "O'Hara", "employeeId": number.to_string(),
        "password": {"$slot": number},
    });
    Edit::Create(CreateEdit { attributes: attributes(&value), active: Some(true) })
}

fn id(answer: &Result<Outcome, Error>) -> String {
    match answer {
        Ok(Outcome::Done(Some(object))) => object.id.clone(),
        other => panic!("nothing was made: {other:?}"),
    }
}

fn grant(user: &str, group: &str) -> EntitlementEdit {
    EntitlementEdit {
        id: user.into(),
        entitlement_class: "group".into(),
        entitlement: group.into(),
        parameters: Attributes::new(),
    }
}

#[test]
fn accounts_are_made_in_batches_and_listed_page_by_page() {
    let tenant = Tenant::start();
    let mut made = tenant.users(45);
    tenant.graph.directory(|directory| {
        directory.page = 7;
        assert!(directory.passwords.values().all(|password| password == "Secret-word-1"));
    });
    let mut listed = Vec::new();
    let mut request = SearchRequest::all("user", 500);
    loop {
        let page = tenant.connector.search(&request).unwrap();
        listed.extend(page.objects.into_iter().map(|object| object.id));
        match page.tail {
            Tail::More(cursor) => request.cursor = Some(cursor),
            tail => break assert_eq!(tail, Tail::Complete),
        }
    }
    made.sort();
    assert_eq!(listed, made);
    let request = SearchRequest::all("user", 5).with_condition("employeeId", Operator::Equals, "31");
    assert_eq!(tenant.connector.search(&request).unwrap().objects.len(), 1);
    tenant.is_as_described();
}

#[test]
fn a_name_that_is_taken_is_told_and_the_others_are_made() {
    let tenant = Tenant::start();
    tenant.users(1);
    let answers = tenant.apply(vec![("user", user(0)), ("user", user(1))]);
    assert_eq!(answers[0].as_ref().unwrap_err().class, ErrorClass::AlreadyExists(None));
    assert!(answers[1].is_ok());
}

#[test]
fn accounts_change_have_managers_and_leave() {
    let tenant = Tenant::start();
    let users = tenant.users(2);
    let replace = |name: &str, value: &str| AttributeChange {
        attribute: name.into(),
        action: AttributeAction::Replace(value.into()),
    };
    let changes = vec![
        replace("jobTitle", "Boss"),
        replace("manager", &users[1]),
        AttributeChange { attribute: "surname".into(), action: AttributeAction::Clear },
    ];
    let update = UpdateEdit { id: users[0].clone(), version: None, changes };
    let disable = SetActiveEdit { id: users[0].clone(), version: None, active: false };
    let answers = tenant.apply(vec![("user", Edit::Update(update)), ("user", Edit::SetActive(disable))]);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let object = tenant.connector.get("user", &users[0]).unwrap();
    assert_eq!(object.active, Some(false));
    assert_eq!(object.attributes["jobTitle"], "Boss");
    assert_eq!(object.attributes["manager"], json!(users[1]));
    assert!(!object.attributes.contains_key("surname"));
    tenant.graph.directory(|directory| assert_eq!(directory.revoked_sessions[&users[0]], 1));
    let delete = || ("user", Edit::Delete(DeleteEdit { id: users[0].clone(), version: None }));
    let answers = tenant.apply(vec![delete(), delete()]);
    assert_eq!(answers, [Ok(Outcome::Done(None)), Ok(Outcome::Unchanged(None))]);
    tenant.graph.directory(|directory| assert!(directory.deleted.contains_key(&users[0])));
    tenant.is_as_described();
}

#[test]
fn members_come_and_go_once() {
    let tenant = Tenant::start();
    let (users, group) = (tenant.users(25), tenant.group("everyone"));
    let grants = || users.iter().map(|user| ("user", Edit::Grant(grant(user, &group)))).collect();
    assert!(tenant.apply(grants()).iter().all(|answer| *answer == Ok(Outcome::Done(None))));
    assert!(tenant.apply(grants()).iter().all(|answer| *answer == Ok(Outcome::Unchanged(None))));
    tenant.graph.directory(|directory| directory.page = 10);
    let read = tenant.connector.get("group", &group).unwrap();
    assert_eq!(read.attributes["members"].as_array().unwrap().len(), 25, "all pages of members were read");
    let revoke = || vec![("user", Edit::Revoke(grant(&users[0], &group)))];
    assert_eq!(tenant.apply(revoke()), [Ok(Outcome::Done(None))]);
    assert_eq!(tenant.apply(revoke()), [Ok(Outcome::Unchanged(None))]);
    tenant.graph.directory(|directory| assert_eq!(directory.members[&group].len(), 24));
    tenant.is_as_described();
}

#[test]
fn a_throttled_item_waits_alone() {
    let tenant = Tenant::start();
    tenant.graph.directory(|directory| directory.throttle_every = 5);
    let answers = tenant.apply((0..20).map(|number| ("user", user(number))).collect());
    let waits = |answer: &&Result<Outcome, Error>| {
        matches!(answer, Err(Error { class: ErrorClass::RateLimited { after_ms: Some(50), .. }, .. }))
    };
    assert_eq!(answers.iter().filter(waits).count(), 4);
    assert_eq!(tenant.graph.directory(|directory| directory.users.len()), 16);
}

#[test]
fn the_feed_shows_what_changed_until_it_expires() {
    let tenant = Tenant::start();
    let users = tenant.users(2);
    let ChangeTail::Current(cursor) = tenant.connector.changes("user", None).unwrap().tail else {
        panic!("the feed starts now")
    };
    tenant.apply(vec![("user", Edit::Delete(DeleteEdit { id: users[0].clone(), version: None })), ("user", user(7))]);
    let page = tenant.connector.changes("user", Some(&cursor)).unwrap();
    assert_eq!(page.changes.len(), 2);
    assert!(page.changes.contains(&Change::Gone(users[0].clone())));
    tenant.graph.expire_delta();
    assert_eq!(tenant.connector.changes("user", Some(&cursor)).unwrap_err().class, ErrorClass::CursorExpired);
}

#[test]
fn a_missing_permission_is_named() {
    let tenant = Tenant::start();
    assert_eq!(tenant.connector.check(CheckLevel::Permissions), []);
    tenant.graph.directory(|directory| directory.denied.insert("groups".to_owned()));
    let findings = tenant.connector.check(CheckLevel::Permissions);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].remedy.as_deref().unwrap().contains("Group.ReadWrite.All"));
}

#[test]
fn an_account_of_active_directory_is_changed_there() {
    let tenant = Tenant::start();
    let users = tenant.users(1);
    tenant.graph.directory(|directory| {
        let user = directory.users.get_mut(&users[0]).unwrap();
        user.insert("onPremisesSyncEnabled".to_owned(), json!(true));
    });
    let disable = SetActiveEdit { id: users[0].clone(), version: None, active: false };
    let answers = tenant.apply(vec![("user", Edit::SetActive(disable))]);
    assert_eq!(answers[0].as_ref().unwrap_err().class, ErrorClass::Unsupported);
}
