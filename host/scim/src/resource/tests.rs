//! What clients send, in its normal form.

use super::*;
use crate::ResourceKind;
use crate::schema::{ExtensionOfType, ServedTypes};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const ACME: &str = "urn:ietf:params:scim:schemas:extension:acme:2.0:User";

fn types() -> ServedTypes {
    let attributes = json!([
        {"name": "badge", "mutability": "immutable"},
        {"name": "floor", "type": "integer"},
        {"name": "weight", "type": "decimal"},
        {"name": "since", "type": "dateTime"},
        {"name": "tags", "multiValued": true},
    ]);
    let schema = Schema {
        id: ACME.into(),
        name: "Acme".into(),
        description: String::new(),
        attributes: serde_json::from_value(attributes).unwrap(),
    };
    ServedTypes::new(vec![ExtensionOfType { schema, required: false }])
}

fn user(body: &Value) -> Result<Value, ScimError> {
    normalise(types().of(ResourceKind::User), body, None).map(|resource| Value::Object(resource.0))
}

#[test]
fn names_types_and_what_only_the_server_writes() {
    let given = json!({
        "SCHEMAS": ["urn:ietf:params:scim:schemas:core:2.0:User", "http://schemas.example/other"],
        "id": "mine", "USERNAME": "anna", "active": "True", "password": "s3cret", "colour": "red", "nickName": null,
        "groups": [{"value": "g"}], "meta": {"version": "x"}, "externalid": "E1", "roles": [], "name": {"familyName": null},
        "emails": [{"VALUE": "a@example.org", "Type": "WORK", "primary": "true"}, {"value": "a@example.org", "type": "work", "primary": true}],
        "urn:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User": {"employeeNumber": 7, "manager": "m1", "x": 1},
        (format!("{ACME}:floor")): "3",
        ACME: {"tags": "one", "weight": "1.5", "since": "2026-01-01T00:00:00Z"},
    });
    assert_eq!(
        user(&given).unwrap(),
        json!({
            "userName": "anna", "active": true, "externalId": "E1",
            "emails": [{"value": "a@example.org", "type": "work", "primary": true}],
            ENTERPRISE: {"employeeNumber": "7", "manager": {"value": "m1"}},
            ACME: {"floor": 3, "tags": ["one"], "weight": 1.5, "since": "2026-01-01T00:00:00Z"},
        })
    );
}

#[test]
fn what_is_refused() {
    let refused = [
        (json!([]), ErrorKind::InvalidSyntax),
        (json!({"userName": "a", "schemas": "x"}), ErrorKind::InvalidSyntax),
        (
            json!({"userName": "a", "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"]}),
            ErrorKind::InvalidSyntax,
        ),
        (json!({"userName": "a", ENTERPRISE: 1}), ErrorKind::InvalidSyntax),
        (json!({}), ErrorKind::InvalidValue),
        (json!({"userName": ""}), ErrorKind::InvalidValue),
        (json!({"userName": ["a", "b"]}), ErrorKind::InvalidValue),
        (json!({"userName": "a", "active": "perhaps"}), ErrorKind::InvalidValue),
        (json!({"userName": "a", "name": 1}), ErrorKind::InvalidValue),
        (
            json!({"userName": "a", "emails": [{"primary": true, "value": "a"}, {"primary": true, "value": "b"}]}),
            ErrorKind::InvalidValue,
        ),
        (json!({"userName": "a", "x509Certificates": [{"value": "no base64!"}]}), ErrorKind::InvalidValue),
        (json!({"userName": "a", ACME: {"floor": 1.5}}), ErrorKind::InvalidValue),
        (json!({"userName": "a", ACME: {"weight": "heavy"}}), ErrorKind::InvalidValue),
        (json!({"userName": "a", ACME: {"since": "2026"}}), ErrorKind::InvalidValue),
    ];
    for (body, kind) in refused {
        assert_eq!(user(&body).expect_err(&body.to_string()).kind, kind, "{body}");
    }
}

#[test]
fn an_immutable_value_stays() {
    let types = types();
    let user_type = types.of(ResourceKind::User);
    let before = normalise(user_type, &json!({"userName": "a", ACME: {"badge": "7"}}), None).unwrap();
    let replaced = |body: Value| normalise(user_type, &body, Some(&before));
    assert_eq!(replaced(json!({"userName": "b"})).unwrap().0[ACME], json!({"badge": "7"}));
    assert!(replaced(json!({"userName": "b", ACME: {"badge": "7"}})).is_ok());
    assert_eq!(replaced(json!({"userName": "b", ACME: {"badge": "8"}})).unwrap_err().kind, ErrorKind::Mutability);
}

#[test]
fn members_are_told_apart_by_their_ids() {
    let body = json!({"displayName": "g", "members": [
        {"value": "1", "display": "One", "$ref": null}, {"value": "1"}, {"value": "2", "type": "User"}, {"display": "nobody"},
    ]});
    let group = normalise(types().of(ResourceKind::Group), &body, None).unwrap();
    assert_eq!(group.0["members"], json!([{"value": "1"}, {"value": "2", "type": "User"}]));
    let schemas = group.schemas(types().of(ResourceKind::Group));
    assert_eq!(schemas, ["urn:ietf:params:scim:schemas:core:2.0:Group"]);
}
