//! The connector for Entra ID works with the emulator; the emulator's tenant is asked whether all is as it must be.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod tenant;

use purser_sdk::{
    AttributeAction, AttributeChange, Change, ChangeTail, Connector, DeleteEdit, Edit, Error, ErrorClass, Operator,
    Outcome, SearchRequest, SetActiveEdit, Tail, UpdateEdit,
};
use serde_json::json;
use std::time::Duration;
use tenant::{Tenant, grant, user};

#[test]
fn accounts_are_made_in_batches_and_listed_page_by_page() {
    let tenant = Tenant::start();
    let mut made = tenant.users(45);
    tenant.graph.directory(|directory| {
        directory.page = 7;
        assert!(directory.passwords.values().all(|password| password == "Secret-word-1"));
    });
    let mut listed = Vec::new();
    let mut request = SearchRequest::all("user", 500);
    loop {
        let page = tenant.connector.search(&request).unwrap();
        listed.extend(page.objects.into_iter().map(|object| object.id));
        match page.tail {
            Tail::More(cursor) => request.cursor = Some(cursor),
            tail => break assert_eq!(tail, Tail::Complete),
        }
    }
    made.sort();
    assert_eq!(listed, made);
    let request = SearchRequest::all("user", 5).with_condition("employeeId", Operator::Equals, "31");
    assert_eq!(tenant.connector.search(&request).unwrap().objects.len(), 1);
    tenant.is_as_described();
}

#[test]
fn a_name_that_is_taken_is_told_and_the_others_are_made() {
    let tenant = Tenant::start();
    tenant.users(1);
    let answers = tenant.apply(vec![("user", user(0)), ("user", user(1))]);
    assert_eq!(answers[0].as_ref().unwrap_err().class, ErrorClass::AlreadyExists(None));
    assert!(answers[1].is_ok());
}

#[test]
fn accounts_change_have_managers_and_leave() {
    let tenant = Tenant::start();
    let users = tenant.users(2);
    let replace = |name: &str, value: &str| AttributeChange {
        attribute: name.into(),
        action: AttributeAction::Replace(value.into()),
    };
    let changes = vec![
        replace("jobTitle", "Boss"),
        replace("manager", &users[1]),
        AttributeChange { attribute: "surname".into(), action: AttributeAction::Clear },
    ];
    let update = UpdateEdit { id: users[0].clone(), version: None, changes };
    let disable = SetActiveEdit { id: users[0].clone(), version: None, active: false };
    let answers = tenant.apply(vec![("user", Edit::Update(update)), ("user", Edit::SetActive(disable))]);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let object = tenant.connector.get("user", &users[0]).unwrap();
    assert_eq!(object.active, Some(false));
    assert_eq!(object.attributes["jobTitle"], "Boss");
    assert_eq!(object.attributes["manager"], json!(users[1]));
    assert!(!object.attributes.contains_key("surname"));
    tenant.graph.directory(|directory| assert_eq!(directory.revoked_sessions[&users[0]], 1));
    let delete = || ("user", Edit::Delete(DeleteEdit { id: users[0].clone(), version: None }));
    let answers = tenant.apply(vec![delete(), delete()]);
    assert_eq!(answers, [Ok(Outcome::Done(None)), Ok(Outcome::Unchanged(None))]);
    tenant.graph.directory(|directory| assert!(directory.deleted.contains_key(&users[0])));
    tenant.is_as_described();
}

#[test]
fn members_come_and_go_once() {
    let tenant = Tenant::start();
    let (users, group) = (tenant.users(25), tenant.group("everyone"));
    let grants = || users.iter().map(|user| ("user", Edit::Grant(grant(user, &group)))).collect();
    assert!(tenant.apply(grants()).iter().all(|answer| *answer == Ok(Outcome::Done(None))));
    assert!(tenant.apply(grants()).iter().all(|answer| *answer == Ok(Outcome::Unchanged(None))));
    tenant.graph.directory(|directory| directory.page = 10);
    let read = tenant.connector.get("group", &group).unwrap();
    assert_eq!(read.attributes["members"].as_array().unwrap().len(), 25, "all pages of members were read");
    let revoke = || vec![("user", Edit::Revoke(grant(&users[0], &group)))];
    assert_eq!(tenant.apply(revoke()), [Ok(Outcome::Done(None))]);
    assert_eq!(tenant.apply(revoke()), [Ok(Outcome::Unchanged(None))]);
    tenant.graph.directory(|directory| assert_eq!(directory.members[&group].len(), 24));
    tenant.is_as_described();
}

