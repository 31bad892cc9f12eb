//! What a server says about itself: provider configuration, schemas, and the change feed it may allow.

#![expect(clippy::unwrap_used, reason = "a test ends where its listing or schema cannot be read")]

mod support;

use purser_sdk::http::Answer;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::testing::{Phase, Stub, list_all};
use purser_sdk::{
    AttributeKind, Change, ChangeTail, CheckLevel, ClassKind, Connector, ErrorClass, ObjectClass, Operation,
    SearchRequest, Severity,
};
use support::{Server, connect, connect_error, error};

fn times_asked(stub: &Stub) -> usize {
    stub.requests().iter().filter(|request| request.path == "/ServiceProviderConfig").count()
}

fn list(stub: &Stub) {
    list_all(&connect(stub, json!({})), SearchRequest::all("User", 10)).unwrap();
}

#[test]
fn the_provider_is_asked_once_an_hour() {
    let (_, stub) = Server::start();
    list(&stub);
    list(&stub);
    assert_eq!(times_asked(&stub), 1);
    stub.advance_ms(3_600_000);
    list(&stub);
    assert_eq!(times_asked(&stub), 2);
}

#[test]
fn a_server_that_says_nothing_is_taken_for_a_plain_one() {
    for answer in [error(404, None), error(403, None), error(501, None)] {
        let (server, stub) = Server::start();
        server.answer_next(Ok(answer));
        list(&stub);
        list(&stub);
        assert_eq!(times_asked(&stub), 1);
    }
}

#[test]
fn a_server_that_cannot_answer_now_is_not_taken_for_a_plain_one() {
    let (server, stub) = Server::start();
    server.answer_next(Ok(error(503, None)));
    let listed = list_all(&connect(&stub, json!({})), SearchRequest::all("User", 10));
    assert_eq!(listed.unwrap_err().class, ErrorClass::Unavailable { after_ms: None });
    list(&stub);
    assert_eq!(times_asked(&stub), 2);
}

#[test]
fn discovery_can_be_switched_off() {
    let (_, stub) = Server::start();
    list_all(&connect(&stub, json!({"discovery": "off"})), SearchRequest::all("User", 10)).unwrap();
    assert_eq!(times_asked(&stub), 0);
}

#[test]
fn a_configuration_that_cannot_work_is_refused_by_key() {
    let stub = Stub::new();
    let unknown = connect_error(&stub, json!({"op_case": "shouting"}));
    assert_eq!(unknown.class, ErrorClass::InvalidConfig);
    assert!(unknown.message.contains("`op_case`"), "{}", unknown.message);
    assert!(connect_error(&stub, json!({"members_slice": 0})).message.contains("members_slice"));
}

#[test]
fn reading_needs_reading_requests_only() {
    let (server, stub) = Server::start();
    let id = server.add_user("anna");
    stub.set_phase(Phase::Read);
    let connector = connect(&stub, json!({}));
    list(&stub);
    connector.get("User", &id).unwrap();
    connector.schema().unwrap();
    assert!(connector.check(CheckLevel::Permissions).iter().all(|finding| finding.severity != Severity::Error));
}

/// A server with these schemas and resource types.
fn describing(schemas: Value, types: Value) -> Vec<ObjectClass> {
    let stub = Stub::new();
    stub.serve("scim", move |request| {
        Ok(match request.path.as_str() {
            "/Schemas" => Answer::new(200).with_json(&schemas),
            "/ResourceTypes" => Answer::new(200).with_json(&types),
            _ => error(404, None),
        })
    });
    connect(&stub, json!({})).schema().unwrap()
}

fn user_schema() -> Value {
    json!({"id": support::USER, "name": "User", "attributes": [
        {"name": "userName", "type": "string", "required": true, "uniqueness": "server", "description": "The name"},
        {"name": "name", "type": "complex", "subAttributes": [
            {"name": "familyName", "type": "string", "required": "true"},
        ]},
        {"name": "active", "type": "boolean"},
        {"name": "password", "type": "string", "mutability": "writeOnly", "returned": "never"},
        {"name": "hiredAt", "type": "dateTime", "mutability": "immutable", "returned": "request"},
        {"name": "emails", "type": "complex", "multiValued": true, "subAttributes": [
            {"name": "value", "type": "string"}, {"name": "primary", "type": "boolean"},
        ]},
        {"name": "groups", "type": "complex", "multiValued": true, "mutability": "readOnly"},
    ]})
}

