//! Filters, from the text to what they let pass.

use super::*;
use crate::ResourceKind;
use crate::schema::ServedTypes;
use serde_json::{Map, json};

fn user() -> Map<String, Value> {
    json!({
        "id": "1", "externalId": "E1", "userName": "BJensen", "active": true, "title": "",
        "name": {"familyName": "O'Malley"},
        "emails": [
            {"value": "Work@example.com", "type": "work", "primary": true},
            {"value": "home@example.org", "type": "home"},
        ],
        "meta": {"lastModified": "2026-05-13T04:42:34Z"},
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "701", "manager": {"value": "m1"}},
    })
    .as_object()
    .unwrap()
    .clone()
}

fn bound(text: &str) -> Result<BoundFilter, ScimError> {
    Filter::parse(text)?.bind(ServedTypes::default().of(ResourceKind::User), UnknownAttributes::Refused)
}

fn holds(text: &str) -> bool {
    bound(text).unwrap_or_else(|error| panic!("{text}: {error}")).matches(&user())
}

#[test]
fn what_holds() {
    let all = [
        "userName eq \"bjensen\"",
        "USERNAME Eq \"BJENSEN\"",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"BJ\"",
        "name.familyName co \"O'Malley\"",
        "userName ew \"sen\" and not (userName co \"x\")",
        "title pr or userName pr",
        "not(title pr)",
        "emails[type eq \"work\" and value co \"@example.com\"]",
        "emails co \"example.org\"",
        "emails.type eq \"home\"",
        "emails ne \"nobody@example.org\"",
        "meta.lastModified gt \"2026-05-13T04:42:33Z\"",
        "meta.lastModified ge \"2026-05-13T06:42:34+02:00\"",
        "active eq true and active eq \"True\" and active ne false",
        "nickName eq null and nickName ne \"x\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq \"701\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq \"m1\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr",
        "externalId eq \"E1\"",
        // `and` before `or`.
        "userName pr or userName eq \"x\" and userName eq \"y\"",
        "emails[primary eq \"True\"]",
    ];
    for text in all {
        assert!(holds(text), "{text}");
    }
    let none = [
        "externalId eq \"e1\"",
        "(userName pr or userName eq \"x\") and userName eq \"y\"",
        "emails[type eq \"home\" and value co \"@example.com\"]",
        "emails ne \"work@example.com\"",
        "title pr",
        "nickName gt \"a\"",
        "nickName co \"a\"",
        "userName eq null",
        "emails.display pr",
        "groups pr",
    ];
    for text in none {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn what_is_refused() {
    let deep = format!("{}userName pr{}", "(".repeat(MAX_DEPTH + 1), ")".repeat(MAX_DEPTH + 1));
    let many = vec!["userName pr"; MAX_TERMS + 1].join(" or ");
    let long = format!("userName eq \"{}\"", "x".repeat(MAX_LENGTH));
    let refused = [
        "",
        "userName",
        "userName eq",
        "userName xx \"a\"",
        "userName eq bob",
        "userName eq \"a",
        "userName eq \"\\q\"",
        "userName pr userName pr",
        "userName pr and",
        "(userName pr",
        "userName pr)",
        "emails[type eq \"work\"",
        "emails[emails[type pr]]",
        "colour eq \"red\"",
        "emails.colour pr",
        "emails[colour pr]",
        "userName[value pr]",
        "active gt true",
        "active co \"t\"",
        "name eq \"x\"",
        "userName eq 1",
        "meta.created gt \"yesterday\"",
        "userName gt null",
        "password eq \"x\"",
        "password pr",
        "userName eq --1",
        "user'Name pr",
        "[",
        "\"a\" eq \"b\"",
        "addresses eq \"x\"",
        &deep,
        &many,
        &long,
    ];
    for text in refused {
        let error = bound(text).expect_err(text);
        assert_eq!(error.kind, ErrorKind::InvalidFilter, "{text}");
        assert!(!error.detail.contains("yesterday") && !error.detail.contains("bob"), "no value is repeated: {error}");
    }
    let allowed = format!("{}userName pr{}", "(".repeat(MAX_DEPTH), ")".repeat(MAX_DEPTH));
    assert!(bound(&allowed).is_ok());
}

#[test]
fn what_is_unknown_can_be_taken_for_no_value() {
    let types = ServedTypes::default();
    let filter = Filter::parse("members pr or userName eq \"bjensen\"").unwrap();
    let bound = filter.bind(types.of(ResourceKind::User), UnknownAttributes::NoValue).unwrap();
    assert!(bound.matches(&user()));
    assert_eq!(filter.paths().iter().map(ToString::to_string).collect::<Vec<_>>(), ["members", "userName"]);
}

#[test]
fn what_can_be_looked_up() {
    let lookup = |text: &str| bound(text).unwrap().lookup().map(|lookup| (lookup.key, lookup.value));
    assert_eq!(lookup("userName eq \"BJensen\""), Some((LookupKey::UserName, "bjensen".into())));
    assert_eq!(lookup("active eq true and externalId eq \"E1\""), Some((LookupKey::ExternalId, "E1".into())));
    assert_eq!(lookup("userName eq \"a\" and id eq \"x\""), Some((LookupKey::Id, "x".into())));
    for text in
        ["userName eq \"a\" or id eq \"x\"", "not (id eq \"x\")", "id ne \"x\"", "userName sw \"x\"", "emails eq \"x\""]
    {
        assert_eq!(lookup(text), None, "{text}");
    }
}
