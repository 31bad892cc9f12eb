//! Writing CSV files: one new content per batch, rows that nobody asked about byte for byte as they were.

#![allow(clippy::unwrap_used, reason = "the lint knows test functions only, and these have helpers")]

use purser_flatfile::Flatfile;
use purser_sdk::host::FileError;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::testing::{self, Phase, Stub, attributes};
use purser_sdk::{
    AttributeAction, AttributeChange, Connector, CreateEdit, DeleteEdit, Edit, EntitlementEdit, Error, ErrorClass,
    Outcome, Request, SetActiveEdit, SetPasswordEdit, UpdateEdit,
};

const FILE: &str = "people.csv";

/// A file with spellings that a careless rewrite would change.
const PEOPLE: &str = "id,name,groups,active\r\n\"1\",Anna ,\"a;b\",TRUE\r\n\r\n2,\"Bert\",,\r\n3,Cleo,a,false\r\n";

fn config() -> Value {
    json!({"classes": {
        "person": {"kind": "account", "file": FILE, "key": "id", "active": "active", "multi": ["groups"]},
        "group": {"kind": "entitlement", "file": "groups.csv", "key": "id",
                  "holding": {"account_class": "person", "attribute": "groups"}},
    }})
}

fn stub() -> Stub {
    let stub = Stub::new();
    stub.put_file("data", FILE, PEOPLE);
    stub.put_file("data", "groups.csv", "id,name\na,Admins\nb,Board\nc,Cooks\n");
    stub
}

fn person(edit: Edit) -> Request {
    testing::request("person", edit)
}

fn create(values: Value) -> Edit {
    Edit::Create(CreateEdit { attributes: attributes(values), active: None })
}

fn update(id: &str, attribute: &str, action: AttributeAction) -> Edit {
    let changes = vec![AttributeChange { attribute: attribute.into(), action }];
    Edit::Update(UpdateEdit { id: id.into(), version: None, changes })
}

fn replace(id: &str, attribute: &str, value: Value) -> Edit {
    update(id, attribute, AttributeAction::Replace(value))
}

fn set_active(id: &str, active: bool) -> Edit {
    Edit::SetActive(SetActiveEdit { id: id.into(), version: None, active })
}

fn delete(id: &str) -> Edit {
    Edit::Delete(DeleteEdit { id: id.into(), version: None })
}

fn entitlement(id: &str, group: &str) -> EntitlementEdit {
    EntitlementEdit {
        id: id.into(),
        entitlement_class: "group".into(),
        entitlement: group.into(),
        parameters: attributes(json!({})),
    }
}

fn apply(stub: &Stub, edits: Vec<Edit>) -> Vec<Result<Outcome, Error>> {
    apply_with(stub, config(), edits)
}

fn apply_with(stub: &Stub, config: Value, edits: Vec<Edit>) -> Vec<Result<Outcome, Error>> {
    let connector: Flatfile = testing::connect(stub, config).unwrap();
    connector.apply(edits.into_iter().map(person).collect())
}

fn class(result: &Result<Outcome, Error>) -> Option<ErrorClass> {
    result.as_ref().err().map(|error| error.class.clone())
}

fn content(stub: &Stub) -> String {
    String::from_utf8(stub.file("data", FILE).unwrap()).unwrap()
}

#[test]
fn a_batch_is_one_commit_and_other_rows_keep_their_bytes() {
    let stub = stub();
    let results = apply(
        &stub,
        vec![
            replace("3", "name", json!("Cleo, the \"Cook\"")),
            create(json!({"id": "4", "name": "Dora", "groups": ["a", "c"]})),
            delete("2"),
            create(json!({"id": "5"})),
        ],
    );
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(stub.commits(), 1);
    let expected = "id,name,groups,active\r\n\"1\",Anna ,\"a;b\",TRUE\r\n\r\n\
                    3,\"Cleo, the \"\"Cook\"\"\",a,false\r\n4,Dora,a;c,true\r\n5,,,true\r\n";
    assert_eq!(content(&stub), expected);
}

#[test]
fn the_outcome_is_what_the_file_says_afterwards() {
    let stub = stub();
    let results = apply(&stub, vec![update("1", "groups", AttributeAction::Remove(vec![json!("a")]))]);
    let Ok(Outcome::Done(Some(after))) = &results[0] else { panic!("{results:?}") };
    let connector: Flatfile = testing::connect(&stub, config()).unwrap();
    assert_eq!(*after, connector.get("person", "1").unwrap());
    assert_eq!(Value::Object(after.attributes.clone()), json!({"id": "1", "name": "Anna ", "groups": ["b"]}));
    assert!(content(&stub).contains("\r\n1,\"Anna \",b,TRUE\r\n"), "only the changed cell is spelled anew");
}

