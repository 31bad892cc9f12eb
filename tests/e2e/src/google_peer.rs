//! Google Workspace as a peer: the emulator, a target that provisions it, and what it holds.

use crate::environment;
use crate::home::Home;
use crate::scenario::{Peer, Person, Seen};
use crate::scim_company::{CAREFUL, ScimCompany};
use purser_peers::Serving;
use purser_peers::google::{Workspace, token};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Reads everything with the vendor's official client.
const READER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../peers/clients/google_read.py");

/// The emulator, served.
pub struct GooglePeer {
    /// What it holds, and its switches.
    pub workspace: Workspace,
    serving: Serving,
    disturbed: Cell<(f64, f64)>,
}

const TARGET: &str = r#"
[target.app]
connector = "google-workspace"
class = "User"
unlinked = "show"
leaving = "disable"
password = {}
guard = { share = 100, count = 100_000, revoke = { share = 100, count = 100_000 } }
config = { customer = "C0000example", licences = ["Google-Apps/1010020020"], consistency_lag_ms = 500 }

[target.app.endpoint.directory]
url = "URL"
timeout = "10s"

[target.app.endpoint.directory.oauth2]
token_url = "URL/token"
jwt_bearer = { issuer = "ISSUER", subject = "SUBJECT", key = { file = "../google-key.json" } }
scope = "SCOPES"

[target.app.endpoint.licensing]
url = "URL"
timeout = "10s"

[target.app.endpoint.licensing.oauth2]
token_url = "URL/token"
jwt_bearer = { issuer = "ISSUER", subject = "SUBJECT", key = { file = "../google-key.json" } }
scope = "https://www.googleapis.com/auth/apps.licensing"

[[target.app.correlation]]
attribute = "employeeNumber"
value = "identity.number"

[target.app.mapping]
primaryEmail = { value = "identity.login + '@example.com'", strength = "strong" }
employeeNumber = { value = "identity.number", strength = "strong" }
"name.givenName" = { value = "identity.given", strength = "strong" }
"name.familyName" = { value = "identity.family", strength = "strong" }
"organization.title" = "identity.title"
"organization.department" = { value = "identity.department", strength = "strong" }
recoveryEmail = { value = "identity.email", strength = "strong" }

[target.app.entitlement]
everyone = { class = "Group", attribute = "email", value = "everyone@example.com", create = true }
engineers = { class = "Group", attribute = "email", value = "engineers@example.com", create = true }
"#;

impl GooglePeer {
    /// An empty workspace.
    pub fn start() -> Self {
        let workspace = Workspace::default();
        let serving = workspace.serve();
        Self { workspace, serving, disturbed: Cell::default() }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.serving.url()
    }

    /// The service account's key file, which the target reads as `google-key.json` in the home.
    pub fn key_file(&self) -> String {
        token::key_file(&format!("{}/token", self.url()))
    }

    /// The declaration of the target `app`.
    pub fn target(&self) -> String {
        let names = ["user", "group", "orgunit", "rolemanagement", "userschema"];
        let scopes = names.map(|name| format!("{}admin.directory.{name}", token::SCOPES)).join(" ");
        TARGET
            .replace("URL", &self.url())
            .replace("ISSUER", token::CLIENT_EMAIL)
            .replace("SUBJECT", token::ADMINISTRATOR)
            .replace("SCOPES", &scopes)
    }

    /// A company with so many people that is provisioned here; `change` changes the declaration of the target.
    pub fn company(&self, people: u32, change: impl FnOnce(String) -> String) -> ScimCompany {
        let company = ScimCompany::found(people, &self.url(), CAREFUL);
        company.home.drop_in(self.connector());
        self.put_secrets(&company.home);
        company.home.declare("app", &change(self.target()));
        company
    }

    /// Everything, read with the vendor's official client: `users`, the addresses of the `members` by group, and the admin
    /// `roles` and `licences` by address. No request of its is disturbed.
    ///
    /// # Panics
    /// The client fails.
    pub fn read(&self) -> Value {
        let key = tempfile::NamedTempFile::new().expect("a temporary file can be made");
        std::fs::write(key.path(), self.key_file()).expect("a temporary file can be written");
        self.workspace.faults.disturb(0.0, 0.0);
        let ended = Command::new(environment::clients_python()).arg(READER).arg(self.url()).arg(key.path()).output();
        let (throttled, lost) = self.disturbed.get();
        self.workspace.faults.disturb(throttled, lost);
        let ended = ended.expect("the client can be started");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        serde_json::from_slice(&ended.stdout).expect("the client prints JSON")
    }

