//! A SCIM application that speaks a vendor's dialect, as a target of the story: the strict emulator.

use crate::home::Home;
use crate::scenario::{Peer, Person, Seen};
use crate::scim_seen::{seen, text};
use purser_peers::Serving;
use purser_peers::scim::{Application, Dialect, TOKEN};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TARGET: &str = r#"
[target.app]
connector = "scim"
class = "User"
unlinked = "adopt"
leaving = "LEAVING"
guard = { share = 100, count = 100_000, revoke = { share = 100, count = 100_000 } }
# Many are turned away here, and a test does not wait as long as one would be told to.
retry = { base = "20ms", cap = "1s" }

[target.app.config]
CONFIG

[target.app.endpoint.scim]
url = "URL"
bearer = { file = "../token" }

[[target.app.correlation]]
attribute = "externalId"
value = "identity.number"

[target.app.mapping]
userName = { value = "identity.login", strength = "strong" }
externalId = { value = "identity.number", strength = "strong" }
displayName = { value = "identity.given + ' ' + identity.family", strength = "strong" }
"name.givenName" = { value = "identity.given", strength = "strong" }
"name.familyName" = { value = "identity.family", strength = "strong" }
emails = { value = "[{'value': identity.email, 'type': 'work', 'primary': true}]", strength = "strong" }
"#;

const WORK: &str = r#"
title = { value = "identity.title", strength = "strong" }
"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department" = { value = "identity.department", strength = "strong" }
"#;

/// Salesforce makes no user without a profile.
const PROFILE: &str = "entitlements = { value = \"[{'value': '00e000000000001AAA'}]\", strength = \"weak\" }\n";

/// One application in one dialect.
pub struct DialectPeer {
    /// The application.
    pub application: Application,
    dialect: Dialect,
    name: String,
    config: String,
    serving: Serving,
}

impl DialectPeer {
    /// An empty application in the dialect of this name, which a target reaches by the profile of this name.
    ///
    /// # Panics
    /// There is no such dialect.
    pub fn start(name: &str) -> Self {
        let dialect = Dialect::named(name).unwrap_or_else(|| panic!("there is no dialect {name}"));
        let config = if name == "rfc" { String::new() } else { format!("profile = \"{name}\"") };
        Self::start_with(name, dialect, config)
    }

    /// An empty application in a dialect of the test's own, which a target reaches by this configuration.
    pub fn start_with(name: &str, dialect: Dialect, config: String) -> Self {
        let application = Application::new(dialect.clone());
        if !dialect.group.made {
            for group in ["everyone", "engineers"] {
                application.make("Group", json!({"displayName": group}));
            }
        }
        let serving = application.serve();
        Self { application, dialect, name: name.to_owned(), config, serving }
    }

    /// The SCIM base URL.
    pub fn url(&self) -> String {
        format!("{}{}", self.serving.url(), self.application.base_path())
    }

    fn knows(&self, attribute: &str) -> bool {
        self.dialect.known.get("User").is_none_or(|known| known.iter().any(|known| known == attribute))
    }

    fn users(&self) -> BTreeMap<String, Value> {
        let mut found = BTreeMap::new();
        for user in self.application.all("User") {
            let number = text(&user["externalId"]);
            let twice = found.insert(number.clone(), user);
            assert!(twice.is_none(), "{}: there are two users with the externalId `{number}`", self.name);
        }
        found
    }
}

impl Peer for DialectPeer {
    fn connector(&self) -> &'static str {
        "scim"
    }

    fn put_secrets(&self, home: &Home) {
        home.write("token", TOKEN);
    }

    fn declaration(&self) -> String {
        let leaving = if self.keeps_leavers() { "disable" } else { "delete" };
        let mut target = TARGET.replace("LEAVING", leaving).replace("CONFIG", &self.config).replace("URL", &self.url());
        if self.knows("title") {
            target += WORK.trim_start();
        }
        if self.dialect.exactly_one.is_some() {
            target += PROFILE;
        }
        target += "\n[target.app.entitlement]\n";
        let create = if self.dialect.group.made { ", create = true" } else { "" };
        for group in ["everyone", "engineers"] {
            target += &format!(
                "{group} = {{ class = \"Group\", attribute = \"displayName\", value = \"{group}\"{create} }}\n"
            );
        }
        target
    }

    fn has_managers(&self) -> bool {
        false
    }

    fn shown(&self, wanted: Seen) -> Seen {
        match self.knows("title") {
            true => wanted,
            false => Seen { title: String::new(), department: String::new(), ..wanted },
        }
    }

    fn keeps_leavers(&self) -> bool {
        self.name != "pagerduty"
    }

    fn disturb(&self, throttled: f64, lost: f64) {
        self.application.faults.disturb(throttled, lost);
    }

    fn accounts(&self) -> BTreeMap<String, Seen> {
        let groups: Vec<(&str, Vec<String>)> = ["everyone", "engineers"]
            .into_iter()
            .map(|group| (group, self.application.members(group).unwrap_or_default()))
            .collect();
        let of = |user: &Value| {
            let login = text(&user["userName"]);
            let groups = groups.iter().filter(|(_, members)| members.contains(&login));
            seen(user, groups.map(|(group, _)| (*group).to_owned()).collect())
        };
        self.users().iter().map(|(number, user)| (number.clone(), of(user))).collect()
    }

    fn make_by_hand(&self, person: &Person) {
        let user = json!({
            "userName": person.login, "externalId": person.number, "displayName": "Old", "active": true,
            "name": {"givenName": "Old", "familyName": "Old"},
            "emails": [{"value": person.email, "type": "work", "primary": true}],
        });
        let id = self.application.make("User", user);
        if let Some(rule) = &self.dialect.exactly_one {
            let attribute = rule.attribute.clone();
            self.application.edit(&id, |user| {
                user.insert(attribute, json!([{"value": "00e000000000002AAA"}]));
            });
        }
    }

    fn change_family_by_hand(&self, number: &str, family: &str) {
        let id = text(&self.users()[number]["id"]);
        self.application.edit(&id, |user| user["name"]["familyName"] = family.into());
    }
}
