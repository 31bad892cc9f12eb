//! Salesforce as a target of the story.

use crate::home::Home;
use crate::scenario::{Peer, Person, Seen};
use purser_peers::salesforce::Salesforce;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const TARGET: &str = r#"
[target.app]
connector = "salesforce"
class = "User"
unlinked = "adopt"
retry = { base = "20ms", cap = "1s" }
guard = { share = 100, count = 100_000, revoke = { share = 100, count = 100_000 } }

[target.app.endpoint.salesforce]
url = "URL"
bearer = { file = "../session" }

[target.app.config]
profile = "Standard User"

[[target.app.correlation]]
attribute = "EmployeeNumber"
value = "identity.number"

[target.app.mapping]
Username = { value = "identity.login + '@acme.example'", strength = "strong" }
EmployeeNumber = { value = "identity.number", strength = "strong" }
FirstName = { value = "identity.given", strength = "strong" }
LastName = { value = "identity.family", strength = "strong" }
Email = { value = "identity.email", strength = "strong" }
Title = { value = "identity.title", strength = "strong" }
Department = { value = "identity.department", strength = "strong" }
ManagerId = { value = "identity.manager", refers_by = "id", strength = "strong" }

[target.app.entitlement]
everyone = { class = "Group", attribute = "Name", value = "everyone", create = true }
engineers = { class = "Group", attribute = "Name", value = "engineers", create = true }
"#;

/// An organisation with a session that stays.
pub struct Org {
    /// The emulated organisation.
    pub salesforce: Salesforce,
    session: String,
}

impl Org {
    /// Starts one.
    pub fn start() -> Self {
        let salesforce = Salesforce::start();
        let session = salesforce.session();
        Self { salesforce, session }
    }

    /// The users that have an employee number.
    pub fn people(&self) -> Vec<Value> {
        let users = self.salesforce.rows("User").into_iter();
        users.filter(|user| user["EmployeeNumber"].is_string()).collect()
    }

    /// The names of the groups that a user is in.
    pub fn groups_of(&self, user: &str) -> BTreeSet<String> {
        let members = self.salesforce.rows("GroupMember").into_iter().filter(|member| member["UserOrGroupId"] == user);
        let names = members.filter_map(|member| {
            let group = self.salesforce.find("Group", "Id", member["GroupId"].as_str()?)?;
            Some(text(&group["Name"]))
        });
        names.collect()
    }
}

impl Peer for Org {
    fn connector(&self) -> &'static str {
        "salesforce"
    }

    fn put_secrets(&self, home: &Home) {
        home.write("session", &self.session);
    }

    fn declaration(&self) -> String {
        TARGET.replace("URL", &self.salesforce.url())
    }

    fn has_managers(&self) -> bool {
        true
    }

    fn disturb(&self, throttled: f64, lost: f64) {
        self.salesforce.faults().disturb(throttled, lost);
    }

    fn accounts(&self) -> BTreeMap<String, Seen> {
        assert_eq!(self.salesforce.violations(), Vec::<String>::new(), "everything fits the vendor's description");
        let people = self.people();
        let numbers: BTreeMap<String, String> =
            people.iter().map(|user| (text(&user["Id"]), text(&user["EmployeeNumber"]))).collect();
        let seen = |user: &Value| Seen {
            id: text(&user["Id"]),
            login: text(&user["Username"]).trim_end_matches("@acme.example").to_owned(),
            given: text(&user["FirstName"]),
            family: text(&user["LastName"]),
            email: text(&user["Email"]),
            title: text(&user["Title"]),
            department: text(&user["Department"]),
            manager: numbers.get(&text(&user["ManagerId"])).cloned(),
            active: user["IsActive"] == true,
            groups: self.groups_of(&text(&user["Id"])),
        };
        people.iter().map(|user| (text(&user["EmployeeNumber"]), seen(user))).collect()
    }

    fn make_by_hand(&self, person: &Person) {
        let made = json!({"Username": format!("{}@acme.example", person.login), "LastName": "Old",
            "EmployeeNumber": person.number, "Email": "old@acme.example"});
        self.salesforce.make_user(&made);
    }

    fn change_family_by_hand(&self, number: &str, family: &str) {
        let user =
            self.salesforce.find("User", "EmployeeNumber", number).unwrap_or_else(|| panic!("{number} is not there"));
        self.salesforce.change("User", &text(&user["Id"]), "LastName", family);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
