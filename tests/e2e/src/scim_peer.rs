//! A SCIM server as a target of the story.

use crate::home::Home;
use crate::scenario::{Peer, Person, Seen};
use crate::scim_seen::{groups_by_member, seen, text};
use crate::scim_server::{TOKEN, Tenant};
use serde_json::{Value, json};
use std::collections::BTreeMap;

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
        let groups = groups_by_member(&self.groups());
        let of = |user: &Value| seen(user, groups.get(&text(&user["id"])).cloned().unwrap_or_default());
        self.users_by_number().iter().map(|(number, user)| (number.clone(), of(user))).collect()
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
