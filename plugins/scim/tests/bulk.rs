//! Bulk requests: what goes together, within which limits, and what every kind of answer means for each edit.

#![expect(clippy::unwrap_used, reason = "a test ends where a message is not what it should be")]

mod support;

use purser_sdk::http::{Answer, Failure, Request as Sent};
use purser_sdk::serde_json::{Value, json};
use purser_sdk::testing::{Stub, request};
use purser_sdk::{Connector, DeleteEdit, Edit, Error, ErrorClass, Outcome, Request, SetActiveEdit, SetPasswordEdit};
use std::cell::RefCell;
use std::rc::Rc;
use support::{connect, create, error, grant, replace, sent, update};

/// A server with bulk whose answers the test gives; everything else it answers is 404.
fn server(bulk: Value, answer: impl FnMut(&Value) -> Result<Answer, Failure> + 'static) -> Stub {
    let stub = Stub::new();
    let answer = Rc::new(RefCell::new(answer));
    stub.serve("scim", move |request: &Sent| match request.path.as_str() {
        "/ServiceProviderConfig" => Ok(Answer::new(200).with_json(&json!({
            "patch": {"supported": true}, "etag": {"supported": true}, "bulk": bulk,
            "changePassword": {"supported": true},
        }))),
        "/Bulk" => (answer.borrow_mut())(&request.json_body()),
        _ => Ok(error(404, None)),
    });
    stub
}

fn announced() -> Value {
    json!({"supported": true, "maxOperations": 10, "maxPayloadSize": 100_000})
}

/// Carries everything out.
fn obliging(body: &Value) -> Result<Answer, Failure> {
    Ok(answered(&body["Operations"].as_array().unwrap().iter().map(done).collect::<Vec<_>>()))
}

fn answered(operations: &[Value]) -> Answer {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"];
    Answer::new(200).with_json(&json!({"schemas": schemas, "Operations": operations}))
}

fn done(operation: &Value) -> Value {
    let (method, path) = (operation["method"].as_str().unwrap(), operation["path"].as_str().unwrap());
    if method != "POST" {
        return json!({"method": method, "location": format!("https://x/v2{path}"), "status": "200", "version": "W/\"2\""});
    }
    let mut made = operation["data"].clone();
    made["id"] = format!("id-of-{}", made["userName"].as_str().unwrap()).into();
    json!({"method": method, "bulkId": operation["bulkId"], "status": "201", "response": made,
        "location": format!("https://x/v2{path}/{}", made["id"].as_str().unwrap())})
}

fn refused(operation: &Value, status: u16, scim_type: &str) -> Value {
    let response = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.to_string(),
        "scimType": scim_type, "detail": "no"});
    let mut answer = json!({"method": operation["method"], "status": status.to_string(), "response": response});
    if operation["method"] == "POST" {
        answer["bulkId"] = operation["bulkId"].clone();
    } else {
        answer["location"] = format!("https://x/v2{}", operation["path"].as_str().unwrap()).into();
    }
    answer
}

fn joiners(count: usize) -> Vec<Request> {
    (0..count).map(|number| create("User", json!({"userName": format!("user{number}")}))).collect()
}

fn delete(id: &str, version: Option<&str>) -> Request {
    request("User", Edit::Delete(DeleteEdit { id: id.into(), version: version.map(str::to_owned) }))
}

fn retitle(id: &str, version: Option<&str>) -> Request {
    update("User", id, version, vec![replace("title", json!("Dr"))])
}

fn ids(answers: &[Result<Outcome, Error>]) -> Vec<String> {
    let id = |answer: &Result<Outcome, Error>| match answer {
        Ok(Outcome::Done(Some(object))) => object.id.clone(),
        other => format!("{other:?}"),
    };
    answers.iter().map(id).collect()
}

fn bodies(stub: &Stub) -> Vec<Value> {
    let requests = stub.requests();
    requests.iter().filter(|request| request.path == "/Bulk").map(Sent::json_body).collect()
}

#[test]
fn joiners_go_in_one_request_and_each_gets_its_answer_in_any_order() {
    let stub = server(announced(), |body| {
        Ok(answered(&body["Operations"].as_array().unwrap().iter().rev().map(done).collect::<Vec<_>>()))
    });
    let answers = connect(&stub, json!({})).apply(joiners(3));
    assert_eq!(ids(&answers), ["id-of-user0", "id-of-user1", "id-of-user2"]);
    assert_eq!(sent(&stub), ["POST /Bulk"]);
}

