//! The connector for Salesforce works with the emulator; the organisation is asked whether all is as it must be.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use purser_peers::salesforce::Salesforce as Emulated;
use purser_salesforce::Salesforce;
use purser_sdk::http::{Answer, Request as Sent};
use purser_sdk::testing::{Stub, attributes, connect, list_all, request};
use purser_sdk::{
    AttributeAction, AttributeChange, Attributes, Change, ChangeTail, CheckLevel, Connector, CreateEdit, DeleteEdit,
    Edit, EntitlementEdit, Error, ErrorClass, Object, Outcome, SearchRequest, SetActiveEdit, SetPasswordEdit, Severity,
    ThrottleScope, UpdateEdit,
};
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

const PASSWORD: &str = "Secret-word-\"1\"";

struct Tenant {
    org: Rc<Emulated>,
    stub: Stub,
    connector: Salesforce,
    /// Locators are forgotten before each further page is answered.
    forgets: Rc<Cell<bool>>,
}

impl Tenant {
    fn start(config: Value) -> Self {
        let (org, stub, forgets) = (Rc::new(Emulated::start()), Stub::new(), Rc::new(Cell::new(false)));
        let (answering, forgetting) = (org.clone(), forgets.clone());
        stub.serve("salesforce", move |sent| {
            if forgetting.get() {
                answering.forget_locators();
            }
            Ok(answer(&answering, sent))
        });
        #[expect(clippy::disallowed_methods, reason = "the organisation stamps records by the clock of the machine")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        stub.set_clock_ms(u64::try_from(now.as_millis()).unwrap());
        let connector = connect(&stub, config).unwrap();
        Self { org, stub, connector, forgets }
    }

    fn usual() -> Self {
        Self::start(json!({"profile": "Standard User"}))
    }

    fn apply(&self, class: &str, edits: Vec<Edit>) -> Vec<Result<Outcome, Error>> {
        self.connector.apply(edits.into_iter().map(|edit| request(class, edit)).collect())
    }

    fn one(&self, class: &str, edit: Edit) -> Result<Outcome, Error> {
        self.apply(class, vec![edit]).pop().unwrap()
    }

    /// Makes users and gives their ids.
    fn users(&self, count: usize) -> Vec<String> {
        self.apply("User", (0..count).map(user).collect()).iter().map(id).collect()
    }

    fn row(&self, object: &str, field: &str, value: &str) -> Value {
        self.org.find(object, field, value).unwrap_or_else(|| panic!("{object} with {field} {value} is not there"))
    }

    fn id_of(&self, object: &str, field: &str, value: &str) -> String {
        self.row(object, field, value)["Id"].as_str().unwrap().to_owned()
    }

    /// Follows the feed to its end: how many pages there were, what they said, and where it goes on.
    fn follow(&self, mut at: String) -> (usize, Vec<Change>, String) {
        let (mut pages, mut changes) = (0, Vec::new());
        loop {
            let page = self.connector.changes("User", Some(&at)).unwrap();
            pages += 1;
            changes.extend(page.changes);
            match page.tail {
                ChangeTail::More(next) => at = next,
                ChangeTail::Current(next) => return (pages, changes, next),
            }
        }
    }

    fn is_as_described(&self) {
        assert_eq!(self.org.violations(), Vec::<String>::new());
    }
}

fn answer(org: &Emulated, sent: &Sent) -> Answer {
    let mut body = sent.body.as_deref().map(|body| String::from_utf8_lossy(body).into_owned()).unwrap_or_default();
    for secret in &sent.secrets {
        let quoted = json!(PASSWORD).to_string();
        body = body.replace(&secret.placeholder, &quoted[1..quoted.len() - 1]);
    }
    let body = if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap() };
    let (status, body) = org.ask(&sent.method.to_string(), &sent.path, &sent.query, body);
    if body.is_null() { Answer::new(status) } else { Answer::new(status).with_json(&body) }
}

fn user(number: usize) -> Edit {
    let value = json!({
        "Username": format!("p{number}@acme.example"), "FirstName": "Anna", "LastName": "O'Hara",
        "Email": format!("p{number}@acme.example"), "EmployeeNumber": number.to_string(),
    });
    Edit::Create(CreateEdit { attributes: attributes(value), active: Some(true) })
}

fn id(answer: &Result<Outcome, Error>) -> String {
    match answer {
        Ok(Outcome::Done(Some(object))) => object.id.clone(),
        other => panic!("nothing was made: {other:?}"),
    }
}

fn class_of(answer: &Result<Outcome, Error>) -> &ErrorClass {
    &answer.as_ref().expect_err("it must be refused").class
}

