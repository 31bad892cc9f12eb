//! Creating, changing, disabling and deleting, in every dialect.

mod support;

use purser_sdk::http::{Answer, Failure, Method};
use purser_sdk::serde_json::{Value, json};
use purser_sdk::testing::{Stub, attributes, request};
use purser_sdk::{
    AttributeAction, AttributeChange, Connector, CreateEdit, DeleteEdit, Edit, Error, ErrorClass, Object, Outcome,
    Request, SetActiveEdit, SetPasswordEdit, ThrottleScope,
};
use support::{ENTERPRISE, Server, connect, create, error, last_body, replace, sent, update};

fn apply(stub: &Stub, config: Value, request: Request) -> Result<Outcome, Error> {
    connect(stub, config).apply(vec![request]).remove(0)
}

fn done(outcome: Result<Outcome, Error>) -> Object {
    match outcome {
        Ok(Outcome::Done(Some(object))) => object,
        other => panic!("{other:?}"),
    }
}

fn anna() -> Request {
    create(
        "User",
        json!({"userName": "anna", "externalId": "E1", "emails": ["a@x"], format!("{ENTERPRISE}:department"): "IT"}),
    )
}

fn set_active(id: &str, active: bool) -> Request {
    request("User", Edit::SetActive(SetActiveEdit { id: id.into(), version: None, active }))
}

fn delete(id: &str, version: Option<&str>) -> Request {
    request("User", Edit::Delete(DeleteEdit { id: id.into(), version: version.map(str::to_owned) }))
}

#[test]
fn a_create_answers_with_the_object() {
    let (_, stub) = Server::start();
    let user = done(apply(&stub, json!({}), anna()));
    assert_eq!((user.attributes["userName"].as_str(), user.active), (Some("anna"), Some(true)));
    assert_eq!(user.attributes[&format!("{ENTERPRISE}:department")], "IT");
    assert_eq!(sent(&stub), ["POST /Users"]);
}

#[test]
fn a_create_without_body_is_read_where_it_lies() {
    let (server, stub) = Server::start();
    server.manners(|manners| manners.creates_silently = true);
    let user = done(apply(&stub, json!({}), anna()));
    assert_eq!(sent(&stub), ["POST /Users".to_owned(), format!("GET /Users/{}", user.id)]);
}

#[test]
fn a_create_without_body_and_place_is_found_by_name_or_is_unknown() {
    let (server, stub) = Server::start();
    server.add_user("Anna");
    let quiet = |status| server.answer_next(Ok(Answer::new(status)));
    quiet(200);
    assert_eq!(done(apply(&stub, json!({"discovery": "off"}), anna())).attributes["userName"], "Anna");
    server.0.borrow_mut().users.clear();
    quiet(201);
    let unknown = apply(&stub, json!({"discovery": "off"}), anna()).unwrap_err();
    assert_eq!(unknown.class, ErrorClass::OutcomeUnknown);
    quiet(202);
    let later = apply(&stub, json!({"discovery": "off"}), anna());
    assert_eq!(later, Ok(Outcome::Accepted("User anna".into())));
}

#[test]
fn a_taken_name_names_the_owner_even_where_filters_are_ignored() {
    let (server, stub) = Server::start();
    for name in ["bert", "ANNA", "cleo"] {
        server.add_user(name);
    }
    let owner = server.0.borrow().users.iter().find(|(_, user)| user["userName"] == "ANNA").unwrap().0.clone();
    let refused = apply(&stub, json!({}), anna()).unwrap_err();
    assert_eq!(refused.class, ErrorClass::AlreadyExists(Some(owner.clone())));
    assert_eq!(refused.native_code.as_deref(), Some("uniqueness"));
    server.manners(|manners| manners.ignores_filter = true);
    let refused = apply(&stub, json!({}), anna()).unwrap_err();
    assert_eq!(refused.class, ErrorClass::AlreadyExists(Some(owner)));
}