#[test]
fn the_announced_and_the_configured_limits_are_kept() {
    let stub = server(json!({"supported": true, "maxOperations": 4}), obliging);
    assert_eq!(ids(&connect(&stub, json!({})).apply(joiners(10))).len(), 10);
    let sizes = |stub: &Stub| {
        let bodies = bodies(stub);
        stub.forget_requests();
        bodies.iter().map(|body| body["Operations"].as_array().unwrap().len()).collect::<Vec<_>>()
    };
    assert_eq!(sizes(&stub), [4, 4, 2]);
    connect(&stub, json!({"bulk_max_operations": 3})).apply(joiners(6));
    assert_eq!(sizes(&stub), [3, 3]);
    connect(&stub, json!({"bulk_max_payload": 1000})).apply(joiners(6));
    let bytes: Vec<usize> = bodies(&stub).iter().map(|body| body.to_string().len()).collect();
    assert!(bytes.len() > 1 && bytes.iter().all(|bytes| *bytes <= 1000), "{bytes:?}");
}

#[test]
fn what_is_too_large_is_halved() {
    let stub = server(announced(), |body| match body["Operations"].as_array().unwrap().len() {
        0..=2 => obliging(body),
        _ => Ok(error(413, None)),
    });
    let answers = connect(&stub, json!({})).apply(joiners(8));
    assert_eq!(ids(&answers)[7], "id-of-user7");
    assert_eq!(bodies(&stub).len(), 7, "8 and twice 4 are refused, four times 2 are taken");
}

#[test]
fn one_refusal_spoils_no_other() {
    let stub = server(announced(), |body| {
        let operations = body["Operations"].as_array().unwrap();
        let answer = |(index, operation): (usize, &Value)| match index {
            1 => refused(operation, 400, "invalidValue"),
            2 => refused(operation, 412, ""),
            3 => refused(operation, 404, ""),
            _ => done(operation),
        };
        Ok(answered(&operations.iter().enumerate().map(answer).collect::<Vec<_>>()))
    });
    let edits = ["1", "2", "3", "4"].map(|id| retitle(id, Some("W/\"1\"")));
    let answers = connect(&stub, json!({})).apply(edits.into());
    assert_eq!(answers[0], Ok(Outcome::Done(None)), "what the server does not show is not read one by one");
    let class = |index: usize| answers[index].as_ref().unwrap_err().class.clone();
    assert_eq!(class(1), ErrorClass::InvalidValue(Some("title".into())));
    assert_eq!(class(2), ErrorClass::VersionConflict);
    assert_eq!(class(3), ErrorClass::NotFound);
    let versions: Vec<Value> =
        bodies(&stub)[0]["Operations"].as_array().unwrap().iter().map(|o| o["version"].clone()).collect();
    assert_eq!(versions, vec![json!("W/\"1\""); 4], "the server checks them");
}

#[test]
fn a_lost_answer_is_unknown_for_each() {
    for lost in [Err(Failure::Interrupted("reset".into())), Ok(error(500, None))] {
        let stub = server(announced(), move |_| lost.clone());
        let answers = connect(&stub, json!({})).apply(joiners(3));
        let unknown = |answer: &Result<Outcome, Error>| {
            answer.as_ref().is_err_and(|error| error.class == ErrorClass::OutcomeUnknown)
        };
        assert!(answers.len() == 3 && answers.iter().all(unknown), "{answers:?}");
    }
}

#[test]
fn an_operation_left_out_is_unknown_unless_the_server_was_told_to_stop() {
    let first_fails = |body: &Value| Ok(answered(&[refused(&body["Operations"][0], 400, "invalidValue")]));
    let classes = |config: Value| {
        let stub = server(announced(), first_fails);
        let answers = connect(&stub, config).apply(joiners(2));
        let told = bodies(&stub)[0]["failOnErrors"].clone();
        (answers[1].as_ref().unwrap_err().class.clone(), told)
    };
    assert_eq!(classes(json!({})), (ErrorClass::OutcomeUnknown, Value::Null));
    assert_eq!(classes(json!({"bulk_fail_on_errors": 1})), (ErrorClass::Unavailable { after_ms: None }, json!(1)));
}

