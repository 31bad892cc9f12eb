//! Members of groups: put together by group, sliced, in every dialect.

mod support;

use purser_sdk::serde_json::{Value, json};
use purser_sdk::testing::{Stub, request};
use purser_sdk::{
    AttributeAction, AttributeChange, Attributes, Connector, Edit, EntitlementEdit, Error, ErrorClass, Outcome, Request,
};
use support::{Server, connect, create, error, grant, last_body, replace, revoke, sent, update};

fn apply(stub: &Stub, config: Value, requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
    connect(stub, config).apply(requests)
}

fn members(action: AttributeAction) -> Vec<AttributeChange> {
    vec![AttributeChange { attribute: "members".into(), action }]
}

fn all_done(answers: &[Result<Outcome, Error>]) -> bool {
    answers.iter().all(|answer| matches!(answer, Ok(Outcome::Done(_))))
}

#[test]
fn a_batch_writes_each_group_once() {
    let (server, stub) = Server::start();
    let (staff, sales) = (server.add_group("Staff", &["3"]), server.add_group("Sales", &[]));
    let batch = vec![grant("1", &staff), grant("1", &sales), grant("2", &staff), revoke("3", &staff)];
    assert!(all_done(&apply(&stub, json!({}), batch)));
    assert_eq!(sent(&stub), [format!("PATCH /Groups/{staff}"), format!("PATCH /Groups/{sales}")]);
    assert_eq!(server.member_ids(&staff), ["1", "2"]);
    assert_eq!(server.member_ids(&sales), ["1"]);
}

#[test]
fn a_grant_and_a_later_revoke_of_the_same_keep_their_order() {
    let (server, stub) = Server::start();
    let staff = server.add_group("Staff", &[]);
    apply(&stub, json!({}), vec![grant("1", &staff), revoke("1", &staff)]);
    assert!(server.member_ids(&staff).is_empty());
    apply(&stub, json!({}), vec![revoke("1", &staff), grant("1", &staff)]);
    assert_eq!(server.member_ids(&staff), ["1"]);
}

#[test]
fn answers_come_in_the_order_of_the_requests() {
    let (server, stub) = Server::start();
    let (staff, sales) = (server.add_group("Staff", &[]), server.add_group("Sales", &[]));
    server.manners(|manners| manners.refused_members = vec!["bad".into()]);
    let batch =
        vec![grant("1", &sales), grant("bad", &staff), create("User", json!({"userName": "x"})), grant("2", &staff)];
    let answers = apply(&stub, json!({}), batch);
    let ok: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(ok, [true, false, true, true]);
}

#[test]
fn slices_are_no_larger_than_the_server_takes() {
    let (server, stub) = Server::start();
    let staff = server.add_group("Staff", &[]);
    let batch = (0..5).map(|user| grant(&user.to_string(), &staff)).collect();
    assert!(all_done(&apply(&stub, json!({"members_slice": 2}), batch)));
    assert_eq!(sent(&stub).len(), 3);
    assert_eq!(server.member_ids(&staff).len(), 5);
}

#[test]
fn one_bad_member_spoils_no_other() {
    let (server, stub) = Server::start();
    let staff = server.add_group("Staff", &[]);
    server.manners(|manners| manners.refused_members = vec!["bad".into()]);
    let answers = apply(&stub, json!({}), vec![grant("1", &staff), grant("bad", &staff), grant("2", &staff)]);
    assert!(matches!(&answers[1], Err(error) if error.class == ErrorClass::InvalidValue(None)), "{answers:?}");
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert_eq!(server.member_ids(&staff), ["1", "2"]);
}

#[test]
fn members_are_removed_in_the_server_s_way() {
    let (server, stub) = Server::start();
    let staff = server.add_group("Staff", &["1", "2", "3"]);
    apply(&stub, json!({}), vec![revoke("1", &staff)]);
    assert_eq!(last_body(&stub)["Operations"], json!([{"op": "remove", "path": "members[value eq \"1\"]"}]));
    let config = json!({"member_removal": "value-array", "op_case": "capitalized"});
    apply(&stub, config, vec![revoke("2", &staff)]);
    let expected = json!([{"op": "Remove", "path": "members", "value": [{"value": "2"}]}]);
    assert_eq!(last_body(&stub)["Operations"], expected);
    assert_eq!(server.member_ids(&staff), ["3"]);
}

#[test]
fn leaving_a_group_that_is_gone_is_well_and_joining_it_is_not() {
    let (server, stub) = Server::start();
    for mode in ["patch", "put"] {
        let answers = apply(&stub, json!({"update_mode": mode}), vec![revoke("1", "gone"), grant("2", "gone")]);
        assert_eq!(answers[0], Ok(Outcome::Unchanged(None)), "{mode}");
        assert!(matches!(&answers[1], Err(error) if error.class == ErrorClass::NotFound), "{mode}");
    }
    let staff = server.add_group("Staff", &[]);
    server.answer_next(Ok(error(400, Some("noTarget"))));
    let answers = apply(&stub, json!({"discovery": "off"}), vec![revoke("1", &staff)]);
    assert_eq!(answers, [Ok(Outcome::Unchanged(None))]);
}

