//! Salesforce: what the story of all targets does not tell. Judged by the organisation itself.

use purser_e2e::home::Home;
use purser_e2e::salesforce_peer::Org;
use purser_e2e::scenario::Peer;
use purser_e2e::secrecy::set;
use purser_peers::google::token::PRIVATE_KEY;
use purser_peers::salesforce::{CONSUMER_KEY, INTEGRATION_USER, Salesforce};
use serde_json::{Value, json};

const PEOPLE: &str = "number,login,given,family,title,email,department,manager,status\n\
    1,anna,Anna,Ek,Clerk,anna@example.org,Sales,,employed\n\
    2,ben,Ben,O'Hara,Clerk,ben@example.org,Engineering,1,employed\n";

const SOURCE: &str = r#"
[source.hr]
connector = "flatfile"
class = "person"
lifecycle = "record.status == 'left' ? 'departed' : 'active'"

[source.hr.config.classes.person]
kind = "other"
file = "people.csv"
key = "number"
columns = ["number", "login", "given", "family", "title", "email", "department", "manager", "status"]

[source.hr.directory.data]
path = "../hr"
access = "read"
"#;

const ROLES: &str = r#"
[role.employee]
rule = "true"
[[role.employee.grant]]
target = "app"
entitlements = ["everyone"]

[role.engineer]
rule = "identity.department == 'Engineering'"
[[role.engineer.grant]]
target = "app"
entitlements = ["console", "queue", "bundle", "boss"]
"#;

const ENTITLEMENTS: &str = r#"
console = { class = "PermissionSet", attribute = "Name", value = "Console_Set", needs = ["licence"] }
licence = { class = "PermissionSetLicense", attribute = "DeveloperName", value = "SalesConsoleUser" }
queue = { class = "Queue", attribute = "DeveloperName", value = "Support_Queue" }
bundle = { class = "PermissionSetGroup", attribute = "DeveloperName", value = "Sales_Bundle" }
boss = { class = "UserRole", attribute = "DeveloperName", value = "CEO" }
"#;

/// A home with two people, of whom the second is an engineer.
fn home(org: &Org, change: impl FnOnce(String) -> String) -> Home {
    let home = Home::new();
    home.drop_in("flatfile");
    home.drop_in("salesforce");
    org.put_secrets(&home);
    home.declare("hr", SOURCE);
    home.declare("roles", ROLES);
    home.declare("app", &change(org.declaration() + ENTITLEMENTS));
    home.write("hr/people.csv", PEOPLE);
    home
}

/// The target is read first: what it has to give is known only then.
fn provision(home: &Home) -> Value {
    home.purser(&["import", "hr"]).done();
    home.purser(&["reconcile", "app"]).done();
    home.purser(&["apply"]).done()
}

fn user(salesforce: &Salesforce, number: &str) -> Value {
    salesforce.find("User", "EmployeeNumber", number).unwrap_or_else(|| panic!("{number} has no user"))
}

/// What of everything that rows give a user holds: permission sets and groups of them, licences, groups and queues.
fn held(salesforce: &Salesforce, user: &Value) -> [usize; 3] {
    let of = |object: &str, field: &str| salesforce.rows(object).iter().filter(|row| row[field] == user["Id"]).count();
    [
        of("PermissionSetAssignment", "AssigneeId"),
        of("PermissionSetLicenseAssign", "AssigneeId"),
        of("GroupMember", "UserOrGroupId"),
    ]
}

#[test]
fn everything_that_a_user_can_hold_is_given_and_taken_in_its_order() {
    let org = Org::start();
    let home = home(&org, |declared| declared);
    provision(&home);
    let (anna, ben) = (user(&org.salesforce, "1"), user(&org.salesforce, "2"));
    // Each also holds the hidden set of the profile.
    assert_eq!((held(&org.salesforce, &anna), held(&org.salesforce, &ben)), ([1, 0, 1], [3, 1, 2]));
    let boss = org.salesforce.find("UserRole", "Name", "CEO").expect("the role is there");
    assert_eq!((&ben["UserRoleId"], &ben["ManagerId"]), (&boss["Id"], &anna["Id"]));
    home.assert_in_step();

    home.write("hr/people.csv", PEOPLE.replace("Engineering,1,employed", "Engineering,1,left"));
    provision(&home);
    let ben = user(&org.salesforce, "2");
    assert_eq!((&ben["IsActive"], held(&org.salesforce, &ben)), (&json!(false), [1, 0, 0]), "nothing is left");
    home.purser(&["reconcile", "app"]).done();
    home.assert_in_step();
    assert_eq!(org.salesforce.violations(), Vec::<String>::new());
}

#[test]
fn a_user_that_cannot_be_deactivated_is_frozen_and_a_person_is_told() {
    let org = Org::start();
    let home = home(&org, |declared| declared);
    provision(&home);
    let ben = user(&org.salesforce, "2");
    let id = ben["Id"].as_str().expect("a user has an id");
    org.salesforce.need(id);
    home.write("hr/people.csv", PEOPLE.replace("Engineering,1,employed", "Engineering,1,left"));
    home.purser(&["import", "hr"]).done();
    home.purser(&["apply"]);
    let login = org.salesforce.find("UserLogin", "UserId", id).expect("a user has a log-in");
    assert_eq!((&user(&org.salesforce, "2")["IsActive"], &login["IsFrozen"]), (&json!(true), &json!(true)));
}