#[test]
fn a_taken_external_id_names_the_owner_and_an_unknown_one_none() {
    let (server, stub) = Server::start();
    let id = server.add_user("other");
    server.0.borrow_mut().users.get_mut(&id).unwrap()["externalId"] = "E1".into();
    // 400 with `uniqueness`, and 409 without a type: both are seen.
    for answer in [error(400, Some("uniqueness")), error(409, None)] {
        server.answer_next(Ok(answer));
        let refused = apply(&stub, json!({"discovery": "off"}), anna()).unwrap_err();
        assert_eq!(refused.class, ErrorClass::AlreadyExists(Some(id.clone())));
    }
    server.0.borrow_mut().users.clear();
    server.answer_next(Ok(error(409, None)));
    let refused = apply(&stub, json!({"discovery": "off"}), anna()).unwrap_err();
    assert_eq!(refused.class, ErrorClass::AlreadyExists(None));
}

#[test]
fn a_create_that_breaks_is_never_called_undone() {
    let (server, stub) = Server::start();
    let broken: [Result<Answer, Failure>; 3] =
        [Err(Failure::Interrupted("reset".into())), Ok(error(500, None)), Ok(Answer::new(201).with_body("<html>"))];
    for answer in broken {
        server.answer_next(answer);
        let unknown = apply(&stub, json!({"discovery": "off"}), anna()).unwrap_err();
        assert_eq!(unknown.class, ErrorClass::OutcomeUnknown);
    }
}

#[test]
fn a_change_is_one_patch_and_the_state_after_it() {
    let (server, stub) = Server::start();
    let id = server.add_user("anna");
    let changes = vec![
        replace("name.givenName", json!("Anna")),
        replace(&format!("{ENTERPRISE}:department"), json!("HR")),
        AttributeChange { attribute: "emails".into(), action: AttributeAction::Add(vec![json!("a@x")]) },
    ];
    let user = done(apply(&stub, json!({}), update("User", &id, None, changes)));
    assert_eq!(user.attributes["name"], json!({"givenName": "Anna"}));
    assert_eq!(user.attributes[&format!("{ENTERPRISE}:department")], "HR");
    assert_eq!(user.attributes["emails"], json!([{"value": "a@x"}]));
    assert_eq!(sent(&stub), [format!("PATCH /Users/{id}"), format!("GET /Users/{id}")]);
}

#[test]
fn a_change_without_paths_reaches_the_same_state() {
    let (server, stub) = Server::start();
    let id = server.add_user("anna");
    let changes = vec![replace("name.givenName", json!("Anna")), replace("title", json!("Dr"))];
    let config = json!({"patch_style": "no-path", "op_case": "capitalized", "bool_as_string": true});
    let user = done(apply(&stub, config.clone(), update("User", &id, None, changes)));
    assert_eq!((&user.attributes["name"], &user.attributes["title"]), (&json!({"givenName": "Anna"}), &json!("Dr")));
    done(apply(&stub, config, set_active(&id, false)));
    assert_eq!(last_body(&stub)["Operations"], json!([{"op": "Replace", "value": {"active": "False"}}]));
}

#[test]
fn put_sends_the_whole_object_and_nothing_that_the_server_sets() {
    let (server, stub) = Server::start();
    let id = server.add_user("anna");
    let user = done(apply(
        &stub,
        json!({"update_mode": "put"}),
        update("User", &id, None, vec![replace("title", json!("Dr"))]),
    ));
    assert_eq!(user.attributes["title"], "Dr");
    let body = last_body(&stub);
    assert_eq!(body, json!({"schemas": [support::USER], "userName": "anna", "active": true, "title": "Dr"}));
    assert!(stub.requests().last().unwrap().header("if-match").is_some(), "what was read is what is replaced");
    stub.forget_requests();
    let again =
        apply(&stub, json!({"update_mode": "put"}), update("User", &id, None, vec![replace("title", json!("Dr"))]));
    assert!(matches!(again, Ok(Outcome::Unchanged(Some(_)))));
    assert_eq!(sent(&stub), [format!("GET /Users/{id}")]);
}