#[test]
fn patience_asked_for_inside_or_outside_ends_the_batch() {
    let whole = server(announced(), |_| Ok(error(429, None).with_header("retry-after", "7")));
    let answers = connect(&whole, json!({"bulk_max_operations": 2})).apply(joiners(5));
    let limited = |answer: &Result<Outcome, Error>| {
        answer.as_ref().is_err_and(|error| matches!(error.class, ErrorClass::RateLimited { .. }))
    };
    assert!(answers.iter().all(limited) && bodies(&whole).len() == 1, "{answers:?}");
    let one = server(announced(), |body| {
        Ok(answered(&[done(&body["Operations"][0]), refused(&body["Operations"][1], 429, "")]))
    });
    let answers = connect(&one, json!({"bulk_max_operations": 2})).apply(joiners(4));
    assert!(answers[0].is_ok() && answers[1..].iter().all(limited), "{answers:?}");
    assert_eq!(bodies(&one).len(), 1);
}

#[test]
fn a_server_that_refuses_bulk_gets_single_requests_and_is_remembered() {
    for config in [json!({}), json!({"bulk": "on"})] {
        let stub = server(announced(), |_| Ok(error(501, None)));
        connect(&stub, config.clone()).apply(vec![delete("1", None), delete("2", None), delete("3", None)]);
        assert_eq!(sent(&stub), ["POST /Bulk", "DELETE /Users/1", "DELETE /Users/2", "DELETE /Users/3"], "{config}");
    }
    let stub = server(announced(), |_| Ok(error(501, None)));
    for _ in 0..2 {
        connect(&stub, json!({})).apply(vec![delete("1", None), delete("2", None)]);
    }
    assert_eq!(bodies(&stub).len(), 1);
}

#[test]
fn without_bulk_or_where_it_is_switched_off_nothing_goes_together() {
    for (bulk, config) in [(json!({"supported": false}), json!({})), (announced(), json!({"bulk": "off"}))] {
        let stub = server(bulk, obliging);
        connect(&stub, config).apply(vec![delete("1", None), delete("2", None)]);
        assert_eq!(sent(&stub), ["DELETE /Users/1", "DELETE /Users/2"]);
    }
}

#[test]
fn what_depends_on_order_keeps_it() {
    let runs = |edits: Vec<Request>| {
        let stub = server(announced(), obliging);
        connect(&stub, json!({})).apply(edits);
        sent(&stub).into_iter().filter(|request| !request.starts_with("GET")).collect::<Vec<_>>()
    };
    // The name that the delete frees is taken by the create.
    let kinds = vec![delete("1", None), delete("2", None), joiners(1).remove(0)];
    assert_eq!(runs(kinds), ["POST /Bulk", "POST /Users"]);
    let same_object = vec![retitle("1", None), retitle("1", None)];
    assert_eq!(runs(same_object), ["PATCH /Users/1", "PATCH /Users/1"]);
    let rename = |id: &str, name: &str| update("User", id, None, vec![replace("userName", json!(name))]);
    assert_eq!(runs(vec![rename("1", "a"), rename("2", "b")]), ["PATCH /Users/1", "PATCH /Users/2"]);
    let same_name = vec![create("User", json!({"userName": "A"})), create("User", json!({"userName": "a"}))];
    assert_eq!(runs(same_name), ["POST /Users", "POST /Users"]);
    let across = vec![delete("1", None), grant("2", "g"), delete("3", None)];
    assert_eq!(runs(across), ["DELETE /Users/1", "PATCH /Groups/g", "DELETE /Users/3"]);
}

#[test]
fn changes_of_all_kinds_go_together_and_passwords_stay_placeholders() {
    let stub = server(announced(), obliging);
    let disable = SetActiveEdit { id: "2".into(), version: None, active: false };
    let password = |id: &str, slot| {
        request("User", Edit::SetPassword(SetPasswordEdit { id: id.into(), slot, must_change: false }))
    };
    let edits = vec![retitle("1", None), request("User", Edit::SetActive(disable)), password("3", 0), password("4", 1)];
    let answers = connect(&stub, json!({})).apply(edits);
    assert!(answers.iter().all(|answer| *answer == Ok(Outcome::Done(None))), "{answers:?}");
    let bulk = stub.requests().into_iter().find(|request| request.path == "/Bulk").unwrap();
    assert_eq!(bulk.secrets.iter().map(|secret| secret.slot).collect::<Vec<_>>(), [0, 1]);
    let body = String::from_utf8(bulk.body.unwrap()).unwrap();
    assert!(bulk.secrets.iter().all(|secret| body.matches(&secret.placeholder).count() == 1));
}
