//! Roles and entitlements as something that is granted: listed by the server or by the configuration.

mod support;

use purser_sdk::http::Answer;
use purser_sdk::serde_json::{Map, Value, json};
use purser_sdk::testing::{Stub, list_all, request};
use purser_sdk::{
    Cardinality, Connector, Edit, EntitlementEdit, ErrorClass, HoldingSide, Outcome, Request, SearchRequest, Tail,
};
use support::{Server, connect, sent};

fn holding(user: &str, class: &str, id: &str) -> EntitlementEdit {
    EntitlementEdit { id: user.into(), entitlement_class: class.into(), entitlement: id.into(), parameters: Map::new() }
}

fn grant(user: &str, class: &str, id: &str) -> Request {
    request("User", Edit::Grant(holding(user, class, id)))
}

fn revoke(user: &str, class: &str, id: &str) -> Request {
    request("User", Edit::Revoke(holding(user, class, id)))
}

fn roles(held: &str) -> Value {
    json!({"roles": {"values": ["owner", "member", "guest"], "held": held}})
}

#[test]
fn they_are_classes_where_they_are_configured() {
    let (_, stub) = Server::start();
    let plain = connect(&stub, json!({}));
    assert!(plain.schema().unwrap().iter().all(|class| class.name != "Role"));
    let refused = plain.search(&SearchRequest::all("Role", 10)).unwrap_err();
    assert!(refused.class == ErrorClass::Unsupported && refused.message.contains("`roles`"), "{refused}");
    let classes = connect(&stub, roles("at-most-one")).schema().unwrap();
    let role = classes.iter().find(|class| class.name == "Role").unwrap();
    let holding = role.holding.as_ref().unwrap();
    assert_eq!((holding.side, holding.cardinality), (HoldingSide::Account, Cardinality::AtMostOne));
    assert_eq!(classes[0].find_attribute("roles").unwrap().reference_class.as_deref(), Some("Role"));
    assert_eq!(classes[0].attributes.iter().filter(|attribute| attribute.name == "roles").count(), 1);
}

#[test]
fn those_of_the_configuration_are_listed_page_by_page() {
    let (_, stub) = Server::start();
    let connector = connect(&stub, roles("many"));
    let listed = list_all(&connector, SearchRequest::all("Role", 2)).unwrap();
    assert_eq!(listed.iter().map(|role| role.id.as_str()).collect::<Vec<_>>(), ["guest", "member", "owner"]);
    assert_eq!(connector.get("Role", "owner").unwrap().attributes["displayName"], "owner");
    assert!(connector.get("Role", "pope").unwrap_err().is_not_found());
}

#[test]
fn those_of_the_server_are_read_to_the_end_and_a_cut_list_is_not_complete() {
    let listing = |total: usize, known: usize| {
        let stub = Stub::new();
        stub.serve("scim", move |request| {
            let start: usize = request.query_field("startIndex").unwrap().parse().unwrap();
            let page: Vec<Value> = (start..=known)
                .take(2)
                .map(|id| json!({"id": format!("e{id}"), "displayName": format!("Licence {id}"), "type": "Seat"}))
                .collect();
            Ok(Answer::new(200).with_json(&json!({"totalResults": total, "Resources": page})))
        });
        let config = json!({"discovery": "off", "entitlements": {"listed_at": "/Entitlements"}});
        connect(&stub, config).search(&SearchRequest::all("Entitlement", 100)).unwrap()
    };
    let page = listing(5, 5);
    assert_eq!((page.objects.len(), page.tail), (5, Tail::Complete));
    assert_eq!(page.objects[0].attributes["displayName"], "Licence 1");
    let cut = listing(5, 3);
    assert!(cut.objects.len() == 3 && matches!(cut.tail, Tail::Truncated(_)), "{:?}", cut.tail);
}

#[test]
fn they_are_granted_and_revoked_in_every_dialect_and_twice_changes_nothing() {
    for mode in ["patch", "put"] {
        let (server, stub) = Server::start();
        let id = server.add_user("anna");
        let mut config = roles("many");
        config["update_mode"] = mode.into();
        let apply = |edit: Request| connect(&stub, config.clone()).apply(vec![edit]).remove(0);
        let Ok(Outcome::Done(Some(user))) = apply(grant(&id, "Role", "owner")) else { panic!("{mode}") };
        assert_eq!(user.attributes["roles"], json!(["owner"]), "{mode}");
        assert!(matches!(apply(grant(&id, "Role", "owner")), Ok(Outcome::Unchanged(Some(_)))));
        apply(grant(&id, "Role", "guest")).unwrap();
        assert_eq!(server.user(&id)["roles"], json!([{"value": "owner"}, {"value": "guest"}]));
        apply(revoke(&id, "Role", "owner")).unwrap();
        assert_eq!(server.user(&id)["roles"], json!([{"value": "guest"}]), "{mode}");
        assert!(matches!(apply(revoke(&id, "Role", "owner")), Ok(Outcome::Unchanged(Some(_)))));
        assert!(matches!(apply(revoke("gone", "Role", "owner")), Ok(Outcome::Unchanged(None))));
        assert!(apply(grant("gone", "Role", "owner")).unwrap_err().is_not_found());
    }
}

#[test]
fn of_at_most_one_a_grant_replaces_and_always_one_is_never_taken() {
    let (server, stub) = Server::start();
    let id = server.add_user("anna");
    let apply = |held: &str, edit: Request| connect(&stub, roles(held)).apply(vec![edit]).remove(0);
    apply("at-most-one", grant(&id, "Role", "member")).unwrap();
    apply("exactly-one", grant(&id, "Role", "owner")).unwrap();
    assert_eq!(server.user(&id)["roles"], json!([{"value": "owner"}]));
    let refused = apply("exactly-one", revoke(&id, "Role", "owner")).unwrap_err();
    assert_eq!(refused.class, ErrorClass::Unsupported);
}

#[test]
fn they_are_not_made_here() {
    let (_, stub) = Server::start();
    let made = connect(&stub, roles("many")).apply(vec![support::create("Role", json!({"displayName": "pope"}))]);
    assert_eq!(made[0].as_ref().unwrap_err().class, ErrorClass::Unsupported);
    assert!(sent(&stub).is_empty());
}