#[test]
fn a_server_without_patch_gets_put_and_is_remembered() {
    for status in [405, 501] {
        let (server, stub) = Server::start();
        server.manners(|manners| manners.refuses_patch = Some(status));
        let id = server.add_user("anna");
        done(apply(&stub, json!({}), set_active(&id, false)));
        assert_eq!(server.user(&id)["active"], false);
        stub.forget_requests();
        done(apply(&stub, json!({}), set_active(&id, true)));
        assert!(!sent(&stub).contains(&format!("PATCH /Users/{id}")), "it was remembered");
        let insisted = apply(&stub, json!({"update_mode": "patch"}), set_active(&id, true)).unwrap_err();
        assert_eq!(insisted.class, ErrorClass::Unsupported);
    }
}

#[test]
fn versions_are_checked_where_the_server_announces_it() {
    for mode in ["patch", "put"] {
        let (server, stub) = Server::start();
        let id = server.add_user("anna");
        let config = json!({"update_mode": mode});
        let change = |version| update("User", &id, Some(version), vec![replace("title", json!("Dr"))]);
        let refused = apply(&stub, config.clone(), change("W/\"99\"")).unwrap_err();
        assert_eq!(refused.class, ErrorClass::VersionConflict, "{mode}");
        let changed = done(apply(&stub, config.clone(), change("W/\"1\"")));
        assert_ne!(changed.version.as_deref(), Some("W/\"1\""));
    }
    let (server, stub) = Server::start();
    let id = server.add_user("anna");
    apply(&stub, json!({"etag": "off"}), update("User", &id, Some("W/\"99\""), vec![replace("title", json!("Dr"))]))
        .unwrap();
    assert!(stub.requests().iter().all(|request| request.header("if-match").is_none()));
    let refused = apply(&stub, json!({}), delete(&id, Some("W/\"99\""))).unwrap_err();
    assert_eq!(refused.class, ErrorClass::VersionConflict);
}

#[test]
fn two_edits_of_a_batch_planned_against_one_version_both_go_through() {
    for mode in ["patch", "put"] {
        let (server, stub) = Server::start();
        let id = server.add_user("anna");
        let version = Some("W/\"1\"");
        let disable = SetActiveEdit { id: id.clone(), version: version.map(str::to_owned), active: false };
        let answers = connect(&stub, json!({"update_mode": mode})).apply(vec![
            update("User", &id, version, vec![replace("title", json!("Dr"))]),
            request("User", Edit::SetActive(disable)),
        ]);
        assert!(answers.iter().all(|answer| matches!(answer, Ok(Outcome::Done(_)))), "{mode}: {answers:?}");
    }
}

#[test]
fn a_patch_that_leaves_the_version_changed_nothing() {
    let (server, stub) = Server::start();
    let id = server.add_user("anna");
    let outcome = apply(&stub, json!({}), update("User", &id, Some("W/\"1\""), vec![replace("active", json!(true))]));
    assert!(matches!(outcome, Ok(Outcome::Unchanged(Some(_)))), "{outcome:?}");
}

#[test]
fn an_account_that_is_gone_is_not_found_and_not_made_again() {
    let (_, stub) = Server::start();
    for mode in ["patch", "put"] {
        let config = json!({"update_mode": mode});
        let gone = apply(&stub, config, update("User", "gone", None, vec![replace("title", json!("x"))])).unwrap_err();
        assert_eq!(gone.class, ErrorClass::NotFound);
        assert!(gone.message.contains("`gone`"), "{}", gone.message);
    }
    assert!(sent(&stub).iter().all(|request| !request.starts_with("POST")));
}

#[test]
fn deleting_twice_is_well() {
    let (server, stub) = Server::start();
    let id = server.add_user("anna");
    assert_eq!(apply(&stub, json!({}), delete(&id, None)), Ok(Outcome::Done(None)));
    assert_eq!(apply(&stub, json!({}), delete(&id, None)), Ok(Outcome::Unchanged(None)));
}

