//! PATCH by the RFC, and as clients really send it.

use super::*;
use crate::ResourceKind;
use crate::resource::{Resource, normalise};
use crate::schema::ServedTypes;
use serde_json::json;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn patched(kind: ResourceKind, before: &Value, operations: &Value) -> Result<Value, ScimError> {
    let types = ServedTypes::default();
    let before = normalise(types.of(kind), before, None).unwrap();
    let request = PatchRequest::parse(&json!({"schemas": [crate::PATCH_SCHEMA], "Operations": operations}))?;
    apply(types.of(kind), &before, &request).map(|Resource(after)| Value::Object(after))
}

fn user(operations: &Value) -> Result<Value, ScimError> {
    let before = json!({
        "userName": "anna", "active": true, "name": {"givenName": "Anna", "familyName": "Berg"},
        "emails": [{"value": "a@w", "type": "work", "primary": true}, {"value": "a@h", "type": "home"}],
        ENTERPRISE: {"department": "R&D"},
    });
    patched(ResourceKind::User, &before, operations)
}

fn group(operations: &Value) -> Result<Value, ScimError> {
    let before = json!({"displayName": "g", "members": [{"value": "1"}, {"value": "2"}]});
    patched(ResourceKind::Group, &before, operations)
}

#[test]
fn one_operation_each() {
    let cases = [
        (json!({"op": "replace", "path": "userName", "value": "berta"}), "/userName", json!("berta")),
        (json!({"op": "Replace", "path": "active", "value": "False"}), "/active", json!(false)),
        (json!({"op": "replace", "value": {"active": false}}), "/active", json!(false)),
        (
            json!({"op": "replace", "value": {"id": "x", "groups": [], "colour": 1, "active": false}}),
            "/active",
            json!(false),
        ),
        (
            json!({"op": "add", "path": "name.middleName", "value": "M"}),
            "/name",
            json!({"givenName": "Anna", "familyName": "Berg", "middleName": "M"}),
        ),
        (
            json!({"op": "replace", "path": "name", "value": {"familyName": "Zorn", "givenName": null}}),
            "/name",
            json!({"familyName": "Zorn"}),
        ),
        (json!({"op": "remove", "path": "name.givenName"}), "/name", json!({"familyName": "Berg"})),
        (json!({"op": "remove", "path": "name"}), "/name", Value::Null),
        (json!({"op": "replace", "path": "name.givenName", "value": null}), "/name", json!({"familyName": "Berg"})),
        (json!({"op": "replace", "value": {"name.givenName": "Eva"}}), "/name/givenName", json!("Eva")),
        (
            json!({"op": "add", "value": {"name": {"givenName": "Eva"}}}),
            "/name",
            json!({"givenName": "Eva", "familyName": "Berg"}),
        ),
        (
            json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": "new"}),
            "/emails/0",
            json!({"value": "new", "type": "work", "primary": true}),
        ),
        (
            json!({"op": "Add", "path": "emails[type eq \"other\"].value", "value": "new"}),
            "/emails/2",
            json!({"value": "new", "type": "other"}),
        ),
        (json!({"op": "replace", "value": {"emails[type eq \"work\"].value": "new"}}), "/emails/0/value", json!("new")),
        (
            json!({"op": "add", "path": "emails", "value": [{"value": "a@h", "type": "home"}]}),
            "/emails",
            json!([{"value": "a@w", "type": "work", "primary": true}, {"value": "a@h", "type": "home"}]),
        ),
        (
            json!({"op": "add", "path": "emails", "value": {"value": "x", "primary": true}}),
            "/emails",
            json!([{"value": "a@w", "type": "work", "primary": false}, {"value": "a@h", "type": "home"}, {"value": "x", "primary": true}]),
        ),
        (
            json!({"op": "replace", "path": "emails[type eq \"home\"].primary", "value": "True"}),
            "/emails",
            json!([{"value": "a@w", "type": "work", "primary": false}, {"value": "a@h", "type": "home", "primary": true}]),
        ),
        (
            json!({"op": "replace", "path": "emails[type eq \"home\"]", "value": {"value": "x"}}),
            "/emails/1",
            json!({"value": "x", "type": "home"}),
        ),
        (
            json!({"op": "remove", "path": "emails[type eq \"work\"]"}),
            "/emails",
            json!([{"value": "a@h", "type": "home"}]),
        ),
        (json!({"op": "remove", "path": "emails[type eq \"other\"]"}), "/emails/1/type", json!("home")),
        (
            json!({"op": "remove", "path": "emails[type eq \"work\"].primary"}),
            "/emails/0",
            json!({"value": "a@w", "type": "work"}),
        ),
        (
            json!({"op": "replace", "path": "emails", "value": [{"value": "only"}]}),
            "/emails",
            json!([{"value": "only"}]),
        ),
        (json!({"op": "replace", "path": "emails", "value": []}), "/emails", Value::Null),
        (json!({"op": "add", "path": "emails", "value": []}), "/emails/1/type", json!("home")),
        (
            json!({"op": "add", "path": "roles[primary eq \"True\"].value", "value": "boss"}),
            "/roles",
            json!([{"primary": true, "value": "boss"}]),
        ),
        (
            json!({"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "m1"}),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/manager",
            json!({"value": "m1"}),
        ),
        (
            json!({"op": "Replace", "path": format!("{ENTERPRISE}:department"), "value": [{"$ref": null, "value": "Sales"}]}),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
            json!("Sales"),
        ),
        (
            json!({"op": "replace", "value": {(format!("{ENTERPRISE}:employeeNumber")): "7", ENTERPRISE: {"division": "x"}}}),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            json!({"department": "R&D", "employeeNumber": "7", "division": "x"}),
        ),
        (
            json!({"op": "remove", "path": ENTERPRISE}),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            Value::Null,
        ),
        (
            json!({"op": "remove", "path": format!("{ENTERPRISE}:department")}),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            Value::Null,
        ),
        (json!({"op": "replace", "path": "password", "value": "s3cret"}), "/password", Value::Null),
        (json!({"op": "replace", "path": "externalId", "value": "E2"}), "/externalId", json!("E2")),
    ];
    for (operation, pointer, wanted) in cases {
        let after = user(&json!([operation])).unwrap_or_else(|error| panic!("{operation}: {error}"));
        assert_eq!(after.pointer(pointer).cloned().unwrap_or_default(), wanted, "{operation}");
    }
}

#[test]
fn members_come_and_go() {
    let cases = [
        (
            json!({"op": "add", "path": "members", "value": [{"value": "3", "display": "x"}, {"value": "1"}]}),
            json!(["1", "2", "3"]),
        ),
        (json!({"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "1"}]}), json!(["2"])),
        (json!({"op": "remove", "path": "members[value eq \"2\"]"}), json!(["1"])),
        (json!({"op": "remove", "path": "members[value eq \"9\"]"}), json!(["1", "2"])),
        (json!({"op": "remove", "path": "members"}), json!([])),
        (json!({"op": "replace", "path": "members", "value": [{"value": "5"}]}), json!(["5"])),
        (json!({"op": "replace", "value": {"id": "g", "displayName": "new"}}), json!(["1", "2"])),
        (json!({"op": "add", "value": {"members": [{"value": "4"}]}}), json!(["1", "2", "4"])),
    ];
    for (operation, wanted) in cases {
        let after = group(&json!([operation])).unwrap_or_else(|error| panic!("{operation}: {error}"));
        let members: Vec<_> =
            after["members"].as_array().into_iter().flatten().map(|one| one["value"].clone()).collect();
        assert_eq!(json!(members), wanted, "{operation}");
    }
}

#[test]
fn what_is_refused_and_why() {
    let cases = [
        (json!({"op": "move", "path": "a"}), ErrorKind::InvalidSyntax),
        (json!({"path": "userName"}), ErrorKind::InvalidSyntax),
        (json!({"op": "remove"}), ErrorKind::NoTarget),
        (json!({"op": "add", "path": "userName"}), ErrorKind::InvalidValue),
        (json!({"op": "replace", "value": "x"}), ErrorKind::InvalidValue),
        (json!({"op": "replace", "path": "colour", "value": "x"}), ErrorKind::InvalidPath),
        (json!({"op": "replace", "path": 1, "value": "x"}), ErrorKind::InvalidPath),
        (json!({"op": "replace", "path": "emails[type eq \"work\"", "value": "x"}), ErrorKind::InvalidPath),
        (json!({"op": "replace", "path": "emails[type eq \"work\"]value", "value": "x"}), ErrorKind::InvalidPath),
        (json!({"op": "replace", "path": "emails[type eq \"work\"].colour", "value": "x"}), ErrorKind::InvalidPath),
        (json!({"op": "replace", "path": "emails[colour eq \"x\"].value", "value": "x"}), ErrorKind::InvalidFilter),
        (json!({"op": "replace", "path": "emails[type xx \"x\"].value", "value": "x"}), ErrorKind::InvalidFilter),
        (json!({"op": "replace", "path": "emails[type sw \"x\"].value", "value": "x"}), ErrorKind::NoTarget),
        (json!({"op": "replace", "path": "emails[type eq \"x\"].type", "value": "y"}), ErrorKind::NoTarget),
        (json!({"op": "replace", "path": "phoneNumbers.value", "value": "x"}), ErrorKind::NoTarget),
        (json!({"op": "replace", "path": "id", "value": "x"}), ErrorKind::Mutability),
        (json!({"op": "replace", "path": "groups", "value": []}), ErrorKind::Mutability),
        (json!({"op": "replace", "path": "meta.version", "value": "x"}), ErrorKind::Mutability),
        (json!({"op": "remove", "path": "userName"}), ErrorKind::Mutability),
        (json!({"op": "replace", "path": "active", "value": "maybe"}), ErrorKind::InvalidValue),
        (json!({"op": "replace", "path": format!("{ENTERPRISE}"), "value": 3}), ErrorKind::InvalidValue),
    ];
    for (operation, kind) in cases {
        assert_eq!(user(&json!([operation])).expect_err(&operation.to_string()).kind, kind, "{operation}");
    }
    let unknown = json!({"op": "replace", "path": "members[value eq \"9\"].value", "value": "x"});
    assert_eq!(group(&json!([unknown])).unwrap_err().kind, ErrorKind::NoTarget);
    let changed = json!({"op": "replace", "path": "members[value eq \"1\"].value", "value": "x"});
    assert_eq!(group(&json!([changed])).unwrap_err().kind, ErrorKind::Mutability);
    let many = vec![json!({"op": "remove", "path": "title"}); MAX_OPERATIONS + 1];
    assert_eq!(user(&json!(many)).unwrap_err().kind, ErrorKind::TooMany);
    assert_eq!(user(&json!([])).unwrap_err().kind, ErrorKind::InvalidSyntax);
}

#[test]
fn operations_follow_each_other_and_all_or_none_is_done() {
    let after = user(&json!([
        {"op": "add", "path": "title", "value": "Dr"},
        {"op": "replace", "path": "title", "value": "Prof"},
        {"op": "remove", "path": "nickName"},
    ]));
    assert_eq!(after.unwrap()["title"], "Prof");
    let failed = user(&json!([{"op": "add", "path": "title", "value": "Dr"}, {"op": "remove", "path": "userName"}]));
    assert_eq!(failed.unwrap_err().kind, ErrorKind::Mutability);
}
