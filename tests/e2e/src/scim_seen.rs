//! Resources of SCIM as the story looks at them, whoever showed them.

use crate::scenario::Seen;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A user who is in these groups.
pub fn seen(user: &Value, groups: BTreeSet<String>) -> Seen {
    Seen {
        id: text(&user["id"]),
        login: text(&user["userName"]),
        given: text(&user["name"]["givenName"]),
        family: text(&user["name"]["familyName"]),
        email: text(&user["emails"][0]["value"]),
        title: text(&user["title"]),
        department: text(&user[ENTERPRISE]["department"]),
        manager: None,
        active: user["active"] == true,
        groups,
    }
}

/// By the id of a user, the names of the groups that say they have it.
pub fn groups_by_member(groups: &[Value]) -> BTreeMap<String, BTreeSet<String>> {
    let mut by_member: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for group in groups {
        for member in group["members"].as_array().into_iter().flatten() {
            by_member.entry(text(&member["value"])).or_default().insert(text(&group["displayName"]));
        }
    }
    by_member
}

/// A text, or nothing.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
