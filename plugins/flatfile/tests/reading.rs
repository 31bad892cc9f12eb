//! Reading CSV files: what is right, what is wrong and where, and paging.

#![allow(clippy::unwrap_used, reason = "the lint knows test functions only, and these have helpers")]

use purser_flatfile::Flatfile;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::testing::{self, Stub};
use purser_sdk::{
    AttributeKind, CheckLevel, Connector, Error, ErrorClass, Finding, Object, Operation, Operator, SearchRequest, Tail,
};

const FILE: &str = "people.csv";

fn person(more: Value) -> Value {
    let mut class = json!({"kind": "account", "file": FILE, "key": "id"});
    for (name, value) in testing::attributes(more) {
        class[name.as_str()] = value;
    }
    json!({"classes": {"person": class}})
}

fn stub(content: impl Into<Vec<u8>>) -> Stub {
    let stub = Stub::new();
    stub.put_file("data", FILE, content);
    stub
}

fn list(content: impl Into<Vec<u8>>, more: Value) -> Result<Vec<Object>, Error> {
    let connector: Flatfile = testing::connect(&stub(content), person(more))?;
    testing::list_all(&connector, SearchRequest::all("person", 2))
}

fn attributes(object: &Object) -> Value {
    Value::Object(object.attributes.clone())
}

/// The problem in a file: its native code and its message.
fn problem(content: impl Into<Vec<u8>>, more: Value) -> (String, String) {
    let error = list(content, more).unwrap_err();
    assert!(matches!(error.class, ErrorClass::InvalidValue(_)), "{error}");
    (error.native_code.unwrap(), error.message)
}

#[test]
fn cells_become_typed_attributes() {
    let content = "id,name.givenName,age,groups,active,email\n1,Anna,41,a; b,false,anna@example.org\n2,,,,,\n";
    let config = json!({
        "active": "active", "multi": ["groups"], "types": {"age": "integer"}, "secondary": ["email"],
    });
    let people = list(content, config).unwrap();
    let expected = json!({
        "id": "1", "name": {"givenName": "Anna"}, "age": 41, "groups": ["a", "b"], "email": "anna@example.org",
    });
    assert_eq!(attributes(&people[0]), expected);
    assert_eq!((people[0].id.as_str(), people[0].active), ("1", Some(false)));
    assert_eq!(people[0].secondary_ids[0].value, "anna@example.org");
    assert_eq!((attributes(&people[1]), people[1].active), (json!({"id": "2"}), Some(true)));
    assert!(people[1].secondary_ids.is_empty());
}

#[test]
fn byte_order_mark_crlf_quotes_and_blank_lines_are_fine() {
    let content = "\u{FEFF}\"id\";title\r\n1;\"Head; of \"\"R&D\"\"\r\nBerlin\"\r\n\r\n2;x\r\n";
    let people = list(content, json!({"delimiter": ";"})).unwrap();
    assert_eq!(people[0].attributes["title"], "Head; of \"R&D\"\r\nBerlin");
    assert_eq!(people[1].id, "2");
}

#[test]
fn a_missing_column_is_named() {
    let (code, message) = problem("id,mail\n1,a\n", json!({"secondary": ["email"]}));
    assert_eq!(code, "missing-column");
    assert_eq!(message, "people.csv: line 1, column 3 (`email`): the header has no column `email`; it has id, mail");
    assert_eq!(problem("id,a,a\n", json!({})).0, "duplicate-column");
    assert_eq!(problem("id,,a\n", json!({})).0, "empty-column");
    assert_eq!(problem("", json!({})).0, "missing-header");
}

#[test]
fn a_row_of_another_width_is_located_behind_a_cell_of_two_lines() {
    let (code, message) = problem("id,note\n1,\"two\nlines\"\n2\n", json!({}));
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("field-count", "people.csv: line 4: 1 fields where the header has 2")
    );
    assert_eq!(problem("id,note\n1,a,b\n", json!({})).0, "field-count");
}

#[test]
fn a_key_that_is_there_twice_names_both_lines() {
    let (code, message) = problem("id,x\n1,a\n2,b\n3,c\n1,d\n", json!({}));
    assert_eq!(code, "duplicate-key");
    assert_eq!(message, "people.csv: line 5, column 1 (`id`): the key `1` is already in line 2: keep one of the two");
    assert_eq!(problem("id,x\n,a\n", json!({})).0, "empty-key");
}

#[test]
fn broken_utf8_says_line_column_and_character() {
    let (code, message) = problem(b"id,name\n1,Anna\n2,Ren\xE9e\n".to_vec(), json!({}));
    assert_eq!(code, "broken-utf8");
    assert!(message.starts_with("people.csv: line 3, column 2 (`name`): broken UTF-8 at character 4"), "{message}");
}