#[test]
fn without_patch_the_group_is_replaced_once_and_says_what_was_so() {
    let (server, stub) = Server::start();
    let staff = server.add_group("Staff", &["1"]);
    server.manners(|manners| manners.refuses_patch = Some(501));
    let batch = || vec![grant("1", &staff), grant("2", &staff), revoke("3", &staff)];
    let answers = apply(&stub, json!({}), batch());
    let expected = [Ok(Outcome::Unchanged(None)), Ok(Outcome::Done(None)), Ok(Outcome::Unchanged(None))];
    assert_eq!(answers, expected);
    assert_eq!(server.member_ids(&staff), ["1", "2"]);
    stub.forget_requests();
    let again = apply(&stub, json!({}), batch());
    assert!(again.iter().all(|answer| *answer == Ok(Outcome::Unchanged(None))));
    assert_eq!(sent(&stub), [format!("GET /Groups/{staff}")]);
}

#[test]
fn a_throttled_slice_ends_the_run() {
    let (server, stub) = Server::start();
    let staff = server.add_group("Staff", &[]);
    server.answer_next(Ok(error(429, None)));
    let batch = vec![grant("1", &staff), grant("2", &staff), grant("3", "other")];
    let answers = apply(&stub, json!({"members_slice": 1, "discovery": "off"}), batch);
    assert!(
        answers.iter().all(|answer| {
            answer.as_ref().is_err_and(|error| matches!(error.class, ErrorClass::RateLimited { .. }))
        })
    );
    assert_eq!(sent(&stub).len(), 1);
}

#[test]
fn a_lost_answer_makes_its_slice_unknown_and_tries_none_of_it_again() {
    let (server, stub) = Server::start();
    let staff = server.add_group("Staff", &[]);
    server.answer_next(Err(purser_sdk::http::Failure::Interrupted("reset".into())));
    let answers = apply(&stub, json!({"discovery": "off"}), vec![grant("1", &staff), grant("2", &staff)]);
    assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|error| error.class == ErrorClass::OutcomeUnknown)));
    assert_eq!(sent(&stub).len(), 1);
}

#[test]
fn a_group_is_made_empty_where_the_server_wants_it() {
    let (server, stub) = Server::start();
    let group = |members: Value| create("Group", json!({"displayName": "Staff", "members": members}));
    for (config, posts_members) in
        [(json!({}), true), (json!({"group_create_empty": true}), false), (json!({"members_slice": 1}), false)]
    {
        let answers = apply(&stub, config, vec![group(json!(["1", "2"]))]);
        let Ok(Outcome::Done(Some(made))) = &answers[0] else { panic!("{answers:?}") };
        assert_eq!(made.attributes["members"], json!(["1", "2"]));
        assert_eq!(server.member_ids(&made.id).len(), 2);
        let post = stub.requests().into_iter().find(|request| request.path == "/Groups").unwrap();
        assert_eq!(post.json_body().get("members").is_some(), posts_members);
        stub.forget_requests();
    }
}

#[test]
fn a_group_made_without_all_its_members_says_so() {
    let (server, stub) = Server::start();
    server.manners(|manners| manners.refused_members = vec!["bad".into()]);
    let group = create("Group", json!({"displayName": "Staff", "members": ["1", "bad"]}));
    let answers = apply(&stub, json!({"group_create_empty": true}), vec![group]);
    assert!(matches!(&answers[0], Err(error) if matches!(error.class, ErrorClass::PartiallyApplied(_))), "{answers:?}");
}

#[test]
fn members_as_an_attribute_change_by_what_differs() {
    let (server, stub) = Server::start();
    let staff = server.add_group("Staff", &["1", "2"]);
    let mut changes = members(AttributeAction::Replace(json!(["2", "3"])));
    changes.push(replace("displayName", json!("Crew")));
    let answers = apply(&stub, json!({}), vec![update("Group", &staff, None, changes)]);
    let Ok(Outcome::Done(Some(group))) = &answers[0] else { panic!("{answers:?}") };
    assert_eq!((&group.attributes["displayName"], &group.attributes["members"]), (&json!("Crew"), &json!(["2", "3"])));
    let again = members(AttributeAction::Replace(json!(["3", "2"])));
    let answers = apply(&stub, json!({}), vec![update("Group", &staff, None, again)]);
    assert!(matches!(answers[0], Ok(Outcome::Unchanged(Some(_)))));
    apply(&stub, json!({}), vec![update("Group", &staff, None, members(AttributeAction::Clear))]);
    assert!(server.member_ids(&staff).is_empty());
}

#[test]
fn other_entitlements_are_refused() {
    let (_, stub) = Server::start();
    let edit = EntitlementEdit {
        id: "1".into(),
        entitlement_class: "Role".into(),
        entitlement: "r".into(),
        parameters: Attributes::new(),
    };
    let answers = apply(&stub, json!({}), vec![request("User", Edit::Grant(edit))]);
    assert!(matches!(&answers[0], Err(error) if error.class == ErrorClass::Unsupported));
    assert!(stub.requests().is_empty());
}
