//! What each dialect of the SCIM emulator refuses, passes over, and does in its own way.

use purser_peers::scim::{Application, Dialect};
use serde_json::{Value, json};
use std::time::Duration;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A user with everything that any dialect needs.
fn user(name: &str) -> Value {
    json!({
        "schemas": [USER], "userName": name, "externalId": name, "displayName": name, "active": true,
        "name": {"givenName": "Anna", "familyName": "Berg"},
        "emails": [{"value": format!("{name}@example.org"), "type": "work", "primary": true}],
    })
}

fn operations(operations: impl Into<Value>) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations.into()})
}

fn group(members: &[String]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
    json!({"schemas": [GROUP], "displayName": "Staff", "externalId": "Staff", "members": members})
}

/// An application with two users and a group of both.
fn with_people(dialect: &str) -> (Application, Vec<String>, String) {
    let application = Application::speaking(dialect);
    let ids: Vec<String> = ["anna", "bert"].map(|name| application.make("User", user(name))).into();
    let members: Vec<Value> = ids.iter().map(|id| json!({"value": id})).collect();
    let staff = json!({"displayName": "Staff", "externalId": "Staff", "members": members});
    let staff = application.make("Group", staff);
    (application, ids, staff)
}

/// Demands that a request is refused with this status, and that it is noted as one that does not fit.
#[track_caller]
fn refused(application: &Application, status: u16, method: &str, path: &str, body: Value) {
    let before = application.violations().len();
    let answer = application.ask(method, path, body);
    assert_eq!(answer.0, status, "{method} {path}: {}", answer.1);
    assert!(application.violations().len() > before, "{method} {path} is noted");
}

#[test]
fn aws_refuses_what_its_limits_and_rules_say() {
    let (aws, ids, staff) = with_people("aws-identity-center");
    refused(&aws, 400, "GET", "/Users?count=51", Value::Null);
    refused(&aws, 400, "GET", "/Users?filter=userName%20sw%20%22a%22", Value::Null);
    refused(&aws, 400, "POST", "/Groups", group(&ids));
    let many: Vec<Value> = (0..101).map(|_| json!({"value": ids[0]})).collect();
    let add = operations(json!([{"op": "add", "path": "members", "value": many}]));
    refused(&aws, 400, "PATCH", &format!("/Groups/{staff}"), add);
    let all = operations(json!([{"op": "replace", "path": "members", "value": []}]));
    refused(&aws, 400, "PATCH", &format!("/Groups/{staff}"), all);
    let mut two = user("carl");
    two["emails"] = json!([{"value": "a@x"}, {"value": "b@x"}]);
    refused(&aws, 400, "POST", "/Users", two);
    let mut nameless = user("carl");
    nameless["name"].as_object_mut().unwrap().remove("givenName");
    refused(&aws, 400, "POST", "/Users", nameless);
    let (status, shown) = aws.ask("GET", &format!("/Groups/{staff}"), Value::Null);
    assert!(status == 200 && shown["members"].is_null(), "members are never shown: {shown}");
    let filter = format!("/Groups?filter=id%20eq%20%22{staff}%22%20and%20members%20eq%20%22{}%22", ids[0]);
    assert_eq!(aws.ask("GET", &filter, Value::Null).1["totalResults"], 1);
    let (status, conflict) = aws.ask("POST", "/Users", user("ANNA"));
    assert_eq!(
        (status, &conflict["exception"], &conflict["scimType"]),
        (409, &json!("ConflictException"), &Value::Null)
    );
}

