//! What the bench's guest and its native twin share: a catalogue of accounts made on the fly.

use serde_json::{Map, Value, json};

/// How many attributes an account has.
pub const ATTRIBUTES: usize = 12;

/// The attributes of the account at this place; twelve of them, as an ordinary application shows.
pub fn account(place: u64) -> Map<String, Value> {
    let attributes = json!({
        "userName": format!("person{place}"),
        "givenName": format!("Given{place}"),
        "familyName": format!("Family{place}"),
        "displayName": format!("Given{place} Family{place}"),
        "email": format!("person{place}@example.org"),
        "department": format!("Department {}", place % 40),
        "title": "Senior Example",
        "phone": format!("+49 30 {place:08}"),
        "employeeNumber": format!("E{place:08}"),
        "costCenter": place % 90,
        "remote": place.is_multiple_of(3),
        "groups": [format!("g{}", place % 7), format!("g{}", place % 11)],
    });
    match attributes {
        Value::Object(attributes) => attributes,
        _ => Map::new(),
    }
}

/// The primary id of the account at this place.
pub fn id(place: u64) -> String {
    format!("{place:08}")
}