fn holding(user: &str, class: &str, entitlement: &str) -> EntitlementEdit {
    EntitlementEdit {
        id: user.into(),
        entitlement_class: class.into(),
        entitlement: entitlement.into(),
        parameters: Attributes::new(),
    }
}

fn replace(id: &str, attribute: &str, value: Value) -> Edit {
    let changes = vec![AttributeChange { attribute: attribute.to_owned(), action: AttributeAction::Replace(value) }];
    Edit::Update(UpdateEdit { id: id.to_owned(), version: None, changes })
}

fn set_active(id: &str, active: bool) -> Edit {
    Edit::SetActive(SetActiveEdit { id: id.to_owned(), version: None, active })
}

#[test]
fn of_two_hundred_records_those_that_are_refused_say_why_and_the_others_are_made() {
    let tenant = Tenant::usual();
    tenant.org.refuse_department("Closed");
    tenant.org.take_elsewhere("p7@acme.example");
    let mut edits: Vec<Edit> = (0..200).map(user).collect();
    let Edit::Create(closed) = &mut edits[3] else { panic!("it is a create") };
    closed.attributes.insert("Department".into(), "Closed".into());
    let Edit::Create(nowhere) = &mut edits[5] else { panic!("it is a create") };
    nowhere.attributes.insert("TimeZoneSidKey".into(), "Mars".into());
    let answers = tenant.apply("User", edits);
    let refused: Vec<usize> = (0..200).filter(|place| answers[*place].is_err()).collect();
    assert_eq!(refused, [3, 5, 7]);
    let at = |field: &str| ErrorClass::InvalidValue(Some(field.to_owned()));
    assert_eq!(class_of(&answers[3]), &at("Department"));
    assert_eq!(class_of(&answers[5]), &at("TimeZoneSidKey"));
    assert_eq!(class_of(&answers[7]), &ErrorClass::AlreadyExists(None), "nobody here has the name");
    assert_eq!(tenant.org.rows("User").iter().filter(|row| row["LastName"] == "O'Hara").count(), 197);
    tenant.is_as_described();
}

#[test]
fn a_frozen_log_in_is_an_account_that_cannot_be_used_and_is_thawed_when_enabled() {
    let tenant = Tenant::start(json!({"profile": "Standard User", "disable": "freeze"}));
    let user = tenant.users(1).remove(0);
    let frozen = |tenant: &Tenant| tenant.row("UserLogin", "UserId", &user)["IsFrozen"] == true;
    let answer = tenant.one("User", set_active(&user, false)).unwrap();
    assert!(matches!(answer, Outcome::Done(Some(object)) if object.active == Some(false)));
    assert!(frozen(&tenant));
    assert_eq!(tenant.row("User", "Id", &user)["IsActive"], true, "the licence stays used");
    assert!(matches!(tenant.one("User", set_active(&user, false)), Ok(Outcome::Unchanged(_))));
    let answer = tenant.one("User", set_active(&user, true)).unwrap();
    assert!(matches!(answer, Outcome::Done(Some(object)) if object.active == Some(true)));
    assert!(!frozen(&tenant));
    tenant.is_as_described();
}

#[test]
fn a_password_goes_from_its_slot_to_the_platform_and_its_policy_is_asked() {
    let tenant = Tenant::usual();
    let user = tenant.users(1).remove(0);
    let set = |must_change| Edit::SetPassword(SetPasswordEdit { id: user.clone(), slot: 0, must_change });
    assert_eq!(class_of(&tenant.one("User", set(true))), &ErrorClass::Unsupported);
    assert_eq!(tenant.org.password(&user), None);
    assert!(matches!(tenant.one("User", set(false)), Ok(Outcome::Done(_))));
    assert_eq!(tenant.org.password(&user).as_deref(), Some(PASSWORD));
    // The platform refuses one that was used before.
    assert_eq!(class_of(&tenant.one("User", set(false))), &ErrorClass::InvalidValue(None));
    let sent = tenant.stub.requests();
    let clear =
        |sent: &Sent| sent.body.as_deref().is_some_and(|body| String::from_utf8_lossy(body).contains("Secret-word"));
    assert!(!sent.iter().any(clear), "the connector never saw it");
}

