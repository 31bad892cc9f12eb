//! Each profile against a server that refuses what the vendor refuses. A dialect is data: what a request may not be.

#![expect(clippy::unwrap_used, reason = "a test ends where a request is not what it should be")]

mod support;

use purser_sdk::http::{Answer, Method, Request as Sent};
use purser_sdk::serde_json::{Value, json};
use purser_sdk::testing::{Stub, list_all, request};
use purser_sdk::{AttributeAction, AttributeChange, Connector, Edit, Outcome, SearchRequest, SetActiveEdit};
use std::cell::RefCell;
use std::rc::Rc;
use support::{Server, connect, create, grant, replace, revoke, update};

/// What a server refuses, as its vendor documents it.
#[derive(Clone, Copy, Default)]
struct Dialect {
    profile: &'static str,
    /// Most objects in one list.
    page: usize,
    /// Most member changes in one PATCH.
    members: usize,
    /// Refuses `and` in a filter.
    single_filter: bool,
    /// Refuses a group made with members.
    empty_groups: bool,
    /// Passes over `members[...]`: members stay, and nothing is said.
    no_path_filter: bool,
    /// Refuses operations that are not spelt with a capital.
    capitals: bool,
    /// Refuses booleans in a PATCH that are no strings, as servers do that never saw another client.
    texts: bool,
    /// Refuses `replace` with a path.
    no_path: bool,
    /// Refuses PUT.
    no_put: bool,
    /// What disabling an account is.
    disables: &'static str,
}

const DIALECTS: [Dialect; 6] = [
    Dialect {
        profile: "aws-identity-center",
        page: 50,
        members: 100,
        empty_groups: true,
        no_put: true,
        disables: "PATCH",
        ..PLAIN
    },
    Dialect { profile: "github", page: 100, single_filter: true, no_path_filter: true, disables: "PATCH", ..PLAIN },
    Dialect { profile: "slack", disables: "PATCH", ..PLAIN },
    Dialect { profile: "pagerduty", single_filter: true, disables: "DELETE", ..PLAIN },
    Dialect { profile: "okta", page: 100, single_filter: true, no_path: true, disables: "PATCH", ..PLAIN },
    Dialect { profile: "entra", capitals: true, texts: true, empty_groups: true, disables: "PATCH", ..PLAIN },
];

const PLAIN: Dialect = Dialect {
    profile: "",
    page: 1000,
    members: 1000,
    single_filter: false,
    empty_groups: false,
    no_path_filter: false,
    capitals: false,
    texts: false,
    no_path: false,
    no_put: false,
    disables: "",
};

impl Dialect {
    /// Why the vendor refuses a request.
    fn refusal(&self, request: &Sent) -> Option<String> {
        if request.header("if-match").is_some() || request.path == "/Bulk" {
            return Some("it was never announced".into());
        }
        let number = |name| request.query_field(name).and_then(|text| text.parse::<usize>().ok());
        if number("count").is_some_and(|count| count > self.page) {
            return Some(format!("more than {} objects", self.page));
        }
        if self.single_filter && request.query_field("filter").is_some_and(|filter| filter.contains(" and ")) {
            return Some("a filter of two conditions".into());
        }
        let body = request.body.as_ref().map(|_| request.json_body()).unwrap_or_default();
        match request.method {
            Method::Put if self.no_put => Some("PUT".into()),
            Method::Post if self.empty_groups && !body["members"].is_null() => Some("a group with members".into()),
            Method::Patch => body["Operations"].as_array().unwrap().iter().find_map(|one| self.refused_operation(one)),
            _ => None,
        }
    }

    fn refused_operation(&self, operation: &Value) -> Option<String> {
        let (name, path) = (operation["op"].as_str().unwrap(), operation["path"].as_str().unwrap_or_default());
        if name.starts_with(char::is_uppercase) != self.capitals {
            return Some(format!("the operation `{name}`"));
        }
        if self.texts && operation["value"].is_boolean() {
            return Some("a boolean".into());
        }
        if self.no_path_filter && path.contains('[') {
            return Some("a filter in a path, which it passes over without a word".into());
        }
        if self.no_path && name.eq_ignore_ascii_case("replace") && !path.is_empty() {
            return Some("a replacement with a path".into());
        }
        let values = operation["value"].as_array().map_or(0, Vec::len);
        (values > self.members).then(|| format!("{values} members"))
    }

