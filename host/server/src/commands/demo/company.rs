//! The demo's company: an HR export and two applications that keep their accounts in files.

use anyhow::{Context, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const DECLARATIONS: [(&str, &str); 4] = [
    ("hr.toml", include_str!("../../../demo/hr.toml")),
    ("directory.toml", include_str!("../../../demo/directory.toml")),
    ("crm.toml", include_str!("../../../demo/crm.toml")),
    ("roles.toml", include_str!("../../../demo/roles.toml")),
];

const GIVEN_NAMES: [&str; 10] = ["Anna", "Björn", "Chloé", "Dmitri", "Emeka", "Fatima", "Gül", "Hana", "Íris", "José"];
const FAMILY_NAMES: [&str; 9] = ["Berg", "Černý", "Dubois", "Eze", "Fischer", "García", "Haddad", "Ivanova", "Jensen"];
const DEPARTMENTS: [&str; 5] = ["Engineering", "Sales", "Finance", "Support", "People"];

/// The company and its files.
pub struct Company {
    root: PathBuf,
    /// How many people work there.
    pub people: u32,
}

impl Company {
    /// Writes declarations, the HR export and the applications' empty folders.
    pub fn found(root: &Path, people: u32) -> anyhow::Result<Self> {
        ensure!(people >= 10, "the demo needs at least 10 people");
        let company = Self { root: root.to_owned(), people };
        for folder in ["declarations", "hr", "apps/directory", "apps/crm"] {
            let path = root.join(folder);
            fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        }
        for (name, text) in DECLARATIONS {
            fs::write(root.join("declarations").join(name), text)?;
        }
        fs::write(company.hr_file(), hr_export(people))?;
        Ok(company)
    }

    fn hr_file(&self) -> PathBuf {
        self.root.join("hr/people.csv")
    }

    fn directory_file(&self) -> PathBuf {
        self.root.join("apps/directory/accounts.csv")
    }

    /// The employee number of the person at this place.
    pub fn person(&self, place: u32) -> String {
        employee_number(place % self.people)
    }

    /// Changes one cell of the HR export.
    pub fn change_hr(&self, person: &str, column: &str, value: &str) -> anyhow::Result<()> {
        change_cell(&self.hr_file(), person, column, value)
    }

    /// Changes one cell in the directory, behind Purser's back.
    pub fn change_directory(&self, person: &str, column: &str, value: &str) -> anyhow::Result<()> {
        change_cell(&self.directory_file(), person, column, value)
    }

    /// The directory's accounts, as they are in its own file.
    pub fn directory(&self) -> anyhow::Result<BTreeMap<String, BTreeMap<String, String>>> {
        let mut accounts = BTreeMap::new();
        for row in csv::Reader::from_path(self.directory_file())?.into_deserialize() {
            let row: BTreeMap<String, String> = row?;
            accounts.insert(row["employeeNumber"].clone(), row);
        }
        Ok(accounts)
    }

    /// The customer database's users, as they are in its own file.
    pub fn crm(&self) -> anyhow::Result<BTreeMap<String, Value>> {
        let text = fs::read_to_string(self.root.join("apps/crm/users.jsonl"))?;
        let user = |line: &str| {
            let user: Value = serde_json::from_str(line)?;
            let id = user["id"].as_str().context("a user has an id")?.to_owned();
            Ok((id, user))
        };
        text.lines().map(user).collect()
    }
}

fn employee_number(place: u32) -> String {
    format!("E{:05}", place + 1)
}

fn hr_export(people: u32) -> String {
    let mut text = String::from("employeeNumber,givenName,familyName,email,department,status\n");
    for place in 0..people {
        let pick = |list: &'static [&'static str], step: u32| list[((place / step) as usize) % list.len()];
        let number = employee_number(place);
        let (given, family) = (pick(&GIVEN_NAMES, 1), pick(&FAMILY_NAMES, 10));
        let department = pick(&DEPARTMENTS, 3);
        let email = format!("{}@example.org", number.to_lowercase());
        text.push_str(&format!("{number},{given},{family},{email},{department},employed\n"));
    }
    text
}

/// Changes one cell of a CSV file whose first column is the key, as a person with an editor would.
fn change_cell(file: &Path, key: &str, column: &str, value: &str) -> anyhow::Result<()> {
    let mut reader = csv::Reader::from_path(file)?;
    let head = reader.headers()?.clone();
    let place = head.iter().position(|name| name == column).with_context(|| format!("no column {column}"))?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&head)?;
    let mut found = false;
    for row in reader.records() {
        let row = row?;
        let mut cells: Vec<&str> = row.iter().collect();
        if cells.first() == Some(&key) {
            cells[place] = value;
            found = true;
        }
        writer.write_record(cells)?;
    }
    ensure!(found, "{key} is in {}", file.display());
    fs::write(file, writer.into_inner()?)?;
    Ok(())
}
