//! Google Workspace as a peer: the emulator, a target that provisions it, and what it holds.

use crate::home::Home;
use crate::scenario::{Peer, Person, Seen};
use purser_peers::Serving;
use purser_peers::google::{Workspace, token};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The emulator, served.
pub struct GooglePeer {
    /// What it holds, and its switches.
    pub workspace: Workspace,
    serving: Serving,
}

const TARGET: &str = r#"
[target.app]
connector = "google-workspace"
class = "User"
unlinked = "show"
leaving = "disable"
password = {}
guard = { share = 100, count = 100_000, revoke = { share = 100, count = 100_000 } }
config = { customer = "C0000example", licences = ["Google-Apps/1010020020"] }

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
        Self { workspace, serving }
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
        let target = self.target().replace("unlinked = \"show\"", "unlinked = \"adopt\"");
        target.replace("\"organization.title\" = \"identity.title\"", strong)
    }

    fn has_managers(&self) -> bool {
        false
    }

    fn disturb(&self, throttled: f64, lost: f64) {
        self.workspace.faults.disturb(throttled, lost);
    }

    fn accounts(&self) -> BTreeMap<String, Seen> {
        let members = ["everyone", "engineers"].map(|group| {
            let members: BTreeSet<String> =
                self.workspace.members(&format!("{group}@example.com")).into_iter().collect();
            (group, members)
        });
        let seen = |user: &Value| {
            let address = text(&user["primaryEmail"]);
            let organization = &user["organizations"][0];
            let groups = members.iter().filter(|(_, members)| members.contains(&address));
            Seen {
                id: text(&user["id"]),
                login: address.trim_end_matches("@example.com").to_owned(),
                given: text(&user["name"]["givenName"]),
                family: text(&user["name"]["familyName"]),
                email: text(&user["recoveryEmail"]),
                title: text(&organization["title"]),
                department: text(&organization["department"]),
                manager: None,
                active: user["suspended"] != true,
                groups: groups.map(|(group, _)| (*group).to_owned()).collect(),
            }
        };
        self.workspace.users().iter().map(|user| (text(&user["externalIds"][0]["value"]), seen(user))).collect()
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
        let path = format!("/admin/directory/v1/users/{}", Peer::accounts(self)[number].id);
        self.workspace.by_hand("PATCH", &path, Some(&json!({"name": {"familyName": family}})));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