#[test]
fn a_throttled_item_waits_alone() {
    let tenant = Tenant::start();
    tenant.graph.directory(|directory| directory.throttle_every = 5);
    let answers = tenant.apply((0..20).map(|number| ("user", user(number))).collect());
    let waits = |answer: &&Result<Outcome, Error>| {
        matches!(answer, Err(Error { class: ErrorClass::RateLimited { after_ms: Some(50), .. }, .. }))
    };
    assert_eq!(answers.iter().filter(waits).count(), 4);
    assert_eq!(tenant.graph.directory(|directory| directory.users.len()), 16);
}

#[test]
fn the_feed_shows_what_changed_until_it_expires() {
    let tenant = Tenant::start();
    let users = tenant.users(2);
    let ChangeTail::Current(cursor) = tenant.connector.changes("user", None).unwrap().tail else {
        panic!("the feed starts now")
    };
    tenant.apply(vec![("user", Edit::Delete(DeleteEdit { id: users[0].clone(), version: None })), ("user", user(7))]);
    let page = tenant.connector.changes("user", Some(&cursor)).unwrap();
    assert_eq!(page.changes.len(), 2);
    assert!(page.changes.contains(&Change::Gone(users[0].clone())));
    tenant.graph.expire_delta();
    assert_eq!(tenant.connector.changes("user", Some(&cursor)).unwrap_err().class, ErrorClass::CursorExpired);
}

#[test]
fn the_feed_of_groups_shows_members_that_came_and_went() {
    let tenant = Tenant::start();
    let (users, group, other) = (tenant.users(3), tenant.group("everyone"), tenant.group("others"));
    let ChangeTail::Current(cursor) = tenant.connector.changes("group", None).unwrap().tail else {
        panic!("the feed starts now")
    };
    tenant.apply(users.iter().map(|user| ("user", Edit::Grant(grant(user, &group)))).collect());
    let page = tenant.connector.changes("group", Some(&cursor)).unwrap();
    assert_eq!(page.changes, [Change::Touched(group.clone())]);
    let ChangeTail::Current(next) = page.tail else { panic!("there is no more") };
    tenant.apply(vec![
        ("user", Edit::Revoke(grant(&users[0], &group))),
        ("group", Edit::Delete(DeleteEdit { id: other.clone(), version: None })),
    ]);
    let page = tenant.connector.changes("group", Some(&next)).unwrap();
    assert_eq!(page.changes.len(), 2);
    assert!(page.changes.contains(&Change::Touched(group)) && page.changes.contains(&Change::Gone(other)));
    tenant.graph.expire_delta();
    assert_eq!(tenant.connector.changes("group", Some(&next)).unwrap_err().class, ErrorClass::CursorExpired);
    tenant.is_as_described();
}

#[test]
fn an_account_of_active_directory_is_changed_there() {
    let tenant = Tenant::start();
    let users = tenant.users(1);
    tenant.graph.directory(|directory| {
        let user = directory.users.get_mut(&users[0]).unwrap();
        user.insert("onPremisesSyncEnabled".to_owned(), json!(true));
    });
    let disable = SetActiveEdit { id: users[0].clone(), version: None, active: false };
    let answers = tenant.apply(vec![("user", Edit::SetActive(disable))]);
    assert_eq!(answers[0].as_ref().unwrap_err().class, ErrorClass::Unsupported);
}

#[test]
fn a_limit_lets_so_many_items_of_a_batch_through() {
    let tenant = Tenant::start();
    tenant.graph.allow(12, Duration::from_hours(1));
    let answers = tenant.apply((0..20).map(|number| ("user", user(number))).collect());
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 12);
    let used = tenant.graph.used();
    assert_eq!((used.passed, used.refused, used.share), (12, 8, None));
}
