//! A company: its HR export, and two applications that keep their accounts in files, a directory (CSV) and a customer
//! database (JSON Lines).

use crate::home::Home;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What HR knows of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Employee number, never changed and never given again.
    pub number: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// E-mail address.
    pub email: String,
    /// Department.
    pub department: String,
    /// Whether the person works here.
    pub employed: bool,
}

/// What the declarations say where tests differ.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// `leaving` of both targets.
    pub leaving: &'static str,
    /// `unlinked` of both targets.
    pub unlinked: &'static str,
    /// The strength of all mappings but the key's.
    pub strength: &'static str,
}

impl Default for Policy {
    fn default() -> Self {
        Self { leaving: "disable", unlinked: "show", strength: "strong" }
    }
}

/// An account of the directory, by column.
pub type DirectoryAccount = BTreeMap<String, String>;

/// The people of a company by employee number.
#[derive(Debug, Clone, Default)]
pub struct People(pub BTreeMap<String, Person>);

const DEPARTMENTS: [&str; 5] = ["Engineering", "Sales", "Finance", "Support", "People"];

impl Person {
    /// The person at this place of the list; the departments take turns, beginning with Engineering.
    pub fn at(place: usize) -> Self {
        let number = format!("E{place:05}");
        Self {
            email: format!("{}@example.org", number.to_lowercase()),
            number,
            given_name: ["Björn", "Anna", "Chloé", "Zoë"][place % 4].to_owned(),
            family_name: format!("Černý-{place}, \"C\""),
            department: DEPARTMENTS[place % DEPARTMENTS.len()].to_owned(),
            employed: true,
        }
    }

    fn row(&self) -> [&str; 6] {
        let status = if self.employed { "employed" } else { "left" };
        [&self.number, &self.given_name, &self.family_name, &self.email, &self.department, status]
    }

    /// The account that the person must have in the directory.
    pub fn directory_account(&self) -> DirectoryAccount {
        let name = format!("{} {}", self.given_name, self.family_name);
        let groups = match (self.employed, self.department.as_str()) {
            (false, _) => "",
            (true, "Engineering") => "engineers;everyone",
            (true, _) => "everyone",
        };
        let columns = [
            ("employeeNumber", self.number.as_str()),
            ("name", &name),
            ("mail", &self.email),
            ("department", &self.department),
            ("active", if self.employed { "true" } else { "false" }),
            ("groups", groups),
        ];
        columns.into_iter().map(|(column, value)| (column.to_owned(), value.to_owned())).collect()
    }

    /// The user that the person must be in the customer database.
    pub fn crm_user(&self) -> Value {
        let permissions = match (self.employed, self.department.as_str()) {
            (false, _) => json!([]),
            (true, "Sales") => json!(["read-customers", "write-customers"]),
            (true, _) => json!(["read-customers"]),
        };
        json!({
            "id": self.number,
            "name": {"given": self.given_name, "family": self.family_name},
            "email": self.email,
            "enabled": self.employed,
            "permissions": permissions,
        })
    }
}

impl People {
    /// So many people, all employed.
    pub fn employed(count: usize) -> Self {
        Self((0..count).map(Person::at).map(|person| (person.number.clone(), person)).collect())
    }

    /// The person at this place, to be changed.
    pub fn at(&mut self, place: usize) -> &mut Person {
        self.0.values_mut().nth(place).expect("so many people are there")
    }

    /// Writes the HR export.
    pub fn export(&self, home: &Home) {
        home.write("hr/people.csv", self.csv());
    }

    /// The HR export.
    pub fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let head = ["employeeNumber", "givenName", "familyName", "email", "department", "status"];
        let rows = self.0.values().map(Person::row);
        std::iter::once(head).chain(rows).for_each(|row| writer.write_record(row).expect("memory can be written"));
        writer.into_inner().expect("memory can be written")
    }

    /// Demands that both applications hold exactly what they must: every person's account once with these attributes,
    /// and nothing else.
    #[track_caller]
    pub fn assert_provisioned(&self, home: &Home) {
        assert_same("directory", &directory(home), &self.directory_accounts());
        assert_same("customer database", &crm(home), &self.crm_users());
    }

    /// Whether both applications hold exactly what they must.
    pub fn are_provisioned(&self, home: &Home) -> bool {
        directory(home) == self.directory_accounts() && crm(home) == self.crm_users()
    }

    fn directory_accounts(&self) -> BTreeMap<String, DirectoryAccount> {
        self.0.values().map(|person| (person.number.clone(), person.directory_account())).collect()
    }

    fn crm_users(&self) -> BTreeMap<String, Value> {
        self.0.values().map(|person| (person.number.clone(), person.crm_user())).collect()
    }
}

