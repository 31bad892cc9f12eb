//! A company with an HR export and one application that speaks SCIM.

use crate::home::Home;
use crate::scim_server::{TOKEN, Tenant};
use serde_json::Value;

/// The person with this number, as HR knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Never changes.
    pub number: String,
    /// The name to log in with.
    pub login: String,
    /// The given name.
    pub given: String,
    /// The family name.
    pub family: String,
    /// The title, which the application's own people may change.
    pub title: String,
    /// Where mail goes.
    pub email: String,
    /// Who is in `Engineering` is in the group `Engineers`.
    pub department: String,
    /// `employed`, `on leave` or `left`.
    pub status: String,
}

/// A home whose people are in `hr/people.csv` and whose target `app` is a SCIM server.
pub struct ScimCompany {
    /// The home.
    pub home: Home,
    /// Whom HR knows; [`ScimCompany::export`] writes them down.
    pub people: Vec<Person>,
}

/// What the target does; the lines that tests differ in.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Reaction to an account that nobody linked: `show` or `adopt`.
    pub unlinked: &'static str,
    /// Reaction to a leaver: `keep`, `disable` or `delete`.
    pub leaving: &'static str,
}

/// Nobody's account is taken over, and leavers are disabled: the defaults.
pub const CAREFUL: Policy = Policy { unlinked: "show", leaving: "disable" };

const SOURCE: &str = r#"
[source.hr]
connector = "flatfile"
class = "person"
lifecycle = "record.status == 'left' ? 'departed' : record.status == 'on leave' ? 'suspended' : 'active'"

[source.hr.config.classes.person]
kind = "other"
file = "people.csv"
key = "number"
columns = ["number", "login", "given", "family", "title", "email", "department", "status"]

[source.hr.directory.data]
path = "../hr"
access = "read"
"#;

const TARGET: &str = r#"
[target.app]
connector = "scim"
class = "User"
unlinked = "UNLINKED"
leaving = "LEAVING"
# A test turns a company over in a minute.
guard = { share = 100, count = 100_000, revoke = { share = 100, count = 100_000 } }

[target.app.endpoint.scim]
url = "URL"
bearer = { file = "../token" }
timeout = "10s"

[[target.app.correlation]]
attribute = "userName"
value = "identity.login"

[target.app.mapping]
userName = { value = "identity.login", strength = "strong" }
externalId = { value = "identity.number", strength = "strong" }
"name.givenName" = { value = "identity.given", strength = "strong" }
"name.familyName" = { value = "identity.family", strength = "strong" }
title = "identity.title"
emails = { value = "[{'value': identity.email, 'type': 'work'}]", strength = "strong" }

[target.app.entitlement]
everyone = { class = "Group", attribute = "displayName", value = "Everyone", create = true }
engineers = { class = "Group", attribute = "displayName", value = "Engineers", create = true }
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
entitlements = ["engineers"]
"#;

impl ScimCompany {
    /// A company with so many people and the application at this URL. Nothing is imported yet.
    pub fn found(people: u32, url: &str, policy: Policy) -> Self {
        let home = Home::new();
        home.drop_in("flatfile");
        home.drop_in("scim");
        home.write("token", TOKEN);
        home.declare("hr", SOURCE);
        home.declare("roles", ROLES);
        let company = Self { home, people: (1..=people).map(person).collect() };
        company.declare_target(url, policy);
        company.export();
        company
    }

    /// Declares the target anew.
    pub fn declare_target(&self, url: &str, policy: Policy) {
        let target = TARGET.replace("URL", url).replace("UNLINKED", policy.unlinked).replace("LEAVING", policy.leaving);
        self.home.declare("app", &target);
    }

    /// Writes the HR export.
    pub fn export(&self) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer
            .write_record(["number", "login", "given", "family", "title", "email", "department", "status"])
            .expect("memory takes every row");
        for person in &self.people {
            let Person { number, login, given, family, title, email, department, status } = person;
            writer
                .write_record([number, login, given, family, title, email, department, status])
                .expect("memory takes every row");
        }
        self.home.write("hr/people.csv", writer.into_inner().expect("memory takes every row"));
    }

    /// Changes a person in HR and writes the export.
    pub fn change(&mut self, place: usize, change: impl FnOnce(&mut Person)) {
        change(&mut self.people[place]);
        self.export();
    }

    /// Reads the export and provisions what changed; the answer of `apply`.
    #[track_caller]
    pub fn import_and_apply(&self) -> Value {
        self.home.purser(&["import", "hr"]).done();
        self.home.purser(&["apply"]).done()
    }

    /// Holds the application against HR: every person has exactly one account there with the right attributes and groups,
    /// enabled for those who are employed, and nobody else has one.
    #[track_caller]
    pub fn assert_mirrored_in(&self, tenant: &Tenant) {
        let users = tenant.users_by_number();
        let expected: Vec<&String> = self.people.iter().map(|person| &person.number).collect();
        assert_eq!(users.keys().collect::<Vec<_>>(), expected, "one account for each person");
        for person in &self.people {
            assert_eq!(shown(&users[&person.number]), wanted(person), "the account of {}", person.number);
        }
        let employed = || self.people.iter().filter(|person| person.status != "left");
        let everyone: Vec<&str> = employed().map(|person| person.login.as_str()).collect();
        assert_eq!(tenant.members("Everyone"), everyone, "the members of Everyone");
        let engineers = employed().filter(|person| person.department == "Engineering");
        let engineers: Vec<&str> = engineers.map(|person| person.login.as_str()).collect();
        assert_eq!(tenant.members("Engineers"), engineers, "the members of Engineers");
        assert_eq!(tenant.groups().len(), 2, "the two groups, each made once");
    }
}

/// The person with this place in the company, as they join: every second one is an engineer.
pub fn person(place: u32) -> Person {
    Person {
        number: format!("E{place:04}"),
        login: format!("person{place:04}"),
        given: format!("Given{place}"),
        family: format!("Füßli-{place}"),
        title: "Clerk".to_owned(),
        email: format!("person{place}@example.org"),
        department: if place.is_multiple_of(2) { "Engineering" } else { "Sales" }.to_owned(),
        status: "employed".to_owned(),
    }
}

/// What of an account is compared: `[userName, givenName, familyName, title, e-mail addresses, active]`.
fn shown(user: &Value) -> Value {
    let emails: Vec<&Value> = user["emails"].as_array().into_iter().flatten().map(|email| &email["value"]).collect();
    let name = &user["name"];
    serde_json::json!([user["userName"], name["givenName"], name["familyName"], user["title"], emails, user["active"]])
}

fn wanted(person: &Person) -> Value {
    let active = person.status == "employed";
    serde_json::json!([person.login, person.given, person.family, person.title, [person.email], active])
}