#[test]
fn the_schema_is_the_server_s_own() {
    let badge = json!({"id": "urn:example:2.0:Badge", "attributes": [{"name": "colour", "type": "string"}]});
    let types = json!({"Resources": [
        {"name": "User", "schema": support::USER, "schemaExtensions": [{"schema": "urn:example:2.0:Badge"}]},
    ]});
    let classes = describing(json!({"Resources": [user_schema(), badge]}), types);
    let user = &classes[0];
    let names: Vec<&str> = user.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "userName",
            "name.familyName",
            "password",
            "hiredAt",
            "emails",
            "urn:example:2.0:Badge:colour",
            "externalId",
            "groups"
        ]
    );
    let of = |name| user.find_attribute(name).unwrap();
    assert!(of("userName").traits.unique && of("userName").traits.required && of("name.familyName").traits.required);
    assert_eq!(of("password").kind, AttributeKind::SecretSlot);
    assert!(of("password").traits.write_only);
    assert_eq!(of("hiredAt").kind, AttributeKind::Timestamp);
    assert!(of("hiredAt").traits.immutable && of("hiredAt").traits.on_request);
    assert_eq!(of("emails").shape.as_ref().unwrap()["properties"]["primary"], json!({"type": "boolean"}));
    assert_eq!((of("groups").kind, of("groups").traits.read_only), (AttributeKind::Reference, true));
    let group = &classes[1];
    assert!(group.find_attribute("displayName").is_some(), "groups are not described and taken as RFC 7643 has them");
}

#[test]
fn a_bare_array_of_schemas_is_read_and_none_falls_back() {
    let classes = describing(json!([user_schema()]), json!([]));
    assert!(classes[0].find_attribute("hiredAt").is_some());
    let (_, stub) = Server::start();
    assert_eq!(connect(&stub, json!({})).schema().unwrap(), purser_scim::Scim::manifest().classes);
}