#[test]
fn where_disabled_accounts_are_unknown_disabling_deletes() {
    let (server, stub) = Server::start();
    let config = json!({"disable_mode": "delete"});
    let id = server.add_user("anna");
    assert!(matches!(apply(&stub, config.clone(), set_active(&id, true)), Ok(Outcome::Unchanged(Some(_)))));
    assert_eq!(apply(&stub, config.clone(), set_active(&id, false)), Ok(Outcome::Done(None)));
    assert!(server.0.borrow().users.is_empty());
    let disabled = CreateEdit { attributes: attributes(json!({"userName": "b"})), active: Some(false) };
    let refused = apply(&stub, config, request("User", Edit::Create(disabled))).unwrap_err();
    assert_eq!(refused.class, ErrorClass::Unsupported);
}

#[test]
fn a_password_goes_as_a_placeholder_only() {
    for mode in ["patch", "put"] {
        let (server, stub) = Server::start();
        let id = server.add_user("anna");
        let edit = SetPasswordEdit { id: id.clone(), slot: 3, must_change: false };
        apply(&stub, json!({"update_mode": mode}), request("User", Edit::SetPassword(edit))).unwrap();
        let writing = stub.requests().into_iter().find(|request| request.method != Method::Get).unwrap();
        assert_eq!(writing.secrets.len(), 1);
        assert_eq!(writing.secrets[0].slot, 3);
        let body = String::from_utf8(writing.body.unwrap()).unwrap();
        assert_eq!(body.matches(&writing.secrets[0].placeholder).count(), 1, "{body}");
        assert!(!body.contains("$slot"));
    }
}

#[test]
fn passwords_that_cannot_be_set_as_asked_are_refused() {
    let (server, stub) = Server::start();
    let set =
        |must_change| request("User", Edit::SetPassword(SetPasswordEdit { id: "7".into(), slot: 0, must_change }));
    assert_eq!(apply(&stub, json!({}), set(true)).unwrap_err().class, ErrorClass::Unsupported);
    server.manners(|manners| manners.provider = Some(json!({"changePassword": {"supported": false}})));
    stub.advance_ms(3_600_000);
    assert_eq!(apply(&stub, json!({}), set(false)).unwrap_err().class, ErrorClass::Unsupported);
}

#[test]
fn refusals_name_the_attribute_and_the_server_s_code() {
    let (server, stub) = Server::start();
    let id = server.add_user("anna");
    let refuse = |answer, attribute: &str| {
        server.answer_next(Ok(answer));
        let change = update("User", &id, None, vec![replace(attribute, json!("x"))]);
        apply(&stub, json!({"discovery": "off"}), change).unwrap_err()
    };
    let invalid = refuse(error(400, Some("invalidValue")), "locale");
    assert_eq!(invalid.class, ErrorClass::InvalidValue(Some("locale".into())));
    assert_eq!(invalid.native_code.as_deref(), Some("invalidValue"));
    assert_eq!(refuse(error(409, None), "title").class, ErrorClass::VersionConflict);
    assert_eq!(refuse(error(409, None), "userName").class, ErrorClass::AlreadyExists(None));
    assert_eq!(refuse(error(409, Some("uniqueness")), "title").class, ErrorClass::AlreadyExists(None));
    let server_side =
        apply(&stub, json!({}), update("User", &id, None, vec![replace("groups", json!([]))])).unwrap_err();
    assert_eq!(server_side.class, ErrorClass::InvalidValue(Some("groups".into())));
}

#[test]
fn a_server_that_asks_for_patience_is_left_alone_for_the_rest_of_the_batch() {
    let (server, stub) = Server::start();
    server.answer_next(Ok(error(429, None).with_header("retry-after", "7")));
    let answers = connect(&stub, json!({"discovery": "off"})).apply(vec![anna(), anna(), delete("7", None)]);
    let limited = ErrorClass::RateLimited { after_ms: Some(7000), scope: ThrottleScope::Target };
    assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|error| error.class == limited)), "{answers:?}");
    assert_eq!(sent(&stub), ["POST /Users"]);
}