#[test]
fn quotes_must_be_closed() {
    let (code, message) = problem("id,name\n1,\"Anna\n2,Bert\n", json!({}));
    assert_eq!(code, "unclosed-quote");
    assert!(message.starts_with("people.csv: line 2, column 2 (`name`)"), "{message}");
    assert_eq!(problem("id,name\n1,\"An\"na\n", json!({})).0, "text-after-quote");
    let swallowed = format!("id,name\n1,\"Anna\n{}", "2,Bert\n".repeat(200_000));
    assert_eq!(problem(swallowed, json!({})).0, "record-too-long");
}

#[test]
fn a_half_written_last_line_stops_the_listing() {
    let (code, message) = problem("id,name\n1,Anna\n2,Be", json!({}));
    assert_eq!(code, "half-written-line");
    assert!(
        message.starts_with("people.csv: line 3, column 2: the last line has no line break after 19 bytes"),
        "{message}"
    );
    let people = list("id,name\n1,Anna\n2,Bert", json!({"final_newline": "optional"})).unwrap();
    assert_eq!(people[1].attributes["name"], "Bert");
}

#[test]
fn a_value_of_another_type_is_located() {
    let content = "id,age\n1,41\n2,young\n";
    let (code, message) = problem(content, json!({"types": {"age": "integer"}}));
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("bad-value", "people.csv: line 3, column 2 (`age`): expected a whole number")
    );
    assert_eq!(problem("id,on\n1,maybe\n", json!({"active": "on"})).0, "bad-value");
}

#[test]
fn a_problem_far_down_stops_the_first_page() {
    let mut content = "id,x\n".to_owned();
    for id in 0..5000 {
        content.push_str(&format!("{id},x\n"));
    }
    content.push_str("17,again\n");
    let connector: Flatfile = testing::connect(&stub(content), person(json!({}))).unwrap();
    let error = connector.search(&SearchRequest::all("person", 10)).unwrap_err();
    assert_eq!(error.native_code.as_deref(), Some("duplicate-key"));
    assert!(error.message.contains("line 5002") && error.message.contains("line 19"), "{}", error.message);
}

#[test]
fn ten_thousand_rows_come_once_each_and_in_order() {
    let mut content = "id,note\n".to_owned();
    for id in 0..10_000 {
        content.push_str(&format!("{id},\"line\nof {id}\"\n"));
    }
    let connector: Flatfile = testing::connect(&stub(content), person(json!({}))).unwrap();
    let people = testing::list_all(&connector, SearchRequest::all("person", 777)).unwrap();
    assert_eq!(people.len(), 10_000);
    assert!(people.iter().enumerate().all(|(index, person)| person.id == index.to_string()));
    assert_eq!(people[9_999].attributes["note"], "line\nof 9999");
}

#[test]
fn a_last_page_that_is_full_is_complete() {
    let connector: Flatfile = testing::connect(&stub("id\n1\n2\n"), person(json!({}))).unwrap();
    let page = connector.search(&SearchRequest::all("person", 2)).unwrap();
    assert_eq!((page.objects.len(), page.tail), (2, Tail::Complete));
}

#[test]
fn a_file_that_changes_between_pages_expires_the_cursor() {
    let stub = stub("id\n1\n2\n3\n");
    let connector: Flatfile = testing::connect(&stub, person(json!({}))).unwrap();
    let request = SearchRequest::all("person", 1);
    let Tail::More(cursor) = connector.search(&request).unwrap().tail else { panic!("one page only") };
    let second = connector.search(&request.clone().at(cursor.clone())).unwrap();
    assert_eq!(second.objects[0].id, "2");
    stub.put_file("data", FILE, "id\n9\n8\n7\n");
    let expired = connector.search(&request.at(cursor)).unwrap_err();
    assert_eq!(expired.class, ErrorClass::CursorExpired);
}

#[test]
fn conditions_fold_case_except_for_the_key() {
    let connector: Flatfile = testing::connect(
        &stub("id,mail,on\nA1,Anna@Example.org,true\na1,bert@example.org,true\n"),
        person(json!({"active": "on"})),
    )
    .unwrap();
    let ids = |attribute: &str, operator, value: &str| -> Result<Vec<String>, Error> {
        let request = SearchRequest::all("person", 1).with_condition(attribute, operator, value);
        Ok(testing::list_all(&connector, request)?.into_iter().map(|person| person.id).collect())
    };
    assert_eq!(ids("mail", Operator::Equals, "anna@example.ORG").unwrap(), ["A1"]);
    assert_eq!(ids("mail", Operator::StartsWith, "b").unwrap(), ["a1"]);
    assert_eq!(ids("id", Operator::Equals, "a1").unwrap(), ["a1"]);
    let unknown = ids("email", Operator::Equals, "x").unwrap_err();
    assert_eq!(unknown.class, ErrorClass::InvalidValue(Some("email".into())));
    assert_eq!(ids("on", Operator::Equals, "true").unwrap_err().class, ErrorClass::Unsupported);
}