#[track_caller]
fn assert_same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &BTreeMap<String, T>,
    expected: &BTreeMap<String, T>,
) {
    for (key, account) in expected {
        assert_eq!(found.get(key), Some(account), "{key} in the {what}");
    }
    let surplus: Vec<_> = found.keys().filter(|key| !expected.contains_key(*key)).collect();
    assert!(surplus.is_empty(), "the {what} must not hold {surplus:?}");
}

/// The directory's accounts, as its own file has them; the groups in order.
///
/// # Panics
/// An account is there twice.
#[track_caller]
pub fn directory(home: &Home) -> BTreeMap<String, DirectoryAccount> {
    let text = home.read("apps/directory/accounts.csv");
    let mut accounts = BTreeMap::new();
    for row in csv::Reader::from_reader(text.as_bytes()).into_deserialize() {
        let mut row: DirectoryAccount = row.expect("the directory's file is CSV");
        let mut groups: Vec<_> = row["groups"].split(';').collect();
        groups.sort_unstable();
        let groups = groups.join(";");
        row.insert("groups".to_owned(), groups);
        let number = row["employeeNumber"].clone();
        assert!(accounts.insert(number.clone(), row).is_none(), "{number} is twice in the directory");
    }
    accounts
}

/// The customer database's users, as its own file has them; the permissions in order.
///
/// # Panics
/// A user is there twice.
#[track_caller]
pub fn crm(home: &Home) -> BTreeMap<String, Value> {
    let mut users = BTreeMap::new();
    for line in home.read("apps/crm/users.jsonl").lines() {
        let mut user: Value = serde_json::from_str(line).expect("a line of the customer database is JSON");
        let mut permissions = user["permissions"].as_array().cloned().unwrap_or_default();
        permissions.sort_by_key(ToString::to_string);
        user["permissions"] = permissions.into();
        let number = user["id"].as_str().expect("a user has an id").to_owned();
        assert!(users.insert(number.clone(), user).is_none(), "{number} is twice in the customer database");
    }
    users
}

/// Changes one cell of the directory's file, as an administrator with an editor would.
pub fn edit_directory(home: &Home, number: &str, column: &str, value: &str) {
    let text = home.read("apps/directory/accounts.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().expect("the directory's file has a header").clone();
    let place = head.iter().position(|name| name == column).expect("the directory has this column");
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&head).expect("memory can be written");
    for row in reader.records().map(|row| row.expect("the directory's file is CSV")) {
        let cells = row.iter().enumerate().map(|(index, cell)| match index == place && &row[0] == number {
            true => value,
            false => cell,
        });
        writer.write_record(cells).expect("memory can be written");
    }
    home.write("apps/directory/accounts.csv", writer.into_inner().expect("memory can be written"));
}

/// A home for a company: the declarations, the connector and the folders of the applications.
pub fn company(policy: Policy) -> Home {
    let home = Home::new();
    home.drop_in("flatfile");
    home.declare("hr", include_str!("declarations/hr.toml"));
    home.declare("roles", include_str!("declarations/roles.toml"));
    for (name, text) in
        [("directory", include_str!("declarations/directory.toml")), ("crm", include_str!("declarations/crm.toml"))]
    {
        home.declare(name, &with_policy(text, policy));
    }
    for folder in ["apps/directory", "apps/crm", "hr"] {
        std::fs::create_dir_all(home.path(folder)).expect("a folder can be made in a temporary one");
    }
    home
}

/// A company of so many people with accounts in both applications.
pub fn staffed(count: usize) -> (Home, People) {
    let home = company(Policy::default());
    let people = People::employed(count);
    people.export(&home);
    home.purser(&["import", "hr", "--apply"]).done();
    (home, people)
}

/// The guard of both applications is as where nothing is declared.
pub fn guard_as_usual(home: &Home) {
    const WIDE: &str = "guard = { share = 100, count = 100_000, revoke = { share = 100, count = 100_000 } }\n";
    for target in ["crm", "directory"] {
        let declared = home.read(&format!("declarations/{target}.toml"));
        assert!(declared.contains(WIDE), "{declared}");
        home.declare(target, &declared.replace(WIDE, ""));
    }
}

fn with_policy(declaration: &str, policy: Policy) -> String {
    declaration
        .replace("LEAVING", policy.leaving)
        .replace("UNLINKED", policy.unlinked)
        .replace("STRENGTH", policy.strength)
}