#[test]
fn a_set_needs_its_licence_and_both_may_stand_in_one_batch_in_any_order() {
    let tenant = Tenant::usual();
    let user = tenant.users(1).remove(0);
    let set = tenant.id_of("PermissionSet", "Name", "Console_Set");
    let licence = tenant.id_of("PermissionSetLicense", "DeveloperName", "SalesConsoleUser");
    let alone = tenant.one("User", Edit::Grant(holding(&user, "PermissionSet", &set)));
    assert_eq!(class_of(&alone), &ErrorClass::InvalidValue(Some("PermissionSetId".into())));

    let give = |class: &str, entitlement: &str| Edit::Grant(holding(&user, class, entitlement));
    for grant in [give("PermissionSetLicense", &licence), give("PermissionSet", &set)] {
        assert!(matches!(tenant.one("User", grant.clone()), Ok(Outcome::Done(Some(_)))));
        assert!(matches!(tenant.one("User", grant), Ok(Outcome::Unchanged(_))));
    }
    let take = |class: &str, entitlement: &str| Edit::Revoke(holding(&user, class, entitlement));
    let needed = tenant.one("User", take("PermissionSetLicense", &licence));
    assert_eq!(class_of(&needed), &ErrorClass::InvalidValue(None), "a set needs it");
    for revoke in [take("PermissionSet", &set), take("PermissionSetLicense", &licence)] {
        assert!(matches!(tenant.one("User", revoke.clone()), Ok(Outcome::Done(Some(_)))));
        assert!(matches!(tenant.one("User", revoke), Ok(Outcome::Unchanged(_))));
    }
    tenant.is_as_described();
}

#[test]
fn groups_and_queues_are_told_apart_and_members_come_and_go() {
    let tenant = Tenant::usual();
    let user = tenant.users(1).remove(0);
    let made = |class: &str, name: &str| {
        let edit = CreateEdit { attributes: attributes(json!({"Name": name})), active: None };
        id(&tenant.one(class, Edit::Create(edit)))
    };
    let (group, queue) = (made("Group", "Night shift"), made("Queue", "Night calls"));
    let listed = |class: &str| -> Vec<String> {
        list_all(&tenant.connector, SearchRequest::all(class, 100))
            .unwrap()
            .into_iter()
            .map(|object| object.id)
            .collect()
    };
    assert!(listed("Group").contains(&group) && !listed("Group").contains(&queue));
    assert!(listed("Queue").contains(&queue) && !listed("Queue").contains(&group));
    for (class, entitlement, held_as) in [("Group", &group, "PublicGroups"), ("Queue", &queue, "Queues")] {
        let edit = holding(&user, class, entitlement);
        assert!(matches!(tenant.one("User", Edit::Grant(edit.clone())), Ok(Outcome::Done(_))));
        let held = tenant.connector.get("User", &user).unwrap().attributes;
        assert_eq!(held[held_as], json!([entitlement]));
        assert!(matches!(tenant.one("User", Edit::Revoke(edit)), Ok(Outcome::Done(_))));
        assert!(!tenant.connector.get("User", &user).unwrap().attributes.contains_key(held_as));
    }
    let taken = CreateEdit { attributes: attributes(json!({"Name": "Night shift"})), active: None };
    let taken = tenant.one("Group", Edit::Create(taken));
    assert_eq!(class_of(&taken), &ErrorClass::AlreadyExists(Some(group.clone())));
    let gone = || Edit::Delete(DeleteEdit { id: group.clone(), version: None });
    assert!(matches!(tenant.one("Group", gone()), Ok(Outcome::Done(_))));
    assert!(matches!(tenant.one("Group", gone()), Ok(Outcome::Unchanged(_))));
    tenant.is_as_described();
}

#[test]
fn a_user_has_exactly_one_profile_and_is_never_deleted() {
    let tenant = Tenant::usual();
    let user = tenant.users(1).remove(0);
    let other = tenant.id_of("Profile", "Name", "Minimum Access - Salesforce");
    let granted = tenant.one("User", Edit::Grant(holding(&user, "Profile", &other))).unwrap();
    let Outcome::Done(Some(object)) = granted else { panic!("it was not granted: {granted:?}") };
    assert_eq!(object.attributes["Profiles"], json!([other]), "the new one in place of the old");
    let taken = tenant.one("User", Edit::Revoke(holding(&user, "Profile", &other)));
    assert_eq!(class_of(&taken), &ErrorClass::Unsupported);
    let deleted = tenant.one("User", Edit::Delete(DeleteEdit { id: user.clone(), version: None }));
    assert_eq!(class_of(&deleted), &ErrorClass::Unsupported);
    assert_eq!(tenant.row("User", "Id", &user)["ProfileId"], json!(other));
}