#[test]
fn a_missing_file_is_never_a_missing_object() {
    let empty = Stub::new();
    empty.grant_directory("data");
    let connector: Flatfile = testing::connect(&empty, person(json!({}))).unwrap();
    assert_eq!(connector.get("person", "1").unwrap_err().class, ErrorClass::InvalidConfig);
    let listed = testing::list_all(&connector, SearchRequest::all("person", 5));
    assert_eq!(listed.unwrap_err().class, ErrorClass::InvalidConfig);

    let mut config = person(json!({}));
    config["create_missing"] = json!(true);
    let connector: Flatfile = testing::connect(&empty, config).unwrap();
    assert_eq!(connector.get("person", "1").unwrap_err().class, ErrorClass::NotFound);
    assert!(testing::list_all(&connector, SearchRequest::all("person", 5)).unwrap().is_empty());
}

#[test]
fn get_finds_a_row_or_is_certain() {
    let connector: Flatfile = testing::connect(&stub("id,x\n1,a\n2,b\n"), person(json!({}))).unwrap();
    assert_eq!(connector.get("person", "2").unwrap().attributes["x"], "b");
    assert_eq!(connector.get("person", "3").unwrap_err().class, ErrorClass::NotFound);
    assert_eq!(connector.get("robot", "3").unwrap_err().class, ErrorClass::Unsupported);
    let half: Flatfile = testing::connect(&stub("id,x\n1,a\n2"), person(json!({}))).unwrap();
    assert_eq!(half.get("person", "2").unwrap_err().native_code.as_deref(), Some("half-written-line"));
}

#[test]
fn the_schema_has_the_columns_of_the_file() {
    let config = json!({"classes": {
        "person": {"kind": "account", "file": FILE, "key": "id", "active": "on", "multi": ["groups"],
                   "types": {"age": "integer"}},
        "group": {"kind": "entitlement", "file": "groups.csv", "key": "id",
                  "holding": {"account_class": "person", "attribute": "groups"}},
    }});
    let connector: Flatfile = testing::connect(&stub("id,age,on,title\n"), config).unwrap();
    let classes = connector.schema().unwrap();
    let person = classes.iter().find(|class| class.name == "person").unwrap();
    let names: Vec<&str> = person.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(names, ["id", "age", "title", "groups"]);
    let groups = person.find_attribute("groups").unwrap();
    assert_eq!((groups.kind, groups.reference_class.as_deref()), (AttributeKind::Reference, Some("group")));
    assert!(groups.traits.multi_valued && person.find_attribute("id").unwrap().traits.unique);
    assert!(person.operations.contains(&Operation::Grant) && person.operations.contains(&Operation::SetActive));
    let group = classes.iter().find(|class| class.name == "group").unwrap();
    assert_eq!(group.holding.as_ref().unwrap().attribute, "groups");
    assert!(!group.operations.contains(&Operation::Grant) && !group.operations.contains(&Operation::SetActive));
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let refused = |config: Value| {
        let error = testing::connect::<Flatfile>(&Stub::new(), config).err().unwrap();
        assert_eq!(error.class, ErrorClass::InvalidConfig);
        error.message
    };
    assert!(refused(person(json!({"file": "people.txt"}))).contains("classes.person.file"));
    assert!(refused(person(json!({"delimiter": "\""}))).contains("classes.person.delimiter"));
    assert!(refused(person(json!({"columns": ["name"]}))).contains("`id`"));
    assert!(refused(person(json!({"kind": "entitlement"}))).contains("holding"));
    let holding = json!({"account_class": "person", "attribute": "x"});
    assert!(refused(person(json!({"holding": holding}))).contains("only an entitlement"));
    assert!(refused(person(json!({"kind": "entitlement", "holding": holding}))).contains("classes.person.multi"));
    assert!(refused(person(json!({"types": {"age": "number"}}))).contains("classes.person.types.age"));
    assert!(refused(person(json!({"colour": "red"}))).contains("colour"));
}

#[test]
fn check_reports_what_a_listing_would() {
    let connector: Flatfile = testing::connect(&stub("id\n1\n1\n"), person(json!({}))).unwrap();
    assert!(connector.check(CheckLevel::Offline).is_empty());
    let findings: Vec<Finding> = connector.check(CheckLevel::Connect);
    assert!(findings[0].message.contains("line 3, column 1 (`id`): the key `1` is already in line 2"), "{findings:?}");
}
