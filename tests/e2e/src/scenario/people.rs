//! The people of the story, as HR knows them.

use super::Seen;
use crate::home::Home;
use std::collections::BTreeSet;

/// A person as HR knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Never changes.
    pub number: String,
    /// The name to sign in with.
    pub login: String,
    /// The given name.
    pub given: String,
    /// The family name.
    pub family: String,
    /// The e-mail address.
    pub email: String,
    /// The title.
    pub title: String,
    /// Who is in `Engineering` is in the group `engineers`.
    pub department: String,
    /// The number of the manager; empty where there is none.
    pub manager: String,
    /// Whether they work here.
    pub employed: bool,
}

/// The company: its people and the home in which they are provisioned.
pub struct Company {
    /// The home.
    pub home: Home,
    /// Whom HR knows.
    pub people: Vec<Person>,
}

const SOURCE: &str = r#"
[source.hr]
connector = "flatfile"
class = "person"
lifecycle = "record.status == 'left' ? 'departed' : 'active'"
guard = { share = 100, count = 100_000 }

[source.hr.config.classes.person]
kind = "other"
file = "people.csv"
key = "number"
columns = ["number", "login", "given", "family", "email", "title", "department", "manager", "status"]

[source.hr.directory.data]
path = "../hr"
access = "read"
"#;

/// Roles that give everybody an account in these targets.
fn roles(targets: &[&str]) -> String {
    let mut roles = String::new();
    for (role, rule, entitlement) in
        [("employee", "true", "everyone"), ("engineer", "identity.department == 'Engineering'", "engineers")]
    {
        roles += &format!("[role.{role}]\nrule = \"{rule}\"\n");
        for target in targets {
            roles += &format!("[[role.{role}.grant]]\ntarget = \"{target}\"\nentitlements = [\"{entitlement}\"]\n");
        }
    }
    roles
}

/// Those who lead others; they join first.
const MANAGERS: usize = 10;

impl Person {
    /// The person at this place of the list, from 1 on: every second one is an engineer, and the first ten lead the others.
    pub fn at(place: usize) -> Self {
        Self {
            number: format!("E{place:04}"),
            login: format!("person{place:04}"),
            given: ["Björn", "Anna", "Chloé", "Zoë"][place % 4].to_owned(),
            family: format!("Füßli-{place}"),
            email: format!("person{place:04}@corp.example.test"),
            title: "Clerk".to_owned(),
            department: if place.is_multiple_of(2) { "Engineering" } else { "Sales" }.to_owned(),
            manager: if place > MANAGERS { format!("E{:04}", place % MANAGERS + 1) } else { String::new() },
            employed: true,
        }
    }

    /// The account that the person must have.
    pub fn account(&self, id: &str, managers: bool) -> Seen {
        let engineer = self.employed && self.department == "Engineering";
        let groups = [("everyone", self.employed), ("engineers", engineer)];
        Seen {
            id: id.to_owned(),
            login: self.login.clone(),
            given: self.given.clone(),
            family: self.family.clone(),
            email: self.email.clone(),
            title: self.title.clone(),
            department: self.department.clone(),
            manager: Some(self.manager.clone()).filter(|manager| managers && !manager.is_empty()),
            active: self.employed,
            groups: groups.into_iter().filter(|(_, is)| *is).map(|(name, _)| name.to_owned()).collect::<BTreeSet<_>>(),
        }
    }
}

impl Company {
    /// A company with so many people and a target `app` that this connector reaches. Nothing is imported yet.
    pub fn found(people: usize, connector: &str, target: &str) -> Self {
        Self::found_with(people, &[("app", connector, target)])
    }

    /// A company with so many people and several targets: their names, connectors, and declarations under the name `app`.
    pub fn found_with(people: usize, targets: &[(&str, &str, &str)]) -> Self {
        let home = Home::new();
        home.drop_in("flatfile");
        home.declare("hr", SOURCE);
        home.declare("roles", &roles(&targets.iter().map(|(name, ..)| *name).collect::<Vec<_>>()));
        for (name, connector, declaration) in targets {
            home.drop_in(connector);
            home.declare(name, &declaration.replace("target.app", &format!("target.{name}")));
        }
        Self { home, people: (1..=people).map(Person::at).collect() }
    }

    /// Writes the HR export.
    pub fn export(&self) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let head = ["number", "login", "given", "family", "email", "title", "department", "manager", "status"];
        writer.write_record(head).expect("memory takes every row");
        for person in &self.people {
            let status = if person.employed { "employed" } else { "left" };
            let row: [&str; 9] = [
                &person.number,
                &person.login,
                &person.given,
                &person.family,
                &person.email,
                &person.title,
                &person.department,
                &person.manager,
                status,
            ];
            writer.write_record(row).expect("memory takes every row");
        }
        self.home.write("hr/people.csv", writer.into_inner().expect("memory takes every row"));
    }
}