#[test]
fn a_name_of_another_organisation_is_refused_and_nothing_else_is() {
    let org = Org::start();
    org.salesforce.take_elsewhere("anna@acme.example");
    let home = home(&org, |declared| declared);
    home.purser(&["import", "hr"]).done();
    home.purser(&["reconcile", "app"]);
    let applied = home.purser(&["apply"]);
    assert!(org.salesforce.find("User", "EmployeeNumber", "2").is_some(), "{applied:?}");
    assert!(org.salesforce.find("User", "EmployeeNumber", "1").is_none());
}

#[test]
fn check_names_the_permission_that_is_missing() {
    let org = Org::start();
    let home = home(&org, |declared| declared);
    home.purser(&["check"]).done();
    org.salesforce.take_permission("PermissionsAssignPermissionSets");
    let finding = home.purser(&["check"]).ended_with(1).to_string();
    assert!(finding.contains("Assign Permission Sets") && finding.contains("missing-permission"), "{finding}");
}

#[test]
fn sessions_come_by_refresh_token_and_are_renewed() {
    let org = Org::start();
    org.salesforce.trust(None, Some("refresh-of-the-tests"), None);
    let oauth2 = format!(
        "oauth2 = {{ token_url = \"{}/services/oauth2/token\", client_id = \"{CONSUMER_KEY}\", refresh_token = {{ secret = \
         \"sf\" }} }}",
        org.salesforce.login_url()
    );
    let home = home(&org, |declared| declared.replace("bearer = { file = \"../session\" }", &oauth2));
    assert_eq!(set(&home, "sf", "refresh-of-the-tests").0, 0);
    provision(&home);
    let (before, _) = org.salesforce.tokens();
    org.salesforce.end_sessions_after(2);
    home.purser(&["reconcile", "app"]).done();
    assert_eq!(org.salesforce.tokens(), (before + 2, 0), "one for the run, and one renewal");
    home.assert_in_step();
    assert_eq!(org.people().len(), 2);
}

/// Declares that the token comes where everybody logs in, and that the answer says where the organisation is.
fn by_assertion(org: &Org, key: &str, granted: &str) -> impl Fn(String) -> String {
    let login = org.salesforce.login_url();
    let oauth2 = format!(
        "also = [\"{granted}\"]\noauth2 = {{ token_url = \"{login}/services/oauth2/token\", base_from_token = \
         \"instance_url\", jwt_bearer = {{ issuer = \"{CONSUMER_KEY}\", subject = \"{INTEGRATION_USER}\", audience = \
         \"https://login.salesforce.com\", key = {{ file = \"../{key}\" }} }} }}"
    );
    let url = org.salesforce.url();
    move |declared| {
        let declared = declared.replace("bearer = { file = \"../session\" }", &oauth2);
        declared.replace(&format!("url = \"{url}\""), &format!("url = \"{login}\""))
    }
}

#[test]
fn an_assertion_is_shown_where_everybody_logs_in_and_requests_go_where_the_answer_says() {
    let org = Org::start();
    org.salesforce.trust_signer(PRIVATE_KEY);
    let home = home(&org, by_assertion(&org, "key.pem", &org.salesforce.url()));
    home.write("key.pem", PRIVATE_KEY);
    provision(&home);
    home.assert_in_step();
    assert_eq!(org.people().len(), 2);
    assert!(org.salesforce.tokens().0 > 0);
    assert_eq!(org.salesforce.violations(), Vec::<String>::new());
}

#[test]
fn an_organisation_outside_the_grant_gets_nothing_and_a_key_that_is_not_known_no_token() {
    let org = Org::start();
    org.salesforce.trust_signer(PRIVATE_KEY);
    let elsewhere = home(&org, by_assertion(&org, "key.pem", "https://*.my.salesforce.com"));
    elsewhere.write("key.pem", PRIVATE_KEY);
    elsewhere.purser(&["check"]).ended_with(1);
    elsewhere.purser(&["import", "hr"]).done();
    elsewhere.purser(&["apply"]);
    assert_eq!(org.people(), Vec::<Value>::new(), "no token went there");

    org.salesforce.trust(None, None, None);
    let unknown = home(&org, by_assertion(&org, "key.pem", &org.salesforce.url()));
    unknown.write("key.pem", PRIVATE_KEY);
    let said = unknown.purser(&["check"]).ended_with(1).to_string();
    assert!(said.contains("invalid_client_id"), "{said}");
    assert!(org.salesforce.tokens().1 > 0);
}

#[test]
fn the_declaration_of_the_readme_reads() {
    let readme = include_str!("../../../plugins/salesforce/README.md");
    let declared = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("it shows one");
    let org = Org::start();
    let home = home(&org, |_| declared.to_owned());
    home.declare("roles", "");
    home.purser(&["import", "hr"]).done();
    home.purser(&["plan"]).ended_with(0);
}