#[test]
fn a_check_tells_what_keeps_the_server_from_being_used() {
    let (server, stub) = Server::start();
    let codes = |level| {
        let findings = connect(&stub, json!({"update_mode": "patch"})).check(level);
        findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert!(codes(CheckLevel::Offline).is_empty() && stub.requests().is_empty());
    assert!(codes(CheckLevel::Connect).is_empty());
    server.answer_next(Ok(error(401, None)));
    assert_eq!(codes(CheckLevel::Connect), ["authentication-failed"]);
    stub.advance_ms(3_600_000);
    let poor = json!({"patch": {"supported": false}, "filter": {"supported": false}, "etag": {"supported": false}});
    server.manners(|manners| manners.provider = Some(poor));
    assert_eq!(codes(CheckLevel::Permissions), ["no-patch", "no-filter", "no-versions"]);
}

#[test]
fn a_refused_credential_is_told_what_it_needs_in_the_vendor_s_words() {
    let (server, stub) = Server::start();
    let remedies = |config: Value| {
        server.answer_next(Ok(error(403, None)));
        let findings = connect(&stub, config).check(CheckLevel::Permissions);
        findings.into_iter().filter_map(|finding| finding.remedy).collect::<Vec<_>>()
    };
    let github = remedies(json!({"profile": "github"}));
    assert!(github.len() == 1 && github[0].contains("/Users") && github[0].contains("scim:enterprise"), "{github:?}");
    assert!(remedies(json!({"etag": "on"}))[0].contains("users and groups by SCIM"));
}

#[test]
fn the_change_feed_shows_what_changed_since() {
    let (server, stub) = Server::start();
    server.add_user("before");
    // The server's first revisions are of 00:00:01 and later on the first day of 2026; the clock stands at its midnight.
    stub.set_clock_ms(1_767_225_600_000 + 300_000 + 2_000);
    let connector = connect(&stub, json!({"supports_lastmodified": true, "max_count": 2}));
    let ChangeTail::Current(mut cursor) = connector.changes("User", None).unwrap().tail else { panic!("no start") };
    let mut pass = || {
        let mut names = Vec::new();
        loop {
            let page = connector.changes("User", Some(&cursor)).unwrap();
            for change in page.changes {
                let Change::Present(user) = change else { panic!("{change:?}") };
                names.push(user.attributes["userName"].as_str().unwrap().to_owned());
            }
            match page.tail {
                ChangeTail::More(next) => cursor = next,
                ChangeTail::Current(next) => {
                    cursor = next;
                    return names;
                }
            }
        }
    };
    assert!(pass().is_empty());
    for name in ["a", "b", "c"] {
        server.add_user(name);
    }
    assert_eq!(pass(), ["a", "b", "c"]);
    assert_eq!(pass(), ["c"], "the latest is read again: another may have been changed in the same second");
    let users = Operation::Changes;
    assert!(connector.schema().unwrap()[0].operations.contains(&users));
}

#[test]
fn without_lastmodified_there_is_no_change_feed() {
    let (_, stub) = Server::start();
    let refused = connect(&stub, json!({})).changes("User", None).unwrap_err();
    assert_eq!(refused.class, ErrorClass::Unsupported);
    assert!(refused.message.contains("supports_lastmodified"), "{}", refused.message);
}

/// A server that lists no types, or one with badges.
fn badges(stub: &Stub, lists: bool) {
    stub.serve("scim", move |request| {
        let badge = json!({"id": "b1", "displayName": "Front door", "holders": [{"value": "u2"}, {"value": "u1"}]});
        let types = json!({"Resources": [
            {"name": "User", "endpoint": "/Users", "schema": "urn:ietf:params:scim:schemas:core:2.0:User"},
            {"name": "Badge", "endpoint": "Badges", "schema": "urn:example:Badge"},
        ]});
        Ok(match request.path.as_str() {
            "/ResourceTypes" if lists => Answer::new(200).with_json(&types),
            "/Badges/b1" => Answer::new(200).with_json(&badge),
            "/Badges" => Answer::new(200).with_json(&json!({"totalResults": 1, "Resources": [badge]})),
            _ => error(404, None),
        })
    });
}

#[test]
fn a_type_of_the_server_s_own_is_a_class() {
    let (_, stub) = Server::start();
    badges(&stub, true);
    let plain = connect(&stub, json!({}));
    let class = plain.schema().unwrap().into_iter().find(|class| class.name == "Badge").unwrap();
    assert_eq!((class.kind, class.holding), (ClassKind::Other, None));
    assert_eq!(list_all(&plain, SearchRequest::all("Badge", 10)).unwrap().len(), 1);
    let asked = |path: &str| stub.requests().iter().filter(|request| request.path == path).count();
    let before = asked("/ResourceTypes");
    let held = connect(&stub, json!({"types": {"Badge": {"kind": "entitlement", "members": "holders"}}}));
    assert_eq!(held.get("Badge", "b1").unwrap().attributes["holders"], json!(["u1", "u2"]));
    assert_eq!(asked("/ResourceTypes"), before, "the types are kept");
    assert_eq!(plain.get("Door", "d1").unwrap_err().class, ErrorClass::Unsupported);
}

#[test]
fn a_type_that_is_not_listed_is_described_by_the_configuration() {
    let (_, stub) = Server::start();
    badges(&stub, false);
    let described = json!({"discovery": "off", "types": {"Badge": {"path": "/Badges", "schema": "urn:example:Badge"}}});
    assert_eq!(list_all(&connect(&stub, described), SearchRequest::all("Badge", 10)).unwrap().len(), 1);
    let named = connect(&stub, json!({"types": {"Badge": {"kind": "account"}}}));
    assert_eq!(named.get("Badge", "b1").unwrap_err().class, ErrorClass::Unsupported);
    assert!(connect_error(&stub, json!({"types": {"Badge": {"path": "Badges"}}})).message.contains("`Badges`"));
}