#[test]
fn cells_that_nobody_changed_keep_their_spelling() {
    let stub = stub();
    stub.put_file("data", FILE, "id,name,groups,active,age,since\n1,Anna,a; b,True, 041 ,2026-01-31t08:00:00z\n");
    let mut config = config();
    config["classes"]["person"]["types"] = json!({"age": "integer", "since": "timestamp"});
    apply_with(&stub, config.clone(), vec![replace("1", "name", json!("Anne"))]);
    let kept = "id,name,groups,active,age,since\n1,Anne,a; b,True,\" 041 \",2026-01-31t08:00:00z\n";
    assert_eq!(content(&stub), kept);
    apply_with(&stub, config, vec![replace("1", "age", json!(42))]);
    assert_eq!(content(&stub), kept.replace("\" 041 \"", "42"));
}

#[test]
fn what_is_already_so_is_unchanged_and_writes_nothing() {
    let stub = stub();
    let edits = vec![
        replace("1", "groups", json!(["b", "a"])),
        set_active("3", false),
        set_active("2", true),
        delete("9"),
        Edit::Grant(entitlement("1", "a")),
        Edit::Revoke(entitlement("3", "b")),
    ];
    let results = apply(&stub, edits);
    assert!(results.iter().all(|result| matches!(result, Ok(Outcome::Unchanged(_)))), "{results:?}");
    assert_eq!((stub.commits(), content(&stub).as_str()), (0, PEOPLE));
}

#[test]
fn each_request_has_its_own_result_in_order() {
    let stub = stub();
    let results = apply(
        &stub,
        vec![
            create(json!({"id": "1", "name": "Another"})),
            set_active("3", true),
            replace("9", "name", json!("Nobody")),
            create(json!({"name": "No key"})),
            replace("2", "id", json!("7")),
            replace("2", "name", json!(["two", "names"])),
            replace("2", "name", json!(5)),
            Edit::SetPassword(SetPasswordEdit { id: "2".into(), slot: 0, must_change: false }),
            create(json!({"id": "6", "active": true})),
        ],
    );
    let invalid = |name: &str| Some(ErrorClass::InvalidValue(Some(name.into())));
    let expected = [
        Some(ErrorClass::AlreadyExists(Some("1".into()))),
        None,
        Some(ErrorClass::NotFound),
        invalid("id"),
        invalid("id"),
        invalid("name"),
        invalid("name"),
        Some(ErrorClass::Unsupported),
        invalid("active"),
    ];
    assert_eq!(results.iter().map(class).collect::<Vec<_>>(), expected);
    assert_eq!(content(&stub), PEOPLE.replace("3,Cleo,a,false", "3,Cleo,a,true"));
}

#[test]
fn edits_of_one_row_build_on_each_other() {
    let stub = stub();
    let results = apply(
        &stub,
        vec![
            create(json!({"id": "4", "name": "Dora"})),
            replace("4", "name", json!("Dörte")),
            delete("2"),
            create(json!({"id": "2", "name": "Second"})),
            create(json!({"id": "5"})),
            delete("5"),
        ],
    );
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let expected = PEOPLE.replace("2,\"Bert\",,", "2,Second,,true") + "4,Dörte,,true\r\n";
    assert_eq!(content(&stub), expected);
}

#[test]
fn grants_and_revokes_edit_the_accounts_list() {
    let stub = stub();
    let edits = vec![Edit::Grant(entitlement("2", "c")), Edit::Revoke(entitlement("1", "a"))];
    assert!(apply(&stub, edits).iter().all(Result::is_ok));
    assert!(content(&stub).contains("2,Bert,c,\r\n") && content(&stub).contains("1,\"Anna \",b,TRUE\r\n"));
    let refused = apply(&stub, vec![Edit::Grant(entitlement("2", "z")), Edit::Grant(entitlement("9", "a"))]);
    assert_eq!(class(&refused[0]), Some(ErrorClass::NotFound));
    assert_eq!(class(&refused[1]), Some(ErrorClass::NotFound));
    let group = testing::request("group", Edit::Grant(entitlement("a", "b")));
    let connector: Flatfile = testing::connect(&stub, config()).unwrap();
    assert_eq!(class(&connector.apply(vec![group])[0]), Some(ErrorClass::Unsupported));
}

#[test]
fn a_group_can_be_granted_in_the_batch_that_creates_it() {
    let stub = stub();
    let connector: Flatfile = testing::connect(&stub, config()).unwrap();
    let group = testing::request("group", create(json!({"id": "d", "name": "Drivers"})));
    let results = connector.apply(vec![group, person(Edit::Grant(entitlement("2", "d")))]);
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(connector.get("person", "2").unwrap().attributes["groups"], json!(["d"]));
}

#[test]
fn a_new_attribute_gets_a_column_unless_the_columns_are_fixed() {
    let stub = stub();
    let edit = || replace("3", "name.nick", json!("C"));
    assert_eq!(class(&apply(&stub, vec![edit()])[0]), Some(ErrorClass::InvalidValue(Some("name.nick".into()))));

    let edit = || replace("3", "title", json!("Cook"));
    assert_eq!(class(&apply(&stub, vec![edit()])[0]), None);
    let expected =
        "id,name,groups,active,title\r\n\"1\",Anna ,\"a;b\",TRUE,\r\n\r\n2,\"Bert\",,,\r\n3,Cleo,a,false,Cook\r\n";
    assert_eq!(content(&stub), expected);

    let fixed = self::stub();
    let mut config = config();
    config["classes"]["person"]["columns"] = json!(["id", "name", "groups", "active"]);
    assert_eq!(
        class(&apply_with(&fixed, config, vec![edit()])[0]),
        Some(ErrorClass::InvalidValue(Some("title".into())))
    );
    assert_eq!(content(&fixed), PEOPLE);
}