#[test]
fn github_passes_over_filters_in_paths_and_keeps_names() {
    let (github, ids, staff) = with_people("github");
    let by_path = operations(json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", ids[0])}]));
    assert_eq!(github.ask("PATCH", &format!("/Groups/{staff}"), by_path).0, 200);
    assert_eq!(github.members("Staff").unwrap(), ["anna", "bert"], "nothing was done, and nothing was said");
    assert_eq!(github.violations().len(), 1);
    let by_value = operations(json!([{"op": "remove", "path": "members", "value": [{"value": ids[0]}]}]));
    assert_eq!(github.ask("PATCH", &format!("/Groups/{staff}"), by_value).0, 200);
    assert_eq!(github.members("Staff").unwrap(), ["bert"]);
    refused(&github, 400, "GET", "/Users?filter=title%20eq%20%22x%22", Value::Null);
    refused(&github, 400, "GET", "/Users?filter=userName%20eq%20%22a%22%20and%20id%20eq%20%22b%22", Value::Null);
    refused(&github, 404, "GET", "/ServiceProviderConfig", Value::Null);
    assert_eq!(github.ask("DELETE", &format!("/Users/{}", ids[0]), Value::Null).0, 204);
    let mut again = user("anna");
    again["externalId"] = "other".into();
    assert_eq!(github.ask("POST", "/Users", again).0, 409, "the name is taken for ever");
}

#[test]
fn a_server_made_for_entra_knows_no_other_client() {
    let (entra, ids, staff) = with_people("entra");
    let path = format!("/Users/{}", ids[0]);
    let patch = |op: &str, value: Value| operations(json!([{"op": op, "path": "active", "value": value}]));
    refused(&entra, 400, "PATCH", &path, patch("replace", json!("False")));
    refused(&entra, 400, "PATCH", &path, patch("Replace", json!(false)));
    assert_eq!(entra.ask("PATCH", &path, patch("Replace", json!("False"))).1["active"], false);
    let made = operations(json!([{"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"}]));
    let (_, shown) = entra.ask("PATCH", &path, made);
    assert_eq!(shown["phoneNumbers"], json!([{"type": "work", "value": "1"}]), "the value is made");
    let removal = operations(json!([{"op": "Remove", "path": "members", "value": [{"value": ids[1]}]}]));
    assert_eq!(entra.ask("PATCH", &format!("/Groups/{staff}"), removal).0, 204);
    assert_eq!(entra.members("Staff").unwrap(), ["anna"]);
    refused(&entra, 405, "PUT", &path, user("anna"));
}

#[test]
fn a_server_made_for_okta_takes_put_for_users_and_patch_for_their_state() {
    let (okta, ids, _) = with_people("okta");
    let path = format!("/Users/{}", ids[0]);
    refused(&okta, 400, "PATCH", &path, operations(json!([{"op": "replace", "path": "active", "value": false}])));
    refused(&okta, 400, "PATCH", &path, operations(json!([{"op": "replace", "value": {"title": "Dr"}}])));
    let disabled = okta.ask("PATCH", &path, operations(json!([{"op": "replace", "value": {"active": false}}])));
    assert_eq!(disabled.1["active"], false);
    let mut titled = user("anna");
    titled["title"] = "Dr".into();
    assert_eq!(okta.ask("PUT", &path, titled).1["title"], "Dr");
    refused(&okta, 405, "DELETE", &path, Value::Null);
}

#[test]
fn salesforce_wants_one_profile_and_makes_no_groups() {
    let (salesforce, ids, staff) = with_people("salesforce");
    refused(&salesforce, 400, "POST", "/Users", user("carl"));
    let mut carl = user("carl");
    carl["entitlements"] = json!([{"value": "00e000000000001AAA"}, {"value": "0PS000000000001AAA"}]);
    assert_eq!(salesforce.ask("POST", "/Users", carl.clone()).0, 201);
    carl["userName"] = "dora".into();
    carl["entitlements"] = json!([{"value": "00e000000000001AAA"}, {"value": "00e000000000002AAA"}]);
    refused(&salesforce, 400, "POST", "/Users", carl);
    refused(&salesforce, 405, "POST", "/Groups", group(&[]));
    refused(&salesforce, 405, "DELETE", &format!("/Groups/{staff}"), Value::Null);
    assert_eq!(salesforce.ask("GET", "/ServiceProviderConfigs", Value::Null).0, 200);
    assert_eq!(salesforce.ask("DELETE", &format!("/Users/{}", ids[0]), Value::Null).0, 204);
    assert_eq!(salesforce.ask("GET", &format!("/Users/{}", ids[0]), Value::Null).1["active"], false);
    // `a or b and c` is `(a or b) and c` here.
    let filter =
        "/Users?filter=userName%20eq%20%22anna%22%20or%20userName%20eq%20%22bert%22%20and%20active%20eq%20true";
    assert_eq!(salesforce.ask("GET", filter, Value::Null).1["totalResults"], 1);
    assert_eq!(with_people("rfc").0.ask("GET", filter, Value::Null).1["totalResults"], 2);
}

#[test]
fn what_disabling_and_deleting_mean_differs() {
    let (pagerduty, ids, staff) = with_people("pagerduty");
    let disable = operations(json!([{"op": "replace", "path": "active", "value": false}]));
    assert_eq!(pagerduty.ask("PATCH", &format!("/Users/{}", ids[0]), disable).0, 200);
    assert_eq!(pagerduty.ask("GET", &format!("/Users/{}", ids[0]), Value::Null).0, 404);
    assert_eq!(pagerduty.ask("GET", &format!("/Groups/{staff}"), Value::Null).1["members"][0]["value"], ids[1]);
    let (slack, ids, _) = with_people("slack");
    assert_eq!(slack.ask("DELETE", &format!("/Users/{}", ids[0]), Value::Null).0, 204);
    assert_eq!(slack.ask("GET", &format!("/Users/{}", ids[0]), Value::Null).1["active"], false);
}

#[test]
fn what_no_schema_knows_is_noted() {
    let (rfc, ids, _) = with_people("rfc");
    let mut strange = user("carl");
    strange["shoeSize"] = 43.into();
    strange["groups"] = json!([{"value": "x"}]);
    assert_eq!(rfc.ask("POST", "/Users", strange).0, 201);
    assert_eq!(rfc.violations().len(), 2, "{:?}", rfc.violations());
    let mut wrong = user("dora");
    wrong["active"] = "True".into();
    refused(&rfc, 400, "POST", "/Users", wrong);
    let path = format!("/Users/{}", ids[0]);
    refused(&rfc, 400, "PATCH", &path, operations(json!([{"op": "remove", "path": "emails", "value": []}])));
    refused(&rfc, 400, "PATCH", &path, operations(json!([{"op": "replace", "path": "shoeSize", "value": 43}])));
    refused(&rfc, 400, "PATCH", &path, operations(json!([{"op": "replace", "path": "id", "value": "x"}])));
    refused(&rfc, 400, "PATCH", &path, json!({"Operations": []}));
}

#[test]
fn pages_by_cursor_lead_on_and_back_until_they_are_too_old() {
    let rfc = Application::speaking("rfc");
    for number in 0..5 {
        rfc.make("User", user(&format!("user{number}")));
    }
    let page = |cursor: &str| {
        let cursor: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
        rfc.ask("GET", &format!("/Users?cursor={cursor}&count=2"), Value::Null)
    };
    let names = |page: &Value| -> Vec<String> {
        let users = page["Resources"].as_array().unwrap().iter();
        users.map(|user| user["userName"].as_str().unwrap().to_owned()).collect()
    };
    let (_, first) = page("");
    assert_eq!(
        (names(&first), &first["startIndex"], &first["previousCursor"]),
        (vec!["user0".into(), "user1".into()], &Value::Null, &Value::Null)
    );
    let (_, second) = page(first["nextCursor"].as_str().unwrap());
    assert_eq!(names(&second), ["user2", "user3"]);
    let (_, last) = page(second["nextCursor"].as_str().unwrap());
    assert_eq!((names(&last), &last["nextCursor"]), (vec!["user4".to_owned()], &Value::Null));
    let (_, back) = page(last["previousCursor"].as_str().unwrap());
    assert_eq!(names(&back), ["user2", "user3"]);
    assert_eq!(page("of somebody else").1["scimType"], "invalidCursor");
    rfc.advance(Duration::from_secs(601));
    let (status, old) = page(first["nextCursor"].as_str().unwrap());
    assert_eq!((status, &old["scimType"]), (400, &json!("expiredCursor")));
    assert_eq!(rfc.violations(), [""; 0]);
}

#[test]
fn every_dialect_takes_a_plain_user() {
    for name in Dialect::names() {
        let application = Application::speaking(name);
        let mut plain = user("anna");
        if name == "salesforce" {
            plain["entitlements"] = json!([{"value": "00e000000000001AAA"}]);
        }
        let (status, made) = application.ask("POST", "/Users", plain);
        assert_eq!(status, 201, "{name}: {made}");
        assert_eq!(application.violations(), [""; 0], "{name}");
    }
}