#[test]
fn no_seat_left_is_a_quota_also_when_somebody_comes_back() {
    let tenant = Tenant::usual();
    let users = tenant.users(1);
    assert!(tenant.one("User", set_active(&users[0], false)).is_ok());
    tenant.org.seats(0);
    let back = tenant.one("User", set_active(&users[0], true));
    let new = tenant.one("User", user(9));
    for refused in [back, new] {
        assert_eq!(class_of(&refused), &ErrorClass::QuotaOrLicenceExhausted);
    }
}

#[test]
fn the_requests_of_a_day_are_a_quota_and_a_locked_row_is_waited_for() {
    let tenant = Tenant::usual();
    let users = tenant.users(2);
    tenant.org.lock_rows(1);
    let locked = tenant.apply("User", users.iter().map(|id| replace(id, "Title", json!("Head"))).collect());
    let waits = matches!(class_of(&locked[0]), ErrorClass::RateLimited { scope: ThrottleScope::Object, .. });
    assert!(waits && locked[1].is_ok(), "only the row that is locked: {locked:?}");
    tenant.org.allow_requests(0);
    assert_eq!(class_of(&tenant.one("User", user(7))), &ErrorClass::QuotaOrLicenceExhausted);
    let listed = tenant.connector.search(&SearchRequest::all("User", 10)).unwrap_err();
    assert_eq!(listed.class, ErrorClass::QuotaOrLicenceExhausted);
}

#[test]
fn a_query_is_followed_to_its_end_and_a_locator_that_is_gone_cuts_nothing_short() {
    let tenant = Tenant::usual();
    tenant.users(12);
    tenant.org.page_by(3);
    let listed = list_all(&tenant.connector, SearchRequest::all("User", 5)).unwrap();
    assert_eq!(listed.iter().filter(|object| object.attributes["LastName"] == "O'Hara").count(), 12);
    tenant.forgets.set(true);
    let error = tenant.connector.search(&SearchRequest::all("User", 5)).unwrap_err();
    assert_eq!(error.class, ErrorClass::CursorExpired);
}

#[test]
fn the_feed_shows_who_was_made_changed_or_given_something() {
    let tenant = Tenant::usual();
    let ChangeTail::Current(cursor) = tenant.connector.changes("User", None).unwrap().tail else {
        panic!("the feed begins at now")
    };
    let users = tenant.users(450);
    let set = tenant.id_of("PermissionSet", "Name", "Everyone_Set");
    tenant.one("User", Edit::Grant(holding(&users[3], "PermissionSet", &set))).unwrap();
    tenant.org.change("User", &users[0], "Title", "Changed by hand");
    let (pages, changes, current) = tenant.follow(cursor);
    let present: Vec<&Object> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Present(object) => Some(object),
            _ => None,
        })
        .collect();
    assert!(pages > 1);
    for id in &users {
        assert_eq!(present.iter().filter(|object| object.id == *id).count(), 1, "{id}");
    }
    assert!(changes.contains(&Change::Touched(users[3].clone())));
    let changed = present.iter().find(|object| object.id == users[0]).unwrap();
    assert_eq!(changed.attributes["Title"], "Changed by hand");

    // What may have been committed late is read once more, and then nothing comes again.
    tenant.stub.advance_ms(30 * 60 * 1000);
    let (_, again, later) = tenant.follow(current);
    assert_eq!(again.len(), changes.len());
    assert_eq!(tenant.follow(later).1, []);
    assert_eq!(tenant.connector.changes("Profile", None).unwrap_err().class, ErrorClass::Unsupported);
    tenant.is_as_described();
}

#[test]
fn check_names_each_missing_permission_as_setup_does_and_few_requests() {
    let words = [
        ("PermissionsApiEnabled", "API Enabled"),
        ("PermissionsViewSetup", "View Setup and Configuration"),
        ("PermissionsManageUsers", "Manage Users"),
        ("PermissionsAssignPermissionSets", "Assign Permission Sets"),
        ("PermissionsResetPasswords", "Reset User Passwords and Unlock Users"),
        ("PermissionsFreezeUsers", "Freeze Users"),
    ];
    for (field, name) in words {
        let tenant = Tenant::usual();
        assert_eq!(tenant.connector.check(CheckLevel::Permissions), []);
        tenant.org.take_permission(field);
        let findings = tenant.connector.check(CheckLevel::Permissions);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!((findings[0].severity, findings[0].code.as_str()), (Severity::Error, "missing-permission"));
        assert!(findings[0].message.contains(&format!("`{name}`")), "{findings:?}");
    }
    let tenant = Tenant::start(json!({"profile": "Nobody's"}));
    tenant.org.allow_requests(100);
    let codes: Vec<String> =
        tenant.connector.check(CheckLevel::Permissions).into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["few-requests", "no-profile"]);
}