    /// Every account: `[number, login, given, family, title, email, department, active]`, sorted.
    pub fn accounts(&self) -> Vec<Value> {
        let mut accounts: Vec<Value> = self.workspace.users().iter().map(shown).collect();
        accounts.sort_by_key(Value::to_string);
        accounts
    }
}

fn shown(user: &Value) -> Value {
    let organization = &user["organizations"][0];
    json!([
        user["externalIds"][0]["value"],
        user["primaryEmail"],
        user["name"]["givenName"],
        user["name"]["familyName"],
        organization["title"],
        user["recoveryEmail"],
        organization["department"],
        user["suspended"] != true,
    ])
}

impl Peer for GooglePeer {
    fn connector(&self) -> &'static str {
        "google-workspace"
    }

    fn put_secrets(&self, home: &Home) {
        home.write("google-key.json", self.key_file());
    }

    fn declaration(&self) -> String {
        let strong = "\"organization.title\" = { value = \"identity.title\", strength = \"strong\" }";
        let manager =
            "manager = { value = \"identity.manager\", refers_by = \"primaryEmail\", strength = \"strong\" }\n";
        let mapped = format!("{manager}\n[target.app.entitlement]");
        let target = self
            .target()
            .replace("\n[target.app.entitlement]", &mapped)
            .replace("unlinked = \"show\"", "unlinked = \"adopt\"\nretry = { base = \"20ms\", cap = \"1s\" }");
        target.replace("\"organization.title\" = \"identity.title\"", strong)
    }

    fn has_managers(&self) -> bool {
        true
    }

    fn disturb(&self, throttled: f64, lost: f64) {
        self.disturbed.set((throttled, lost));
        self.workspace.faults.disturb(throttled, lost);
    }

    fn accounts(&self) -> BTreeMap<String, Seen> {
        let found = self.read();
        let users = found["users"].as_array().map(Vec::as_slice).unwrap_or_default();
        let number = |user: &Value| text(&user["externalIds"][0]["value"]);
        let numbers: BTreeMap<String, String> =
            users.iter().map(|user| (text(&user["primaryEmail"]), number(user))).collect();
        let seen = |user: &Value| {
            let address = text(&user["primaryEmail"]);
            let organization = &user["organizations"][0];
            let members = |group: &str| found["members"][format!("{group}@example.com")].as_array();
            let is_in = |group: &&str| members(group).is_some_and(|members| members.contains(&user["primaryEmail"]));
            Seen {
                id: text(&user["id"]),
                login: address.trim_end_matches("@example.com").to_owned(),
                given: text(&user["name"]["givenName"]),
                family: text(&user["name"]["familyName"]),
                email: text(&user["recoveryEmail"]),
                title: text(&organization["title"]),
                department: text(&organization["department"]),
                manager: manager(user).map(|address| {
                    numbers.get(&address).cloned().unwrap_or_else(|| format!("nobody with the address {address}"))
                }),
                active: user["suspended"] != true,
                groups: ["everyone", "engineers"].into_iter().filter(is_in).map(str::to_owned).collect::<BTreeSet<_>>(),
            }
        };
        users.iter().map(|user| (number(user), seen(user))).collect()
    }

    fn make_by_hand(&self, person: &Person) {
        let body = json!({
            "primaryEmail": format!("{}@example.com", person.login), "password": "made-by-hand",
            "name": {"givenName": "Old", "familyName": "Old"},
            "externalIds": [{"type": "organization", "value": person.number}],
        });
        self.workspace.by_hand("POST", "/admin/directory/v1/users", Some(&body));
    }

    fn change_family_by_hand(&self, number: &str, family: &str) {
        let users = self.workspace.users();
        let user = users.iter().find(|user| user["externalIds"][0]["value"] == number);
        let user = user.unwrap_or_else(|| panic!("{number} is not there"));
        let path = format!("/admin/directory/v1/users/{}", text(&user["id"]));
        self.workspace.by_hand("PATCH", &path, Some(&json!({"name": {"familyName": family}})));
    }
}

/// The address in the relation `manager`.
fn manager(user: &Value) -> Option<String> {
    let relations = user["relations"].as_array()?;
    relations.iter().find(|relation| relation["type"] == "manager").map(|relation| text(&relation["value"]))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
