//! The connector against a small application in memory.

use super::*;
use purser_sdk::http::{self, Answer, Method};
use purser_sdk::testing::{self, Stub};
use purser_sdk::{AttributeAction, AttributeChange, Edit};
use std::collections::BTreeMap;

/// Answers as the application does.
fn answer(people: &mut BTreeMap<String, Value>, request: &http::Request) -> Answer {
    let id = request
        .path
        .strip_prefix("/people/")
        .unwrap_or_default()
        .to_owned();
    let number = |field| {
        request
            .query_field(field)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    };
    match request.method {
        Method::Get if id.is_empty() => {
            let page = people
                .values()
                .skip(number("offset"))
                .take(number("limit").min(2));
            Answer::new(200).with_json(&page.cloned().collect())
        }
        Method::Post => {
            let mut body = request.json_body();
            let id = (people.len() + 1).to_string();
            body["id"] = Value::from(id.as_str());
            people.insert(id, body.clone());
            Answer::new(201).with_json(&body)
        }
        Method::Delete => Answer::new(if people.remove(&id).is_some() {
            204
        } else {
            404
        }),
        _ => match (people.get_mut(&id), request.json_body()) {
            (None, _) => Answer::new(404),
            (Some(person), Value::Object(changes)) => {
                changes
                    .into_iter()
                    .for_each(|(name, value)| person[name] = value);
                Answer::new(200).with_json(person)
            }
            (Some(person), _) => Answer::new(200).with_json(person),
        },
    }
}

fn application() -> (Application, Stub) {
    let stub = Stub::new();
    let mut people = BTreeMap::new();
    stub.serve(API, move |request| Ok(answer(&mut people, request)));
    let application = testing::connect(&stub, json!({})).expect("the empty configuration fits");
    (application, stub)
}

fn create(application: &Application, mail: &str) -> Object {
    let attributes = testing::attributes(json!({"mail": mail}));
    let request = testing::request(
        PERSON,
        Edit::Create(CreateEdit {
            attributes,
            active: None,
        }),
    );
    match application.apply_one(&request) {
        Ok(Outcome::Done(Some(person))) => person,
        other => panic!("{other:?}"),
    }
}

#[test]
fn everybody_is_listed_page_by_page() {
    let (application, _) = application();
    for number in 0..5 {
        create(&application, &format!("{number}@example.org"));
    }
    let people = testing::list_all(&application, SearchRequest::all(PERSON, 100))
        .expect("the listing is complete");
    assert_eq!(people.len(), 5);
    assert_eq!(people[4].attributes["mail"], "4@example.org");
}

#[test]
fn an_update_sends_what_differs_and_nothing_twice() {
    let (application, stub) = application();
    let person = create(&application, "anna@example.org");
    let action = AttributeAction::Replace(json!("anna.berg@example.org"));
    let changes = vec![AttributeChange {
        attribute: "mail".into(),
        action,
    }];
    let update = testing::request(
        PERSON,
        Edit::Update(UpdateEdit {
            id: person.id,
            version: None,
            changes,
        }),
    );
    stub.forget_requests();
    let Ok(Outcome::Done(Some(after))) = application.apply_one(&update) else {
        panic!("no update")
    };
    assert_eq!(after.attributes["mail"], "anna.berg@example.org");
    assert_eq!(
        stub.requests()[1].json_body(),
        json!({"mail": "anna.berg@example.org"})
    );
    assert!(matches!(
        application.apply_one(&update),
        Ok(Outcome::Unchanged(_))
    ));
}

#[test]
fn disabling_and_deleting_twice_changes_nothing() {
    let (application, _) = application();
    let id = create(&application, "anna@example.org").id;
    let disable = Edit::SetActive(SetActiveEdit {
        id: id.clone(),
        version: None,
        active: false,
    });
    let disable = testing::request(PERSON, disable);
    let Ok(Outcome::Done(Some(after))) = application.apply_one(&disable) else {
        panic!("not disabled")
    };
    assert_eq!(after.active, Some(false));
    assert!(matches!(
        application.apply_one(&disable),
        Ok(Outcome::Unchanged(_))
    ));
    let delete = testing::request(
        PERSON,
        Edit::Delete(DeleteEdit {
            id: id.clone(),
            version: None,
        }),
    );
    assert_eq!(application.apply_one(&delete), Ok(Outcome::Done(None)));
    assert_eq!(application.apply_one(&delete), Ok(Outcome::Unchanged(None)));
    assert!(
        application
            .get(PERSON, &id)
            .is_err_and(|error| error.is_not_found())
    );
}

#[test]
fn a_wrong_configuration_names_the_key() {
    let error = testing::connect::<Application>(&Stub::new(), json!({"path": "people"})).err();
    assert!(error.is_some_and(|error| error.message.contains("`path`")));
}
