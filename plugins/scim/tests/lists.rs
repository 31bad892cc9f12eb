//! Lists: paging by index and cursor, servers that page badly, and filters.

mod support;

use purser_sdk::http::{Answer, Failure};
use purser_sdk::serde_json::{Value, json};
use purser_sdk::testing::{Stub, list_all};
use purser_sdk::{Connector, Error, ErrorClass, Object, Operator, SearchRequest, Tail};
use support::{Server, connect, error, sent};

fn users(count: usize) -> (Server, Stub) {
    let (server, stub) = Server::start();
    for number in 0..count {
        server.add_user(&format!("user{number}"));
    }
    (server, stub)
}

fn list(stub: &Stub, config: Value, page_size: u32) -> Result<Vec<Object>, Error> {
    list_all(&connect(stub, config), SearchRequest::all("User", page_size))
}

fn by_name(name: &str) -> SearchRequest {
    SearchRequest::all("User", 10).with_condition("userName", Operator::Equals, name)
}

#[test]
fn all_pages_are_read_and_nothing_beyond() {
    let (_, stub) = users(7);
    let listed = list(&stub, json!({}), 3).unwrap();
    assert_eq!(listed.len(), 7);
    let starts: Vec<String> =
        stub.requests().iter().filter_map(|request| request.query_field("startIndex").map(str::to_owned)).collect();
    assert_eq!(starts, ["1", "4", "7"]);
}

#[test]
fn a_server_that_gives_fewer_than_asked_is_followed_by_what_it_gave() {
    let (server, stub) = users(7);
    server.manners(|manners| manners.page_cap = Some(2));
    assert_eq!(list(&stub, json!({}), 5).unwrap().len(), 7);
}

#[test]
fn numbers_as_strings_and_missing_resources_are_understood() {
    let (server, stub) = users(3);
    server.manners(|manners| {
        manners.speaks_in_strings = true;
        manners.leaves_resources_out = true;
    });
    let listed = list(&stub, json!({}), 2).unwrap();
    assert_eq!(listed.len(), 3);
    assert_eq!(listed[0].active, Some(true));
    assert!(list_all(&connect(&stub, json!({})), SearchRequest::all("Group", 5)).unwrap().is_empty());
}

