//! A SCIM server as a target of the story.

use crate::home::Home;
use crate::scenario::{Peer, Person, Seen};
use crate::scim_server::{TOKEN, Tenant};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

const TARGET: &str = r#"
[target.app]
connector = "scim"
class = "User"
unlinked = "adopt"
guard = { share = 100, count = 100_000, revoke = { share = 100, count = 100_000 } }

[target.app.endpoint.scim]
url = "URL"
bearer = { file = "../token" }

[[target.app.correlation]]
attribute = "externalId"
value = "identity.number"

[target.app.mapping]
userName = { value = "identity.login", strength = "strong" }
externalId = { value = "identity.number", strength = "strong" }
"name.givenName" = { value = "identity.given", strength = "strong" }
"name.familyName" = { value = "identity.family", strength = "strong" }
title = { value = "identity.title", strength = "strong" }
emails = { value = "[{'value': identity.email, 'type': 'work'}]", strength = "strong" }
"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department" = { value = "identity.department", strength = "strong" }

[target.app.entitlement]
everyone = { class = "Group", attribute = "displayName", value = "everyone", create = true }
engineers = { class = "Group", attribute = "displayName", value = "engineers", create = true }
"#;

impl Peer for Tenant {
    fn connector(&self) -> &'static str {
        "scim"
    }

    fn put_secrets(&self, home: &Home) {
        home.write("token", TOKEN);
    }

    fn declaration(&self) -> String {
        TARGET.replace("URL", &self.url())
    }

    fn has_managers(&self) -> bool {
        false
    }

    fn accounts(&self) -> BTreeMap<String, Seen> {
        let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for group in self.groups() {
            for member in group["members"].as_array().into_iter().flatten() {
                groups.entry(text(&member["value"])).or_default().insert(text(&group["displayName"]));
            }
        }
        let seen = |user: &Value| Seen {
            id: text(&user["id"]),
            login: text(&user["userName"]),
            given: text(&user["name"]["givenName"]),
            family: text(&user["name"]["familyName"]),
            email: text(&user["emails"][0]["value"]),
            title: text(&user["title"]),
            department: text(&user[ENTERPRISE]["department"]),
            manager: None,
            active: user["active"] == true,
            groups: groups.get(&text(&user["id"])).cloned().unwrap_or_default(),
        };
        self.users_by_number().iter().map(|(number, user)| (number.clone(), seen(user))).collect()
    }

    fn make_by_hand(&self, person: &Person) {
        self.create_user(&json!({
            "userName": person.login, "externalId": person.number, "name": {"familyName": "Old"}, "active": true,
        }));
    }

    fn change_family_by_hand(&self, number: &str, family: &str) {
        let users = self.users_by_number();
        self.replace(&text(&users[number]["id"]), "name.familyName", family);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