#[test]
fn a_value_with_the_separator_in_it_is_refused() {
    let stub = stub();
    let results = apply(&stub, vec![update("3", "groups", AttributeAction::Add(vec![json!("x;y")]))]);
    assert_eq!(class(&results[0]), Some(ErrorClass::InvalidValue(Some("groups".into()))));
}

#[test]
fn an_id_that_would_be_read_as_another_is_refused() {
    let stub = stub();
    let mut config = config();
    config["classes"]["person"]["types"] = json!({"id": "integer"});
    let results = apply_with(&stub, config, vec![create(json!({"id": " 7"})), create(json!({"id": 8}))]);
    assert_eq!(class(&results[0]), Some(ErrorClass::InvalidValue(Some("id".into()))));
    assert_eq!(content(&stub), PEOPLE.to_owned() + "8,,,true\r\n");
}

#[test]
fn a_missing_file_is_made_only_when_the_configuration_says_so() {
    let stub = Stub::new();
    stub.grant_directory("data");
    let edit = || vec![create(json!({"id": "1", "name": "Anna"}))];
    assert_eq!(class(&apply(&stub, edit())[0]), Some(ErrorClass::InvalidConfig));
    let mut config = config();
    config["create_missing"] = json!(true);
    assert_eq!(class(&apply_with(&stub, config.clone(), vec![delete("7")])[0]), None);
    assert_eq!(stub.file("data", FILE), None);
    assert_eq!(class(&apply_with(&stub, config, edit())[0]), None);
    assert_eq!(content(&stub), "id,active,name\n1,true,Anna\n");
}

#[test]
fn a_last_line_without_a_line_break_gets_one_before_a_new_row() {
    let stub = Stub::new();
    stub.put_file("data", FILE, "\u{FEFF}id,active\n1,true");
    let mut config = config();
    config["classes"]["person"]["final_newline"] = json!("optional");
    apply_with(&stub, config.clone(), vec![set_active("1", false)]);
    assert_eq!(content(&stub), "\u{FEFF}id,active\n1,false");
    apply_with(&stub, config, vec![create(json!({"id": "2", "name": "B"}))]);
    assert_eq!(content(&stub), "\u{FEFF}id,active,name\n1,false,\n2,true,B\n");
}

#[test]
fn a_bad_file_is_not_written() {
    let stub = stub();
    stub.put_file("data", FILE, "id,active\n1,true\n1,true\n");
    let results = apply(&stub, vec![set_active("1", false), delete("9")]);
    assert!(
        results.iter().all(|result| {
            result.as_ref().is_err_and(|error| error.native_code.as_deref() == Some("duplicate-key"))
        })
    );
    assert_eq!(stub.commits(), 0);
}

#[test]
fn a_commit_that_fails_decides_what_is_known() {
    let requests = || vec![set_active("3", true), set_active("2", true), delete("3"), replace("9", "name", json!("x"))];
    let classes = |error: FileError, done: bool| -> Vec<Option<ErrorClass>> {
        let stub = stub();
        stub.fail_next_commit(error, done);
        apply(&stub, requests()).iter().map(class).collect()
    };
    let unknown = Some(ErrorClass::OutcomeUnknown);
    let expected = [unknown.clone(), None, unknown, Some(ErrorClass::NotFound)];
    assert_eq!(classes(FileError::Failed("disk".into()), false), expected);
    assert_eq!(classes(FileError::Failed("disk".into()), true), expected);
    let limited = classes(FileError::Limit("file-size".into()), false);
    assert_eq!(limited[0], Some(ErrorClass::QuotaOrLicenceExhausted));
}

#[test]
fn the_read_phase_lets_nothing_through() {
    let stub = stub();
    stub.set_phase(Phase::Read);
    let results = apply(&stub, vec![delete("1")]);
    assert_eq!(class(&results[0]), Some(ErrorClass::PermissionDenied(None)));
    assert_eq!(content(&stub), PEOPLE);
}

#[test]
fn a_thousand_edits_of_ten_thousand_rows_are_one_commit() {
    let stub = stub();
    let mut file = "id,name,groups,active\n".to_owned();
    for id in 0..10_000 {
        file.push_str(&format!("{id},Person {id},,true\n"));
    }
    stub.put_file("data", FILE, file.clone());
    let results = apply(&stub, (0..1000).map(|n| set_active(&(n * 10).to_string(), false)).collect());
    assert!(results.iter().all(|result| matches!(result, Ok(Outcome::Done(Some(_))))));
    assert_eq!(stub.commits(), 1);
    let changed = content(&stub).lines().zip(file.lines()).filter(|(now, before)| now != before).count();
    assert_eq!(changed, 1000);
}
