//! Microsoft Graph as a target of the story: the emulator that Microsoft's own client judges.

use crate::home::Home;
use crate::scenario::{Peer, Person, Seen};
use purser_peers::graph::{CLIENT, Graph, Properties, SECRET};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const TARGET: &str = r#"
[target.app]
connector = "entra"
class = "user"
unlinked = "adopt"
guard = { share = 100, count = 100_000, revoke = { share = 100, count = 100_000 } }
password = { length = 24 }

[target.app.config]
consistency_lag_ms = 0

[target.app.endpoint.graph]
url = "URL"

[target.app.endpoint.graph.oauth2]
token_url = "TOKENS"
client_id = "CLIENT"
client_secret = { file = "../graph-secret" }
client_authentication = "post"
scope = "https://graph.microsoft.com/.default"

[[target.app.correlation]]
attribute = "employeeId"
value = "identity.number"

[target.app.mapping]
userPrincipalName = { value = "identity.login + '@contoso.example'", strength = "strong" }
mailNickname = { value = "identity.login", strength = "strong" }
displayName = { value = "identity.given + ' ' + identity.family", strength = "strong" }
givenName = { value = "identity.given", strength = "strong" }
surname = { value = "identity.family", strength = "strong" }
mail = { value = "identity.email", strength = "strong" }
jobTitle = { value = "identity.title", strength = "strong" }
department = { value = "identity.department", strength = "strong" }
employeeId = { value = "identity.number", strength = "strong" }
manager = { value = "identity.manager", refers_by = "id", strength = "strong" }

[target.app.entitlement]
everyone = { class = "group", attribute = "displayName", value = "everyone", create = true }
engineers = { class = "group", attribute = "displayName", value = "engineers", create = true }
"#;

impl Peer for Graph {
    fn connector(&self) -> &'static str {
        "entra"
    }

    fn put_secrets(&self, home: &Home) {
        home.write("graph-secret", SECRET);
    }

    fn declaration(&self) -> String {
        TARGET.replace("URL", &self.url()).replace("TOKENS", &self.token_url()).replace("CLIENT", CLIENT)
    }

    fn has_managers(&self) -> bool {
        true
    }

    fn disturb(&self, throttled: f64, lost: f64) {
        self.faults().disturb(throttled, lost);
    }

    fn accounts(&self) -> BTreeMap<String, Seen> {
        self.directory(|directory| {
            let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            for (group, members) in &directory.members {
                let name = directory.groups.get(group).map(|group| text(group, "displayName")).unwrap_or_default();
                for member in members {
                    groups.entry(member).or_default().insert(name.clone());
                }
            }
            let number = |id: &String| directory.users.get(id).map(|user| text(user, "employeeId"));
            let seen = |id: &String, user: &Properties| Seen {
                id: id.clone(),
                login: text(user, "mailNickname"),
                given: text(user, "givenName"),
                family: text(user, "surname"),
                email: text(user, "mail"),
                title: text(user, "jobTitle"),
                department: text(user, "department"),
                manager: directory.managers.get(id).and_then(number),
                active: user.get("accountEnabled") == Some(&json!(true)),
                groups: groups.get(id.as_str()).cloned().unwrap_or_default(),
            };
            directory.users.iter().map(|(id, user)| (text(user, "employeeId"), seen(id, user))).collect()
        })
    }

    fn make_by_hand(&self, person: &Person) {
        self.directory(|directory| {
            let id = directory.new_id();
            let user = json!({
                "id": id, "accountEnabled": true, "userPrincipalName": format!("{}@contoso.example", person.login),
                "mailNickname": person.login, "displayName": person.login, "employeeId": person.number, "surname": "Old",
            });
            directory.users.insert(id, user.as_object().cloned().unwrap_or_default());
        });
    }

    fn change_family_by_hand(&self, number: &str, family: &str) {
        self.directory(|directory| {
            let mut users = directory.users.values_mut();
            if let Some(user) = users.find(|user| text(user, "employeeId") == number) {
                user.insert("surname".to_owned(), json!(family));
            }
        });
    }
}

fn text(object: &Properties, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