    /// The refusals so far are in the list.
    fn serve(self) -> (Server, Stub, Rc<RefCell<Vec<String>>>) {
        let (server, stub) = Server::start();
        server.manners(|manners| manners.provider = None);
        let refusals = Rc::new(RefCell::new(Vec::new()));
        let (serving, noted) = (server.clone(), refusals.clone());
        stub.serve("scim", move |request| {
            if let Some(refusal) = self.refusal(request) {
                noted.borrow_mut().push(format!("{}: {refusal}", self.profile));
                return Ok(Answer::new(400));
            }
            serving.answer(request)
        });
        (server, stub, refusals)
    }
}

#[test]
fn a_company_lives_in_every_dialect_and_nothing_is_refused() {
    for dialect in DIALECTS {
        let (server, stub, refusals) = dialect.serve();
        let connector = connect(&stub, json!({"profile": dialect.profile}));
        let name = |number: usize| json!({"userName": format!("user{number}"), "externalId": format!("E{number}")});
        let made = connector.apply((0..150).map(|number| create("User", name(number))).collect());
        let ids: Vec<String> = made
            .into_iter()
            .map(|made| match made {
                Ok(Outcome::Done(Some(user))) => user.id,
                other => panic!("{}: {other:?}", dialect.profile),
            })
            .collect();
        assert_eq!(list_all(&connector, SearchRequest::all("User", 200)).unwrap().len(), 150, "{}", dialect.profile);
        let group =
            connector.apply(vec![create("Group", json!({"displayName": "Staff", "members": [ids[0]]}))]).remove(0);
        let Ok(Outcome::Done(Some(group))) = group else { panic!("{}: {group:?}", dialect.profile) };
        let joined = connector.apply(ids[1..].iter().map(|id| grant(id, &group.id)).collect());
        assert!(joined.iter().all(Result::is_ok), "{}", dialect.profile);
        assert_eq!(server.member_ids(&group.id).len(), 150, "{}", dialect.profile);
        let left = connector.apply(ids[..120].iter().map(|id| revoke(id, &group.id)).collect());
        assert!(left.iter().all(Result::is_ok), "{}", dialect.profile);
        assert_eq!(server.member_ids(&group.id), ids[120..], "{}", dialect.profile);
        let mail = AttributeAction::Add(vec![json!({"value": "a@x", "type": "work"})]);
        let changes = vec![replace("title", json!("Dr")), AttributeChange { attribute: "emails".into(), action: mail }];
        connector.apply(vec![update("User", &ids[0], None, changes)]).remove(0).unwrap();
        assert_eq!(server.user(&ids[0])["title"], "Dr", "{}", dialect.profile);
        stub.forget_requests();
        let disable = SetActiveEdit { id: ids[1].clone(), version: None, active: false };
        connector.apply(vec![request("User", Edit::SetActive(disable))]).remove(0).unwrap();
        let writes = stub.requests().into_iter().filter(|request| request.method != Method::Get);
        assert_eq!(writes.map(|request| request.method.to_string()).collect::<Vec<_>>(), [dialect.disables]);
        assert!(refusals.borrow().is_empty(), "{:?}", refusals.borrow());
    }
}

#[test]
fn without_its_profile_a_dialect_refuses_something() {
    for dialect in DIALECTS.into_iter().filter(|dialect| !["slack", "pagerduty"].contains(&dialect.profile)) {
        let (server, stub, refusals) = dialect.serve();
        let connector = connect(&stub, json!({"max_count": 1000, "members_slice": 1000}));
        let id = server.add_user("anna");
        let group = server.add_group("Staff", &[&id]);
        let _ = list_all(&connector, SearchRequest::all("User", 1000));
        connector.apply(vec![update("User", &id, None, vec![replace("title", json!("Dr"))]), revoke(&id, &group)]);
        assert!(!refusals.borrow().is_empty(), "{}", dialect.profile);
    }
}