#[test]
fn a_server_without_start_index_is_cut_to_pages_or_not_called_complete() {
    let (server, stub) = users(5);
    server.manners(|manners| manners.ignores_start_index = true);
    let error = list(&stub, json!({}), 2).unwrap_err();
    assert!(error.message.contains("startIndex"), "{}", error.message);
    // Here every answer is the whole list, whatever is asked for.
    let everything: Vec<Value> = (0..5).map(|id| json!({"id": id.to_string(), "userName": format!("u{id}")})).collect();
    stub.serve("scim", move |_| Ok(Answer::new(200).with_json(&json!({"totalResults": 5, "Resources": everything}))));
    let listed = list(&stub, json!({"discovery": "off"}), 2).unwrap();
    assert_eq!(listed.iter().map(|user| user.id.as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3", "4"]);
}

#[test]
fn an_object_deleted_between_pages_hides_no_other() {
    let (server, stub) = users(6);
    let connector = connect(&stub, json!({}));
    let request = SearchRequest::all("User", 2);
    let first = connector.search(&request).unwrap();
    let deleted = first.objects[0].id.clone();
    server.0.borrow_mut().users.remove(&deleted);
    let Tail::More(cursor) = first.tail else { panic!("there is more") };
    let rest = list_all(&connector, request.at(cursor)).unwrap();
    let names: Vec<&str> = rest.iter().map(|user| user.attributes["userName"].as_str().unwrap()).collect();
    assert_eq!(names, ["user2", "user3", "user4", "user5"]);
}

#[test]
fn a_repeated_page_means_that_something_may_be_missing() {
    let (_, stub) = Server::start();
    let mut pages = vec![json!([{"id": "2"}, {"id": "3"}]), json!([{"id": "1"}, {"id": "2"}])];
    stub.serve("scim", move |_| Ok(Answer::new(200).with_json(&json!({"totalResults": 4, "Resources": pages.pop()}))));
    let error = list(&stub, json!({"discovery": "off"}), 2).unwrap_err();
    assert!(error.message.contains("listed 3"), "{}", error.message);
}

#[test]
fn cursors_are_followed_where_the_server_announces_them() {
    let (server, stub) = users(5);
    server.manners(|manners| {
        manners.by_cursor = true;
        manners.provider = Some(json!({"pagination": {"cursor": true, "maxPageSize": 2}}));
    });
    assert_eq!(list(&stub, json!({}), 100).unwrap().len(), 5);
    assert_eq!(sent(&stub).len(), 3);
    server.answer_next(Ok(error(400, Some("expiredCursor"))));
    assert_eq!(list(&stub, json!({"page_mode": "cursor"}), 2).unwrap_err().class, ErrorClass::CursorExpired);
}

#[test]
fn a_cursor_of_something_else_is_expired() {
    let (_, stub) = users(1);
    let request = SearchRequest::all("User", 2).at("nonsense");
    assert_eq!(connect(&stub, json!({})).search(&request).unwrap_err().class, ErrorClass::CursorExpired);
}

#[test]
fn the_cursor_alone_carries_the_conditions() {
    let (server, stub) = users(3);
    for (number, user) in server.0.borrow_mut().users.values_mut().enumerate() {
        user["title"] = if number == 1 { "x".into() } else { "y".into() };
    }
    server.manners(|manners| manners.ignores_filter = true);
    let connector = connect(&stub, json!({}));
    let first =
        connector.search(&SearchRequest::all("User", 1).with_condition("title", Operator::Equals, "x")).unwrap();
    assert!(first.objects.is_empty());
    let Tail::More(cursor) = first.tail else { panic!("there is more") };
    assert_eq!(list_all(&connector, SearchRequest::all("User", 1).at(cursor)).unwrap().len(), 1);
}

#[test]
fn a_filter_is_sent_and_its_result_checked() {
    let (server, stub) = users(3);
    let connector = connect(&stub, json!({}));
    assert_eq!(list_all(&connector, by_name("USER1")).unwrap().len(), 1);
    let filter = stub.requests().iter().find_map(|request| request.query_field("filter").map(str::to_owned));
    assert_eq!(filter.as_deref(), Some(r#"userName eq "USER1""#));
    server.manners(|manners| manners.ignores_filter = true);
    let found = list_all(&connector, by_name("user1")).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].attributes["userName"], "user1");
}

#[test]
fn a_filter_that_finds_nothing_may_be_a_404_and_a_list_may_not() {
    let (server, stub) = users(1);
    server.manners(|manners| manners.not_found_on_empty = true);
    assert!(list_all(&connect(&stub, json!({})), by_name("nobody")).unwrap().is_empty());
    stub.serve("scim", |_| Ok(error(404, None)));
    let error = list(&stub, json!({"discovery": "off"}), 5).unwrap_err();
    assert_eq!(error.class, ErrorClass::InvalidConfig);
    assert!(error.message.contains("SCIM base URL"), "{}", error.message);
}

#[test]
fn a_server_without_filters_is_searched_here() {
    let (server, stub) = users(3);
    server.manners(|manners| manners.provider = Some(json!({"filter": {"supported": false}})));
    assert_eq!(list_all(&connect(&stub, json!({})), by_name("user2")).unwrap().len(), 1);
    assert!(stub.requests().iter().all(|request| request.query_field("filter").is_none()));
}

#[test]
fn pages_keep_to_the_limits_of_server_and_configuration() {
    let (server, stub) = users(1);
    server.manners(|manners| manners.provider = Some(json!({"filter": {"supported": true, "maxResults": 50}})));
    let counts = |config: Value| {
        list(&stub, config, 200).unwrap();
        stub.requests().last().and_then(|request| request.query_field("count").map(str::to_owned)).unwrap()
    };
    assert_eq!(counts(json!({})), "50");
    assert_eq!(counts(json!({"max_count": 7})), "7");
}

#[test]
fn extra_attributes_are_asked_for_beside_the_default() {
    let (_, stub) = users(1);
    let mut request = SearchRequest::all("User", 5);
    request.extra_attributes = vec!["badge".into()];
    list_all(&connect(&stub, json!({})), request).unwrap();
    let requests = stub.requests();
    let asked = requests.last().unwrap().query_field("attributes").unwrap();
    assert!(asked.contains("userName,") && asked.ends_with(",badge"), "{asked}");
}

#[test]
fn what_the_server_answers_is_told_by_class() {
    let (_, stub) = Server::start();
    let class = |answer: Result<Answer, Failure>| {
        let answer = std::cell::RefCell::new(Some(answer));
        stub.serve("scim", move |_| answer.take().unwrap());
        connect(&stub, json!({"discovery": "off"})).get("User", "7").unwrap_err().class
    };
    assert_eq!(class(Ok(error(404, None))), ErrorClass::NotFound);
    assert_eq!(class(Ok(Answer::new(404).with_body("<html>"))), ErrorClass::InvalidConfig);
    assert_eq!(class(Ok(error(401, None))), ErrorClass::AuthenticationFailed);
    assert_eq!(class(Ok(error(500, None))), ErrorClass::Unavailable { after_ms: None });
    let later = error(503, None).with_header("retry-after", "3");
    assert_eq!(class(Ok(later)), ErrorClass::Unavailable { after_ms: Some(3000) });
    assert_eq!(class(Ok(Answer::new(200).with_body("<html>"))), ErrorClass::Unavailable { after_ms: None });
    assert_eq!(class(Err(Failure::Interrupted("reset".into()))), ErrorClass::Unavailable { after_ms: None });
    // Some servers say 200 and mean an error, with the status as a number.
    let hidden = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": 404});
    assert_eq!(class(Ok(Answer::new(200).with_json(&hidden))), ErrorClass::NotFound);
}
