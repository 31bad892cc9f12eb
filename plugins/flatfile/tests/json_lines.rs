//! JSON Lines files, as source and as target.

#![allow(clippy::unwrap_used, reason = "the lint knows test functions only, and these have helpers")]

use purser_flatfile::Flatfile;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::testing::{self, Stub, attributes};
use purser_sdk::{
    AttributeAction, AttributeChange, Connector, CreateEdit, DeleteEdit, Edit, Error, ErrorClass, Object, Operator,
    Outcome, SearchRequest, SetActiveEdit, UpdateEdit,
};

const FILE: &str = "people.jsonl";
const PEOPLE: &str = concat!(
    "{\"nr\": 1, \"name\": {\"givenName\": \"Anna\"}, \"on\": true, \"groups\": [\"a\"]}\n",
    "{\"nr\": 2,   \"z\": 1, \"a\": null}\n",
);

fn config() -> Value {
    json!({"classes": {"person": {
        "kind": "account", "file": FILE, "key": "nr", "active": "on", "multi": ["groups"],
        "types": {"age": "integer"}, "secondary": ["name.givenName"],
    }}})
}

fn stub(content: impl Into<Vec<u8>>) -> Stub {
    let stub = Stub::new();
    stub.put_file("data", FILE, content);
    stub
}

fn list(content: impl Into<Vec<u8>>) -> Result<Vec<Object>, Error> {
    let connector: Flatfile = testing::connect(&stub(content), config())?;
    testing::list_all(&connector, SearchRequest::all("person", 1))
}

fn apply(stub: &Stub, edits: Vec<Edit>) -> Vec<Result<Outcome, Error>> {
    let connector: Flatfile = testing::connect(stub, config()).unwrap();
    connector.apply(edits.into_iter().map(|edit| testing::request("person", edit)).collect())
}

fn content(stub: &Stub) -> String {
    String::from_utf8(stub.file("data", FILE).unwrap()).unwrap()
}

#[test]
fn lines_become_objects() {
    let people = list(PEOPLE).unwrap();
    assert_eq!((people[0].id.as_str(), people[0].active), ("1", Some(true)));
    let expected = json!({"nr": 1, "name": {"givenName": "Anna"}, "groups": ["a"]});
    assert_eq!(Value::Object(people[0].attributes.clone()), expected);
    assert_eq!(people[0].secondary_ids[0].value, "Anna");
    assert_eq!(Value::Object(people[1].attributes.clone()), json!({"nr": 2, "z": 1}));
}

#[test]
fn an_empty_file_has_no_objects_and_blank_lines_are_none() {
    assert!(list("").unwrap().is_empty());
    assert_eq!(list("\n{\"nr\": 1}\n\n").unwrap().len(), 1);
}

#[test]
fn problems_are_located() {
    let problem = |content: &[u8]| {
        let error = list(content).unwrap_err();
        assert!(matches!(error.class, ErrorClass::InvalidValue(_)), "{error}");
        (error.native_code.clone().unwrap(), error.message)
    };
    let at = |content: &[u8], code: &str, start: &str| {
        let (found, message) = problem(content);
        assert_eq!(found, code, "{message}");
        assert!(message.starts_with(start), "{message}");
    };
    at(b"{\"nr\": 1}\n{\"nr\": 2, x}\n", "json-syntax", "people.jsonl: line 2, column 11: no JSON");
    at(b"{\"nr\": 1}\n{\"nr\": 2\n", "half-written-line", "people.jsonl: line 2, column 8: no JSON");
    at(b"{\"nr\": 1}\n{\"nr\": 2}", "half-written-line", "people.jsonl: line 2: the last line");
    at(b"{\"nr\": 1, \"n\": \"Ren\xE9e\"}\n", "broken-utf8", "people.jsonl: line 1, column 20: broken UTF-8");
    at(b"[1]\n", "json-syntax", "people.jsonl: line 1: ");
    at(b"{\"name\": 1}\n", "empty-key", "people.jsonl: line 1, `nr`: ");
    at(b"{\"nr\": \"\"}\n", "empty-key", "people.jsonl: line 1, `nr`: ");
    at(
        b"{\"nr\": 1}\n{\"nr\": \"1\"}\n",
        "duplicate-key",
        "people.jsonl: line 2, `nr`: the key `1` is already in line 1",
    );
    at(b"{\"nr\": 1, \"age\": 4.5}\n", "bad-value", "people.jsonl: line 1, `age`: expected a whole number");
    at(b"{\"nr\": 1, \"groups\": \"a\"}\n", "bad-value", "people.jsonl: line 1, `groups`: expected a list");
    at(b"{\"nr\": 1, \"on\": \"yes\"}\n", "bad-value", "people.jsonl: line 1, `on`: expected true or false");
}

#[test]
fn the_key_is_searched_as_text_and_as_number() {
    let connector: Flatfile = testing::connect(&stub(PEOPLE), config()).unwrap();
    for value in [json!("2"), json!(2)] {
        let request = SearchRequest::all("person", 5).with_condition("nr", Operator::Equals, value);
        assert_eq!(testing::list_all(&connector, request).unwrap()[0].id, "2");
    }
}

#[test]
fn a_batch_keeps_the_bytes_of_other_lines() {
    let stub = stub(PEOPLE);
    let change =
        AttributeChange { attribute: "name.familyName".into(), action: AttributeAction::Replace(json!("Berg")) };
    let results = apply(
        &stub,
        vec![
            Edit::Update(UpdateEdit { id: "1".into(), version: None, changes: vec![change] }),
            Edit::Create(CreateEdit {
                attributes: attributes(json!({"nr": "3", "emails": [{"value": "c@example.org"}]})),
                active: Some(false),
            }),
        ],
    );
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let expected = concat!(
        "{\"groups\":[\"a\"],\"name\":{\"familyName\":\"Berg\",\"givenName\":\"Anna\"},\"nr\":1,\"on\":true}\n",
        "{\"nr\": 2,   \"z\": 1, \"a\": null}\n",
        "{\"emails\":[{\"value\":\"c@example.org\"}],\"nr\":\"3\",\"on\":false}\n",
    );
    assert_eq!((content(&stub).as_str(), stub.commits()), (expected, 1));
}

#[test]
fn what_is_already_so_writes_nothing() {
    let stub = stub(PEOPLE);
    let results = apply(
        &stub,
        vec![
            Edit::SetActive(SetActiveEdit { id: "2".into(), version: None, active: true }),
            Edit::Delete(DeleteEdit { id: "9".into(), version: None }),
        ],
    );
    assert!(results.iter().all(|result| matches!(result, Ok(Outcome::Unchanged(_)))), "{results:?}");
    assert_eq!((content(&stub).as_str(), stub.commits()), (PEOPLE, 0));
}

#[test]
fn a_value_of_another_type_is_refused_before_it_is_written() {
    let stub = stub(PEOPLE);
    let change = AttributeChange { attribute: "age".into(), action: AttributeAction::Replace(json!("old")) };
    let edit = Edit::Update(UpdateEdit { id: "1".into(), version: None, changes: vec![change] });
    let error = apply(&stub, vec![edit]).remove(0).unwrap_err();
    assert_eq!(error.class, ErrorClass::InvalidValue(Some("age".into())));
    assert_eq!(content(&stub), PEOPLE);
}
